//! Fitting the kernel: its parameters of the greatest posterior density.
//!
//! The density of the values y under a kernel's covariances K is that of N(0, K), and the priors are Optuna's; over the
//! logarithms of the parameters it is climbed by its gradient, tr((α αᵀ - K⁻¹) ∂K)/2 with α = K⁻¹ y.

use super::process::{Kernel, LEAST_NOISE, Observations, matern, squared_difference};
use crate::descent::{StopCriteria, minimize};
use crate::linear::{Cholesky, SquareMatrix, dot};

/// The differences of all pairs of points, computed once for the whole fit.
struct PairDistances {
    /// For each pair i > j, row by row: the squared difference of each coordinate.
    squared: Vec<f64>,
}

impl PairDistances {
    fn new(data: &Observations) -> PairDistances {
        let mut differences = Vec::new();
        for (i, a) in data.x.iter().enumerate() {
            for b in &data.x[..i] {
                differences.extend((0..a.len()).map(|d| squared_difference(data.categorical[d], a[d], b[d])));
            }
        }
        PairDistances { squared: differences }
    }
}

/// Minus the logarithm of the posterior density of the kernel's parameters (but for a constant), and its gradient.
fn loss(data: &Observations, pairs: &PairDistances, raw: &[f64]) -> (f64, Vec<f64>) {
    let kernel = Kernel::from_raw(raw);
    let (n, dims) = (data.x.len(), kernel.inverse_squares.len());
    let kernels: Vec<(f64, f64)> =
        pairs.squared.chunks_exact(dims).map(|p| matern(dot(p, &kernel.inverse_squares))).collect();
    let entry = |i: usize, j: usize| match i.cmp(&j) {
        std::cmp::Ordering::Less => 0.0,
        std::cmp::Ordering::Equal => kernel.scale + kernel.noise,
        std::cmp::Ordering::Greater => kernel.scale * kernels[i * (i - 1) / 2 + j].0,
    };
    let Some(factor) = Cholesky::new(SquareMatrix::from_fn(n, entry)) else {
        return (f64::INFINITY, vec![0.0; raw.len()]);
    };
    let alpha = factor.solve(&data.y);
    let value = 0.5 * factor.log_det() + 0.5 * dot(&alpha, &data.y) - kernel.log_prior();
    let sums = derivatives(&alpha, &factor.inverse(), pairs, &kernels, dims);
    (value, gradient(&kernel, &sums))
}

/// Sums of W = α αᵀ - K⁻¹ over the pairs: with the kernel's derivative by each coordinate, with the kernel, and its
/// trace.
struct GradientSums {
    by_coordinate: Vec<f64>,
    with_kernel: f64,
    trace: f64,
}

fn derivatives(
    alpha: &[f64],
    inverse: &SquareMatrix,
    pairs: &PairDistances,
    kernels: &[(f64, f64)],
    dims: usize,
) -> GradientSums {
    let mut sums = GradientSums { by_coordinate: vec![0.0; dims], with_kernel: 0.0, trace: 0.0 };
    let mut at = 0;
    for i in 0..alpha.len() {
        for j in 0..i {
            let w = alpha[i] * alpha[j] - inverse.at(i, j);
            let (m, slope) = kernels[at];
            sums.with_kernel += w * m;
            for (sum, squared) in
                sums.by_coordinate.iter_mut().zip(&pairs.squared[at * dims..(at + 1) * dims])
            {
                *sum += w * slope * squared;
            }
            at += 1;
        }
        sums.trace += alpha[i] * alpha[i] - inverse.at(i, i);
    }
    sums
}

/// The gradient by the logarithms.
fn gradient(kernel: &Kernel, sums: &GradientSums) -> Vec<f64> {
    let coordinate = |(l, sum): (&f64, &f64)| -(kernel.scale * l * sum) - (0.1 / l - 0.1 * l);
    let mut gradient: Vec<f64> =
        kernel.inverse_squares.iter().zip(&sums.by_coordinate).map(coordinate).collect();
    let s = kernel.scale;
    gradient.push(-(s * (sums.with_kernel + 0.5 * sums.trace)) - (1.0 - s));
    gradient.push((-0.5 * sums.trace - (0.1 / kernel.noise - 30.0)) * (kernel.noise - LEAST_NOISE));
    gradient
}

/// The kernel's parameters of the greatest posterior density.
pub(super) fn fit(data: &Observations) -> Kernel {
    let dims = data.categorical.len();
    let pairs = PairDistances::new(data);
    let start = vec![0.0; dims + 2];
    let bounds = vec![(-40.0, 40.0); dims + 2];
    let stop = StopCriteria { gradient: 1e-2, steps: 200 };
    let best = minimize(|raw| loss(data, &pairs, raw), &start, &bounds, stop);
    Kernel::from_raw(&best.x)
}

#[cfg(test)]
mod tests {
    use super::super::process::tests::{assert_close, cases, data, numbers};
    use super::*;

    #[test]
    fn density_and_gradient_are_optunas_and_the_fit_is_as_good() {
        for case in cases() {
            let data = data(&case);
            let pairs = PairDistances::new(&data);
            let (value, gradient) = loss(&data, &pairs, &numbers(&case["raw"]));
            assert_close(&[value], &[case["loss"].as_f64().unwrap()], 1e-10);
            assert_close(&gradient, &numbers(&case["gradient"]), 1e-9);
            let kernel = fit(&data);
            let raw: Vec<f64> = kernel
                .inverse_squares
                .iter()
                .map(|l| l.ln())
                .chain([kernel.scale.ln(), (kernel.noise - LEAST_NOISE).ln()])
                .collect();
            let fitted = loss(&data, &pairs, &raw).0;
            assert!(fitted < case["best_loss"].as_f64().unwrap() + 1e-3, "{fitted} {}", case["best_loss"]);
        }
    }
}
