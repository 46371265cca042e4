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

/// What the loss of every row is taken against.
#[derive(Clone, Copy, Debug)]
pub struct CrossentropyTargets<'a> {
    /// C, floats of a row of logits: 1 to 256.
    pub classes: usize,
    /// s: the target is y = (1 − s) onehot(label) + s / C.
    pub smoothing: f32,
    /// A weight per class, all 1 if absent.
    pub class_weights: Option<&'a [f32]>,
    /// What the gradient is multiplied by, as 1 / images.
    pub scale: f32,
}

/// Where the results go, a place per row.
#[derive(Debug)]
pub struct CrossentropyResults<'a> {
    /// −w Σ y log p.
    pub loss: &'a mut [f32],
    /// The class of the greatest logit, the first of equals.
    pub predicted: &'a mut [u8],
    /// p of that class, if it is wanted.
    pub confidence: Option<&'a mut [f32]>,
    /// scale w (p − y), if it is wanted: rows as the logits.
    pub d_logits: Option<&'a mut [f32]>,
}

/// Categorical crossentropy on logits, for rows of `classes` floats and one label per row.
///
/// A NaN or an infinite logit gives a loss that is not finite, never a wrong number. Where it leaves no probabilities
/// (NaN or +∞) the prediction is class 0 and the confidence NaN.
///
/// # Panics
/// If a length does not fit, a label is not below `classes`, or `classes` is not in 1 ..= 256.
pub fn softmax_crossentropy(
    logits: &[f32],
    labels: &[u8],
    targets: CrossentropyTargets,
    results: CrossentropyResults,
) {
    let (rows, classes) = (labels.len(), targets.classes);
    let CrossentropyResults { loss, predicted, confidence, d_logits } = &results;
    assert!((1..=MAX_CLASSES).contains(&classes), "{classes} classes, not 1 to 256");
    assert_rows(logits.len(), classes);
    assert_eq!(logits.len() / classes, rows, "logits and labels differ in rows");
    assert!(labels.iter().all(|&label| usize::from(label) < classes), "a label is not below {classes}");
    assert!(targets.class_weights.is_none_or(|w| w.len() == classes), "there must be a weight per class");
    assert!(
        d_logits.as_ref().is_none_or(|d| d.len() == logits.len()),
        "logits and gradients differ in length"
    );
    assert_eq!((loss.len(), predicted.len()), (rows, rows), "there must be a loss and a prediction per row");
    assert!(confidence.as_ref().is_none_or(|c| c.len() == rows), "there must be a confidence per row");
    let targets = RowTargets {
        classes,
        even: targets.smoothing / classes as f32,
        own: 1.0 - targets.smoothing,
        class_weights: targets.class_weights,
        scale: targets.scale,
    };
    crossentropy(&targets, logits, labels, results);
}

/// What is the same for all rows.
struct RowTargets<'a> {
    classes: usize,
    /// s / C, the target of every class.
    even: f32,
    /// 1 − s, what the labelled class has beyond it.
    own: f32,
    class_weights: Option<&'a [f32]>,
    scale: f32,
}

dispatch! {
    fn crossentropy(targets: &RowTargets, logits: &[f32], labels: &[u8], results: CrossentropyResults) = blocks_of_rows
}

#[inline(always)]
fn blocks_of_rows<S: Simd>(
    s: S,
    targets: &RowTargets,
    logits: &[f32],
    labels: &[u8],
    results: CrossentropyResults,
) {
    let CrossentropyResults { loss, predicted, mut confidence, mut d_logits } = results;
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
        let mut rows = LossRows::new(targets, &labels[block.clone()]);
        for at in (0..BLOCK).step_by(S::LANES) {
            targets.lanes(s, tile, &mut rows, at, d_logits.is_some());
        }
        if let Some(d) = &mut d_logits {
            out_of_tile(tile, &mut d[floats]);
        }
        loss[block.clone()].copy_from_slice(&rows.loss[..block.len()]);
        for (to, from) in predicted[block.clone()].iter_mut().zip(rows.predicted) {
            // A class, so a whole number in 0 ..= 255.
            *to = from as u8;
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
struct LossRows {
    label: [f32; BLOCK],
    weight: [f32; BLOCK],
    loss: [f32; BLOCK],
    predicted: [f32; BLOCK],
    confidence: [f32; BLOCK],
}

impl LossRows {
    #[inline(always)]
    fn new(targets: &RowTargets, labels: &[u8]) -> LossRows {
        let zeros = [0.0; BLOCK];
        let mut rows =
            LossRows { label: zeros, weight: [1.0; BLOCK], loss: zeros, predicted: zeros, confidence: zeros };
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

impl RowTargets<'_> {
    /// The rows `at ..` LANES of a tile of logits, `tile[class][row]`; turns them into the gradient if it is `wanted`.
    #[inline(always)]
    fn lanes<S: Simd>(&self, s: S, tile: &mut [[f32; BLOCK]], rows: &mut LossRows, at: usize, wanted: bool) {
        let zero = s.splat(0.0);
        let (even, own) = (s.splat(self.even), s.splat(self.own));
        let label = s.load_whole(&rows.label[at..]);
        let weight = s.load_whole(&rows.weight[at..]);
        let (mut max, mut best) = (s.splat(f32::NEG_INFINITY), zero);
        for (c, z) in tile.iter().enumerate() {
            let z = s.load_whole(&z[at..]);
            best = s.select(s.gt(z, max), s.splat(c as f32), best);
            // This order of the arguments leaves NaN out; it comes back with the sum.
            max = s.max(z, max);
        }
        // gain = Σ y (z − max): every class takes part even where its target is 0, so that 0 × ∞ shows as NaN.
        let (mut sum, mut gain, mut gain_of_label) = (zero, zero, zero);
        for (c, z) in tile.iter_mut().enumerate() {
            let d = s.sub(s.load_whole(&z[at..]), max);
            let e = math::exp(s, d);
            s.store_whole(&mut z[at..], e);
            sum = s.add(sum, e);
            gain = s.fma(d, even, gain);
            gain_of_label = s.select(s.eq(label, s.splat(c as f32)), d, gain_of_label);
        }
        let nats = s.sub(math::ln(s, sum), s.fma(gain_of_label, own, gain));
        s.store_whole(&mut rows.loss[at..], s.mul(weight, nats));
        s.store_whole(&mut rows.predicted[at..], s.select(s.eq(sum, sum), best, zero));
        s.store_whole(&mut rows.confidence[at..], s.div(s.splat(1.0), sum));
        if wanted {
            let factor = s.mul(s.splat(self.scale), weight);
            for (c, e) in tile.iter_mut().enumerate() {
                let target = s.select(s.eq(label, s.splat(c as f32)), s.add(own, even), even);
                let p = s.div(s.load_whole(&e[at..]), sum);
                let d = settle::<S, TINY_GRADIENT>(s, s.mul(s.sub(p, target), factor));
                s.store_whole(&mut e[at..], d);
            }
        }
    }
}
