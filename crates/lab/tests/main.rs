//! Trainings, runs and searches: all tests of the crate from outside, one program, which is compiled once.

mod robust;
mod runner;
mod search;
