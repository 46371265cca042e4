//! The distribution of CMA-ES: a generation of points with their losses moves it, and it gives points of the unit cube.

use toile_rng::Stream;

use crate::linear::{SquareMatrix, dot, eigen};

/// The strategy's constants for a number of dimensions (equations 48 to 58 of the tutorial).
#[derive(Clone, Debug)]
struct CmaConstants {
    population: usize,
    parents: usize,
    weights: Vec<f64>,
    mu_eff: f64,
    c_sigma: f64,
    d_sigma: f64,
    c_c: f64,
    c_1: f64,
    c_mu: f64,
    /// The mean length of a standard normal vector.
    chi: f64,
}

impl CmaConstants {
    fn new(dimensions: usize, population: Option<usize>) -> CmaConstants {
        let n = dimensions as f64;
        let population = population.unwrap_or(4 + (3.0 * libm::log(n)).floor() as usize).max(2);
        let parents = population / 2;
        let raw: Vec<f64> = (1..=population)
            .map(|i| libm::log((population as f64 + 1.0) / 2.0) - libm::log(i as f64))
            .collect();
        let mu_eff = effective(&raw[..parents]);
        let c_1 = 2.0 / ((n + 1.3) * (n + 1.3) + mu_eff);
        let c_mu = 2.0 * (mu_eff - 2.0 + 1.0 / mu_eff) / ((n + 2.0) * (n + 2.0) + mu_eff);
        let c_mu = c_mu.min(1.0 - c_1 - 1e-8);
        let c_sigma = (mu_eff + 2.0) / (n + mu_eff + 5.0);
        CmaConstants {
            population,
            parents,
            weights: weights(&raw, least_alpha(n, c_1, c_mu, mu_eff, effective(&raw[parents..]))),
            mu_eff,
            c_sigma,
            d_sigma: 1.0 + 2.0 * (((mu_eff - 1.0) / (n + 1.0)).sqrt() - 1.0).max(0.0) + c_sigma,
            c_c: (4.0 + mu_eff / n) / (n + 4.0 + 2.0 * mu_eff / n),
            c_1,
            c_mu,
            chi: n.sqrt() * (1.0 - 1.0 / (4.0 * n) + 1.0 / (21.0 * n * n)),
        }
    }
}

/// The effective number of weights: (Σ w)² / Σ w².
fn effective(weights: &[f64]) -> f64 {
    let sum: f64 = weights.iter().sum();
    sum * sum / weights.iter().map(|w| w * w).sum::<f64>()
}

/// The largest sum of the negative weights with which the matrix stays positive definite.
fn least_alpha(n: f64, c_1: f64, c_mu: f64, mu_eff: f64, mu_eff_minus: f64) -> f64 {
    if c_mu <= 0.0 {
        return 1.0 + 2.0 * mu_eff_minus / (mu_eff + 2.0);
    }
    (1.0 + c_1 / c_mu).min(1.0 + 2.0 * mu_eff_minus / (mu_eff + 2.0)).min((1.0 - c_1 - c_mu) / (n * c_mu))
}

/// Positive weights that sum to 1, negative ones that sum to -`alpha`.
fn weights(raw: &[f64], alpha: f64) -> Vec<f64> {
    let positive: f64 = raw.iter().filter(|&&w| w > 0.0).sum();
    let negative: f64 = -raw.iter().filter(|&&w| w < 0.0).sum::<f64>();
    raw.iter().map(|&w| if w >= 0.0 { w / positive } else { alpha * w / negative }).collect()
}

/// The distribution N(mean, σ² C) and its evolution paths.
#[derive(Clone, Debug)]
pub(super) struct EvolutionState {
    constants: CmaConstants,
    generation: usize,
    mean: Vec<f64>,
    sigma: f64,
    c: SquareMatrix,
    path_sigma: Vec<f64>,
    path_c: Vec<f64>,
}

/// C = Bᵀ D² B: the lengths D of the axes, and the axes B as rows.
struct PrincipalAxes {
    lengths: Vec<f64>,
    rows: SquareMatrix,
}

impl PrincipalAxes {
    /// Bᵀ (z scaled by D): a vector of the distribution N(0, C).
    fn stretch(&self, z: &[f64]) -> Vec<f64> {
        let scaled: Vec<f64> = z.iter().zip(&self.lengths).map(|(z, d)| z * d).collect();
        self.rotate_back(&scaled)
    }

    /// C^(-1/2) y.
    fn whiten(&self, y: &[f64]) -> Vec<f64> {
        let along: Vec<f64> = self.rows.times(y).iter().zip(&self.lengths).map(|(y, d)| y / d).collect();
        self.rotate_back(&along)
    }

