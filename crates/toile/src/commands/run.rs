//! `toile run`: trains what is still to be trained of a study, and writes its report.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use console::Style;
use toile_data::DataSet;
use toile_lab::{Chosen, Outcome, RunOptions, SearchOutcome, chosen_runs};
use toile_report::view::RunGroup;
use toile_report::{ReportView, history_csv};
use toile_store::{Storage, Store};
use toile_study::{Plan, Split};

use crate::args::RunArgs;
use crate::commands::searches::{self, Work};
use crate::failure::Failure;
use crate::machine::{self, MachineClock};
use crate::source::{self, Source};
use crate::terminal::{Align, Studying, Table, count, duration, note};
use crate::{Ending, commands, interrupt, terminal};

/// Runs the study.
pub fn run(args: &RunArgs) -> Result<Ending, Failure> {
    let source = Source::find(&args.study.study)?;
    let (study, data) = source.check(&args.study.data)?;
    let plan = source.plan(&study, &args.study)?;
    let dir = args.out.clone().unwrap_or_else(|| source::default_folder(&plan.study));
    let server = args.storage.as_deref().map(searches::server).transpose()?;
    // Before the data: a folder that cannot be used is told at once, not after a download.
    let made = absent(&dir);
    let store = Store::open(&dir)?;
    let data = match data.map_or_else(|| source.load(&plan.data, &args.study.data), Ok) {
        Ok(data) => data,
        Err(failure) => {
            clear_away(store, &made);
            return Err(failure);
        }
    };
    introduce(args, &plan, &data, &dir)?;
    let studied = study_all(args, &source, &plan, &data, &store, server.as_ref(), &dir)?;
    // The report of many runs needs the room that the data took.
    drop(data);
    let view = commands::report::write(&dir, &store.records()?)?;
    let (ending, conclusion) = conclude(&studied);
    // What went well is said before the results, what did not after them, where it is seen.
    if ending == Ending::Done {
        note(&conclusion);
    }
    terminal::out(&results(&view, &dir))?;
    if ending != Ending::Done {
        note(&conclusion);
    }
    Ok(ending)
}

/// What came of the whole.
#[derive(Default)]
struct Studied {
    runs: Outcome,
    searches: Vec<SearchOutcome>,
    time: Duration,
}

/// The declared runs, then the searches, then the configurations that these have chosen.
fn study_all(
    args: &RunArgs,
    source: &Source,
    plan: &Plan,
    data: &DataSet,
    store: &Store,
    server: Option<&Storage>,
    dir: &Path,
) -> Result<Studied, Failure> {
    // On a server connections are taken as they are wanted; a file wants one for the leases.
    let (own, second) = (store.storage()?, store.storage()?);
    let (storage, keeper) = server.map_or((&own, &second), |server| (server, server));
    if let Some(version) = storage.times_are_local() {
        note(&format!(
            "note: the database was made by Optuna {version}, which wrote local times without their zone; toile takes them for UTC"
        ));
    }
    let mut ids = Vec::new();
    for search in &plan.searches {
        let mut record = search.to_record(&data.fingerprint);
        if let Some(version) = storage.times_are_local() {
            record.plan["times_are_local"] = version.into();
        }
        ids.push(storage.ensure_search(&plan.study, &record)?);
    }
    if server.is_some() {
        storage.save_study_text(&plan.study, source.text(), source.name())?;
    }
    // Configurations that were chosen earlier stay in the plan, also while the rest is trained.
    let chosen = chosen_runs(plan, storage)?;
    let whole = with_chosen(plan, &chosen);
    let (runs, time) = train(args, source, &whole, data, store, dir)?;
    let mut studied = Studied { runs, searches: Vec::new(), time };
    let wanted: Vec<_> = searches::wanted(plan, &args.study.only).collect();
    if !runs.interrupted && !wanted.is_empty() {
        let work = Work {
            plan,
            data,
            split: &toile_lab::split(plan, data)?,
            source,
            storage,
            keeper,
            alone: server.is_none(),
            threads: threads(args),
            lease: Duration::from_secs(args.lease.into()),
            checkpoints: args.checkpoints.as_deref(),
        };
        let wanted: Vec<_> = wanted.into_iter().map(|search| (search, ids[search.position])).collect();
        let (outcomes, time) = work.on(&wanted)?;
        (studied.searches, studied.time) = (outcomes, studied.time + time);
        let now = chosen_runs(plan, storage)?;
        if now != chosen {
            let (mut then, time) = train(args, source, &with_chosen(plan, &now), data, store, dir)?;
            // What the first part completed was not done before.
            then.completed += runs.completed;
            then.already_done = then.already_done.saturating_sub(runs.completed);
            (studied.runs, studied.time) = (then, studied.time + time);
        }
    }
    keep_searches(plan, data, store, storage, server.is_some())?;
    Ok(studied)
}

