//! From a plan to its results: runs and trials are trained, by one worker or by many; events and records come out.

#![warn(unreachable_pub)]

mod again;
mod bridge;
mod checkpoint;
mod evidence;
mod expected;
mod in_memory;
mod kept;
mod lease;
mod lone;
mod memory;
mod pictures;
mod progress;
mod range_test;
mod runner;
mod search;
mod standing;
mod stop;
mod study;
mod training;
mod wanted;

pub use bridge::{fault_of_weights, fetch};
pub use expected::random_point;
pub use in_memory::{MemoryFault, MemoryFit, fit_in_memory};
pub use kept::{kept_model, kept_weights};
pub use lease::Pauses;
pub use lone::LoneTraining;
pub use memory::{TrainingKind, memory_of_outline};
pub use pictures::pictures;
pub use progress::{StudyProgress, TrainingProgressView};
pub use range_test::{SWEEP_BATCHES, SWEEP_RANGE};
pub use runner::{
    Clock, Cost, NoClock, Outcome, Pace, RunError, RunOptions, Speed, engine_parts, examples, fit_config,
    image_shape, longest_first, measure, model, outline, run, shares, slug, split, split_of, study_seconds,
    summary, weights_file,
};
pub use search::{
    AskError, AskedPlan, AskedSearch, AskedTrial, Chosen, Context, ListedTrial, SearchOutcome, ToldEnd,
    chosen_runs, search, search_all,
};
pub use study::{StudyOptions, StudyOutcome, run_study};
pub use wanted::{wanted_runs, wanted_searches};