    fn rotate_back(&self, along: &[f64]) -> Vec<f64> {
        let n = along.len();
        (0..n).map(|j| (0..n).map(|i| self.rows.at(i, j) * along[i]).sum()).collect()
    }
}

impl EvolutionState {
    /// In the middle of the cube. Without a population, that of the tutorial.
    pub(super) fn new(n: usize, population: Option<usize>) -> EvolutionState {
        EvolutionState {
            constants: CmaConstants::new(n, population),
            generation: 0,
            mean: vec![0.5; n],
            sigma: 1.0 / 6.0,
            c: SquareMatrix::identity(n),
            path_sigma: vec![0.0; n],
            path_c: vec![0.0; n],
        }
    }

    /// How many points make a generation.
    pub(super) fn population(&self) -> usize {
        self.constants.population
    }

    /// The axes of C; a squared length that rounding has made negative is corrected, in C too.
    fn axes(&mut self) -> PrincipalAxes {
        let n = self.mean.len();
        let (values, rows) = eigen(&self.c);
        let lengths: Vec<f64> = values.iter().map(|&v| if v < 0.0 { 1e-8 } else { v }.sqrt()).collect();
        if values.iter().any(|&v| v < 0.0) {
            let part = |i, j, k| rows.at(k, i) * lengths[k] * lengths[k] * rows.at(k, j);
            self.c = SquareMatrix::from_fn(n, |i, j| (0..n).map(|k| part(i, j, k)).sum());
        }
        PrincipalAxes { lengths: lengths.iter().map(|&d| d.max(1e-150)).collect(), rows }
    }

    /// A point: drawn again while it lies outside the cube; the last draw is clamped.
    pub(super) fn sample(&mut self, stream: &mut Stream) -> Vec<f64> {
        let axes = self.axes();
        let mut point = Vec::new();
        for _ in 0..10 * self.mean.len() + 1 {
            let z: Vec<f64> = self.mean.iter().map(|_| stream.normal_f64()).collect();
            let y = axes.stretch(&z);
            point = self.mean.iter().zip(&y).map(|(m, y)| m + self.sigma * y).collect();
            if point.iter().all(|x| (0.0..=1.0).contains(x)) {
                return point;
            }
        }
        point.iter().map(|x| x.clamp(0.0, 1.0)).collect()
    }

    /// Moves the distribution by one generation: λ points and their losses.
    pub(super) fn update(&mut self, points: &[(Vec<f64>, f64)]) {
        self.generation += 1;
        let axes = self.axes();
        let steps = self.steps(points, &axes);
        let n = self.mean.len();
        let best = &steps[..self.constants.parents];
        let mean_step: Vec<f64> = (0..n)
            .map(|i| best.iter().zip(&self.constants.weights).map(|(y, w)| y[i] * w).sum::<f64>())
            .collect();
        for (mean, y) in self.mean.iter_mut().zip(&mean_step) {
            *mean += self.sigma * y;
        }
        let stalled = self.adapt_sigma(&axes.whiten(&mean_step));
        self.adapt_matrix(&steps, &mean_step, stalled, &axes);
    }

    /// The points in units of σ from the mean, best first, shortened where they are improbably far.
    fn steps(&self, points: &[(Vec<f64>, f64)], axes: &PrincipalAxes) -> Vec<Vec<f64>> {
        let mut order: Vec<_> = points.iter().collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let longest = (self.mean.len() as f64).sqrt() + 5.0;
        let step = |point: &[f64]| {
            let y: Vec<f64> = point.iter().zip(&self.mean).map(|(x, m)| (x - m) / self.sigma).collect();
            let length = norm(&axes.whiten(&y));
            let factor = if length > longest { longest / length } else { 1.0 };
            y.iter().map(|y| factor * y).collect()
        };
        order.iter().map(|(point, _)| step(point)).collect()
    }

    /// Moves the path of σ, and σ with its length; whether the path is so long that the other path should stall.
    fn adapt_sigma(&mut self, whitened: &[f64]) -> bool {
        let k = &self.constants;
        let (keep, gain) = (1.0 - k.c_sigma, (k.c_sigma * (2.0 - k.c_sigma) * k.mu_eff).sqrt());
        for (path, y) in self.path_sigma.iter_mut().zip(whitened) {
            *path = keep * *path + gain * y;
        }
        let length = norm(&self.path_sigma);
        self.sigma *= libm::exp((k.c_sigma / k.d_sigma) * (length / k.chi - 1.0));
        self.sigma = self.sigma.clamp(1e-150, 1e32);
        let grown = 1.0 - libm::pow(keep, 2.0 * (self.generation as f64 + 1.0));
        length / grown.sqrt() >= (1.4 + 2.0 / (self.mean.len() as f64 + 1.0)) * k.chi
    }

