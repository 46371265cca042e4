//! The Gaussian process: the posterior of the objective everywhere, given its values at some points.
//!
//! Kernel: k(a, b) = s m(r²), r² = Σ λᵢ dᵢ(a, b), where dᵢ is the squared difference of coordinate i (for categories 1
//! if they differ), λᵢ an inverse squared length scale, and m(r²) = (1 + √5 r + 5/3 r²) exp(-√5 r) Matérn's function
//! 5/2. λ, s and the noise's variance are those of the greatest posterior density under Optuna's priors: log p = -Σ
//! (0.1/λᵢ + 0.1 λᵢ) + (log s - s) + (0.1 log noise - 30 noise).

use std::rc::Rc;

use crate::linear::{Cholesky, SquareMatrix, dot};

/// The noise's variance is above this, so that the matrix keeps its Cholesky factor.
pub(super) const LEAST_NOISE: f64 = 1e-6;

/// Points and the values observed there, standardised; larger is better.
#[derive(Clone, Debug)]
pub(super) struct Observations {
    /// Which coordinates are categories.
    pub(super) categorical: Rc<[bool]>,
    /// The points.
    pub(super) x: Vec<Vec<f64>>,
    /// The values.
    pub(super) y: Vec<f64>,
}

/// The kernel's parameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kernel {
    /// λ: the inverse squared length scale of each coordinate.
    pub(super) inverse_squares: Vec<f64>,
    /// s: the variance of the function.
    pub(super) scale: f64,
    /// The variance of an observation about the function.
    pub(super) noise: f64,
}

/// m(r²) and its derivative by r².
pub(super) fn matern(squared: f64) -> (f64, f64) {
    let r = (5.0 * squared).sqrt();
    let decay = libm::exp(-r);
    (decay * (5.0 / 3.0 * squared + r + 1.0), -5.0 / 6.0 * (r + 1.0) * decay)
}

/// The squared difference of two coordinates.
pub(super) fn squared_difference(categorical: bool, a: f64, b: f64) -> f64 {
    match categorical {
        true => f64::from(u8::from(a != b)),
        false => (a - b) * (a - b),
    }
}

impl Kernel {
    /// From the logarithms that are fitted: of λ, of s, of the noise above the least.
    pub(super) fn from_raw(raw: &[f64]) -> Kernel {
        let (scales, rest) = raw.split_at(raw.len() - 2);
        Kernel {
            inverse_squares: scales.iter().map(|&r| libm::exp(r)).collect(),
            scale: libm::exp(rest[0]),
            noise: libm::exp(rest[1]) + LEAST_NOISE,
        }
    }

    /// The logarithm of the prior density.
    pub(super) fn log_prior(&self) -> f64 {
        let scales: f64 = self.inverse_squares.iter().map(|l| 0.1 / l + 0.1 * l).sum();
        -scales + libm::log(self.scale) - self.scale + 0.1 * libm::log(self.noise) - 30.0 * self.noise
    }

    /// m(r²) of two points and its derivative.
    fn between(&self, categorical: &[bool], a: &[f64], b: &[f64]) -> (f64, f64) {
        let mut squared = 0.0;
        for i in 0..a.len() {
            squared += self.inverse_squares[i] * squared_difference(categorical[i], a[i], b[i]);
        }
        matern(squared)
    }

    /// The factor of the points' covariances, noise included.
    fn factor(&self, data: &Observations) -> Option<Cholesky> {
        let entry = |i: usize, j: usize| match i.cmp(&j) {
            std::cmp::Ordering::Less => 0.0,
            std::cmp::Ordering::Equal => self.scale + self.noise,
            std::cmp::Ordering::Greater => {
                self.scale * self.between(&data.categorical, &data.x[i], &data.x[j]).0
            }
        };
        Cholesky::new(SquareMatrix::from_fn(data.x.len(), entry))
    }
}

/// A kernel and observations.
#[derive(Clone, Debug)]
pub(super) struct GaussianProcess {
    data: Observations,
    kernel: Kernel,
    factor: Cholesky,
    alpha: Vec<f64>,
}

/// The posterior at a point, and what its gradient needs.
pub(super) struct Posterior {
    /// The mean.
    pub(super) mean: f64,
    /// The variance of the function, without noise.
    pub(super) variance: f64,
    solved: Vec<f64>,
    slopes: Vec<f64>,
}

