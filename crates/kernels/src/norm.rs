//! Batch normalisation over rows × channels: sums down the columns, and the element-wise halves.
//!
//! n = rows of the whole batch, x̂ = (x − mean) inv, inv = 1 / √(variance + ε). The sums are meant to be taken per chunk
//! of the batch and added up in the order of the chunks.

use crate::activation::assert_rows;
use crate::lanes::{Lanes, vectors};
use crate::simd::{Simd, dispatch};

/// Rows that are summed in one chain before their sum is added to that of the blocks before: rounding errors grow with
/// the length of a chain, and a batch has 100 000 rows.
const BLOCK: usize = 64;

/// out\[c\] = Σ x\[·, c\]: blocks of 64 rows, one chain per channel in each, added up in order.
///
/// # Panics
/// If `x` does not consist of whole rows of `channels`, or `out` is not one.
pub fn column_sum(x: &[f32], channels: usize, out: &mut [f32]) {
    assert_rows(x.len(), channels);
    assert_eq!(out.len(), channels, "out must hold a float per channel");
    sum_dispatch(x, channels, out);
}

/// out\[c\] = Σ (x\[·, c\] − mean\[c\])², in the order of [`column_sum`].
///
/// # Panics
/// If the lengths do not fit.
pub fn column_sum_squared_deviation(x: &[f32], channels: usize, mean: &[f32], out: &mut [f32]) {
    assert_rows(x.len(), channels);
    assert_eq!((mean.len(), out.len()), (channels, channels), "mean and out must hold a float per channel");
    deviation_dispatch(x, channels, mean, out);
}

/// y = x scale\[c\] + shift\[c\], rounded once.
///
/// # Panics
/// If the lengths do not fit.
pub fn normalize(x: &[f32], channels: usize, scale: &[f32], shift: &[f32], y: &mut [f32]) {
    assert_rows(x.len(), channels);
    assert_eq!(x.len(), y.len(), "x and y differ in length");
    assert_eq!(
        (scale.len(), shift.len()),
        (channels, channels),
        "scale and shift must hold a float per channel"
    );
    if !x.is_empty() {
        normalize_dispatch(x, channels, scale, shift, y);
    }
}

/// d_gamma\[c\] = Σ d_y x̂ and d_beta\[c\] = Σ d_y, in the order of [`column_sum`].
///
/// # Panics
/// If the lengths do not fit.
pub fn batch_norm_backward_sums(
    x: &[f32],
    mean: &[f32],
    inv: &[f32],
    d_y: &[f32],
    channels: usize,
    d_gamma: &mut [f32],
    d_beta: &mut [f32],
) {
    assert_rows(x.len(), channels);
    assert_eq!(x.len(), d_y.len(), "x and d_y differ in length");
    let lengths = [mean.len(), inv.len(), d_gamma.len(), d_beta.len()];
    assert_eq!(lengths, [channels; 4], "mean, inv, d_gamma and d_beta must hold a float per channel");
    backward_sums_dispatch(x, mean, inv, d_y, channels, d_gamma, d_beta);
}

/// Turns d_y into d_x = gamma inv (d_y − d_beta / n − x̂ d_gamma / n), in place.
///
/// # Panics
/// If the lengths do not fit (`channels` is the length of `mean`).
pub fn batch_norm_backward(
    x: &[f32],
    mean: &[f32],
    inv: &[f32],
    gamma: &[f32],
    d_gamma_over_n: &[f32],
    d_beta_over_n: &[f32],
    d_y: &mut [f32],
) {
    let channels = mean.len();
    assert_rows(x.len(), channels);
    assert_eq!(x.len(), d_y.len(), "x and d_y differ in length");
    let lengths = [inv.len(), gamma.len(), d_gamma_over_n.len(), d_beta_over_n.len()];
    assert_eq!(
        lengths, [channels; 4],
        "inv, gamma, d_gamma_over_n and d_beta_over_n must be as long as mean"
    );
    if !x.is_empty() {
        backward_dispatch(x, [mean, inv, gamma, d_gamma_over_n, d_beta_over_n], d_y);
    }
}

dispatch! { fn sum_dispatch(x: &[f32], channels: usize, out: &mut [f32]) = sum_columns }
dispatch! {
    fn deviation_dispatch(x: &[f32], channels: usize, mean: &[f32], out: &mut [f32]) = deviation_columns
}
dispatch! {
    fn normalize_dispatch(x: &[f32], channels: usize, scale: &[f32], shift: &[f32], y: &mut [f32]) = normalize_rows
}
dispatch! {
    fn backward_sums_dispatch(
        x: &[f32],
        mean: &[f32],
        inv: &[f32],
        d_y: &[f32],
        channels: usize,
        d_gamma: &mut [f32],
        d_beta: &mut [f32],
    ) = backward_sum_columns
}
dispatch! { fn backward_dispatch(x: &[f32], per_channel: [&[f32]; 5], d_y: &mut [f32]) = backward_rows }

// SAFETY of everything below: the caller guarantees the instruction set and the lengths asserted above.

