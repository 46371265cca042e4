//! Winograd's two-dimensional transforms: one tile and one vector of channels at a time.
//!
//! A pass walks over a block of tiles and turns them into *tile matrices* or back, `[position][tile][channel]`: one
//! position of all tiles is a matrix for the products. Channels are padded to whole multiples of 16 with zeros.
//!
//! Pixels outside of the image count as zeros when they are read, and are not written.

use super::points::{F2, F4, F5, Points};
use super::winograd::{Block, Side, Winograd};
use crate::simd::{Simd, dispatch};

/// Calls a function with the points of `m`: `by_points!(m, f, S, (args))`.
macro_rules! by_points {
    ($m:expr, $f:ident, $s:ident, ($($arg:expr),*)) => {
        match $m {
            2 => $f::<$s, F2, 2, 4>($($arg),*),
            4 => $f::<$s, F4, 4, 6>($($arg),*),
            _ => $f::<$s, F5, 5, 7>($($arg),*),
        }
    };
}

/// A rectangle of pixels that a tile covers, of which some may lie outside of the image.
#[derive(Clone, Copy)]
struct Window {
    /// Offset of the first pixel's first channel; negative or too large where the pixel lies outside.
    start: isize,
    /// Distance from one row of pixels to the next, and from one pixel to the next.
    steps: [usize; 2],
    /// The rows and columns of the window that lie inside.
    rows: [usize; 2],
    columns: [usize; 2],
    /// Whether all of them do.
    whole: bool,
    /// Whether the tile is in the first row, or in the first column, of its image.
    first: [bool; 2],
}

impl Window {
    /// The window of `size` × `size` pixels for a tile.
    #[inline(always)]
    fn new(side: &Side, tiles: [usize; 2], tile: usize, size: usize, step: usize) -> Window {
        let per_image = tiles[0] * tiles[1];
        let (image, rest) = (tile / per_image, tile % per_image);
        let (down, across) = (rest / tiles[1], rest % tiles[1]);
        let y = (down * step) as isize - side.pad_top as isize;
        let x = (across * step) as isize - side.pad_left as isize;
        let inside = |start: isize, extent: usize| {
            let first = (-start).clamp(0, size as isize) as usize;
            [first, (extent as isize - start).clamp(first as isize, size as isize) as usize]
        };
        let (rows, columns) = (inside(y, side.height), inside(x, side.width));
        let image = (image * side.height * side.width) as isize;
        Window {
            start: (image + y * side.width as isize + x) * side.channels as isize,
            steps: [side.width * side.channels, side.channels],
            rows,
            columns,
            whole: rows == [0, size] && columns == [0, size],
            first: [down == 0, across == 0],
        }
    }

    #[inline(always)]
    fn has(&self, i: usize, j: usize) -> bool {
        self.rows[0] <= i && i < self.rows[1] && self.columns[0] <= j && j < self.columns[1]
    }

    /// Where pixel (i, j) lies, `channel` floats on.
    #[inline(always)]
    fn at<T>(&self, base: *const T, i: usize, j: usize, channel: usize) -> *const T {
        base.wrapping_offset(self.start + (i * self.steps[0] + j * self.steps[1] + channel) as isize)
    }

    /// Vector `channel ..` of pixel (i, j): `WHOLE` if the window and the vector lie inside entirely.
    ///
    /// # Safety
    /// The instruction set of `S`; `base` starts the images that the window was made for, of at least
    /// `channel + lanes` channels.
    #[inline(always)]
    unsafe fn load<S: Simd, const WHOLE: bool>(
        &self,
        base: *const f32,
        [i, j]: [usize; 2],
        channel: usize,
        lanes: usize,
    ) -> S::V {
        // SAFETY: the duties above, and pixels outside are not read.
        unsafe {
            if WHOLE {
                S::load(self.at(base, i, j, channel))
            } else if self.has(i, j) {
                S::load_first(self.at(base, i, j, channel), lanes)
            } else {
                S::splat(0.0)
            }
        }
    }

