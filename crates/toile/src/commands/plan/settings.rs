//! The settings of a plan that are not the defaults: those that all runs share once, then for each run what is its own.

use console::Style;
use serde_json::{Map, Value};
use toile_study::{RunPlan, Settings};

use crate::terminal::safe_name;

/// Columns of the table.
const ELSEWHERE: [&str; 2] = ["batch_size", "epochs"];

/// The optimizer's name and learning rate, and the schedule's name if there is one: `sgd 0.1, cosine`.
pub(super) fn optimizer(settings: &Settings) -> String {
    let json = settings.to_json();
    let named = |value: &Value| {
        value.as_object().and_then(|map| map.iter().next().map(|(k, v)| (k.clone(), v.clone())))
    };
    let text = named(&json["optimizer"]).map_or_else(
        || toml_text(&json["optimizer"]),
        |(name, settings)| format!("{name} {}", toml_text(&settings["learning_rate"])),
    );
    named(&json["schedule"]).map_or(text.clone(), |(schedule, _)| format!("{text}, {schedule}"))
}

/// Shared settings, and each run's own.
pub(super) fn rendered(runs: &[&RunPlan]) -> String {
    let bold = Style::new().bold();
    let all: Vec<Map<String, Value>> = runs.iter().map(|run| own(&run.settings)).collect();
    let shared = |key: &str| all.iter().all(|settings| settings.get(key) == all[0].get(key));
    let lines = |settings: &Map<String, Value>, of_all: bool| -> String {
        let wanted = settings.iter().filter(|(key, _)| shared(key) == of_all);
        wanted.map(|(key, value)| format!("  {key} = {}\n", toml_text(value))).collect()
    };
    let of_all = all.first().map(|first| lines(first, true)).unwrap_or_default();
    let mut text = block(&bold.apply_to("all runs").to_string(), &of_all);
    for (run, settings) in runs.iter().zip(&all).filter(|(run, _)| is_first_seed(runs, run)) {
        text += &block(&bold.apply_to(safe_name(&run.name)).to_string(), &lines(settings, false));
    }
    text + "\nAll that is not said has its default: `toile schema --markdown`.\n"
}

fn block(heading: &str, lines: &str) -> String {
    if lines.is_empty() { String::new() } else { format!("\n{heading}\n{lines}") }
}

fn is_first_seed(runs: &[&RunPlan], run: &RunPlan) -> bool {
    runs.iter().find(|other| other.position == run.position).is_some_and(|first| std::ptr::eq(*first, run))
}

/// Without what the table shows: an optimizer of which only the learning rate is set stands there.
fn own(settings: &Settings) -> Map<String, Value> {
    let mut others = settings.non_default();
    others.retain(|key, _| !ELSEWHERE.contains(&key.as_str()));
    let inner = others["optimizer"].as_object().and_then(|map| map.values().next()?.as_object());
    if inner.is_none_or(|inner| inner.keys().all(|key| key == "learning_rate")) {
        others.shift_remove("optimizer");
    }
    others
}

/// A value as the study file would write it.
pub(super) fn toml_text(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Object(map) if map.is_empty() => "{}".into(),
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("{key} = {}", toml_text(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(toml_text).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_reads_as_in_a_study_file() {
        let value =
            serde_json::json!({ "sgd": { "learning_rate": 0.1, "nesterov": false, "clipnorm": null } });
        assert_eq!(toml_text(&value), "{ sgd = { learning_rate = 0.1, nesterov = false, clipnorm = none } }");
        assert_eq!(toml_text(&serde_json::json!([3, 3])), "[3, 3]");
    }
}
