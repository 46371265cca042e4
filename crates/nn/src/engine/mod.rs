//! How a model runs: compiled once into operations and phases, then step by step without a choice left to make.
//!
//! To read in this order: `operation` (what a layer is here), `program` (phases) and `strips` (how the work is cut),
//! `round` (what a chunk does in a phase), `executor` (a batch from phase to phase), `slices` (a wide first layer,
//! before the phases), `gradients` and `update` (from the chunks to new weights), `units` (what is counted of
//! outputs). `workspace` has the memory, `normalization` the one operation that sees the whole batch, `gather` the way
//! of the images into all this, `trace` what is reported of it.

mod executor;
mod gather;
mod gradients;
mod normalization;
mod operation;
mod program;
mod round;
mod slices;
mod strips;
mod trace;
mod units;
mod update;
mod workspace;

pub(crate) use executor::{BatchPass, Executor};
pub(crate) use normalization::{Moments, Normalization, two_parts};
pub(crate) use operation::{Backward, BufferSizes, Buffers, ChunkContext, KernelProduct, Operation, Weights};
pub(crate) use program::{Op, Program, Values};
pub(crate) use trace::Tracer;
pub use trace::{Stage, TraceEvent};
pub(crate) use units::{UnitWatch, WatchedUnits};
pub(crate) use update::{Clipping, UpdateRun, Updater};
pub(crate) use workspace::{Workspace, moments, use_moving};
