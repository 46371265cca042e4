//! Claims: sentences about results in a form that can be weighed. No claim holds its verdict.

mod form;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use form::{ClaimFault, Form, Way};

use crate::quantity::Quantity;

/// A sentence about the results, in a form that can be weighed. Exactly one of the forms is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimTable {
    /// A name for the claim, different from all others'.
    #[schemars(length(min = 1, max = 200))]
    pub id: String,
    /// The sentence that the claim stands for, in words.
    #[serde(default)]
    pub says: Option<String>,
    /// What it speaks of.
    #[serde(default)]
    pub scope: Scope,
    /// The metric it speaks of. Without any it is test accuracy.
    #[serde(default)]
    pub metric: Option<Quantity>,
    /// The metrics it speaks of; all of them must agree.
    #[serde(default)]
    pub metrics: Vec<Quantity>,
    /// Form: this run is better than those in `than`: its accuracies are higher, its losses lower.
    #[serde(default)]
    pub better: Option<String>,
    /// Form: the metrics of this run are higher than those of the runs in `than`. With `of`, this metric of one run is
    /// higher than its metrics in `than`.
    #[serde(default)]
    pub higher: Option<String>,
    /// Form: the metrics of this run are lower than those of the runs in `than`. With `of`, this metric of one run is
    /// lower than its metrics in `than`.
    #[serde(default)]
    pub lower: Option<String>,
    /// What `better`, `higher` and `lower` compare with.
    #[serde(default)]
    pub than: Names,
    /// Form: these runs differ by less than `within`, each from each other.
    #[serde(default)]
    pub equivalent: Vec<String>,
    /// Form: these runs are alike. It is weighed as `equivalent`.
    #[serde(default)]
    pub similar: Vec<String>,
    /// The margin of `equivalent` and `similar`. For accuracies the default is the study's `equivalence`.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub within: Option<f64>,
    /// Form: this run is the best of those in `among`.
    #[serde(default)]
    pub best: Option<String>,
    /// The runs that `best` and `procedure` speak of; all runs if there are none.
    #[serde(default)]
    pub among: Vec<String>,
    /// With `best`: among the first so many. 1 if it is not given.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10_000))]
    pub rank: Option<usize>,
    /// Form: this run ends better on the training images than on the validation images.
    #[serde(default)]
    pub gap: Option<String>,
    /// With `gap`: it grows from epoch to epoch.
    #[serde(default)]
    pub grows: bool,
    /// Form: training this run on has harmed it: something on unseen images became worse.
    #[serde(default)]
    pub overfits: Option<String>,
    /// Form: the run in `of` shows the finding of this name.
    #[serde(default)]
    pub shows: Option<String>,
    /// The run that `shows` speaks of, or whose metrics `higher` and `lower` compare.
    #[serde(default)]
    pub of: Option<String>,
    /// Form: the network of this model has reached what it can.
    #[serde(default)]
    pub capacity: Option<String>,
    /// Form: the numbers that were published for this run come out again.
    #[serde(default)]
    pub reproduces: Option<String>,
    /// Form: of the values of the setting in `because`, this one is the worst, all else being equal.
    #[serde(default)]
    pub worst_value: Option<SettingValue>,
    /// Form: of the values of the setting in `because`, this one is the best, all else being equal.
    #[serde(default)]
    pub best_value: Option<SettingValue>,
    /// The setting that is said to be the cause.
    #[serde(default)]
    pub because: Option<String>,
    /// Form: something that the data or the models are.
    #[serde(default)]
    pub fact: Option<FactTable>,
    /// Form: how the study was made.
    #[serde(default)]
    pub procedure: Option<ProcedureTable>,
    /// Form: a sentence that no number of a study can test; what would have to be measured.
    #[serde(default)]
    pub rests_on: Vec<String>,
    /// The sentence denies what the form says.
    #[serde(default)]
    pub not: bool,
}

/// What a sentence speaks of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// What the settings do, whatever the seed: several runs of each are needed.
    #[default]
    Settings,
    /// The networks that were trained, and no others.
    Runs,
    /// How the study was made.
    Method,
    /// The data or the models.
    Fact,
}

/// One name, or several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Names {
    /// One name.
    One(String),
    /// Several names.
    Several(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Names::Several(Vec::new())
    }
}

impl Names {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Names::One(name) => std::slice::from_ref(name),
            Names::Several(names) => names,
        }
    }
}

/// The value of a setting.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum SettingValue {
    /// A number.
    Number(f64),
    /// A name.
    Name(String),
}

impl SettingValue {
    /// Whether a setting has this value.
    pub fn is(&self, value: &serde_json::Value) -> bool {
        match self {
            SettingValue::Number(number) => value.as_f64() == Some(*number),
            SettingValue::Name(name) => value.as_str() == Some(name),
        }
    }
}

/// Something that the data or the models are. Everything that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct FactTable {
    /// Images of the training part, validation images included.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub train_images: Option<usize>,
    /// Images of the test part.
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub test_images: Option<usize>,
    /// Classes.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub classes: Option<usize>,
    /// Height, width and channels of an image.
    #[schemars(length(max = 3))]
    pub image_shape: Vec<usize>,
    /// Parameters of the models of these runs.
    pub parameters: std::collections::BTreeMap<String, u64>,
    /// The losses of the parts order them as the accuracies do, in this run.
    pub losses_agree: Option<String>,
}

/// How a study was made. Exactly one is given.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ProcedureTable {
    /// The values of this setting were compared, all else being equal.
    pub compares: Option<String>,
    /// These settings were searched together.
    pub searches_together: Vec<String>,
    /// This run has the settings of the best run of `among`, but for the model.
    pub settings_of_the_best: Option<String>,
    /// Runs were chosen by this part of the data.
    pub chooses_by: Option<ChoosingPart>,
}

/// A part of the data that runs may be chosen by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChoosingPart {
    /// The validation images, as it should be.
    Validation,
    /// The test images, whose numbers are then no estimate any more.
    Test,
}

impl ClaimTable {
    /// The metrics that it speaks of; test accuracy if it names none.
    pub fn quantities(&self) -> Vec<Quantity> {
        let mut all: Vec<Quantity> = Vec::new();
        for quantity in self.metric.iter().chain(&self.metrics) {
            if !all.contains(quantity) {
                all.push(*quantity);
            }
        }
        if all.is_empty() {
            all.push(Quantity::TestAccuracy);
        }
        all
    }
}
