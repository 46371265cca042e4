//! The searches of a plan: what is searched, how, and what it will cost.

use std::time::Duration;

use toile_lab::{Pace, TrainingKind, random_point};
use toile_report::format::terminal::parameter;
use toile_study::{DataShape, Plan, SearchPlan};
use toile_tune::{Distribution, Is, Param, Pruner};

use super::timing::Timing;
use super::{TrainingMemory, side_by_side};
use crate::failure::Failure;
use crate::terminal::{Align, Table, bytes, count, duration, plural, safe_name};

/// Corners of a space that are looked at for its largest trial.
const MOST_CORNERS: usize = 500;

/// A search's time is the mean over so many points of its space.
const POINTS: usize = 6;

/// A part of the page for each search.
pub(super) fn rendered(
    plan: &Plan,
    only: &[String],
    shape: &DataShape,
    timing: &mut Timing,
    threads: usize,
) -> Result<String, Failure> {
    let mut text = String::new();
    for search in toile_lab::wanted_searches(plan, only) {
        text += &format!("\n{}\n{}{}", safe_name(&search.name), space(search).render(), how(search));
        text += &memory(search, plan, shape, threads);
        if let Some(seconds) = seconds(plan, search, shape, timing, threads)? {
            let time = duration(Duration::from_secs_f64(seconds));
            text += &format!("expected time: {time}, if no trial is pruned\n");
        }
    }
    Ok(text)
}

/// What the largest trials take side by side, with the data; nothing if no trial can be built.
fn memory(search: &SearchPlan, plan: &Plan, shape: &DataShape, threads: usize) -> String {
    let train = super::n_train(shape, plan);
    let of_corner = |params: &toile_tune::Params| {
        let settings = search.settings(params, search.seed).ok()?;
        let run = search.run(settings);
        let model = toile_lab::outline(&run, shape.image).ok()?;
        Some(TrainingMemory::of(&run.settings, &model, train, threads, TrainingKind::Trial))
    };
    let largest = search.corners(MOST_CORNERS).iter().filter_map(of_corner).max();
    let width = search.lag.map_or(threads, |lag| threads.min(lag.saturating_add(1)));
    largest.map_or(String::new(), |largest| {
        let trials = side_by_side(vec![largest; width], threads);
        format!("memory: at most about {}\n", bytes(super::around(shape, search.n_trials) + trials))
    })
}

fn space(search: &SearchPlan) -> Table {
    use Align::{Left, Right};
    let mut table =
        Table::new(&[("parameter", Left), ("values", Left), ("scale", Left), ("step", Right), ("if", Left)]);
    for param in &search.space.params {
        let (values, scale, step) = range(&param.distribution);
        table.row([param.name.clone(), values, scale, step, conditions(search, param)]);
    }
    table
}

/// `0.0001 to 1`, `logarithmic`, and the step if there is one.
fn range(distribution: &Distribution) -> (String, String, String) {
    let scale = |log: bool| if log { "logarithmic" } else { "linear" }.to_string();
    let ends = |low: f64, high: f64| {
        let text = |value| parameter(&distribution.external(value));
        format!("{} to {}", text(low), text(high))
    };
    match distribution {
        Distribution::Float { low, high, log, step } => {
            (ends(*low, *high), scale(*log), step.map_or(String::new(), |step| format!("{step}")))
        }
        Distribution::Int { low, high, log, step } => {
            let step = if *step == 1 { String::new() } else { step.to_string() };
            (ends(*low as f64, *high as f64), scale(*log), step)
        }
        Distribution::Categorical { choices } => {
            (choices.iter().map(parameter).collect::<Vec<_>>().join(", "), String::new(), String::new())
        }
    }
}

/// `optimizer = adam`
fn conditions(search: &SearchPlan, param: &Param) -> String {
    let text = |condition: &toile_tune::Condition| {
        let parent = search.space.get(&condition.parent).map(|parent| &parent.distribution);
        match (condition.is, parent) {
            (Is::Choice(index), Some(parent)) => {
                let choice = parameter(&parent.external(index as f64));
                // What stands in the name needs no column.
                if param.name.starts_with(&format!("{}.{choice}.", condition.parent)) {
                    return String::new();
                }
                format!("{} = {choice}", condition.parent)
            }
            (Is::AtLeast(least), _) => format!("{} ≥ {least}", condition.parent),
            (Is::Choice(index), None) => format!("{} = choice {index}", condition.parent),
        }
    };
    let texts = param.when.iter().map(text).filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join(", ")
}

fn how(search: &SearchPlan) -> String {
    let objectives: Vec<String> = search
        .objectives
        .iter()
        .map(|objective| format!("{} {}", word(objective.direction), objective.metric.name()))
        .collect();
    let by = match search.sampler.exhausts(&search.space, search.n_trials) {
        Some(points) => match points {
            1 => format!("the one point{}", in_place_of(search)),
            points => format!("every one of the {} points{}", count(points), in_place_of(search)),
        },
        None => format!("by {}", search.sampler.name()),
    };
    let pruner = match search.pruner == Pruner::None {
        true => String::new(),
        false => format!(", pruned by {}", search.pruner.name()),
    };
    let seeds = if search.seeds > 1 { format!(", {} seeds each", search.seeds) } else { String::new() };
    let lag = match search.lag {
        Some(lag) => format!("lag {lag}: the same trials for any number of workers"),
        None => "asynchronous: the trials depend on the order in which they end".to_string(),
    };
    let trials = plural(search.n_trials, "trial", "trials");
    format!("{}; {trials}, {by}{seeds}{pruner}\n{lag}\n", objectives.join(", "))
}

fn word(direction: toile_record::Direction) -> &'static str {
    match direction {
        toile_record::Direction::Maximize => "maximize",
        toile_record::Direction::Minimize => "minimize",
    }
}

/// The sampler that the study file names, where a grid runs in its place.
fn in_place_of(search: &SearchPlan) -> String {
    let named =
        search.named_sampler.as_ref().map(|sampler| format!(" (a grid in place of `{}`)", sampler.name()));
    named.unwrap_or_default()
}

fn seconds(
    plan: &Plan,
    search: &SearchPlan,
    shape: &DataShape,
    timing: &mut Timing,
    threads: usize,
) -> Result<Option<f64>, Failure> {
    let side_by_side = search.lag.map_or(threads, |lag| (lag + 1).min(threads)).max(1);
    let mut sum = 0.0;
    for number in 0..POINTS {
        let Ok(settings) = search.settings(&random_point(search, number), 0) else { return Ok(None) };
        let run = search.run(settings);
        let cost = super::cost(&run, shape, plan)?;
        let Some(Pace { seconds, speedup }) = timing.pace(&run, &cost)? else { return Ok(None) };
        // Where fewer trials train side by side than there are threads, each has several.
        let alone = if side_by_side == 1 { seconds / speedup } else { seconds };
        sum += alone * search.seeds as f64;
    }
    Ok(Some(sum / POINTS as f64 * search.n_trials as f64 / side_by_side as f64))
}
