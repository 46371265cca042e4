//! The Parzen estimator: a mixture of kernels, one for each observation and one for the prior, each a product over the
//! parameters.

use crate::normal::{LN_SQRT_TAU, ln_mass, ln_mass_of_slice, quantile};
use crate::{Distribution, Param};

/// A density over some parameters. Values come in columns, one per parameter.
pub(super) struct Parzen {
    /// One per kernel, the last is the prior's; their sum is 1.
    pub(super) weights: Vec<f64>,
    pub(super) axes: Vec<ParzenAxis>,
}

/// One parameter's factor of every kernel.
pub(super) enum ParzenAxis {
    Numeric(NumericAxis),
    Categorical(CategoricalAxis),
}

/// Normal distributions truncated at the bounds, on the scale of the logarithm with `log`.
pub(super) struct NumericAxis {
    distribution: Distribution,
    log: bool,
    /// The distance of neighbouring values; 0 where the range is continuous.
    step: f64,
    /// 1, or a fraction for ranges wider than the largest `f64`.
    scale: f64,
    /// The bounds, half a step outside of the smallest and largest value.
    low: f64,
    high: f64,
    /// Means and standard deviations.
    pub(super) kernels: Vec<(f64, f64)>,
}

/// Each observed choice, and the prior, for which all are equally likely.
pub(super) struct CategoricalAxis {
    choices: usize,
    observed: Vec<Option<usize>>,
}

/// All observations count the same.
pub(super) fn equal_weights(n: usize) -> Vec<f64> {
    vec![1.0; n]
}

/// The newest 25 observations count fully, older ones less and less, down to 1 / n.
pub(super) fn falling_weights(n: usize) -> Vec<f64> {
    let old = n.saturating_sub(25);
    let start = 1.0 / n as f64;
    let step = (1.0 - start) / old.saturating_sub(1).max(1) as f64;
    let ramp = |i: usize| if old > 1 && i == old - 1 { 1.0 } else { i as f64 * step + start };
    (0..old).map(ramp).chain((old..n).map(|_| 1.0)).collect()
}

impl Parzen {
    /// From observations in columns of the same length, oldest first.
    pub(super) fn new(params: &[&Param], columns: &[Vec<f64>], weigh: fn(usize) -> Vec<f64>) -> Self {
        let mut weights = weigh(columns.first().map_or(0, Vec::len));
        weights.push(1.0);
        let sum: f64 = weights.iter().sum();
        weights.iter_mut().for_each(|weight| *weight /= sum);
        let axes =
            params.iter().zip(columns).map(|(param, column)| ParzenAxis::new(&param.distribution, column));
        Parzen { weights, axes: axes.collect() }
    }

    /// Random values from uniform numbers, drawn in Optuna's order: kernels, categorical parameters, numeric ones.
    pub(super) fn sample(&self, size: usize, uniform: &mut dyn FnMut() -> f64) -> Vec<Vec<f64>> {
        let kernels: Vec<usize> = self.choose(size, uniform);
        let mut columns = vec![Vec::new(); self.axes.len()];
        for (axis, column) in self.axes.iter().zip(&mut columns) {
            if let ParzenAxis::Categorical(axis) = axis {
                *column = kernels.iter().map(|&kernel| axis.sample(kernel, uniform())).collect();
            }
        }
        for (axis, column) in self.axes.iter().zip(&mut columns) {
            if let ParzenAxis::Numeric(axis) = axis {
                *column = kernels.iter().map(|&kernel| axis.sample(kernel, uniform())).collect();
            }
        }
        columns
    }

    /// Kernels by their weights.
    fn choose(&self, size: usize, uniform: &mut dyn FnMut() -> f64) -> Vec<usize> {
        let sums = self.weights.iter().scan(0.0, |sum, weight| {
            *sum += weight;
            Some(*sum)
        });
        let mut sums: Vec<f64> = sums.collect();
        let last = sums[sums.len() - 1];
        sums.iter_mut().for_each(|sum| *sum /= last);
        (0..size).map(|_| uniform()).map(|u| sums.partition_point(|&sum| sum <= u)).collect()
    }

    /// The logarithm of the density at each row of the columns, up to a term that all densities over these parameters
    /// share.
    pub(super) fn ln_density(&self, columns: &[Vec<f64>]) -> Vec<f64> {
        let ln_weights: Vec<f64> = self.weights.iter().map(|&weight| libm::log(weight)).collect();
        let mut rows = vec![ln_weights; columns.first().map_or(0, Vec::len)];
        for (axis, column) in self.axes.iter().zip(columns) {
            match axis {
                ParzenAxis::Numeric(axis) => axis.add_ln_density(column, &mut rows),
                ParzenAxis::Categorical(axis) => axis.add_ln_density(column, &mut rows),
            }
        }
        rows.iter().map(|row| ln_sum(row)).collect()
    }
}

