//! Softmax and categorical crossentropy in one kernel: from logits to loss, gradient and prediction.
//!
//! z = logits, p = softmax(z), C = classes, s = label smoothing, w = weight of the row's class.

use crate::activation::assert_rows;
use crate::lanes::{TINY_GRADIENT, settle};
use crate::math;
use crate::simd::{Simd, dispatch};

/// Rows that are worked on at a time, one per lane: no sum crosses the lanes, which for ten classes is several times
/// faster than a row after the other.
const BLOCK: usize = 16;
/// Up to so many classes a smaller tile will do.
const FEW_CLASSES: usize = 16;
/// Labels are bytes.
const MAX_CLASSES: usize = 256;

/// Categorical crossentropy on logits, for rows of `classes` floats and one label per row.
///
/// The target is y = (1 − s) onehot(label) + s / C. Per row: `loss` = −w Σ y log p; `d_logits` = scale w (p − y);
/// `predicted` = the class of the greatest logit (the first of equals); `confidence` = p of that class.
/// `class_weights` has a weight per class, all 1 if absent.
///
/// A NaN or an infinite logit gives a loss that is not finite, never a wrong number. Where it leaves no probabilities
/// (NaN or +∞) the prediction is class 0 and the confidence NaN.
///
/// # Panics
/// If a length does not fit, a label is not below `classes`, or `classes` is not in 1 ..= 256.
pub fn softmax_crossentropy(
    logits: &[f32],
    classes: usize,
    labels: &[u8],
    smoothing: f32,
    class_weights: Option<&[f32]>,
    scale: f32,
    d_logits: Option<&mut [f32]>,
    loss: &mut [f32],
    predicted: &mut [u8],
    confidence: Option<&mut [f32]>,
) {
    let rows = labels.len();
    assert!((1..=MAX_CLASSES).contains(&classes), "{classes} classes, not 1 to 256");
    assert_rows(logits.len(), classes);
    assert_eq!(logits.len() / classes, rows, "logits and labels differ in rows");
    assert!(labels.iter().all(|&label| usize::from(label) < classes), "a label is not below {classes}");
    assert!(class_weights.is_none_or(|w| w.len() == classes), "there must be a weight per class");
    assert!(
        d_logits.as_ref().is_none_or(|d| d.len() == logits.len()),
        "logits and gradients differ in length"
    );
    assert_eq!((loss.len(), predicted.len()), (rows, rows), "there must be a loss and a prediction per row");
    assert!(confidence.as_ref().is_none_or(|c| c.len() == rows), "there must be a confidence per row");
    let targets =
        Targets { classes, even: smoothing / classes as f32, own: 1.0 - smoothing, class_weights, scale };
    crossentropy(&targets, logits, labels, d_logits, loss, predicted, confidence);
}

/// What is the same for all rows.
struct Targets<'a> {
    classes: usize,
    /// s / C, the target of every class.
    even: f32,
    /// 1 − s, what the labelled class has beyond it.
    own: f32,
    class_weights: Option<&'a [f32]>,
    scale: f32,
}

dispatch! {
    fn crossentropy(
        targets: &Targets,
        logits: &[f32],
        labels: &[u8],
        d_logits: Option<&mut [f32]>,
        loss: &mut [f32],
        predicted: &mut [u8],
        confidence: Option<&mut [f32]>,
    ) = blocks_of_rows
}

/// # Safety
/// The instruction set of `S`; the lengths that [`softmax_crossentropy`] asserts.
#[inline(always)]
unsafe fn blocks_of_rows<S: Simd>(
    targets: &Targets,
    logits: &[f32],
    labels: &[u8],
    mut d_logits: Option<&mut [f32]>,
    loss: &mut [f32],
    predicted: &mut [u8],
    mut confidence: Option<&mut [f32]>,
) {
    let (mut small, mut large);
    let tile: &mut [[f32; BLOCK]] = if targets.classes <= FEW_CLASSES {
        small = [[0.0; BLOCK]; FEW_CLASSES];
        &mut small[..targets.classes]
    } else {
        large = [[0.0; BLOCK]; MAX_CLASSES];
        &mut large[..targets.classes]
    };
    for start in (0..labels.len()).step_by(BLOCK) {
        let block = start..labels.len().min(start + BLOCK);
        let floats = block.start * targets.classes..block.end * targets.classes;
        into_tile(&logits[floats.clone()], tile);
        let mut rows = Rows::new(targets, &labels[block.clone()]);
        for at in (0..BLOCK).step_by(S::LANES) {
            // SAFETY: BLOCK is a multiple of LANES.
            unsafe { targets.lanes::<S>(tile, &mut rows, at, d_logits.is_some()) }
        }
        if let Some(d) = &mut d_logits {
            out_of_tile(tile, &mut d[floats]);
        }
        loss[block.clone()].copy_from_slice(&rows.loss[..block.len()]);
        for (to, from) in predicted[block.clone()].iter_mut().zip(rows.predicted) {
            // SAFETY: a class, so a whole number in 0 ..= 255.
            *to = unsafe { from.to_int_unchecked::<i32>() } as u8;
        }
        if let Some(confidence) = &mut confidence {
            confidence[block.clone()].copy_from_slice(&rows.confidence[..block.len()]);
        }
    }
}

