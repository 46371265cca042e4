//! What a trial is: its settings and seeds, the memory that it takes, whose its checkpoints are.

use toile_record::{Event, TrainingKey};
use toile_store::sha256_hex;
use toile_study::{SearchPlan, Settings};

use super::trial::TrialWork;
use crate::lease::Lease;
use crate::memory::{TrainingKind, memory_of};
use crate::runner::{engine, slug};

/// What a trial's checkpoint is called in a folder, which searches of other studies, and other databases, may share.
pub(super) fn checkpoint_name(plan: &SearchPlan, lease: &Lease, place: &str) -> String {
    let (id, number) = (lease.claim.trial_id, lease.claim.number);
    format!("{}-{id}-trial-{number}-{place}.checkpoint", slug(&plan.name))
}

impl TrialWork<'_> {
    pub(super) fn memory_needed(&self) -> Option<u64> {
        let context = self.context;
        let run = self.plan.run(self.settings(0).ok()?);
        let (image, n_train) = (engine::image_shape(context.data), context.split.train.len());
        memory_of(&run, image, n_train, context.threads, TrainingKind::Trial).ok()
    }

    /// Whose checkpoints these are: values by their bits, the data and all settings of the first repetition by their
    /// hash.
    pub(super) fn owner(&self) -> String {
        let params: Vec<String> =
            self.params.iter().map(|(name, value)| format!("{name}={:x}", value.to_bits())).collect();
        let claim = &self.lease.claim;
        let settings = self.settings(0).map(|settings| settings.to_json().to_string()).unwrap_or_default();
        let of = sha256_hex(format!("{} {settings}", self.context.data.fingerprint).as_bytes());
        let (id, name, seed) = (claim.trial_id, &self.plan.name, self.seed);
        format!("{name} trial {id} ({}) seed {seed} of {}", params.join(", "), &of[..16])
    }

    /// The checkpoint is none from which this trial goes on.
    pub(super) fn tell_refused(&self) {
        let training = TrainingKey::Trial { search: self.plan.position, number: self.lease.claim.number };
        (self.context.events)(Event::CheckpointRefused { training });
    }

    pub(super) fn seed_of(&self, repetition: usize) -> u64 {
        (self.seed + repetition as u64) & u64::from(u32::MAX)
    }

    pub(super) fn settings(&self, repetition: usize) -> Result<Settings, String> {
        self.plan.settings(self.params, self.seed_of(repetition)).map_err(|error| error.to_string())
    }
}
