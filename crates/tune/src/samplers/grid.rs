//! Grid: every point of the space exactly once, then all over again.
//!
//! Points stand in row-major order: parameters as in the space, values ascending, choices as declared; the last parameter
//! changes first. Parameters that the others rule out do not count. A trial has the first point that fewer trials before
//! it have had than others; so points that somebody has asked for, or that were tried in an earlier form of the space,
//! are not tried again. As the parameters of all earlier trials are known, whether or not they have ended, the order is
//! the same for any lag and any number of workers.

use std::collections::HashMap;

use super::random;
use crate::points::Points;
use crate::{Ask, Params};

/// A space whose points cannot be counted is searched at random.
pub(super) fn suggest(ask: &Ask) -> Params {
    let Some(points) = Points::new(ask.space, ask.fixed) else { return random::suggest(ask) };
    let mut tried: HashMap<Vec<u64>, usize> = HashMap::new();
    let before = ask.history.iter().filter(|trial| trial.number < ask.number);
    before.for_each(|trial| *tried.entry(key(&trial.params, ask)).or_default() += 1);
    // Each rank that is passed over was tried once more often, so there are no more of them than trials.
    for times in 0.. {
        let is_next = |point: &Params| tried.get(&key(point, ask)).is_none_or(|&tried| tried <= times);
        if let Some(point) = (0..points.len()).map(|rank| points.at(rank)).find(is_next) {
            return point;
        }
    }
    unreachable!("no point was tried endlessly often")
}

/// The values in the order of the space; of a parameter that a trial does not have, bits that are no number.
fn key(params: &Params, ask: &Ask) -> Vec<u64> {
    let bits = |name: &String| params.get(name).map_or(u64::MAX, |value| value.to_bits());
    ask.space.params.iter().map(|param| bits(&param.name)).collect()
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
            let ask = Ask {
                space: &space,
                directions: &[],
                history: &history,
                number,
                seed,
                n_trials,
                fixed: &fixed,
            };
            let params = suggest(&ask);
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
