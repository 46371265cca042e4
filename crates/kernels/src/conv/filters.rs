//! Winograd's transforms of the filters: U = G g Gᵀ for the products, and back for the gradient.
//!
//! U lies `[position][panel][row][column]`: the matrix of a position is cut into panels of 64 columns (the last may have fewer),
//! each contiguous, as the product reads them. Columns that only pad are zero. A cache line may separate the matrices.

use super::points::{F2, F4, F5, Points};
use super::winograd::{Winograd, odd_lines};
use crate::simd::{Simd, dispatch};

/// Columns of a panel: the width of the widest block of a product.
const PANEL: usize = 64;

/// Distance from one position's matrix to the next.
#[inline(always)]
pub(super) fn matrix(rows: usize, padded: usize) -> usize {
    odd_lines(rows * padded)
}

/// Where column `column` of a matrix with `rows` rows and `padded` columns starts, and the distance between its rows.
#[inline(always)]
pub(super) fn panel(rows: usize, padded: usize, column: usize) -> (usize, usize) {
    let first = column / PANEL * PANEL;
    (first * rows + column - first, PANEL.min(padded - first))
}

dispatch! {
    /// U for the forward pass: rows are channels, columns filters.
    pub(super) fn forward(w: &Winograd, kernel: &[f32], u: &mut [f32]) = forward_of
}

#[inline(always)]
unsafe fn forward_of<S: Simd>(w: &Winograd, kernel: &[f32], u: &mut [f32]) {
    // SAFETY: the instruction set; the rest is checked below.
    unsafe {
        match w.m {
            2 => derive::<S, F2, 2, 4, false>(w, kernel, u),
            4 => derive::<S, F4, 4, 6, false>(w, kernel, u),
            _ => derive::<S, F5, 5, 7, false>(w, kernel, u),
        }
    }
}

dispatch! {
    /// U for the input gradient: rows are filters, columns channels.
    pub(super) fn backward(w: &Winograd, kernel: &[f32], u: &mut [f32]) = backward_of
}

#[inline(always)]
unsafe fn backward_of<S: Simd>(w: &Winograd, kernel: &[f32], u: &mut [f32]) {
    // SAFETY: the instruction set; the rest is checked below.
    unsafe {
        match w.m {
            2 => derive::<S, F2, 2, 4, true>(w, kernel, u),
            4 => derive::<S, F4, 4, 6, true>(w, kernel, u),
            _ => derive::<S, F5, 5, 7, true>(w, kernel, u),
        }
    }
}

#[inline(always)]
unsafe fn derive<S: Simd, W: Points<M, N>, const M: usize, const N: usize, const TRANSPOSED: bool>(
    w: &Winograd,
    kernel: &[f32],
    u: &mut [f32],
) {
    let (c, f) = (w.x.channels, w.y.channels);
    let (rows, columns, padded) = if TRANSPOSED { (f, c, w.x.padded) } else { (c, f, w.y.padded) };
    assert!(
        kernel.len() == 9 * c * f && u.len() == N * N * matrix(rows, padded),
        "the kernel and U of the shape"
    );
    let mut line = [[0.0; 16]; 9];
    for row in 0..rows {
        for column in (0..padded).step_by(S::LANES) {
            let lanes = columns.saturating_sub(column).min(S::LANES);
            let (start, _) = panel(rows, padded, column);
            // SAFETY: lanes end at the last column; u has N × N matrices of rows × padded.
            unsafe {
                let mut taps = [[S::splat(0.0); 3]; 3];
                for tap in 0..9 {
                    taps[tap / 3][tap % 3] = if TRANSPOSED {
                        for lane in 0..lanes {
                            line[tap][lane] = kernel[(tap * c + column + lane) * f + row];
                        }
                        S::load_first(line[tap].as_ptr(), lanes)
                    } else {
                        S::load_first(kernel.as_ptr().wrapping_add((tap * c + row) * f + column), lanes)
                    };
                }
                let (_, width) = panel(rows, padded, column);
                derive_one::<S, W, M, N>(taps, u.as_mut_ptr().add(start + row * width), matrix(rows, padded));
            }
        }
    }
}

