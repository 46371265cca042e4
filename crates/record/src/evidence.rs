//! What the weights of a run make of a part of the data.

use serde::{Deserialize, Serialize};

/// A part of the data on which the weights of a run are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Held out of the training part; what is chosen is chosen by it.
    Validation,
    /// Sealed until all trainings of the study have ended.
    Test,
}

impl Part {
    /// Both, in the order in which they are read.
    pub const ALL: [Part; 2] = [Part::Validation, Part::Test];

    /// `validation` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Part::Validation => "validation",
            Part::Test => "test",
        }
    }

    /// The part of this name.
    pub fn from_name(name: &str) -> Option<Part> {
        Part::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// What the weights that a run has in the end make of a part of the data, image by image in the part's order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Mean loss, penalties included, as Keras' `evaluate`; `None` where it is not finite.
    pub loss: Option<f64>,
    /// The part of the images whose predicted class is their label.
    pub accuracy: f64,
    /// The predicted class of every image.
    #[serde(skip)]
    pub predictions: Vec<u8>,
    /// The probability of the predicted class of every image.
    #[serde(skip)]
    pub confidences: Vec<f32>,
    /// The loss of every image, without penalties. None are known of a run of an earlier version, until they are made
    /// again from its weights.
    #[serde(skip)]
    pub losses: Vec<f32>,
}

impl Evidence {
    /// Whether it says all that it can say of so many images.
    pub fn is_whole(&self, n: usize) -> bool {
        [self.predictions.len(), self.confidences.len(), self.losses.len()] == [n; 3]
    }
}
