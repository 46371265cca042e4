//! `toile bench`: this machine at its best, and how near to that each model of a study is trained.

mod configurations;
mod document;
mod epochs;
mod images;
mod layers;
mod line;
mod output;
mod peaks;
mod shapes;
mod table;

use std::time::Duration;

use toile_lab::Clock;
use toile_nn::{DtypePolicy, FitEvent, Flow};
use toile_study::{CheckedStudy, Plan};

use crate::args::{BenchArgs, StudyArgs};
use crate::failure::Failure;
use crate::machine::{self, MachineClock};
use crate::source::StudySource;
use crate::terminal::Waiting;
use crate::{Completion, terminal};
use configurations::{BenchConfiguration, configurations};
use images::BenchImages;
use line::BenchLine;
use output::BenchOutput;
use peaks::Peaks;

/// Seconds for a line, if the user says nothing.
const LINE_SECONDS: f64 = 3.0;

/// Seconds for a shape, if the user says nothing.
const SHAPE_SECONDS: f64 = 0.6;

/// What the whole command measures with.
struct Bench<'a> {
    clock: &'a MachineClock,
    threads: usize,
    /// Seconds for each line.
    seconds: f64,
    /// In which numbers everything computes, if not as the study says.
    dtype_policy: Option<DtypePolicy>,
}

/// What was there before the first line.
struct Start {
    /// From the program's start until the images were in memory.
    seconds_to_data: f64,
    /// From the program's start until the end of the first update.
    seconds_to_first_update: f64,
}

/// Measures, and prints.
pub(crate) fn run(args: &BenchArgs, clock: &MachineClock) -> Result<Completion, Failure> {
    let usual = if args.shapes { SHAPE_SECONDS } else { LINE_SECONDS };
    let bench = Bench {
        clock,
        threads: args.threads.map_or_else(machine::cores, usize::from),
        seconds: args.seconds.unwrap_or(usual),
        dtype_policy: args.dtype_policy,
    };
    let output = BenchOutput::new(args.json.as_deref())?;
    if args.shapes {
        bench_shapes(&bench, &output)?
    } else {
        bench_study(args, &bench, &output)?
    };
    Ok(Completion::Done)
}

fn bench_shapes(bench: &Bench<'_>, output: &BenchOutput<'_>) -> Result<(), Failure> {
    let waiting = Waiting::new();
    waiting.show("the machine at its best");
    let peaks = peaks::fma_alone(bench);
    let shapes = shapes::measure(bench, &waiting)?;
    waiting.end();
    let text = || table::machine(&peaks) + &table::shapes(&shapes, &peaks);
    output.give(&document::of_shapes(bench, &peaks, &shapes), &text)
}

fn bench_study(args: &BenchArgs, bench: &Bench<'_>, output: &BenchOutput<'_>) -> Result<(), Failure> {
    let source = StudySource::find(&args.study)?;
    let (study, data) = source.check(&args.data)?;
    let plan = planned(&source, &study, args)?;
    let images = BenchImages::find(&source, &plan, data, &args.data)?;
    let seconds_to_data = bench.clock.elapsed().as_secs_f64();
    let configurations = configurations(&plan.runs);
    let seconds_to_first_update = first_update(bench, &configurations[0], &images)?;
    let start = Start { seconds_to_data, seconds_to_first_update };
    let waiting = Waiting::new();
    waiting.show("the machine at its best");
    let mut peaks = Peaks::measure(bench);
    let lines: Result<Vec<BenchLine>, Failure> = configurations
        .iter()
        .enumerate()
        .map(|(i, configuration)| {
            let which = format!("{} ({} of {})", configuration.name, i + 1, configurations.len());
            BenchLine::measure(bench, configuration, &images, &|what| {
                waiting.show(&format!("{which}: {what}"))
            })
        })
        .collect();
    let lines = lines?;
    // Once more, minutes later: a peak that something else disturbed would flatter every line.
    waiting.show("the machine at its best");
    peaks.improve(bench);
    waiting.end();
    let text = || table::study(&study.study.name, &images, &start, &peaks, &lines);
    output.give(&document::of_study(bench, &study.study.name, &images, &start, &peaks, &lines), &text)
}

/// The runs that are wanted, each spelled out.
fn planned(source: &StudySource, study: &CheckedStudy, args: &BenchArgs) -> Result<Plan, Failure> {
    let wanted = StudyArgs {
        study: args.study.clone(),
        threads: args.threads,
        seeds: None,
        until: None,
        only: args.only.clone(),
        data: args.data.clone(),
    };
    let mut plan = source.plan(study, &wanted)?;
    plan.runs.retain(|run| args.only.is_empty() || args.only.contains(&run.name));
    if let Some(policy) = args.dtype_policy {
        plan.runs.iter_mut().for_each(|run| run.settings.dtype_policy = policy);
    }
    Ok(plan)
}

/// Builds the first model and trains it on one batch: what `toile run` has done when its first update is over.
fn first_update(
    bench: &Bench<'_>,
    first: &BenchConfiguration<'_>,
    images: &BenchImages,
) -> Result<f64, Failure> {
    let mut model = toile_lab::model(first.run, images.shape())?;
    let config = images.fit_config(first.run);
    let mut end = Duration::ZERO;
    images.fit(&mut model, &config, bench.threads, &mut |event| {
        if !matches!(event, FitEvent::Step { .. }) {
            return Flow::Continue;
        }
        end = bench.clock.elapsed();
        Flow::Stop
    });
    // Where the loss is not finite after the first batch, there was no update, but its time was taken.
    Ok(if end.is_zero() { bench.clock.elapsed() } else { end }.as_secs_f64())
}

/// The tables, or the numbers in their place.
fn print(text: &str) -> Result<(), Failure> {
    terminal::out(text)
}
