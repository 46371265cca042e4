//! `toile worker`: trains trials of searches that lie on a server, beside other workers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use toile_data::DataSet;
use toile_store::{SearchId, Storage};
use toile_study::{Plan, SearchPlan};

use crate::args::WorkerArgs;
use crate::commands::searches::{self, SearchWork, counted};
use crate::failure::Failure;
use crate::source::StudySource;
use crate::terminal::{duration, note};
use crate::{Completion, interrupt, machine};

/// How often a worker looks for a study that is not there yet.
const LOOK: Duration = Duration::from_secs(2);

/// Works until the searches are over.
pub fn run(args: &WorkerArgs) -> Result<Completion, Failure> {
    let storage = patiently(|| searches::server(&args.storage))?;
    let keeper = patiently(|| searches::server(&args.storage))?;
    let Some(source) = study(args, &storage)? else { return Ok(Completion::Interrupted) };
    let (study, data) = source.check(&args.data)?;
    let plan = source.plan_of(&study, &args.only, None)?;
    let data = data.map_or_else(|| source.load(&plan.data, &args.data), Ok)?;
    let split = toile_lab::split(&plan, &data)?;
    let found = found(args, &plan, &data, &source, &storage)?;
    note(&format!("{} on {}, as {}", plan.study, storage.place(), machine::worker_name()));
    let threads = args.threads.map_or_else(machine::cores, usize::from);
    let work = SearchWork {
        plan: &plan,
        data: &data,
        split: &split,
        source: &source,
        storage: &storage,
        keeper: &keeper,
        alone: false,
        threads,
        lease: Duration::from_secs(args.lease.into()),
        checkpoints: args.checkpoints.as_deref(),
    };
    let (outcomes, time) = work.on(&found)?;
    for ((search, _), outcome) in found.iter().zip(&outcomes) {
        note(&format!("{}: {}; {} trained here", search.name, counted(outcome), outcome.trained));
    }
    let interrupted = outcomes.iter().any(|outcome| outcome.interrupted);
    note(&format!("{} after {}", if interrupted { "stopped" } else { "done" }, duration(time)));
    let failed = outcomes.iter().any(|outcome| outcome.failed > 0);
    Ok(match (interrupted, failed) {
        (true, _) => Completion::Interrupted,
        (false, true) => Completion::RunFailed,
        (false, false) => Completion::Done,
    })
}

/// The study: the file that is named, or what the database holds; waited for, if it is not there yet.
fn study(args: &WorkerArgs, storage: &Storage) -> Result<Option<StudySource>, Failure> {
    if let Some(file) = &args.file {
        return StudySource::find(file).map(Some);
    }
    let stop = interrupt::listen();
    let mut told = false;
    while !stop.load(Ordering::Relaxed) {
        let studies = patiently(|| Ok(storage.study_names()?))?;
        match (&args.study, &studies[..]) {
            (Some(name), _) if studies.contains(name) => return from_database(storage, name).map(Some),
            (None, [only]) => return from_database(storage, only).map(Some),
            (None, [_, _, ..]) => {
                return Err(Failure::new(format!("{} holds {} studies", storage.place(), studies.len()))
                    .help(format!("choose one with `--study`: {}", studies.join("; "))));
            }
            _ => {}
        }
        if !told {
            let what = args.study.as_ref().map_or("a study".into(), |name| format!("the study `{name}`"));
            note(&format!("waiting for {what}: `toile run STUDY --storage URL` brings one"));
            told = true;
        }
        std::thread::sleep(LOOK);
    }
    Ok(None)
}

fn from_database(storage: &Storage, name: &str) -> Result<StudySource, Failure> {
    let text = patiently(|| Ok(storage.study_text(name)?))?;
    let (text, file_name) = text.ok_or_else(|| Failure::new(format!("the study `{name}` has gone")))?;
    Ok(StudySource::from_text(format!("{file_name} (from the database)"), text))
}

/// The plan's searches in the database: brought there by this worker if nobody has, and the same as there if somebody
/// has.
fn found<'a>(
    args: &'a WorkerArgs,
    plan: &'a Plan,
    data: &DataSet,
    source: &StudySource,
    storage: &Storage,
) -> Result<Vec<(&'a SearchPlan, SearchId)>, Failure> {
    let known = patiently(|| Ok(storage.searches(Some(&plan.study))?))?;
    let mut found = Vec::new();
    for search in toile_lab::wanted_searches(plan, &args.only) {
        let record = search.to_record(&data.fingerprint);
        let there = known.iter().find(|(_, known)| known.name == search.name);
        if let Some((id, known)) = there {
            if known.fingerprint != record.fingerprint || known.space_fingerprint != record.space_fingerprint
            {
                return Err(other_search(&search.name));
            }
            found.push((search, *id));
            continue;
        }
        let id = patiently(|| Ok(storage.ensure_search(&plan.study, &record)?))?;
        found.push((search, id));
    }
    if args.file.is_some() {
        patiently(|| Ok(storage.save_study_text(&plan.study, source.text(), source.name())?))?;
    }
    Ok(found)
}

fn other_search(name: &str) -> Failure {
    Failure::new(format!(
        "the search `{name}` in the database is another one: the study file or the data differ from those here"
    ))
    .help(
        "leave the study file away (`toile worker --storage URL` takes the one in the database), or change the one there with `toile run FILE --storage URL`",
    )
}

/// Asks again while a server cannot be reached, every few seconds, until the user stops.
fn patiently<T>(ask: impl Fn() -> Result<T, Failure>) -> Result<T, Failure> {
    let stop = interrupt::listen();
    let mut told = false;
    loop {
        match ask() {
            Err(failure) if failure.is_transient() && !stop.load(Ordering::Relaxed) => {
                if !told {
                    note(&format!("waiting: {}", failure.message()));
                    told = true;
                }
                std::thread::sleep(LOOK);
            }
            other => return other,
        }
    }
}
