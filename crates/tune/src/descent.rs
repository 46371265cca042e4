//! Minimising a smooth function between bounds: L-BFGS on the coordinates that may move.
//!
//! A coordinate at a bound that the gradient points beyond is held there. The direction for the others comes from the
//! last ten steps (Nocedal and Wright, algorithm 7.4), and the step along it, cut off at the bounds, must lower the
//! function enough and flatten it enough (weak Wolfe conditions, by bisection).

use crate::linear::dot;

const MEMORY: usize = 10;
const MAX_TRIES: usize = 20;

/// When to stop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StopCriteria {
    /// Once no coordinate of the gradient (of those that may move) is larger.
    pub(crate) gradient: f64,
    /// After so many steps.
    pub(crate) steps: usize,
}

/// A point, its value, and the gradient there.
#[derive(Clone, Debug)]
pub(crate) struct Iterate {
    pub(crate) x: Vec<f64>,
    pub(crate) value: f64,
    gradient: Vec<f64>,
}

/// A step s, the change y of the gradient over it, and ρ = 1 / (s · y).
struct CorrectionPair {
    s: Vec<f64>,
    y: Vec<f64>,
    rho: f64,
}

/// The lowest point found from a start. `bounds` holds for each coordinate its least and largest value.
pub(crate) fn minimize(
    mut function: impl FnMut(&[f64]) -> (f64, Vec<f64>),
    start: &[f64],
    bounds: &[(f64, f64)],
    stop: StopCriteria,
) -> Iterate {
    let x: Vec<f64> = start.iter().zip(bounds).map(|(x, b)| x.clamp(b.0, b.1)).collect();
    let (value, gradient) = function(&x);
    let mut at = Iterate { x, value, gradient };
    let mut pairs: Vec<CorrectionPair> = Vec::new();
    for _ in 0..stop.steps {
        let free = free(&at, bounds);
        if residual(&at, bounds) <= stop.gradient {
            break;
        }
        let Some((next, fresh)) = step(&mut function, &at, &free, bounds, &mut pairs) else { break };
        let gain = at.value - next.value;
        let scale = at.value.abs().max(next.value.abs()).max(1.0);
        remember(&mut pairs, &at, &next);
        at = next;
        // A step along the gradient alone says nothing of the curvature: one that gains little does not end the
        // descent.
        if gain <= 2.2e-9 * scale && !fresh {
            break;
        }
    }
    at
}

/// One step, and whether it follows the gradient alone: if the direction of the pairs leads nowhere, they are dropped.
fn step(
    function: &mut impl FnMut(&[f64]) -> (f64, Vec<f64>),
    at: &Iterate,
    free: &[bool],
    bounds: &[(f64, f64)],
    pairs: &mut Vec<CorrectionPair>,
) -> Option<(Iterate, bool)> {
    if !pairs.is_empty() {
        let direction = direction(at, free, pairs);
        if dot(&direction, &at.gradient) < 0.0
            && let Some(next) = line_search(function, at, &direction, bounds, 1.0)
        {
            return Some((next, false));
        }
        pairs.clear();
    }
    let direction: Vec<f64> =
        at.gradient.iter().zip(free).map(|(g, &free)| if free { -g } else { 0.0 }).collect();
    let first = 1.0 / dot(&direction, &direction).sqrt().max(1e-300);
    line_search(function, at, &direction, bounds, first.min(1.0)).map(|next| (next, true))
}

/// Which coordinates may move downhill.
fn free(at: &Iterate, bounds: &[(f64, f64)]) -> Vec<bool> {
    let free = |((x, g), b): ((&f64, &f64), &(f64, f64))| !(*x <= b.0 && *g > 0.0 || *x >= b.1 && *g < 0.0);
    at.x.iter().zip(&at.gradient).zip(bounds).map(free).collect()
}

/// The largest coordinate of the gradient projected onto the bounds.
fn residual(at: &Iterate, bounds: &[(f64, f64)]) -> f64 {
    let part = |((x, g), b): ((&f64, &f64), &(f64, f64))| ((x - g).clamp(b.0, b.1) - x).abs();
    at.x.iter().zip(&at.gradient).zip(bounds).map(part).fold(0.0, f64::max)
}