/// The plan with the runs of the chosen configurations behind the declared ones.
fn with_chosen(plan: &Plan, chosen: &[Chosen]) -> Plan {
    let mut whole = plan.clone();
    whole.runs.extend(chosen.iter().flat_map(|chosen| chosen.runs.iter().cloned()));
    whole
}

/// Notes which runs the searches have led to; what lies on a server is copied, so that the folder holds all of the study.
fn keep_searches(
    plan: &Plan,
    data: &DataSet,
    store: &Store,
    storage: &Storage,
    is_remote: bool,
) -> Result<(), Failure> {
    if is_remote {
        store.copy_searches(&plan.study, &storage.search_records(&plan.study)?)?;
    }
    let chosen = chosen_runs(plan, storage)?;
    let ids = toile_study::run_ids(&with_chosen(plan, &chosen), &data.fingerprint);
    let mut place = plan.runs.len();
    for chosen in &chosen {
        store.save_chosen_run(&chosen.search, &ids[place])?;
        place += chosen.runs.len();
    }
    Ok(())
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

fn train(
    args: &RunArgs,
    source: &Source,
    plan: &Plan,
    data: &DataSet,
    store: &Store,
    dir: &Path,
) -> Result<(Outcome, Duration), Failure> {
    let only = with_chosen_names(&args.study.only);
    let only = (!only.is_empty()).then_some(&only[..]);
    let options = RunOptions {
        dir,
        threads: threads(args),
        only,
        stop: interrupt::listen(),
        clock: &MachineClock::start(),
        checkpoint_every: searches::CHECKPOINT_EVERY,
        read: &|file| source.read_beside(file),
        history: &history_csv,
        toile_version: env!("CARGO_PKG_VERSION").into(),
        instruction_set: toile_kernels::isa().name().into(),
        machine: machine::description(),
    };
    let studying = Studying::new(plan);
    let outcome = toile_lab::run(plan, data, store, &options, &|event| studying.tell(&event));
    let time = studying.end();
    Ok((outcome?, time))
}

/// Who asks for a search asks for the run of what it has chosen too.
fn with_chosen_names(only: &[String]) -> Vec<String> {
    only.iter().flat_map(|name| [name.clone(), toile_study::best_name(name)]).collect()
}

/// What is about to happen, in a few lines.
fn introduce(args: &RunArgs, plan: &Plan, data: &DataSet, dir: &Path) -> Result<(), Failure> {
    let bold = Style::new().for_stderr().bold();
    let dim = Style::new().for_stderr().dim();
    let (runs, only, threads) = (plan.runs.len(), &args.study.only, threads(args));
    let asked = plan.runs.iter().filter(|run| only.is_empty() || only.contains(&run.name)).count();
    let part =
        if asked < runs { format!(", {} of them asked for", count(asked as u64)) } else { String::new() };
    let runs = match runs {
        0 => String::new(),
        runs => format!(", {} run{}{part}", count(runs as u64), plural(runs as u64)),
    };
    note(&format!("{}{runs}{}", bold.apply_to(&plan.study), searches_text(plan, only)));
    let split = toile_lab::split(plan, data)?;
    note(&format!("{}{}, from {}", dim.apply_to("data    "), data.title, data.source));
    for part in parts(plan, data, &split) {
        note(&format!("        {part}"));
    }
    let isa = toile_kernels::isa().name();
    note(&format!("{}{threads} thread{}, {isa}", dim.apply_to("machine "), plural(threads as u64)));
    note(&format!("{}{}", dim.apply_to("folder  "), dir.display()));
    Ok(())
}

/// `, 5 searches of 108 trials`
fn searches_text(plan: &Plan, only: &[String]) -> String {
    let wanted: Vec<_> = searches::wanted(plan, only).collect();
    let trials: usize = wanted.iter().map(|search| search.n_trials).sum();
    match wanted.len() as u64 {
        0 => String::new(),
        n => format!(
            ", {n} search{} of {} trial{}",
            if n == 1 { "" } else { "es" },
            count(trials as u64),
            plural(trials as u64)
        ),
    }
}

/// A line per part: `training 54,000, by class 5,370 5,416 …`.
fn parts(plan: &Plan, data: &DataSet, split: &Split) -> Vec<String> {
    let line = |part: &str, n: usize, how: &str, counts: &[usize]| {
        format!("{part} {}{how}, {}", count(n as u64), by_class(counts))
    };
    let mut lines = vec![line("training", split.train.len(), "", &split.train_counts)];
    if !split.validation.is_empty() {
        let how = format!(" ({})", plan.split.how);
        lines.push(line("validation", split.validation.len(), &how, &split.validation_counts));
    }
    lines.push(line("test", data.test.len(), "", &data.test.class_counts(data.class_names.len())));
    lines
}

/// Every count where they differ and there are few; else what they have in common, or their range.
fn by_class(counts: &[usize]) -> String {
    const FEW: usize = 12;
    let number = |n: &usize| count(*n as u64);
    match (counts.iter().min(), counts.iter().max()) {
        (Some(least), Some(most)) if least == most => format!("{} of each class", number(least)),
        (Some(least), Some(most)) if counts.len() > FEW => {
            format!("{} to {} of each class", number(least), number(most))
        }
        _ => format!("by class {}", counts.iter().map(number).collect::<Vec<_>>().join(" ")),
    }
}

/// The table at the end: our numbers beside the published ones; below it what is not done, and where the report is.
pub fn results(view: &ReportView, dir: &Path) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("run", Left),
        ("epochs", Right),
        ("time", Right),
        ("val accuracy", Right),
        ("test accuracy", Right),
        ("published", Right),
        ("difference", Right),
        ("test loss", Right),
        ("published", Right),
        ("difference", Right),
    ]);
    table.bind(&[5, 6, 8, 9]);
    let (tested, others): (Vec<&RunGroup>, Vec<&RunGroup>) =
        view.groups.iter().partition(|g| g.comparison.n > 0);
    tested.iter().for_each(|group| table.row(row(group)));
    let mut text = if tested.is_empty() { String::new() } else { format!("\n{}", table.render()) };
    text += &unfinished(&tested, &others);
    // The title of such data says so itself.
    if view.procedural {
        text += &format!("\n{}\n", view.data_title);
    }
    text + &format!("\nreport: {}\n", dir.join("report.html").display())
}