impl GaussianProcess {
    /// None if the points' covariances cannot be factored.
    pub(super) fn new(data: Observations, kernel: Kernel) -> Option<GaussianProcess> {
        let factor = kernel.factor(&data)?;
        let alpha = factor.solve(&data.y);
        Some(GaussianProcess { data, kernel, factor, alpha })
    }

    /// The kernel's length scale of each coordinate.
    pub(super) fn lengths(&self) -> Vec<f64> {
        self.kernel.inverse_squares.iter().map(|l| 1.0 / l.sqrt()).collect()
    }

    /// The process that takes its own mean for the value at the points of running trials (the Kriging believer of
    /// Ginsbourger et al. 2010).
    pub(super) fn with_running(self, points: Vec<Vec<f64>>) -> Option<GaussianProcess> {
        if points.is_empty() {
            return Some(self);
        }
        let means: Vec<f64> = points.iter().map(|x| self.posterior(x).mean).collect();
        let GaussianProcess { mut data, kernel, .. } = self;
        data.x.extend(points);
        data.y.extend(means);
        GaussianProcess::new(data, kernel)
    }

    /// The posterior at a point.
    pub(super) fn posterior(&self, x: &[f64]) -> Posterior {
        let (mut covariances, mut slopes) =
            (Vec::with_capacity(self.factor.n()), Vec::with_capacity(self.factor.n()));
        for other in &self.data.x {
            let (m, slope) = self.kernel.between(&self.data.categorical, x, other);
            covariances.push(self.kernel.scale * m);
            slopes.push(self.kernel.scale * slope);
        }
        let mean = dot(&covariances, &self.alpha);
        self.factor.solve_lower(&mut covariances);
        let variance = (self.kernel.scale - dot(&covariances, &covariances)).max(0.0);
        Posterior { mean, variance, solved: covariances, slopes }
    }

    /// Adds the gradient of `by_mean` times the mean and `by_variance` times the variance.
    pub(super) fn add_gradient(
        &self,
        x: &[f64],
        posterior: Posterior,
        by_mean: f64,
        by_variance: f64,
        gradient: &mut [f64],
    ) {
        let mut solved = posterior.solved;
        self.factor.solve_upper(&mut solved);
        for (i, other) in self.data.x.iter().enumerate() {
            let weight =
                2.0 * (by_mean * self.alpha[i] - 2.0 * by_variance * solved[i]) * posterior.slopes[i];
            for d in 0..x.len() {
                if !self.data.categorical[d] {
                    gradient[d] += weight * self.kernel.inverse_squares[d] * (x[d] - other[d]);
                }
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::Value;

    use super::*;

    pub(in super::super) fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    }

    pub(in super::super) fn rows(value: &Value) -> Vec<Vec<f64>> {
        value.as_array().unwrap().iter().map(numbers).collect()
    }

    pub(in super::super) fn cases() -> Vec<Value> {
        serde_json::from_str(include_str!("../../../tests/golden/gp.json")).unwrap()
    }

    pub(in super::super) fn data(case: &Value) -> Observations {
        let categorical = case["categorical"].as_array().unwrap().iter().map(|c| c.as_bool().unwrap());
        Observations { categorical: categorical.collect(), x: rows(&case["x"]), y: numbers(&case["y"]) }
    }

    pub(in super::super) fn process(case: &Value) -> GaussianProcess {
        GaussianProcess::new(data(case), Kernel::from_raw(&numbers(&case["raw"]))).unwrap()
    }

    pub(in super::super) fn assert_close(found: &[f64], wanted: &[f64], tolerance: f64) {
        assert_eq!(found.len(), wanted.len());
        for (a, b) in found.iter().zip(wanted) {
            assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{a} is not {b}");
        }
    }

    #[test]
    fn means_and_variances_are_optunas_with_running_trials_too() {
        for case in cases() {
            for (row, running) in [(0, vec![]), (2, rows(&case["running"]))] {
                let process = process(&case).with_running(running).unwrap();
                let posteriors: Vec<Posterior> =
                    rows(&case["at"]).iter().map(|x| process.posterior(x)).collect();
                let expected = &case["looks"][row];
                assert_close(
                    &posteriors.iter().map(|b| b.mean).collect::<Vec<_>>(),
                    &numbers(&expected["mean"]),
                    1e-9,
                );
                assert_close(
                    &posteriors.iter().map(|b| b.variance).collect::<Vec<_>>(),
                    &numbers(&expected["var"]),
                    1e-9,
                );
            }
        }
    }
}
