//! Findings: what is to be said of a run, or of a whole study, each with its numbers, its rule and what to do.

pub(crate) mod curve;
pub(crate) mod study;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::results::{Recipe, Results, Run};

/// Validation loss has risen from its minimum.
pub const VAL_LOSS_RISING: &str = "val_loss_rising";

/// The names of all findings about runs.
pub const NAMES: [&str; 16] = [
    VAL_LOSS_RISING,
    "val_loss_rising_weak",
    "val_accuracy_falling",
    "over_confidence",
    "gap_without_harm",
    "underfitting",
    "not_converged",
    "not_converged_val",
    "plateau",
    "oscillating",
    "learning_rate_too_low",
    "diverged",
    "chance_level",
    "lucky_epoch",
    "running_average_artefact",
    "class_never_predicted",
];

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Note,
    /// It changes how a number is to be read.
    Warning,
    /// The number says something else than it seems to, or nothing.
    Alarm,
}

/// Something that is to be said of a run or of the study.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedFinding {
    /// The recipe; `None` if it is about the study.
    pub run: Option<String>,
    /// The seed of the run, if it is about one run whose seed is known.
    pub seed: Option<u64>,
    /// Its name.
    pub finding: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// What is the case, in one or two sentences with their numbers.
    pub statement: String,
    /// The rule that was applied, with its thresholds and its source.
    pub rule: &'static str,
    /// The numbers that the rule looked at.
    pub numbers: Map<String, Value>,
    /// What to do.
    pub advice: String,
}

impl NamedFinding {
    /// Whether it says what the verdict of a claim says.
    pub fn is_of_claim(&self) -> bool {
        study::OF_CLAIMS.contains(&self.finding)
    }
}

/// What is to be said of one run of a recipe.
pub fn of_run(results: &Results, recipe: &Recipe, run: &Run) -> Vec<NamedFinding> {
    curve::of_run(results, recipe, run)
}
