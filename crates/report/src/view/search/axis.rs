//! A parameter of a search: its range in words, and its place on an axis.

use std::collections::HashMap;

use serde_json::Value;
use toile_record::TrialRecord;
use toile_tune::{Choice, Condition, Distribution, Is, Param, Space};

use crate::section::TableCell;
use crate::{format, text};

/// Names and choices are cut to this many characters.
const LENGTH: usize = 60;
/// Parameters beyond are left to the exports.
const MOST: usize = 200;

/// How the numbers of an axis lie.
#[derive(Clone, Debug, PartialEq)]
pub enum AxisKind {
    /// Evenly.
    Linear,
    /// By their logarithm.
    Log,
    /// Not at all: names, each with a band of its own.
    Bands(Vec<String>),
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct ParameterAxis {
    /// Its name, cut.
    pub name: String,
    /// How its values lie.
    pub kind: AxisKind,
    /// The smallest value, or 0 for bands.
    pub low: f64,
    /// The largest value, or the last band.
    pub high: f64,
    /// Whether its values are whole numbers.
    pub is_whole: bool,
    /// The range in words: `0.00001 to 0.1`.
    pub range: String,
    /// The scale in words: `logarithmic`.
    pub scale: String,
    /// The condition in words; empty if every trial has it.
    pub condition: String,
}

/// The parameters of a search in its order, then those that only its trials know, with the place of each name.
pub(super) fn axes(space: &Space, trials: &[TrialRecord]) -> (Vec<ParameterAxis>, HashMap<String, usize>) {
    let mut axes = Vec::new();
    let mut places = HashMap::new();
    for param in space.params.iter().take(MOST) {
        places.insert(param.name.clone(), axes.len());
        axes.push(axis(&param.name, &param.distribution, conditions(param, space)));
    }
    for (name, distribution) in trials.iter().flat_map(undeclared) {
        if axes.len() < MOST && !places.contains_key(name) {
            let distribution = Distribution::try_from(distribution.clone());
            let distribution =
                distribution.unwrap_or(Distribution::Float { low: 0.0, high: 0.0, log: false, step: None });
            places.insert(name.to_owned(), axes.len());
            axes.push(axis(name, &distribution, "not in the search's space".to_owned()));
        }
    }
    widen(&mut axes, &places, trials);
    (axes, places)
}

fn undeclared(trial: &TrialRecord) -> impl Iterator<Item = (&str, &Value)> {
    trial.params.iter().map(|param| (param.name.as_str(), &param.distribution))
}

/// Trials of another program, or of an earlier range, may lie outside; a logarithmic axis cannot take in a zero.
fn widen(axes: &mut [ParameterAxis], places: &HashMap<String, usize>, trials: &[TrialRecord]) {
    for param in trials.iter().flat_map(|trial| &trial.params) {
        let Some(axis) = places.get(&param.name).map(|&place| &mut axes[place]) else { continue };
        let is_fit = param.value.is_finite() && (axis.kind != AxisKind::Log || param.value > 0.0);
        if is_fit && !matches!(axis.kind, AxisKind::Bands(_)) {
            (axis.low, axis.high) = (axis.low.min(param.value), axis.high.max(param.value));
        }
    }
}

fn axis(name: &str, distribution: &Distribution, condition: String) -> ParameterAxis {
    let (kind, low, high) = match distribution {
        Distribution::Float { low, high, log, .. } => (numeric(*log), *low, *high),
        Distribution::Int { low, high, log, .. } => (numeric(*log), *low as f64, *high as f64),
        Distribution::Categorical { choices } => {
            let names = choices.iter().map(choice).collect();
            (AxisKind::Bands(names), 0.0, choices.len() as f64 - 1.0)
        }
    };
    ParameterAxis {
        name: super::super::named(&text::cut(name, LENGTH), "parameter without a name"),
        kind,
        low,
        high,
        is_whole: matches!(distribution, Distribution::Int { .. }),
        range: range(distribution),
        scale: scale(distribution),
        condition,
    }
}

fn numeric(log: bool) -> AxisKind {
    if log { AxisKind::Log } else { AxisKind::Linear }
}

fn choice(choice: &Choice) -> String {
    match choice {
        Choice::Float(value) => format::significant(*value),
        other => text::name(&other.to_string(), LENGTH),
    }
}

fn range(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Float { low, high, .. } => {
            format!("{} to {}", format::significant(*low), format::significant(*high))
        }
        Distribution::Int { low, high, .. } => {
            format!("{} to {}", format::significant(*low as f64), format::significant(*high as f64))
        }
        Distribution::Categorical { choices } => {
            text::cut(&choices.iter().map(choice).collect::<Vec<_>>().join(", "), 4 * LENGTH)
        }
    }
}

fn scale(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Float { log: true, .. } => "logarithmic".to_owned(),
        Distribution::Int { log: true, .. } => "whole numbers, logarithmic".to_owned(),
        Distribution::Float { step: Some(step), .. } => format!("steps of {}", format::significant(*step)),
        Distribution::Float { .. } => "linear".to_owned(),
        Distribution::Int { step: 1, .. } => "whole numbers".to_owned(),
        Distribution::Int { step, .. } => format!("whole numbers, steps of {step}"),
        Distribution::Categorical { choices } => {
            format!("{} without order", format::plural(choices.len(), "choice", "choices"))
        }
    }
}

