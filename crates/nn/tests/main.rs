//! The engine: all tests of the crate from outside, one program, which is compiled once.

mod api;
mod bfloat16;
mod class_maps;
mod describe;
mod determinism;
mod dropout;
mod edges;
mod engine;
mod formulas;
mod golden;
mod gradients;
mod inputs;
mod layers;
mod naive;
mod naive_twin;
mod nets;
mod resumption;
mod rules;
mod trajectory;
