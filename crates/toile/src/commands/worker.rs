//! `toile worker`: trains runs and trials of a study that lies on a server, together with other workers.

use std::sync::atomic::Ordering;
use std::time::Duration;

use toile_data::DataSet;
use toile_record::SearchRecord;
use toile_store::Store;
use toile_study::Plan;

use crate::args::WorkerArgs;
use crate::commands::studying::{Studied, StudyWork, counted, note_searches_without_value};
use crate::failure::Failure;
use crate::source::StudySource;
use crate::terminal::{duration, note, safe_name, safe_names};
use crate::{Completion, interrupt, machine, places};

/// How often a worker looks for a study that is not there yet.
const LOOK: Duration = Duration::from_secs(2);

/// Works until the study is over.
pub(crate) fn run(args: &WorkerArgs) -> Result<Completion, Failure> {
    let store = patiently(|| places::server(&args.storage))?;
    let Some(source) = study(args, &store)? else { return Ok(Completion::Interrupted) };
    let (study, data) = source.check(&args.data)?;
    // How often runs are repeated may have been said on the command line of whoever brought the study.
    let known = patiently(|| Ok(store.study(Some(&study.study.name))?))?;
    let plan = source.plan_of(&study, &args.only, known.and_then(|known| known.seeds))?;
    let data = data.map_or_else(|| source.load(&plan.data, &args.data), Ok)?;
    check_searches(args, &plan, &data, &store)?;
    if args.file.is_some() {
        patiently(|| Ok(store.save_study_text(&plan.study, source.text(), source.name())?))?;
    }
    note(&format!("{} on {}, as {}", safe_name(&plan.study), store.place(), machine::worker_name()));
    let work = StudyWork {
        plan: &plan,
        warnings: &study.warnings,
        data: &data,
        source: &source,
        dir: None,
        only: &args.only,
        open_test: args.open_test,
        threads: args.threads.map_or_else(machine::cores, usize::from),
        lease: args.lease,
        checkpoints: args.checkpoints.as_deref(),
    };
    Ok(conclude(args, &plan, &work.on(&store, None)?))
}

/// How the study stands, and a line on each part of it.
fn conclude(args: &WorkerArgs, plan: &Plan, studied: &Studied) -> Completion {
    let outcome = &studied.outcome;
    for (search, outcome) in toile_lab::wanted_searches(plan, &args.only).zip(&outcome.searches) {
        note(&format!("{}: {}; {} trained here", safe_name(&search.name), counted(outcome), outcome.trained));
    }
    let runs = &outcome.runs;
    let done = runs.completed + runs.already_done;
    let all = done + runs.failed + runs.waiting;
    if all > 0 {
        let failed = if runs.failed > 0 { format!(", {} failed", runs.failed) } else { String::new() };
        note(&format!("runs: {done} of {all} complete{failed}; {} trained here", outcome.runs_trained));
    }
    let nothing = note_searches_without_value(plan, &args.only, &outcome.searches);
    let interrupted = runs.interrupted || outcome.searches.iter().any(|search| search.interrupted);
    note(&format!("{} after {}", if interrupted { "stopped" } else { "done" }, duration(studied.time)));
    let failed = nothing || runs.failed > 0 || outcome.searches.iter().any(|search| search.failed > 0);
    match (interrupted, failed) {
        (true, _) => Completion::Interrupted,
        (false, true) => Completion::RunFailed,
        (false, false) => Completion::Done,
    }
}

/// The study: the file that is named, or what the database holds; waited for, if it is not there yet.
fn study(args: &WorkerArgs, store: &Store) -> Result<Option<StudySource>, Failure> {
    if let Some(file) = &args.file {
        return StudySource::find(file).map(Some);
    }
    let stop = interrupt::listen();
    let mut told = false;
    while !stop.load(Ordering::Relaxed) {
        let studies = patiently(|| Ok(store.study_names()?))?;
        match (&args.study, &studies[..]) {
            (Some(name), _) if studies.contains(name) => return from_database(store, name).map(Some),
            (None, [only]) => return from_database(store, only).map(Some),
            (None, [_, _, ..]) => {
                return Err(Failure::new(format!("{} holds {} studies", store.place(), studies.len())).help(
                    format!("choose one with `--study`: {}", safe_names(studies.iter().map(String::as_str))),
                ));
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

fn from_database(store: &Store, name: &str) -> Result<StudySource, Failure> {
    let text = patiently(|| Ok(store.study_text(name)?))?;
    let (text, file_name) = text.ok_or_else(|| Failure::new(format!("the study `{name}` has gone")))?;
    Ok(StudySource::from_text(format!("{file_name} (from the database)"), text))
}

/// The searches of the database must be those of the plan: a worker changes nothing that others work on.
fn check_searches(args: &WorkerArgs, plan: &Plan, data: &DataSet, store: &Store) -> Result<(), Failure> {
    let known = patiently(|| Ok(store.searches(Some(&plan.study))?))?;
    for search in toile_lab::wanted_searches(plan, &args.only) {
        let record = search.to_record(&data.fingerprint);
        let there = known.iter().find(|(_, known)| known.name == search.name);
        let differs = |known: &SearchRecord| {
            known.fingerprint != record.fingerprint || known.space_fingerprint != record.space_fingerprint
        };
        if there.is_some_and(|(_, known)| differs(known)) {
            return Err(other_search(&search.name));
        }
    }
    Ok(())
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
