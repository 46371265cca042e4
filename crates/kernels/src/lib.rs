//! The fast loops over slices of floats, products of bfloat16 numbers among them, and the only place with `unsafe`.
//!
//! Safe functions that check the lengths of what they are given, then run at the speed of the machine. Each is written
//! once over a small vector trait and instantiated for AVX-512, AVX2 with FMA, NEON, and plain Rust; all give the same
//! bits, because every output is one fixed chain of fused multiply-adds. Products of bfloat16 have an order of their
//! own, and more ways ([`bf16`]). Each has a naive twin that the tests hold it against.
#![allow(unsafe_code)]
#![deny(clippy::undocumented_unsafe_blocks, clippy::missing_safety_doc)]
#![warn(unreachable_pub)]

pub mod activation;
mod allocator;
pub mod bf16;
mod buffer;
pub mod conv;
pub mod depthwise;
pub mod dropout;
pub mod gather;
mod gemm;
mod isa;
mod lanes;
pub mod loss;
mod math;
pub mod norm;
pub mod optimizer;
mod pool;
pub mod pooling;
pub mod probabilities;
pub mod probe;
pub mod reduce;
mod simd;
mod softmax;
#[cfg(test)]
mod tests;

pub use allocator::{LargePages, give_back_large_blocks};
pub use buffer::Buffer;
pub use gemm::{Matrix, gemm};
pub use isa::{Isa, isa, select};
pub use pool::Pool;

/// The product of some sizes.
///
/// # Panics
/// If it overflows: lengths are checked against it, and what is unsafe relies on those checks.
#[track_caller]
pub(crate) fn checked_product(sizes: &[usize]) -> usize {
    let product = sizes.iter().try_fold(1usize, |product, &size| product.checked_mul(size));
    product.unwrap_or_else(|| panic!("the product of {sizes:?} is no size"))
}

/// Panics if a slice has not the length that it must have.
#[track_caller]
pub(crate) fn check_len(what: &str, found: usize, expected: usize) {
    assert!(found == expected, "{what}: {found} elements, {expected} expected");
}
