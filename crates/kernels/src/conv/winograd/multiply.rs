//! The products in Winograd's domain: for each position of the tile a small matrix product over channels, or, for the
//! kernel's gradient, over tiles.
//!
//! Nine tenths of a network's multiplications run through these two loops, so they are written for the processor:
//! 24 sums in registers on AVX-512, four vectors wide where the matrix is, because a block that reads fewer numbers per
//! multiplication is faster (6 × 4: 193 GFLOP/s, 12 × 2: 183, of 215); few pointers, because with one per row the
//! additions that move them along compete with the multiplications for the same ports; U in panels as wide as a block.
//! Every element is one chain c ← fma(a, b, c) over the sum in its order, as in `gemm`.

use super::WinogradConv;
use super::filters::{matrix, panel};
use super::layout::{ImageLayout, LINE, TileBlock};
use crate::lanes::opaque;
use crate::simd::{Simd, dispatch};

/// The strides of the tile matrices of one side, a row per tile.
#[derive(Clone, Copy)]
struct TileMatrices {
    row: usize,
    position: usize,
}

impl TileMatrices {
    fn of(layout: &ImageLayout, block: TileBlock) -> TileMatrices {
        assert!(block.count <= block.size, "{block:?}");
        TileMatrices { row: layout.padded, position: layout.position(block.size) }
    }

    fn len(&self, positions: usize) -> usize {
        positions * self.position
    }
}

/// Where a register block of a product lies.
#[derive(Clone, Copy)]
struct BlockPosition {
    position: usize,
    first_row: usize,
    first_column: usize,
    /// Where the matrix in panels has this column, and the distance between its rows there.
    panel: usize,
    width: usize,
}

/// Runs `$job.block::<S, R, W>` over `$rows` rows, each time with the largest R of the list that fits.
macro_rules! rows {
    ($s:ident $S:ident, $job:ident, $w:literal, $rows:expr, $place:ident, [$($r:literal)+]) => {
        while $place.first_row < $rows {
            $place.first_row += match $rows - $place.first_row {
                $($r.. => { $job.block::<$S, $r, $w>($s, $place); $r })+
                _ => 1,
            };
        }
    };
}

/// Runs `$job.block` over a whole product of `$rows` rows, `$lines` being the rows of the matrix in panels.
macro_rules! product {
    ($s:ident $S:ident, $job:ident, $position:ident, $rows:expr, $lines:expr) => {
        let mut first_column = 0;
        while first_column < $job.columns {
            let (start, width) = panel($lines, $job.columns, first_column);
            let panel = $position * matrix($lines, $job.columns) + start;
            let mut place = BlockPosition { position: $position, first_row: 0, first_column, panel, width };
            if $S::LANES == 16 {
                match width {
                    64 => rows!($s $S, $job, 4, $rows, place, [6 4 2 1]),
                    48 => rows!($s $S, $job, 3, $rows, place, [8 4 2 1]),
                    32 => rows!($s $S, $job, 2, $rows, place, [12 8 4 2 1]),
                    _ => rows!($s $S, $job, 1, $rows, place, [12 8 4 2 1]),
                }
                first_column += width;
            } else {
                if $S::ROWS == 6 {
                    rows!($s $S, $job, 2, $rows, place, [6 4 2 1]);
                } else {
                    rows!($s $S, $job, 2, $rows, place, [4 2 1]);
                }
                first_column += 2 * $S::LANES;
            }
        }
    };
}

/// Per position: M = V U, tiles × channels times channels × filters.
pub(super) fn forward(w: &WinogradConv, block: TileBlock, v: &[f32], u: &[f32], m: &mut [f32]) {
    tiles_by_filters(w, block, [&w.x, &w.y], v, u, m);
}

/// Per position: the gradient V = M U of the input's tiles, tiles × filters times filters × channels.
pub(super) fn backward(w: &WinogradConv, block: TileBlock, m: &[f32], u: &[f32], v: &mut [f32]) {
    tiles_by_filters(w, block, [&w.y, &w.x], m, u, v);
}

