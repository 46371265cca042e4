//! Findings: what is to be said of a run, or of a whole study, each with its numbers, its rule and what to do.

mod convergence;
mod curve;
mod failure;
mod gap;
mod layers;
mod lucky;
mod phrase;
mod rise;
mod running;
mod searches;
mod series;
pub(crate) mod study;

pub use study::STUDY_NAMES;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::results::{Recipe, Results, Run};

/// Validation loss at the end is more than 5 % above its minimum (Prechelt 1998), beyond four times the epochs'
/// scatter.
pub(crate) const VAL_LOSS_RISING: &str = "val_loss_rising";
/// The same with 2 to 5 %.
pub(crate) const VAL_LOSS_RISING_WEAK: &str = "val_loss_rising_weak";
/// Validation accuracy at the end is below its best by more than a point and more than its noise.
pub(crate) const VAL_ACCURACY_FALLING: &str = "val_accuracy_falling";
/// Validation loss rises, validation accuracy does not fall (Guo et al. 2017).
pub(crate) const OVER_CONFIDENCE: &str = "over_confidence";
/// Training accuracy above validation accuracy by more than a point and more than noise, validation loss not rising.
pub(crate) const GAP_WITHOUT_HARM: &str = "gap_without_harm";
/// The same without the curve of validation loss, or with one that is too noisy: whether it does harm cannot be told.
pub(crate) const GAP: &str = "gap";
/// Training and validation accuracy are alike, both well below what another recipe of the study reaches.
pub(crate) const UNDERFITTING: &str = "underfitting";
/// Training loss still falls by more than 1 % an epoch at the end.
pub(crate) const NOT_CONVERGED: &str = "not_converged";
/// Validation loss still falls by more than 1 % an epoch at the end.
pub(crate) const NOT_CONVERGED_VAL: &str = "not_converged_val";
/// Validation loss lies flat at the end while training loss still falls.
pub(crate) const PLATEAU: &str = "plateau";
/// Training loss goes up and down without trend, far above its noise: the learning rate is too high.
pub(crate) const OSCILLATING: &str = "oscillating";
/// A slow, even fall of training loss without a bend.
pub(crate) const LEARNING_RATE_TOO_LOW: &str = "learning_rate_too_low";
/// Loss is not finite, or far above its start.
pub(crate) const DIVERGED: &str = "diverged";
/// Loss ln K and accuracy 1/K of K classes.
pub(crate) const CHANCE_LEVEL: &str = "chance_level";
/// One epoch's validation accuracy is far above its neighbours.
pub(crate) const LUCKY_EPOCH: &str = "lucky_epoch";
/// Validation is above training only because Keras' training number is a mean over the epoch; or that cannot be told.
pub(crate) const RUNNING_AVERAGE_ARTEFACT: &str = "running_average_artefact";

/// More than a tenth of the ReLU units of a layer are zero on every image (Lu et al. 2019).
pub(crate) const DEAD_UNITS: &str = "dead_units";
/// More than a tenth of the sigmoid or tanh units of a layer are on the flat part of their activation.
pub(crate) const SATURATED_UNITS: &str = "saturated_units";
/// The gradient of the first layer with weights is less than a thousandth of that of the last.
pub(crate) const VANISHING_GRADIENTS: &str = "vanishing_gradients";
/// It is more than a thousand times that of the last.
pub(crate) const EXPLODING_GRADIENTS: &str = "exploding_gradients";
/// Those of the layers, which only toile measures.
pub(crate) const OF_LAYERS: [&str; 4] =
    [DEAD_UNITS, SATURATED_UNITS, VANISHING_GRADIENTS, EXPLODING_GRADIENTS];

/// The names of all findings about runs.
///
/// A class that is never predicted would need the predictions of each image, which a run does not hold: it has no
/// name.
pub const NAMES: [&str; 20] = [
    VAL_LOSS_RISING,
    VAL_LOSS_RISING_WEAK,
    VAL_ACCURACY_FALLING,
    OVER_CONFIDENCE,
    GAP_WITHOUT_HARM,
    GAP,
    UNDERFITTING,
    NOT_CONVERGED,
    NOT_CONVERGED_VAL,
    PLATEAU,
    OSCILLATING,
    LEARNING_RATE_TOO_LOW,
    DIVERGED,
    CHANCE_LEVEL,
    LUCKY_EPOCH,
    RUNNING_AVERAGE_ARTEFACT,
    DEAD_UNITS,
    SATURATED_UNITS,
    VANISHING_GRADIENTS,
    EXPLODING_GRADIENTS,
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
    // Of starting weights that nobody trained, nothing is to be said.
    if run.epochs.last().is_some_and(|row| row.epoch == 0) {
        return Vec::new();
    }
    curve::of_run(results, recipe, run)
}
