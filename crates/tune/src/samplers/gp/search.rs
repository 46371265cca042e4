//! Where the acquisition is largest: many points at a glance, then climbing from the most promising ones.
//!
//! As in Optuna: 2048 points that fill the cube evenly, the best of them and eight others (drawn with probabilities in
//! proportion to their acquisition) and the best trial so far are the starts. Each is improved by turns: all continuous
//! coordinates together by L-BFGS, in units of their length scales; each discrete one by itself, among all its values if
//! they are few, else by steps that halve; until a round changes nothing.

use toile_rng::Stream;

use super::improvement::Acquisition;
use crate::descent::{Stop, minimize};
use crate::samplers::cube::Axis;

const GLANCES: u64 = 2048;
const CLIMBS: usize = 10;
const ROUNDS: usize = 100;
/// Up to so many values are all tried.
const FEW: u64 = 16;

/// A point of the cube (a category as its number) and the acquisition there.
#[derive(Clone, Debug)]
struct Found {
    x: Vec<f64>,
    value: f64,
}

/// What is searched.
pub(super) struct Search<'a> {
    /// The coordinates.
    pub(super) axes: &'a [Axis],
    /// For each coordinate the value that it must keep, if any.
    pub(super) held: &'a [Option<f64>],
    /// What is to be large.
    pub(super) acquisition: &'a Acquisition,
}

/// A coordinate as the model sees it: categories are numbers, all else lies in the unit interval.
pub(super) fn seen(axis: &Axis, coordinate: f64) -> f64 {
    match axis.is_categorical() {
        true => axis.value(coordinate),
        false => axis.settle(coordinate),
    }
}

/// The unit interval's coordinate of one that the model sees.
pub(super) fn unseen(axis: &Axis, seen: f64) -> f64 {
    if axis.is_categorical() { axis.coordinate(seen) } else { seen }
}

impl Search<'_> {
    /// The point with the largest acquisition that was found. `best` is a start of its own, if there is one.
    pub(super) fn run(&self, best: Option<Vec<f64>>, stream: &mut Stream) -> Vec<f64> {
        let even = Even::new(self.axes.len(), stream);
        let glances: Vec<Found> = (0..GLANCES).map(|k| self.glance(&even.point(k))).collect();
        let mut starts = pick(&glances, CLIMBS - 1 - usize::from(best.is_some()), stream);
        starts.extend(best.map(|x| self.found(self.hold(x))));
        let climbed = starts.into_iter().map(|start| self.climb(start));
        // Of equals the first, as everywhere.
        climbed.reduce(|a, b| if b.value > a.value { b } else { a }).map_or(Vec::new(), |found| found.x)
    }

    fn glance(&self, point: &[f64]) -> Found {
        let x = self.axes.iter().zip(point).map(|(axis, &at)| seen(axis, at)).collect();
        self.found(self.hold(x))
    }

    fn hold(&self, mut x: Vec<f64>) -> Vec<f64> {
        x.iter_mut()
            .zip(self.held)
            .filter_map(|(x, held)| Some((x, (*held)?)))
            .for_each(|(x, held)| *x = held);
        x
    }

    fn found(&self, x: Vec<f64>) -> Found {
        let value = self.acquisition.value(&x);
        Found { x, value: if value.is_nan() { f64::NEG_INFINITY } else { value } }
    }

    /// Coordinates and discrete axes by turns, until none has changed since its last turn.
    fn climb(&self, mut at: Found) -> Found {
        let free = |i: &usize| self.held[*i].is_none();
        let (discrete, smooth): (Vec<usize>, Vec<usize>) =
            (0..self.axes.len()).filter(free).partition(|&i| self.axes[i].count().is_some());
        let mut changed = None;
        for _ in 0..ROUNDS {
            if self.slide(&mut at, &smooth) {
                changed = None;
            }
            for &i in &discrete {
                if changed == Some(i) {
                    return at;
                }
                if self.step(&mut at, i) {
                    changed = Some(i);
                }
            }
            if changed.is_none() {
                return at;
            }
        }
        at
    }

    /// Climbs along the continuous coordinates; whether that led higher.
    fn slide(&self, at: &mut Found, smooth: &[usize]) -> bool {
        let all = self.acquisition.lengths();
        if smooth.is_empty() || all.is_empty() {
            return false;
        }
        let lengths: Vec<f64> = smooth.iter().map(|&i| all[i]).collect();
        let start: Vec<f64> = smooth.iter().zip(&lengths).map(|(&i, l)| at.x[i] / l).collect();
        let bounds: Vec<(f64, f64)> = lengths.iter().map(|l| (0.0, 1.0 / l)).collect();
        let place = |z: &[f64]| {
            let mut x = at.x.clone();
            (0..smooth.len()).for_each(|k| x[smooth[k]] = (z[k] * lengths[k]).clamp(0.0, 1.0));
            x
        };
        let downhill = |z: &[f64]| {
            let (value, gradient) = self.acquisition.value_and_gradient(&place(z));
            (-value, smooth.iter().zip(&lengths).map(|(&i, l)| -gradient[i] * l).collect())
        };
        let found =
            self.found(place(&minimize(downhill, &start, &bounds, Stop { gradient: 1e-2, steps: 200 }).x));
        replace(at, found)
    }

    /// Moves a discrete coordinate; whether that led higher.
    fn step(&self, at: &mut Found, i: usize) -> bool {
        let axis = &self.axes[i];
        let (count, from) = (axis.count().unwrap_or(1), axis.index_of(unseen(axis, at.x[i])));
        if axis.is_categorical() || count <= FEW {
            let all = (0..count).filter(|&index| index != from).map(|index| self.moved(at, i, index));
            let best = all.reduce(|a, b| if b.value > a.value { b } else { a });
            return best.is_some_and(|best| replace(at, best));
        }
        let (mut place, mut stride, mut better) = (from, (count / 4).max(1), false);
        while stride > 0 {
            let sides = [place.saturating_sub(stride), (place + stride).min(count - 1)];
            let better_side =
                sides.into_iter().find(|&side| side != place && replace(at, self.moved(at, i, side)));
            match better_side {
                Some(side) => (place, better) = (side, true),
                None => stride /= 2,
            }
        }
        better
    }

    fn moved(&self, at: &Found, i: usize, index: u64) -> Found {
        let mut x = at.x.clone();
        x[i] = seen(&self.axes[i], self.axes[i].coordinate_at(index));
        self.found(x)
    }
}

