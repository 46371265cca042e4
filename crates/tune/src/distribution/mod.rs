//! Distributions: the range of one parameter, in Optuna's terms and in its JSON.
//!
//! A value has two forms. *Internally* it is an `f64`, as Optuna stores it: a float is itself, an integer its value, a
//! category the index of its choice. *Externally* it is what the study file says: a [`Choice`].

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decimal::reached;

mod json;

/// The range of one parameter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Value", try_from = "Value")]
pub enum Distribution {
    /// Real numbers from `low` to `high`, both included.
    Float {
        /// The smallest value.
        low: f64,
        /// The largest value; with a step, the largest that the steps from `low` reach.
        high: f64,
        /// Whether the logarithm is what is uniform; never together with a step.
        log: bool,
        /// The distance of neighbouring values, if they are discrete.
        step: Option<f64>,
    },
    /// Integers from `low` to `high`, both included.
    Int {
        /// The smallest value.
        low: i64,
        /// The largest value that the steps from `low` reach.
        high: i64,
        /// Whether the logarithm is what is uniform; the step is 1 then.
        log: bool,
        /// The distance of neighbouring values.
        step: i64,
    },
    /// One of several things without an order.
    Categorical {
        /// What may be chosen, in the order of the study file.
        choices: Vec<Choice>,
    },
}

/// A value as the study file and Optuna spell it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Choice {
    /// Python's `None`.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A real number.
    Float(f64),
    /// A name.
    Text(String),
}

/// Why a range is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DistributionError(pub String);

impl fmt::Display for DistributionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DistributionError {}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Choice::Null => f.write_str("none"),
            Choice::Bool(value) => value.fmt(f),
            Choice::Int(value) => value.fmt(f),
            Choice::Float(value) => write!(f, "{value:?}"),
            Choice::Text(text) => f.write_str(text),
        }
    }
}

impl Distribution {
    /// Real numbers; `high` is lowered to what the steps reach.
    ///
    /// # Errors
    /// Bounds that are not finite, in the wrong order, or not positive with `log`; a step together with `log`, or not
    /// positive.
    pub fn float(low: f64, high: f64, log: bool, step: Option<f64>) -> Result<Self, DistributionError> {
        let fault = |text: String| Err(DistributionError(text));
        if !low.is_finite() || !high.is_finite() {
            return fault(format!("bounds must be finite numbers, found {low:?} and {high:?}"));
        }
        if low > high {
            return fault(format!("`low` must not be above `high`, found {low:?} and {high:?}"));
        }
        match step {
            Some(_) if log => fault("`log` and `step` exclude each other".into()),
            Some(step) if !(step.is_finite() && step > 0.0) => {
                fault(format!("`step` must be positive, found {step:?}"))
            }
            None if log && low <= 0.0 => fault(format!("with `log`, `low` must be above 0, found {low:?}")),
            _ => {
                let high = step.map_or(high, |step| reached(low, high, step));
                Ok(Distribution::Float { low, high, log, step })
            }
        }
    }

    /// Integers; `high` is lowered to what the steps reach.
    ///
    /// # Errors
    /// Bounds in the wrong order, or below 1 with `log`; a step other than 1 together with `log`, or below 1.
    pub fn int(low: i64, high: i64, log: bool, step: i64) -> Result<Self, DistributionError> {
        let fault = |text: String| Err(DistributionError(text));
        if low > high {
            return fault(format!("`low` must not be above `high`, found {low} and {high}"));
        }
        if step < 1 {
            return fault(format!("`step` must be at least 1, found {step}"));
        }
        if log && step != 1 {
            return fault("`log` and `step` exclude each other".into());
        }
        if log && low < 1 {
            return fault(format!("with `log`, `low` must be at least 1, found {low}"));
        }
        let steps = (high as i128 - low as i128) / step as i128;
        let high = (low as i128 + steps * step as i128) as i64;
        Ok(Distribution::Int { low, high, log, step })
    }

    /// One of several things.
    ///
    /// # Errors
    /// No choice at all, or a number that is not finite: JSON cannot express it.
    pub fn categorical(choices: Vec<Choice>) -> Result<Self, DistributionError> {
        if choices.is_empty() {
            return Err(DistributionError("`choices` must hold at least one choice".into()));
        }
        match choices.iter().find(|choice| matches!(choice, Choice::Float(value) if !value.is_finite())) {
            Some(choice) => Err(DistributionError(format!("`choices` must be finite, found {choice}"))),
            None => Ok(Distribution::Categorical { choices }),
        }
    }

    /// Whether there is only one value.
    pub fn is_single(&self) -> bool {
        self.count() == Some(1)
    }

