//! Samplers, pruners and importance: all tests of the crate from outside, one program, which is compiled once.

mod budget;
mod distributions;
mod importance;
mod optuna;
mod pruners;
mod samplers;
mod stop;
mod warnings;
