//! A trial that is to be trained, from its first step until what came of it is recorded.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use toile_record::{Event, TrainingEnd, TrainingKey};
use toile_store::{Claim, TrialResult};
use toile_tune::{Params, Pruner, Trial};

use super::trial::{TrialEnd, TrialWork};
use super::work::checkpoint_name;
use super::worker::{Seen, Worker};
use super::{choose, history, propose};
use crate::checkpoint::CheckpointFolder;
use crate::lease::Lease;
use crate::runner::RunError;

/// A trial to be trained.
pub(super) struct TrialJob {
    pub lease: Arc<Lease>,
    pub params: Params,
    pub seed: u64,
    /// Whether its checkpoint, if there is one, belongs to other parameters.
    pub anew: bool,
    pub known: Arc<Vec<Trial>>,
}

impl Worker<'_> {
    /// Trains a trial, and records how it ended.
    pub(super) fn train(&self, job: &TrialJob, threads: &AtomicUsize) -> Result<(), RunError> {
        let (context, search) = (self.context, self.plan.position);
        let Claim { number, attempt, fruitless, .. } = job.lease.claim;
        let params = propose::external(&self.plan.space, &job.params);
        let params = params.into_iter().map(|(name, value)| (name, serde_json::json!(value))).collect();
        let training = TrainingKey::Trial { search, number };
        (context.events)(Event::TrainingStarted { training, attempt, lost: fruitless > 0, params });
        let known = if self.plan.pruner == Pruner::None { Vec::new() } else { history::cohort(&job.known) };
        let work = TrialWork {
            context,
            plan: self.plan,
            stop: self.stop,
            lease: &job.lease,
            params: &job.params,
            seed: job.seed,
            anew: job.anew,
            known: &known,
            threads,
            memory: &self.memory,
            place: &self.place,
            alone: self.width == 1,
        };
        let kept = self.settle(&job.lease, work.train());
        self.tell_news();
        if !kept? {
            (context.events)(Event::TrainingLost { training });
        }
        Ok(())
    }

    /// Records how a trial came out of its training. False if it was not ours any more.
    pub(super) fn settle(&self, lease: &Arc<Lease>, end: TrialEnd) -> Result<bool, RunError> {
        let (search, number) = (self.plan.position, lease.claim.number);
        match end {
            TrialEnd::Ended(ending) => {
                let kept = self.leases.finish(lease, &ending)?;
                if kept {
                    let name = checkpoint_name(self.plan, lease, &self.place);
                    CheckpointFolder(self.context.checkpoints).remove(&name);
                    self.tell_end(number, &ending)?;
                }
                Ok(kept)
            }
            TrialEnd::Suspended(checkpoint) => {
                let kept = self.leases.put_back(lease, checkpoint.as_deref())?;
                if kept {
                    (self.context.events)(Event::TrainingSuspended {
                        training: TrainingKey::Trial { search, number },
                    });
                }
                Ok(kept)
            }
            TrialEnd::Broken(error) => {
                self.leases.put_back(lease, None)?;
                Err(error)
            }
            TrialEnd::Lost => {
                self.leases.release(lease);
                Ok(false)
            }
        }
    }

    fn tell_end(&self, number: usize, ending: &TrialResult) -> Result<(), RunError> {
        self.trained.fetch_add(1, Ordering::Relaxed);
        let (best, finished) = {
            let mut seen = self.look()?;
            let Seen { cache, known, .. } = &mut *seen;
            let trials = cache.trials();
            let belong = known.belong(trials, self.plan);
            let ended =
                trials.iter().zip(&belong.counts).filter(|(trial, belongs)| trial.is_finished() && **belongs);
            (choose::best(self.plan, trials, &belong), ended.count())
        };
        (self.context.events)(Event::TrainingEnded(Box::new(TrainingEnd {
            training: TrainingKey::Trial { search: self.plan.position, number },
            state: ending.state,
            reason: ending.side.reason(),
            epochs: ending.side.epochs.len(),
            seconds: ending.side.wall_seconds,
            values: ending.values.clone(),
            val_accuracy: None,
            val_loss: None,
            published: None,
            best,
            finished,
        })));
        Ok(())
    }
}
