//! `toile plan`: every run of a study, how each model is computed, and what it will cost.

mod layers;
mod race;
mod searches;
mod settings;
mod timing;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

pub(crate) use timing::Timing;
use toile_data::SplitHow;
use toile_lab::{Cost, Pace, TrainingKind, study_seconds};
use toile_nn::{ImageShape, ModelOutline};
use toile_record::State;
use toile_store::Store;
use toile_study::{DataShape, Plan, RunPlan, Settings};

use crate::args::PlanArgs;
use crate::commands::studying::note_warnings;
use crate::failure::Failure;
use crate::source::{self, StudySource};
use crate::terminal::{Align, Table, bytes, count, duration, flops, plural, safe_name};
use crate::{Completion, commands, machine, places, terminal};

/// One run with its costs.
struct Priced<'a> {
    run: &'a RunPlan,
    summary: RunSummary,
    cost: Cost,
    memory: TrainingMemory,
    pace: Option<Pace>,
    state: Option<State>,
}

/// A model's layers, and the floating-point operations of one image: forward, forward and backward.
struct RunSummary {
    table: toile_nn::ModelSummary,
    flops: (u64, u64),
}

/// Prints the plan.
pub(crate) fn run(args: &PlanArgs) -> Result<Completion, Failure> {
    let source = StudySource::find(&args.study.study)?;
    let (study, _) = source.check(&args.study.data)?;
    let plan = source.plan(&study, &args.study)?;
    note_warnings(&source, &study.warnings);
    let shape = study.shape.expect("the data's shape is known after the check");
    let threads = args.study.threads.map_or_else(machine::cores, usize::from);
    let lies_in =
        args.out.clone().unwrap_or_else(|| source::default_folder(&plan.study).display().to_string());
    let states = states(&lies_in, &plan)?;
    let runs: Vec<&RunPlan> = toile_lab::wanted_runs(&plan, &args.study.only).collect();
    let mut timing = timing::Timing::new(shape.image, threads, !args.no_timing);
    let priced: Result<Vec<_>, Failure> = runs
        .iter()
        .map(|run| price(run, &shape, &plan, threads, &mut timing, states.get(&place(&plan, run)).copied()))
        .collect();
    let searches = searches::rendered(&plan, &args.study.only, &shape, &mut timing, threads);
    timing.end();
    let mut text = rendered(&plan, &shape, &priced?, threads);
    let warnings = commands::batch::warnings(&plan, &args.study.only, n_train(&shape, &plan));
    let lines: String = warnings.iter().map(|warning| format!("warning: {warning}\n")).collect();
    text += &if lines.is_empty() { lines } else { format!("\n{lines}") };
    text += &searches?;
    terminal::out(&text)?;
    Ok(Completion::Done)
}

fn place(plan: &Plan, run: &RunPlan) -> usize {
    plan.runs.iter().position(|other| std::ptr::eq(other, run)).expect("the run is one of the plan's")
}

/// The states of the plan's runs in a folder, or on a server, that may hold some of them already.
fn states(place: &str, plan: &Plan) -> Result<BTreeMap<usize, State>, Failure> {
    let mut states = BTreeMap::new();
    let store = match places::is_address(place) {
        true => places::server(place)?,
        false if !Path::new(place).join(toile_store::STORE_FILE).is_file() => return Ok(states),
        false => Store::open_read_only(Path::new(place))?,
    };
    let Some(study) = store.study(Some(&plan.study))? else { return Ok(states) };
    let ids = toile_study::run_ids(plan, &study.data.fingerprint);
    for (place, id) in ids.iter().enumerate() {
        if let Some(state) = store.run_state(&plan.study, id)? {
            states.insert(place, state);
        }
    }
    Ok(states)
}

fn price<'a>(
    run: &'a RunPlan,
    shape: &DataShape,
    plan: &Plan,
    threads: usize,
    timing: &mut timing::Timing,
    state: Option<State>,
) -> Result<Priced<'a>, Failure> {
    let cost = cost(run, shape, plan)?;
    let train = n_train(shape, plan);
    let model = toile_lab::outline(run, shape.image)?;
    let memory = TrainingMemory::of(&run.settings, &model, train, threads, TrainingKind::Run);
    let summary = RunSummary { table: model.summary(), flops: model.flops() };
    let pace = timing.pace(run, &cost)?;
    Ok(Priced { run, summary, cost, memory, pace, state })
}

