//! Where the acquisition is largest: many points are evaluated, then the most promising ones are improved.
//!
//! As in Optuna: of 2048 points that fill the cube evenly, the best one and eight others (drawn with probabilities in
//! proportion to their acquisition) and the best trial so far are the starts. Each is improved in turns: all
//! continuous coordinates together by L-BFGS, in units of their length scales; each discrete one by itself, among all
//! its values if they are few, else by steps that halve; until a round changes nothing.

use toile_rng::Stream;

use super::acquisition::Acquisition;
use crate::descent::{StopCriteria, minimize};
use crate::samplers::cube::CubeAxis;

const SAMPLES: u64 = 2048;
const STARTS: usize = 10;
const ROUNDS: usize = 100;
/// The most values of a discrete coordinate that are all tried.
const MAX_ENUMERATED: u64 = 16;

/// A point of the cube (a category as its number) and the acquisition there.
#[derive(Clone, Debug)]
struct Candidate {
    x: Vec<f64>,
    value: f64,
}

/// The search for the largest acquisition.
pub(super) struct AcquisitionSearch<'a> {
    /// The coordinates.
    pub(super) axes: &'a [CubeAxis],
    /// For each coordinate the value that it must keep, if any.
    pub(super) held: &'a [Option<f64>],
    /// What is to be large.
    pub(super) acquisition: &'a Acquisition,
}

/// A unit coordinate as the model takes it: categories by their number, all others in the unit interval, on a step.
pub(super) fn to_model(axis: &CubeAxis, coordinate: f64) -> f64 {
    match axis.is_categorical() {
        true => axis.value(coordinate),
        false => axis.snap(coordinate),
    }
}

/// The unit coordinate of one that the model takes.
pub(super) fn from_model(axis: &CubeAxis, coordinate: f64) -> f64 {
    if axis.is_categorical() { axis.coordinate(coordinate) } else { coordinate }
}

impl AcquisitionSearch<'_> {
    /// The point with the largest acquisition that was found. `best` is a start of its own, if there is one.
    pub(super) fn run(&self, best: Option<Vec<f64>>, stream: &mut Stream) -> Vec<f64> {
        let sequence = RobertsSequence::new(self.axes.len(), stream);
        let samples: Vec<Candidate> = (0..SAMPLES).map(|k| self.sample(&sequence.point(k))).collect();
        let mut starts = pick(&samples, STARTS - 1 - usize::from(best.is_some()), stream);
        starts.extend(best.map(|x| self.candidate(self.hold(x))));
        let improved = starts.into_iter().map(|start| self.improve(start));
        // Of equals the first, as everywhere.
        improved.reduce(|a, b| if b.value > a.value { b } else { a }).map_or(Vec::new(), |best| best.x)
    }

    fn sample(&self, point: &[f64]) -> Candidate {
        let x = self.axes.iter().zip(point).map(|(axis, &at)| to_model(axis, at)).collect();
        self.candidate(self.hold(x))
    }

    fn hold(&self, mut x: Vec<f64>) -> Vec<f64> {
        x.iter_mut()
            .zip(self.held)
            .filter_map(|(x, held)| Some((x, (*held)?)))
            .for_each(|(x, held)| *x = held);
        x
    }

    fn candidate(&self, x: Vec<f64>) -> Candidate {
        let value = self.acquisition.value(&x);
        Candidate { x, value: if value.is_nan() { f64::NEG_INFINITY } else { value } }
    }

    /// Continuous coordinates and discrete ones in turns, until none has changed since its last turn.
    fn improve(&self, mut at: Candidate) -> Candidate {
        let free = |i: &usize| self.held[*i].is_none();
        let (discrete, continuous): (Vec<usize>, Vec<usize>) =
            (0..self.axes.len()).filter(free).partition(|&i| self.axes[i].count().is_some());
        let mut changed = None;
        for _ in 0..ROUNDS {
            if self.improve_continuous(&mut at, &continuous) {
                changed = None;
            }
            for &i in &discrete {
                if changed == Some(i) {
                    return at;
                }
                if self.improve_discrete(&mut at, i) {
                    changed = Some(i);
                }
            }
            if changed.is_none() {
                return at;
            }
        }
        at
    }

    /// Moves the continuous coordinates; whether that led higher.
    fn improve_continuous(&self, at: &mut Candidate, continuous: &[usize]) -> bool {
        let all = self.acquisition.lengths();
        if continuous.is_empty() || all.is_empty() {
            return false;
        }
        let lengths: Vec<f64> = continuous.iter().map(|&i| all[i]).collect();
        let start: Vec<f64> = continuous.iter().zip(&lengths).map(|(&i, l)| at.x[i] / l).collect();
        let bounds: Vec<(f64, f64)> = lengths.iter().map(|l| (0.0, 1.0 / l)).collect();
        let point = |z: &[f64]| {
            let mut x = at.x.clone();
            (0..continuous.len()).for_each(|k| x[continuous[k]] = (z[k] * lengths[k]).clamp(0.0, 1.0));
            x
        };
        let downhill = |z: &[f64]| {
            let (value, gradient) = self.acquisition.value_and_gradient(&point(z));
            (-value, continuous.iter().zip(&lengths).map(|(&i, l)| -gradient[i] * l).collect())
        };
        let stop = StopCriteria { gradient: 1e-2, steps: 200 };
        let lowest = minimize(downhill, &start, &bounds, stop);
        let candidate = self.candidate(point(&lowest.x));
        replace(at, candidate)
    }

    /// Moves a discrete coordinate; whether that led higher.
    fn improve_discrete(&self, at: &mut Candidate, i: usize) -> bool {
        let axis = &self.axes[i];
        let (count, from) = (axis.count().unwrap_or(1), axis.index_of(from_model(axis, at.x[i])));
        if axis.is_categorical() || count <= MAX_ENUMERATED {
            let all = (0..count).filter(|&index| index != from).map(|index| self.moved(at, i, index));
            let best = all.reduce(|a, b| if b.value > a.value { b } else { a });
            return best.is_some_and(|best| replace(at, best));
        }
        let (mut index, mut stride, mut better) = (from, (count / 4).max(1), false);
        while stride > 0 {
            let sides = [index.saturating_sub(stride), (index + stride).min(count - 1)];
            let better_side =
                sides.into_iter().find(|&side| side != index && replace(at, self.moved(at, i, side)));
            match better_side {
                Some(side) => (index, better) = (side, true),
                None => stride /= 2,
            }
        }
        better
    }

    fn moved(&self, at: &Candidate, i: usize, index: u64) -> Candidate {
        let mut x = at.x.clone();
        x[i] = to_model(&self.axes[i], self.axes[i].coordinate_at(index));
        self.candidate(x)
    }
}

