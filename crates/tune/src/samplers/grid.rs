//! Grid: every point of the space exactly once, then all over again.
//!
//! Trial n has the point of rank n in row-major order: parameters as in the space, values ascending, choices as declared; the
//! last parameter changes first. Parameters that the others rule out do not count. The order knows no seed and no history,
//! so it is the same for any lag and any number of workers.

use super::random;
use crate::points::Points;
use crate::{Ask, Params};

/// A space whose points cannot be counted is searched at random.
pub(super) fn suggest(ask: &Ask) -> Params {
    match Points::new(ask.space, ask.fixed) {
        Some(points) => points.at(ask.number as u128 % points.len()),
        None => random::suggest(ask),
    }
}
