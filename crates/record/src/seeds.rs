//! How often runs are repeated.

use serde::{Deserialize, Serialize};

/// How often each run is repeated, each time with another seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Seeds {
    /// So often.
    Fixed(usize),
    /// Until the comparisons are decided.
    Race(RaceBounds),
}

/// Seeds are added until the comparisons between the runs are decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RaceBounds {
    /// Seeds that every run has.
    pub at_least: usize,
    /// Seeds beyond which no run gets more.
    pub at_most: usize,
}

impl Seeds {
    /// How many every run has, whatever comes out.
    pub fn at_least(self) -> usize {
        match self {
            Seeds::Fixed(seeds) => seeds,
            Seeds::Race(race) => race.at_least,
        }
    }

    /// The race, if it is one.
    pub fn race(self) -> Option<RaceBounds> {
        match self {
            Seeds::Fixed(_) => None,
            Seeds::Race(race) => Some(race),
        }
    }
}