fn replace(at: &mut Candidate, by: Candidate) -> bool {
    let better = by.value > at.value;
    if better {
        *at = by;
    }
    better
}

/// The best point, and others at random in proportion to the exponential of their value, none twice.
fn pick(samples: &[Candidate], count: usize, stream: &mut Stream) -> Vec<Candidate> {
    let best = (0..samples.len()).reduce(|a, b| if samples[b].value > samples[a].value { b } else { a });
    let Some(best) = best else { return Vec::new() };
    let weight = |(i, sample): (usize, &Candidate)| match i == best {
        true => 0.0,
        false => libm::exp(sample.value - samples[best].value),
    };
    let mut weights: Vec<f64> = samples.iter().enumerate().map(weight).collect();
    let mut chosen = vec![samples[best].clone()];
    while chosen.len() < count {
        let mut left = stream.uniform_f64() * weights.iter().sum::<f64>();
        let mut hit = |weight: &f64| {
            left -= weight;
            *weight > 0.0 && left < 0.0
        };
        let Some(i) = weights.iter().position(&mut hit) else { break };
        weights[i] = 0.0;
        chosen.push(samples[i].clone());
    }
    chosen
}

/// A sequence that fills the unit cube evenly: shift + k (1/φ, 1/φ², …) modulo 1, where φ is the root of φ^(d+1) = φ +
/// 1 (Roberts 2018, "The unreasonable effectiveness of quasirandom sequences").
struct RobertsSequence {
    shift: Vec<f64>,
    steps: Vec<f64>,
}

impl RobertsSequence {
    /// Shifted at random.
    fn new(dimensions: usize, stream: &mut Stream) -> RobertsSequence {
        let root = 1.0 / (dimensions as f64 + 1.0);
        let phi = (0..40).fold(2.0, |phi: f64, _| libm::pow(1.0 + phi, root));
        let powers = std::iter::successors(Some(1.0 / phi), |power| Some(power / phi));
        let shift = (0..dimensions).map(|_| stream.uniform_f64()).collect();
        RobertsSequence { shift, steps: powers.take(dimensions).collect() }
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
        let sequence = RobertsSequence::new(2, &mut toile_rng::Seed::new(1).stream("test", 0));
        let mut counts = [0; 64];
        for k in 0..1024 {
            let point = sequence.point(k);
            counts[(point[0] * 8.0) as usize * 8 + (point[1] * 8.0) as usize] += 1;
        }
        assert!(counts.iter().all(|count| (12..=20).contains(count)), "{counts:?}");
    }
}