    /// How many values there are, if they can be counted (and are fewer than 2⁶⁴; with a step, fewer than 9 · 10¹⁸).
    pub fn count(&self) -> Option<u64> {
        match *self {
            Distribution::Float { low, high, step: None, .. } => (low == high).then_some(1),
            Distribution::Float { low, high, step: Some(step), .. } => {
                let steps = ((high - low) / step).round();
                (steps < 9e18).then(|| steps as u64 + 1)
            }
            Distribution::Int { low, high, step, .. } => {
                u64::try_from((high as i128 - low as i128) / step as i128 + 1).ok()
            }
            Distribution::Categorical { ref choices } => Some(choices.len() as u64),
        }
    }

    /// The value of an index below [`count`](Distribution::count), internally: they ascend.
    pub fn at(&self, index: u64) -> f64 {
        match *self {
            Distribution::Float { low, step: None, .. } => low,
            Distribution::Float { low, high, step: Some(step), .. } => (low + index as f64 * step).min(high),
            Distribution::Int { low, high, step, .. } => {
                (low as i128 + index as i128 * step as i128).min(high as i128) as f64
            }
            Distribution::Categorical { .. } => index as f64,
        }
    }

    /// Whether an internal value lies in the range (on a step, where there are steps).
    ///
    /// An integer beyond 2⁵³ is stored as the nearest `f64`: that value is in the range if it stands for an integer
    /// that is.
    pub fn contains(&self, value: f64) -> bool {
        match *self {
            Distribution::Float { low, high, step: None, .. } => low <= value && value <= high,
            Distribution::Float { low, high, step: Some(step), .. } => {
                // As near as in Optuna, or as rounding allows where steps are finer than that.
                let k = (value - low) / step;
                let near = f64::max(1e-8, 4.0 * f64::EPSILON * f64::max(low.abs(), value.abs()) / step);
                low <= value && value <= high && (k.is_infinite() || (k - k.round()).abs() <= near)
            }
            Distribution::Int { .. } => value.is_finite() && self.whole(value) as f64 == value,
            Distribution::Categorical { ref choices } => {
                value.fract() == 0.0 && value >= 0.0 && value < choices.len() as f64
            }
        }
    }

    /// The value as the study file spells it; of one that is not in the range, the nearest that is.
    pub fn external(&self, internal: f64) -> Choice {
        match self {
            Distribution::Float { .. } => Choice::Float(internal),
            Distribution::Int { .. } => Choice::Int(self.whole(internal)),
            Distribution::Categorical { choices } => choices[self.nearest(internal) as usize].clone(),
        }
    }

    /// The internal value of an external one, if it lies in the range.
    pub fn internal(&self, external: &Choice) -> Option<f64> {
        let value = match (self, external) {
            (Distribution::Categorical { choices }, _) => {
                choices.iter().position(|choice| same(choice, external))? as f64
            }
            (_, Choice::Int(value)) => *value as f64,
            (_, Choice::Float(value)) => *value,
            _ => return None,
        };
        self.contains(value).then_some(value)
    }

    /// The value of the range that is nearest to an internal one: on a step (of two equally near the even one, counted
    /// from `low`), between the bounds. The lowest for NaN.
    pub fn nearest(&self, value: f64) -> f64 {
        match *self {
            Distribution::Float { low, .. } if value.is_nan() => low,
            Distribution::Float { low, high, step: None, .. } => value.clamp(low, high),
            Distribution::Float { low, high, step: Some(step), .. } => {
                let k = ((value - low) / step).round_ties_even();
                if k.is_finite() { (low + k * step).clamp(low, high) } else { value.clamp(low, high) }
            }
            Distribution::Int { .. } => self.whole(value) as f64,
            Distribution::Categorical { .. } if value.is_nan() => 0.0,
            Distribution::Categorical { ref choices } => value.round().clamp(0.0, choices.len() as f64 - 1.0),
        }
    }

    /// The integer of an integer range that is nearest to a value; 0 for other ranges.
    fn whole(&self, value: f64) -> i64 {
        let Distribution::Int { low, high, step, .. } = *self else { return 0 };
        if value.is_nan() {
            return low;
        }
        // Half steps decide beyond the point only, so the whole part can be taken in integers.
        let (floor, low, step) = (value.floor() as i128, low as i128, step as i128);
        let (down, rest) =
            ((floor.saturating_sub(low)).div_euclid(step), (floor.saturating_sub(low)).rem_euclid(step));
        let above = 2.0 * (rest as f64 + (value - value.floor())) - step as f64;
        let up = above > 0.0 || (above == 0.0 && down % 2 != 0);
        let index = (down + up as i128).clamp(0, (high as i128 - low) / step);
        (low + index * step) as i64
    }
}

/// Python finds `1`, `1.0` and `True` equal; a choice is the same only if its type is, but for the two kinds of
/// numbers.
fn same(a: &Choice, b: &Choice) -> bool {
    match (a, b) {
        (Choice::Int(a), Choice::Float(b)) | (Choice::Float(b), Choice::Int(a)) => *a as f64 == *b,
        _ => a == b,
    }
}
