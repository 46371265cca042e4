//! What a trial comes to: its values, and all that is recorded at its end.

use toile_nn::Model;
use toile_record::{End, Metric, ModelMetric, State, TrialSide};
use toile_store::TrialResult;

use super::trial::RunningTrial;

impl RunningTrial<'_> {
    /// The metrics of the model with which a repetition ends: those of its last epoch, unless a callback has given it
    /// back the weights of another one.
    pub(super) fn values(&self, model: &Model, restored: Option<usize>) -> Vec<f64> {
        let epochs = &self.progress.epochs;
        let restored = epochs.iter().rev().find(|epoch| Some(epoch.epoch) == restored);
        let last = restored.or(epochs.last()).expect("a training has an epoch");
        let value = |metric: Metric| match metric.of_model() {
            Some(ModelMetric::Parameters) => parameters(model) as f64,
            Some(ModelMetric::Flops) => model.flops().0 as f64,
            Some(ModelMetric::Milliseconds) => self.work.context.milliseconds(model),
            None => metric.of(last).unwrap_or(f64::NAN),
        };
        self.work.plan.objectives.iter().map(|objective| value(objective.metric)).collect()
    }

    pub(super) fn ending(self, state: State, end: End, hash: Option<String>) -> TrialResult {
        let complete = state == State::Complete;
        let finals = &self.progress.finals;
        let mean = |i: usize| finals.iter().map(|values| values[i]).sum::<f64>() / finals.len() as f64;
        let last = || self.progress.reported.last().and_then(|&(_, value)| value);
        let values = match complete {
            true => (0..self.work.plan.objectives.len()).map(mean).collect(),
            // As Optuna does it: a pruned trial has the last value that it reported.
            false if state == State::Pruned => last().into_iter().collect(),
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
            end: Some(end),
            weights_sha256: hash,
            epochs: self.progress.epochs,
        };
        TrialResult { state, values, side, user_attributes: Vec::new() }
    }
}

pub(super) fn parameters(model: &Model) -> usize {
    let summary = model.summary();
    summary.trainable + summary.non_trainable
}
