//! What a run costs, before it starts: counts, no clock.

use toile_record::SummaryRecord;

use super::Speed;
use toile_study::Settings;

/// An update costs this much beside its arithmetic (waking, gathering, updating), expressed in operations. Only the
/// order of the runs and the sharing of threads depend on it.
const OPERATIONS_PER_UPDATE: f64 = 1e6;

/// The counts of one run, if no callback ends it early.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Updates of the weights, all epochs together.
    pub updates: u64,
    /// Floating-point operations of the training (a multiply-add is two), all epochs together.
    pub training_flops: f64,
    /// Images that are evaluated: after each epoch, and of a run, at its end, both parts.
    pub evaluated: f64,
    /// Floating-point operations of all evaluations, the test included.
    pub evaluation_flops: f64,
}

impl Cost {
    /// Counts a run on so many training, validation and test images; of a trial, which is not tested, the last are 0.
    pub fn of(settings: &Settings, summary: &SummaryRecord, n: [usize; 3]) -> Cost {
        let [train, validation, test] = n.map(|n| n as f64);
        let epochs = settings.epochs as f64;
        // Where nothing is trained, the starting weights are evaluated once.
        let evaluations = epochs.max(1.0);
        let part = (train * settings.train_evaluation) * (evaluations - 1.0) + train;
        let at_end = if n[2] > 0 { validation + test } else { 0.0 };
        let evaluated = part + validation * evaluations + at_end;
        Cost {
            updates: n[0].div_ceil(settings.batch_size) as u64 * settings.epochs as u64,
            training_flops: summary.training_flops as f64 * train * epochs,
            evaluated,
            evaluation_flops: summary.forward_flops as f64 * evaluated,
        }
    }

    /// One number to compare runs by.
    pub fn work(&self) -> f64 {
        self.training_flops + self.evaluation_flops + self.updates as f64 * OPERATIONS_PER_UPDATE
    }

    /// Seconds at a speed that was measured.
    pub fn seconds(&self, speed: &Speed) -> f64 {
        self.updates as f64 * speed.step_seconds + self.evaluated * speed.image_seconds
    }
}
