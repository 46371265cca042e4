//! A resolved plan in words: first the settings that the document's tables name, then all of them.

use serde_json::{Map, Value};
use toile_record::choice;

use crate::plan::PlanSettings;
use crate::{format, text};

/// Settings worth a place in the short table, if they are not neutral.
const NOTABLE: [(&str, &str); 14] = [
    ("optimizer.momentum", "Momentum"),
    ("optimizer.nesterov", "Nesterov"),
    ("optimizer.centered", "Centered"),
    ("optimizer.weight_decay", "Weight decay"),
    ("optimizer.clipnorm", "Clip norm"),
    ("optimizer.clipvalue", "Clip value"),
    ("optimizer.global_clipnorm", "Global clip norm"),
    ("schedule", "Schedule"),
    ("label_smoothing", "Label smoothing"),
    ("class_weight", "Class weights"),
    ("callbacks", "Callbacks"),
    ("initial_weights", "Initial weights"),
    ("shuffle", "Shuffle"),
    ("dtype_policy", "Dtype policy"),
];

/// The longest text of one setting.
const LENGTH: usize = 300;

/// One setting: its name and its value in words.
pub(crate) type Setting = (String, String);

/// The columns of the document's settings tables, then whatever else is out of the ordinary.
pub(super) fn headline(plan: &PlanSettings, validation_split: f64) -> Vec<Setting> {
    let at = |key: &str| plan.get(key).map(describe).filter(|text| !text.is_empty());
    let (name, inner) = plan.optimizer().unzip();
    let name = name.map(|name| text::name(name, LENGTH)).or_else(|| plan.get("optimizer").map(describe));
    let rate = inner.and_then(|inner| inner.get("learning_rate")).map(describe);
    let columns = [
        ("Optimizer", name),
        ("Learning rate", rate),
        ("Loss", Some(at("loss").unwrap_or_else(|| "categorical crossentropy".to_owned()))),
        ("Metrics", Some("accuracy".to_owned())),
        ("Batch size", at("batch_size")),
        ("Epochs", at("epochs")),
        ("Validation split", Some(format::setting(validation_split))),
    ];
    let mut settings: Vec<Setting> = columns
        .into_iter()
        .map(|(label, value)| (label.to_owned(), value.unwrap_or_else(|| format::NONE.to_owned())))
        .collect();
    settings.extend(NOTABLE.iter().filter_map(|(key, label)| notable(plan, inner, key, label)));
    settings
}

fn notable(
    plan: &PlanSettings,
    optimizer: Option<&Map<String, Value>>,
    key: &str,
    label: &str,
) -> Option<Setting> {
    let value = match key.strip_prefix("optimizer.") {
        Some(key) => optimizer?.get(key)?,
        None => plan.get(key)?,
    };
    let text = describe(value);
    let is_neutral = match key {
        "shuffle" => text == "yes",
        "dtype_policy" => text == "float32",
        _ => matches!(text.as_str(), "" | "0" | "no" | "none" | "constant"),
    };
    (!is_neutral).then(|| (label.to_owned(), text))
}

/// One line for the ranking: `adam 0.001 · batch 256 · 50 epochs`.
pub(crate) fn short(plan: &PlanSettings) -> String {
    let settings = headline(plan, 0.0);
    let value = |label: &str| {
        settings.iter().find(|(l, v)| l == label && v != format::NONE).map(|(_, value)| value.clone())
    };
    let optimizer = value("Optimizer").map(|name| match value("Learning rate") {
        Some(rate) => format!("{name} {rate}"),
        None => name,
    });
    let batch = value("Batch size").map(|size| format!("batch {size}"));
    let epochs = value("Epochs").map(|n| match n.as_str() {
        "0" => "not trained".to_owned(),
        "1" => "1 epoch".to_owned(),
        n => format!("{n} epochs"),
    });
    let parts: Vec<String> = [optimizer, batch, epochs].into_iter().flatten().collect();
    text::cut(&parts.join(" · "), LENGTH)
}

