//! What a study file says of searches: their table, their ranges, and layers that are repeated.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toile_nn::Layer;
use toile_record::Metric;
use toile_tune::{Direction, Pruner, Sampler};

use super::{PublishedTable, RunSettings, default};

/// The most trials of a study, over all its searches, repetitions counted.
pub(crate) const MOST_TRIALS: usize = 100_000;

/// A search: many trainings, with settings that a sampler proposes; the best on the validation images is tested.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct SearchTable {
    /// The search's name, different from those of all other searches and runs of the file.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// A remark that the report prints beside the search.
    #[serde(default)]
    pub note: Option<String>,
    /// The numbers that a publication gives for the chosen configuration.
    #[serde(default)]
    pub published: Option<PublishedTable>,
    /// A safetensors file beside the study file that every trial starts from; the model can have no ranges then.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub initial_weights: Option<String>,
    /// How the next trial's settings are proposed. If it is not said: `grid` if all points of the space can be tried, `nsga2`
    /// for several metrics, else `tpe`.
    #[serde(default)]
    pub sampler: Option<Sampler>,
    /// When a trial is stopped before its last epoch, going by the metric after each epoch.
    #[serde(default)]
    #[schemars(extend("default" = "none"))]
    pub pruner: Option<Pruner>,
    /// How many trials there are. If it is not said, one for each point of the space, which must be countable.
    #[serde(default)]
    #[schemars(range(min = 1, max = MOST_TRIALS))]
    pub n_trials: Option<usize>,
    /// Seconds after which no trial begins any more.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub timeout: Option<f64>,
    /// Seconds of processor time, over all trials, after which no trial begins any more.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub cpu_timeout: Option<f64>,
    /// Trials in a row without a better value after which no trial begins any more.
    #[serde(default)]
    #[schemars(range(min = 1, max = MOST_TRIALS))]
    pub stagnation: Option<usize>,
    /// A trial knows the values of those that are more than this many before it: so many may train side by side, and the
    /// search is the same however many do.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1000), extend("default" = default::LAG))]
    pub lag: Option<usize>,
    /// Whether a trial knows whatever is finished when it begins, in place of a `lag`: the search then depends on who is faster.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub asynchronous: Option<bool>,
    /// What is optimised: one metric, or a list of several. If it is not said, the accuracy on the validation images; on the
    /// training images if none are held back.
    #[serde(default)]
    pub metric: Option<OneOrSeveral<Metric>>,
    /// Where better lies, for each metric. If it is not said, more accuracy and less of everything else.
    #[serde(default)]
    pub direction: Option<OneOrSeveral<Direction>>,
    /// Parameters that are held at a value while the others are searched, by name.
    #[serde(default)]
    pub fixed: Option<ParameterValues>,
    /// Configurations for the first trials; the sampler proposes what they leave open.
    #[serde(default)]
    #[schemars(length(max = 1000))]
    pub first: Option<Vec<ParameterValues>>,
    /// Everything that may also stand in `[defaults]`, but that values may be ranges.
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

/// Never made: values of parameters are read from the file's own tree, where they have a place.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
pub enum ParameterValue {
    /// A number.
    Number(f64),
    /// Whether or not.
    Bool(bool),
    /// The name of a choice.
    Text(String),
    /// The parameters below.
    Table(BTreeMap<String, serde_json::Value>),
}

/// What may stand in a list of layers.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ModelLayer {
    /// A layer.
    Layer(Layer),
    /// Several.
    Block(Block),
}

/// What may stand in a list of layers beside layers.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Layers that stand there several times, one after the other.
    Repeat(Repeat),
}

/// Each repetition has ranges of its own: what is proposed for the first does not hold for the second.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// How often; the number of layers is searched by `{ low = 1, high = 4 }`.
    #[schemars(range(min = 0, max = 100), extend("x-no-choices" = true))]
    pub times: usize,
    /// What is repeated.
    #[schemars(length(min = 1, max = 1000))]
    pub layers: Vec<ModelLayer>,
}

/// Numbers from `low` to `high`, both included. Where the file wants a whole number, all of them are whole.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberRange {
    /// The smallest number.
    pub low: f64,
    /// The largest number.
    pub high: f64,
    /// Whether it is the logarithm that is searched evenly; not together with `step`.
    #[serde(default)]
    pub log: bool,
    /// The distance of neighbouring numbers; 1 for whole numbers, none for others.
    #[serde(default)]
    #[schemars(extend("exclusiveMinimum" = 0.0))]
    pub step: Option<f64>,
}

/// One of several: numbers, names, or tables that may hold ranges of their own.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChoiceRange {
    /// What may be chosen.
    #[schemars(length(min = 2, max = 100))]
    pub choices: Vec<serde_json::Value>,
}
