//! Trained networks as files of other programs, and back: descriptions in, bytes out.
//!
//! An exporter reads a [`ModelDescription`](toile_nn::ModelDescription) and [`NetworkFacts`] and nothing else, so that
//! the same run gives the same bytes. What is written can be read back here, and computed by loops that share nothing
//! with the engine, in f64: that is how an export checks itself.
#![warn(unreachable_pub)]

mod archive;
pub mod c;
mod error;
mod facts;
pub mod hdf5;
pub mod keras;
mod layout;
pub mod onnx;
mod protobuf;
pub mod pytorch;
pub mod safetensors;
pub mod tensorboard;
mod wanted;

pub use error::ExchangeError;
pub use facts::{InputKind, NetworkFacts};
