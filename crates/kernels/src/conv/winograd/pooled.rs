//! Winograd's output transform with 2 × 2 max pooling behind it, and back: the outputs before pooling never exist in
//! memory.
//!
//! What backward needs to know of them is which pixel of a window was the first of its greatest, and whether ReLU let
//! it pass: a mask per pixel of the window, `[image][row][column][vector of channels][pixel]`, a bit per channel.
//! Tiles are even, so that windows lie within tiles; outputs beyond the last whole window belong to no tile's
//! windows, and tiles without a window are left out: their gradient is zero.

use super::WinogradConv;
use super::layout::TileBlock;
use super::points::LineTransform;
use super::tiles::{across, check_bias, half_output, store_gradient};
use super::window::{TileTransform, TileVector, each_tile};
use crate::simd::{Simd, dispatch};

/// Bytes of the masks of a pooled pixel with so many channels, which are whole vectors.
pub(super) fn bytes(channels: usize) -> usize {
    channels / 2
}

/// Asserts that `masks` bytes hold the masks of a block's tiles.
fn check_masks(w: &WinogradConv, block: TileBlock, masks: usize) {
    let end = (block.first + block.count).div_ceil(w.tiles[0] * w.tiles[1]);
    let image = w.y.height * w.y.width * bytes(w.y.padded);
    assert!(masks >= end * image, "{masks} bytes for {end} images of {image}");
}

dispatch! {
    /// y = the pooled Aᵀ M A + bias, with max(·, 0) before the pooling if `relu`. No masks are written if they are
    /// empty.
    pub(super) fn output(w: &WinogradConv, block: TileBlock, transform: PooledOutputTransform) = each_tile
}
dispatch! {
    /// M = A dy Aᵀ, where dy is zero but where the masks let the pooled gradient through.
    pub(super) fn gradient(w: &WinogradConv, block: TileBlock, transform: PooledGradientTransform) = each_tile
}

/// Tile matrices to pooled outputs.
pub(super) struct PooledOutputTransform<'a> {
    pub(super) m: &'a [f32],
    pub(super) bias: Option<&'a [f32]>,
    pub(super) relu: bool,
    pub(super) y: &'a mut [f32],
    pub(super) masks: &'a mut [u8],
}

impl TileTransform for PooledOutputTransform<'_> {
    const INPUTS: bool = false;
    const POOLED: bool = true;

    fn check(&self, w: &WinogradConv, block: TileBlock) {
        w.check(&w.y, block, self.y.len(), self.m.len());
        check_bias(w, self.bias);
        if !self.masks.is_empty() {
            check_masks(w, block, self.masks.len());
        }
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &mut self,
        s: S,
        place: &TileVector,
    ) {
        let (y, masks, wanted) = (self.y.as_mut_ptr(), self.masks.as_mut_ptr(), !self.masks.is_empty());
        // SAFETY: `check` has passed, so M holds the tile.
        let half = unsafe { half_output::<S, L, M, N>(s, self.m.as_ptr(), self.bias, place) };
        for i in 0..M / 2 {
            let upper = L::output(s, across::<S, N, M>(&half, 2 * i));
            let lower = L::output(s, across::<S, N, M>(&half, 2 * i + 1));
            for j in 0..M / 2 {
                let window = [upper[2 * j], upper[2 * j + 1], lower[2 * j], lower[2 * j + 1]];
                let max = greatest(s, window);
                // In this order a NaN stays one.
                let out = if self.relu { s.max(s.splat(0.0), max) } else { max };
                // SAFETY: `check` has passed, so y holds the tile, and the masks do if they are wanted.
                unsafe {
                    place.store::<S, WHOLE>(s, y, i, j, out);
                    if wanted && place.has::<WHOLE>(i, j) {
                        store_masks(s, masks.add(place.masks::<S>(i, j)), window, max, self.relu);
                    }
                }
            }
        }
    }
}

/// The greatest of a window; NaN if there is one.
#[inline(always)]
fn greatest<S: Simd>(s: S, [a, b, c, d]: [S::V; 4]) -> S::V {
    let nan = s.or(s.nan(a, b), s.nan(c, d));
    let max = s.max(s.max(a, b), s.max(c, d));
    s.select(nan, s.splat(f32::NAN), max)
}

/// Masks of the first pixel that equals the greatest; none where that is NaN, or dead.
///
/// # Safety
/// The masks of the four pixels of one vector, LANES / 2 bytes, are writable.
#[inline(always)]
unsafe fn store_masks<S: Simd>(s: S, masks: *mut u8, window: [S::V; 4], max: S::V, relu: bool) {
    let mut left = if relu { s.gt(max, s.splat(0.0)) } else { s.eq(max, max) };
    for (i, v) in window.into_iter().enumerate() {
        let found = s.and(left, s.eq(v, max));
        // SAFETY: the duty above.
        unsafe { s.store_mask(masks.add(i * S::LANES / 8), found) };
        left = s.and_not(left, found);
    }
}

/// Gradients of pooled outputs to those of the tile matrices.
pub(super) struct PooledGradientTransform<'a> {
    pub(super) d_y: &'a [f32],
    pub(super) masks: &'a [u8],
    pub(super) m: &'a mut [f32],
}

impl TileTransform for PooledGradientTransform<'_> {
    const INPUTS: bool = false;
    const POOLED: bool = true;

    fn check(&self, w: &WinogradConv, block: TileBlock) {
        w.check(&w.y, block, self.d_y.len(), self.m.len());
        check_masks(w, block, self.masks.len());
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &mut self,
        s: S,
        place: &TileVector,
    ) {
        let (zero, m) = (s.splat(0.0), self.m.as_mut_ptr());
        place.prefetch_next::<S, N>(s, m);
        let mut half = [[zero; N]; M];
        for j in 0..M / 2 {
            let mut columns = [[zero; M]; 2];
            for i in 0..M / 2 {
                if !place.has::<WHOLE>(i, j) {
                    continue;
                }
                // SAFETY: `check` has passed, so d_y and the masks hold this pixel of the tile.
                unsafe {
                    let d_y = place.load::<S, WHOLE>(s, self.d_y.as_ptr(), i, j);
                    let masks = self.masks.as_ptr().add(place.masks::<S>(i, j));
                    for pixel in 0..4 {
                        let mask = s.load_mask(masks.add(pixel * S::LANES / 8));
                        columns[pixel % 2][2 * i + pixel / 2] = s.select(mask, d_y, zero);
                    }
                }
            }
            half[2 * j] = L::output_transposed(s, columns[0]);
            half[2 * j + 1] = L::output_transposed(s, columns[1]);
        }
        // SAFETY: `check` has passed, so M holds the tile.
        unsafe { store_gradient::<S, L, M, N>(s, &half, m, place) };
    }
}
