//! What a budget brings: the best value against the number of trials and against time.

use toile_store::RunState;

use super::how::is_random;
use super::known::Known;

/// Points of one line.
const MOST_POINTS: usize = 200;

/// The best value by budget.
#[derive(Clone, Debug, PartialEq)]
pub struct Budget {
    /// Against the number of ended trials.
    pub by_trials: Vec<(f64, f64)>,
    /// Against their seconds; empty where those are not known.
    pub by_seconds: Vec<(f64, f64)>,
    /// Whether it is the expectation over all orders, which only random search allows.
    pub is_expected: bool,
}

/// Whether every ended trial has its processor time.
pub fn has_cpu(known: &Known) -> bool {
    let ended = known.trials.iter().filter(|trial| is_ended(trial.record.state));
    ended.into_iter().all(|trial| trial.record.side.as_ref().is_some_and(|side| side.cpu_seconds.is_some()))
}

fn is_ended(state: RunState) -> bool {
    matches!(state, RunState::Complete | RunState::Pruned | RunState::Failed)
}

/// The best value by budget; seconds are of the processor, or of training.
pub fn budget(known: &Known, cpu: bool) -> Budget {
    let ended: Vec<(Option<f64>, f64)> = known
        .trials
        .iter()
        .filter(|trial| is_ended(trial.record.state))
        .map(|trial| {
            let side = trial.record.side.as_ref();
            let seconds = side.and_then(|side| if cpu { side.cpu_seconds } else { Some(side.wall_seconds) });
            (trial.value, seconds.filter(|s| s.is_finite() && *s >= 0.0).unwrap_or(0.0))
        })
        .collect();
    if is_random(&known.records.search.sampler) {
        expected(known, &ended)
    } else {
        descriptive(known, &ended)
    }
}

/// E[best of n] = Σ v₍ᵢ₎ ((i/B)ⁿ − ((i−1)/B)ⁿ) over the B ended trials, v from the worst to the best (Dodge et al. 2019,
/// "Show Your Work"). A trial that was pruned or failed counts as the worst value there is.
fn expected(known: &Known, ended: &[(Option<f64>, f64)]) -> Budget {
    let mut values: Vec<f64> =
        ended.iter().filter_map(|trial| trial.0).map(|v| known.metric().loss(v)).collect();
    values.sort_by(|a, b| b.total_cmp(a));
    let Some(&worst) = values.first() else {
        return Budget { by_trials: vec![], by_seconds: vec![], is_expected: true };
    };
    let mut all = vec![worst; ended.len() - values.len()];
    all.extend(values);
    let b = all.len() as f64;
    let expectation = |n: usize| -> f64 {
        let share = |i: usize| (i as f64 / b).powi(n.min(i32::MAX as usize) as i32);
        let loss: f64 = all.iter().enumerate().map(|(i, value)| value * (share(i + 1) - share(i))).sum();
        known.metric().direction().loss(loss)
    };
    let by_trials: Vec<(f64, f64)> =
        counts(all.len()).into_iter().map(|n| (n as f64, expectation(n))).collect();
    let each = ended.iter().map(|trial| trial.1).sum::<f64>() / b;
    let by_seconds = by_trials.iter().filter(|_| each > 0.0).map(|(n, value)| (n * each, *value));
    Budget { by_seconds: by_seconds.collect(), by_trials, is_expected: true }
}

/// Numbers of trials: all of few, and an even choice of many with both ends.
fn counts(n: usize) -> Vec<usize> {
    let every = n.div_ceil(MOST_POINTS).max(1);
    let mut counts: Vec<usize> = (1..=n).step_by(every).collect();
    if counts.last() != Some(&n) {
        counts.push(n);
    }
    counts
}

/// The best so far, at each improvement and at the end.
fn descriptive(known: &Known, ended: &[(Option<f64>, f64)]) -> Budget {
    let (mut by_trials, mut by_seconds): (Vec<(f64, f64)>, Vec<(f64, f64)>) = (vec![], vec![]);
    let (mut best, mut seconds) = (None, 0.0);
    for (i, (value, took)) in ended.iter().enumerate() {
        seconds += took;
        let is_better = |value: f64| best.is_none_or(|best| known.metric().is_better(value, best));
        if let Some(value) = value.filter(|&value| is_better(value)) {
            best = Some(value);
            by_trials.push((i as f64 + 1.0, value));
            by_seconds.push((seconds, value));
        }
    }
    if let Some(best) = best {
        by_trials.push((ended.len() as f64, best));
        by_seconds.push((seconds, best));
    }
    if seconds <= 0.0 {
        by_seconds.clear();
    }
    Budget { by_trials, by_seconds, is_expected: false }
}
