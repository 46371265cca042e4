//! All settings of a plan: those that all runs share once, then for each run what is its own.

use std::collections::BTreeMap;

use console::Style;
use serde_json::{Map, Value};
use toile_store::SummaryRecord;
use toile_study::{RunPlan, Settings};

use crate::terminal::count;

/// Told elsewhere: in the head, in the table's columns, or under the models.
const ELSEWHERE: [&str; 5] = ["data", "validation_split", "seed", "layers", "model"];

/// The optimizer's name and its learning rate, and the schedule's name if there is one.
pub fn optimizer(settings: &Settings) -> (String, String) {
    let json = settings.to_json();
    let (name, rate) = match json["optimizer"].as_object().and_then(|map| map.iter().next()) {
        Some((name, settings)) => (name.clone(), say(&settings["learning_rate"])),
        None => (say(&json["optimizer"]), String::new()),
    };
    match &json["schedule"] {
        Value::Object(schedule) => {
            (name, format!("{rate}, {}", schedule.keys().next().map_or("", String::as_str)))
        }
        _ => (name, rate),
    }
}

/// Models, shared settings, and each run's own.
pub fn rendered(runs: &[&RunPlan], models: &BTreeMap<&str, &SummaryRecord>) -> String {
    let bold = Style::new().bold();
    let mut text = String::new();
    for (name, summary) in models {
        text += &format!("\n{} {}\n", bold.apply_to("model"), bold.apply_to(name));
        let layers = runs.iter().find(|run| run.settings.model == **name).map(|run| run.settings.to_json());
        let layers = layers.as_ref().and_then(|settings| settings["layers"].as_array());
        for (row, layer) in summary.rows.iter().zip(layers.into_iter().flatten()) {
            text +=
                &format!("  {:>9}  {:<22}  {}\n", count(row.parameters as u64), row.output_shape, say(layer));
        }
    }
    let all: Vec<Map<String, Value>> = runs.iter().map(|run| own(&run.settings)).collect();
    let shared = |key: &str| all.iter().all(|settings| settings.get(key) == all[0].get(key));
    text += &format!("\n{}\n", bold.apply_to("all runs"));
    let first = all.first().cloned().unwrap_or_default();
    first.iter().filter(|(key, _)| shared(key)).for_each(|(key, value)| text += &line(key, value));
    for (run, settings) in runs.iter().zip(&all).filter(|(run, _)| is_first_seed(runs, run)) {
        let own: String =
            settings.iter().filter(|(key, _)| !shared(key)).map(|(key, value)| line(key, value)).collect();
        if !own.is_empty() {
            text += &format!("\n{}\n{own}", bold.apply_to(&run.name));
        }
    }
    text
}

fn is_first_seed(runs: &[&RunPlan], run: &RunPlan) -> bool {
    runs.iter().find(|other| other.position == run.position).is_some_and(|first| std::ptr::eq(*first, run))
}

fn own(settings: &Settings) -> Map<String, Value> {
    let Value::Object(map) = settings.to_json() else { return Map::new() };
    map.into_iter().filter(|(key, _)| !ELSEWHERE.contains(&key.as_str())).collect()
}

fn line(key: &str, value: &Value) -> String {
    format!("  {key} = {}\n", say(value))
}

/// A value as the study file would write it.
fn say(value: &Value) -> String {
    match value {
        Value::Null => "none".into(),
        Value::Object(map) if map.is_empty() => "{}".into(),
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(key, value)| format!("{key} = {}", say(value))).collect();
            format!("{{ {} }}", pairs.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(say).collect::<Vec<_>>().join(", ")),
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
        assert_eq!(say(&value), "{ sgd = { learning_rate = 0.1, nesterov = false, clipnorm = none } }");
        assert_eq!(say(&serde_json::json!([3, 3])), "[3, 3]");
    }
}
