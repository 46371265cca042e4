//! What a trial is: its settings and seeds, the memory that it takes, whose its checkpoints are.

use toile_study::Settings;

use super::trial::TrialWork;
use crate::memory::memory_of;
use crate::runner::engine;

impl TrialWork<'_> {
    pub(super) fn memory_needed(&self) -> Option<u64> {
        let context = self.context;
        let run = self.plan.run(self.settings(0).ok()?);
        let threads = context.threads;
        memory_of(&run, engine::image_shape(context.data), context.split.train.len(), threads).ok()
    }

    /// Whose checkpoints these are: values by their bits.
    pub(super) fn owner(&self) -> String {
        let params: Vec<String> =
            self.params.iter().map(|(name, value)| format!("{name}={:x}", value.to_bits())).collect();
        let claim = &self.lease.claim;
        format!("{} trial {} ({}) seed {}", self.plan.name, claim.trial_id, params.join(", "), self.seed)
    }

    pub(super) fn seed_of(&self, repetition: usize) -> u64 {
        (self.seed + repetition as u64) & u64::from(u32::MAX)
    }

    pub(super) fn settings(&self, repetition: usize) -> Result<Settings, String> {
        self.plan.settings(self.params, self.seed_of(repetition)).map_err(|error| error.to_string())
    }
}
