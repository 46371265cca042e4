//! What came out, in a few figures and sentences. Every word that could be wrong is computed.

use toile_record::{Records, State};
use toile_stats::wilson;

use super::ranking::{TEST_ACCURACY, VAL_ACCURACY};
use super::{ComparisonColumn, Ranking, RunGroup};
use crate::facts::state_text;
use crate::format::{self, plural};

/// A published number this close counts as near, in the summary's count.
const NEAR: f64 = 0.01;

/// The top of the page.
#[derive(Clone, Debug, PartialEq)]
pub struct StudySummary {
    /// A few numbers, large.
    pub figures: Vec<KeyFigure>,
    /// The same in sentences, and more.
    pub sentences: Vec<String>,
}

/// One number, large, with what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyFigure {
    /// `0.9158`
    pub value: String,
    /// `best validation accuracy`
    pub label: String,
    /// `CNN`
    pub detail: String,
}

/// The summary of a study.
pub fn summary(records: &Records, groups: &[RunGroup], ranking: &Ranking) -> StudySummary {
    let mut sentences = vec![progress(records, groups)];
    sentences.extend(best(groups, ranking));
    sentences.extend(within_margin(groups, ranking));
    sentences.extend(best_on_test(groups, ranking, records.study.data.n_test));
    sentences.extend(published(groups));
    sentences.extend(largest_difference(groups));
    sentences.extend(cost(groups));
    StudySummary { figures: figures(records, groups, ranking), sentences }
}

fn figures(records: &Records, groups: &[RunGroup], ranking: &Ranking) -> Vec<KeyFigure> {
    let complete = records.runs.iter().filter(|run| run.state == State::Complete).count();
    let mut figures = Vec::new();
    if let Some((group, val)) =
        ranking.best().and_then(|i| Some((&groups[i], groups[i].metric(VAL_ACCURACY)?)))
    {
        figures.push(figure(val.mean_text(), "best validation accuracy", group.name.clone()));
        if let Some(test) = group.metric(TEST_ACCURACY) {
            figures.push(figure(test.mean_text(), "its test accuracy", sampling_error(test.mean, records)));
        }
    }
    let columns = compared(groups);
    if !columns.is_empty() {
        let near = columns.iter().filter(|(_, column)| is_near(column)).count();
        let value = format!("{near} of {}", columns.len());
        figures.push(figure(value, "comparisons agree", format!("published numbers within {NEAR} of ours")));
    }
    let wall: f64 = records.runs.iter().map(|run| run.provenance.wall_seconds).sum();
    let (one, many) = if records.runs.len() == groups.len() { ("run", "runs") } else { ("seed", "seeds") };
    let detail = format!("{complete} of {} complete", plural(records.runs.len(), one, many));
    figures.push(figure(format::duration(wall), "training and evaluation", detail));
    figures
}

fn figure(value: String, label: &str, detail: String) -> KeyFigure {
    KeyFigure { value, label: label.to_owned(), detail }
}

fn sampling_error(p: f64, records: &Records) -> String {
    let n = records.study.data.n_test;
    let hits = (p.clamp(0.0, 1.0) * n as f64).round() as usize;
    wilson(hits, n, 0.95).map_or_else(String::new, |interval| {
        format!(
            "{}–{} at 95 % for {} images",
            three(interval.low),
            three(interval.high),
            format::count(n as u64)
        )
    })
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}

fn progress(records: &Records, groups: &[RunGroup]) -> String {
    let count = |state| records.runs.iter().filter(|run| run.state == state).count();
    let all = records.runs.len();
    let study = plural(groups.len(), "run", "runs");
    let seeds = if all == groups.len() { study } else { format!("{study} with {all} seeds in all") };
    let states = ["failed", "pruned", "running", "interrupted", "waiting"];
    let runs_in = |state| records.runs.iter().filter(|run| state_text(run) == state).count();
    let mut parts: Vec<String> = states
        .into_iter()
        .map(|state| (runs_in(state), state))
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| format!("{n} {name}"))
        .collect();
    match (all, parts.len()) {
        (0, _) => "The study has no runs.".to_owned(),
        (_, 0) => format!("The study has {seeds}; all are complete."),
        _ => {
            parts.insert(0, format!("{} complete", count(State::Complete)));
            format!("The study has {seeds}: {}.", parts.join(", "))
        }
    }
}

fn best(groups: &[RunGroup], ranking: &Ranking) -> Option<String> {
    let group = &groups[ranking.best()?];
    let val = group.metric(VAL_ACCURACY)?;
    let over = if val.n() > 1 { format!(" over {} seeds", val.n()) } else { String::new() };
    let test = group.metric(TEST_ACCURACY).map(|test| format!("; its test accuracy is {}", test.text()));
    let test = test.unwrap_or_default();
    Some(format!("Best on validation is “{}”, with an accuracy of {}{over}{test}.", group.name, val.text()))
}

