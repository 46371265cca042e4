//! How promising a point is: the logarithm of the expected improvement, and of the chance that constraints hold.
//!
//! For a standard normal number x, h(z) = E max(0, x + z) = z Φ(z) + φ(z). The improvement over a threshold t of a
//! point with mean μ and standard deviation σ is σ h((μ - t)/σ). Its logarithm does not vanish where the improvement
//! does (Ament et al. 2023, "Unexpected improvements to expected improvement").

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::process::{GaussianProcess, Posterior};

/// Keeps the standard deviation above 0.
const STABILISER: f64 = 1e-12;
/// Below this, differences of almost equal numbers are replaced by their series.
const FAR: f64 = -25.0;

/// What makes a point promising: the sum of logarithms over the objective and the constraints.
pub(super) struct Acquisition {
    /// The process of the objective and the best value observed; none while no trial is feasible.
    pub(super) objective: Option<(GaussianProcess, f64)>,
    /// The processes of the constraints and what they must exceed.
    pub(super) constraints: Vec<(GaussianProcess, f64)>,
}

impl Acquisition {
    /// The logarithm at a point.
    pub(super) fn value(&self, x: &[f64]) -> f64 {
        self.terms().map(|(process, threshold, log)| evaluate(process, threshold, log, x).0).sum()
    }

    /// The logarithm at a point and its gradient, which is 0 along categories.
    pub(super) fn value_and_gradient(&self, x: &[f64]) -> (f64, Vec<f64>) {
        let (mut value, mut gradient) = (0.0, vec![0.0; x.len()]);
        for (process, threshold, log) in self.terms() {
            let (term, posterior, by_mean, by_variance) = evaluate(process, threshold, log, x);
            value += term;
            process.add_gradient(x, posterior, by_mean, by_variance, &mut gradient);
        }
        (value, gradient)
    }

    /// The length scales of the coordinates.
    pub(super) fn lengths(&self) -> Vec<f64> {
        self.terms().next().map_or(Vec::new(), |(process, ..)| process.lengths())
    }

    fn terms(&self) -> impl Iterator<Item = (&GaussianProcess, f64, Logarithm)> {
        let objective =
            self.objective.iter().map(|(process, threshold)| (process, *threshold, improvement as Logarithm));
        let constraints =
            self.constraints.iter().map(|(process, threshold)| (process, *threshold, excess as Logarithm));
        objective.chain(constraints)
    }
}

/// From z and σ: a logarithm, its derivative by z, and its derivative by the logarithm of σ itself.
type Logarithm = fn(f64, f64) -> (f64, f64, f64);

/// A logarithm at a point, the posterior there, and the derivatives by its mean and its variance.
fn evaluate(
    process: &GaussianProcess,
    threshold: f64,
    log: Logarithm,
    x: &[f64],
) -> (f64, Posterior, f64, f64) {
    let posterior = process.posterior(x);
    let sigma = (posterior.variance + STABILISER).sqrt();
    let z = (posterior.mean - threshold) / sigma;
    let (value, by_z, by_log_sigma) = log(z, sigma);
    // z moves with the mean by 1/σ, and with σ by -z/σ; σ moves with the variance by 1/(2σ).
    (value, posterior, by_z / sigma, (by_log_sigma - z * by_z) / (2.0 * sigma * sigma))
}

/// log(σ h(z)); h' = Φ.
fn improvement(z: f64, sigma: f64) -> (f64, f64, f64) {
    let (log_density, ratio, h) = tails(z);
    (log_density + libm::log(h) + libm::log(sigma), ratio / h, 1.0)
}

/// log Φ(z), the chance that a point exceeds the threshold.
fn excess(z: f64, _sigma: f64) -> (f64, f64, f64) {
    if z > 5.0 {
        let tail = 0.5 * libm::erfc(z * FRAC_1_SQRT_2);
        return (libm::log1p(-tail), libm::exp(-0.5 * z * z) / ((2.0 * PI).sqrt() * (1.0 - tail)), 0.0);
    }
    let (log_density, ratio, _) = tails(z);
    (log_density + libm::log(ratio), 1.0 / ratio, 0.0)
}

