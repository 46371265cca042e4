//! What is kept: plain data that explains itself without the code that made it.
//!
//! The runner writes these, the report reads them. Accuracies are fractions in [0, 1], losses are means per image
//! (natural logarithm), times are seconds. A metric that does not exist (validation without a split, a diverged loss)
//! is `None`, never a magic number.

use serde::{Deserialize, Serialize};

use crate::search::{SearchRecords, TestOpening};

/// The words that stand on every file, table and figure made from data that our own code drew.
pub const PROCEDURAL_NOTICE: &str = "procedural data, not comparable";

/// One study: the file as it was, and where its data came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyRecord {
    /// The name in the study file.
    pub name: String,
    /// The question that the study asks, if the file states one.
    pub question: Option<String>,
    /// The study file, byte for byte.
    pub file: String,
    /// Version of toile that wrote the record.
    pub toile_version: String,
    /// The data set and its split.
    pub data: DataRecord,
}

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
    /// The split into training and validation.
    pub split: SplitRecord,
    /// Labels of the test part, one byte each (kept so that the report can recompute confusion matrices).
    #[serde(skip)]
    pub test_labels: Vec<u8>,
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
}

/// The state of a run, in Optuna's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Planned, not started.
    Waiting,
    /// Started; its epochs so far are recorded.
    Running,
    /// Trained to its end and tested.
    Complete,
    /// Stopped early by a pruner.
    Pruned,
    /// Ended without a result; [`RunRecord::failure`] says why.
    Failed,
}

impl RunState {
    /// The word that stands in tables, files and messages.
    pub fn name(self) -> &'static str {
        match self {
            RunState::Waiting => "waiting",
            RunState::Running => "running",
            RunState::Complete => "complete",
            RunState::Pruned => "pruned",
            RunState::Failed => "failed",
        }
    }
}

/// The numbers that a publication gives for a run; the keys of `published` in the study file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// Training loss.
    pub loss: Option<f64>,
    /// Training accuracy.
    pub accuracy: Option<f64>,
    /// Validation loss.
    pub val_loss: Option<f64>,
    /// Validation accuracy.
    pub val_accuracy: Option<f64>,
    /// Test loss.
    pub test_loss: Option<f64>,
    /// Test accuracy.
    pub test_accuracy: Option<f64>,
}

/// One row of numbers, saved when the epoch ends.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Counted from 1.
    pub epoch: usize,
    /// Keras' running training loss: the mean over the epoch while the weights change, dropout active, penalties included.
    pub loss: Option<f64>,
    /// Keras' running training accuracy.
    pub accuracy: Option<f64>,
    /// Loss of the end-of-epoch weights on (a fixed part of) the training set, in inference mode.
    pub train_loss: Option<f64>,
    /// Accuracy of the end-of-epoch weights on (a fixed part of) the training set.
    pub train_accuracy: Option<f64>,
    /// Validation loss of the end-of-epoch weights.
    pub val_loss: Option<f64>,
    /// Validation accuracy of the end-of-epoch weights.
    pub val_accuracy: Option<f64>,
    /// The learning rate of the epoch's last update.
    pub learning_rate: f64,
    /// Wall time of the training alone, without the evaluations.
    pub seconds: f64,
}

/// Where, with what and how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of toile.
    pub toile_version: String,
    /// Instruction set of the kernels: `avx512`, `avx2`, `portable`.
    pub instruction_set: String,
    /// Threads that the run could use.
    pub threads: usize,
    /// Processor name and operating system.
    pub machine: String,
    /// Start, RFC 3339 in UTC.
    pub started: String,
    /// Wall time of the whole run, evaluations included.
    pub wall_seconds: f64,
    /// Processor time of all its threads, where the platform tells it.
    pub cpu_seconds: Option<f64>,
}

/// What the test set said, when it was opened after training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestRecord {
    /// Mean loss on the test part.
    pub loss: Option<f64>,
    /// Accuracy on the test part.
    pub accuracy: f64,
    /// The predicted class of every test image.
    #[serde(skip)]
    pub predictions: Vec<u8>,
    /// The probability of the predicted class of every test image.
    #[serde(skip)]
    pub confidences: Vec<f32>,
}

/// One row of a model summary, as `toile summary` and the report print it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryRow {
    /// `conv2d_1`
    pub name: String,
    /// `Conv2D`
    pub kind: String,
    /// `(None, 24, 24, 64)`
    pub output_shape: String,
    /// Parameters of the layer.
    pub parameters: usize,
}

/// The layers and the counts of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryRecord {
    /// One row per layer.
    pub rows: Vec<SummaryRow>,
    /// Parameters that training moves.
    pub trainable: usize,
    /// Parameters that it does not (moving averages).
    pub non_trainable: usize,
    /// Floating-point operations (a multiply-add is two) of one forward pass of one image.
    pub forward_flops: u64,
    /// The same of one training image: forward and backward.
    pub training_flops: u64,
}

/// One training, from its plan to its test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Hash of the resolved plan and of the data: equal ids give equal bits.
    pub id: String,
    /// The name in the study file.
    pub name: String,
    /// Place in the study, from 0; runs of one name and several seeds share it.
    pub position: usize,
    /// The seed of this repetition.
    pub seed: u64,
    /// The model's name in the study file.
    pub model: String,
    /// The plan, every setting spelled out.
    pub plan: serde_json::Value,
    /// The model's layers and counts.
    pub summary: SummaryRecord,
    /// What the publication gives, if the study file says so.
    pub published: Option<Published>,
    /// A remark of the study file on this run (why a setting was chosen), if any.
    pub note: Option<String>,
    /// Where the run is in its life.
    pub state: RunState,
    /// Why it failed, why it stopped before its last epoch, or of which earlier epoch its weights are.
    pub failure: Option<String>,
    /// One row per finished epoch.
    pub epochs: Vec<EpochRecord>,
    /// The test, once it was opened.
    pub test: Option<TestRecord>,
    /// SHA-256 of the weights' bytes, in hexadecimal.
    pub weights_sha256: Option<String>,
    /// The run's folder under the study's folder, for example `runs/model-4-seed-7`.
    pub folder: String,
    /// Where, with what and how long.
    pub provenance: Provenance,
}

/// A test image that at least one run got wrong, kept for the report's examples.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRecord {
    /// Position in the test part.
    pub index: usize,
    /// Height x width x channels bytes.
    pub pixels: Vec<u8>,
}

/// Everything a report needs, read at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Records {
    /// The study.
    pub study: StudyRecord,
    /// Its runs, by position, then seed.
    pub runs: Vec<RunRecord>,
    /// Misclassified test images, by index.
    pub images: Vec<ImageRecord>,
    /// Its searches, by position.
    pub searches: Vec<SearchRecords>,
    /// Every opening of the test set, in order.
    pub test_openings: Vec<TestOpening>,
}
