//! The numbers of one epoch.

use serde::{Deserialize, Serialize};

use crate::Metric;

/// One row of numbers, saved when the epoch ends.
///
/// In memory a number may be NaN or infinite, as the engine computed it; a record holds finite numbers only
/// ([`Epoch::finite`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Counted from 1. A row of epoch 0 is of starting weights that were evaluated and not trained.
    pub epoch: usize,
    /// Keras' running training loss: the mean over the epoch while the weights change, dropout active, penalties
    /// included.
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
    /// Running top-5 accuracy: the part of the images whose label is among the five most probable classes, as Keras'
    /// `TopKCategoricalAccuracy(k=5)`. Earlier versions did not measure it.
    #[serde(default)]
    pub top_5_accuracy: Option<f64>,
    /// Top-5 accuracy of the end-of-epoch weights on (a fixed part of) the training set.
    #[serde(default)]
    pub train_top_5_accuracy: Option<f64>,
    /// Validation top-5 accuracy of the end-of-epoch weights.
    #[serde(default)]
    pub val_top_5_accuracy: Option<f64>,
    /// The learning rate of the epoch's last update; of epoch 0, what the first one would have started from.
    pub learning_rate: f64,
    /// Wall time of the training alone, without the evaluations.
    #[serde(default)]
    pub seconds: f64,
}

impl Epoch {
    /// The rows of epochs that were trained: all but the one of starting weights, if that is there.
    pub fn trained(rows: &[Epoch]) -> &[Epoch] {
        &rows[rows.iter().take_while(|row| row.epoch == 0).count()..]
    }

    /// The first of these epochs that has no finite number of a metric that one before it had: what is not finite is
    /// recorded as none.
    pub fn first_not_finite(rows: &[Epoch], metric: Metric) -> Option<usize> {
        let is_finite = |row: &&Epoch| metric.of(row).is_some_and(f64::is_finite);
        let known = rows.iter().position(|row| is_finite(&row))?;
        rows[known..].iter().find(|row| !is_finite(row)).map(|row| row.epoch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_there_and_is_none_was_not_finite() {
        let rows = |losses: &[Option<f64>]| -> Vec<Epoch> {
            let row = |(i, loss): (usize, &Option<f64>)| Epoch {
                epoch: i + 1,
                val_loss: *loss,
                ..Epoch::default()
            };
            losses.iter().enumerate().map(row).collect()
        };
        let first = |losses: &[Option<f64>]| Epoch::first_not_finite(&rows(losses), Metric::ValLoss);
        assert_eq!(first(&[Some(1.0), Some(0.5)]), None);
        assert_eq!(first(&[Some(1.0), None, None]), Some(2));
        assert_eq!(first(&[Some(1.0), Some(f64::INFINITY)]), Some(2), "in memory");
        assert_eq!(first(&[None, None]), None, "not measured");
        assert_eq!(first(&[]), None);
    }
}
