//! `toile verify DIR --with DIR2`: two studies, row by row.

use std::collections::{BTreeMap, BTreeSet};

use toile_record::{Records, RunRecord, State};

use super::rows::{difference, name};
use crate::Completion;
use crate::commands::studied;
use crate::failure::Failure;
use crate::terminal::{self, plural};

/// Compares every training that both have.
pub(super) fn run(storage: &str, study: Option<&str>, other: &str) -> Result<Completion, Failure> {
    let one = studied::records(storage, study, "verify")?;
    let other = studied::records(other, study, "verify")?;
    let (lines, unequal) = compared(&one, &other);
    terminal::out(&lines)?;
    match unequal {
        0 => Ok(Completion::Done),
        n => Err(Failure::new(format!("{} not equal", plural(n, "row is", "rows are")))),
    }
}

fn key(run: &RunRecord) -> (String, u64) {
    (run.name.clone(), run.seed)
}

/// A line for each training, and how many are not equal. What only one of the two has is told and does not count.
fn compared(one: &Records, other: &Records) -> (String, usize) {
    let others: BTreeMap<(String, u64), &RunRecord> = other.runs.iter().map(|run| (key(run), run)).collect();
    let has_ended = |run: &RunRecord| !matches!(run.state, State::Waiting | State::Running);
    let (mut lines, mut equal, mut unequal) = (String::new(), 0, 0);
    let mut alone = 0;
    for run in one.runs.iter().filter(|run| has_ended(run)) {
        let Some(other) = others.get(&key(run)).filter(|other| has_ended(other)) else {
            alone += 1;
            lines += &format!("{}: only in the first\n", name(run));
            continue;
        };
        match difference(run, other) {
            None => {
                equal += 1;
                lines += &format!("{}: equal\n", name(run));
            }
            Some(what) => {
                unequal += 1;
                lines += &format!("{}: not equal: {what}\n", name(run));
            }
        }
    }
    let first: BTreeSet<(String, u64)> = one.runs.iter().filter(|run| has_ended(run)).map(key).collect();
    for run in other.runs.iter().filter(|run| has_ended(run) && !first.contains(&key(run))) {
        alone += 1;
        lines += &format!("{}: only in the second\n", name(run));
    }
    lines += &format!("{equal} equal bit for bit, {unequal} not equal, {alone} in one of the two only\n");
    (lines, unequal)
}