/// Images that are trained on.
fn n_train(shape: &DataShape, plan: &Plan) -> usize {
    toile_data::n_train(shape.images, plan.split.fraction, plan.split.how)
}

/// The counts of one run.
pub(crate) fn cost(run: &RunPlan, shape: &DataShape, plan: &Plan) -> Result<Cost, Failure> {
    let record = toile_lab::summary(run, shape.image)?;
    let train = n_train(shape, plan);
    // In most sets the test images are a sixth of the training images; a folder of the user's own is not far from it.
    let test = toile_data::entry(plan.data.path()).map_or(shape.images / 6, |entry| entry.counts[1]);
    Ok(Cost::of(&run.settings, &record, [train, shape.images.saturating_sub(train), test]))
}

fn rendered(plan: &Plan, shape: &DataShape, priced: &[Priced<'_>], threads: usize) -> String {
    let mut text = head(plan, shape, priced);
    if priced.is_empty() {
        return text;
    }
    text += &format!("\n{}\n{}", table(priced).render(), total(plan, shape, priced, threads));
    text += &race::rendered(plan, priced, threads);
    let runs: Vec<&RunPlan> = priced.iter().map(|p| p.run).collect();
    let models: BTreeMap<&str, &Priced<'_>> =
        priced.iter().map(|p| (p.run.settings.model.as_str(), p)).collect();
    for (name, priced) in models {
        text += &layers::rendered(name, &priced.run.settings.layers, &priced.summary);
    }
    text + &settings::rendered(&runs)
}

/// The seed that all runs have, if they have one.
fn only_seed(runs: &[Priced<'_>]) -> Option<u64> {
    let first = runs.first()?.run.settings.seed;
    runs.iter().all(|p| p.run.settings.seed == first).then_some(first)
}

fn head(plan: &Plan, shape: &DataShape, runs: &[Priced<'_>]) -> String {
    let ImageShape { height, width, channels } = shape.image;
    let held_back = match (plan.split.fraction, plan.split.how) {
        (0.0, _) => "no validation".to_owned(),
        (fraction, SplitHow::Last) => format!("validation: the last {} %", 100.0 * fraction),
        (_, SplitHow::Own) => "validation: the data's own part".to_owned(),
        (fraction, how) => format!("validation: {} %, {how}, seed {}", 100.0 * fraction, plan.split.seed),
    };
    let images = count(shape.images as u64);
    let seed = only_seed(runs).map_or(String::new(), |seed| format!("; seed {seed}"));
    let data = format!("{}, {images} images of {height}x{width}x{channels}", plan.data.path());
    format!("{}: {data}\n{held_back}{seed}\n", safe_name(&plan.study))
}

/// A row per run; seeds of one name share it. A seed that all have is shown in the head.
fn table(priced: &[Priced<'_>]) -> Table {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("run", Left),
        ("seeds", Right),
        ("model", Left),
        ("optimizer", Left),
        ("batch", Right),
        ("epochs", Right),
        ("memory", Right),
        ("time", Right),
        ("state", Left),
    ]);
    for group in priced.chunk_by(|a, b| a.run.position == b.run.position) {
        let mut row = row(group);
        if only_seed(priced).is_some() {
            row[1].clear();
        }
        table.row(row);
    }
    table
}

fn row(group: &[Priced<'_>]) -> [String; 9] {
    let first = &group[0];
    let settings = &first.run.settings;
    [
        first.run.name.clone(),
        seeds(group),
        settings.model.clone(),
        settings::optimizer(settings),
        count(settings.batch_size as u64),
        count(settings.epochs as u64),
        bytes(first.memory.on_all),
        first.pace.map_or_else(String::new, |pace| duration(Duration::from_secs_f64(pace.seconds))),
        state(group),
    ]
}

fn seeds(group: &[Priced<'_>]) -> String {
    match (group.first(), group.last()) {
        (Some(first), Some(last)) if group.len() > 1 => {
            format!("{}…{}", first.run.settings.seed, last.run.settings.seed)
        }
        (Some(first), _) => first.run.settings.seed.to_string(),
        _ => String::new(),
    }
}

fn state(group: &[Priced<'_>]) -> String {
    let done = group.iter().filter(|p| matches!(p.state, Some(State::Complete | State::Pruned))).count();
    let failed = group.iter().filter(|p| p.state == Some(State::Failed)).count();
    match (done, failed, group.len()) {
        (0, 0, _) => String::new(),
        (_, 0, n) if done == n => "done".into(),
        (0, _, n) if failed == n => "failed".into(),
        (_, 0, n) => format!("{done} of {n} done"),
        (_, _, n) => format!("{done} of {n} done, {failed} failed"),
    }
}

/// Bytes of the data, of the program itself, and of what is on record of so many trainings. Of a test part as large as
/// those of the known sets, a sixth of the training part, the images that a run got wrong are there twice more: as they
/// are recorded, and in the report. The check of the data holds each image against the others, by a few numbers of
/// each.
fn around(shape: &DataShape, trainings: usize) -> u64 {
    const PROGRAM: u64 = 23_500_000;
    const RECORD: u64 = 290_000;
    const CHECKED_IMAGE: u64 = 300;
    let images = (shape.images + 3 * (shape.images / 6)) * shape.image.values();
    let checked = (shape.images + shape.images / 6) as u64;
    images as u64 + PROGRAM + RECORD * trainings as u64 + CHECKED_IMAGE * checked
}

/// Bytes of a training, without the data.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct TrainingMemory {
    /// On one thread.
    on_one: u64,
    /// On all threads.
    on_all: u64,
}

impl TrainingMemory {
    fn of(
        settings: &Settings,
        model: &ModelOutline,
        n_train: usize,
        threads: usize,
        kind: TrainingKind,
    ) -> TrainingMemory {
        let on = |threads| toile_lab::memory_of_outline(settings, model, n_train, threads, kind);
        TrainingMemory { on_one: on(1), on_all: on(threads) }
    }
}

/// What the largest of these trainings take together: as many as there are threads, each on one of them, and the
/// threads that are left over with the one that grows most by them.
fn side_by_side(mut trainings: Vec<TrainingMemory>, threads: usize) -> u64 {
    /// Of each further training: its thread's stack, and what small blocks its thread keeps.
    const THREAD: u64 = 300_000;
    trainings.sort_unstable_by(|a, b| b.cmp(a));
    let together = trainings.len().min(threads);
    let growth = |training: &TrainingMemory| training.on_all.saturating_sub(training.on_one);
    let grown = if together < threads { trainings.iter().map(growth).max().unwrap_or(0) } else { 0 };
    let trained: u64 = trainings[..together].iter().map(|training| training.on_one).sum();
    // The test comes after the trainings, on all threads, while the system holds some of what theirs had.
    let grown = grown + grown / 8;
    trained + grown + THREAD * together.saturating_sub(1) as u64
}

/// What all runs together cost that are not done yet.
fn total(plan: &Plan, shape: &DataShape, priced: &[Priced<'_>], threads: usize) -> String {
    let left: Vec<&Priced<'_>> = priced.iter().filter(|p| p.state.is_none_or(|s| !is_final(s))).collect();
    if left.is_empty() {
        return "nothing to train: all of it is done\n".into();
    }
    let updates: u64 = left.iter().map(|p| p.cost.updates).sum();
    let work: f64 = left.iter().map(|p| p.cost.training_flops + p.cost.evaluation_flops).sum();
    let peak = around(shape, race::most_trainings(plan, priced))
        + side_by_side(left.iter().map(|p| p.memory).collect(), threads);
    let mut text = format!(
        "{} to train: {}, {} with the evaluations\nmemory: at most about {}\n",
        plural(left.len(), "run", "runs"),
        plural(updates as usize, "update", "updates"),
        flops(work),
        bytes(peak)
    );
    let paces: Option<Vec<Pace>> = left.iter().map(|p| p.pace).collect();
    if let Some(paces) = paces {
        let seconds = study_seconds(&paces, threads);
        let time = duration(Duration::from_secs_f64(seconds));
        text += &format!(
            "expected time: {time} on {}, side by side\n\
             (times above: one run alone on one thread, measured just now)\n",
            plural(threads, "thread", "threads")
        );
    }
    text
}

fn is_final(state: State) -> bool {
    matches!(state, State::Complete | State::Pruned | State::Failed)
}