/// Runs the body for each block of rows and each vector of channels: `$c` is its first channel, `$offsets` go down its
/// rows. Block by block, so that what a block reads stays in the cache for all its channels.
macro_rules! blocks {
    ($S:ident, $x:ident, $channels:ident, |$c:ident, $lanes:ident, $offsets:ident| $body:block) => {
        for first in (0..$x.len()).step_by((BLOCK * $channels).max(1)) {
            let end = $x.len().min(first + BLOCK * $channels);
            vectors!($S, $channels, |$c, $lanes| {
                let $offsets = (first + $c..end).step_by($channels);
                $body
            });
        }
    };
}

/// Adds to what lies at `out`.
#[inline(always)]
unsafe fn add_to<S: Simd>(lanes: impl Lanes, out: *mut f32, sum: S::V) {
    unsafe { lanes.store::<S>(out, S::add(lanes.load::<S>(out), sum)) }
}

#[inline(always)]
unsafe fn sum_columns<S: Simd>(x: &[f32], channels: usize, out: &mut [f32]) {
    out.fill(0.0);
    let (from, out) = (x.as_ptr(), out.as_mut_ptr());
    blocks!(S, x, channels, |c, lanes, offsets| {
        unsafe {
            let mut sum = S::splat(0.0);
            for at in offsets {
                sum = S::add(sum, lanes.load::<S>(from.add(at)));
            }
            add_to::<S>(lanes, out.add(c), sum);
        }
    });
}

#[inline(always)]
unsafe fn deviation_columns<S: Simd>(x: &[f32], channels: usize, mean: &[f32], out: &mut [f32]) {
    out.fill(0.0);
    let (from, out) = (x.as_ptr(), out.as_mut_ptr());
    blocks!(S, x, channels, |c, lanes, offsets| {
        unsafe {
            let (mut sum, mean) = (S::splat(0.0), lanes.load::<S>(mean.as_ptr().add(c)));
            for at in offsets {
                let d = S::sub(lanes.load::<S>(from.add(at)), mean);
                sum = S::fma(d, d, sum);
            }
            add_to::<S>(lanes, out.add(c), sum);
        }
    });
}

#[inline(always)]
unsafe fn backward_sum_columns<S: Simd>(
    x: &[f32],
    mean: &[f32],
    inv: &[f32],
    d_y: &[f32],
    channels: usize,
    d_gamma: &mut [f32],
    d_beta: &mut [f32],
) {
    d_gamma.fill(0.0);
    d_beta.fill(0.0);
    let (from, d_y) = (x.as_ptr(), d_y.as_ptr());
    let (d_gamma, d_beta) = (d_gamma.as_mut_ptr(), d_beta.as_mut_ptr());
    blocks!(S, x, channels, |c, lanes, offsets| {
        unsafe {
            let mean = lanes.load::<S>(mean.as_ptr().add(c));
            let (mut products, mut sum) = (S::splat(0.0), S::splat(0.0));
            for at in offsets {
                let d = lanes.load::<S>(d_y.add(at));
                products = S::fma(d, S::sub(lanes.load::<S>(from.add(at)), mean), products);
                sum = S::add(sum, d);
            }
            add_to::<S>(lanes, d_gamma.add(c), products);
            add_to::<S>(lanes, d_beta.add(c), sum);
        }
    });
    vectors!(S, channels, |c, lanes| {
        unsafe {
            let sum = lanes.load::<S>(d_gamma.add(c));
            lanes.store::<S>(d_gamma.add(c), S::mul(sum, lanes.load::<S>(inv.as_ptr().add(c))));
        }
    });
}

#[inline(always)]
unsafe fn normalize_rows<S: Simd>(x: &[f32], channels: usize, scale: &[f32], shift: &[f32], y: &mut [f32]) {
    for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
        let (x, y) = (x.as_ptr(), y.as_mut_ptr());
        vectors!(S, channels, |c, lanes| {
            unsafe {
                let (a, b) = (lanes.load::<S>(scale.as_ptr().add(c)), lanes.load::<S>(shift.as_ptr().add(c)));
                lanes.store::<S>(y.add(c), S::fma(lanes.load::<S>(x.add(c)), a, b));
            }
        });
    }
}

#[inline(always)]
unsafe fn backward_rows<S: Simd>(x: &[f32], per_channel: [&[f32]; 5], d_y: &mut [f32]) {
    let channels = per_channel[0].len();
    let [mean, inv, gamma, d_gamma, d_beta] = per_channel.map(|p| p.as_ptr());
    for (x, d_y) in x.chunks_exact(channels).zip(d_y.chunks_exact_mut(channels)) {
        let (x, d_y) = (x.as_ptr(), d_y.as_mut_ptr());
        vectors!(S, channels, |c, lanes| {
            unsafe {
                let inv = lanes.load::<S>(inv.add(c));
                let hat = S::mul(S::sub(lanes.load::<S>(x.add(c)), lanes.load::<S>(mean.add(c))), inv);
                let d = S::sub(lanes.load::<S>(d_y.add(c)), lanes.load::<S>(d_beta.add(c)));
                let d = S::fnma(hat, lanes.load::<S>(d_gamma.add(c)), d);
                lanes.store::<S>(d_y.add(c), S::mul(S::mul(lanes.load::<S>(gamma.add(c)), inv), d));
            }
        });
    }
}