/// Per position: the tiles of `a`, with the channels of the first side, times U, to tiles with those of the second.
fn tiles_by_filters(
    w: &WinogradConv,
    block: TileBlock,
    [from, to]: [&ImageLayout; 2],
    a: &[f32],
    u: &[f32],
    out: &mut [f32],
) {
    let positions = w.positions();
    let (a_tiles, out_tiles) = (TileMatrices::of(from, block), TileMatrices::of(to, block));
    assert!(a.len() >= a_tiles.len(positions) && out.len() >= out_tiles.len(positions), "room for {block:?}");
    assert!(u.len() == positions * matrix(from.channels, to.padded), "the filters of these sides");
    let product = ChannelProduct {
        positions,
        tiles: block.count,
        a: a.as_ptr(),
        a_tiles,
        channels: from.channels,
        u: u.as_ptr(),
        out: out.as_mut_ptr(),
        out_tiles,
        columns: to.padded,
    };
    // SAFETY: the matrices have just been asserted to hold so many positions, and `out` is borrowed mutably.
    unsafe { over_channels(&product) };
}

/// A product that sums over channels: A and the output have matrices of `tiles` rows per position, U one of `channels`
/// rows in panels.
struct ChannelProduct {
    positions: usize,
    tiles: usize,
    a: *const f32,
    a_tiles: TileMatrices,
    channels: usize,
    u: *const f32,
    out: *mut f32,
    out_tiles: TileMatrices,
    columns: usize,
}

dispatch! {
    /// # Safety
    /// All matrices are as large as [`ChannelProduct`] says, and nothing else touches the output.
    unsafe fn over_channels(job: &ChannelProduct) = over_channels_of
}

/// # Safety
/// All matrices are as large as [`ChannelProduct`] says, and nothing else touches the output.
#[inline(always)]
unsafe fn over_channels_of<S: Simd>(s: S, job: &ChannelProduct) {
    for position in 0..job.positions {
        // SAFETY: the duties above; the blocks cover the rows and columns of the product, and no more.
        unsafe {
            product!(s S, job, position, job.tiles, job.channels);
        }
    }
}

impl ChannelProduct {
    /// R tiles, W vectors of columns.
    ///
    /// # Safety
    /// As for `over_channels_of`; the block lies within the matrices.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const W: usize>(&self, s: S, place: BlockPosition) {
        // SAFETY: the duties above; pointers move on past the end, but are not read there.
        unsafe {
            let row = self.a_tiles.row;
            let a = self.a.add(place.first_row * row + place.position * self.a_tiles.position);
            let mut u = self.u.add(place.panel);
            // Every third row has a pointer; x86 reaches the two after it with the distance times 1 and 2.
            let mut thirds: [*const f32; 4] = std::array::from_fn(|i| a.wrapping_add(3 * i * row));
            let mut sums = [[s.splat(0.0); W]; R];
            // The rows of this block ask for a part of the panel that the next block of columns, or the next position,
            // reads.
            let mut ahead =
                u.wrapping_add(self.channels * place.width + place.first_row / R * self.channels * LINE);
            for _ in 0..self.channels {
                s.prefetch(ahead.cast());
                ahead = ahead.wrapping_add(LINE);
                for third in &mut thirds[..R.div_ceil(3)] {
                    *third = opaque(*third);
                }
                let mut line = [s.splat(0.0); W];
                for w in 0..W {
                    line[w] = s.load(u.add(w * S::LANES));
                }
                for r in 0..R {
                    let value = s.splat(*thirds[r / 3].add(r % 3 * row));
                    for w in 0..W {
                        sums[r][w] = s.fma(value, line[w], sums[r][w]);
                    }
                }
                for third in &mut thirds[..R.div_ceil(3)] {
                    *third = third.wrapping_add(1);
                }
                u = u.wrapping_add(place.width);
            }
            let out = self.out.add(place.position * self.out_tiles.position + place.first_column);
            let out = out.add(place.first_row * self.out_tiles.row);
            for r in 0..R {
                for w in 0..W {
                    s.store(out.add(r * self.out_tiles.row + w * S::LANES), sums[r][w]);
                }
            }
        }
    }
}

