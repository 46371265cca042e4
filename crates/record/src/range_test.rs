//! A learning-rate range test: the loss of each batch while the learning rate grows from batch to batch.

use serde::{Deserialize, Serialize};

/// The range test of a run, over some seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RangeTestRecord {
    /// The study's name.
    pub study: String,
    /// The run's name.
    pub run: String,
    /// The run's model.
    pub model: String,
    /// The optimizer's name.
    pub optimizer: String,
    /// The run's own learning rate.
    pub learning_rate: f64,
    /// The schedule that the run trains with and the test does not; none if it is constant.
    pub schedule: Option<String>,
    /// Images per batch.
    pub batch_size: usize,
    /// Batches of a whole sweep.
    pub batches: usize,
    /// Whether our own code drew the images.
    pub procedural: bool,
    /// One for each seed.
    pub sweeps: Vec<SweepRecord>,
}

/// One sweep, from the initial weights of one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepRecord {
    /// The seed of weights, order and dropout: those of the run.
    pub seed: u64,
    /// The learning rate of each batch.
    pub rates: Vec<f64>,
    /// The mean loss of each batch, penalties included, before its update.
    pub losses: Vec<f64>,
    /// Why it ended.
    pub end: SweepEnd,
}

/// How a sweep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SweepEnd {
    /// At the largest rate.
    Whole,
    /// The smoothed loss had risen far above its smallest value.
    Rose,
    /// A loss was not a finite number.
    NotFinite,
}
