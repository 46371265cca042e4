//! Softmax of rows, as a layer of its own. (With the loss it is one kernel: see `loss`.)

use crate::activation::assert_rows;
use crate::lanes::{Sixteen, sixteens};
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
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn row_max<S: Simd>(row: &[f32]) -> f32 {
    unsafe {
        let lowest = S::splat(f32::NEG_INFINITY);
        let mut max = Sixteen::<S>([lowest; 4]);
        sixteens!(S, row.len(), |i, part, left| {
            let z = S::load_first_or(row.as_ptr().add(i), left, lowest);
            // This order of the arguments leaves the padding and NaN out.
            max.0[part] = S::max(z, max.0[part]);
        });
        max.greatest()
    }
}

/// y = exp(z − max) of a row; gives the sum of y.
///
/// # Safety
/// The instruction set of `S`; `y` has as many writable floats as the row and is the row's own memory or lies apart.
#[inline(always)]
unsafe fn row_exp<S: Simd>(row: &[f32], max: f32, y: *mut f32) -> f32 {
    unsafe {
        let lowest = S::splat(f32::NEG_INFINITY);
        let mut sum = Sixteen::<S>::splat(0.0);
        sixteens!(S, row.len(), |i, part, left| {
            let z = S::load_first_or(row.as_ptr().add(i), left, lowest);
            let e = math::exp::<S>(S::sub(z, S::splat(max)));
            // Beyond the row: exp(−∞) = 0, or NaN where the row's own sum is NaN already.
            sum.0[part] = S::add(sum.0[part], e);
            S::store_first(y.add(i), e, left);
        });
        sum.sum()
    }
}

/// # Safety
/// The instruction set of `S`; equal lengths, whole rows.
#[inline(always)]
unsafe fn forward_rows<S: Simd>(z: &[f32], classes: usize, y: &mut [f32]) {
    for (z, y) in z.chunks_exact(classes).zip(y.chunks_exact_mut(classes)) {
        // SAFETY: both rows have `classes` floats.
        unsafe {
            let sum = S::splat(row_exp::<S>(z, row_max::<S>(z), y.as_mut_ptr()));
            sixteens!(S, classes, |i, _part, left| {
                let e = S::load_first(y.as_ptr().add(i), left);
                S::store_first(y.as_mut_ptr().add(i), S::div(e, sum), left);
            });
        }
    }
}

/// # Safety
/// The instruction set of `S`; equal lengths, whole rows.
#[inline(always)]
unsafe fn backward_rows<S: Simd>(y: &[f32], classes: usize, d_y: &mut [f32]) {
    for (y, d_y) in y.chunks_exact(classes).zip(d_y.chunks_exact_mut(classes)) {
        // SAFETY: both rows have `classes` floats.
        unsafe {
            let mut dot = Sixteen::<S>::splat(0.0);
            sixteens!(S, classes, |i, part, left| {
                let (y, d) =
                    (S::load_first(y.as_ptr().add(i), left), S::load_first(d_y.as_ptr().add(i), left));
                dot.0[part] = S::fma(y, d, dot.0[part]);
            });
            let dot = S::splat(dot.sum());
            sixteens!(S, classes, |i, _part, left| {
                let (y, d) =
                    (S::load_first(y.as_ptr().add(i), left), S::load_first(d_y.as_ptr().add(i), left));
                S::store_first(d_y.as_mut_ptr().add(i), S::mul(y, S::sub(d, dot)), left);
            });
        }
    }
}
