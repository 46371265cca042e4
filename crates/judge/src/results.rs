//! Results of any program, as they are judged: recipes, each with its runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use toile_record::{Epoch, LayersRecord, RaceBounds};
use toile_stats::Printed;

use crate::quantity::{DataPart, Quantity};
use crate::words;

/// The margin of equivalence where none was set: half a point of accuracy.
pub const EQUIVALENCE: f64 = 0.005;

/// Results, and what is known of the data that they were measured on. What is not known is `None`.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// Images that were trained on.
    pub n_train: Option<usize>,
    /// Images of the validation part.
    pub n_validation: Option<usize>,
    /// Images of the test part.
    pub n_test: Option<usize>,
    /// Classes.
    pub classes: Option<usize>,
    /// Height, width, channels of an image.
    pub image_shape: Option<[usize; 3]>,
    /// Accuracies that differ by less count as equivalent; set before the first run.
    pub equivalence: f64,
    /// How seeds were added until the comparisons were decided, if they were.
    pub race: Option<RaceRules>,
    /// In the order of the study.
    pub recipes: Vec<Recipe>,
}

impl Default for Results {
    fn default() -> Self {
        Results {
            n_train: None,
            n_validation: None,
            n_test: None,
            classes: None,
            image_shape: None,
            equivalence: EQUIVALENCE,
            race: None,
            recipes: Vec::new(),
        }
    }
}

/// How seeds are added until comparisons are decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaceRules {
    /// How many seeds a recipe has at least and at most.
    pub bounds: RaceBounds,
    /// The names of the recipes that have a number of seeds of their own, and get no more.
    #[serde(default)]
    pub fixed: Vec<String>,
}

impl RaceRules {
    /// Whether the recipe of this name may get more seeds.
    pub fn may_grow(&self, name: &str) -> bool {
        !self.fixed.iter().any(|fixed| fixed == name)
    }

    /// The numbers of seeds at which is looked whether comparisons are decided.
    pub fn looks(&self) -> Vec<usize> {
        toile_stats::looks(self.bounds.at_least, self.bounds.at_most)
    }
}

/// All settings of a training but its seed, and the runs that were made with them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recipe {
    /// Its name.
    pub name: String,
    /// Every setting by its dotted name: `optimizer`, `learning_rate`, `batch_size`. What is not stated is not there.
    pub settings: Map<String, Value>,
    /// The settings of its model's layers by dotted name, `layers.1.dense.units`, where they are known; in `settings`
    /// only its name tells models apart.
    pub layers: Map<String, Value>,
    /// Parameters of its model, by layer, where they are known.
    pub parameters: Vec<usize>,
    /// Its runs, which differ in their seeds.
    pub runs: Vec<Run>,
    /// What a publication gives for it.
    pub published: BTreeMap<Quantity, Printed>,
    /// The settings that a search left open, if one has chosen it.
    pub searched: Vec<String>,
    /// The numbers that a search tried for each setting that it left open, in rising order.
    pub tried: BTreeMap<String, Vec<f64>>,
    /// Of how many trials it is the best, if a search has chosen it.
    pub best_of: Option<usize>,
}

/// One training.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    /// Its seed, if it is known.
    pub seed: Option<u64>,
    /// One row of numbers per epoch that is known; perhaps the last one only.
    pub epochs: Vec<Epoch>,
    /// What was measured of its layers, where that is known.
    pub layers: Vec<LayersRecord>,
    /// The epoch whose weights it ends with, if not the last one.
    pub kept_epoch: Option<usize>,
    /// Test accuracy and loss.
    pub test_accuracy: Option<f64>,
    /// Mean loss of the test images.
    pub test_loss: Option<f64>,
    /// Seconds of its training.
    pub seconds: Option<f64>,
    /// Whether it failed: it diverged, or ended without a result.
    pub has_failed: bool,
    /// What it makes of each validation image.
    pub validation: Images,
    /// What it makes of each test image.
    pub test: Images,
}

/// What a run makes of each image of a part, in the part's order; empty where it was not kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    /// Whether each was classified correctly.
    pub correct: Vec<bool>,
    /// The loss of each.
    pub losses: Vec<f32>,
}

impl Results {
    /// The recipe of this name.
    pub fn recipe(&self, name: &str) -> Option<&Recipe> {
        self.recipes.iter().find(|recipe| recipe.name == name)
    }

    /// Its place.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.recipes.iter().position(|recipe| recipe.name == name)
    }

    /// The same with the first so many runs of each recipe.
    pub(crate) fn first_runs(&self, seeds: usize) -> Results {
        let first = |recipe: &Recipe| Recipe {
            layers: recipe.layers.clone(),
            tried: recipe.tried.clone(),
            name: recipe.name.clone(),
            settings: recipe.settings.clone(),
            parameters: recipe.parameters.clone(),
            runs: recipe.runs.iter().take(seeds).cloned().collect(),
            published: recipe.published.clone(),
            searched: recipe.searched.clone(),
            best_of: recipe.best_of,
        };
        Results { recipes: self.recipes.iter().map(first).collect(), race: self.race.clone(), ..*self }
    }

    /// How many images a part has.
    pub fn images(&self, part: DataPart) -> Option<usize> {
        match part {
            DataPart::Training => self.n_train,
            DataPart::Validation => self.n_validation,
            DataPart::Test => self.n_test,
        }
    }

    /// Updates of a whole training with these settings, ⌈n / batch size⌉ · epochs, if all of it is known.
    pub fn updates(&self, recipe: &Recipe) -> Option<u64> {
        let count = |name: &str| {
            let value = recipe.settings.get(name)?;
            // Programs write whole numbers as 128.0 too.
            let whole = value.as_f64().filter(|value| value.fract() == 0.0 && (1.0..1e15).contains(value));
            value.as_u64().or(whole.map(|whole| whole as u64)).filter(|count| *count > 0)
        };
        let per_epoch = (self.n_train? as u64).div_ceil(count("batch_size")?);
        per_epoch.checked_mul(count("epochs")?)
    }
}

impl Recipe {
    /// Its name as it stands in a sentence.
    pub(crate) fn quoted(&self) -> String {
        words::quoted(&self.name)
    }

    /// The runs that ended with a result.
    pub fn ended(&self) -> impl Iterator<Item = &Run> + Clone {
        self.runs.iter().filter(|run| !run.has_failed)
    }

    /// The number of a run that has it.
    pub fn values(&self, quantity: Quantity) -> Vec<f64> {
        self.ended().filter_map(|run| quantity.of(run)).collect()
    }

    /// The mean over its runs.
    pub fn mean(&self, quantity: Quantity) -> Option<f64> {
        let values = self.values(quantity);
        match values.iter().all(|value| *value == values[0]) {
            // Equal numbers have that number as their mean, bit for bit.
            true => values.first().copied(),
            false => toile_stats::mean(&values),
        }
    }
}

impl Run {
    /// The row of the weights that it ends with.
    pub fn last(&self) -> Option<&Epoch> {
        let kept = self.kept_epoch.and_then(|kept| self.epochs.iter().find(|row| row.epoch == kept));
        kept.or(self.epochs.last())
    }

    /// Whether its epochs are known as a curve: one row for each from the first, five or more.
    pub fn has_curve(&self) -> bool {
        self.epochs.len() >= 5 && self.epochs.iter().enumerate().all(|(i, row)| row.epoch == i + 1)
    }
}
