//! PiecewiseConstantDecay: one rate after the other.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ScheduleSettings, SettingsFault};

/// Keras' `PiecewiseConstantDecay`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Piecewise {
    /// The last update of each piece but the last, increasing.
    pub boundaries: Vec<usize>,
    /// One rate more than boundaries.
    pub values: Vec<f64>,
}

impl Piecewise {
    /// `values[i]` up to and including update `boundaries[i]`, then the last value.
    pub fn new(boundaries: &[usize], values: &[f64]) -> Piecewise {
        Piecewise { boundaries: boundaries.to_vec(), values: values.to_vec() }
    }
}

impl ScheduleSettings for Piecewise {
    fn rate(&self, start: f64, step: u64) -> f64 {
        let piece = self.boundaries.iter().take_while(|boundary| step > **boundary as u64).count();
        self.values.get(piece).copied().unwrap_or(start)
    }

    fn faults(&self) -> Vec<SettingsFault> {
        let Piecewise { boundaries, values } = self;
        let mut faults = Vec::new();
        let mut fault = |message: String, help: String| faults.push(SettingsFault { message, help });
        if values.len() != boundaries.len() + 1 {
            fault(
                format!(
                    "`values` must be one more than `boundaries`, found {} and {}",
                    values.len(),
                    boundaries.len()
                ),
                "for example `boundaries = [1000, 2000], values = [0.1, 0.01, 0.001]`".into(),
            );
        }
        if boundaries.windows(2).any(|pair| pair[0] >= pair[1]) {
            fault("`boundaries` must increase".into(), format!("found {boundaries:?}"));
        }
        if values.iter().any(|&rate| rate < 0.0) {
            fault("`values` are learning rates, none may be negative".into(), format!("found {values:?}"));
        }
        faults
    }
}
