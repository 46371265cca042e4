//! The fast f32 loops over slices, and the only place with `unsafe`.
//!
//! Safe functions that check the lengths of what they are given, then run at the speed of the machine. Each is written
//! once over a small vector trait and instantiated for AVX-512, AVX2 with FMA, and plain Rust; all give the same bits,
//! because every output is one fixed chain of fused multiply-adds. Each has a naive twin that the tests hold it against.
#![allow(unsafe_code)]

mod buffer;
pub mod conv;
mod gemm;
mod isa;
mod pool;
mod simd;

pub use buffer::Buffer;
pub use gemm::{Matrix, gemm};
pub use isa::{Isa, isa, select};
pub use pool::Pool;
