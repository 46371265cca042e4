//! Softmax and categorical crossentropy in one kernel: from logits to loss, gradient and prediction. The focal form
//! too.
//!
//! z = logits, p = softmax(z), C = classes, s = label smoothing, w = weight of the row's class.

use crate::activation::assert_rows;
use crate::lanes::{TINY_GRADIENT, settle};
use crate::math;
use crate::simd::{Simd, dispatch};

/// Rows that are worked on at a time, one per lane: no sum crosses the lanes, which for ten classes is several times
/// faster than a row after the other.
pub(crate) const BLOCK: usize = 16;
/// Up to so many classes a smaller tile will do.
const FEW_CLASSES: usize = 16;
/// Labels are bytes.
pub(crate) const MAX_CLASSES: usize = 256;

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

/// How much less a class counts the better it is predicted (Lin et al. 2017).
#[derive(Clone, Copy, Debug)]
pub struct Focal {
    /// α, the factor of all classes.
    pub alpha: f32,
    /// γ ≥ 0: a class of probability p counts (1 − p)^γ.
    pub gamma: f32,
}

/// Keras' `epsilon()`: the focal loss takes no probability as nearer to 0 or 1.
const EPSILON: f32 = 1e-7;

/// Where the results go, a place per row.
#[derive(Debug)]
pub struct CrossentropyResults<'a> {
    /// −w Σ y log p; of the focal form −w Σ y α (1 − q)^γ log q.
    pub loss: &'a mut [f32],
    /// The class of the greatest logit, the first of equals.
    pub predicted: &'a mut [u8],
    /// p of that class, if it is wanted.
    pub confidence: Option<&'a mut [f32]>,
    /// The gradient, if it is wanted: rows as the logits. scale w (p − y); of the focal form see there.
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
    checked(logits, labels, targets, None, results);
}

/// Categorical focal crossentropy on logits: −w Σ y α (1 − q)^γ log q, with q = p within ε = 1e-7 of 0 and 1.
///
/// Keras' `CategoricalFocalCrossentropy`: like it, it does without the clipped classes' part of the gradient. With
/// u = y α (γ q (1 − q)^(γ − 1) log q − (1 − q)^γ), or 0 where p was clipped, that is scale w (u − p Σ u).
///
/// What is not finite shows as in [`softmax_crossentropy`].
///
/// # Panics
/// As [`softmax_crossentropy`].
pub fn softmax_focal_crossentropy(
    focal: Focal,
    logits: &[f32],
    labels: &[u8],
    targets: CrossentropyTargets,
    results: CrossentropyResults,
) {
    checked(logits, labels, targets, Some(focal), results);
}

fn checked(
    logits: &[f32],
    labels: &[u8],
    targets: CrossentropyTargets,
    focal: Option<Focal>,
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
        focal,
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
    focal: Option<Focal>,
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
            let wanted = d_logits.is_some();
            match targets.focal {
                None => targets.lanes(s, tile, &mut rows, at, wanted),
                Some(focal) => targets.focal_lanes(s, focal, tile, &mut rows, at, wanted),
            }
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
pub(crate) fn into_tile(rows: &[f32], tile: &mut [[f32; BLOCK]]) {
    for (r, row) in rows.chunks_exact(tile.len()).take(BLOCK).enumerate() {
        for (line, &z) in tile.iter_mut().zip(row) {
            line[r] = z;
        }
    }
}

/// The way back.
#[inline(always)]
pub(crate) fn out_of_tile(tile: &[[f32; BLOCK]], rows: &mut [f32]) {
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

/// The greatest logit of each row, and its class: the first of equals.
#[inline(always)]
pub(crate) fn greatest<S: Simd>(s: S, tile: &[[f32; BLOCK]], at: usize) -> (S::V, S::V) {
    let (mut max, mut best) = (s.splat(f32::NEG_INFINITY), s.splat(0.0));
    for (c, z) in tile.iter().enumerate() {
        let z = s.load_whole(&z[at..]);
        best = s.select(s.gt(z, max), s.splat(c as f32), best);
        // This order of the arguments leaves NaN out; it comes back with the sum.
        max = s.max(z, max);
    }
    (max, best)
}

impl Focal {
    /// For classes of probability p and target y: what they add to the loss, and u.
    #[inline(always)]
    fn terms<S: Simd>(self, s: S, p: S::V, target: S::V) -> (S::V, S::V) {
        let (least, most) = (s.splat(EPSILON), s.splat(1.0 - EPSILON));
        let inside = s.and(s.gt(p, least), s.gt(most, p));
        let q = s.min(s.max(p, least), most);
        let (log, rest, gamma) = (math::ln(s, q), s.sub(s.splat(1.0), q), s.splat(self.gamma));
        let modulating = math::exp(s, s.mul(gamma, math::ln(s, rest)));
        let (weighted, none) = (s.mul(target, s.splat(self.alpha)), s.splat(0.0));
        let rising = s.mul(s.mul(gamma, q), s.mul(s.div(modulating, rest), log));
        let slope = s.mul(weighted, s.sub(rising, modulating));
        (s.mul(s.mul(weighted, modulating), s.sub(none, log)), s.select(inside, slope, none))
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
        let (max, best) = greatest(s, tile, at);
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

    /// The same of the focal form.
    #[inline(always)]
    fn focal_lanes<S: Simd>(
        &self,
        s: S,
        focal: Focal,
        tile: &mut [[f32; BLOCK]],
        rows: &mut LossRows,
        at: usize,
        wanted: bool,
    ) {
        let zero = s.splat(0.0);
        let (even, own) = (s.splat(self.even), s.splat(self.own));
        let label = s.load_whole(&rows.label[at..]);
        let weight = s.load_whole(&rows.weight[at..]);
        let target = |c: usize| s.select(s.eq(label, s.splat(c as f32)), s.add(own, even), even);
        let (max, best) = greatest(s, tile, at);
        // `flaw` is 0, or NaN where a logit is not finite: clipping would hide it.
        let (mut sum, mut flaw) = (zero, zero);
        for z in tile.iter_mut() {
            let d = s.sub(s.load_whole(&z[at..]), max);
            let e = math::exp(s, d);
            s.store_whole(&mut z[at..], e);
            sum = s.add(sum, e);
            flaw = s.fma(d, zero, flaw);
        }
        let (mut loss, mut slopes) = (flaw, zero);
        for (c, e) in tile.iter_mut().enumerate() {
            let p = s.div(s.load_whole(&e[at..]), sum);
            s.store_whole(&mut e[at..], p);
            let (part, slope) = focal.terms(s, p, target(c));
            (loss, slopes) = (s.add(loss, part), s.add(slopes, slope));
        }
        s.store_whole(&mut rows.loss[at..], s.mul(weight, loss));
        s.store_whole(&mut rows.predicted[at..], s.select(s.eq(sum, sum), best, zero));
        s.store_whole(&mut rows.confidence[at..], s.div(s.splat(1.0), sum));
        if wanted {
            let factor = s.mul(s.splat(self.scale), weight);
            for (c, p) in tile.iter_mut().enumerate() {
                let probability = s.load_whole(&p[at..]);
                let (_, slope) = focal.terms(s, probability, target(c));
                let d = s.mul(s.fnma(probability, slopes, slope), factor);
                s.store_whole(&mut p[at..], settle::<S, TINY_GRADIENT>(s, d));
            }
        }
    }
}
