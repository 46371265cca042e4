//! `toile run`: trains what is still to be trained of a study, and writes its report.

use std::path::{Path, PathBuf};
use std::time::Duration;

use console::Style;
use toile_data::DataSet;
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
    terminal::out(&results(&view, &dir))?;
    Ok(conclude(&outcome, time))
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

/// `54,000 training, 6,000 validation (the last 10 %), 10,000 test images; classes 5,400 to 5,460`
fn parts(plan: &Plan, data: &DataSet, split: &Split) -> String {
    let spread = |counts: &[usize]| match (counts.iter().min(), counts.iter().max()) {
        (Some(least), Some(most)) if least == most => format!("{} per class", count(*least as u64)),
        (Some(least), Some(most)) => format!("{} to {} per class", count(*least as u64), count(*most as u64)),
        _ => String::new(),
    };
    let mut parts = vec![format!(
        "{} training images ({})",
        count(split.train.len() as u64),
        spread(&split.train_counts)
    )];
    if !split.validation.is_empty() {
        let n = count(split.validation.len() as u64);
        parts.push(format!("{n} validation ({}; {})", plan.split.how, spread(&split.validation_counts)));
    }
    let test = data.test.class_counts(data.class_names.len());
    parts.push(format!("{} test ({})", count(data.test.len() as u64), spread(&test)));
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
    for group in &view.groups {
        let columns = &group.comparison.columns;
        let (val_accuracy, loss, accuracy) = (&columns[3], &columns[4], &columns[5]);
        table.row([
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

fn conclude(outcome: &Outcome, time: Duration) -> Ending {
    let time = duration(time);
    if outcome.interrupted {
        note(&format!(
            "interrupted after {time}: {} of {} runs are done; the same command goes on with the rest",
            outcome.completed + outcome.already_done,
            outcome.completed + outcome.already_done + outcome.waiting + outcome.failed
        ));
        return Ending::Interrupted;
    }
    if outcome.failed > 0 {
        let n = outcome.failed as u64;
        let warning = Style::new().for_stderr().yellow().bold().apply_to("warning:");
        note(&format!("{warning} {} run{} failed; the report says why", count(n), plural(n)));
        return Ending::RunFailed;
    }
    match (outcome.completed, outcome.already_done) {
        (0, done) => {
            note(&format!("nothing to train: all {} runs asked for were done before", count(done as u64)))
        }
        (new, 0) => note(&format!("{} run{} in {time}", count(new as u64), plural(new as u64))),
        (new, old) => note(&format!(
            "{} run{} in {time}; {} done before",
            count(new as u64),
            plural(new as u64),
            count(old as u64)
        )),
    }
    Ending::Done
}

fn plural(n: u64) -> &'static str {
    if n == 1 { "" } else { "s" }
}
