//! Softmax of rows, as a layer of its own. (With the loss it is one kernel: see `loss`.)

use crate::activation::assert_rows;
use crate::lanes::{Sixteen, each_vector, sixteens};
use crate::math;
use crate::simd::{Simd, dispatch};

/// y = exp(z − max z) / Σ exp(z − max z) in each row of `classes` floats; a row with a NaN or +∞ becomes NaN.
///
/// # Panics
/// If the lengths differ or are no whole rows.
pub fn softmax_rows(z: &[f32], classes: usize, y: &mut [f32]) {
    assert_eq!(z.len(), y.len(), "z and y differ in length");
    assert_rows(z.len(), classes);
    if !z.is_empty() {
        forward(z, classes, y);
    }
}

/// Turns the gradient with respect to y = softmax(z) into that with respect to z: d_y ← y (d_y − Σ d_y y) in each row.
///
/// # Panics
/// If the lengths differ or are no whole rows.
pub fn softmax_backward_rows(y: &[f32], classes: usize, d_y: &mut [f32]) {
    assert_eq!(y.len(), d_y.len(), "y and d_y differ in length");
    assert_rows(y.len(), classes);
    if !y.is_empty() {
        backward(y, classes, d_y);
    }
}

dispatch! { fn forward(z: &[f32], classes: usize, y: &mut [f32]) = forward_rows }
dispatch! { fn backward(y: &[f32], classes: usize, d_y: &mut [f32]) = backward_rows }

/// The greatest of a row, NaN left out (−∞ if nothing is left).
#[inline(always)]
fn row_max<S: Simd>(s: S, row: &[f32]) -> f32 {
    let lowest = s.splat(f32::NEG_INFINITY);
    let mut max = Sixteen::<S>([lowest; 4]);
    sixteens!(s, row.len(), |i, part| {
        let z = s.load_slice_or(&row[i..], lowest);
        // This order of the arguments leaves the padding and NaN out.
        max.0[part] = s.max(z, max.0[part]);
    });
    max.greatest(s)
}

/// y = exp(z − max) of a row; gives the sum of y.
#[inline(always)]
fn row_exp<S: Simd>(s: S, row: &[f32], max: f32, y: &mut [f32]) -> f32 {
    let lowest = s.splat(f32::NEG_INFINITY);
    let mut sum = Sixteen::splat(s, 0.0);
    sixteens!(s, row.len(), |i, part| {
        let z = s.load_slice_or(&row[i..], lowest);
        let e = math::exp(s, s.sub(z, s.splat(max)));
        // Beyond the row: exp(−∞) = 0, or NaN where the row's own sum is NaN already.
        sum.0[part] = s.add(sum.0[part], e);
        s.store_slice(&mut y[i..], e);
    });
    sum.sum(s)
}

#[inline(always)]
fn forward_rows<S: Simd>(s: S, z: &[f32], classes: usize, y: &mut [f32]) {
    for (z, y) in z.chunks_exact(classes).zip(y.chunks_exact_mut(classes)) {
        let sum = s.splat(row_exp(s, z, row_max(s, z), y));
        each_vector!(s, [], [e in y], {
            e = s.div(e, sum);
        });
    }
}

#[inline(always)]
fn backward_rows<S: Simd>(s: S, y: &[f32], classes: usize, d_y: &mut [f32]) {
    for (y, d_y) in y.chunks_exact(classes).zip(d_y.chunks_exact_mut(classes)) {
        let mut dot = Sixteen::splat(s, 0.0);
        sixteens!(s, classes, |i, part| {
            let (y, d) = (s.load_slice(&y[i..]), s.load_slice(&d_y[i..]));
            dot.0[part] = s.fma(y, d, dot.0[part]);
        });
        let dot = s.splat(dot.sum(s));
        each_vector!(s, [p in y], [d in d_y], {
            d = s.mul(p, s.sub(d, dot));
        });
    }
}