fn replace(at: &mut Found, by: Found) -> bool {
    let better = by.value > at.value;
    if better {
        *at = by;
    }
    better
}

/// The best point, and others by chance in proportion to the exponential of their value, none twice.
fn pick(glances: &[Found], count: usize, stream: &mut Stream) -> Vec<Found> {
    let best = (0..glances.len()).reduce(|a, b| if glances[b].value > glances[a].value { b } else { a });
    let Some(best) = best else { return Vec::new() };
    let chance = |(i, found): (usize, &Found)| match i == best {
        true => 0.0,
        false => libm::exp(found.value - glances[best].value),
    };
    let mut chances: Vec<f64> = glances.iter().enumerate().map(chance).collect();
    let mut chosen = vec![glances[best].clone()];
    while chosen.len() < count {
        let mut left = stream.uniform_f64() * chances.iter().sum::<f64>();
        let mut hit = |chance: &f64| {
            left -= chance;
            *chance > 0.0 && left < 0.0
        };
        let Some(i) = chances.iter().position(&mut hit) else { break };
        chances[i] = 0.0;
        chosen.push(glances[i].clone());
    }
    chosen
}

/// A sequence that fills the unit cube evenly: shift + k (1/φ, 1/φ², …) modulo 1, where φ is the root of φ^(d+1) = φ + 1
/// (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences").
struct Even {
    shift: Vec<f64>,
    steps: Vec<f64>,
}

impl Even {
    /// Shifted by chance.
    fn new(dimensions: usize, stream: &mut Stream) -> Even {
        let root = 1.0 / (dimensions as f64 + 1.0);
        let phi = (0..40).fold(2.0, |phi: f64, _| libm::pow(1.0 + phi, root));
        let powers = std::iter::successors(Some(1.0 / phi), |power| Some(power / phi));
        let shift = (0..dimensions).map(|_| stream.uniform_f64()).collect();
        Even { shift, steps: powers.take(dimensions).collect() }
    }

    /// The point of this number.
    fn point(&self, k: u64) -> Vec<f64> {
        let coordinate = |(shift, step): (&f64, &f64)| (shift + (k as f64 + 1.0) * step).fract();
        self.shift.iter().zip(&self.steps).map(coordinate).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each of the 64 cells of an 8 by 8 grid should have 16 of 1024 points; chance alone spreads far more.
    #[test]
    fn the_sequence_fills_the_square_evenly() {
        let even = Even::new(2, &mut toile_rng::Seed::new(1).stream("test", 0));
        let mut counts = [0; 64];
        for k in 0..1024 {
            let point = even.point(k);
            counts[(point[0] * 8.0) as usize * 8 + (point[1] * 8.0) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (12..=20).contains(count)), "{counts:?}");
    }
}
