//! Whole studies: declared runs, searches, and what these choose.

use toile_lab::{StudyOptions, StudyOutcome, run_study};
use toile_record::Records;

use super::*;

/// How a whole study is worked on.
pub(super) struct StudyWork<'a> {
    pub only: &'a [&'a str],
    pub open_test: bool,
    pub stop: &'a AtomicBool,
    pub seeds_needed: &'a (dyn Fn(&Records) -> Vec<(String, usize)> + Sync),
}

impl Default for StudyWork<'_> {
    fn default() -> Self {
        StudyWork { only: &[], open_test: false, stop: &NEVER, seeds_needed: &|_| Vec::new() }
    }
}

pub(super) fn study_in(
    plan: &Plan,
    dir: &Path,
    how: &StudyWork,
    events: &(dyn Fn(Event) + Sync),
) -> StudyOutcome {
    let only: Vec<String> = how.only.iter().map(|name| (*name).to_owned()).collect();
    let options = StudyOptions {
        dir: Some(dir),
        threads: 2,
        only: &only,
        open_test: how.open_test,
        stop: how.stop,
        clock: &NoClock,
        checkpoint_every: Duration::MAX,
        checkpoints: None,
        lease: Duration::from_secs(60),
        memory: None,
        worker: "w".into(),
        read: &|_| Ok(Vec::new()),
        history: &|_, _| String::new(),
        seeds_needed: how.seeds_needed,
        toile_version: "0".into(),
        instruction_set: "any".into(),
        machine: "any".into(),
    };
    run_study(plan, &DATA, &Store::open(dir).unwrap(), None, &options, events).unwrap()
}

pub(super) fn records(dir: &Path) -> Records {
    Store::open_read_only(dir).unwrap().records(None).unwrap()
}