    /// Moves the path of C, and C by the path (rank one) and by the points (rank μ).
    fn adapt_matrix(&mut self, steps: &[Vec<f64>], mean_step: &[f64], stalled: bool, axes: &PrincipalAxes) {
        let k = &self.constants;
        let n = self.mean.len();
        let h = if stalled { 0.0 } else { 1.0 };
        let gain = h * (k.c_c * (2.0 - k.c_c) * k.mu_eff).sqrt();
        for (path, y) in self.path_c.iter_mut().zip(mean_step) {
            *path = (1.0 - k.c_c) * *path + gain * y;
        }
        let weigh = |(step, &w): (&Vec<f64>, &f64)| {
            let white = axes.whiten(step);
            if w >= 0.0 { w } else { w * n as f64 / (dot(&white, &white) + 1e-8) }
        };
        let weights: Vec<f64> = steps.iter().zip(&k.weights).map(weigh).collect();
        let sum: f64 = k.weights.iter().sum();
        let keep = 1.0 + k.c_1 * (1.0 - h) * k.c_c * (2.0 - k.c_c) - k.c_1 - k.c_mu * sum;
        let (path, c) = (&self.path_c, &self.c);
        self.c = SquareMatrix::from_fn(n, |i, j| {
            let (i, j) = (i.min(j), i.max(j));
            let rank_mu: f64 = steps.iter().zip(&weights).map(|(y, w)| w * (y[i] * y[j])).sum();
            keep * c.at(i, j) + k.c_1 * (path[i] * path[j]) + k.c_mu * rank_mu
        });
    }
}

fn norm(x: &[f64]) -> f64 {
    dot(x, x).sqrt()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn numbers(value: &Value) -> Vec<f64> {
        value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
    }

    fn close(found: &[f64], wanted: &[f64]) {
        assert_eq!(found.len(), wanted.len());
        for (a, b) in found.iter().zip(wanted) {
            assert!((a - b).abs() <= 1e-9 * b.abs().max(1.0), "{a} is not {b}");
        }
    }

    #[test]
    fn the_same_points_move_the_distribution_as_they_move_that_of_cmaes() {
        let cases: Value = serde_json::from_str(include_str!("../../../tests/golden/cma.json")).unwrap();
        for case in cases.as_array().unwrap() {
            let n = case["n"].as_u64().unwrap() as usize;
            let population = case["population_size"].as_u64().map(|p| p as usize);
            let mut state = EvolutionState::new(n, population);
            for generation in case["generations"].as_array().unwrap() {
                let points = generation["x"].as_array().unwrap().iter().map(numbers);
                let generation_points: Vec<_> = points.zip(numbers(&generation["f"])).collect();
                assert_eq!(generation_points.len(), state.constants.population);
                state.update(&generation_points);
                close(&state.mean, &numbers(&generation["mean"]));
                close(&[state.sigma], &[generation["sigma"].as_f64().unwrap()]);
                for (i, row) in generation["c"].as_array().into_iter().flatten().enumerate() {
                    close(state.c.row(i), &numbers(row));
                }
            }
        }
    }

    #[test]
    fn points_far_away_neither_break_the_distribution_nor_let_it_explode() {
        let mut state = EvolutionState::new(3, None);
        state.sigma = 1e-9;
        let population = state.constants.population;
        let far: Vec<_> = (0..population).map(|i| (vec![i as f64 / 10.0, 1.0, 0.0], i as f64)).collect();
        for _ in 0..50 {
            state.update(&far);
            assert!(state.sigma.is_finite() && state.mean.iter().all(|m| m.is_finite()));
        }
        let point = state.sample(&mut toile_rng::Seed::new(1).stream("test", 0));
        assert!(point.iter().all(|x| (0.0..=1.0).contains(x)));
    }

    #[test]
    fn constants_hold_their_conditions_in_all_sizes() {
        for n in 1..=40 {
            for population in [None, Some(2), Some(3), Some(200)] {
                let k = CmaConstants::new(n, population);
                let positive: f64 = k.weights.iter().filter(|&&w| w > 0.0).sum();
                assert!((positive - 1.0).abs() < 1e-12, "{n} {population:?}");
                assert!(k.c_1 > 0.0 && k.c_mu >= 0.0 && k.c_1 + k.c_mu <= 1.0, "{n} {population:?}");
                assert!(k.weights.iter().all(|w| w.is_finite()), "{n} {population:?}");
            }
        }
    }
}
