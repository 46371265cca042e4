//! What came out, in a few figures and sentences. Every word that could be wrong is computed.

mod best;
mod careful;
mod published;

use serde::Serialize;
use toile_record::{Records, State};

use super::{Ranking, RunGroup};
use crate::facts::{state_text, wall_seconds};
use crate::format::{self, plural};
use crate::reasoning::Reasoning;

/// The top of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct StudySummary {
    /// A few numbers, large.
    pub figures: Vec<KeyFigure>,
    /// The same in sentences, and more.
    pub sentences: Vec<String>,
    /// Those of them that say which runs have numbers to be careful of.
    pub warnings: Vec<String>,
}

/// One number, large, with what it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KeyFigure {
    /// `0.9158`
    pub value: String,
    /// `best validation accuracy`
    pub label: String,
    /// `CNN`
    pub detail: String,
}

/// The summary of a study.
pub(super) fn summary(
    records: &Records,
    groups: &[RunGroup],
    ranking: &Ranking,
    reasoning: &Reasoning,
) -> StudySummary {
    let mut sentences: Vec<String> = progress(records, groups).into_iter().collect();
    sentences.extend(best::best(groups, ranking));
    sentences.extend(reasoning.groups_sentences("With --seeds 5 every run is repeated."));
    let warnings = careful::sentences(groups);
    sentences.extend(warnings.iter().cloned());
    sentences.extend(match reasoning.has_groups() {
        true => reasoning.choice_sentence(&ranking.best()),
        false => best::best_on_test(groups, ranking, records.study.data.n_test),
    });
    sentences.extend(published::agreement(reasoning));
    sentences.extend(published::largest_difference(reasoning));
    sentences.extend(cost(groups));
    StudySummary { figures: figures(records, groups, ranking, reasoning), sentences, warnings }
}

fn figures(
    records: &Records,
    groups: &[RunGroup],
    ranking: &Ranking,
    reasoning: &Reasoning,
) -> Vec<KeyFigure> {
    let complete = records.runs.iter().filter(|run| run.state == State::Complete).count();
    let mut figures = best::figures(records, groups, ranking);
    figures.extend(published::figure(reasoning));
    let sides =
        records.searches.iter().flat_map(|found| &found.trials).filter_map(|trial| trial.side.as_ref());
    let of_trials: f64 = sides.map(|side| side.wall_seconds).filter(|seconds| seconds.is_finite()).sum();
    let sum = records.runs.iter().map(wall_seconds).sum::<f64>() + of_trials;
    let label =
        if of_trials > 0.0 { "sum of the times of runs and trials" } else { "sum of the times of the runs" };
    let (one, many) = if records.runs.len() == groups.len() { ("run", "runs") } else { ("seed", "seeds") };
    let complete = format::count(complete as u64);
    let detail = format!("{complete} of {} complete", plural(records.runs.len(), one, many));
    figures.push(figure(format::duration(sum), label, detail));
    figures
}

fn figure(value: String, label: &str, detail: String) -> KeyFigure {
    KeyFigure { value, label: label.to_owned(), detail }
}

/// How far the study is; nothing if all of it is complete.
fn progress(records: &Records, groups: &[RunGroup]) -> Option<String> {
    let count = |state| records.runs.iter().filter(|run| run.state == state).count();
    let all = records.runs.len();
    let study = plural(groups.len(), "run", "runs");
    let seeds = if all == groups.len() {
        study
    } else {
        format!("{study} with {} seeds in all", format::count(all as u64))
    };
    let states = ["failed", "pruned", "running", "interrupted", "waiting"];
    let runs_in = |state| records.runs.iter().filter(|run| state_text(run) == state).count();
    let mut parts: Vec<String> = states
        .into_iter()
        .map(|state| (runs_in(state), state))
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| format!("{n} {name}"))
        .collect();
    match (all, parts.len()) {
        (0, _) => Some("The study has no runs.".to_owned()),
        (_, 0) => None,
        _ => {
            parts.insert(0, format!("{} complete", count(State::Complete)));
            Some(format!("The study has {seeds}: {}.", parts.join(", ")))
        }
    }
}

/// What a seed of each run takes, and the run that takes most of it, if one does.
fn cost(groups: &[RunGroup]) -> Option<String> {
    let costs: Vec<(&RunGroup, u64)> =
        groups.iter().filter(|g| g.cost.train_seconds.is_some()).map(|g| (g, g.cost.flops)).collect();
    let total = costs.iter().fold(0u64, |sum, (_, flops)| sum.saturating_add(*flops));
    let (costliest, most) = costs.iter().max_by_key(|(_, flops)| *flops)?;
    if total == 0 || costs.len() < 2 {
        return None;
    }
    let done = groups.iter().all(|group| group.unfinished.is_none());
    let start = if done { "One seed of every run takes" } else { "So far, one seed of every run took" };
    let part = *most as f64 / total as f64;
    let which = match part > 0.5 && costs.len() > 2 {
        true => format!("; {} of it is “{}”", format::percent(part), costliest.name),
        false => String::new(),
    };
    Some(format!("{start} {} of training{which}.", format::flops(total)))
}
