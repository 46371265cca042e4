//! `toile run`: trains what is still to be trained of a study, and writes its report.

mod introduction;
mod results;

use std::path::{Path, PathBuf};

use console::Style;
use toile_lab::Outcome;
use toile_store::Store;
use toile_study::Plan;

pub(crate) use results::results;

use crate::args::RunArgs;
use crate::commands::studying::{Studied, StudyWork, note_searches_without_value, note_warnings};
use crate::commands::watch::TrainingScreen;
use crate::failure::Failure;
use crate::machine;
use crate::serve::StudyAddress;
use crate::source::{self, StudySource};
use crate::terminal::{duration, note, plural};
use crate::{Completion, commands, interrupt, places, terminal};

/// Runs the study.
pub(crate) fn run(args: &RunArgs) -> Result<Completion, Failure> {
    train(args, false)
}

/// The same; a `quiet` one prints no results, for a caller that has its own.
pub(crate) fn train(args: &RunArgs, quiet: bool) -> Result<Completion, Failure> {
    let source = StudySource::find(&args.study.study)?;
    let (study, data) = source.check(&args.study.data)?;
    let plan = source.plan(&study, &args.study)?;
    let dir = args.out.clone().unwrap_or_else(|| source::default_folder(&plan.study));
    let server = args.storage.as_deref().map(server).transpose()?;
    // Before the data: a folder that cannot be used is reported at once, not after a download.
    let made = absent(&dir);
    let store = Store::open(&dir)?;
    let data = match data.map_or_else(|| source.load(&plan.data, &args.study.data), Ok) {
        Ok(data) => data,
        Err(failure) => {
            clear_away(store, &made);
            return Err(failure);
        }
    };
    introduction::introduce(args, &plan, &data, &dir)?;
    note_warnings(&source, &study.warnings);
    let work = StudyWork {
        plan: &plan,
        warnings: &study.warnings,
        data: &data,
        source: &source,
        dir: Some(&dir),
        only: &args.study.only,
        open_test: args.open_test,
        threads: threads(args),
        lease: args.lease,
        checkpoints: args.checkpoints.as_deref(),
    };
    let address = address_of(args, &plan, &dir);
    let page = commands::watch::beside(address.clone(), &args.web);
    let url = page.as_ref().map(|page| page.server().url());
    let screen = args.dashboard.then(|| TrainingScreen::start(address, url)).flatten();
    // With a server, that is where everything happens; the folder gets a copy.
    let studied = match &server {
        Some(server) => work.on(server, Some(&store)),
        None => work.on(&store, None),
    };
    if let Some(screen) = screen {
        screen.end();
    }
    let studied = studied?;
    // The report of many runs needs the room that the data took.
    drop(data);
    let view = commands::report::write(&dir, store.records(Some(&plan.study))?)?;
    if let Some(page) = page {
        page.end();
    }
    // A report of records that are gone meanwhile is no success.
    store.ensure_in_place()?;
    let (mut ending, conclusion) = conclude(&studied);
    if note_searches_without_value(&plan, &args.study.only, &studied.outcome.searches)
        && ending == Completion::Done
    {
        ending = Completion::RunFailed;
    }
    // What went well is printed before the results, what did not after them, where it is seen.
    if ending == Completion::Done {
        note(&conclusion);
    }
    if !quiet {
        terminal::out(&results(&view, &dir))?;
    }
    if ending != Completion::Done {
        note(&conclusion);
    }
    Ok(ending)
}

/// Where is read what is shown of the study.
fn address_of(args: &RunArgs, plan: &Plan, dir: &Path) -> StudyAddress {
    let storage = args.storage.clone().unwrap_or_else(|| dir.to_string_lossy().into_owned());
    StudyAddress { storage, study: Some(plan.study.clone()), again: "the same command".into() }
}

/// A server may be waited for, and the first Ctrl-C ends that.
fn server(url: &str) -> Result<Store, Failure> {
    interrupt::listen();
    places::server(url)
}

/// The folders that must be made for this one, the innermost first.
fn absent(dir: &Path) -> Vec<PathBuf> {
    let is_named = |folder: &&Path| !folder.as_os_str().is_empty();
    let folders = dir.ancestors().filter(is_named);
    folders.take_while(|folder| !folder.exists()).map(Path::to_path_buf).collect()
}

/// A study that could not begin leaves nothing: neither an empty store nor the folders that were made for it.
fn clear_away(store: Store, made: &[PathBuf]) {
    if !made.is_empty() {
        store.discard_if_empty();
        let _ = made.iter().try_for_each(std::fs::remove_dir);
    }
}

fn threads(args: &RunArgs) -> usize {
    args.study.threads.map_or_else(machine::cores, usize::from)
}

/// How the study ended, and a line on it.
fn conclude(studied: &Studied) -> (Completion, String) {
    let Outcome { already_done: old, completed: new, failed, waiting, interrupted } = studied.outcome.runs;
    let runs = |n: usize| plural(n, "run", "runs");
    let time = duration(studied.time);
    let to_come: usize = studied.outcome.searches.iter().map(|search| search.waiting).sum();
    if interrupted || studied.outcome.searches.iter().any(|search| search.interrupted) {
        let all = runs(old + new + failed + waiting);
        let mut done = format!("{} of {all} done", old + new);
        if to_come > 0 {
            done += &format!(", {} to come", plural(to_come, "trial", "trials"));
        }
        let done = format!("{done}; the same command goes on with the rest");
        return (Completion::Interrupted, format!("interrupted after {time}: {done}"));
    }
    if failed > 0 {
        let warning = Style::new().for_stderr().yellow().bold().apply_to("warning:");
        return (Completion::RunFailed, format!("{warning} {} failed; the report says why", runs(failed)));
    }
    let trained: usize = studied.outcome.searches.iter().map(|search| search.trained).sum();
    let mut parts = Vec::new();
    if new > 0 || trained == 0 {
        parts.push(if new == 0 { "nothing to train".into() } else { runs(new) });
    }
    if trained > 0 {
        parts.push(plural(trained, "trial", "trials"));
    }
    let parts = parts.join(" and ");
    let conclusion = match (new + trained, old) {
        (0, old) => format!("nothing to train: {} done before", runs(old)),
        (_, 0) => format!("{parts} in {time}"),
        (_, old) => format!("{parts} in {time}; {old} done before"),
    };
    (Completion::Done, conclusion)
}
