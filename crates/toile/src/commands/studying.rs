//! Working on a study: what `toile run` and `toile worker` have in common.

use std::path::Path;
use std::time::Duration;

use console::Style;
use toile_data::DataSet;
use toile_lab::{SearchOutcome, StudyOptions, StudyOutcome, run_study};
use toile_report::{history_csv, seeds_needed};
use toile_store::Store;
use toile_study::{PlacedWarning, Plan};

use crate::failure::Failure;
use crate::interrupt;
use crate::machine::{self, MachineClock};
use crate::source::StudySource;
use crate::terminal::{Following, note, safe_name};

/// So much training may be lost with a worker.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(10);

/// What is worked on, and how.
pub(crate) struct StudyWork<'a> {
    pub plan: &'a Plan,
    /// What the study file says without effect; kept for the report.
    pub warnings: &'a [PlacedWarning],
    pub data: &'a DataSet,
    pub source: &'a StudySource,
    /// The study's folder, if there is one here.
    pub dir: Option<&'a Path>,
    /// Only runs and searches of these names; all if there are none.
    pub only: &'a [String],
    /// Whether the test part is opened before all trainings have ended.
    pub open_test: bool,
    pub threads: usize,
    /// Seconds after which a silent worker counts as dead.
    pub lease: u32,
    pub checkpoints: Option<&'a Path>,
}

/// What came of the whole.
pub(crate) struct Studied {
    pub outcome: StudyOutcome,
    pub time: Duration,
}

impl StudyWork<'_> {
    /// What `toile data check` would warn of; where a report will be written.
    fn checked_data(&self) -> Vec<String> {
        let (Some(_), Ok(split)) = (self.dir, toile_lab::split(self.plan, self.data)) else {
            return Vec::new();
        };
        let split = (!split.validation.is_empty()).then_some(&split);
        let warnings = toile_data::check(self.data, split).warnings;
        let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        for warning in &warnings {
            let yellow = Style::new().for_stderr().yellow();
            note(&format!("{} the data: {warning}", yellow.apply_to("warning")));
        }
        warnings
    }

    /// Works in a store until the study is over or the user stops; a folder next to a server gets a copy.
    pub(crate) fn on(&self, store: &Store, folder: Option<&Store>) -> Result<Studied, Failure> {
        if let Some(version) = store.times_are_local() {
            note(&format!(
                "note: the database was made by Optuna {version}, which wrote local times without their zone; toile takes them for UTC"
            ));
        }
        let options = StudyOptions {
            dir: self.dir,
            threads: self.threads,
            only: self.only,
            open_test: self.open_test,
            stop: interrupt::listen(),
            clock: &MachineClock::start(),
            checkpoint_every: CHECKPOINT_EVERY,
            checkpoints: self.checkpoints,
            memory: machine::available_memory(),
            lease: Duration::from_secs(self.lease.into()),
            worker: machine::worker_name(),
            read: &|file| self.source.read_next_to(file),
            history: &history_csv,
            seeds_needed: &seeds_needed,
            toile_version: env!("CARGO_PKG_VERSION").into(),
            instruction_set: toile_kernels::isa().name().into(),
            machine: machine::description(),
        };
        let following = Following::new(self.plan);
        let show = |event| following.show(&event);
        let (outcome, warnings) = std::thread::scope(|scope| {
            // It takes as long as some epochs of a small network: nothing waits for it.
            let checking = scope.spawn(|| self.checked_data());
            let outcome = run_study(self.plan, self.data, store, folder, &options, &show);
            (outcome, checking.join().unwrap_or_default())
        });
        let time = following.end();
        let outcome = outcome?;
        if self.dir.is_some() {
            let of_file = self.warnings.iter().map(|warning| format!("the study file, {warning}"));
            let warnings: Vec<String> = of_file.chain(warnings).collect();
            for store in std::iter::once(store).chain(folder) {
                store.save_data_warnings(&self.plan.study, &warnings)?;
            }
        }
        Ok(Studied { outcome, time })
    }
}

/// Tells what the study file says without effect.
pub(crate) fn note_warnings(source: &StudySource, warnings: &[PlacedWarning]) {
    let yellow = Style::new().for_stderr().yellow();
    for PlacedWarning { line, warning } in warnings {
        note(&format!("{} {}:{line}: {warning}", yellow.apply_to("warning"), source.name()));
    }
}

/// What is said of searches that came to nothing; whether there are any.
pub(crate) fn note_searches_without_value(plan: &Plan, only: &[String], outcomes: &[SearchOutcome]) -> bool {
    let mut any = false;
    for (search, outcome) in toile_lab::wanted_searches(plan, only).zip(outcomes) {
        let Some(why) = &outcome.without_value else { continue };
        any = true;
        note(&format!(
            "{}: no trial came to a value, so nothing was chosen, and the test images stay unused for it: {why}",
            safe_name(&search.name)
        ));
    }
    any
}

/// `3 complete, 1 pruned`
pub(crate) fn counted(outcome: &SearchOutcome) -> String {
    let parts = [
        (outcome.complete, "complete"),
        (outcome.pruned, "pruned"),
        (outcome.failed, "failed"),
        (outcome.waiting, "to come"),
    ];
    let parts: Vec<String> =
        parts.iter().filter(|(n, _)| *n > 0).map(|(n, word)| format!("{n} {word}")).collect();
    if parts.is_empty() { "no trials".into() } else { parts.join(", ") }
}
