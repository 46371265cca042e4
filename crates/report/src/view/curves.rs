//! Learning curves: one line per metric, over the epochs, the mean over the seeds with their range.

use toile_record::{Epoch, RunRecord};

/// At most this many points per line; a longer training is drawn in stretches, each with its whole range.
const MAX_POINTS: usize = 400;

/// One epoch (or stretch of epochs) of one line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The mean over the seeds that reached it.
    pub mean: f64,
    /// The smallest seed.
    pub low: f64,
    /// The largest seed.
    pub high: f64,
}

/// The six lines of one group. A line is empty where there are no numbers.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// Running training loss.
    pub loss: Vec<Point>,
    /// Training loss of the end-of-epoch weights.
    pub train_loss: Vec<Point>,
    /// Validation loss.
    pub val_loss: Vec<Point>,
    /// Running training accuracy.
    pub accuracy: Vec<Point>,
    /// Training accuracy of the end-of-epoch weights.
    pub train_accuracy: Vec<Point>,
    /// Validation accuracy.
    pub val_accuracy: Vec<Point>,
    /// How many seeds the means are over.
    pub seeds: usize,
    /// Whether the seeds ended after different numbers of epochs.
    pub is_ragged: bool,
    /// How many epochs one point stands for.
    pub stretch: usize,
}

/// The curves over `runs`.
pub fn curves(runs: &[&RunRecord]) -> Curves {
    let runs: Vec<&RunRecord> = runs.iter().copied().filter(|run| !run.epochs.is_empty()).collect();
    let longest = runs.iter().map(|run| run.epochs.len()).max().unwrap_or(0);
    let stretch = longest.div_ceil(MAX_POINTS).max(1);
    let line = |pick: fn(&Epoch) -> Option<f64>| line(&runs, longest, stretch, pick);
    Curves {
        loss: line(|epoch| epoch.loss),
        train_loss: line(|epoch| epoch.train_loss),
        val_loss: line(|epoch| epoch.val_loss),
        accuracy: line(|epoch| epoch.accuracy),
        train_accuracy: line(|epoch| epoch.train_accuracy),
        val_accuracy: line(|epoch| epoch.val_accuracy),
        seeds: runs.len(),
        is_ragged: runs.iter().any(|run| run.epochs.len() != longest),
        stretch,
    }
}

fn line(runs: &[&RunRecord], longest: usize, stretch: usize, pick: fn(&Epoch) -> Option<f64>) -> Vec<Point> {
    (0..longest).step_by(stretch).filter_map(|start| point(runs, start, stretch, pick)).collect()
}

/// The stretch that begins at row `start`: its range over all its epochs, its mean at its last one.
fn point(
    runs: &[&RunRecord],
    start: usize,
    stretch: usize,
    pick: fn(&Epoch) -> Option<f64>,
) -> Option<Point> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut sum, mut n, mut epoch) = (0.0, 0usize, 0);
    for run in runs {
        let end = (start + stretch).min(run.epochs.len());
        let rows = run.epochs.get(start..end).unwrap_or_default();
        let values =
            rows.iter().filter_map(|row| Some((row.epoch, pick(row).filter(|value| value.is_finite())?)));
        let mut last = None;
        for (at, value) in values {
            (low, high) = (low.min(value), high.max(value));
            last = Some(value);
            epoch = epoch.max(at);
        }
        if let Some(value) = last {
            sum += value;
            n += 1;
        }
    }
    let mean = sum / n as f64;
    mean.is_finite().then_some(Point { epoch, mean, low, high })
}
