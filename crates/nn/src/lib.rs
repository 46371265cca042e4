//! The training engine: layers, losses, optimizers, schedules, model, `fit`, `evaluate`.
//!
//! Numbers come in as slices and go out as rows; the engine knows no file, clock, environment or screen.
//!
//! [`fit()`] trains a model from its start to its end. A training that must end earlier, or goes on on another machine,
//! is taken along as a [`TrainingState`] when an epoch ends, and [`fit_from`] goes on from it with the same bits.
#![warn(unreachable_pub)]

mod activation;
mod augmentation;
mod callbacks;
mod class_maps;
mod compile;
mod describe;
mod dtype_policy;
mod engine;
mod evaluate;
mod examples;
mod filters;
mod fit;
mod follow;
mod initializer;
mod inputs;
mod layers;
mod losses;
mod math;
mod measure;
mod model;
mod optimizers;
mod parameters;
mod predict;
mod schedules;
mod score;
mod shape;
mod state;
mod summary;
mod threads;
mod trace;
mod training;

pub use activation::Activation;
pub use augmentation::Augmentation;
pub use callbacks::*;
pub use class_maps::{ClassMaps, grad_cam};
pub use describe::{DescribedLayer, ModelDescription, PlacedWindow};
pub use dtype_policy::DtypePolicy;
pub use engine::{Stage, TraceEvent};
pub use evaluate::{Evaluation, evaluate};
pub use examples::{Examples, ExamplesError};
pub use fit::{FitConfig, FitEnd, FitEvent, FitOutcome, Flow, fit, fit_from};
pub use initializer::Initializer;
pub use inputs::{FiniteFloats, InputError, Inputs};
pub use layers::*;
pub use losses::*;
pub use model::{BuildError, Model, ModelOutline, WeightsError};
pub use optimizers::*;
pub use parameters::Tensor;
pub use predict::predict;
pub use schedules::*;
pub use shape::{ImageShape, MOST_VALUES, Shape, ShapeError, shapes};
pub use state::{Exact, Snapshot, StateError, StateFacts, TrainedBefore, TrainingState};
pub use summary::{ModelSummary, SummaryRow};
pub use threads::Threads;
pub use toile_record::{Epoch, FirstFilters, LayerRecord, LayersRecord, Metric};
pub use trace::{LayerFacts, trace};

/// Raised whenever the same plan gives other bits than before; part of every run's id.
pub const NUMERICS: u32 = 2;

/// The same for what only runs of [`DtypePolicy::MixedBfloat16`] compute: part of their ids, and of no other's.
pub const NUMERICS_BF16: u32 = 1;

fn yes() -> bool {
    true
}

fn zeros() -> Initializer {
    Initializer::Zeros
}

fn one_by_one() -> [usize; 2] {
    [1, 1]
}
