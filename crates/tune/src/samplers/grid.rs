//! Grid: every point of the space exactly once, then all over again.
//!
//! Points are in row-major order: parameters as in the space, values ascending, choices as declared; the last
//! parameter changes first. Parameters that the others rule out do not count. A trial gets the first point that the
//! fewest trials before it have had. So points that are in the queue, or that were tried in an earlier form of the
//! space, are not tried again. As the parameters of all earlier trials are known, whether or not they have ended, the
//! order is the same for any lag and any number of workers.

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SamplingAlgorithm, random};
use crate::points::SpacePoints;
use crate::{Direction, Params, SamplingContext, Space};

/// Every combination once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GridSampler {}

impl SamplingAlgorithm for GridSampler {
    fn suggest(&self, context: &SamplingContext) -> Params {
        suggest(context)
    }

    fn supports(&self, _directions: &[Direction], space: &Space) -> Result<(), String> {
        match space.count_points(&Params::new()) {
            Some(_) => Ok(()),
            None => Err("a grid needs ranges that can be counted: give each a `step`, or `choices`".into()),
        }
    }

    fn title(&self) -> &'static str {
        "grid"
    }

    fn n_startup_trials(&self) -> usize {
        0
    }

    fn is_single_objective(&self) -> bool {
        false
    }

    fn is_random(&self) -> bool {
        false
    }

    fn is_exhaustive(&self) -> bool {
        true
    }

    fn yields_to_grid(&self) -> bool {
        true
    }

    fn repeats_optuna(&self) -> bool {
        false
    }
}

/// The next point. A space with infinitely many points, which [`supports`](SamplingAlgorithm::supports) refuses, is
/// searched at random.
fn suggest(context: &SamplingContext) -> Params {
    let Some(points) = SpacePoints::new(context.space, context.fixed) else {
        return random::suggest(context);
    };
    let mut tried: HashMap<Vec<u64>, usize> = HashMap::new();
    let before = context.history.iter().filter(|trial| trial.number < context.number);
    before.for_each(|trial| *tried.entry(key(&trial.params, context)).or_default() += 1);
    // Each rank that is passed over was tried more often, so there are no more of them than trials.
    for times in 0.. {
        let is_next = |point: &Params| tried.get(&key(point, context)).is_none_or(|&tried| tried <= times);
        if let Some(point) = (0..points.len()).map(|rank| points.at(rank)).find(is_next) {
            return point;
        }
    }
    unreachable!("a point was tried more than `usize::MAX` times")
}

/// The values in the order of the space; of a parameter that a trial does not have, bits that are no number.
fn key(params: &Params, context: &SamplingContext) -> Vec<u64> {
    let bits = |name: &String| params.get(name).map_or(u64::MAX, |value| value.to_bits());
    context.space.params.iter().map(|param| bits(&param.name)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use toile_rng::Seed;

    use super::*;
    use crate::{Distribution, Param, Space, State, Trial};

    fn trial(number: usize, params: Params) -> Trial {
        let (values, intermediate, rungs, constraints) = (vec![], BTreeMap::new(), vec![], vec![]);
        Trial { number, state: State::Running, params, values, intermediate, rungs, constraints }
    }

    /// The points of the next trials, as ranks of `a` and `b`, after trials with these.
    fn next(tried: &[(f64, f64)], count: usize) -> Vec<(f64, f64)> {
        let ints = |name: &str, high| Param {
            name: name.into(),
            distribution: Distribution::int(0, high, false, 1).expect("a range"),
            when: Vec::new(),
        };
        let space = Space { params: vec![ints("b", 1), ints("a", 2)] };
        let params = |&(b, a): &(f64, f64)| Params::from([("a".into(), a), ("b".into(), b)]);
        let mut history: Vec<Trial> =
            tried.iter().enumerate().map(|(number, point)| trial(number, params(point))).collect();
        for _ in 0..count {
            let (number, fixed) = (history.len(), Params::new());
            let (seed, n_trials) = (Seed::new(1), None);
            let context = SamplingContext {
                space: &space,
                directions: &[],
                history: &history,
                number,
                seed,
                n_trials,
                fixed: &fixed,
            };
            let params = suggest(&context);
            history.push(trial(number, params));
        }
        history[tried.len()..].iter().map(|trial| (trial.params["b"], trial.params["a"])).collect()
    }

    const ALL: [(f64, f64); 6] = [(0.0, 0.0), (0.0, 1.0), (0.0, 2.0), (1.0, 0.0), (1.0, 1.0), (1.0, 2.0)];

    #[test]
    fn every_point_comes_once_then_all_over_again() {
        assert_eq!(next(&[], 15), [&ALL[..], &ALL, &ALL[..3]].concat());
    }

    #[test]
    fn points_that_were_tried_are_left_out() {
        let tried = [(0.0, 1.0), (1.0, 2.0), (0.0, 1.0), (7.0, 7.0)];
        let rest = [ALL[0], ALL[2], ALL[3], ALL[4]];
        let second = [ALL[0], ALL[2], ALL[3], ALL[4], ALL[5]];
        assert_eq!(next(&tried, 9), [&rest[..], &second].concat());
    }
}