/// ln Σ eˣ.
fn ln_sum(terms: &[f64]) -> f64 {
    let max = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if max == f64::NEG_INFINITY {
        return max;
    }
    // A term 10²² times smaller than the largest is lost in the sum anyway.
    let near = terms.iter().map(|term| term - max).filter(|&below| below > -50.0);
    libm::log(near.map(libm::exp).sum()) + max
}

impl ParzenAxis {
    fn new(distribution: &Distribution, observations: &[f64]) -> Self {
        match distribution {
            Distribution::Categorical { choices } => {
                let observed = observations.iter().map(|&index| Some(index as usize)).chain([None]);
                ParzenAxis::Categorical(CategoricalAxis {
                    choices: choices.len(),
                    observed: observed.collect(),
                })
            }
            Distribution::Float { .. } | Distribution::Int { .. } => {
                ParzenAxis::Numeric(NumericAxis::new(distribution, observations))
            }
        }
    }
}

impl NumericAxis {
    fn new(distribution: &Distribution, observations: &[f64]) -> Self {
        let (low, high, log, step) = match *distribution {
            Distribution::Float { low, high, log, step } => (low, high, log, step.unwrap_or(0.0)),
            Distribution::Int { low, high, log, step } => (low as f64, high as f64, log, step as f64),
            Distribution::Categorical { .. } => {
                unreachable!("categorical parameters have an axis of their own")
            }
        };
        let scale = if (high - low).is_finite() { 1.0 } else { 0.25 };
        let mut axis = NumericAxis {
            distribution: distribution.clone(),
            log,
            step,
            scale,
            low,
            high,
            kernels: Vec::new(),
        };
        axis.low = axis.model(low - step / 2.0);
        axis.high = axis.model(high + step / 2.0);
        let means: Vec<f64> = observations.iter().map(|&x| axis.model(x)).collect();
        let deviations = deviations(&means, axis.low, axis.high);
        let prior = (0.5 * (axis.low + axis.high), axis.high - axis.low);
        axis.kernels = means.into_iter().zip(deviations).chain([prior]).collect();
        axis
    }

    /// A value on the scale of the kernels.
    fn model(&self, x: f64) -> f64 {
        if self.log { libm::log(x) } else { x * self.scale }
    }

    /// The value of a kernel at a fraction of its mass.
    fn sample(&self, kernel: usize, fraction: f64) -> f64 {
        let (mean, deviation) = self.kernels[kernel];
        let z = quantile(fraction, (self.low - mean) / deviation, (self.high - mean) / deviation);
        let x = if z.is_nan() { mean } else { z * deviation + mean };
        self.distribution.nearest(if self.log { libm::exp(x) } else { x / self.scale })
    }

    fn add_ln_density(&self, column: &[f64], rows: &mut [Vec<f64>]) {
        if self.step == 0.0 {
            let factors: Vec<_> = self.kernels.iter().map(|&kernel| self.factor(kernel)).collect();
            for (&x, row) in column.iter().zip(rows) {
                let terms = self.kernels.iter().zip(&factors);
                row.iter_mut().zip(terms).for_each(|(term, (&kernel, &factor))| {
                    *term += ln_height(self.model(x), kernel) + factor;
                });
            }
            return;
        }
        // On steps most values are equal: each different one is computed once, as is each different kernel.
        let (different, index_of) = self.different();
        let factors: Vec<f64> = different.iter().map(|&kernel| self.factor(kernel)).collect();
        let mut values = column.to_vec();
        values.sort_by(f64::total_cmp);
        values.dedup();
        for value in values {
            let added = self.ln_shares(value, &different, &factors);
            let same = column.iter().zip(&mut *rows).filter(|(x, _)| **x == value);
            same.for_each(|(_, row)| row.iter_mut().zip(&index_of).for_each(|(term, &i)| *term += added[i]));
        }
    }

