//! The best trial, those next to it, and the run that its configuration became.

use toile_record::{DataRecord, Epoch, Metric, Records, RunRecord, TrialRecord};
use toile_stats::mean_interval;

use super::analysis::SearchAnalysis;
use super::findings;
use crate::facts::{METRICS, has_reused_test, last_numbers, published_numbers};
use crate::format;
use crate::section::TableCell;
use crate::text;
use crate::view::RunGroup;

/// Trials in the table of the best.
const TOP: usize = 10;
/// Parameters in the table of the best.
const MOST_COLUMNS: usize = 12;

/// The best trial.
#[derive(Clone, Debug, PartialEq)]
pub struct BestTrial {
    /// Its number.
    pub number: usize,
    /// Its value.
    pub value: f64,
    /// The value in words.
    pub value_text: String,
    /// `± 0.0012 (95 %, 3 seeds)`, where the configuration was trained with several seeds.
    pub interval: Option<String>,
    /// Its parameters: name and value.
    pub params: Vec<(String, String)>,
    /// Other trials with the same first value.
    pub equals: usize,
    /// Whether its value is an accuracy at chance.
    pub is_at_chance: bool,
}

/// The best trials.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TopTrials {
    /// The columns, the first three of them rank, trial and value.
    pub header: Vec<String>,
    /// Best first.
    pub rows: Vec<Vec<TableCell>>,
    /// What is left out.
    pub note: String,
}

/// The run of the chosen configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ChosenRun {
    /// Its name.
    pub name: String,
    /// Where it stands on the page.
    pub anchor: Option<String>,
    /// Metric, ours, published, difference: the rows of the document's table that have a number.
    pub rows: Vec<Vec<TableCell>>,
    /// How it was chosen, and how often the test set was opened for it.
    pub sentence: String,
}

/// The best trial.
pub(super) fn best(data: &DataRecord, analysis: &SearchAnalysis) -> Option<BestTrial> {
    let trial = analysis.best?;
    let (found, metric) = (&analysis.trials[trial], analysis.metric());
    let value = found.counted[0]?;
    let has = analysis.axes.iter().zip(&found.params);
    let params = has.filter_map(|(axis, value)| Some((axis.name.clone(), axis.text((*value)?))));
    Some(BestTrial {
        number: found.record.number,
        value,
        value_text: metric.text(value),
        interval: interval(analysis, trial),
        params: params.collect(),
        is_at_chance: findings::chance(data, analysis).is_some(),
        equals: analysis.equals_of_best().len().saturating_sub(1),
    })
}

/// The interval of the mean over all seeds of a trial's configuration, those of equal trials among them.
fn interval(analysis: &SearchAnalysis, trial: usize) -> Option<String> {
    let params = &analysis.trials[trial].params;
    let same = analysis.trials.iter().filter(|other| other.value.is_some() && &other.params == params);
    let mut values = Vec::new();
    let mut n_trials = 0;
    for other in same {
        values.extend(
            repetitions(other.record, &analysis.metric().key).unwrap_or(other.value.into_iter().collect()),
        );
        n_trials += 1;
    }
    let around =
        mean_interval(&values, 0.95).filter(|around| around.low.is_finite() && around.high.is_finite())?;
    let trials = if n_trials > 1 { format!(" of {n_trials} equal trials") } else { String::new() };
    Some(format!(
        "{} to {} at 95 %, over {} seeds{trials}",
        analysis.metric().text(around.low),
        analysis.metric().text(around.high),
        values.len()
    ))
}

/// The last value of each repetition, if their mean is the trial's value: epochs begin at 1 again with each.
pub(super) fn repetitions(record: &TrialRecord, key: &str) -> Option<Vec<f64>> {
    let epochs = &record.side.as_ref()?.epochs;
    let value = *record.values.first()?;
    let mut last: Vec<Option<f64>> = Vec::new();
    for epoch in epochs {
        match last.last_mut() {
            Some(end) if epoch.epoch > 1 => *end = metric_of(epoch, key),
            _ => last.push(metric_of(epoch, key)),
        }
    }
    let last: Vec<f64> = last.into_iter().collect::<Option<_>>()?;
    let mean = toile_stats::mean(&last)?;
    ((mean - value).abs() <= 1e-9 * value.abs().max(1.0)).then_some(last)
}

