//! Trials as marks: thinned where there are many, named where there are few, with ranges that one outlier cannot spoil.

use toile_record::State;
use toile_stats::quantile;

use super::ObjectiveView;
use super::analysis::SearchAnalysis;

/// More marks than these are thinned out.
pub(super) const MOST: usize = 1_500;
/// More marks than these have no words of their own.
const MOST_TITLES: usize = 300;

/// A trial in a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Its number.
    pub number: usize,
    /// Across: a number, or a part of an axis.
    pub x: f64,
    /// Up: its value.
    pub y: f64,
    /// Whether it was pruned.
    pub is_pruned: bool,
    /// Whether it is the best.
    pub is_best: bool,
    /// What it is, in words; empty where there are too many.
    pub title: String,
}

/// What an axis of values shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// Its lower end.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// How many values are worse than its end; they lie at the edge.
    pub outside: usize,
}

/// All of `values`, unless the worst are very far off: then the better three quarters, and a half as much again.
///
/// A trial that diverged would otherwise press all others into one line.
pub(super) fn range(values: &[f64], metric: &ObjectiveView) -> Option<Range> {
    let low = values.iter().copied().reduce(f64::min)?;
    let high = values.iter().copied().reduce(f64::max)?;
    let all = Range { low, high, outside: 0 };
    let best = if metric.maximize { high } else { low };
    let usual = quantile(values, if metric.maximize { 0.25 } else { 0.75 })?;
    let limit = best + 1.5 * (usual - best);
    let span = (best - if metric.maximize { low } else { high }).abs();
    let is_far = values.len() >= 8 && (usual - best).abs() > 0.0 && span > 3.0 * (usual - best).abs();
    if !is_far || !limit.is_finite() {
        return Some(all);
    }
    let outside = values.iter().filter(|&&value| metric.is_better(limit, value)).count();
    Some(match metric.maximize {
        true => Range { low: limit, high, outside },
        false => Range { low, high: limit, outside },
    })
}

/// At most `most` of `all`, evenly, with `kept` among them.
pub(super) fn thin(all: &[usize], most: usize, kept: Option<usize>) -> Vec<usize> {
    let every = all.len().div_ceil(most.max(1)).max(1);
    let is_kept = |i: usize, trial: usize| i.is_multiple_of(every) || Some(trial) == kept;
    all.iter().enumerate().filter(|(i, trial)| is_kept(*i, **trial)).map(|(_, trial)| *trial).collect()
}

/// `Of 10,000 trials, 1,429 are drawn.`, or nothing where all are.
pub(super) fn thinned(all: usize, drawn: usize) -> String {
    if drawn >= all {
        return String::new();
    }
    let (all, drawn) = (crate::format::count(all as u64), crate::format::count(drawn as u64));
    format!(" Of {all} trials, {drawn} are drawn.")
}

/// `3 worse trials lie at the edge.`, or nothing.
pub(super) fn at_the_edge(range: &Range, metric: &ObjectiveView) -> String {
    let edge = if metric.maximize { "lower" } else { "upper" };
    match range.outside {
        0 => String::new(),
        1 => format!(" One much worse trial lies at the {edge} edge."),
        n => format!(" {} much worse trials lie at the {edge} edge.", crate::format::count(n as u64)),
    }
}

/// The marks of some trials, with `x` across and `y` up.
pub(super) fn spots(
    analysis: &SearchAnalysis,
    trials: &[usize],
    x: impl Fn(usize) -> Option<f64>,
    y: impl Fn(usize) -> Option<f64>,
) -> Vec<Spot> {
    let has_titles = trials.len() <= MOST_TITLES;
    let spot = |&i: &usize| {
        Some(Spot {
            number: analysis.trials[i].record.number,
            x: x(i)?,
            y: y(i)?,
            is_pruned: analysis.trials[i].record.state == State::Pruned,
            is_best: analysis.best == Some(i),
            title: if has_titles { analysis.title(i) } else { String::new() },
        })
    };
    trials.iter().filter_map(spot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(maximize: bool) -> ObjectiveView {
        ObjectiveView { key: "m".into(), name: "m".into(), maximize }
    }

    #[test]
    fn one_diverged_trial_does_not_press_the_others_together() {
        let mut values: Vec<f64> = (0..20).map(|i| 0.8 + 0.005 * f64::from(i)).collect();
        assert_eq!(range(&values, &metric(true)).map(|r| (r.low, r.high, r.outside)), Some((0.8, 0.895, 0)));
        values.push(0.1);
        let found = range(&values, &metric(true)).expect("numbers");
        assert!(found.low > 0.75 && found.high == 0.895 && found.outside == 1, "{found:?}");
        let found = range(&[1.0; 9], &metric(false)).expect("numbers");
        assert_eq!((found.low, found.high, found.outside), (1.0, 1.0, 0));
        assert_eq!(range(&[], &metric(true)), None);
    }

    #[test]
    fn thinning_is_even_and_keeps_the_best() {
        let all: Vec<usize> = (0..10_000).collect();
        let few = thin(&all, 1_500, Some(9_999));
        assert!((1_400..=1_501).contains(&few.len()) && few.contains(&9_999) && few[..2] == [0, 7]);
        assert_eq!(thin(&all[..10], 1_500, None).len(), 10);
        assert_eq!(thinned(10, 10), "");
    }
}
