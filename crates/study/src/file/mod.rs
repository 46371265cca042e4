//! The study file as types: with the engine's own types, the one list of everything that a study file may contain. The
//! check, the JSON Schema and the reference page are made from their doc comments, ranges and defaults.

mod data;
mod grid;
mod searches;
mod seeds;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_judge::ClaimTable;
use toile_nn::{Callback, DtypePolicy, Loss, Optimizer, Schedule};

use crate::SplitHow;
use crate::check::DataShape;
pub use data::DataSetting;
pub(crate) use grid::{GRID_SETTINGS, GridTable, MAX_GRID_RUNS};
pub(crate) use searches::MAX_TRIALS;
pub use searches::{
    ChoiceRange, LayerBlock, ModelLayer, NumberRange, OneOrSeveral, ParameterValue, ParameterValues, Repeat,
    SearchTable,
};
pub use seeds::{RaceTable, SeedsSetting, Until};

/// Defaults of the study file, those of Keras where Keras has one.
pub(crate) mod default {
    pub(crate) const VALIDATION_SPLIT: f64 = 0.0;
    pub(crate) const SEED: u64 = 0;
    pub(crate) const SEEDS: usize = 1;
    pub(crate) const TRAIN_EVALUATION: f64 = 0.1;
    pub(crate) const BATCH_SIZE: usize = 32;
    pub(crate) const SHUFFLE: bool = true;
    pub(crate) const LABEL_SMOOTHING: f32 = 0.0;
    pub(crate) const LAG: usize = 3;
}

/// The largest seed: 2³² − 1, as in NumPy and Keras.
pub(crate) const MAX_SEED: u64 = u32::MAX as u64;

/// The most repetitions of a run.
pub(crate) const MAX_SEEDS: usize = 1000;

/// The most searches of a study.
pub(crate) const MAX_SEARCHES: usize = 1000;

/// The most claims of a study.
pub(crate) const MAX_CLAIMS: usize = 1000;

/// A study: its data, its models, and the runs and searches that train them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // only its schema is used: the checker reads the parts one by one
pub(crate) struct StudyFile {
    /// What the study is about and what all its runs share.
    pub study: StudyTable,
    /// Settings of all runs and searches that do not have their own.
    #[serde(default)]
    pub defaults: RunSettings,
    /// The models, each with its own name.
    pub models: BTreeMap<String, ModelTable>,
    /// The runs, each a table that begins with `[[runs]]`. A study without grids and searches has at least one.
    #[serde(default)]
    pub runs: Vec<RunTable>,
    /// The grids, each a table that begins with `[[grid]]`: runs with every combination of the values that it lists.
    #[serde(default)]
    pub grid: Vec<GridTable>,
    /// The searches, each a table that begins with `[[searches]]`.
    #[serde(default)]
    #[schemars(length(max = MAX_SEARCHES))]
    pub searches: Vec<SearchTable>,
    /// The claims that the report weighs, each a table that begins with `[[claims]]`.
    #[serde(default)]
    #[schemars(length(max = MAX_CLAIMS))]
    pub claims: Vec<ClaimTable>,
}

/// What the study is about and what all its runs share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StudyTable {
    /// The study's name, which is also the report's title.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// The question that the study answers, in plain words; the report begins with it.
    #[serde(default)]
    pub question: Option<String>,
    /// A data set by name, or a path to data of your own (with a slash: `./mine`), relative to the study file's folder;
    /// or a table with the path and how what is there is read.
    pub data: DataSetting,
    /// The part of the training images that is held back for validation: a fraction, or a table with the way to choose.
    #[serde(default)]
    #[schemars(extend("default" = default::VALIDATION_SPLIT))]
    pub validation_split: Option<ValidationSplit>,
    /// The seed of everything random in the study: initial weights, shuffling, dropout, the split.
    #[serde(default)]
    #[schemars(range(min = 0, max = MAX_SEED), extend("default" = default::SEED))]
    pub seed: Option<u64>,
    /// How often each run is repeated, with the seeds `seed`, `seed` + 1, `seed` + 2 and so on; the split stays the
    /// same. A number, or a table: repeated until the comparisons are decided.
    #[serde(default)]
    #[schemars(extend("default" = default::SEEDS))]
    pub seeds: Option<SeedsSetting>,
    /// The part of the training images on which each epoch's final weights are evaluated; after the last epoch, all of
    /// them are used.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0), extend("default" = default::TRAIN_EVALUATION))]
    pub train_evaluation: Option<f64>,
    /// Accuracies that differ by less than this count as equivalent. It is set before the first run.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 1.0), extend("default" = toile_judge::EQUIVALENCE))]
    pub equivalence: Option<f64>,
}

