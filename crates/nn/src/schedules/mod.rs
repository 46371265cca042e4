//! Schedules: the learning rate as a function of the update. One file each, one list of all.

mod constant;
mod cosine;
mod exponential;
mod one_cycle;
mod piecewise;
mod polynomial;

use constant::Constant;
pub use cosine::Cosine;
pub use exponential::Exponential;
pub use one_cycle::OneCycle;
pub use piecewise::Piecewise;
pub use polynomial::Polynomial;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The learning rate at update s (counted from 0), starting from the optimizer's `learning_rate` η. Steps are updates.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Schedule {
    /// η throughout.
    #[default]
    Constant,
    /// Half a cosine from η to `alpha` η, after an optional linear warm-up.
    Cosine(Cosine),
    /// η · `decay_rate`^(s / `decay_steps`).
    Exponential(Exponential),
    /// `values[i]` up to and including update `boundaries[i]`, then the last value.
    Piecewise(Piecewise),
    /// (η − end) (1 − s / `decay_steps`)^power + end.
    Polynomial(Polynomial),
    /// Up from η / `div_factor` to η, then down to that / `final_div_factor`, by half cosines (Smith and Topin 2018).
    OneCycle(OneCycle),
}

/// What each schedule's settings say.
trait ScheduleSettings {
    /// The learning rate of update `step`, counted from 0, for the optimizer's rate `start`.
    fn rate(&self, start: f64, step: u64) -> f64;

    /// What cannot be so, though each setting by itself is right.
    fn faults(&self) -> Vec<SettingsFault> {
        Vec::new()
    }
}

/// Settings that do not fit each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingsFault {
    /// What does not fit, with what was found and what was expected.
    pub message: String,
    /// How to fix it.
    pub help: String,
}

impl Schedule {
    /// The one list that ties the names to what they do.
    fn settings(&self) -> &dyn ScheduleSettings {
        match self {
            Schedule::Constant => &Constant,
            Schedule::Cosine(settings) => settings,
            Schedule::Exponential(settings) => settings,
            Schedule::Piecewise(settings) => settings,
            Schedule::Polynomial(settings) => settings,
            Schedule::OneCycle(settings) => settings,
        }
    }

    /// The learning rate of update `step`, counted from 0, for the optimizer's rate `start`.
    pub fn rate(&self, start: f64, step: u64) -> f64 {
        self.settings().rate(start, step)
    }

    /// What cannot be so, though each setting by itself is right; empty if all is well.
    pub fn faults(&self) -> Vec<SettingsFault> {
        self.settings().faults()
    }
}