    /// The counterpart of `load`.
    ///
    /// # Safety
    /// As for `load`.
    #[inline(always)]
    unsafe fn store<S: Simd, const WHOLE: bool>(
        &self,
        base: *mut f32,
        [i, j]: [usize; 2],
        channel: usize,
        lanes: usize,
        v: S::V,
    ) {
        // SAFETY: the duties above, and pixels outside are not written.
        unsafe {
            let p = self.at(base, i, j, channel).cast_mut();
            if WHOLE {
                S::store(p, v);
            } else if self.has(i, j) {
                S::store_first(p, v, lanes);
            }
        }
    }
}

/// Runs `$whole` or `$part` for each tile and each vector of channels, with `window`, `lanes` and offsets bound.
macro_rules! each_vector {
    ($s:ident, $side:expr, $window:ident, $channel:ident, $lanes:ident, $f:ident, $w:ident, $m:ident, $n:ident, ($($arg:expr),*)) => {
        for $channel in (0..$side.padded).step_by($s::LANES) {
            let $lanes = $side.channels.saturating_sub($channel).min($s::LANES);
            if $window.whole && $lanes == $s::LANES {
                $f::<$s, $w, $m, $n, true>($($arg),*);
            } else {
                $f::<$s, $w, $m, $n, false>($($arg),*);
            }
        }
    };
}

dispatch! {
    /// V = Bᵀ d B for a block of tiles.
    pub(super) fn input(w: &Winograd, x: &[f32], block: Block, v: &mut [f32]) = input_of
}

#[inline(always)]
unsafe fn input_of<S: Simd>(w: &Winograd, x: &[f32], block: Block, v: &mut [f32]) {
    // SAFETY: the instruction set; the rest is checked below.
    unsafe { by_points!(w.m, input_tiles, S, (w, x, block, v)) }
}

#[inline(always)]
unsafe fn input_tiles<S: Simd, W: Points<M, N>, const M: usize, const N: usize>(
    w: &Winograd,
    x: &[f32],
    block: Block,
    v: &mut [f32],
) {
    w.x.check::<N>(w.tiles, block, x.len(), v.len());
    for t in 0..block.count {
        let window = Window::new(&w.x, w.tiles, block.first + t, N, M);
        // SAFETY: `check` has made sure of the lengths.
        unsafe {
            let row = v.as_mut_ptr().add(t * w.x.padded);
            each_vector!(
                S,
                w.x,
                window,
                channel,
                lanes,
                input_tile,
                W,
                M,
                N,
                (window, x.as_ptr(), channel, lanes, row.add(channel), w.x.position(block.size))
            );
        }
    }
}

#[inline(always)]
unsafe fn input_tile<S: Simd, W: Points<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
    window: Window,
    x: *const f32,
    channel: usize,
    lanes: usize,
    v: *mut f32,
    step: usize,
) {
    // SAFETY: the caller's window lies in the images, and v has N × N positions.
    unsafe {
        let mut half = [[S::splat(0.0); N]; N];
        for j in 0..N {
            let mut column = [S::splat(0.0); N];
            for i in 0..N {
                column[i] = window.load::<S, WHOLE>(x, [i, j], channel, lanes);
            }
            half[j] = W::input::<S>(column);
        }
        for i in 0..N {
            let mut row = [S::splat(0.0); N];
            for j in 0..N {
                row[j] = half[j][i];
            }
            let row = W::input::<S>(row);
            for j in 0..N {
                S::store(v.add((i * N + j) * step), row[j]);
            }
        }
    }
}

dispatch! {
    /// y = Aᵀ M A + bias for a block of tiles, then max(y, 0) if `relu`.
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
    // SAFETY: the instruction set; the rest is checked below.
    unsafe { by_points!(w.m, output_tiles, S, (w, m, bias, relu, block, y)) }
}

