//! The program: all tests of the crate from outside, one program, which is compiled once.

mod bad_input;
mod bench;
mod common;
mod converting;
mod corpus;
mod exporting;
mod faults;
mod grids;
mod importing;
mod interruption;
mod judging;
mod output;
mod own_data;
mod predicting;
mod racing;
mod run;
mod sealed;
mod server;
mod tuning;
mod untrained;
mod watching;
mod web;
