//! Searches of one objective compared: what they found, for which budget, and how their values are spread.

use toile_record::{Records, State};
use toile_tune::distribution_function;

use super::analysis::SearchAnalysis;
use super::best::chosen_run;
use super::how::{is_random, sampler_name};
use super::spots::{Range, range};
use super::{ObjectiveView, budget};
use crate::facts::{last_numbers, published_numbers};
use crate::format;
use crate::section::TableCell;
use crate::text;

/// Lines of one figure.
const MOST_LINES: usize = 8;
/// Points of one line.
const MOST_POINTS: usize = 300;

/// A line with a name.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedLine {
    /// The search's name.
    pub name: String,
    /// Its points.
    pub points: Vec<(f64, f64)>,
    /// Whether it goes in steps.
    pub is_stepped: bool,
}

/// All searches of one objective.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    /// The objective; of several, the first.
    pub metric: ObjectiveView,
    /// `validation accuracy and parameters`
    pub name: String,
    /// The part of the complete trials whose value is this or smaller.
    pub distribution: Vec<NamedLine>,
    /// What the axis of values shows.
    pub range: Option<Range>,
    /// The best value against the number of trials.
    pub by_trials: Vec<NamedLine>,
    /// The best value against seconds.
    pub by_seconds: Vec<NamedLine>,
    /// `processor seconds`, or of training where those are not known.
    pub seconds: String,
    /// How the lines of the budget were made.
    pub budget_note: String,
    /// How to read the distribution.
    pub distribution_note: String,
}

/// One line of the table of searches.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRow {
    /// The search's place in the view.
    pub search: usize,
    /// Its trials, at least so many as there are.
    pub planned: usize,
    /// Sampler, trials, objective, best, its trial, processor time, test accuracy, published, difference.
    pub cells: Vec<TableCell>,
}

/// The header of the table of searches, its first column the name.
pub const HEADER: [&str; 10] = [
    "Search",
    "Sampler",
    "Trials",
    "Objective",
    "Best",
    "Trial",
    "Processor time",
    "Test accuracy",
    "Published",
    "Difference",
];

/// The table of searches.
pub(super) fn rows(records: &Records, all: &[SearchAnalysis]) -> Vec<SearchRow> {
    all.iter()
        .enumerate()
        .map(|(search, analysis)| SearchRow {
            search,
            planned: planned(analysis),
            cells: cells(records, analysis),
        })
        .collect()
}

/// The trials of a search: those that the study file asks for, or more where there are more.
pub(super) fn planned(analysis: &SearchAnalysis) -> usize {
    analysis.records.search.n_trials.max(analysis.trials.len())
}

fn cells(records: &Records, analysis: &SearchAnalysis) -> Vec<TableCell> {
    let best = analysis.best.map(|i| &analysis.trials[i]);
    let sides = analysis.trials.iter().filter_map(|trial| trial.record.side.as_ref());
    let cpu: f64 = sides.filter_map(|side| side.cpu_seconds).filter(|s| s.is_finite()).sum();
    let run = chosen_run(records, analysis);
    let ours = run.and_then(|run| last_numbers(run)[5]);
    let published = analysis.records.search.published.as_ref().or(run.and_then(|run| run.published.as_ref()));
    let published = published_numbers(published)[5];
    let difference = ours.zip(published).map(|(ours, published)| ours - published);
    let (ended, planned) = (ended(analysis) as u64, planned(analysis) as u64);
    vec![
        TableCell::text(sampler_name(analysis)),
        TableCell::number(ended as f64, format!("{} of {}", format::count(ended), format::count(planned))),
        TableCell::text(&analysis.metric().name),
        TableCell::maybe(best.and_then(|trial| trial.counted[0]), |value| analysis.metric().text(value)),
        TableCell::maybe(best.map(|trial| trial.record.number as f64), |number| number.to_string()),
        TableCell::maybe(Some(cpu).filter(|cpu| *cpu > 0.0), format::duration),
        TableCell::maybe(ours, format::metric),
        TableCell::maybe(published, format::published),
        TableCell::maybe(difference, format::signed),
    ]
}

/// Trials that will not change any more.
pub(super) fn ended(analysis: &SearchAnalysis) -> usize {
    analysis.count(State::Complete) + analysis.count(State::Pruned) + analysis.count(State::Failed)
}

/// The figures, one set per objective, or objectives.
pub(super) fn compared(all: &[SearchAnalysis]) -> Vec<Compared> {
    let mut groups: Vec<Vec<&SearchAnalysis>> = Vec::new();
    for analysis in all.iter().filter(|analysis| analysis.best.is_some()) {
        match groups.iter_mut().find(|members| members[0].metrics == analysis.metrics) {
            Some(members) => members.push(analysis),
            None => groups.push(vec![analysis]),
        }
    }
    groups.iter().map(|members| group(members[0].metric(), members)).collect()
}