/// log φ(z), Φ(z)/φ(z) and h(z)/φ(z); for large z divided by 1 instead of φ(z), which would vanish.
fn tails(z: f64) -> (f64, f64, f64) {
    let log_density = -0.5 * z * z - 0.5 * libm::log(2.0 * PI);
    if z < FAR {
        // Φ/φ = (1 - u + 3u² - 15u³ + …)/|z| with u = 1/z², and h/φ = 1 - |z| Φ/φ.
        let u = 1.0 / (z * z);
        let rest =
            u * (1.0 - 3.0 * u * (1.0 - 5.0 * u * (1.0 - 7.0 * u * (1.0 - 9.0 * u * (1.0 - 11.0 * u)))));
        return (log_density, (1.0 - rest) / -z, rest);
    }
    let below = 0.5 * libm::erfc(-z * FRAC_1_SQRT_2);
    let density = libm::exp(log_density);
    match z > 5.0 {
        true => (0.0, below, z * below + density),
        false => (log_density, below / density, (z * below + density) / density),
    }
}

#[cfg(test)]
mod tests {
    use super::super::process::tests::{assert_close, cases, numbers, process, rows};
    use super::*;

    #[test]
    fn log_ei_and_its_gradient_are_optunas() {
        for case in cases() {
            for expected in case["looks"].as_array().unwrap().iter().take(2) {
                let threshold = expected["threshold"].as_f64().unwrap();
                let acquisition =
                    Acquisition { objective: Some((process(&case), threshold)), constraints: vec![] };
                for (i, x) in rows(&case["at"]).iter().enumerate() {
                    let (value, gradient) = acquisition.value_and_gradient(x);
                    assert_close(&[value], &[expected["log_ei"][i].as_f64().unwrap()], 1e-7);
                    if !expected["gradient"][i].is_null() {
                        assert_close(&gradient, &numbers(&expected["gradient"][i]), 1e-5);
                    }
                    assert_eq!(value, acquisition.value(x));
                }
            }
        }
    }

    /// Python: `from mpmath import *; mp.dps = 60; h = lambda z: z*ncdf(z) + npdf(z)`, then `log(h(z))` and
    /// `log(ncdf(z))`.
    #[test]
    fn the_logarithms_are_exact_far_from_the_threshold() {
        for (z, log_h, log_phi) in [
            (-100.0, -5_010.129_578_800_25, -5_005.524_208_694_205),
            (-26.0, -345.439_546_722_318, -342.178_508_929_927_83),
            (-24.0, -295.280_223_234_804_9, -292.098_721_003_207_8),
            (-6.0, -22.578_879_392_169_797, -20.736_768_949_974_706),
            (0.0, -0.918_938_533_204_672_7, -std::f64::consts::LN_2),
            (7.0, 1.945_910_149_055_338_4, -1.279_812_543_886_654e-12),
        ] {
            assert!((improvement(z, 1.0).0 - log_h).abs() < 1e-9, "{z}: {}", improvement(z, 1.0).0);
            assert!((excess(z, 1.0).0 - log_phi).abs() < 1e-9 * log_phi.abs(), "{z}: {}", excess(z, 1.0).0);
        }
    }

    #[test]
    fn derivatives_are_the_limits_of_differences() {
        for log in [improvement as Logarithm, excess] {
            for z in [-80.0, -25.1, -24.9, -7.0, -1.0, 0.0, 2.0, 4.9, 5.1, 8.0] {
                let e = 1e-5;
                let difference = (log(z + e, 0.7).0 - log(z - e, 0.7).0) / (2.0 * e);
                let by_z = log(z, 0.7).1;
                assert!((by_z - difference).abs() < 1e-6 * by_z.abs().max(1e-4), "{z}: {by_z} {difference}");
            }
        }
    }

    #[test]
    fn a_constraint_turns_the_gradient_as_differences_say() {
        let case = &cases()[1];
        let acquisition =
            Acquisition { objective: Some((process(case), 1.0)), constraints: vec![(process(case), 0.5)] };
        for x in rows(&case["at"]) {
            let (_, gradient) = acquisition.value_and_gradient(&x);
            for d in 0..x.len() {
                let at = |e: f64| {
                    let mut x = x.clone();
                    x[d] += e;
                    acquisition.value(&x)
                };
                let difference = (at(1e-6) - at(-1e-6)) / 2e-6;
                assert!(
                    (gradient[d] - difference).abs() < 1e-3 * difference.abs().max(1.0),
                    "{gradient:?} {difference}"
                );
            }
        }
    }
}
