//! The probabilities that the loss is computed from, one for each class.

use crate::activation::assert_rows;
use crate::loss::{BLOCK, MAX_CLASSES, greatest, into_tile, out_of_tile};
use crate::math;
use crate::simd::{Simd, dispatch};

/// p = softmax(z) for rows of `classes` logits, with the loss kernel's own sums in their order: the probability of the
/// predicted class has the bits of its `confidence`. (Softmax as a layer of its own sums in another order.)
///
/// A row with a NaN or +∞ becomes NaN.
///
/// # Panics
/// If the lengths differ or are no whole rows, or `classes` is not in 1 ..= 256.
pub fn softmax_probabilities(logits: &[f32], classes: usize, probabilities: &mut [f32]) {
    assert!((1..=MAX_CLASSES).contains(&classes), "{classes} classes, not 1 to 256");
    assert_rows(logits.len(), classes);
    assert_eq!(logits.len(), probabilities.len(), "logits and probabilities differ in length");
    blocks(logits, classes, probabilities);
}

dispatch! { fn blocks(logits: &[f32], classes: usize, probabilities: &mut [f32]) = blocks_of_rows }

#[inline(always)]
fn blocks_of_rows<S: Simd>(s: S, logits: &[f32], classes: usize, probabilities: &mut [f32]) {
    let mut tile = [[0.0; BLOCK]; MAX_CLASSES];
    let tile = &mut tile[..classes];
    let blocks = logits.chunks(BLOCK * classes).zip(probabilities.chunks_mut(BLOCK * classes));
    for (logits, probabilities) in blocks {
        into_tile(logits, tile);
        for at in (0..BLOCK).step_by(S::LANES) {
            lanes(s, tile, at);
        }
        out_of_tile(tile, probabilities);
    }
}

/// The rows `at ..` LANES of a tile: logits become probabilities.
#[inline(always)]
fn lanes<S: Simd>(s: S, tile: &mut [[f32; BLOCK]], at: usize) {
    let (max, _) = greatest(s, tile, at);
    let mut sum = s.splat(0.0);
    for z in tile.iter_mut() {
        let e = math::exp(s, s.sub(s.load_whole(&z[at..]), max));
        s.store_whole(&mut z[at..], e);
        sum = s.add(sum, e);
    }
    for e in tile.iter_mut() {
        let p = s.div(s.load_whole(&e[at..]), sum);
        s.store_whole(&mut e[at..], p);
    }
}
