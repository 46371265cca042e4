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
