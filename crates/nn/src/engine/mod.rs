//! How a model runs: compiled once into operations and phases, then step by step without a choice left to make.

mod executor;
mod gradients;
mod normalization;
mod operation;
mod program;
mod round;
mod slices;
mod trace;
mod update;
mod workspace;

pub(crate) use executor::{Executor, Pass};
pub(crate) use normalization::{Normalization, two_parts};
pub(crate) use operation::{At, Backward, Demand, Operation, Product, Room, Weights};
pub(crate) use program::{Op, Program};
pub(crate) use trace::Tracer;
pub use trace::{Mark, Stage};
pub(crate) use update::{Clipping, Updater};
pub(crate) use workspace::Workspace;
