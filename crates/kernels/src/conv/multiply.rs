//! The products in Winograd's domain: for each position of the tile a small matrix product over channels, or, for the
//! kernel's gradient, over tiles.
//!
//! Nine tenths of a network's multiplications run through these two loops, so they are written for the processor:
//! 24 sums in registers on AVX-512, four vectors wide where the matrix is, because a block that reads fewer numbers per
//! multiplication is faster (6 × 4: 193 GFLOP/s, 12 × 2: 183, of 215); few pointers, because with one per row the
//! additions that move them along compete with the multiplications for the same ports; U in panels as wide as a block.
//! Every element is one chain c ← fma(a, b, c) over the sum in its order, as in `gemm`.

use super::filters::{matrix, panel};
use super::winograd::{Block, Side, Winograd};
use crate::lanes::opaque;
use crate::simd::{Simd, dispatch};

/// The tile matrices of one side, a row per tile.
#[derive(Clone, Copy)]
struct Tiles {
    row: usize,
    position: usize,
}

impl Tiles {
    fn of(side: &Side, block: Block) -> Tiles {
        assert!(block.count <= block.size, "{block:?}");
        Tiles { row: side.padded, position: side.position(block.size) }
    }

    fn len(&self, positions: usize) -> usize {
        positions * self.position
    }
}

/// Where a block of a product lies.
#[derive(Clone, Copy)]
struct Place {
    position: usize,
    first_row: usize,
    first_column: usize,
    /// Where the matrix in panels has this column, and the distance between its rows there.
    panel: usize,
    width: usize,
}

/// Runs `$job.block::<S, R, W>` over `$rows` rows, each time with the largest R of the list that fits.
macro_rules! rows {
    ($s:ident, $job:ident, $w:literal, $rows:expr, $place:ident, [$($r:literal)+]) => {
        while $place.first_row < $rows {
            $place.first_row += match $rows - $place.first_row {
                $($r.. => { $job.block::<$s, $r, $w>($place); $r })+
                _ => 1,
            };
        }
    };
}

/// Runs `$job.block` over a whole product of `$rows` rows, `$lines` being the rows of the matrix in panels.
macro_rules! product {
    ($s:ident, $job:ident, $position:ident, $rows:expr, $lines:expr) => {
        let mut first_column = 0;
        while first_column < $job.columns {
            let (start, width) = panel($lines, $job.columns, first_column);
            let panel = $position * matrix($lines, $job.columns) + start;
            let mut place = Place { position: $position, first_row: 0, first_column, panel, width };
            if $s::LANES == 16 {
                match width {
                    64 => rows!($s, $job, 4, $rows, place, [6 4 2 1]),
                    48 => rows!($s, $job, 3, $rows, place, [8 4 2 1]),
                    32 => rows!($s, $job, 2, $rows, place, [12 8 4 2 1]),
                    _ => rows!($s, $job, 1, $rows, place, [12 8 4 2 1]),
                }
                first_column += width;
            } else {
                if $s::ROWS == 6 {
                    rows!($s, $job, 2, $rows, place, [6 4 2 1]);
                } else {
                    rows!($s, $job, 2, $rows, place, [4 2 1]);
                }
                first_column += 2 * $s::LANES;
            }
        }
    };
}

/// Per position: the tiles of `a`, with the channels of side `from`, times U, to tiles with those of side `to`.
pub(super) fn tiles_by_filters(
    w: &Winograd,
    block: Block,
    a: &[f32],
    from: &Side,
    u: &[f32],
    out: &mut [f32],
    to: &Side,
) {
    let positions = (w.m + 2) * (w.m + 2);
    let (a_tiles, out_tiles) = (Tiles::of(from, block), Tiles::of(to, block));
    assert!(a.len() >= a_tiles.len(positions) && out.len() >= out_tiles.len(positions), "room for {block:?}");
    assert!(u.len() == positions * matrix(from.channels, to.padded), "the filters of these sides");
    over_channels(&OverChannels {
        positions,
        tiles: block.count,
        a: a.as_ptr(),
        a_tiles,
        channels: from.channels,
        u: u.as_ptr(),
        out: out.as_mut_ptr(),
        out_tiles,
        columns: to.padded,
    });
}

/// What `tiles_by_filters` has checked.
struct OverChannels {
    positions: usize,
    tiles: usize,
    a: *const f32,
    a_tiles: Tiles,
    channels: usize,
    u: *const f32,
    out: *mut f32,
    out_tiles: Tiles,
    columns: usize,
}

dispatch! {
    fn over_channels(job: &OverChannels) = over_channels_of
}

