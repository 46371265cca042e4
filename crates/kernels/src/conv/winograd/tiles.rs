//! Winograd's two-dimensional transforms: one tile and one vector of channels at a time.
//!
//! Each turns a block of tiles into *tile matrices* or back, `[position][tile][channel]`: one position of all tiles
//! is a matrix for the products. Channels are padded to whole multiples of 16 with zeros. Pixels outside of the image
//! count as zeros when they are read, and are not written.

use super::WinogradConv;
use super::layout::TileBlock;
use super::points::LineTransform;
use super::window::{TileTransform, TileVector, each_tile};
use crate::simd::{Simd, dispatch};

dispatch! {
    /// V = Bᵀ x B.
    pub(super) fn input(w: &WinogradConv, block: TileBlock, transform: InputTransform) = each_tile
}
dispatch! {
    /// y = Aᵀ M A + bias, then max(y, 0) if `relu`.
    pub(super) fn output(w: &WinogradConv, block: TileBlock, transform: OutputTransform) = each_tile
}
dispatch! {
    /// M = A dy Aᵀ, with dy = 0 where y ≤ 0 if y is given.
    pub(super) fn gradient(w: &WinogradConv, block: TileBlock, transform: OutputGradientTransform) = each_tile
}
dispatch! {
    /// d_x = Σ B V Bᵀ, after `WinogradConv::clear`: of the tiles that cover a pixel, the first overwrites it, or adds
    /// to zero, and the others add to it.
    pub(super) fn input_gradient(w: &WinogradConv, block: TileBlock, transform: InputGradientTransform) = each_tile
}
dispatch! {
    /// Adds the sums of the output gradients, of which `m` holds the transforms, to `d_bias`.
    pub(super) fn add_bias_gradient(
        w: &WinogradConv,
        block: TileBlock,
        m: &[f32],
        d_bias: &mut [f32],
    ) = add_bias_gradient_of
}

/// Inputs to their tile matrices.
pub(super) struct InputTransform<'a> {
    pub(super) x: &'a [f32],
    pub(super) v: &'a mut [f32],
}

impl TileTransform for InputTransform<'_> {
    const INPUTS: bool = true;

    fn check(&self, w: &WinogradConv, block: TileBlock) {
        w.check(&w.x, block, self.x.len(), self.v.len());
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &mut self,
        s: S,
        place: &TileVector,
    ) {
        let (x, v) = (self.x.as_ptr(), self.v.as_mut_ptr());
        place.prefetch_next::<S, N>(s, v);
        let mut half = [[s.splat(0.0); N]; N];
        for j in 0..N {
            let mut column = [s.splat(0.0); N];
            for i in 0..N {
                // SAFETY: `check` has passed, so x holds the tile.
                column[i] = unsafe { place.load::<S, WHOLE>(s, x, i, j) };
            }
            half[j] = L::input(s, column);
        }
        for i in 0..N {
            let row = L::input(s, across::<S, N, N>(&half, i));
            for j in 0..N {
                // SAFETY: `check` has passed, so V has all positions of the tile.
                unsafe { s.store(v.add(place.position::<N>(i, j)), row[j]) };
            }
        }
    }
}

/// Row i of a matrix that lies by columns.
#[inline(always)]
pub(super) fn across<S: Simd, const N: usize, const H: usize>(
    columns: &[[S::V; H]; N],
    i: usize,
) -> [S::V; N] {
    std::array::from_fn(|j| columns[j][i])
}

/// Aᵀ M of one tile, by columns, with the bias added.
///
/// # Safety
/// The tile matrices from `m` on hold the tile.
#[inline(always)]
pub(super) unsafe fn half_output<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize>(
    s: S,
    m: *const f32,
    bias: Option<&[f32]>,
    place: &TileVector,
) -> [[S::V; M]; N] {
    let zero = s.splat(0.0);
    let bias = match bias {
        Some(bias) if place.lanes > 0 => s.load_slice(&bias[place.channel..]),
        _ => zero,
    };
    let mut half = [[zero; M]; N];
    for j in 0..N {
        let mut column = [zero; N];
        for i in 0..N {
            // SAFETY: the duty above.
            column[i] = unsafe { s.load(m.add(place.position::<N>(i, j))) };
        }
        if j == 1 {
            // At the point (1, 1) a number is added to every pixel.
            column[1] = s.add(column[1], bias);
        }
        half[j] = L::output(s, column);
    }
    half
}

/// Asserts that there is a float per filter, if there is any.
pub(super) fn check_bias(w: &WinogradConv, bias: Option<&[f32]>) {
    assert!(bias.is_none_or(|bias| bias.len() == w.y.channels), "one bias per filter");
}

/// Tile matrices to outputs.
pub(super) struct OutputTransform<'a> {
    pub(super) m: &'a [f32],
    pub(super) bias: Option<&'a [f32]>,
    pub(super) relu: bool,
    pub(super) y: &'a mut [f32],
}

