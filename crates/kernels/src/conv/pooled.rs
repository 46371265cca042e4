//! Winograd's output transform with 2 × 2 max pooling behind it, and back: the outputs before pooling never exist in
//! memory.
//!
//! What backward needs to know of them is which pixel of a window was the first of its greatest, and whether ReLU let it
//! pass: a mask per pixel of the window, `[image][row][column][vector of channels][pixel]`, a bit per channel. Tiles
//! are even, so that windows lie within tiles; outputs beyond the last whole window belong to no tile's windows, and
//! tiles without a window are left out: their gradient is zero.

use super::points::Points;
use super::tiles::{across, bias_gradient, half_output};
use super::window::{Place, Transform, each_tile};
use super::winograd::{Block, Winograd};
use crate::simd::{Simd, dispatch};

/// Bytes of the masks of a pooled pixel with so many channels, which are whole vectors.
pub(super) fn bytes(channels: usize) -> usize {
    channels / 2
}

/// Asserts that `masks` bytes hold the masks of a block's tiles.
fn check_masks(w: &Winograd, block: Block, masks: usize) {
    let end = (block.first + block.count).div_ceil(w.tiles[0] * w.tiles[1]);
    let image = w.y.height * w.y.width * bytes(w.y.padded);
    assert!(masks >= end * image, "{masks} bytes for {end} images of {image}");
}

dispatch! {
    /// y = the pooled Aᵀ M A + bias, with max(·, 0) before the pooling if `relu`. No masks are written if they are empty.
    pub(super) fn output(w: &Winograd, m: &[f32], bias: Option<&[f32]>, relu: bool, block: Block, y: &mut [f32], masks: &mut [u8]) = output_of
}

#[inline(always)]
unsafe fn output_of<S: Simd>(
    w: &Winograd,
    m: &[f32],
    bias: Option<&[f32]>,
    relu: bool,
    block: Block,
    y: &mut [f32],
    masks: &mut [u8],
) {
    w.check(&w.y, block, y.len(), m.len());
    assert!(bias.is_none_or(|bias| bias.len() == w.y.channels), "one bias per filter");
    if !masks.is_empty() {
        check_masks(w, block, masks.len());
    }
    let masks = if masks.is_empty() { None } else { Some(masks.as_mut_ptr()) };
    let bias = bias.map(<[f32]>::as_ptr);
    // SAFETY: the lengths are checked.
    unsafe { each_tile::<S, _>(&Output { m: m.as_ptr(), bias, relu, y: y.as_mut_ptr(), masks }, w, block) }
}

struct Output {
    m: *const f32,
    bias: Option<*const f32>,
    relu: bool,
    y: *mut f32,
    masks: Option<*mut u8>,
}

impl Transform for Output {
    const INPUTS: bool = false;
    const POOLED: bool = true;

    #[inline(always)]
    unsafe fn tile<S: Simd, W: Points<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &self,
        place: &Place,
    ) {
        // SAFETY: the contract of the trait.
        unsafe {
            let zero = S::splat(0.0);
            let half = half_output::<S, W, M, N>(self.m, self.bias, place);
            for i in 0..M / 2 {
                let upper = W::output::<S>(across::<S, N, M>(&half, 2 * i));
                let lower = W::output::<S>(across::<S, N, M>(&half, 2 * i + 1));
                for j in 0..M / 2 {
                    let window = [upper[2 * j], upper[2 * j + 1], lower[2 * j], lower[2 * j + 1]];
                    let max = greatest::<S>(window);
                    // In this order a NaN stays one.
                    let out = if self.relu { S::max(zero, max) } else { max };
                    place.store::<S, WHOLE>(self.y, i, j, out);
                    if let Some(masks) = self.masks
                        && place.has::<WHOLE>(i, j)
                    {
                        store_masks::<S>(masks.add(place.masks::<S>(i, j)), window, max, self.relu);
                    }
                }
            }
        }
    }
}

/// The greatest of a window; NaN if there is one.
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn greatest<S: Simd>([a, b, c, d]: [S::V; 4]) -> S::V {
    // SAFETY: the duty above.
    unsafe {
        let nan = S::or(S::nan(a, b), S::nan(c, d));
        let max = S::max(S::max(a, b), S::max(c, d));
        S::select(nan, S::splat(f32::NAN), max)
    }
}

/// Masks of the first pixel that equals the greatest; none where that is NaN, or dead.
///
/// # Safety
/// The instruction set of `S`, and writable masks of one vector.
#[inline(always)]
unsafe fn store_masks<S: Simd>(masks: *mut u8, window: [S::V; 4], max: S::V, relu: bool) {
    // SAFETY: the duties above.
    unsafe {
        let mut left = if relu { S::gt(max, S::splat(0.0)) } else { S::eq(max, max) };
        for (i, v) in window.into_iter().enumerate() {
            let found = S::and(left, S::eq(v, max));
            S::store_mask(masks.add(i * S::LANES / 8), found);
            left = S::and_not(left, found);
        }
    }
}

dispatch! {
    /// M = A dy Aᵀ, where dy is zero but where the masks let the pooled gradient through; adds dy's sums to `d_bias`.
    pub(super) fn gradient(w: &Winograd, d_y: &[f32], masks: &[u8], block: Block, m: &mut [f32], d_bias: Option<&mut [f32]>) = gradient_of
}

#[inline(always)]
unsafe fn gradient_of<S: Simd>(
    w: &Winograd,
    d_y: &[f32],
    masks: &[u8],
    block: Block,
    m: &mut [f32],
    d_bias: Option<&mut [f32]>,
) {
    w.check(&w.y, block, d_y.len(), m.len());
    check_masks(w, block, masks.len());
    // SAFETY: the lengths are checked.
    unsafe {
        each_tile::<S, _>(
            &Gradient { d_y: d_y.as_ptr(), masks: masks.as_ptr(), m: m.as_mut_ptr() },
            w,
            block,
        );
        if let Some(d_bias) = d_bias {
            bias_gradient::<S>(w, m, block, d_bias);
        }
    }
}

struct Gradient {
    d_y: *const f32,
    masks: *const u8,
    m: *mut f32,
}

impl Transform for Gradient {
    const INPUTS: bool = false;
    const POOLED: bool = true;

    #[inline(always)]
    unsafe fn tile<S: Simd, W: Points<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &self,
        place: &Place,
    ) {
        // SAFETY: the contract of the trait.
        unsafe {
            let zero = S::splat(0.0);
            place.prefetch_next::<S, N>(self.m);
            let mut half = [[zero; N]; M];
            for j in 0..M / 2 {
                let mut columns = [[zero; M]; 2];
                for i in 0..M / 2 {
                    if place.has::<WHOLE>(i, j) {
                        let d_y = place.load::<S, WHOLE>(self.d_y, i, j);
                        let masks = self.masks.add(place.masks::<S>(i, j));
                        for pixel in 0..4 {
                            let mask = S::load_mask(masks.add(pixel * S::LANES / 8));
                            columns[pixel % 2][2 * i + pixel / 2] = S::select(mask, d_y, zero);
                        }
                    }
                }
                half[2 * j] = W::output_transposed::<S>(columns[0]);
                half[2 * j + 1] = W::output_transposed::<S>(columns[1]);
            }
            for i in 0..N {
                let row = W::output_transposed::<S>(across::<S, M, N>(&half, i));
                for j in 0..N {
                    S::store(self.m.add(place.position::<N>(i, j)), row[j]);
                }
            }
        }
    }
}