fn metric_of(epoch: &Epoch, key: &str) -> Option<f64> {
    Metric::from_name(key)?.of(epoch)
}

/// The table of the best trials.
pub(super) fn top(analysis: &SearchAnalysis) -> TopTrials {
    let ranked = analysis.ranked();
    let rows = &ranked[..ranked.len().min(TOP)];
    let has = |axis: &usize| rows.iter().any(|&i| analysis.trials[i].params[*axis].is_some());
    let columns = columns(analysis, (0..analysis.axes.len()).filter(has));
    let left_out = columns.len().saturating_sub(MOST_COLUMNS);
    let columns = &columns[..columns.len().min(MOST_COLUMNS)];
    let header = ["Rank", "Trial"].map(str::to_owned).into_iter();
    let header = header.chain(analysis.metrics.iter().map(|metric| text::sentence_case(&metric.name)));
    let header = header.chain(columns.iter().map(|column| column.title.clone()));
    TopTrials {
        header: header.chain(["Time".to_owned()]).collect(),
        rows: rows.iter().map(|&i| row(analysis, i, columns)).collect(),
        note: [left_out_note(left_out), repeated_note(analysis)].concat().trim_end().to_owned(),
    }
}

/// A column of parameters: one, or several of which no trial has two.
struct TopColumn {
    title: String,
    axes: Vec<usize>,
}

/// The learning rates of several optimizers are one column: `optimizer.sgd.learning_rate` and
/// `optimizer.adam.learning_rate`, of which no trial has both.
fn columns(analysis: &SearchAnalysis, axes: impl Iterator<Item = usize>) -> Vec<TopColumn> {
    let name = |axis: usize| analysis.axes[axis].name.as_str();
    let ends = |axis: usize| Some((name(axis).split_once('.')?.0, name(axis).rsplit_once('.')?.1));
    let are_never_both = |a: usize, b: usize| {
        analysis.trials.iter().all(|trial| trial.params[a].is_none() || trial.params[b].is_none())
    };
    let mut columns: Vec<TopColumn> = Vec::new();
    for axis in axes {
        let is_of = |column: &&mut TopColumn| {
            ends(axis).is_some()
                && column.axes.iter().all(|&other| ends(other) == ends(axis) && are_never_both(other, axis))
        };
        match columns.iter_mut().find(is_of) {
            Some(column) => {
                column.title = ends(axis).map_or_else(String::new, |(_, end)| end.to_owned());
                column.axes.push(axis);
            }
            None => columns.push(TopColumn { title: name(axis).to_owned(), axes: vec![axis] }),
        }
    }
    columns
}

fn left_out_note(left_out: usize) -> String {
    match left_out {
        0 => String::new(),
        n => format!("{} in trials.csv. ", format::plural(n, "more parameter is", "more parameters are")),
    }
}

/// That the values of some trials are means.
fn repeated_note(analysis: &SearchAnalysis) -> String {
    let is_mean = |trial: &super::analysis::AnalysedTrial| trial.value != trial.counted[0];
    match analysis.trials.iter().any(is_mean) {
        true => "Trials of one configuration have the mean of their values. ".to_owned(),
        false => String::new(),
    }
}

