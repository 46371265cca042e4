//! A resolved plan as texts: `optimizer` = adam, `optimizer.learning_rate` = 0.001.

use serde_json::Value;
use toile_record::flat_settings;

use crate::format::shortest;

/// The plan's settings in the order of the plan: dotted name, value as text. Lists are compact JSON.
pub(crate) fn flatten(plan: &Value) -> Vec<(String, String)> {
    flat_settings(plan).into_iter().map(|(name, value)| (name, scalar(&value))).collect()
}

fn scalar(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number.as_f64().map_or_else(String::new, shortest),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_choice_becomes_its_name_and_its_settings_follow() {
        let plan = json!({
            "name": "Model 5", "seed": 7, "layers": [{"flatten": {}}],
            "optimizer": {"adam": {"learning_rate": 0.001, "epsilon": 1e-7, "clipnorm": null}},
            "schedule": "constant", "batch_size": 128, "validation_split": {"fraction": 0.1, "how": "last"},
            "callbacks": [{"early_stopping": {"patience": 5}}],
        });
        let expected = [
            ("optimizer", "adam"),
            ("optimizer.learning_rate", "0.001"),
            ("optimizer.epsilon", "1e-7"),
            ("optimizer.clipnorm", ""),
            ("schedule", "constant"),
            ("batch_size", "128"),
            ("validation_split.fraction", "0.1"),
            ("validation_split.how", "last"),
            ("callbacks", "[{\"early_stopping\":{\"patience\":5}}]"),
        ];
        assert_eq!(flatten(&plan), expected.map(|(k, v)| (k.to_owned(), v.to_owned())));
    }

    #[test]
    fn a_plan_that_is_no_table_has_no_settings() {
        assert_eq!(flatten(&json!(null)), []);
        assert_eq!(flatten(&json!([1, 2])), []);
    }
}
