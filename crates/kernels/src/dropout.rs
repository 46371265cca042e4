//! Dropout: a random word per float decides whether it is kept.

use crate::lanes::{Lanes, vectors};
use crate::simd::{Simd, dispatch};

/// y = x / `keep_prob` where words\[i\] ≥ `threshold`, else 0 (Keras divides; so does this). The backward pass too, on the
/// gradient and with the words of the forward pass.
///
/// # Panics
/// If the lengths differ.
pub fn dropout_apply(x: &[f32], words: &[u32], threshold: u32, keep_prob: f32, y: &mut [f32]) {
    assert_eq!(x.len(), y.len(), "x and y differ in length");
    assert_eq!(words.len(), y.len(), "there must be a word per float");
    dropout(x, words, threshold, keep_prob, y);
}

dispatch! {
    fn dropout(x: &[f32], words: &[u32], threshold: u32, keep_prob: f32, y: &mut [f32]) = dropout_loop
}

/// # Safety
/// The instruction set of `S`; equal lengths.
#[inline(always)]
unsafe fn dropout_loop<S: Simd>(x: &[f32], words: &[u32], threshold: u32, keep_prob: f32, y: &mut [f32]) {
    let (x, y) = (x.as_ptr(), y.as_mut_ptr());
    vectors!(S, words.len(), |i, lanes| {
        // SAFETY: `i` and the lanes lie within the words.
        unsafe {
            let kept = lanes.at_least::<S>(words.as_ptr().add(i), threshold);
            let quotient = S::div(lanes.load::<S>(x.add(i)), S::splat(keep_prob));
            lanes.store::<S>(y.add(i), S::select(kept, quotient, S::splat(0.0)));
        }
    });
}