/// Per position: dU = Vᵀ M over the tiles of the `first` block, dU += Vᵀ M for the others.
pub(super) fn add_gradient(
    w: &WinogradConv,
    block: TileBlock,
    [v, m]: [&[f32]; 2],
    d_u: &mut [f32],
    first: bool,
) {
    let positions = w.positions();
    let (v_tiles, m_tiles) = (TileMatrices::of(&w.x, block), TileMatrices::of(&w.y, block));
    assert!(v.len() >= v_tiles.len(positions) && m.len() >= m_tiles.len(positions), "room for {block:?}");
    assert!(d_u.len() == positions * matrix(w.x.channels, w.y.padded), "the filters of these sides");
    let product = TileProduct {
        positions,
        tiles: block.count,
        v: v.as_ptr(),
        v_tiles,
        channels: w.x.channels,
        m: m.as_ptr(),
        m_tiles,
        d_u: d_u.as_mut_ptr(),
        columns: w.y.padded,
        accumulate: !first,
    };
    // SAFETY: the matrices have just been asserted to hold so many positions, and dU is borrowed mutably.
    unsafe { over_tiles(&product) };
}

/// A product that sums over tiles: V and M have matrices of `tiles` rows per position, dU one of `channels` rows in
/// panels.
struct TileProduct {
    positions: usize,
    tiles: usize,
    v: *const f32,
    v_tiles: TileMatrices,
    channels: usize,
    m: *const f32,
    m_tiles: TileMatrices,
    d_u: *mut f32,
    columns: usize,
    accumulate: bool,
}

dispatch! {
    /// # Safety
    /// All matrices are as large as [`TileProduct`] says, and nothing else touches dU.
    unsafe fn over_tiles(job: &TileProduct) = over_tiles_of
}

/// # Safety
/// All matrices are as large as [`TileProduct`] says, and nothing else touches dU.
#[inline(always)]
unsafe fn over_tiles_of<S: Simd>(s: S, job: &TileProduct) {
    for position in 0..job.positions {
        // SAFETY: the duties above; the blocks cover the rows and columns of the product, and no more.
        unsafe {
            product!(s S, job, position, job.channels, job.channels);
        }
    }
}

impl TileProduct {
    /// R channels, W vectors of columns.
    ///
    /// # Safety
    /// As for `over_tiles_of`; the block lies within the matrices.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const W: usize>(&self, s: S, place: BlockPosition) {
        // SAFETY: the duties above; pointers move on past the end, but are not read there.
        unsafe {
            let mut v = self.v.add(place.position * self.v_tiles.position + place.first_row);
            let mut m = self.m.add(place.position * self.m_tiles.position + place.first_column);
            let d_u = self.d_u.add(place.panel + place.first_row * place.width);
            let mut sums = [[s.splat(0.0); W]; R];
            if self.accumulate {
                for r in 0..R {
                    for w in 0..W {
                        sums[r][w] = s.load(d_u.add(r * place.width + w * S::LANES));
                    }
                }
            }
            for _ in 0..self.tiles {
                let mut line = [s.splat(0.0); W];
                for w in 0..W {
                    line[w] = s.load(m.add(w * S::LANES));
                }
                for r in 0..R {
                    let value = s.splat(*v.add(r));
                    for w in 0..W {
                        sums[r][w] = s.fma(value, line[w], sums[r][w]);
                    }
                }
                v = v.wrapping_add(self.v_tiles.row);
                m = m.wrapping_add(self.m_tiles.row);
            }
            for r in 0..R {
                for w in 0..W {
                    s.store(d_u.add(r * place.width + w * S::LANES), sums[r][w]);
                }
            }
        }
    }
}
