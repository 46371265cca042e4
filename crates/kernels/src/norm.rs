//! Batch normalisation over rows × channels: sums down the columns, and the element-wise halves.
//!
//! n = rows of the whole batch, x̂ = (x − mean) inv, inv = 1 / √(variance + ε). The sums are meant to be taken per
//! chunk of the batch and added up in the order of the chunks.

use crate::activation::assert_rows;
use crate::lanes::{Lanes, each_vector, vectors};
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
    backward_sums_dispatch(x, [mean, inv], d_y, d_gamma, d_beta);
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
        stats: [&[f32]; 2],
        d_y: &[f32],
        d_gamma: &mut [f32],
        d_beta: &mut [f32],
    ) = backward_sum_columns
}
dispatch! { fn backward_dispatch(x: &[f32], per_channel: [&[f32]; 5], d_y: &mut [f32]) = backward_rows }

/// Runs the body for each block of rows and each vector of channels: `$c` is its first channel, `$offsets` go down its
/// rows. Block by block, so that what a block reads stays in the cache for all its channels. For `x` of whole rows, the
/// lanes lie within the channels, and within x from each offset on.
macro_rules! row_blocks {
    ($s:ident, $x:ident, $channels:ident, |$c:ident, $lanes:ident, $offsets:ident| $body:block) => {
        for first in (0..$x.len()).step_by((BLOCK * $channels).max(1)) {
            let end = $x.len().min(first + BLOCK * $channels);
            vectors!($s, $channels, |$c, $lanes| {
                let $offsets = (first + $c..end).step_by($channels);
                $body
            });
        }
    };
}

/// Adds to what lies at `out`.
///
/// # Safety
/// As many floats at `out` as there are lanes within the slice are readable and writable.
#[inline(always)]
unsafe fn add_to<S: Simd>(s: S, lanes: impl Lanes, out: *mut f32, sum: S::V) {
    // SAFETY: the duty above.
    unsafe { lanes.store(s, out, s.add(lanes.load(s, out), sum)) }
}

#[inline(always)]
fn sum_columns<S: Simd>(s: S, x: &[f32], channels: usize, out: &mut [f32]) {
    assert!(x.len().is_multiple_of(channels) && out.len() == channels, "whole rows, a sum per channel");
    out.fill(0.0);
    row_blocks!(s, x, channels, |c, lanes, offsets| {
        let mut sum = s.splat(0.0);
        for at in offsets {
            // SAFETY: x has whole rows: see `row_blocks`.
            sum = s.add(sum, unsafe { lanes.load(s, x.as_ptr().add(at)) });
        }
        // SAFETY: `out` has a float per channel.
        unsafe { add_to(s, lanes, out.as_mut_ptr().add(c), sum) };
    });
}

#[inline(always)]
fn deviation_columns<S: Simd>(s: S, x: &[f32], channels: usize, mean: &[f32], out: &mut [f32]) {
    assert!(x.len().is_multiple_of(channels), "whole rows");
    assert!(mean.len() == channels && out.len() == channels, "a mean and a sum per channel");
    out.fill(0.0);
    row_blocks!(s, x, channels, |c, lanes, offsets| {
        // SAFETY: there is a mean per channel.
        let (mut sum, mean) = (s.splat(0.0), unsafe { lanes.load(s, mean.as_ptr().add(c)) });
        for at in offsets {
            // SAFETY: x has whole rows: see `row_blocks`.
            let d = s.sub(unsafe { lanes.load(s, x.as_ptr().add(at)) }, mean);
            sum = s.fma(d, d, sum);
        }
        // SAFETY: `out` has a float per channel.
        unsafe { add_to(s, lanes, out.as_mut_ptr().add(c), sum) };
    });
}

#[inline(always)]
fn backward_sum_columns<S: Simd>(
    s: S,
    x: &[f32],
    [mean, inv]: [&[f32]; 2],
    d_y: &[f32],
    d_gamma: &mut [f32],
    d_beta: &mut [f32],
) {
    let channels = mean.len();
    assert!(x.len().is_multiple_of(channels) && d_y.len() == x.len(), "whole rows of both");
    assert!([inv.len(), d_gamma.len(), d_beta.len()] == [channels; 3], "a float per channel");
    d_gamma.fill(0.0);
    d_beta.fill(0.0);
    row_blocks!(s, x, channels, |c, lanes, offsets| {
        // SAFETY: there is a mean per channel.
        let mean = unsafe { lanes.load(s, mean.as_ptr().add(c)) };
        let (mut products, mut sum) = (s.splat(0.0), s.splat(0.0));
        for at in offsets {
            // SAFETY: x and d_y have whole rows: see `row_blocks`.
            let (x, d) = unsafe { (lanes.load(s, x.as_ptr().add(at)), lanes.load(s, d_y.as_ptr().add(at))) };
            products = s.fma(d, s.sub(x, mean), products);
            sum = s.add(sum, d);
        }
        // SAFETY: both have a float per channel.
        unsafe {
            add_to(s, lanes, d_gamma.as_mut_ptr().add(c), products);
            add_to(s, lanes, d_beta.as_mut_ptr().add(c), sum);
        }
    });
    each_vector!(s, [factor in inv], [sum in d_gamma], {
        sum = s.mul(sum, factor);
    });
}

#[inline(always)]
fn normalize_rows<S: Simd>(s: S, x: &[f32], channels: usize, scale: &[f32], shift: &[f32], y: &mut [f32]) {
    for (x, y) in x.chunks_exact(channels).zip(y.chunks_exact_mut(channels)) {
        each_vector!(s, [value in x, a in scale, b in shift], [out in y], {
            out = s.fma(value, a, b);
        });
    }
}

#[inline(always)]
fn backward_rows<S: Simd>(s: S, x: &[f32], per_channel: [&[f32]; 5], d_y: &mut [f32]) {
    let [mean, inv, gamma, d_gamma, d_beta] = per_channel;
    let channels = mean.len();
    for (x, d_y) in x.chunks_exact(channels).zip(d_y.chunks_exact_mut(channels)) {
        each_vector!(s, [v in x, m in mean, i in inv, g in gamma, dg in d_gamma, db in d_beta], [d in d_y], {
            let hat = s.mul(s.sub(v, m), i);
            let centered = s.fnma(hat, dg, s.sub(d, db));
            d = s.mul(s.mul(g, i), centered);
        });
    }
}
