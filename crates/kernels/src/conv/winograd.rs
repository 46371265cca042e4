//! 3 × 3 convolution with stride 1 by Winograd's algorithm: tiles of m × m outputs with (m + 2)² products instead of
//! 9 m², a saving of 2.25 (m = 2), 4 (m = 4) or 4.6 (m = 5).
//!
//! The sums over channels become one matrix product per position of the tile. With V = Bᵀ x B and M = A dy Aᵀ the
//! gradients reuse the tiles of the forward pass: d_x = B (M Uᵀ) Bᵀ, summed where tiles overlap, and d_kernel =
//! Gᵀ (Vᵀ M) G. Everything runs in blocks of tiles, so that a block's V and M stay in the second-level cache.

use super::ConvShape;
use super::filters::{self, PANEL};
use super::tiles;
use crate::gemm::{Matrix, gemm};

/// Floats of V and M together that a block of tiles may have: 1 MB.
const BLOCK_FLOATS: usize = 256 * 1024;
/// The rows of the widest register block; blocks of tiles are whole multiples.
const ROWS: usize = 12;

/// The images at one side of the convolution.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// Channels rounded up to whole vectors, the same for every instruction set.
    pub(super) padded: usize,
    pub(super) pad_top: usize,
    pub(super) pad_left: usize,
}

impl Side {
    fn new([height, width, channels]: [usize; 3], [pad_top, pad_left]: [usize; 2]) -> Side {
        Side { height, width, channels, padded: channels.next_multiple_of(16), pad_top, pad_left }
    }

    /// Floats of one tile of `n` × `n` positions, and a cache line so that tiles fall into different sets.
    #[inline(always)]
    pub(super) fn row(&self, n: usize) -> usize {
        n * n * self.padded + 16
    }

    /// Asserts that `images` floats hold all tiles below `end` and `rows` floats `count` tiles.
    #[inline(always)]
    pub(super) fn check<const N: usize>(
        &self,
        tiles: [usize; 2],
        end: usize,
        images: usize,
        count: usize,
        rows: usize,
    ) {
        let needed = end.div_ceil(tiles[0] * tiles[1]) * self.height * self.width * self.channels;
        assert!(images >= needed, "{images} floats of images, {needed} needed");
        assert!(rows >= count * self.row(N), "{rows} floats for {count} tiles");
    }
}

/// The plan of one layer.
#[derive(Clone, Debug)]
pub(super) struct Winograd {
    /// Outputs per tile and direction.
    pub(super) m: usize,
    pub(super) x: Side,
    pub(super) y: Side,
    /// Tiles of an image, down and across.
    pub(super) tiles: [usize; 2],
}

impl Winograd {
    pub(super) fn new(shape: &ConvShape, m: usize) -> Winograd {
        assert!(matches!(m, 2 | 4 | 5), "tiles of 2, 4 or 5 outputs, not {m}");
        assert!(shape.kernel == [3, 3] && shape.strides == [1, 1], "Winograd is for 3 x 3 with stride 1");
        Winograd {
            m,
            x: Side::new([shape.height, shape.width, shape.channels], [shape.pad_top, shape.pad_left]),
            y: Side::new([shape.out_height, shape.out_width, shape.filters], [0, 0]),
            tiles: [shape.out_height.div_ceil(m), shape.out_width.div_ceil(m)],
        }
    }

    fn n(&self) -> usize {
        self.m + 2
    }

    fn positions(&self) -> usize {
        self.n() * self.n()
    }

    pub(super) fn derived_lens(&self) -> [usize; 2] {
        [
            self.positions() * self.x.channels * self.y.padded,
            self.positions() * self.y.channels * self.x.padded,
        ]
    }

    fn all_tiles(&self, images: usize) -> usize {
        images * self.tiles[0] * self.tiles[1]
    }

    /// Tiles of a block: what fits the cache, evened out over the blocks of this call.
    fn block(&self, images: usize) -> usize {
        let all = self.all_tiles(images);
        let fits = BLOCK_FLOATS / (self.x.row(self.n()) + self.y.row(self.n()));
        let most = (fits / ROWS * ROWS).max(ROWS);
        all.div_ceil(all.div_ceil(most).max(1)).next_multiple_of(ROWS).min(all)
    }

    /// Floats of V, M and dU.
    fn parts(&self, images: usize) -> [usize; 3] {
        let tiles = self.block(images);
        [tiles * self.x.row(self.n()), tiles * self.y.row(self.n()), self.derived_lens()[0]]
    }