fn row(analysis: &SearchAnalysis, trial: usize, columns: &[TopColumn]) -> Vec<TableCell> {
    let found = &analysis.trials[trial];
    let whole = |number: usize| TableCell::number(number as f64, number.to_string());
    let value = |(i, metric): (usize, &super::ObjectiveView)| {
        let value = found.counted[i].or(found.record.values.get(i).copied());
        TableCell::maybe(value, |value| metric.text(value))
    };
    let param = |column: &TopColumn| {
        let known = column.axes.iter().find_map(|&axis| Some((axis, found.params[axis]?)));
        known.map_or_else(TableCell::none, |(axis, value)| analysis.axes[axis].cell(value))
    };
    let seconds = found.record.side.as_ref().map_or(f64::NAN, |side| side.wall_seconds);
    [whole(analysis.n_better(trial) + 1), whole(found.record.number)]
        .into_iter()
        .chain(analysis.metrics.iter().enumerate().map(value))
        .chain(columns.iter().map(param))
        .chain([TableCell::number(seconds, format::duration(seconds))])
        .collect()
}

/// The run of the chosen configuration.
pub(super) fn chosen_run<'a>(records: &'a Records, analysis: &SearchAnalysis) -> Option<&'a RunRecord> {
    let id = analysis.records.chosen_run.as_ref()?;
    records.runs.iter().find(|run| run.id == *id)
}

/// The run of the chosen configuration, next to what was published.
pub(super) fn chosen(records: &Records, groups: &[RunGroup], analysis: &SearchAnalysis) -> Option<ChosenRun> {
    let run = chosen_run(records, analysis)?;
    let published = published_numbers(analysis.records.search.published.as_ref().or(run.published.as_ref()));
    let row = |i: usize, ours: Option<f64>| {
        let difference = ours.zip(published[i]).map(|(ours, published)| ours - published);
        vec![
            TableCell::text(METRICS[i].1),
            TableCell::maybe(ours, format::metric),
            TableCell::maybe(published[i], format::published),
            TableCell::maybe(difference, format::signed),
        ]
    };
    let numbers = last_numbers(run).into_iter().enumerate();
    let rows = numbers.filter(|(i, ours)| ours.is_some() || published[*i].is_some());
    Some(ChosenRun {
        name: text::name(&run.name, 90),
        anchor: groups.iter().find(|group| group.name == named(run)).map(|group| group.anchor.clone()),
        rows: rows.map(|(i, ours)| row(i, ours)).collect(),
        sentence: selection(records, analysis, run),
    })
}

fn named(run: &RunRecord) -> String {
    crate::view::named(&run.name, "Run without a name")
}

fn selection(records: &Records, analysis: &SearchAnalysis, run: &RunRecord) -> String {
    let name = &analysis.metric().name;
    let part = match Metric::from_name(&analysis.metric().key) {
        Some(metric) if metric.needs_validation() => format!("Selected on validation, by {name}"),
        Some(metric) if metric.is_per_epoch() => format!("Selected on the training images, by {name}"),
        _ => format!("Selected by {name}"),
    };
    let opened = records.test_openings.iter().filter(|opening| opening.run_id == run.id).count();
    let test = match (opened, run.test.is_some()) {
        (0, false) => "the test set has not been opened for it".to_owned(),
        (0, true) => "it was tested, though no opening of the test set is recorded".to_owned(),
        (1, _) => "the test set was opened once for it".to_owned(),
        (n, _) => format!("the test set was opened {n} times for it"),
    };
    let reused = match has_reused_test(records, analysis.records) {
        true => {
            " A reused test: the test set had been opened early, or for an earlier choice, before this one was made."
        }
        false => "",
    };
    format!("{part}; {test}.{reused}")
}

impl ChosenRun {
    /// Whether a row has a published number.
    pub fn has_published(&self) -> bool {
        self.rows.iter().any(|row| row[2].value.is_some())
    }
}

impl BestTrial {
    /// `trial 3`, or `trial 3 and 2 others` where these have the same value.
    pub fn trials_text(&self) -> String {
        match self.equals {
            0 => format!("trial {}", self.number),
            n => format!("trial {} and {}", self.number, format::plural(n, "other", "others")),
        }
    }

    /// `learning_rate 0.001, optimizer adam`
    pub fn params_text(&self) -> String {
        let words = self.params.iter().map(|(name, value)| format!("{name} {value}"));
        text::cut(&words.collect::<Vec<_>>().join(", "), 400)
    }
}
