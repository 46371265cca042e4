//! What a trial comes to: its values, and all that is recorded at its end.

use toile_nn::Model;
use toile_store::{Ending, EpochRecord, RunState, TrialSide};

use super::trial::Trialling;
use crate::file::Metric;

impl Trialling<'_> {
    /// The metrics of the model with which a repetition ends: those of its last epoch, unless a callback has given it
    /// back the weights of another one.
    pub(super) fn values(&self, model: &Model, restored: Option<usize>) -> Vec<f64> {
        let epochs = &self.progress.epochs;
        let restored = epochs.iter().rev().find(|epoch| Some(epoch.epoch) == restored);
        let last = restored.or(epochs.last()).expect("a training has an epoch");
        let value = |metric: Metric| match metric {
            Metric::Parameters => parameters(model) as f64,
            Metric::Flops => model.flops().0 as f64,
            Metric::Milliseconds => self.work.context.milliseconds(model),
            metric => of_epoch(metric, last).flatten().unwrap_or(f64::NAN),
        };
        self.work.plan.objectives.iter().map(|objective| value(objective.metric)).collect()
    }

    pub(super) fn ending(self, state: RunState, reason: Option<String>, hash: Option<String>) -> Ending {
        let complete = state == RunState::Complete;
        let finals = &self.progress.finals;
        let mean = |i: usize| finals.iter().map(|values| values[i]).sum::<f64>() / finals.len() as f64;
        let last = || self.progress.reported.last().and_then(|&(_, value)| value);
        let values = match complete {
            true => (0..self.work.plan.objectives.len()).map(mean).collect(),
            // As Optuna does it: a pruned trial has the last value that it reported.
            false if state == RunState::Pruned => last().into_iter().collect(),
            false => Vec::new(),
        };
        let context = self.work.context;
        let side = TrialSide {
            seed: self.work.seed,
            attempt: self.work.lease.claim.attempt,
            worker: Some(context.worker.clone()),
            wall_seconds: self.progress.wall_seconds,
            cpu_seconds: self.progress.cpu_seconds,
            parameters: self.parameters,
            reason,
            weights_sha256: hash,
            epochs: self.progress.epochs,
        };
        Ending { state, values, side, user_attributes: Vec::new() }
    }
}

/// A metric that every epoch has: none inside if the number is not finite; nothing if the metric is of another kind.
pub(super) fn of_epoch(metric: Metric, epoch: &EpochRecord) -> Option<Option<f64>> {
    match metric {
        Metric::ValAccuracy => Some(epoch.val_accuracy),
        Metric::ValLoss => Some(epoch.val_loss),
        Metric::Accuracy => Some(epoch.accuracy),
        Metric::Loss => Some(epoch.loss),
        Metric::Parameters | Metric::Flops | Metric::Milliseconds => None,
    }
}

pub(super) fn parameters(model: &Model) -> usize {
    let summary = model.summary();
    summary.trainable + summary.non_trainable
}
