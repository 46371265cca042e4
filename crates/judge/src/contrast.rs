//! What two recipes differ in, and what follows from it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::results::{Recipe, Results};

/// Settings in which two recipes differ, and their updates.
#[derive(Clone, Debug, PartialEq)]
pub struct Contrast {
    /// The settings that differ, in the order of the first recipe.
    pub settings: Vec<DifferingSetting>,
    /// Updates of A and of B, where they are known.
    pub updates: [Option<u64>; 2],
}

/// A setting that two recipes do not share.
#[derive(Clone, Debug, PartialEq)]
pub struct DifferingSetting {
    /// Its name.
    pub name: String,
    /// Its value in A; `None` if it is not stated.
    pub a: Option<Value>,
    /// Its value in B.
    pub b: Option<Value>,
}

impl Contrast {
    /// What A and B differ in.
    pub fn of(results: &Results, a: &Recipe, b: &Recipe) -> Contrast {
        let others = b.settings.keys().filter(|name| !a.settings.contains_key(*name));
        let names: Vec<&String> = a.settings.keys().chain(others).collect();
        let differing = |name: &String| {
            let (of_a, of_b) = (a.settings.get(name), b.settings.get(name));
            (!is_equal(of_a, of_b)).then(|| DifferingSetting {
                name: name.clone(),
                a: of_a.cloned(),
                b: of_b.cloned(),
            })
        };
        let mut settings: Vec<DifferingSetting> = names.into_iter().filter_map(differing).collect();
        // The settings of another optimizer belong to the choice of the optimizer.
        let chosen: BTreeSet<String> = settings.iter().map(|setting| setting.name.clone()).collect();
        let belongs = |name: &str| name.match_indices('.').any(|(end, _)| chosen.contains(&name[..end]));
        settings.retain(|setting| !belongs(&setting.name));
        Contrast { settings, updates: [results.updates(a), results.updates(b)] }
    }

    /// The only setting that differs, if there is one alone.
    pub fn only(&self) -> Option<&str> {
        match self.settings.as_slice() {
            [setting] => Some(&setting.name),
            _ => None,
        }
    }

    /// Whether the numbers of updates are known and differ.
    pub fn has_unequal_updates(&self) -> bool {
        matches!(self.updates, [Some(a), Some(b)] if a != b)
    }

    /// Whether another batch size brings other updates with it, known or not.
    fn has_updates_of_its_own(&self) -> bool {
        let are_equal = matches!(self.updates, [Some(a), Some(b)] if a == b);
        self.has_unequal_updates() || self.only() == Some("batch_size") && !are_equal
    }

    /// Whether a difference cannot be put down to one setting: several differ, or one and with it the updates. More
    /// epochs *are* more updates.
    pub fn is_confounded(&self) -> bool {
        match self.only() {
            Some("epochs") => false,
            Some(_) => self.has_updates_of_its_own(),
            None => self.settings.len() > 1,
        }
    }

    /// Whether a difference may be put down to this setting.
    pub fn licenses(&self, cause: &str) -> bool {
        self.only() == Some(cause) && !self.is_confounded()
    }

    /// The names of the settings that differ; `updates` too, if they follow from another setting than the epochs.
    pub fn differ_in(&self) -> Vec<String> {
        let mut names: Vec<String> = self.settings.iter().map(|setting| setting.name.clone()).collect();
        if self.has_updates_of_its_own() && !names.is_empty() && !names.iter().any(|name| name == "epochs") {
            names.push("updates".into());
        }
        names
    }

    /// The same in words: `optimizer (sgd, adam) and learning_rate (0.1, 0.001)`.
    pub fn words(&self) -> String {
        let value = |value: &Option<Value>| value.as_ref().map_or("not stated".to_string(), setting_text);
        let mut parts: Vec<String> = self
            .settings
            .iter()
            .map(|setting| format!("{} ({}, {})", setting.name, value(&setting.a), value(&setting.b)))
            .collect();
        let follow = !self.settings.iter().any(|setting| setting.name == "epochs");
        if self.has_updates_of_its_own() && follow && !self.settings.is_empty() {
            parts.push(match self.updates {
                [Some(a), Some(b)] => format!("the number of updates ({a}, {b})"),
                _ => "the number of updates that follows from it".to_string(),
            });
        }
        crate::words::list(&parts)
    }
}

/// The value of a setting in words.
pub fn setting_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        // 50.0 is 50.
        Value::Number(number) if number.is_f64() => number.as_f64().unwrap_or(f64::NAN).to_string(),
        other => other.to_string(),
    }
}

/// Numbers are equal as numbers: 50 and 50.0 are one value.
fn is_equal(a: Option<&Value>, b: Option<&Value>) -> bool {
    match (a, b) {
        (Some(Value::Number(a)), Some(Value::Number(b))) => a.as_f64() == b.as_f64(),
        (a, b) => a == b,
    }
}
