//! Importance: how much each parameter had to do with reaching the best tenth of the trials.
//!
//! PED-ANOVA (Watanabe, Bansal, Hutter 2023; for conditional parameters arXiv 2601.20800), with the settings of Optuna
//! 5.0: for each parameter the Pearson divergence between its density among the best trials and among all, on a
//! grid, then divided by the sum. Optuna gives these numbers alone; here they come with bootstrap intervals, and not at
//! all below [`MIN_TRIALS`] trials, where noise decides them more than the parameters.

mod grid;

use std::fmt;

use toile_rng::{Seed, Stream};

use crate::{Direction, Space, State, Trial};
use grid::GridAxis;

/// Complete trials below which no importance is given.
pub const MIN_TRIALS: usize = 30;

/// Resamples of the trials behind an interval.
pub const RESAMPLES: usize = 1000;

/// The fraction of trials that counts as the best.
const BEST: f64 = 0.1;

/// What one parameter had to do with the best trials.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The parameter.
    pub name: String,
    /// Its share; the shares of all parameters add up to 1.
    pub value: f64,
    /// Where 95 % of the resamples begin: the 2.5 % percentile.
    pub low: f64,
    /// Where they end: the 97.5 % percentile.
    pub high: f64,
}

/// There are not enough complete trials with finite values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooFewTrials {
    /// How many there are.
    pub found: usize,
    /// How many there must be.
    pub needed: usize,
}

impl fmt::Display for TooFewTrials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TooFewTrials { found, needed } = self;
        write!(f, "the importance of parameters needs {needed} complete trials, found {found}")
    }
}

impl std::error::Error for TooFewTrials {}

/// The importance of each parameter that a complete trial had, the largest first, with intervals from [`RESAMPLES`]
/// resamples of the trials. `seed` is that of the search; the result is a function of the arguments alone.
///
/// # Errors
/// Fewer than [`MIN_TRIALS`] complete trials with finite values.
pub fn importance(
    space: &Space,
    trials: &[Trial],
    direction: Direction,
    seed: Seed,
) -> Result<Vec<Importance>, TooFewTrials> {
    let sample = TrialSample::new(space, trials, direction);
    let found = sample.losses.len();
    if found < MIN_TRIALS {
        return Err(TooFewTrials { found, needed: MIN_TRIALS });
    }
    let resampled =
        (0..RESAMPLES as u64).map(|i| sample.shares(&resample(seed.stream("importance", i), found)));
    let resampled: Vec<Vec<f64>> = resampled.collect();
    let all: Vec<usize> = (0..found).collect();
    let shares = sample.shares(&all).into_iter().enumerate().map(|(i, value)| {
        let (low, high) = middle(resampled.iter().map(|shares| shares[i]).collect());
        Importance { name: sample.axes[i].name().into(), value, low, high }
    });
    let mut shares: Vec<Importance> = shares.collect();
    shares.sort_by(|a, b| b.value.total_cmp(&a.value));
    Ok(shares)
}

/// The importance of each parameter that a complete trial had, in the space's order, by name: Optuna's numbers, however
/// few the trials.
pub fn ped_anova(space: &Space, trials: &[Trial], direction: Direction) -> Vec<(String, f64)> {
    let sample = TrialSample::new(space, trials, direction);
    let all: Vec<usize> = (0..sample.losses.len()).collect();
    let names = sample.axes.iter().map(|axis| axis.name().to_string());
    names.zip(sample.shares(&all)).collect()
}

/// The complete trials with finite values, every parameter cut into cells.
struct TrialSample<'a> {
    losses: Vec<f64>,
    axes: Vec<GridAxis<'a>>,
}

impl<'a> TrialSample<'a> {
    fn new(space: &'a Space, trials: &[Trial], direction: Direction) -> TrialSample<'a> {
        let complete: Vec<&Trial> = trials.iter().filter(|trial| trial.state == State::Complete).collect();
        let finite = |trial: &&&Trial| trial.values.iter().all(|value| value.is_finite());
        let known: Vec<&Trial> = complete.iter().filter(finite).copied().collect();
        let losses =
            known.iter().filter_map(|trial| trial.value()).map(|value| direction.loss(value)).collect();
        let present =
            space.params.iter().filter(|param| complete.iter().any(|t| t.params.contains_key(&param.name)));
        TrialSample { losses, axes: present.map(|param| GridAxis::new(param, &known)).collect() }
    }

    /// The share of each parameter in the divergence, judged by the trials at these places.
    fn shares(&self, chosen: &[usize]) -> Vec<f64> {
        let best = self.best(chosen);
        let parts: Vec<f64> = self.axes.iter().map(|axis| axis.divergence(chosen, &best)).collect();
        let sum: f64 = parts.iter().sum();
        let equal = 1.0 / parts.len() as f64;
        parts.into_iter().map(|part| if sum == 0.0 { equal } else { part / sum }).collect()
    }

    /// Those among the chosen that belong to the best tenth, with all that tie with the last of it.
    fn best(&self, chosen: &[usize]) -> Vec<usize> {
        let mut losses: Vec<f64> = chosen.iter().map(|&i| self.losses[i]).collect();
        let Some(last) = ((BEST * losses.len() as f64).ceil() as usize).checked_sub(1) else {
            return Vec::new();
        };
        let (_, &mut bar, _) = losses.select_nth_unstable_by(last, f64::total_cmp);
        chosen.iter().copied().filter(|&i| self.losses[i] <= bar).collect()
    }
}

/// As many places as there are, drawn with replacement.
fn resample(mut stream: Stream, count: usize) -> Vec<usize> {
    (0..count).map(|_| stream.below(count as u32) as usize).collect()
}

/// The 2.5 % and the 97.5 % percentile.
fn middle(mut values: Vec<f64>) -> (f64, f64) {
    values.sort_by(f64::total_cmp);
    let at = |q: f64| values[(q * (values.len() - 1) as f64).round() as usize];
    (at(0.025), at(0.975))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_holds_the_middle_95_percent() {
        assert_eq!(middle((0..=1000).rev().map(f64::from).collect()), (25.0, 975.0));
        assert_eq!(middle(vec![7.0]), (7.0, 7.0));
    }

    #[test]
    fn a_refusal_says_what_is_missing() {
        let refusal = TooFewTrials { found: 12, needed: 30 };
        assert_eq!(refusal.to_string(), "the importance of parameters needs 30 complete trials, found 12");
    }
}
