//! The data set that all runs of a study share.

use serde::{Deserialize, Serialize};

use crate::Part;

/// The words that stand on every file, table and figure made from data that our own code drew.
pub const PROCEDURAL_NOTICE: &str = "procedural data, not comparable";

/// The data set that all runs of a study share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataRecord {
    /// Catalogue name or path, as in the study file.
    pub name: String,
    /// Human-readable title, for example `Fashion-MNIST (official, 2017-08-31)`.
    pub title: String,
    /// SHA-256 over shape, class names, pixels and labels of both parts, in hexadecimal.
    pub fingerprint: String,
    /// Where it was found.
    pub source: String,
    /// True for data drawn by our own code: every table and figure then says so.
    pub procedural: bool,
    /// Height, width, channels of one image.
    pub shape: [usize; 3],
    /// Names of the classes, in label order.
    pub class_names: Vec<String>,
    /// How many images the training part held before the split, and the test part.
    pub n_train: usize,
    /// Images of the test part.
    pub n_test: usize,
    /// How they were read. Unknown (empty) of a study that an earlier version recorded.
    #[serde(default, skip_serializing_if = "ReadingRecord::is_empty")]
    pub reading: ReadingRecord,
    /// The split into training and validation.
    pub split: SplitRecord,
    /// What should be examined about it, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// Labels of the test part, one byte each (kept so that the report can recompute confusion matrices).
    #[serde(skip)]
    pub test_labels: Vec<u8>,
}

impl DataRecord {
    /// How many images a part has on which runs are judged.
    pub fn n_images(&self, part: Part) -> usize {
        match part {
            Part::Validation => self.split.validation_counts.iter().fold(0, |sum, n| sum.saturating_add(*n)),
            Part::Test => self.n_test,
        }
    }
}

/// How data were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadingRecord {
    /// The format, and the archive if they were in one.
    #[serde(default)]
    pub format: String,
    /// The decoders of pictures, with their versions: those of JPEG differ in the last bit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decoders: Vec<String>,
    /// What was done to the data, in plain English.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl ReadingRecord {
    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == ReadingRecord::default()
    }
}

/// How the training part was split, and what came of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitRecord {
    /// `last`, `stratified` or `random`.
    pub how: String,
    /// The fraction that became validation.
    pub fraction: f64,
    /// SHA-256 of the validation indices (u32, little-endian), in hexadecimal.
    pub fingerprint: String,
    /// Images of each class in the training part, after the split.
    pub train_counts: Vec<usize>,
    /// Images of each class in the validation part.
    pub validation_counts: Vec<usize>,
    /// Images of each class in the test part.
    pub test_counts: Vec<usize>,
    /// The places of the validation images among the training images before the split. Unknown (empty) of a study that
    /// an earlier version recorded, until it is run again.
    #[serde(skip)]
    pub validation_images: Vec<u32>,
    /// Their labels.
    #[serde(skip)]
    pub validation_labels: Vec<u8>,
}

/// A test image that at least one run got wrong, kept for the report's examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRecord {
    /// Position in the test part.
    pub index: usize,
    /// Height x width x channels bytes.
    pub pixels: Vec<u8>,
}
