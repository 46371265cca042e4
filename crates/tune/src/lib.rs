//! Search spaces, samplers, pruners, importance: pure functions of (space, history, stream).
//!
//! Everything here sees numbers only: no clock, no store, no model. A proposal is a function of the space, of the
//! trials that it may know, of its own number and of the search's seed, so that the same search gives the same trials
//! on any machine and with any number of workers.
#![warn(unreachable_pub)]

mod best;
mod budget;
mod decimal;
mod descent;
mod distribution;
mod family;
mod front;
mod importance;
mod linear;
mod normal;
mod pareto;
mod points;
mod pruners;
mod samplers;
mod space;
mod stop;
mod tail;
mod trial;
mod warnings;

pub use best::{Configuration, best_place, comparable_value, counted_values};
pub use budget::{ExpectedBest, distribution_function, expected_best, finite_values, running_best};
pub use distribution::{Choice, Distribution, DistributionError};
pub use front::{hypervolume_2d, pareto_front};
pub use importance::{Importance, MIN_TRIALS, RESAMPLES, TooFewTrials, importance, ped_anova};
pub use pruners::*;
pub use samplers::*;
pub use space::{Condition, Is, Param, Params, Space};
pub use stop::{SearchProgress, StopReason, StopRules};
use toile_record::{Direction, State};
pub use toile_rng::Seed;
pub use trial::{SamplingContext, Trial};
pub use warnings::{Edge, Finding, SearchResults, findings};
