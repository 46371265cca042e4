//! `toile verify`: whether everything of a study is as it was written. Nothing is changed.

mod again;
mod against;
mod rows;

use std::path::Path;

use toile_record::{RunRecord, State};
use toile_store::{CheckedRecords, Store, sha256_hex};

use crate::args::VerifyArgs;
use crate::failure::Failure;
use crate::terminal::{self, plural};
use crate::{Completion, places, study_folder};

/// Reads every checksum; or trains a run again; or compares with another folder.
pub(crate) fn run(args: &VerifyArgs) -> Result<Completion, Failure> {
    match (&args.run, &args.with) {
        (Some(name), _) => again::run(args, name),
        (None, Some(other)) => against::run(&args.storage, args.study.as_deref(), other),
        (None, None) => checksums(args),
    }
}

fn checksums(args: &VerifyArgs) -> Result<Completion, Failure> {
    let is_server = places::is_address(&args.storage);
    let dir = Path::new(&args.storage);
    let store = match is_server {
        true => places::server(&args.storage)?,
        false => study_folder::open(dir, "verify")?,
    };
    let study = places::study_in(&store, args.study.as_deref())?;
    let CheckedRecords { altered, runs, n_trials } = store.check(&study)?;
    let mut faults: Vec<String> =
        altered.iter().map(|record| format!("{record} is not as it was written")).collect();
    let mut n_weights = 0;
    let is_as_written = |run: &&RunRecord| !altered.iter().any(|record| record.is_run(&run.id));
    for run in runs.iter().filter(|run| run.state == State::Complete).filter(is_as_written) {
        n_weights += 1;
        let fault =
            if is_server { fault_on(&store, &study, run)? } else { toile_lab::fault_of_weights(dir, run) };
        faults.extend(fault.map(|fault| format!("the run `{}`, seed {}: {fault}", run.name, run.seed)));
    }
    terminal::out(&rendered(&faults, [runs.len(), n_weights, n_trials]))?;
    match faults.len() {
        0 => Ok(Completion::Done),
        n => Err(Failure::new(format!(
            "{} of the study `{study}` {} not as written",
            plural(n, "thing", "things"),
            if n == 1 { "is" } else { "are" }
        ))
        .help(
            "`toile run` trains such runs again, to the same bits; of what else is altered a copy of the database has the numbers",
        )),
    }
}

/// What is wrong with the weights that a server keeps of a run.
fn fault_on(store: &Store, study: &str, run: &RunRecord) -> Result<Option<String>, Failure> {
    let hash = store.weights(study, &run.id)?.map(|bytes| sha256_hex(&bytes));
    Ok(match (hash, &run.weights_sha256) {
        (None, Some(_)) => Some("its weights are not on the server".into()),
        (hash, recorded) if hash != *recorded => Some("its weights are not those that were written".into()),
        _ => None,
    })
}

fn rendered(faults: &[String], [runs, weights, trials]: [usize; 3]) -> String {
    let mut text: String = faults.iter().map(|fault| format!("{fault}\n")).collect();
    text += &format!(
        "checked: the record of the study, {}, {}, {}; {}\n",
        plural(runs, "run", "runs"),
        plural(weights, "file of weights", "files of weights"),
        plural(trials, "trial", "trials"),
        if faults.is_empty() {
            "all are as they were written".into()
        } else {
            format!("{} differ", faults.len())
        },
    );
    text
}