/// -H g by the two-loop recursion over the stored pairs, on the free coordinates.
fn direction(at: &Iterate, free: &[bool], pairs: &[CorrectionPair]) -> Vec<f64> {
    let cut = |v: &mut [f64]| v.iter_mut().zip(free).filter(|(_, free)| !**free).for_each(|(v, _)| *v = 0.0);
    let mut q = at.gradient.clone();
    cut(&mut q);
    let mut alphas = Vec::with_capacity(pairs.len());
    for pair in pairs.iter().rev() {
        let alpha = pair.rho * dot(&pair.s, &q);
        q.iter_mut().zip(&pair.y).for_each(|(q, y)| *q -= alpha * y);
        alphas.push(alpha);
    }
    if let Some(last) = pairs.last() {
        let scale = 1.0 / (last.rho * dot(&last.y, &last.y));
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for (pair, alpha) in pairs.iter().zip(alphas.iter().rev()) {
        let beta = pair.rho * dot(&pair.y, &q);
        q.iter_mut().zip(&pair.s).for_each(|(q, s)| *q += (alpha - beta) * s);
    }
    cut(&mut q);
    q.iter().map(|q| -q).collect()
}

/// A point along a direction that is low enough and flat enough, or at least low enough.
fn line_search(
    function: &mut impl FnMut(&[f64]) -> (f64, Vec<f64>),
    at: &Iterate,
    direction: &[f64],
    bounds: &[(f64, f64)],
    first: f64,
) -> Option<Iterate> {
    let (mut low, mut high, mut t) = (0.0, f64::INFINITY, first);
    let mut best: Option<Iterate> = None;
    for _ in 0..MAX_TRIES {
        let x: Vec<f64> = at.x.iter().zip(direction).map(|(x, d)| x + t * d).collect();
        let x: Vec<f64> = x.iter().zip(bounds).map(|(x, b)| x.clamp(b.0, b.1)).collect();
        let moved: Vec<f64> = x.iter().zip(&at.x).map(|(a, b)| a - b).collect();
        let slope = dot(&moved, &at.gradient);
        if slope >= 0.0 || best.as_ref().is_some_and(|best| best.x == x) {
            break;
        }
        let (value, gradient) = function(&x);
        let flat = dot(&gradient, &moved) >= 0.9 * slope;
        if value <= at.value + 1e-4 * slope {
            low = t;
            best = Some(Iterate { x, value, gradient });
            if flat {
                break;
            }
        } else {
            high = t;
        }
        t = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * low };
    }
    best
}

/// Stores a step, if the curvature along it is positive.
fn remember(pairs: &mut Vec<CorrectionPair>, at: &Iterate, next: &Iterate) {
    let s: Vec<f64> = next.x.iter().zip(&at.x).map(|(a, b)| a - b).collect();
    let y: Vec<f64> = next.gradient.iter().zip(&at.gradient).map(|(a, b)| a - b).collect();
    let curvature = dot(&s, &y);
    if curvature > 1e-10 * dot(&y, &y) {
        if pairs.len() == MEMORY {
            pairs.remove(0);
        }
        pairs.push(CorrectionPair { s, y, rho: 1.0 / curvature });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STOP: StopCriteria = StopCriteria { gradient: 1e-7, steps: 500 };

    fn rosenbrock(x: &[f64]) -> (f64, Vec<f64>) {
        let mut value = 0.0;
        let mut gradient = vec![0.0; x.len()];
        for i in 0..x.len() - 1 {
            let (a, b) = (1.0 - x[i], x[i + 1] - x[i] * x[i]);
            value += a * a + 100.0 * b * b;
            gradient[i] += -2.0 * a - 400.0 * x[i] * b;
            gradient[i + 1] += 200.0 * b;
        }
        (value, gradient)
    }

    #[test]
    fn it_follows_rosenbrocks_valley_to_its_end() {
        let mut calls = 0;
        let counted = |x: &[f64]| {
            calls += 1;
            rosenbrock(x)
        };
        let found = minimize(counted, &[-1.2, 1.0, -0.5, 2.0], &[(-5.0, 5.0); 4], STOP);
        assert!(found.x.iter().all(|x| (x - 1.0).abs() < 1e-6), "{found:?}");
        assert!(calls < 200, "{calls} calls");
    }

    /// Where x ≤ 0.5 in both coordinates, the lowest point of Rosenbrock's function is (0.5, 0.25).
    #[test]
    fn it_finds_the_lowest_point_on_a_bound() {
        let found = minimize(rosenbrock, &[-1.0, -1.0], &[(-2.0, 0.5); 2], STOP);
        assert!((found.x[0] - 0.5).abs() < 1e-9 && (found.x[1] - 0.25).abs() < 1e-6, "{found:?}");
        let corner = minimize(|x| (x[0] + 2.0 * x[1], vec![1.0, 2.0]), &[0.3, 0.9], &[(0.0, 1.0); 2], STOP);
        assert_eq!(corner.x, [0.0, 0.0]);
    }

    #[test]
    fn a_function_that_is_nan_on_the_way_is_minimised_all_the_same() {
        let log = |x: &[f64]| (x[0] - x[0].ln(), vec![1.0 - 1.0 / x[0]]);
        let found = minimize(log, &[0.01], &[(f64::NEG_INFINITY, f64::INFINITY)], STOP);
        assert!((found.x[0] - 1.0).abs() < 1e-6, "{found:?}");
    }
}