/// The part of the training images that is held back for validation.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum ValidationSplit {
    /// The last fraction of the file, before any shuffling, as Keras does it.
    Fraction(#[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))] f64),
    /// A fraction, and how it is chosen.
    Table(ValidationSplitTable),
}

/// A fraction of the training images, and how it is chosen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidationSplitTable {
    /// The part that is held back.
    #[schemars(range(min = 0.0), extend("exclusiveMaximum" = 1.0))]
    pub fraction: f64,
    /// Which images they are.
    #[serde(default)]
    pub how: SplitHow,
}

/// A model: its layers, from the image to the classes. With ranges among them, it is a model for searches.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelTable {
    /// The layers in order; the last one ends in softmax.
    #[schemars(length(min = 1, max = 1000))]
    pub layers: Vec<ModelLayer>,
}

/// Settings of a run, or of all runs if they are in `[defaults]`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
#[schemars(deny_unknown_fields)]
pub struct RunSettings {
    /// The name of a model of this file. Required in the run or in `[defaults]`.
    pub model: Option<String>,
    /// How a gradient becomes a step. Required in the run or in `[defaults]`.
    pub optimizer: Option<Optimizer>,
    /// How the learning rate changes over the updates.
    #[schemars(extend("default" = "constant"))]
    pub schedule: Option<Schedule>,
    /// Images per update.
    #[schemars(range(min = 1, max = 1_000_000), extend("default" = default::BATCH_SIZE))]
    pub batch_size: Option<usize>,
    /// Passes over the training images; 0 trains nothing, and the weights that a run starts with are evaluated: those
    /// of `initial_weights`, or fresh ones. Required in the run or in `[defaults]`.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub epochs: Option<usize>,
    /// Whether the training images are put in a new random order for each epoch.
    #[schemars(extend("default" = default::SHUFFLE))]
    pub shuffle: Option<bool>,
    /// In which numbers a training computes. `mixed_bfloat16` rounds what goes into products to bfloat16; weights,
    /// sums, statistics and the loss stay 32-bit floats. With AMX a convolutional net is about twice as fast; on other
    /// processors convolutions are slower.
    #[schemars(extend("default" = "float32"))]
    pub dtype_policy: Option<DtypePolicy>,
    /// What the training makes small. `label_smoothing` and `class_weight` hold for every loss.
    #[schemars(extend("default" = "categorical_crossentropy"))]
    pub loss: Option<Loss>,
    /// s: the target becomes 1 − s + s / classes for the true class and s / classes for the others.
    #[schemars(range(min = 0.0, max = 1.0), extend("default" = default::LABEL_SMOOTHING))]
    pub label_smoothing: Option<f32>,
    /// Weights of the classes in the loss, by label: `{ 6 = 2.0 }`; classes that are not named have 1.
    pub class_weight: Option<BTreeMap<String, ClassWeight>>,
    /// What is decided after each epoch.
    #[schemars(length(max = 20), extend("default" = []))]
    pub callbacks: Option<Vec<Callback>>,
    /// The seed of this run or search, if not the study's.
    #[schemars(range(min = 0, max = MAX_SEED))]
    pub seed: Option<u64>,
    /// How often this run is repeated, if not as often as `[study]` says. Of a search, how often each trial is trained;
    /// the default is once.
    #[schemars(range(min = 1, max = MAX_SEEDS))]
    pub seeds: Option<usize>,
}

/// The factor of a class in the loss.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct ClassWeight(#[schemars(range(min = 0.0, max = 1e6))] pub f32);