fn group(metric: &ObjectiveView, members: &[&SearchAnalysis]) -> Compared {
    let shown = &members[..members.len().min(MOST_LINES)];
    let values: Vec<f64> =
        shown.iter().flat_map(|analysis| analysis.trials.iter().filter_map(|trial| trial.value)).collect();
    let has_cpu = shown.iter().all(|analysis| budget::has_cpu(analysis));
    let budgets: Vec<budget::BudgetCurve> =
        shown.iter().map(|analysis| budget::budget(analysis, has_cpu)).collect();
    let line = |analysis: &SearchAnalysis, points: &[(f64, f64)], is_expected: bool| NamedLine {
        name: text::name(&analysis.records.search.name, 60),
        points: points.to_vec(),
        is_stepped: !is_expected,
    };
    let pairs = || shown.iter().zip(&budgets);
    let left_out = match members.len().saturating_sub(shown.len()) {
        0 => String::new(),
        n => format!(" {} not drawn.", format::plural(n, "more search is", "more searches are")),
    };
    let side = if metric.maximize { "right" } else { "left" };
    Compared {
        distribution: shown.iter().map(|analysis| line(analysis, &distribution(analysis), false)).collect(),
        range: range(&values, metric),
        by_trials: pairs()
            .map(|(analysis, found)| line(analysis, &found.by_trials, found.is_expected))
            .collect(),
        by_seconds: pairs()
            .filter(|(_, found)| !found.by_seconds.is_empty())
            .map(|(analysis, found)| line(analysis, &found.by_seconds, found.is_expected))
            .collect(),
        seconds: if has_cpu { "processor seconds" } else { "seconds of training" }.to_owned(),
        budget_note: format!("{}{left_out}", budget_note(shown, &budgets)),
        distribution_note: format!(
            "For each value, the share of the complete trials that have this or a smaller one: a line further to the \
             {side} is better.{left_out}"
        ),
        name: shown[0].metrics.iter().map(|metric| metric.name.as_str()).collect::<Vec<_>>().join(" and "),
        metric: metric.clone(),
    }
}

fn budget_note(shown: &[&SearchAnalysis], budgets: &[budget::BudgetCurve]) -> String {
    let names = |wanted: bool| {
        let named = shown.iter().zip(budgets).filter(|(_, found)| found.is_expected == wanted);
        let names: Vec<String> = named
            .map(|(analysis, _)| format!("“{}”", text::name(&analysis.records.search.name, 60)))
            .collect();
        names.join(", ")
    };
    let mut note = String::new();
    if !names(true).is_empty() {
        note.push_str(&format!(
            "{}: the expected best of that many trials at random, over all orders in which the same trials could have come \
             (Tang and others, 2020). ",
            names(true)
        ));
    }
    if !names(false).is_empty() {
        note.push_str(&format!(
            "{}: the best so far, in the one order in which the trials came: it describes this search, and another one would \
             differ.",
            names(false)
        ));
    }
    note.trim_end().to_owned()
}

/// Values against the part of the trials that have at most this.
fn distribution(analysis: &SearchAnalysis) -> Vec<(f64, f64)> {
    let values: Vec<f64> = analysis.trials.iter().filter_map(|trial| trial.value).collect();
    let steps = distribution_function(&values);
    let every = steps.len().div_ceil(MOST_POINTS).max(1);
    let last = steps.len().saturating_sub(1);
    let kept = steps.iter().enumerate().filter(|(i, _)| i.is_multiple_of(every) || *i == last);
    steps.first().map(|first| (first.0, 0.0)).into_iter().chain(kept.map(|(_, step)| *step)).collect()
}

/// Random search compared with another search of the same space and objective: both bests, with their budgets.
pub(super) fn against_random(all: &[SearchAnalysis], place: usize) -> Option<String> {
    let analysis = &all[place];
    let search = &analysis.records.search;
    let is_same = |other: &&SearchAnalysis| {
        other.records.search.space == search.space
            && other.metrics == analysis.metrics
            && is_random(other)
            && other.records.search.name != search.name
    };
    let random = all.iter().find(is_same).filter(|_| !is_random(analysis))?;
    let value = |analysis: &SearchAnalysis| analysis.best.and_then(|i| analysis.trials[i].counted[0]);
    let (ours, theirs) = (value(analysis)?, value(random)?);
    let metric = analysis.metric();
    let (mine, other) = (analysis.count(State::Complete), random.count(State::Complete));
    let pruned = analysis.count(State::Pruned);
    let pruned = if pruned > 0 { format!(" and {pruned} pruned ones") } else { String::new() };
    Some(format!(
        "{} found {} in {}{pruned}; random search over the same space (“{}”) found {} in {}. One search each cannot tell luck \
         from merit.",
        sampler_name(analysis),
        metric.text(ours),
        format::plural(mine, "complete trial", "complete trials"),
        text::name(&random.records.search.name, 60),
        metric.text(theirs),
        format::plural(other, "complete trial", "complete trials"),
    ))
}
