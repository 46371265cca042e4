//! Judgements: all tests of the crate from outside, one program, which is compiled once.

mod claims;
mod findings;
mod null_studies;
mod plain;
