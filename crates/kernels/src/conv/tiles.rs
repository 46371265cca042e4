//! Winograd's two-dimensional transforms: one tile and one vector of channels at a time.
//!
//! Each turns a block of tiles into *tile matrices* or back, `[position][tile][channel]`: one position of all tiles is a
//! matrix for the products. Channels are padded to whole multiples of 16 with zeros. Pixels outside of the image count as
//! zeros when they are read, and are not written.

use super::points::Points;
use super::window::{Place, Transform, each_tile};
use super::winograd::{Block, Winograd};
use crate::simd::{Simd, dispatch};

dispatch! {
    /// V = Bᵀ x B.
    pub(super) fn input(w: &Winograd, x: &[f32], block: Block, v: &mut [f32]) = input_of
}

#[inline(always)]
unsafe fn input_of<S: Simd>(w: &Winograd, x: &[f32], block: Block, v: &mut [f32]) {
    w.check(&w.x, block, x.len(), v.len());
    // SAFETY: the lengths are checked.
    unsafe { each_tile::<S, _>(&Input { x: x.as_ptr(), v: v.as_mut_ptr() }, w, block) }
}

struct Input {
    x: *const f32,
    v: *mut f32,
}

impl Transform for Input {
    const INPUTS: bool = true;

    #[inline(always)]
    unsafe fn tile<S: Simd, W: Points<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &self,
        place: &Place,
    ) {
        // SAFETY: the contract of the trait.
        unsafe {
            place.prefetch_next::<S, N>(self.v);
            let mut half = [[S::splat(0.0); N]; N];
            for j in 0..N {
                let mut column = [S::splat(0.0); N];
                for i in 0..N {
                    column[i] = place.load::<S, WHOLE>(self.x, i, j);
                }
                half[j] = W::input::<S>(column);
            }
            for i in 0..N {
                let row = W::input::<S>(across::<S, N, N>(&half, i));
                for j in 0..N {
                    S::store(self.v.add(place.position::<N>(i, j)), row[j]);
                }
            }
        }
    }
}

/// Row i of a matrix that lies by columns.
#[inline(always)]
pub(super) fn across<S: Simd, const N: usize, const L: usize>(
    columns: &[[S::V; L]; N],
    i: usize,
) -> [S::V; N] {
    std::array::from_fn(|j| columns[j][i])
}

dispatch! {
    /// y = Aᵀ M A + bias, then max(y, 0) if `relu`.
    pub(super) fn output(w: &Winograd, m: &[f32], bias: Option<&[f32]>, relu: bool, block: Block, y: &mut [f32]) = output_of
}

#[inline(always)]
unsafe fn output_of<S: Simd>(
    w: &Winograd,
    m: &[f32],
    bias: Option<&[f32]>,
    relu: bool,
    block: Block,
    y: &mut [f32],
) {
    w.check(&w.y, block, y.len(), m.len());
    assert!(bias.is_none_or(|bias| bias.len() == w.y.channels), "one bias per filter");
    let bias = bias.map(<[f32]>::as_ptr);
    // SAFETY: the lengths are checked.
    unsafe { each_tile::<S, _>(&Output { m: m.as_ptr(), bias, relu, y: y.as_mut_ptr() }, w, block) }
}

/// Aᵀ M of one tile, by columns, with the bias added.
///
/// # Safety
/// The instruction set of `S`; tile matrices and a bias that hold the place.
#[inline(always)]
pub(super) unsafe fn half_output<S: Simd, W: Points<M, N>, const M: usize, const N: usize>(
    m: *const f32,
    bias: Option<*const f32>,
    place: &Place,
) -> [[S::V; M]; N] {
    // SAFETY: the duties above.
    unsafe {
        let zero = S::splat(0.0);
        let bias = match bias {
            Some(bias) => S::load_first(bias.wrapping_add(place.channel), place.lanes),
            None => zero,
        };
        let mut half = [[zero; M]; N];
        for j in 0..N {
            let mut column = [zero; N];
            for i in 0..N {
                column[i] = S::load(m.add(place.position::<N>(i, j)));
            }
            if j == 1 {
                // At the point (1, 1) a number is added to every pixel.
                column[1] = S::add(column[1], bias);
            }
            half[j] = W::output::<S>(column);
        }
        half
    }
}

struct Output {
    m: *const f32,
    bias: Option<*const f32>,
    relu: bool,
    y: *mut f32,
}

impl Transform for Output {
    const INPUTS: bool = false;

    #[inline(always)]
    unsafe fn tile<S: Simd, W: Points<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &self,
        place: &Place,
    ) {
        // SAFETY: the contract of the trait.
        unsafe {
            let zero = S::splat(0.0);
            let half = half_output::<S, W, M, N>(self.m, self.bias, place);
            for i in 0..M {
                let row = W::output::<S>(across::<S, N, M>(&half, i));
                for j in 0..M {
                    // In this order a NaN stays one.
                    let out = if self.relu { S::max(zero, row[j]) } else { row[j] };
                    place.store::<S, WHOLE>(self.y, i, j, out);
                }
            }
        }
    }
}