#[inline(always)]
unsafe fn output_tiles<S: Simd, W: Points<M, N>, const M: usize, const N: usize>(
    w: &Winograd,
    m: &[f32],
    bias: Option<&[f32]>,
    relu: bool,
    block: Block,
    y: &mut [f32],
) {
    w.y.check::<N>(w.tiles, block, y.len(), m.len());
    assert!(bias.is_none_or(|bias| bias.len() == w.y.channels), "one bias per filter");
    for t in 0..block.count {
        let window = Window::new(&w.y, w.tiles, block.first + t, M, M);
        // SAFETY: `check` has made sure of the lengths.
        unsafe {
            let row = m.as_ptr().add(t * w.y.padded);
            each_vector!(
                S,
                w.y,
                window,
                channel,
                lanes,
                output_tile,
                W,
                M,
                N,
                (
                    row.add(channel),
                    w.y.position(block.size),
                    bias,
                    relu,
                    window,
                    y.as_mut_ptr(),
                    channel,
                    lanes
                )
            );
        }
    }
}

#[inline(always)]
unsafe fn output_tile<S: Simd, W: Points<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
    m: *const f32,
    step: usize,
    bias: Option<&[f32]>,
    relu: bool,
    window: Window,
    y: *mut f32,
    channel: usize,
    lanes: usize,
) {
    // SAFETY: the caller's window lies in the images, and m has N × N positions.
    unsafe {
        let zero = S::splat(0.0);
        let bias = match bias {
            Some(bias) => S::load_first(bias.as_ptr().wrapping_add(channel), lanes),
            None => zero,
        };
        let mut half = [[zero; M]; N];
        for j in 0..N {
            let mut column = [zero; N];
            for i in 0..N {
                column[i] = S::load(m.add((i * N + j) * step));
            }
            half[j] = W::output::<S>(column);
        }
        for i in 0..M {
            let mut row = [zero; N];
            for j in 0..N {
                row[j] = half[j][i];
            }
            let row = W::output::<S>(row);
            for j in 0..M {
                let sum = S::add(row[j], bias);
                // In this order a NaN stays one.
                let out = if relu { S::max(zero, sum) } else { sum };
                window.store::<S, WHOLE>(y, [i, j], channel, lanes, out);
            }
        }
    }
}

dispatch! {
    /// M = A dy Aᵀ for a block of tiles, with dy = 0 where y ≤ 0 if y is given; adds dy's sums to `d_bias`.
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
    // SAFETY: the instruction set; the rest is checked below.
    unsafe { by_points!(w.m, gradient_tiles, S, (w, d_y, y, block, m, d_bias)) }
}

#[inline(always)]
unsafe fn gradient_tiles<S: Simd, W: Points<M, N>, const M: usize, const N: usize>(
    w: &Winograd,
    d_y: &[f32],
    y: Option<&[f32]>,
    block: Block,
    m: &mut [f32],
    d_bias: Option<&mut [f32]>,
) {
    w.y.check::<N>(w.tiles, block, d_y.len(), m.len());
    assert!(y.is_none_or(|y| y.len() == d_y.len()), "y is shaped like its gradient");
    for t in 0..block.count {
        let window = Window::new(&w.y, w.tiles, block.first + t, M, M);
        // SAFETY: `check` has made sure of the lengths.
        unsafe {
            let row = m.as_mut_ptr().add(t * w.y.padded);
            each_vector!(
                S,
                w.y,
                window,
                channel,
                lanes,
                gradient_tile,
                W,
                M,
                N,
                (window, d_y.as_ptr(), y, channel, lanes, row.add(channel), w.y.position(block.size))
            );
        }
    }
    if let Some(d_bias) = d_bias {
        // SAFETY: as above.
        unsafe {
            add_columns::<S>(
                m.as_ptr().add((N + 1) * w.y.position(block.size)),
                w.y.padded,
                block.count,
                d_bias,
            )
        }
    }
}

/// Adds each column's sum to `sums`. At point (1, 1) the gradient of a tile is the plain sum of its pixels.
#[inline(always)]
unsafe fn add_columns<S: Simd>(rows: *const f32, step: usize, count: usize, sums: &mut [f32]) {
    for channel in (0..sums.len()).step_by(S::LANES) {
        let lanes = (sums.len() - channel).min(S::LANES);
        // SAFETY: the caller gives `count` rows, padded to whole vectors.
        unsafe {
            let at = sums.as_mut_ptr().add(channel);
            let mut sum = S::load_first(at, lanes);
            for t in 0..count {
                sum = S::add(sum, S::load(rows.add(t * step + channel)));
            }
            S::store_first(at, sum, lanes);
        }
    }
}

