//! The crate from outside, one program.
