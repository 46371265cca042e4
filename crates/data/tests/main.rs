//! Data: all tests of the crate from outside, one program, which is compiled once.

mod damage;
mod mutated;
mod real_data;
