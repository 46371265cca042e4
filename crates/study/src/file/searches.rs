//! Searches in the study file: their table, their ranges, and layers that are repeated.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toile_nn::Layer;
use toile_record::{Direction, Metric};
use toile_tune::{Pruner, Sampler};

use super::{PublishedTable, RunSettings, default};

/// The most trials of a study, over all its searches, repetitions counted.
pub(crate) const MAX_TRIALS: usize = 100_000;

/// A search: many trainings, with settings that a sampler proposes; the best on the validation images is tested.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SearchTable {
    /// The search's name, different from those of all other searches and runs of the file.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// A remark that the report shows with the search.
    #[serde(default)]
    pub note: Option<String>,
    /// The numbers that a publication gives for the chosen configuration.
    #[serde(default)]
    pub published: Option<PublishedTable>,
    /// The name that the publication gives to this search, if it is another.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    pub published_as: Option<String>,
    /// A safetensors file in the study file's folder that every trial starts from; the model can have no ranges then.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub initial_weights: Option<String>,
    /// How the next trial's settings are proposed. Without it: `grid` if all points of the space can be tried, `nsga2`
    /// for several metrics, else `tpe`.
    #[serde(default)]
    pub sampler: Option<Sampler>,
    /// When a trial is stopped before its last epoch, judged by the metric after each epoch.
    #[serde(default)]
    #[schemars(extend("default" = "none"))]
    pub pruner: Option<Pruner>,
    /// How many trials there are. Without it, one for each point of the space, which must be countable.
    #[serde(default)]
    #[schemars(range(min = 1, max = MAX_TRIALS))]
    pub n_trials: Option<usize>,
    /// Seconds after which no further trial begins.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub timeout: Option<f64>,
    /// Seconds of processor time, over all trials, after which no further trial begins.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub cpu_timeout: Option<f64>,
    /// Trials in a row without a better value after which no further trial begins.
    #[serde(default)]
    #[schemars(range(min = 1, max = MAX_TRIALS))]
    pub stagnation: Option<usize>,
    /// Trial n is proposed from the values of trials 0 to n − 1 − `lag`: up to `lag` + 1 trials can train at the same
    /// time, and the search is the same for any number of them.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000), extend("default" = default::LAG))]
    pub lag: Option<usize>,
    /// Whether a trial is proposed from all trials that are finished when it begins, instead of by `lag`: the search
    /// then depends on the speed of its workers.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub asynchronous: Option<bool>,
    /// What is optimised: one metric, or a list of several. Without it, the accuracy on the validation images, or on
    /// the training images if none are held back.
    #[serde(default)]
    pub metric: Option<OneOrSeveral<Metric>>,
    /// Which values are better, for each metric. Without it, higher accuracies and lower values of everything else.
    #[serde(default)]
    pub direction: Option<OneOrSeveral<Direction>>,
    /// Parameters with a fixed value, by name, while the others are searched.
    #[serde(default)]
    pub fixed: Option<ParameterValues>,
    /// Configurations for the first trials; the sampler proposes the parameters that they leave out.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub first: Option<Vec<ParameterValues>>,
    /// Everything that may also be in `[defaults]`; here, values may be ranges.
    #[serde(flatten)]
    pub settings: RunSettings,
}

/// One of something, or a list of several.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum OneOrSeveral<T> {
    /// One.
    One(T),
    /// A list.
    Several(#[schemars(length(min = 1, max = 8))] Vec<T>),
}

impl<T: Copy> OneOrSeveral<T> {
    /// All of them.
    pub fn all(&self) -> Vec<T> {
        match self {
            OneOrSeveral::One(one) => vec![*one],
            OneOrSeveral::Several(several) => several.clone(),
        }
    }
}

/// Values of parameters, by name: a number, a choice's name, or a table of further names.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline, extend("x-values" = true))]
pub struct ParameterValues(pub BTreeMap<String, ParameterValue>);

/// Only for its schema: values of parameters are read from the file's tree, where they have a place.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum ParameterValue {
    /// A number.
    Number(f64),
    /// True or false.
    Bool(bool),
    /// The name of a choice.
    Text(String),
    /// The parameters below.
    Table(BTreeMap<String, serde_json::Value>),
}

/// An item of a list of layers.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ModelLayer {
    /// A layer.
    Layer(Layer),
    /// Several.
    Block(LayerBlock),
}

/// What a list of layers may contain besides layers.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LayerBlock {
    /// The same layers several times, one after the other.
    Repeat(Repeat),
}

/// Each repetition has its own ranges: the second can have other values than the first.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How often; with `{ low = 1, high = 4 }` the number of layers is searched.
    #[schemars(range(min = 0, max = 100), extend("x-no-choices" = true))]
    pub times: usize,
    /// What is repeated.
    #[schemars(length(min = 1, max = 1000))]
    pub layers: Vec<ModelLayer>,
}

/// Numbers from `low` to `high`, both included. For a setting that is a whole number, all of them are whole.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberRange {
    /// The smallest number.
    pub low: f64,
    /// The largest number.
    pub high: f64,
    /// Whether the range is searched on a logarithmic scale; not together with `step`.
    #[serde(default)]
    pub log: bool,
    /// The distance between neighbouring numbers. Without it, 1 for whole numbers, and any number for others.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub step: Option<f64>,
}

/// One of several values: numbers, names, or tables that may contain ranges.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoiceRange {
    /// The values to choose from.
    #[schemars(length(min = 2, max = 100))]
    pub choices: Vec<serde_json::Value>,
}
