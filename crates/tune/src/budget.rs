//! What a budget gives: the best so far, the expected best of so many trials, and how the values are distributed.

use crate::{Direction, State, Trial};

/// What to expect of a random search of so many trials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ExpectedBest {
    /// The trials.
    pub trials: usize,
    /// The mean best of that many values drawn with replacement: Dodge, Gururangan, Card, Schwartz, Smith (2019).
    pub biased: f64,
    /// The mean best of that many different ones: Tang, Lee, Xin, Liu, Yu, Lin (2020). Unbiased, but at the end of the
    /// curve it rests on few values.
    pub unbiased: f64,
    /// The smaller end of the range in which the best of that many, drawn with replacement, lies with probability 0.95.
    pub low: f64,
    /// Its larger end.
    pub high: f64,
}

/// The expected best of 1, 2, … trials, as many as there are values, which must come from a *random* search: values
/// that a sampler chose by those before them are no sample, and the curve only describes them.
///
/// With the values sorted from worst to best, v₁ … v_B:
///
/// ```text
/// biased   Σ vᵢ [(i/B)ⁿ − ((i−1)/B)ⁿ]           unbiased   Σ vᵢ C(i−1, n−1) / C(B, n)
/// ```
///
/// A value that is not finite (a trial that failed) counts as the worst finite one. Long curves are given in steps of
/// about 5 %. Empty if no value is finite.
pub fn expected_best(values: &[f64], direction: Direction) -> Vec<ExpectedBest> {
    let sorted = worst_to_best(values, direction);
    budgets(sorted.len()).into_iter().map(|n| point(n, &sorted, direction)).collect()
}

/// Every number up to 20, then the next by a twentieth, and the last.
fn budgets(last: usize) -> Vec<usize> {
    let next = |&n: &usize| (n < last).then(|| (n + (n / 20).max(1)).min(last));
    std::iter::successors((last > 0).then_some(1), next).collect()
}

fn point(n: usize, sorted: &[f64], direction: Direction) -> ExpectedBest {
    let count = sorted.len();
    // The probability that the best of n drawn with replacement is vᵢ or worse, for i = 0 … B.
    let at_most: Vec<f64> = (0..=count).map(|i| (i as f64 / count as f64).powi(n as i32)).collect();
    let biased = sorted.iter().zip(at_most.windows(2)).map(|(v, p)| v * (p[1] - p[0])).sum();
    let quantile = |q: f64| sorted[at_most[1..].partition_point(|&p| p < q).min(count - 1)];
    let (worse, better) = (quantile(0.025), quantile(0.975));
    let (low, high) = if direction == Direction::Maximize { (worse, better) } else { (better, worse) };
    ExpectedBest { trials: n, biased, unbiased: unbiased(n, sorted), low, high }
}

/// The weight of the best value is n / B, and that of each other one follows from the next better one's.
fn unbiased(n: usize, sorted: &[f64]) -> f64 {
    let mut weight = n as f64 / sorted.len() as f64;
    let mut sum = 0.0;
    for i in (n..=sorted.len()).rev() {
        sum += weight * sorted[i - 1];
        weight *= (i - n) as f64 / (i as f64 - 1.0).max(1.0);
    }
    sum
}

fn worst_to_best(values: &[f64], direction: Direction) -> Vec<f64> {
    let finite = values.iter().copied().filter(|value| value.is_finite());
    let Some(worst) = finite.reduce(|a, b| if direction.is_better(a, b) { b } else { a }) else {
        return Vec::new();
    };
    let mut sorted: Vec<f64> = values.iter().map(|&v| if v.is_finite() { v } else { worst }).collect();
    sorted.sort_by(|&a, &b| direction.loss(b).total_cmp(&direction.loss(a)));
    sorted
}

/// The best value up to each trial, in the order of the trials. Only feasible complete trials with a finite value
/// count.
pub fn running_best(trials: &[Trial], direction: Direction) -> Vec<Option<f64>> {
    let mut best = None;
    let so_far = trials.iter().map(|trial| {
        let better = |value: &f64| best.is_none_or(|best| direction.is_better(*value, best));
        best = counted(trial).filter(better).or(best);
        best
    });
    so_far.collect()
}

/// The value of a trial that may be the best one.
pub(crate) fn counted(trial: &Trial) -> Option<f64> {
    trial.value().filter(|value| value.is_finite() && is_feasible(trial))
}

pub(crate) fn is_feasible(trial: &Trial) -> bool {
    trial.constraints.iter().all(|&violation| violation <= 0.0)
}

/// The feasible complete trial with the best finite value; of several, the first.
pub(crate) fn best_trial(trials: &[Trial], direction: Direction) -> Option<&Trial> {
    let known = trials.iter().filter_map(|trial| Some((trial, counted(trial)?)));
    known.reduce(|a, b| if direction.is_better(b.1, a.1) { b } else { a }).map(|(trial, _)| trial)
}

/// The values of the complete trials, those that are finite.
pub fn finite_values(trials: &[Trial]) -> Vec<f64> {
    let complete = trials.iter().filter(|trial| trial.state == State::Complete);
    complete.filter_map(Trial::value).filter(|value| value.is_finite()).collect()
}

/// The empirical distribution function: each different value in ascending order, with the fraction of values up to it.
/// Values that are not finite are left out.
pub fn distribution_function(values: &[f64]) -> Vec<(f64, f64)> {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let mut up_to = 0;
    let steps = sorted.chunk_by(|a, b| a == b).map(|group| {
        up_to += group.len();
        (group[0], up_to as f64 / sorted.len() as f64)
    });
    steps.collect()
}
