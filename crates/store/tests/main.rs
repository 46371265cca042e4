//! The store: all tests of the crate from outside, one program, which is compiled once.

mod fixtures;
mod server;
mod storage;
mod store;