/// tile\[class\]\[row\] = z, for at most BLOCK rows; the lanes of rows that are missing keep what they have.
#[inline(always)]
fn into_tile(rows: &[f32], tile: &mut [[f32; BLOCK]]) {
    for (r, row) in rows.chunks_exact(tile.len()).take(BLOCK).enumerate() {
        for (line, &z) in tile.iter_mut().zip(row) {
            line[r] = z;
        }
    }
}

/// The way back.
#[inline(always)]
fn out_of_tile(tile: &[[f32; BLOCK]], rows: &mut [f32]) {
    for (r, row) in rows.chunks_exact_mut(tile.len()).take(BLOCK).enumerate() {
        for (line, d) in tile.iter().zip(row) {
            *d = line[r];
        }
    }
}

/// What there is once per row, a lane each; the lanes beyond the last row mean nothing.
struct Rows {
    label: [f32; BLOCK],
    weight: [f32; BLOCK],
    loss: [f32; BLOCK],
    predicted: [f32; BLOCK],
    confidence: [f32; BLOCK],
}

impl Rows {
    #[inline(always)]
    fn new(targets: &Targets, labels: &[u8]) -> Rows {
        let zeros = [0.0; BLOCK];
        let mut rows =
            Rows { label: zeros, weight: [1.0; BLOCK], loss: zeros, predicted: zeros, confidence: zeros };
        for (to, &label) in rows.label.iter_mut().zip(labels) {
            *to = f32::from(label);
        }
        for (to, &label) in rows.weight.iter_mut().zip(labels) {
            if let Some(weights) = targets.class_weights {
                *to = weights[usize::from(label)];
            }
        }
        rows
    }
}

impl Targets<'_> {
    /// The rows `at ..` LANES of a tile of logits, `tile[class][row]`; turns them into the gradient if it is `wanted`.
    ///
    /// # Safety
    /// The instruction set of `S`; `at` + LANES ≤ BLOCK.
    #[inline(always)]
    unsafe fn lanes<S: Simd>(&self, tile: &mut [[f32; BLOCK]], rows: &mut Rows, at: usize, wanted: bool) {
        unsafe {
            let zero = S::splat(0.0);
            let (even, own) = (S::splat(self.even), S::splat(self.own));
            let label = S::load(rows.label.as_ptr().add(at));
            let weight = S::load(rows.weight.as_ptr().add(at));
            let (mut max, mut best) = (S::splat(f32::NEG_INFINITY), zero);
            for (c, z) in tile.iter().enumerate() {
                let z = S::load(z.as_ptr().add(at));
                best = S::select(S::gt(z, max), S::splat(c as f32), best);
                // This order of the arguments leaves NaN out; it comes back with the sum.
                max = S::max(z, max);
            }
            // gain = Σ y (z − max): every class takes part even where its target is 0, so that 0 × ∞ shows as NaN.
            let (mut sum, mut gain, mut gain_of_label) = (zero, zero, zero);
            for (c, z) in tile.iter_mut().enumerate() {
                let d = S::sub(S::load(z.as_ptr().add(at)), max);
                let e = math::exp::<S>(d);
                S::store(z.as_mut_ptr().add(at), e);
                sum = S::add(sum, e);
                gain = S::fma(d, even, gain);
                gain_of_label = S::select(S::eq(label, S::splat(c as f32)), d, gain_of_label);
            }
            let nats = S::sub(math::ln::<S>(sum), S::fma(gain_of_label, own, gain));
            S::store(rows.loss.as_mut_ptr().add(at), S::mul(weight, nats));
            S::store(rows.predicted.as_mut_ptr().add(at), S::select(S::eq(sum, sum), best, zero));
            S::store(rows.confidence.as_mut_ptr().add(at), S::div(S::splat(1.0), sum));
            if wanted {
                let factor = S::mul(S::splat(self.scale), weight);
                for (c, e) in tile.iter_mut().enumerate() {
                    let target = S::select(S::eq(label, S::splat(c as f32)), S::add(own, even), even);
                    let p = S::div(S::load(e.as_ptr().add(at)), sum);
                    let d = settle::<S, TINY_GRADIENT>(S::mul(S::sub(p, target), factor));
                    S::store(e.as_mut_ptr().add(at), d);
                }
            }
        }
    }
}
