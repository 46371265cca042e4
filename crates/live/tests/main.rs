//! Watching a study: all tests of the crate from outside, one program.

mod fixtures;
mod states;
mod telling;
mod time_left;