#[inline(always)]
unsafe fn gradient_tile<S: Simd, W: Points<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
    window: Window,
    d_y: *const f32,
    y: Option<&[f32]>,
    channel: usize,
    lanes: usize,
    m: *mut f32,
    step: usize,
) {
    // SAFETY: the caller's window lies in the images, and m has N × N positions.
    unsafe {
        let zero = S::splat(0.0);
        let mut half = [[zero; N]; M];
        for j in 0..M {
            let mut column = [zero; M];
            for i in 0..M {
                column[i] = window.load::<S, WHOLE>(d_y, [i, j], channel, lanes);
                if let Some(y) = y {
                    let y = window.load::<S, WHOLE>(y.as_ptr(), [i, j], channel, lanes);
                    column[i] = S::select(S::gt(y, zero), column[i], zero);
                }
            }
            half[j] = W::output_transposed::<S>(column);
        }
        for i in 0..N {
            let mut row = [zero; M];
            for j in 0..M {
                row[j] = half[j][i];
            }
            let row = W::output_transposed::<S>(row);
            for j in 0..N {
                S::store(m.add((i * N + j) * step), row[j]);
            }
        }
    }
}

dispatch! {
    /// d_x = Σ B V Bᵀ for a block of tiles, in order: the first tile that covers a pixel overwrites it, later
    /// ones add to it.
    pub(super) fn input_gradient(w: &Winograd, v: &[f32], block: Block, d_x: &mut [f32]) = input_gradient_of
}

#[inline(always)]
unsafe fn input_gradient_of<S: Simd>(w: &Winograd, v: &[f32], block: Block, d_x: &mut [f32]) {
    // SAFETY: the instruction set; the rest is checked below.
    unsafe { by_points!(w.m, input_gradient_tiles, S, (w, v, block, d_x)) }
}

#[inline(always)]
unsafe fn input_gradient_tiles<S: Simd, W: Points<M, N>, const M: usize, const N: usize>(
    w: &Winograd,
    v: &[f32],
    block: Block,
    d_x: &mut [f32],
) {
    w.x.check::<N>(w.tiles, block, d_x.len(), v.len());
    for t in 0..block.count {
        let window = Window::new(&w.x, w.tiles, block.first + t, N, M);
        // SAFETY: `check` has made sure of the lengths.
        unsafe {
            let row = v.as_ptr().add(t * w.x.padded);
            each_vector!(
                S,
                w.x,
                window,
                channel,
                lanes,
                input_gradient_tile,
                W,
                M,
                N,
                (row.add(channel), w.x.position(block.size), window, d_x.as_mut_ptr(), channel, lanes)
            );
        }
    }
}

#[inline(always)]
unsafe fn input_gradient_tile<S: Simd, W: Points<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
    v: *const f32,
    step: usize,
    window: Window,
    d_x: *mut f32,
    channel: usize,
    lanes: usize,
) {
    // SAFETY: the caller's window lies in the images, and v has N × N positions.
    unsafe {
        let mut half = [[S::splat(0.0); N]; N];
        for j in 0..N {
            let mut column = [S::splat(0.0); N];
            for i in 0..N {
                column[i] = S::load(v.add((i * N + j) * step));
            }
            half[j] = W::input_transposed::<S>(column);
        }
        for i in 0..N {
            let mut row = [S::splat(0.0); N];
            for j in 0..N {
                row[j] = half[j][i];
            }
            let row = W::input_transposed::<S>(row);
            for j in 0..N {
                // The tiles above and to the left have covered the first N − M rows and columns.
                let covered = (i < N - M && !window.first[0]) || (j < N - M && !window.first[1]);
                let sum = if covered {
                    S::add(window.load::<S, WHOLE>(d_x, [i, j], channel, lanes), row[j])
                } else {
                    row[j]
                };
                window.store::<S, WHOLE>(d_x, [i, j], channel, lanes, sum);
            }
        }
    }
}