impl TileTransform for OutputTransform<'_> {
    const INPUTS: bool = false;

    fn check(&self, w: &WinogradConv, block: TileBlock) {
        w.check(&w.y, block, self.y.len(), self.m.len());
        check_bias(w, self.bias);
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &mut self,
        s: S,
        place: &TileVector,
    ) {
        let y = self.y.as_mut_ptr();
        // SAFETY: `check` has passed, so M holds the tile.
        let half = unsafe { half_output::<S, L, M, N>(s, self.m.as_ptr(), self.bias, place) };
        for i in 0..M {
            let row = L::output(s, across::<S, N, M>(&half, i));
            for j in 0..M {
                // In this order a NaN stays one.
                let out = if self.relu { s.max(s.splat(0.0), row[j]) } else { row[j] };
                // SAFETY: `check` has passed, so y holds the tile.
                unsafe { place.store::<S, WHOLE>(s, y, i, j, out) };
            }
        }
    }
}

/// Gradients of outputs to those of their tile matrices.
pub(super) struct OutputGradientTransform<'a> {
    pub(super) d_y: &'a [f32],
    pub(super) y: Option<&'a [f32]>,
    pub(super) m: &'a mut [f32],
}

impl TileTransform for OutputGradientTransform<'_> {
    const INPUTS: bool = false;

    fn check(&self, w: &WinogradConv, block: TileBlock) {
        w.check(&w.y, block, self.d_y.len(), self.m.len());
        assert!(self.y.is_none_or(|y| y.len() == self.d_y.len()), "y is shaped like its gradient");
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
        for j in 0..M {
            let mut column = [zero; M];
            for i in 0..M {
                // SAFETY: `check` has passed, so d_y holds the tile, and y too, which is as long.
                unsafe {
                    column[i] = place.load::<S, WHOLE>(s, self.d_y.as_ptr(), i, j);
                    if let Some(y) = self.y {
                        let alive = s.gt(place.load::<S, WHOLE>(s, y.as_ptr(), i, j), zero);
                        column[i] = s.select(alive, column[i], zero);
                    }
                }
            }
            half[j] = L::output_transposed(s, column);
        }
        // SAFETY: `check` has passed, so M holds the tile.
        unsafe { store_gradient::<S, L, M, N>(s, &half, m, place) };
    }
}

/// The second half of A dy Aᵀ: writes all positions of a tile.
///
/// # Safety
/// The tile matrices from `m` on hold the tile.
#[inline(always)]
pub(super) unsafe fn store_gradient<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize>(
    s: S,
    half: &[[S::V; N]; M],
    m: *mut f32,
    place: &TileVector,
) {
    for i in 0..N {
        let row = L::output_transposed(s, across::<S, M, N>(half, i));
        for j in 0..N {
            // SAFETY: the duty above.
            unsafe { s.store(m.add(place.position::<N>(i, j)), row[j]) };
        }
    }
}

/// Gradients of input tile matrices to those of the inputs.
pub(super) struct InputGradientTransform<'a> {
    pub(super) v: &'a [f32],
    pub(super) d_x: &'a mut [f32],
}

impl TileTransform for InputGradientTransform<'_> {
    const INPUTS: bool = true;

    fn check(&self, w: &WinogradConv, block: TileBlock) {
        w.check(&w.x, block, self.d_x.len(), self.v.len());
    }

    #[inline(always)]
    unsafe fn tile<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &mut self,
        s: S,
        place: &TileVector,
    ) {
        let (v, d_x) = (self.v.as_ptr(), self.d_x.as_mut_ptr());
        let mut half = [[s.splat(0.0); N]; N];
        for j in 0..N {
            let mut column = [s.splat(0.0); N];
            for i in 0..N {
                // SAFETY: `check` has passed, so V holds the tile.
                column[i] = unsafe { s.load(v.add(place.position::<N>(i, j))) };
            }
            half[j] = L::input_transposed(s, column);
        }
        for i in 0..N {
            let mut row = L::input_transposed(s, across::<S, N, N>(&half, i));
            for j in 0..N {
                // SAFETY: `check` has passed, so d_x holds the tile.
                unsafe {
                    // The tiles above and to the left have covered the first N − M rows and columns.
                    if i < N - M || j < N - M {
                        row[j] = s.add(place.load::<S, WHOLE>(s, d_x, i, j), row[j]);
                    }
                    place.store::<S, WHOLE>(s, d_x, i, j, row[j]);
                }
            }
        }
    }
}

#[inline(always)]
fn add_bias_gradient_of<S: Simd>(s: S, w: &WinogradConv, block: TileBlock, m: &[f32], d_bias: &mut [f32]) {
    check_bias(w, Some(d_bias));
    // At the point (1, 1) the gradient of a tile is the plain sum of its pixels.
    let plain = (w.m + 3) * w.y.position(block.size);
    let rows = &m[plain..plain + block.count * w.y.padded];
    for channel in (0..w.y.channels).step_by(S::LANES) {
        let lanes = (w.y.channels - channel).min(S::LANES);
        let d_bias = &mut d_bias[channel..channel + lanes];
        let mut sum = s.load_slice(d_bias);
        for row in rows.chunks_exact(w.y.padded) {
            sum = s.add(sum, s.load_whole(&row[channel..]));
        }
        s.store_slice(d_bias, sum);
    }
}
