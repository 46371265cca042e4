//! What a budget achieves: the best value against the number of trials and against time.

use toile_record::State;
use toile_tune::expected_best;

use super::analysis::{AnalysedTrial, SearchAnalysis};
use super::how::is_random;

/// Points of one line.
const MOST_POINTS: usize = 200;
/// The expectation takes the square of the number of trials; larger searches are described only.
const MOST_EXPECTED: usize = 10_000;

/// The best value by budget.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BudgetCurve {
    /// Against the number of ended trials.
    pub by_trials: Vec<(f64, f64)>,
    /// Against their seconds; empty where those are not known.
    pub by_seconds: Vec<(f64, f64)>,
    /// Whether it is the expectation over all orders. Only trials at random that ran to their ends allow that: the
    /// value at which a pruner stopped one is not the one that it would have reached.
    pub is_expected: bool,
}

/// Whether every ended trial has its processor time.
pub(super) fn has_cpu(analysis: &SearchAnalysis) -> bool {
    let has =
        |trial: &AnalysedTrial| trial.record.side.as_ref().is_some_and(|side| side.cpu_seconds.is_some());
    analysis.trials.iter().filter(|trial| is_ended(trial)).all(has)
}

fn is_ended(trial: &AnalysedTrial) -> bool {
    matches!(trial.record.state, State::Complete | State::Pruned | State::Failed)
}

/// The best value by budget; seconds are of the processor, or of training.
pub(super) fn budget(analysis: &SearchAnalysis, cpu: bool) -> BudgetCurve {
    let ended: Vec<&AnalysedTrial> = analysis.trials.iter().filter(|trial| is_ended(trial)).collect();
    let values: Vec<f64> = ended.iter().map(|trial| trial.value.unwrap_or(f64::NAN)).collect();
    let seconds: Vec<f64> = ended.iter().map(|trial| seconds(trial, cpu)).collect();
    let is_pruned = analysis.count(State::Pruned) > 0;
    let is_expected = is_random(analysis) && !is_pruned && ended.len() <= MOST_EXPECTED;
    let mut budget = if is_expected {
        expected(analysis, &values, &seconds)
    } else {
        descriptive(analysis, &values, &seconds)
    };
    if seconds.iter().sum::<f64>() <= 0.0 {
        budget.by_seconds.clear();
    }
    budget
}

fn seconds(trial: &AnalysedTrial, cpu: bool) -> f64 {
    let side = trial.record.side.as_ref();
    let seconds = side.and_then(|side| if cpu { side.cpu_seconds } else { Some(side.wall_seconds) });
    seconds.filter(|seconds| seconds.is_finite() && *seconds >= 0.0).unwrap_or(0.0)
}

/// The expected best of so many trials, each of which takes the mean time. What failed counts as the worst.
fn expected(analysis: &SearchAnalysis, values: &[f64], seconds: &[f64]) -> BudgetCurve {
    let curve = expected_best(values, analysis.metric().direction());
    let every = curve.len().div_ceil(MOST_POINTS).max(1);
    let kept = curve.iter().filter(|point| point.trials == curve.len() || point.trials % every == 1 % every);
    let by_trials: Vec<(f64, f64)> = kept.map(|point| (point.trials as f64, point.unbiased)).collect();
    let each = seconds.iter().sum::<f64>() / seconds.len().max(1) as f64;
    BudgetCurve {
        by_seconds: by_trials.iter().map(|(n, best)| (n * each, *best)).collect(),
        by_trials,
        is_expected: true,
    }
}

/// The best so far, at each improvement and at the end.
fn descriptive(analysis: &SearchAnalysis, values: &[f64], seconds: &[f64]) -> BudgetCurve {
    let (mut by_trials, mut by_seconds) = (Vec::new(), Vec::new());
    let mut best: Option<f64> = None;
    let mut total = 0.0;
    for (i, (&value, took)) in values.iter().zip(seconds).enumerate() {
        total += took;
        if value.is_finite() && best.is_none_or(|best| analysis.metric().is_better(value, best)) {
            best = Some(value);
            by_trials.push((i as f64 + 1.0, value));
            by_seconds.push((total, value));
        }
    }
    by_trials.extend(best.map(|best| (values.len() as f64, best)));
    by_seconds.extend(best.map(|best| (total, best)));
    BudgetCurve { by_trials, by_seconds, is_expected: false }
}
