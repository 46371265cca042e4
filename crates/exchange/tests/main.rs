//! Exports and imports: all tests of the crate from outside, one program, which is compiled once.

mod c;
mod hdf5;
mod int8;
mod keras;
mod keras_chains;
mod mutated;
mod networks;
mod onnx;
mod optimizer;
mod pytorch;
mod safetensors;