fn row(group: &RunGroup) -> [String; 10] {
    // A dash in every cell of a column says nothing: then the column is left out.
    let cell = |text: String| if text == "–" { String::new() } else { text };
    let columns = &group.comparison.columns;
    let (val_accuracy, loss, accuracy) = (&columns[3], &columns[4], &columns[5]);
    [
        group.name.clone(),
        group.cost.epochs.clone(),
        cell(group.cost.train_text()),
        cell(val_accuracy.ours_text()),
        cell(accuracy.ours_text()),
        cell(accuracy.published_text()),
        cell(accuracy.difference_text()),
        cell(loss.ours_text()),
        cell(loss.published_text()),
        cell(loss.difference_text()),
    ]
}

/// `waiting: Model 2; Model 3` and, for a run with some of its seeds done, `CNN: 4 of 5 seeds complete, 1 failed`.
fn unfinished(tested: &[&RunGroup], others: &[&RunGroup]) -> String {
    let mut by_state: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for group in others {
        by_state.entry(group.unfinished.as_deref().unwrap_or("not done")).or_default().push(&group.name);
    }
    let whole = by_state.iter().map(|(state, names)| format!("{state}: {}\n", names.join("; ")));
    let parts = tested.iter().filter_map(|g| Some(format!("{}: {}\n", g.name, g.unfinished.as_ref()?)));
    let lines: String = whole.chain(parts).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// How the study ended, and a line on it.
fn conclude(studied: &Studied) -> (Ending, String) {
    let Outcome { already_done: old, completed: new, failed, waiting, interrupted } = studied.runs;
    let runs = |n: usize| format!("{} run{}", count(n as u64), plural(n as u64));
    let time = duration(studied.time);
    let to_come: usize = studied.searches.iter().map(|search| search.waiting).sum();
    if interrupted || studied.searches.iter().any(|search| search.interrupted) {
        let all = runs(old + new + failed + waiting);
        let mut done = format!("{} of {all} are done", old + new);
        if to_come > 0 {
            done += &format!(", {} trial{} to come", count(to_come as u64), plural(to_come as u64));
        }
        let done = format!("{done}; the same command goes on with the rest");
        return (Ending::Interrupted, format!("interrupted after {time}: {done}"));
    }
    if failed > 0 {
        let warning = Style::new().for_stderr().yellow().bold().apply_to("warning:");
        return (Ending::RunFailed, format!("{warning} {} failed; the report says why", runs(failed)));
    }
    let trained: usize = studied.searches.iter().map(|search| search.trained).sum();
    let mut parts = Vec::new();
    if new > 0 || trained == 0 {
        parts.push(if new == 0 { "nothing to train".into() } else { runs(new) });
    }
    if trained > 0 {
        parts.push(format!("{} trial{}", count(trained as u64), plural(trained as u64)));
    }
    let parts = parts.join(" and ");
    let conclusion = match (new + trained, old) {
        (0, old) => format!("nothing to train: {} done before", runs(old)),
        (_, 0) => format!("{parts} in {time}"),
        (_, old) => format!("{parts} in {time}; {old} done before"),
    };
    (Ending::Done, conclusion)
}

fn plural(n: u64) -> &'static str {
    if n == 1 { "" } else { "s" }
}