/// # Safety
/// The instruction set of `S`, and what `tiles_by_filters` has checked.
#[inline(always)]
unsafe fn over_channels_of<S: Simd>(job: &OverChannels) {
    for position in 0..job.positions {
        // SAFETY: the duties above.
        unsafe {
            product!(S, job, position, job.tiles, job.channels);
        }
    }
}

impl OverChannels {
    /// R tiles, W vectors of columns.
    ///
    /// # Safety
    /// As for `over_channels_of`; the block lies within the matrices.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const W: usize>(&self, place: Place) {
        // SAFETY: the duties above; pointers move on past the end, but are not read there.
        unsafe {
            let row = self.a_tiles.row;
            let a = self.a.add(place.first_row * row + place.position * self.a_tiles.position);
            let mut u = self.u.add(place.panel);
            // Every third row has a pointer; x86 reaches the two after it with the distance times 1 and 2.
            let mut thirds: [*const f32; 4] = std::array::from_fn(|i| a.wrapping_add(3 * i * row));
            let mut sums = [[S::splat(0.0); W]; R];
            for _ in 0..self.channels {
                for third in &mut thirds[..R.div_ceil(3)] {
                    *third = opaque(*third);
                }
                let mut line = [S::splat(0.0); W];
                for w in 0..W {
                    line[w] = S::load(u.add(w * S::LANES));
                }
                for r in 0..R {
                    let value = S::splat(*thirds[r / 3].add(r % 3 * row));
                    for w in 0..W {
                        sums[r][w] = S::fma(value, line[w], sums[r][w]);
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
                    S::store(out.add(r * self.out_tiles.row + w * S::LANES), sums[r][w]);
                }
            }
        }
    }
}

/// Per position: dU = Vᵀ M over the tiles of the `first` block, dU += Vᵀ M for the others.
pub(super) fn tiles_by_tiles(w: &Winograd, block: Block, v: &[f32], m: &[f32], d_u: &mut [f32], first: bool) {
    let positions = (w.m + 2) * (w.m + 2);
    let (v_tiles, m_tiles) = (Tiles::of(&w.x, block), Tiles::of(&w.y, block));
    assert!(v.len() >= v_tiles.len(positions) && m.len() >= m_tiles.len(positions), "room for {block:?}");
    assert!(d_u.len() == positions * matrix(w.x.channels, w.y.padded), "the filters of these sides");
    over_tiles(&OverTiles {
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
    });
}

/// What `tiles_by_tiles` has checked.
struct OverTiles {
    positions: usize,
    tiles: usize,
    v: *const f32,
    v_tiles: Tiles,
    channels: usize,
    m: *const f32,
    m_tiles: Tiles,
    d_u: *mut f32,
    columns: usize,
    accumulate: bool,
}

dispatch! {
    fn over_tiles(job: &OverTiles) = over_tiles_of
}

/// # Safety
/// The instruction set of `S`, and what `tiles_by_tiles` has checked.
#[inline(always)]
unsafe fn over_tiles_of<S: Simd>(job: &OverTiles) {
    for position in 0..job.positions {
        // SAFETY: the duties above.
        unsafe {
            product!(S, job, position, job.channels, job.channels);
        }
    }
}

impl OverTiles {
    /// R channels, W vectors of columns.
    ///
    /// # Safety
    /// As for `over_tiles_of`; the block lies within the matrices.
    #[inline(always)]
    unsafe fn block<S: Simd, const R: usize, const W: usize>(&self, place: Place) {
        // SAFETY: the duties above; pointers move on past the end, but are not read there.
        unsafe {
            let mut v = self.v.add(place.position * self.v_tiles.position + place.first_row);
            let mut m = self.m.add(place.position * self.m_tiles.position + place.first_column);
            let d_u = self.d_u.add(place.panel + place.first_row * place.width);
            let mut sums = [[S::splat(0.0); W]; R];
            if self.accumulate {
                for r in 0..R {
                    for w in 0..W {
                        sums[r][w] = S::load(d_u.add(r * place.width + w * S::LANES));
                    }
                }
            }
            for _ in 0..self.tiles {
                let mut line = [S::splat(0.0); W];
                for w in 0..W {
                    line[w] = S::load(m.add(w * S::LANES));
                }
                for r in 0..R {
                    let value = S::splat(*v.add(r));
                    for w in 0..W {
                        sums[r][w] = S::fma(value, line[w], sums[r][w]);
                    }
                }
                v = v.wrapping_add(self.v_tiles.row);
                m = m.wrapping_add(self.m_tiles.row);
            }
            for r in 0..R {
                for w in 0..W {
                    S::store(d_u.add(r * place.width + w * S::LANES), sums[r][w]);
                }
            }
        }
    }
}
