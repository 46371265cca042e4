//! Softmax and categorical crossentropy in one kernel: from logits to loss, gradient and prediction.
//!
//! z = logits, p = softmax(z), C = classes, s = label smoothing, w = weight of the row's class.

use crate::activation::assert_rows;
use crate::lanes::{Sixteen, sixteens};
use crate::math;
use crate::simd::{Simd, dispatch};
use crate::softmax::{row_exp, row_max};

/// Rows between two calls of the logarithm.
const BLOCK: usize = 16;

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
    mut d_logits: Option<&mut [f32]>,
    loss: &mut [f32],
    predicted: &mut [u8],
    mut confidence: Option<&mut [f32]>,
) {
    let rows = labels.len();
    assert!((1..=256).contains(&classes), "{classes} classes, not 1 to 256");
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
    let even = smoothing / classes as f32;
    let targets = Targets { classes, even, own: 1.0 - smoothing, class_weights, scale };
    for start in (0..rows).step_by(BLOCK) {
        let block = start..rows.min(start + BLOCK);
        let floats = block.start * classes..block.end * classes;
        crossentropy(
            &targets,
            &logits[floats.clone()],
            &labels[block.clone()],
            d_logits.as_deref_mut().map(|d| &mut d[floats]),
            &mut loss[block.clone()],
            &mut predicted[block.clone()],
            confidence.as_deref_mut().map(|c| &mut c[block]),
        );
    }
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
    ) = block_of_rows
}

/// # Safety
/// The instruction set of `S`; at most BLOCK rows and the lengths that [`softmax_crossentropy`] asserts.
#[inline(always)]
unsafe fn block_of_rows<S: Simd>(
    targets: &Targets,
    logits: &[f32],
    labels: &[u8],
    mut d_logits: Option<&mut [f32]>,
    loss: &mut [f32],
    predicted: &mut [u8],
    mut confidence: Option<&mut [f32]>,
) {
    let classes = targets.classes;
    let (mut sums, mut gains) = ([1.0f32; BLOCK], [0.0f32; BLOCK]);
    let mut spare = [0.0f32; 256];
    for (r, &label) in labels.iter().enumerate() {
        let (row, label) = (&logits[r * classes..(r + 1) * classes], usize::from(label));
        let kept = d_logits.as_deref_mut().map(|d| &mut d[r * classes..(r + 1) * classes]);
        let wanted = kept.is_some();
        let p = kept.unwrap_or(&mut spare[..classes]);
        // SAFETY: p has `classes` floats, like the row.
        unsafe {
            let max = row_max::<S>(row);
            let sum = row_exp::<S>(row, max, p.as_mut_ptr());
            (sums[r], gains[r]) = (sum, targets.gain::<S>(row, label, max));
            predicted[r] = if sum.is_nan() { 0 } else { first_equal::<S>(row, max) as u8 };
            if let Some(confidence) = confidence.as_deref_mut() {
                confidence[r] = 1.0 / sum;
            }
            if wanted {
                targets.gradient::<S>(p, label, sum);
            }
        }
    }
    // SAFETY: `logs` has BLOCK floats, a multiple of LANES.
    let logs = unsafe { logarithms::<S>(&sums) };
    for (r, &label) in labels.iter().enumerate() {
        loss[r] = targets.weight(label.into()) * (logs[r] - gains[r]);
    }
}

impl Targets<'_> {
    fn weight(&self, label: usize) -> f32 {
        self.class_weights.map_or(1.0, |w| w[label])
    }

    /// Σ y (z − max). Every class takes part even where its target is 0, so that 0 × ∞ shows as NaN.
    ///
    /// # Safety
    /// The instruction set of `S`.
    #[inline(always)]
    unsafe fn gain<S: Simd>(&self, row: &[f32], label: usize, max: f32) -> f32 {
        unsafe {
            let (even, shift) = (S::splat(self.even), S::splat(max));
            let mut sum = Sixteen::<S>::splat(0.0);
            sixteens!(S, row.len(), |i, part, left| {
                let z = S::load_first_or(row.as_ptr().add(i), left, shift);
                sum.0[part] = S::fma(S::sub(z, shift), even, sum.0[part]);
            });
            self.own * (row[label] - max) + sum.sum()
        }
    }

    /// p ← scale w (p / sum − y).
    ///
    /// # Safety
    /// The instruction set of `S`.
    #[inline(always)]
    unsafe fn gradient<S: Simd>(&self, p: &mut [f32], label: usize, sum: f32) {
        let factor = self.scale * self.weight(label);
        let own = (p[label] / sum - (self.own + self.even)) * factor;
        let start = p.as_mut_ptr();
        unsafe {
            sixteens!(S, p.len(), |i, _part, left| {
                let share = S::div(S::load_first(start.add(i), left), S::splat(sum));
                let d = S::mul(S::sub(share, S::splat(self.even)), S::splat(factor));
                S::store_first(start.add(i), d, left);
            });
        }
        p[label] = own;
    }
}

/// The position of the first float that equals `x`, 0 if there is none.
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn first_equal<S: Simd>(row: &[f32], x: f32) -> usize {
    let mut i = 0;
    while i < row.len() {
        let left = row.len() - i;
        // SAFETY: `left` floats are there.
        let bits = unsafe {
            let z = S::load_first_or(row.as_ptr().add(i), left, S::splat(f32::NAN));
            S::bits(S::eq(z, S::splat(x)))
        };
        if bits != 0 {
            return i + bits.trailing_zeros() as usize;
        }
        i += S::LANES;
    }
    0
}

/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn logarithms<S: Simd>(x: &[f32; BLOCK]) -> [f32; BLOCK] {
    let mut out = [0.0; BLOCK];
    for i in (0..BLOCK).step_by(S::LANES) {
        // SAFETY: BLOCK is a multiple of LANES.
        unsafe { S::store(out.as_mut_ptr().add(i), math::ln::<S>(S::load(x.as_ptr().add(i)))) }
    }
    out
}
