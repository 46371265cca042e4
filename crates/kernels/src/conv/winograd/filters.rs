//! Winograd's transforms of the filters: U = G g Gᵀ for the products, and back for the gradient.
//!
//! U lies `[position][panel][row][column]`: the matrix of a position is cut into panels of 64 columns (the last may
//! have fewer), each contiguous, as the product reads them. Columns that only pad are zero. A cache line may separate
//! the matrices.

use super::WinogradConv;
use super::layout::odd_lines;
use super::points::{F2, F4, F5, LineTransform};
use crate::simd::{MOST_LANES, Simd, dispatch};

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
    pub(super) fn forward(w: &WinogradConv, kernel: &[f32], u: &mut [f32]) = forward_of
}
dispatch! {
    /// U for the input gradient: rows are filters, columns channels.
    pub(super) fn backward(w: &WinogradConv, kernel: &[f32], u: &mut [f32]) = backward_of
}
dispatch! {
    /// The gradient of the kernel, Gᵀ dU G.
    pub(super) fn kernel_gradient(w: &WinogradConv, d_u: &[f32], d_kernel: &mut [f32]) = kernel_gradient_of
}

#[inline(always)]
fn forward_of<S: Simd>(s: S, w: &WinogradConv, kernel: &[f32], u: &mut [f32]) {
    match w.m {
        2 => derive::<S, F2, 2, 4, false>(s, w, kernel, u),
        4 => derive::<S, F4, 4, 6, false>(s, w, kernel, u),
        _ => derive::<S, F5, 5, 7, false>(s, w, kernel, u),
    }
}

#[inline(always)]
fn backward_of<S: Simd>(s: S, w: &WinogradConv, kernel: &[f32], u: &mut [f32]) {
    match w.m {
        2 => derive::<S, F2, 2, 4, true>(s, w, kernel, u),
        4 => derive::<S, F4, 4, 6, true>(s, w, kernel, u),
        _ => derive::<S, F5, 5, 7, true>(s, w, kernel, u),
    }
}

#[inline(always)]
fn kernel_gradient_of<S: Simd>(s: S, w: &WinogradConv, d_u: &[f32], d_kernel: &mut [f32]) {
    match w.m {
        2 => collect::<S, F2, 2, 4>(s, w, d_u, d_kernel),
        4 => collect::<S, F4, 4, 6>(s, w, d_u, d_kernel),
        _ => collect::<S, F5, 5, 7>(s, w, d_u, d_kernel),
    }
}

#[inline(always)]
fn derive<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize, const TRANSPOSED: bool>(
    s: S,
    w: &WinogradConv,
    kernel: &[f32],
    u: &mut [f32],
) {
    let (c, f) = (w.x.channels, w.y.channels);
    let (rows, columns, padded) = if TRANSPOSED { (f, c, w.x.padded) } else { (c, f, w.y.padded) };
    assert!(
        kernel.len() == 9 * c * f && u.len() == N * N * matrix(rows, padded),
        "the kernel and U of the shape"
    );
    let mut line = [0.0; MOST_LANES];
    for row in 0..rows {
        for column in (0..padded).step_by(S::LANES) {
            let lanes = columns.saturating_sub(column).min(S::LANES);
            let mut taps = [[s.splat(0.0); 3]; 3];
            for tap in 0..9 {
                taps[tap / 3][tap % 3] = if TRANSPOSED {
                    for lane in 0..lanes {
                        line[lane] = kernel[(tap * c + column + lane) * f + row];
                    }
                    s.load_slice(&line[..lanes])
                } else {
                    let start = (tap * c + row) * f + column.min(f);
                    s.load_slice(&kernel[start..start + lanes])
                };
            }
            let (start, width) = panel(rows, padded, column);
            derive_one::<S, L, M, N>(s, taps, &mut u[start + row * width..], matrix(rows, padded));
        }
    }
}

/// One vector of U from that of the taps: its positions lie `step` apart.
#[inline(always)]
fn derive_one<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize>(
    s: S,
    taps: [[S::V; 3]; 3],
    u: &mut [f32],
    step: usize,
) {
    for i in 0..N {
        let mut half = [s.splat(0.0); 3];
        for j in 0..3 {
            half[j] = combine(s, L::G[i], [taps[0][j], taps[1][j], taps[2][j]]);
        }
        for j in 0..N {
            s.store_whole(&mut u[(i * N + j) * step..], combine(s, L::G[j], half));
        }
    }
}

#[inline(always)]
fn combine<S: Simd>(s: S, g: [f32; 3], x: [S::V; 3]) -> S::V {
    let sum = s.mul(s.splat(g[0]), x[0]);
    s.fma(s.splat(g[2]), x[2], s.fma(s.splat(g[1]), x[1], sum))
}

#[inline(always)]
fn collect<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize>(
    s: S,
    w: &WinogradConv,
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
            let taps = collect_one::<S, L, M, N>(s, &d_u[start + row * width..], matrix(c, padded));
            for tap in 0..9 {
                let at = (tap * c + row) * f + column;
                s.store_slice(&mut d_kernel[at..at + lanes], taps[tap / 3][tap % 3]);
            }
        }
    }
}

/// The way back from one vector of dU.
#[inline(always)]
fn collect_one<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize>(
    s: S,
    d_u: &[f32],
    step: usize,
) -> [[S::V; 3]; 3] {
    let mut taps = [[s.splat(0.0); 3]; 3];
    for i in 0..N {
        let mut half = [s.splat(0.0); 3];
        for j in 0..N {
            let v = s.load_whole(&d_u[(i * N + j) * step..]);
            for b in 0..3 {
                half[b] = s.fma(s.splat(L::G[j][b]), v, half[b]);
            }
        }
        for a in 0..3 {
            for b in 0..3 {
                taps[a][b] = s.fma(s.splat(L::G[i][a]), half[b], taps[a][b]);
            }
        }
    }
    taps
}