fn conditions(param: &Param, space: &Space) -> String {
    param.when.iter().map(|condition| stated(condition, space)).collect::<Vec<_>>().join(" and ")
}

fn stated(condition: &Condition, space: &Space) -> String {
    let parent = text::name(&condition.parent, LENGTH);
    match (&condition.is, space.get(&condition.parent).map(|parent| &parent.distribution)) {
        (Is::AtLeast(least), _) => format!("{parent} at least {}", format::significant(*least)),
        (Is::Choice(index), Some(Distribution::Categorical { choices })) if *index < choices.len() => {
            format!("{parent} is {}", choice(&choices[*index]))
        }
        (Is::Choice(index), _) => format!("{parent} is its choice {index}"),
    }
}

impl ParameterAxis {
    /// A value as a cell. A choice that is a number is one, too.
    pub fn cell(&self, value: f64) -> TableCell {
        let text = self.text(value);
        let number = match self.kind {
            AxisKind::Bands(_) => text.parse().ok(),
            _ => Some(value),
        };
        TableCell { value: number.filter(|number| number.is_finite()), ..TableCell::text(text) }
    }

    /// A value in words.
    pub fn text(&self, value: f64) -> String {
        match &self.kind {
            AxisKind::Bands(names) => {
                let name = names.get(value as usize).filter(|_| value >= 0.0);
                name.cloned().unwrap_or_else(|| format!("choice {}", format::significant(value)))
            }
            _ => format::significant(value),
        }
    }

    /// The value's part of the axis, from 0 to 1; what cannot be placed lies at the low end.
    pub fn part(&self, value: f64) -> f64 {
        let part = match &self.kind {
            AxisKind::Linear => (0.5 * value - 0.5 * self.low) / (0.5 * self.high - 0.5 * self.low),
            AxisKind::Log => (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln()),
            AxisKind::Bands(names) => (value + 0.5) / names.len().max(1) as f64,
        };
        if self.high <= self.low && !matches!(self.kind, AxisKind::Bands(_)) {
            return 0.5;
        }
        if part.is_finite() { part.clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// A parameter as the study file spells it: for the exports.
pub(crate) fn external(distribution: &Value, value: f64) -> Value {
    let parsed = Distribution::try_from(distribution.clone()).ok();
    let choice = match parsed {
        Some(Distribution::Int { .. }) if value.fract() != 0.0 || value.abs() >= 9e18 => None,
        Some(Distribution::Categorical { ref choices })
            if value.fract() != 0.0 || value < 0.0 || value >= choices.len() as f64 =>
        {
            None
        }
        parsed => parsed.map(|distribution| distribution.external(value)),
    };
    match choice {
        Some(Choice::Float(value)) => crate::export::number(value),
        Some(choice) => serde_json::to_value(choice).unwrap_or(Value::Null),
        None => crate::export::number(value),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(distribution: Distribution) -> ParameterAxis {
        axis("x", &distribution, String::new())
    }

    #[test]
    fn a_value_has_its_place_by_the_scale_of_its_range() {
        let linear = of(Distribution::float(0.0, 10.0, false, None).expect("a range"));
        let log = of(Distribution::float(1e-4, 1.0, true, None).expect("a range"));
        let names =
            of(Distribution::categorical(vec![Choice::Text("sgd".into()), Choice::Null]).expect("two"));
        assert_eq!([linear.part(2.5), linear.part(99.0), linear.part(f64::NAN)], [0.25, 1.0, 0.0]);
        assert!((log.part(1e-2) - 0.5).abs() < 1e-12 && log.part(0.0) == 0.0);
        assert_eq!([names.part(0.0), names.part(1.0)], [0.25, 0.75]);
        assert_eq!((names.text(1.0).as_str(), names.text(7.0).as_str()), ("none", "choice 7"));
        let one = of(Distribution::float(3.0, 3.0, false, None).expect("a range"));
        assert_eq!(one.part(3.0), 0.5);
        let whole = of(Distribution::float(-f64::MAX, f64::MAX, false, None).expect("a range"));
        assert_eq!(whole.part(0.0), 0.5, "no difference overflows");
    }

    #[test]
    fn exports_spell_a_parameter_as_the_study_file_does() {
        let names = json!({"name": "CategoricalDistribution", "attributes": {"choices": ["sgd", "adam", null, true]}});
        assert_eq!(external(&names, 1.0), json!("adam"));
        assert_eq!(external(&names, 2.0), json!(null));
        assert_eq!(external(&names, 9.0), json!(9.0), "an index of nothing stays a number");
        let whole = json!({"name": "IntDistribution", "attributes": {"log": false, "step": 32, "low": 32, "high": 128}});
        assert_eq!(external(&whole, 64.0), json!(64));
        assert_eq!(external(&json!("nonsense"), 0.5), json!(0.5));
        assert_eq!(external(&json!(null), f64::INFINITY), json!("inf"));
    }
}