    pub(super) fn scratch_len(&self, images: usize) -> usize {
        // A smaller call may have larger blocks, because the blocks are evened out.
        let most = (1..=images).max_by_key(|&images| self.block(images)).unwrap_or(0);
        self.parts(most).iter().sum()
    }

    pub(super) fn forward(
        &self,
        images: usize,
        x: &[f32],
        u: &[f32],
        bias: Option<&[f32]>,
        relu: bool,
        y: &mut [f32],
        scratch: &mut [f32],
    ) {
        let ([v_len, m_len, _], all, block) =
            (self.parts(images), self.all_tiles(images), self.block(images));
        let (v, scratch) = scratch.split_at_mut(v_len);
        let m = &mut scratch[..m_len];
        for first in (0..all).step_by(block.max(1)) {
            let count = block.min(all - first);
            tiles::input(self, x, first, count, v);
            self.multiply(count, v, [&self.x, &self.y], u, m);
            tiles::output(self, m, bias, relu, first, count, y);
        }
    }

    pub(super) fn backward(
        &self,
        images: usize,
        x: &[f32],
        y: Option<&[f32]>,
        d_y: &[f32],
        u: &[f32],
        mut d_x: Option<&mut [f32]>,
        d_kernel: &mut [f32],
        mut d_bias: Option<&mut [f32]>,
        scratch: &mut [f32],
    ) {
        let ([v_len, m_len, u_len], all, block) =
            (self.parts(images), self.all_tiles(images), self.block(images));
        let (v, scratch) = scratch.split_at_mut(v_len);
        let (m, scratch) = scratch.split_at_mut(m_len);
        let d_u = &mut scratch[..u_len];
        if let Some(d_bias) = d_bias.as_deref_mut() {
            d_bias.fill(0.0);
        }
        if all == 0 {
            return d_kernel.fill(0.0);
        }
        for first in (0..all).step_by(block) {
            let count = block.min(all - first);
            tiles::gradient(self, d_y, y, first, count, m, d_bias.as_deref_mut());
            if let Some(d_x) = d_x.as_deref_mut() {
                self.multiply(count, m, [&self.y, &self.x], u, v);
                self.clear_images(first, count, d_x);
                tiles::add_input_gradient(self, v, first, count, d_x);
            }
            tiles::input(self, x, first, count, v);
            self.add_products(count, v, m, d_u, first > 0);
        }
        filters::kernel_gradient(self, d_u, d_kernel);
    }

    /// Zeroes the images whose first tile is among these: shortly before they are summed up, for the cache.
    fn clear_images(&self, first: usize, count: usize, d_x: &mut [f32]) {
        let (per_image, len) = (self.all_tiles(1), self.x.height * self.x.width * self.x.channels);
        let images = first.div_ceil(per_image)..(first + count).div_ceil(per_image);
        d_x[images.start * len..images.end * len].fill(0.0);
    }

    /// Per position: `count` tiles of `a`, with the channels of one side, times U, to tiles with those of the other.
    fn multiply(&self, count: usize, a: &[f32], [from, to]: [&Side; 2], u: &[f32], out: &mut [f32]) {
        let (a_row, out_row) = (from.row(self.n()), to.row(self.n()));
        let k = from.channels;
        for position in 0..self.positions() {
            let a = Matrix::rows(&a[position * from.padded..], a_row);
            for column in (0..to.padded).step_by(PANEL) {
                let (start, width) = filters::panel(k, to.padded, column);
                let u = &u[position * k * to.padded + start..];
                let out = &mut out[position * to.padded + column..];
                gemm([count, width, k], a, u, width, out, out_row, false);
            }
        }
    }

    /// Per position: dU (+)= Vᵀ M.
    fn add_products(&self, count: usize, v: &[f32], m: &[f32], d_u: &mut [f32], accumulate: bool) {
        let (v_row, m_row, c) = (self.x.row(self.n()), self.y.row(self.n()), self.x.channels);
        for position in 0..self.positions() {
            let v = Matrix::transposed(&v[position * self.x.padded..], v_row);
            for column in (0..self.y.padded).step_by(PANEL) {
                let (start, width) = filters::panel(c, self.y.padded, column);
                let m = &m[position * self.y.padded + column..];
                let d_u = &mut d_u[position * c * self.y.padded + start..];
                gemm([c, width, count], v, m, m_row, d_u, width, accumulate);
            }
        }
    }
}