fn within_margin(groups: &[RunGroup], ranking: &Ranking) -> Option<String> {
    let margin = ranking.margin?;
    let ranked = ranking.rows.iter().filter(|row| row.place.is_some()).count();
    let near: Vec<String> = ranking
        .rows
        .iter()
        .filter(|row| row.is_near_best)
        .map(|row| format!("“{}”", groups[row.group].name))
        .collect();
    let margin = format!("{} of it, the 95 % sampling error of such a difference", format::metric(margin));
    match (ranked, near.len()) {
        (0 | 1, _) => None,
        (_, 0) => Some(format!("No other run comes within {margin}.")),
        (_, 1) => Some(format!("{} lies within {margin}.", near[0])),
        (_, n) if n <= 4 => {
            Some(format!("{} and {} lie within {margin}.", near[..n - 1].join(", "), near[n - 1]))
        }
        (_, n) => Some(format!("{n} other runs lie within {margin}.")),
    }
}

/// Whether the test would have chosen another run.
fn best_on_test(groups: &[RunGroup], ranking: &Ranking, n_test: usize) -> Option<String> {
    let chosen = ranking.best()?;
    let tested =
        groups.iter().enumerate().filter_map(|(i, group)| Some((i, group.metric(TEST_ACCURACY)?.mean)));
    let (first, accuracy) = tested.reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    if groups.len() < 2 || n_test == 0 {
        return None;
    }
    let difference = accuracy - groups[chosen].metric(TEST_ACCURACY)?.mean;
    Some(if first == chosen || difference == 0.0 {
        "The test set agrees: no run has a higher test accuracy.".to_owned()
    } else {
        format!(
            "On the test set “{}” is ahead by {} ({}); it was not chosen, since the test set has no say in the choice.",
            groups[first].name,
            format::metric(difference),
            format::metric(accuracy)
        )
    })
}

/// All pairs of ours and published.
fn compared(groups: &[RunGroup]) -> Vec<(&RunGroup, &ComparisonColumn)> {
    let columns =
        groups.iter().flat_map(|group| group.comparison.columns.iter().map(move |column| (group, column)));
    columns.filter(|(_, column)| column.difference.is_some()).collect()
}

fn is_near(column: &ComparisonColumn) -> bool {
    // Half a unit of the fourth decimal: numbers that are shown as 0.0100 apart count as within 0.01.
    column.difference.is_some_and(|difference| difference.abs() < NEAR + 0.000_05)
}

fn published(groups: &[RunGroup]) -> Option<String> {
    let columns = compared(groups);
    if columns.is_empty() {
        return None;
    }
    let near = columns.iter().filter(|(_, column)| is_near(column)).count();
    let all =
        plural(columns.len(), "comparison with a published number", "comparisons with published numbers");
    let mut sentence = format!("{near} of {all} agree within {NEAR}");
    let judged = columns.iter().filter(|(_, column)| column.z.is_some()).count();
    if judged > 0 {
        let inside = columns.iter().filter(|(_, column)| column.z.is_some() && !column.is_outside).count();
        let of = if judged == columns.len() {
            String::new()
        } else {
            format!(" of the {judged} with several seeds")
        };
        sentence.push_str(&format!(
            "; in {inside}{of} the published number lies where 95 % of single runs like ours would, given the spread over seeds"
        ));
    }
    Some(sentence + ".")
}

fn largest_difference(groups: &[RunGroup]) -> Option<String> {
    let size = |column: &ComparisonColumn| column.difference.map_or(0.0, f64::abs);
    let (group, column) =
        compared(groups).into_iter().reduce(|a, b| if size(b.1) > size(a.1) { b } else { a })?;
    let (ours, published) = (column.ours.as_ref()?, column.published?);
    Some(format!(
        "The largest difference is the {} of “{}”: {} here, {} published.",
        column.label,
        group.name,
        ours.mean_text(),
        format::published(published)
    ))
}

fn cost(groups: &[RunGroup]) -> Option<String> {
    let costs: Vec<(&RunGroup, u64)> =
        groups.iter().filter(|g| g.cost.train_seconds.is_some()).map(|g| (g, g.cost.flops)).collect();
    let total = costs.iter().fold(0u64, |sum, (_, flops)| sum.saturating_add(*flops));
    let (costliest, most) = costs.iter().copied().reduce(|a, b| if b.1 > a.1 { b } else { a })?;
    if total == 0 || costs.len() < 2 {
        return None;
    }
    let done = groups.iter().all(|group| group.unfinished.is_none());
    let start = if done { "One seed of every run takes" } else { "So far, one seed of every run took" };
    Some(format!(
        "{start} {} of training; {} of it is “{}”.",
        format::flops(total),
        format::percent(most as f64 / total as f64),
        costliest.name
    ))
}