/// A run: one training of one model, repeated for each seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct RunTable {
    /// The run's name, different from all others of the file.
    #[schemars(length(min = 1, max = 200))]
    pub name: String,
    /// A remark that the report shows with the run, for example why a setting was chosen.
    #[serde(default)]
    pub note: Option<String>,
    /// The numbers that a publication gives for this run; the report compares its own with them.
    #[serde(default)]
    pub published: Option<PublishedTable>,
    /// The name that the publication gives to this run, if it is another.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    pub published_as: Option<String>,
    /// A safetensors file in the study file's folder to start from, instead of the initialisers.
    #[serde(default)]
    #[schemars(length(min = 1))]
    pub initial_weights: Option<String>,
    /// Everything that may also be in `[defaults]`.
    #[serde(flatten)]
    pub settings: RunSettings,
}

/// Published numbers of a run. Accuracies are fractions, losses are means per image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PublishedTable {
    /// Training loss.
    #[schemars(range(min = 0.0))]
    pub loss: Option<f64>,
    /// Training accuracy.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub accuracy: Option<f64>,
    /// Validation loss.
    #[schemars(range(min = 0.0))]
    pub val_loss: Option<f64>,
    /// Validation accuracy.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub val_accuracy: Option<f64>,
    /// Test loss.
    #[schemars(range(min = 0.0))]
    pub test_loss: Option<f64>,
    /// Test accuracy.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub test_accuracy: Option<f64>,
}

impl RunSettings {
    /// These settings; those that are not given are taken from `shared`.
    pub(crate) fn or(&self, shared: &RunSettings) -> RunSettings {
        fn pick<T: Clone>(own: &Option<T>, shared: &Option<T>) -> Option<T> {
            own.as_ref().or(shared.as_ref()).cloned()
        }
        RunSettings {
            model: pick(&self.model, &shared.model),
            optimizer: pick(&self.optimizer, &shared.optimizer),
            schedule: pick(&self.schedule, &shared.schedule),
            batch_size: pick(&self.batch_size, &shared.batch_size),
            epochs: pick(&self.epochs, &shared.epochs),
            shuffle: pick(&self.shuffle, &shared.shuffle),
            dtype_policy: pick(&self.dtype_policy, &shared.dtype_policy),
            loss: pick(&self.loss, &shared.loss),
            label_smoothing: pick(&self.label_smoothing, &shared.label_smoothing),
            class_weight: pick(&self.class_weight, &shared.class_weight),
            callbacks: pick(&self.callbacks, &shared.callbacks),
            seed: pick(&self.seed, &shared.seed),
            seeds: pick(&self.seeds, &shared.seeds),
        }
    }
}

impl StudyTable {
    /// The part of the training images that is validated on. That of the data's own validation part is known once the
    /// data are; until then it stands for some part.
    pub fn validation_fraction(&self, shape: Option<DataShape>) -> f64 {
        match (self.data.has_own_validation(), shape) {
            (false, _) => self.validation_split.map_or(default::VALIDATION_SPLIT, |split| split.fraction()),
            (true, Some(shape)) => shape.own_validation as f64 / shape.images.max(1) as f64,
            (true, None) => 0.5,
        }
    }

    /// Which images are validated on.
    pub fn validation_how(&self) -> SplitHow {
        match self.data.has_own_validation() {
            true => SplitHow::Own,
            false => self.validation_split.map(|split| split.how()).unwrap_or_default(),
        }
    }
}

impl ValidationSplit {
    /// The part that is held back.
    pub fn fraction(self) -> f64 {
        match self {
            ValidationSplit::Fraction(fraction) => fraction,
            ValidationSplit::Table(table) => table.fraction,
        }
    }

    /// Which images they are.
    pub fn how(self) -> SplitHow {
        match self {
            ValidationSplit::Fraction(_) => SplitHow::default(),
            ValidationSplit::Table(table) => table.how,
        }
    }
}

impl From<PublishedTable> for toile_record::Published {
    fn from(table: PublishedTable) -> Self {
        let PublishedTable { loss, accuracy, val_loss, val_accuracy, test_loss, test_accuracy } = table;
        Self { loss, accuracy, val_loss, val_accuracy, test_loss, test_accuracy }
    }
}
