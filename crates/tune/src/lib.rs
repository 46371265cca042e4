//! Search spaces, samplers, pruners, importance: pure functions of (space, history, stream).
//!
//! Everything here sees numbers only: no clock, no store, no model. A proposal is a function of the space, of the trials
//! that it may know, of its own number and of the search's seed, so that the same search gives the same trials wherever
//! and by however many workers it is run.

#[allow(dead_code)]
mod descent;
mod distribution;
#[allow(dead_code)]
mod linear;
mod pruners;
mod samplers;
mod space;
mod trial;

pub use distribution::{Choice, Distribution, DistributionError};
pub use pruners::{
    HyperbandPruner, Look, MedianPruner, PatientPruner, PercentilePruner, Pruner, SuccessiveHalvingPruner,
    ThresholdPruner, Verdict, WilcoxonPruner,
};
pub use samplers::{
    CmaEsSampler, GpSampler, GridSampler, Nsga2Sampler, RandomSampler, Sampler, SobolSampler, TpeSampler,
};
pub use space::{Condition, Is, Param, Params, Space};
pub use trial::{Ask, Direction, State, Trial};
