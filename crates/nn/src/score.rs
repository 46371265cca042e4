//! Scores: what is measured of a model's outputs, image by image, and summed up.

use toile_record::{Epoch, Metric};

/// Sums over images.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Score {
    /// Σ loss, without penalties.
    pub loss: f64,
    /// Images whose most probable class is their label.
    pub correct: usize,
    /// Images whose label is among the five most probable classes.
    pub top_5: usize,
}

/// Means over images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MeanScore {
    pub loss: f64,
    pub accuracy: f64,
    pub top_5_accuracy: f64,
}

/// Of what images, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scored {
    /// Training images, while the weights changed.
    WhileTraining,
    /// Training images, with the weights after the epoch.
    TrainingSet,
    /// Validation images, with the weights after the epoch.
    ValidationSet,
}

impl Score {
    /// Of images with these losses and predictions; the logits' rows are as long as there are classes.
    pub(crate) fn of(logits: &[f32], labels: &[u8], losses: &[f32], predicted: &[u8]) -> Score {
        let classes = (logits.len() / labels.len().max(1)).max(1);
        let rows = logits.chunks_exact(classes).zip(labels);
        Score {
            loss: losses.iter().map(|loss| *loss as f64).sum(),
            correct: predicted.iter().zip(labels).filter(|(predicted, label)| predicted == label).count(),
            top_5: rows.filter(|(logits, label)| is_in_top_5(logits, usize::from(**label))).count(),
        }
    }

    /// These images and others.
    pub(crate) fn and(self, others: Score) -> Score {
        Score {
            loss: self.loss + others.loss,
            correct: self.correct + others.correct,
            top_5: self.top_5 + others.top_5,
        }
    }

    /// The means over so many images.
    pub(crate) fn mean(self, images: usize) -> MeanScore {
        let n = images.max(1) as f64;
        MeanScore {
            loss: self.loss / n,
            accuracy: self.correct as f64 / n,
            top_5_accuracy: self.top_5 as f64 / n,
        }
    }
}

/// Fewer than five classes are strictly more probable, as Keras' `in_top_k` counts: equals share the better rank, and
/// NaN is no probability.
fn is_in_top_5(logits: &[f32], label: usize) -> bool {
    let own = if logits[label].is_nan() { f32::NEG_INFINITY } else { logits[label] };
    logits.iter().filter(|logit| **logit > own).count() < 5
}

impl MeanScore {
    /// Puts the means into an epoch.
    pub(crate) fn put(self, scored: Scored, epoch: &mut Epoch) {
        let metrics = match scored {
            Scored::WhileTraining => [Metric::Loss, Metric::Accuracy, Metric::Top5Accuracy],
            Scored::TrainingSet => [Metric::TrainLoss, Metric::TrainAccuracy, Metric::TrainTop5Accuracy],
            Scored::ValidationSet => [Metric::ValLoss, Metric::ValAccuracy, Metric::ValTop5Accuracy],
        };
        let values = [self.loss, self.accuracy, self.top_5_accuracy];
        for (metric, value) in metrics.into_iter().zip(values) {
            metric.put(epoch, Some(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keras 3.15: `ops.in_top_k([1, 0, 2], [[.1, .1, .1], [.2, .3, .3], [.5, .2, .2]], k=2)` is true, false, true: the
    /// rank is one more than the number of classes that are strictly greater.
    #[test]
    fn equals_share_the_better_rank() {
        let logits = [9.0, 8.0, 8.0, 7.0, 6.0, 6.0, 5.0, f32::NAN];
        let found: Vec<bool> = (0..8).map(|label| is_in_top_5(&logits, label)).collect();
        assert_eq!(found, [true, true, true, true, true, true, false, false]);
    }

    #[test]
    fn up_to_five_classes_are_always_among_the_first_five() {
        for label in 0..5 {
            assert!(is_in_top_5(&[5.0, 4.0, 3.0, 2.0, 1.0], label));
        }
        assert!(!is_in_top_5(&[5.0, 4.0, 3.0, 2.0, 1.0, 0.0], 5));
    }
}