#[inline(always)]
unsafe fn derive_one<S: Simd, W: Points<M, N>, const M: usize, const N: usize>(
    taps: [[S::V; 3]; 3],
    u: *mut f32,
    step: usize,
) {
    // SAFETY: the caller gives N × N positions behind u.
    unsafe {
        for i in 0..N {
            let mut half = [S::splat(0.0); 3];
            for j in 0..3 {
                half[j] = combine::<S>(W::G[i], [taps[0][j], taps[1][j], taps[2][j]]);
            }
            for j in 0..N {
                S::store(u.add((i * N + j) * step), combine::<S>(W::G[j], half));
            }
        }
    }
}

#[inline(always)]
unsafe fn combine<S: Simd>(g: [f32; 3], x: [S::V; 3]) -> S::V {
    // SAFETY: the instruction set only.
    unsafe {
        let sum = S::mul(S::splat(g[0]), x[0]);
        S::fma(S::splat(g[2]), x[2], S::fma(S::splat(g[1]), x[1], sum))
    }
}

dispatch! {
    /// The gradient of the kernel, Gᵀ dU G.
    pub(super) fn kernel_gradient(w: &Winograd, d_u: &[f32], d_kernel: &mut [f32]) = kernel_gradient_of
}

#[inline(always)]
unsafe fn kernel_gradient_of<S: Simd>(w: &Winograd, d_u: &[f32], d_kernel: &mut [f32]) {
    // SAFETY: the instruction set; the rest is checked below.
    unsafe {
        match w.m {
            2 => collect::<S, F2, 2, 4>(w, d_u, d_kernel),
            4 => collect::<S, F4, 4, 6>(w, d_u, d_kernel),
            _ => collect::<S, F5, 5, 7>(w, d_u, d_kernel),
        }
    }
}

#[inline(always)]
unsafe fn collect<S: Simd, W: Points<M, N>, const M: usize, const N: usize>(
    w: &Winograd,
    d_u: &[f32],
    d_kernel: &mut [f32],
) {
    let (c, f, padded) = (w.x.channels, w.y.channels, w.y.padded);
    assert!(
        d_kernel.len() == 9 * c * f && d_u.len() == N * N * matrix(c, padded),
        "the kernel and dU of the shape"
    );
    for row in 0..c {
        for column in (0..f).step_by(S::LANES) {
            let lanes = (f - column).min(S::LANES);
            let (start, width) = panel(c, padded, column);
            // SAFETY: lanes end at the last filter; d_u has N × N matrices of c × padded.
            unsafe {
                let taps =
                    collect_one::<S, W, M, N>(d_u.as_ptr().add(start + row * width), matrix(c, padded));
                for tap in 0..9 {
                    let at = d_kernel.as_mut_ptr().add((tap * c + row) * f + column);
                    S::store_first(at, taps[tap / 3][tap % 3], lanes);
                }
            }
        }
    }
}

#[inline(always)]
unsafe fn collect_one<S: Simd, W: Points<M, N>, const M: usize, const N: usize>(
    d_u: *const f32,
    step: usize,
) -> [[S::V; 3]; 3] {
    let mut taps;
    // SAFETY: the caller gives N × N positions behind d_u.
    unsafe {
        taps = [[S::splat(0.0); 3]; 3];
        for i in 0..N {
            let mut half = [S::splat(0.0); 3];
            for j in 0..N {
                let v = S::load(d_u.add((i * N + j) * step));
                for b in 0..3 {
                    half[b] = S::fma(S::splat(W::G[j][b]), v, half[b]);
                }
            }
            for a in 0..3 {
                for b in 0..3 {
                    taps[a][b] = S::fma(S::splat(W::G[i][a]), half[b], taps[a][b]);
                }
            }
        }
    }
    taps
}