/// Every setting of the plan, under the names of the study file.
pub(crate) fn all(plan: &PlanSettings) -> Vec<Setting> {
    let shown = |value: String| if value.is_empty() { "none".to_owned() } else { text::name(&value, LENGTH) };
    plan.flat().into_iter().map(|(key, value)| (text::name(&key, LENGTH), shown(value))).collect()
}

/// A value in words: `early_stopping (monitor val_loss, patience 5)`.
pub(super) fn describe(value: &Value) -> String {
    text::cut(&describe_to(value, 0), LENGTH)
}

fn describe_to(value: &Value, depth: usize) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), format::setting_to_read),
        Value::String(text) => text::name(text, LENGTH),
        Value::Array(items) => join(items.iter().map(|item| describe_to(item, depth + 1))),
        Value::Object(_) if depth > 8 => "…".to_owned(),
        Value::Object(map) => match choice(map) {
            Some((name, inner)) if inner.is_empty() => text::name(name, LENGTH),
            Some((name, inner)) => format!("{} ({})", text::name(name, LENGTH), pairs(inner, depth)),
            None => pairs(map, depth),
        },
    }
}

fn pairs(map: &Map<String, Value>, depth: usize) -> String {
    let stated = map.iter().filter(|(_, value)| !value.is_null());
    join(stated.map(|(key, value)| format!("{} {}", text::name(key, LENGTH), describe_to(value, depth + 1))))
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// The sentence about a plan that goes back to its best weights: its numbers are those of that epoch.
pub(super) fn best_weights_note(plan: &PlanSettings) -> Option<String> {
    let monitor = plan.callbacks().find_map(|(name, inner)| {
        let restores =
            name == "best_weights" || inner.get("restore_best_weights") == Some(&Value::Bool(true));
        restores.then(|| inner.get("monitor").and_then(Value::as_str).unwrap_or("val_loss").to_owned())
    })?;
    Some(format!(
        "This run goes back to the weights of its best epoch by {}: all its numbers are of that epoch; the curves show \
         the later ones as well.",
        text::name(&monitor, LENGTH)
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan() -> PlanSettings {
        PlanSettings::new(&json!({
            "optimizer": {"sgd": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": true, "clipnorm": null}},
            "schedule": {"cosine": {"steps": 400, "alpha": 0.0}}, "label_smoothing": 0.0, "batch_size": 128,
            "epochs": 50, "shuffle": true,
            "callbacks": [{"early_stopping": {"monitor": "val_loss", "patience": 5, "restore_best_weights": true}}],
        }))
    }

    #[test]
    fn the_short_table_has_the_documents_columns_and_whatever_is_out_of_the_ordinary() {
        let settings = headline(&plan(), 0.1);
        let text: Vec<String> = settings.iter().map(|(label, value)| format!("{label}: {value}")).collect();
        assert_eq!(
            text,
            [
                "Optimizer: sgd",
                "Learning rate: 0.1",
                "Loss: categorical crossentropy",
                "Metrics: accuracy",
                "Batch size: 128",
                "Epochs: 50",
                "Validation split: 0.1",
                "Momentum: 0.9",
                "Nesterov: yes",
                "Schedule: cosine (steps 400, alpha 0)",
                "Callbacks: early_stopping (monitor val_loss, patience 5, restore_best_weights yes)",
            ]
        );
        assert_eq!(short(&plan()), "sgd 0.1 · batch 128 · 50 epochs");
    }

    #[test]
    fn a_run_that_is_tested_with_its_best_weights_says_so() {
        assert!(best_weights_note(&plan()).is_some_and(|note| note.contains("best epoch by val_loss")));
        let without = json!({"callbacks": [{"early_stopping": {"patience": 5}}]});
        assert_eq!(best_weights_note(&PlanSettings::new(&without)), None);
    }

    #[test]
    fn a_plan_of_another_form_is_described_and_never_a_fault() {
        for plan in
            [json!(null), json!(3), json!({"optimizer": 3, "callbacks": {"a": 1}, "schedule": [[[]]]})]
        {
            let plan = PlanSettings::new(&plan);
            assert_eq!(headline(&plan, 0.0).len().min(7), 7);
            short(&plan);
            all(&plan);
            best_weights_note(&plan);
        }
    }
}
