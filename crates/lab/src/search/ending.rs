//! What a trial comes to: its values, and all that is recorded at its end.

use toile_nn::Model;
use toile_record::{End, Metric, ModelMetric, State, TrainingRecord, TrialSide};
use toile_store::TrialResult;

use super::trial::{RunningTrial, TrialWork};
use crate::runner::sum_of_times;

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
        let trainings = self.trainings(state, &end);
        let side = TrialSide {
            seed: self.work.seed,
            attempt: self.work.lease.claim.attempt,
            worker: Some(context.worker.clone()),
            wall_seconds: self.progress.wall_seconds,
            cpu_seconds: self.progress.cpu_seconds,
            parameters: self.parameters,
            end: Some(end),
            weights_sha256: hash,
            trainings,
            epochs: self.progress.epochs,
        };
        TrialResult { state, values, side, user_attributes: Vec::new() }
    }
}

impl RunningTrial<'_> {
    /// The time that was spent up to now.
    pub(super) fn add_time(&mut self, time: (f64, Option<f64>)) {
        let progress = &mut self.progress;
        (progress.wall_seconds, progress.cpu_seconds) = sum_of_times(self.before, time);
    }

    /// Records a repetition. One of an earlier version's checkpoint is unknown: then all of them stay so.
    pub(super) fn end_of_training(&mut self, repetition: usize, end: End, sha256: &str) {
        if self.progress.trainings.len() == repetition {
            let mut training = self.training_of(repetition, end);
            training.weights_sha256 = Some(sha256.to_owned());
            self.progress.trainings.push(training);
        }
    }

    /// A repetition, with the time that does not belong to those before it.
    fn training_of(&self, repetition: usize, end: End) -> TrainingRecord {
        let progress = &self.progress;
        let wall: f64 = progress.trainings.iter().map(|training| training.wall_seconds).sum();
        let cpu: Option<f64> = progress.trainings.iter().map(|training| training.cpu_seconds).sum();
        TrainingRecord {
            seed: self.work.seed_of(repetition),
            wall_seconds: (progress.wall_seconds - wall).max(0.0),
            cpu_seconds: progress.cpu_seconds.zip(cpu).map(|(all, before)| (all - before).max(0.0)),
            end: Some(end),
            weights_sha256: None,
        }
    }

    /// The repetitions, the last of which may have ended early; none if some are unknown. All time is that of one of
    /// them.
    fn trainings(&self, state: State, end: &End) -> Vec<TrainingRecord> {
        let mut trainings = self.progress.trainings.clone();
        if trainings.len() != self.progress.finals.len() {
            return Vec::new();
        }
        let rest = self.training_of(trainings.len(), end.clone());
        match trainings.last_mut() {
            Some(last) if state == State::Complete || ended_between_trainings(self) => {
                last.wall_seconds += rest.wall_seconds;
                last.cpu_seconds = last.cpu_seconds.zip(rest.cpu_seconds).map(|(last, rest)| last + rest);
                last.end = rest.end;
            }
            _ => trainings.push(rest),
        }
        trainings
    }
}

impl TrialWork<'_> {
    /// A trial that is not begun, or not any more.
    pub(super) fn given_up(&self, end: End) -> TrialResult {
        let side = TrialSide {
            seed: self.seed,
            worker: Some(self.context.worker.clone()),
            end: Some(end),
            ..TrialSide::default()
        };
        TrialResult { state: State::Failed, values: Vec::new(), side, user_attributes: Vec::new() }
    }
}

/// Whether the trial ended with a repetition, not within one.
fn ended_between_trainings(trial: &RunningTrial<'_>) -> bool {
    let of_epochs = trial.progress.epochs.iter().filter(|epoch| epoch.epoch == 1).count();
    trial.progress.trainings.len() == of_epochs
}

pub(super) fn parameters(model: &Model) -> usize {
    let summary = model.summary();
    summary.trainable + summary.non_trainable
}
