//! `toile run`: trains what is still to be trained of a study, and writes its report.

use std::path::{Path, PathBuf};
use std::time::Duration;

use console::Style;
use toile_data::DataSet;
use toile_report::view::Column;
use toile_report::{View, history_csv};
use toile_store::Store;
use toile_study::{Outcome, Plan, RunOptions, Split};

use crate::args::RunArgs;
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
    // Before the data: a folder that cannot be used is told at once, not after a download.
    let store = Store::open(&dir)?;
    let data = data.map_or_else(|| source.load(&plan.data, &args.study.data), Ok)?;
    introduce(&plan, &data, &dir, threads(args))?;
    let (outcome, time) = train(args, &source, &plan, &data, &store, &dir)?;
    let view = commands::report::write(&dir, &store.records()?)?;
    let (ending, conclusion) = conclude(&outcome, time);
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
    let only = (!args.study.only.is_empty()).then_some(&args.study.only[..]);
    let options = RunOptions {
        dir,
        threads: threads(args),
        only,
        stop: interrupt::listen(),
        clock: &MachineClock::start(),
        read: &|file| source.read_beside(file),
        history: &history_csv,
        toile_version: env!("CARGO_PKG_VERSION").into(),
        instruction_set: toile_kernels::isa().name().into(),
        machine: machine::description(),
    };
    let studying = Studying::new(plan);
    let outcome = toile_study::run(plan, data, store, &options, &|event| studying.tell(&event));
    let time = studying.end();
    Ok((outcome?, time))
}

/// What is about to happen, in a few lines.
fn introduce(plan: &Plan, data: &DataSet, dir: &Path, threads: usize) -> Result<(), Failure> {
    let bold = Style::new().for_stderr().bold();
    let dim = Style::new().for_stderr().dim();
    let runs = plan.runs.len() as u64;
    note(&format!(
        "{} {}",
        bold.apply_to(&plan.study),
        dim.apply_to(format!("{} run{}", count(runs), plural(runs)))
    ));
    let split = toile_study::split(plan, data)?;
    note(&format!("{}{}, from {}", dim.apply_to("data    "), data.title, data.source));
    note(&format!("{}{}", dim.apply_to("        "), parts(plan, data, &split)));
    let isa = toile_kernels::isa().name();
    note(&format!("{}{threads} thread{}, {isa}", dim.apply_to("machine "), plural(threads as u64)));
    note(&format!("{}{}", dim.apply_to("folder  "), dir.display()));
    Ok(())
}

/// `training 54,000 (5,367 to 5,445 per class), validation 6,000 (last; 555 to 633), test 10,000 (1,000)`
fn parts(plan: &Plan, data: &DataSet, split: &Split) -> String {
    let spread = |counts: &[usize]| match (counts.iter().min(), counts.iter().max()) {
        (Some(least), Some(most)) if least != most => {
            format!("{} to {}", count(*least as u64), count(*most as u64))
        }
        (least, _) => count(*least.unwrap_or(&0) as u64),
    };
    let (n, per_class) = (count(split.train.len() as u64), spread(&split.train_counts));
    let mut parts = vec![format!("training {n} ({per_class} per class)")];
    if !split.validation.is_empty() {
        let n = count(split.validation.len() as u64);
        parts.push(format!("validation {n} ({}; {})", plan.split.how, spread(&split.validation_counts)));
    }
    let test = data.test.class_counts(data.class_names.len());
    parts.push(format!("test {} ({})", count(data.test.len() as u64), spread(&test)));
    parts.join(", ")
}

/// The table at the end: our numbers beside the published ones, and where the report is.
pub fn results(view: &View, dir: &Path) -> String {
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
        ("", Left),
    ]);
    // A dash in every cell of a column says nothing: then the column is left out.
    let cell = |text: String| if text == "–" { String::new() } else { text };
    let ours = |column: &Column| match (column.ours_text(), column.published) {
        (text, Some(_)) => text,
        (text, None) => cell(text),
    };
    for group in &view.groups {
        let columns = &group.comparison.columns;
        let (val_accuracy, loss, accuracy) = (&columns[3], &columns[4], &columns[5]);
        table.row([
            group.name.clone(),
            group.cost.epochs.clone(),
            cell(group.cost.train_text()),
            ours(val_accuracy),
            ours(accuracy),
            cell(accuracy.published_text()),
            cell(accuracy.difference_text()),
            ours(loss),
            cell(loss.published_text()),
            cell(loss.difference_text()),
            group.unfinished.clone().unwrap_or_default(),
        ]);
    }
    let mut text = format!("\n{}", table.render());
    if view.procedural {
        text += &format!("\n{}: {}\n", view.data_title, toile_report::PROCEDURAL_NOTICE);
    }
    let report: PathBuf = dir.join("report.html");
    text + &format!("\nreport: {}\n", report.display())
}

/// How the study ended, and a line on it.
fn conclude(outcome: &Outcome, time: Duration) -> (Ending, String) {
    let Outcome { already_done: old, completed: new, failed, waiting, interrupted } = *outcome;
    let runs = |n: usize| format!("{} run{}", count(n as u64), plural(n as u64));
    let time = duration(time);
    if interrupted {
        let all = runs(old + new + failed + waiting);
        let done = format!("{} of {all} are done; the same command goes on with the rest", old + new);
        return (Ending::Interrupted, format!("interrupted after {time}: {done}"));
    }
    if failed > 0 {
        let warning = Style::new().for_stderr().yellow().bold().apply_to("warning:");
        return (Ending::RunFailed, format!("{warning} {} failed; the report says why", runs(failed)));
    }
    let conclusion = match (new, old) {
        (0, old) => format!("nothing to train: {} done before", runs(old)),
        (new, 0) => format!("{} in {time}", runs(new)),
        (new, old) => format!("{} in {time}; {old} done before", runs(new)),
    };
    (Ending::Done, conclusion)
}

fn plural(n: u64) -> &'static str {
    if n == 1 { "" } else { "s" }
}