dispatch! {
    /// M = A dy Aᵀ, with dy = 0 where y ≤ 0 if y is given; adds dy's sums to `d_bias`.
    pub(super) fn gradient(w: &Winograd, d_y: &[f32], y: Option<&[f32]>, block: Block, m: &mut [f32], d_bias: Option<&mut [f32]>) = gradient_of
}

#[inline(always)]
unsafe fn gradient_of<S: Simd>(
    w: &Winograd,
    d_y: &[f32],
    y: Option<&[f32]>,
    block: Block,
    m: &mut [f32],
    d_bias: Option<&mut [f32]>,
) {
    w.check(&w.y, block, d_y.len(), m.len());
    assert!(y.is_none_or(|y| y.len() == d_y.len()), "y is shaped like its gradient");
    let y = y.map(<[f32]>::as_ptr);
    // SAFETY: the lengths are checked.
    unsafe { each_tile::<S, _>(&Gradient { d_y: d_y.as_ptr(), y, m: m.as_mut_ptr() }, w, block) }
    if let Some(d_bias) = d_bias {
        // SAFETY: `check` has compared m with the block.
        unsafe { bias_gradient::<S>(w, m, block, d_bias) }
    }
}

/// Adds the sums of the output gradients, of which `m` holds the transforms, to `d_bias`.
///
/// # Safety
/// The instruction set of `S`; `m` as long as `Side::check` asserts.
#[inline(always)]
pub(super) unsafe fn bias_gradient<S: Simd>(w: &Winograd, m: &[f32], block: Block, d_bias: &mut [f32]) {
    assert!(d_bias.len() == w.y.channels, "one bias per filter");
    // At the point (1, 1) the gradient of a tile is the plain sum of its pixels.
    let plain = (w.m + 3) * w.y.position(block.size);
    // SAFETY: the duties above.
    unsafe { add_columns::<S>(m.as_ptr().add(plain), w.y.padded, block.count, d_bias) }
}

/// Adds the sum of each column of a matrix with `count` rows `step` floats apart.
///
/// # Safety
/// The instruction set of `S`; rows are padded to whole vectors.
#[inline(always)]
unsafe fn add_columns<S: Simd>(rows: *const f32, step: usize, count: usize, sums: &mut [f32]) {
    for channel in (0..sums.len()).step_by(S::LANES) {
        let lanes = (sums.len() - channel).min(S::LANES);
        // SAFETY: the duties above.
        unsafe {
            let at = sums.as_mut_ptr().add(channel);
            let mut sum = S::load_first(at, lanes);
            for row in 0..count {
                sum = S::add(sum, S::load(rows.add(row * step + channel)));
            }
            S::store_first(at, sum, lanes);
        }
    }
}

struct Gradient {
    d_y: *const f32,
    y: Option<*const f32>,
    m: *mut f32,
}

impl Transform for Gradient {
    const INPUTS: bool = false;

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
            for j in 0..M {
                let mut column = [zero; M];
                for i in 0..M {
                    column[i] = place.load::<S, WHOLE>(self.d_y, i, j);
                    if let Some(y) = self.y {
                        let alive = S::gt(place.load::<S, WHOLE>(y, i, j), zero);
                        column[i] = S::select(alive, column[i], zero);
                    }
                }
                half[j] = W::output_transposed::<S>(column);
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

dispatch! {
    /// d_x = Σ B V Bᵀ, after `Winograd::clear`: of the tiles that cover a pixel, the first overwrites it, or adds to zero,
    /// and the others add to it.
    pub(super) fn input_gradient(w: &Winograd, v: &[f32], block: Block, d_x: &mut [f32]) = input_gradient_of
}

#[inline(always)]
unsafe fn input_gradient_of<S: Simd>(w: &Winograd, v: &[f32], block: Block, d_x: &mut [f32]) {
    w.check(&w.x, block, d_x.len(), v.len());
    // SAFETY: the lengths are checked.
    unsafe { each_tile::<S, _>(&InputGradient { v: v.as_ptr(), d_x: d_x.as_mut_ptr() }, w, block) }
}

struct InputGradient {
    v: *const f32,
    d_x: *mut f32,
}

impl Transform for InputGradient {
    const INPUTS: bool = true;

    #[inline(always)]
    unsafe fn tile<S: Simd, W: Points<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &self,
        place: &Place,
    ) {
        // SAFETY: the contract of the trait.
        unsafe {
            let mut half = [[S::splat(0.0); N]; N];
            for j in 0..N {
                let mut column = [S::splat(0.0); N];
                for i in 0..N {
                    column[i] = S::load(self.v.add(place.position::<N>(i, j)));
                }
                half[j] = W::input_transposed::<S>(column);
            }
            for i in 0..N {
                let mut row = W::input_transposed::<S>(across::<S, N, N>(&half, i));
                for j in 0..N {
                    // The tiles above and to the left have covered the first N − M rows and columns.
                    if i < N - M || j < N - M {
                        row[j] = S::add(place.load::<S, WHOLE>(self.d_x, i, j), row[j]);
                    }
                    place.store::<S, WHOLE>(self.d_x, i, j, row[j]);
                }
            }
        }
    }
}
