//! Dropout: a random word per float decides whether it stays.

use crate::lanes::{Lanes, vectors};
use crate::simd::{Simd, dispatch};

/// y = x / `keep_prob` where words\[i\] ≥ `threshold`, else 0 (Keras divides; so does this). The backward pass too,
/// on the gradient and with the words of the forward pass.
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

#[inline(always)]
fn dropout_loop<S: Simd>(s: S, x: &[f32], words: &[u32], threshold: u32, keep_prob: f32, y: &mut [f32]) {
    assert!(x.len() == words.len() && y.len() == words.len(), "a word per float");
    vectors!(s, words.len(), |i, lanes| {
        // SAFETY: all three slices are as long as the words, within which i and the lanes lie.
        unsafe {
            let chosen = lanes.at_least(s, words.as_ptr().add(i), threshold);
            let quotient = s.div(lanes.load(s, x.as_ptr().add(i)), s.splat(keep_prob));
            lanes.store(s, y.as_mut_ptr().add(i), s.select(chosen, quotient, s.splat(0.0)));
        }
    });
}
