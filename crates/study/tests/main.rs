//! Study files: all tests of the crate from outside, one program, which is compiled once.

mod check;
mod faults;
mod grids;
mod ids;
mod plan;
mod schema;
mod space;
mod warnings;