    /// The different kernels, and for each kernel the index of its equal among them.
    fn different(&self) -> (Vec<(f64, f64)>, Vec<usize>) {
        let mut order: Vec<usize> = (0..self.kernels.len()).collect();
        let by = |a: &(f64, f64), b: &(f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
        order.sort_unstable_by(|&i, &j| by(&self.kernels[i], &self.kernels[j]));
        let (mut different, mut index_of) = (Vec::new(), vec![0; self.kernels.len()]);
        for i in order {
            if different.last() != Some(&self.kernels[i]) {
                different.push(self.kernels[i]);
            }
            index_of[i] = different.len() - 1;
        }
        (different, index_of)
    }

    /// The logarithms of the mass of one of the discrete values, by kernel. Where values lie too close together for
    /// that, of the density, which is in proportion.
    fn ln_shares(&self, x: f64, kernels: &[(f64, f64)], factors: &[f64]) -> Vec<f64> {
        let (left, right) = (self.model(x - self.step / 2.0), self.model(x + self.step / 2.0));
        let too_close = right - left < 1e-11 * (self.high - self.low);
        let share = |(&(mean, deviation), &factor): (&(f64, f64), &f64)| {
            factor
                + if too_close {
                    ln_height(self.model(x), (mean, deviation)) - libm::log(deviation)
                } else {
                    ln_share((left - mean) / deviation, (right - mean) / deviation)
                }
        };
        kernels.iter().zip(factors).map(share).collect()
    }

    /// The logarithm of the factor that makes the kernel's mass between the bounds 1.
    fn factor(&self, (mean, deviation): (f64, f64)) -> f64 {
        let mass = ln_mass((self.low - mean) / deviation, (self.high - mean) / deviation);
        if self.step == 0.0 { -LN_SQRT_TAU - mass - libm::log(deviation) } else { -mass }
    }
}

/// The logarithm of a normal density at `x`, up to constants.
fn ln_height(x: f64, (mean, deviation): (f64, f64)) -> f64 {
    let z = (x - mean) / deviation;
    -(z * z) / 2.0
}

/// The logarithm of the mass between two ends. Kernels more than twenty deviations away add nothing to the density.
fn ln_share(left: f64, right: f64) -> f64 {
    let (z, h) = (0.5 * (left + right), right - left);
    let by_series = h < 0.05 && (z.abs() * h < 0.25 || z.abs() > 20.0);
    if by_series { ln_mass_of_slice(z, h) } else { ln_mass(left, right) }
}

/// For each mean the distance to its farther neighbour, within limits. Bounds are neighbours of a single mean only.
fn deviations(means: &[f64], low: f64, high: f64) -> Vec<f64> {
    let n = means.len();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| means[i].total_cmp(&means[j]));
    let at = |rank: usize| means[order[rank]];
    let (least, most) = ((high - low) / f64::min(100.0, 2.0 + n as f64), high - low);
    let mut deviations = vec![0.0; n];
    for (rank, &i) in order.iter().enumerate() {
        let left = if rank > 0 { at(rank) - at(rank - 1) } else { at(rank) - low };
        let right = if rank + 1 < n { at(rank + 1) - at(rank) } else { high - at(rank) };
        let gap = match rank {
            _ if n < 2 => left.max(right),
            0 => right,
            _ if rank + 1 == n => left,
            _ => left.max(right),
        };
        deviations[i] = gap.max(least).min(most);
    }
    deviations
}

impl CategoricalAxis {
    /// The probability of a choice: 1 / kernels for each and 1 more for the observed one, divided by their sum.
    pub(super) fn probability(&self, kernel: usize, choice: usize) -> f64 {
        let Some(observed) = self.observed[kernel] else { return 1.0 / self.choices as f64 };
        let each = 1.0 / self.observed.len() as f64;
        let own = if choice == observed { 1.0 } else { 0.0 };
        (each + own) / (each * self.choices as f64 + 1.0)
    }

    fn sample(&self, kernel: usize, fraction: f64) -> f64 {
        let mut sum = 0.0;
        let below = (0..self.choices - 1).filter(|&choice| {
            sum += self.probability(kernel, choice);
            sum < fraction
        });
        below.count() as f64
    }

    fn add_ln_density(&self, column: &[f64], rows: &mut [Vec<f64>]) {
        let ln = |kernel, choice| libm::log(self.probability(kernel, choice));
        for (&x, row) in column.iter().zip(rows) {
            let choice = x as usize;
            let prior = self.observed.len() - 1;
            let observed =
                |value: bool| self.observed.iter().position(|&o| o.is_some_and(|o| (o == choice) == value));
            let [hit, miss] =
                [true, false].map(|value| observed(value).map_or(0.0, |kernel| ln(kernel, choice)));
            for (term, observed) in row.iter_mut().zip(&self.observed) {
                *term += match observed {
                    None => ln(prior, choice),
                    Some(observed) if *observed == choice => hit,
                    Some(_) => miss,
                };
            }
        }
    }
}
