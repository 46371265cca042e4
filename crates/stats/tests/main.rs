//! Statistics: all tests of the crate from outside, one program, which is compiled once.

mod crossed;
mod range_test;
mod reference;
mod verdicts;
