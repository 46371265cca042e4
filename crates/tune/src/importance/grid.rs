//! One parameter on a grid of at most 50 cells, and its densities by a Parzen estimator.
//!
//! The bandwidth is Scott's rule (1992), as in `optuna/importance/_ped_anova/scott_parzen_estimator.py`.

use crate::tail::upper;
use crate::{Distribution, Param, Trial};

const MAX_CELLS: usize = 50;
/// Keeps quotients of densities finite.
const TINY: f64 = 1e-12;

/// A parameter, and the cell of each trial that has it.
pub(super) struct GridAxis<'a> {
    param: &'a Param,
    size: usize,
    cells: Vec<Option<usize>>,
}

impl<'a> GridAxis<'a> {
    pub(super) fn new(param: &'a Param, trials: &[&Trial]) -> GridAxis<'a> {
        let size = size(&param.distribution);
        let cell = |trial: &&Trial| Some(cell(&param.distribution, size, *trial.params.get(&param.name)?));
        GridAxis { param, size, cells: trials.iter().map(cell).collect() }
    }

    pub(super) fn name(&self) -> &str {
        &self.param.name
    }

    /// Pearson's divergence of the parameter's density among the best from that among all, times α² / β: the shares of
    /// the best and of all that have the parameter. 0 for a parameter with one value, and if none of the best has it.
    pub(super) fn divergence(&self, all: &[usize], best: &[usize]) -> f64 {
        let (counts, best_counts) = (self.counts(all), self.counts(best));
        let (having, best_having) = (sum(&counts), sum(&best_counts));
        if self.param.distribution.is_single() || best_having == 0 {
            return 0.0;
        }
        let alpha = best_having as f64 / best.len() as f64;
        let beta = having as f64 / all.len() as f64;
        let gamma = best.len() as f64 / all.len() as f64;
        let pairs = self.density(&best_counts).into_iter().zip(self.density(&counts));
        let pearson: f64 = pairs.map(|(top, base)| base * (top / base - 1.0).powi(2)).sum();
        alpha * alpha / beta * pearson * gamma * gamma
    }

    fn counts(&self, trials: &[usize]) -> Vec<usize> {
        let mut counts = vec![0; self.size];
        trials.iter().filter_map(|&trial| self.cells[trial]).for_each(|cell| counts[cell] += 1);
        counts
    }

    fn density(&self, counts: &[usize]) -> Vec<f64> {
        let density = match self.param.distribution {
            Distribution::Categorical { .. } => of_choices(counts),
            _ => of_cells(counts),
        };
        density.into_iter().map(|p| p + TINY).collect()
    }
}

fn sum(counts: &[usize]) -> usize {
    counts.iter().sum()
}

/// How many cells a range is cut into: its values if they are few, the octaves of logarithmic integers.
fn size(distribution: &Distribution) -> usize {
    match *distribution {
        Distribution::Categorical { ref choices } => choices.len(),
        Distribution::Int { low, high, log: true, .. } => {
            let octaves = ((high - low + 1) as f64).ln() / 2f64.ln();
            (octaves.ceil() as usize + 1).min(MAX_CELLS)
        }
        _ => distribution.count().map_or(MAX_CELLS, |count| count.min(MAX_CELLS as u64) as usize),
    }
}

/// The nearest cell of a value, the lower one if two are as near.
fn cell(distribution: &Distribution, size: usize, value: f64) -> usize {
    let (low, high, log) = match *distribution {
        Distribution::Categorical { .. } => return (value as usize).min(size - 1),
        Distribution::Float { low, high, log, .. } => (low, high, log),
        Distribution::Int { low, high, log, .. } => (low as f64, high as f64, log),
    };
    let scale = |x: f64| if log { x.ln() } else { x };
    let width = (scale(high) - scale(low)) / (size as f64 - 1.0);
    let cell = ((scale(value) - scale(low)) / width - 0.5).ceil();
    (cell.max(0.0) as usize).min(size - 1)
}

/// Each observed choice with its weight, blurred by the share of one in all observed ones; the prior is uniform.
fn of_choices(counts: &[usize]) -> Vec<f64> {
    let size = counts.len() as f64;
    let total = sum(counts) as f64 + 1.0;
    let blur = 1.0 / (counts.iter().filter(|&&count| count > 0).count() as f64 + 1.0);
    let row = size * blur + 1.0;
    let base = (total - 1.0) / total * (blur / row) + 1.0 / (total * size);
    counts.iter().map(|&count| base + count as f64 / (total * row)).collect()
}

/// A normal kernel around each observed cell, truncated at the ends, and a wide one over all as the prior.
fn of_cells(counts: &[usize]) -> Vec<f64> {
    let (size, total) = (counts.len(), sum(counts) as f64 + 1.0);
    let sigma = bandwidth(counts);
    // The tail beyond each edge of the cells, from the middle of a kernel.
    let tails: Vec<f64> = (0..size).map(|k| upper((k as f64 + 0.5) / sigma)).collect();
    let mass = |distance: usize| match distance {
        0 => 1.0 - 2.0 * tails[0],
        _ => tails[distance - 1] - tails[distance],
    };
    let masses: Vec<f64> = (0..size).map(mass).collect();
    let mut density: Vec<f64> = prior(size).into_iter().map(|p| p / total).collect();
    for (middle, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let weight = count as f64 / total / (1.0 - tails[middle] - tails[size - 1 - middle]);
        density.iter_mut().enumerate().for_each(|(x, p)| *p += weight * masses[x.abs_diff(middle)]);
    }
    density
}

/// The masses of a normal distribution as wide as the grid, around its middle.
fn prior(size: usize) -> Vec<f64> {
    let n = size as f64;
    let edge = |k: usize| upper((k as f64 - n / 2.0) / n);
    let all = edge(0) - edge(size);
    (0..size).map(|k| (edge(k) - edge(k + 1)) / all).collect()
}

/// Scott's rule, on the interquartile range where that is narrower, and at least so wide that a cell holds 90 % of a
/// kernel.
fn bandwidth(counts: &[usize]) -> f64 {
    let observed: Vec<(f64, usize)> =
        counts.iter().enumerate().filter(|(_, n)| **n > 0).map(|(cell, &n)| (cell as f64, n)).collect();
    let total = sum(counts);
    let weighted = |f: &dyn Fn(f64) -> f64| observed.iter().map(|&(x, n)| f(x) * n as f64).sum::<f64>();
    let mean = weighted(&|x| x) / total as f64;
    let variance = weighted(&|x| (x - mean) * (x - mean)) / (total - 1).max(1) as f64;
    let iqr = quartile(&observed, |cumulated| cumulated > total * 3 / 4)
        - quartile(&observed, |cumulated| cumulated >= total / 4);
    let scott = 1.059 * (iqr / 1.34).min(variance.sqrt()) * (total as f64).powf(-0.2);
    scott.max(0.5 / 1.64)
}

/// The first cell at which the cumulated count is enough, or the last one.
fn quartile(observed: &[(f64, usize)], enough: impl Fn(usize) -> bool) -> f64 {
    let mut cumulated = 0;
    let first = observed.iter().find(|(_, count)| {
        cumulated += count;
        enough(cumulated)
    });
    first.or(observed.last()).map_or(0.0, |&(cell, _)| cell)
}
