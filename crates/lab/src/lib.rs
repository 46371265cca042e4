//! From a plan to its results: runs and trials are trained, by one worker or by many; events and records come out.

mod checkpoint;
mod runner;
mod search;
mod training;

pub use runner::{
    Clock, Cost, Event, NoClock, Outcome, Pace, RunError, RunOptions, Speed, engine_parts, examples,
    fit_config, image_shape, longest_first, measure, model, run, shares, slug, split, study_seconds, summary,
};
pub use search::{Chosen, Context, SearchEvent, SearchOutcome, chosen_runs, search};
