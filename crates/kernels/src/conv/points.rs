//! Winograd's one-dimensional transforms, on vectors of channels.
//!
//! F(m, 3) computes m outputs of a 3-tap filter from n = m + 2 inputs with n products, y = Aᵀ ((G g) ⊙ (Bᵀ d)): input
//! and filter are read as polynomials and multiplied by their values at n − 1 points and at infinity. The matrices
//! follow from the points (Cook and Toom); here all denominators are in G, and Bᵀ and Aᵀ are written as networks of
//! additions that share what the points have in common.
//!
//! The points decide the rounding error: 0, ±1, ½, −2 halve the error of the textbook's 0, ±1, ±2, because both the
//! values and their powers stay small.
//!
//! The gradients need the transposes: each network here has its mirror image beside it.

use crate::simd::Simd;

/// The transforms of F(M, 3), with N = M + 2.
///
/// # Safety
/// The methods ask for the instruction set of `S`, and nothing else.
pub(super) trait Points<const M: usize, const N: usize> {
    /// G: row i turns the three taps into their value at point i, divided by Π (pᵢ − pⱼ).
    const G: [[f32; 3]; N];
    /// Bᵀ d: a line of input to its values at the points.
    unsafe fn input<S: Simd>(d: [S::V; N]) -> [S::V; N];
    /// B v: gradients at the points to the gradient of a line of input.
    unsafe fn input_transposed<S: Simd>(v: [S::V; N]) -> [S::V; N];
    /// Aᵀ m: products at the points to a line of output.
    unsafe fn output<S: Simd>(m: [S::V; N]) -> [S::V; M];
    /// A y: a line of output gradients to gradients at the points.
    unsafe fn output_transposed<S: Simd>(y: [S::V; M]) -> [S::V; N];
}

/// G for these points, the last of which stands for infinity.
const fn filter_matrix<const N: usize>(points: [f64; N]) -> [[f32; 3]; N] {
    let mut g = [[0.0; 3]; N];
    let mut i = 0;
    while i + 1 < N {
        let (p, mut scale, mut j) = (points[i], 1.0, 0);
        while j + 1 < N {
            if j != i {
                scale /= p - points[j];
            }
            j += 1;
        }
        g[i] = [scale as f32, (p * scale) as f32, (p * p * scale) as f32];
        i += 1;
    }
    g[N - 1] = [0.0, 0.0, 1.0];
    g
}

/// F(2, 3) at 0, 1, −1, ∞.
pub(super) struct F2;
/// F(4, 3) at 0, 1, −1, ½, −2, ∞.
pub(super) struct F4;
/// F(5, 3) at 0, 1, −1, ½, −2, 2, ∞: F4 and one point more.
pub(super) struct F5;

// SAFETY of every body below: the caller guarantees the instruction set (contract of the trait).
impl Points<2, 4> for F2 {
    const G: [[f32; 3]; 4] = filter_matrix([0.0, 1.0, -1.0, f64::INFINITY]);

    // Rows: (x² − 1), x(x + 1), x(x − 1), x(x² − 1).
    #[inline(always)]
    unsafe fn input<S: Simd>(d: [S::V; 4]) -> [S::V; 4] {
        unsafe { [S::sub(d[2], d[0]), S::add(d[2], d[1]), S::sub(d[2], d[1]), S::sub(d[3], d[1])] }
    }
    #[inline(always)]
    unsafe fn input_transposed<S: Simd>(v: [S::V; 4]) -> [S::V; 4] {
        unsafe {
            let d1 = S::sub(S::sub(v[1], v[2]), v[3]);
            [S::sub(S::splat(0.0), v[0]), d1, S::add(v[0], S::add(v[1], v[2])), v[3]]
        }
    }
    #[inline(always)]
    unsafe fn output<S: Simd>(m: [S::V; 4]) -> [S::V; 2] {
        unsafe { [S::add(m[0], S::add(m[1], m[2])), S::add(S::sub(m[1], m[2]), m[3])] }
    }
    #[inline(always)]
    unsafe fn output_transposed<S: Simd>(y: [S::V; 2]) -> [S::V; 4] {
        unsafe { [y[0], S::add(y[0], y[1]), S::sub(y[0], y[1]), y[1]] }
    }
}

impl Points<4, 6> for F4 {
    const G: [[f32; 3]; 6] = filter_matrix([0.0, 1.0, -1.0, 0.5, -2.0, f64::INFINITY]);

    // With q = x² + 1.5 x − 1 = (x − ½)(x + 2) and r = x² − 1, the rows are
    // r q, x(x + 1) q, x(x − 1) q, x r (x + 2), x r (x − ½), x r q.
    #[inline(always)]
    unsafe fn input<S: Simd>(d: [S::V; 6]) -> [S::V; 6] {
        unsafe {
            let r: [S::V; 4] = std::array::from_fn(|i| S::sub(d[i + 2], d[i]));
            let q: [S::V; 4] = std::array::from_fn(|i| S::fma(S::splat(1.5), d[i + 1], r[i]));
            [
                S::sub(q[2], q[0]),
                S::add(q[2], q[1]),
                S::sub(q[2], q[1]),
                S::fma(S::splat(2.0), r[1], r[2]),
                S::fnma(S::splat(0.5), r[1], r[2]),
                S::sub(q[3], q[1]),
            ]
        }
    }
    #[inline(always)]
    unsafe fn input_transposed<S: Simd>(v: [S::V; 6]) -> [S::V; 6] {
        unsafe {
            let q1 = S::sub(S::sub(v[1], v[2]), v[5]);
            let q2 = S::add(v[0], S::add(v[1], v[2]));
            let r1 = S::fnma(S::splat(0.5), v[4], S::fma(S::splat(2.0), v[3], q1));
            let r2 = S::add(S::add(v[3], v[4]), q2);
            [
                v[0],
                S::fnma(S::splat(1.5), v[0], S::sub(S::splat(0.0), r1)),
                S::fma(S::splat(1.5), q1, S::sub(S::sub(S::splat(0.0), v[0]), r2)),
                S::fma(S::splat(1.5), q2, S::sub(r1, v[5])),
                S::fma(S::splat(1.5), v[5], r2),
                v[5],
            ]
        }
    }
    #[inline(always)]
    unsafe fn output<S: Simd>(m: [S::V; 6]) -> [S::V; 4] {
        unsafe {
            let (even, odd) = (S::add(m[1], m[2]), S::sub(m[1], m[2]));
            [
                S::add(S::add(m[0], even), S::add(m[3], m[4])),
                S::fma(S::splat(0.5), m[3], S::fnma(S::splat(2.0), m[4], odd)),
                S::fma(S::splat(0.25), m[3], S::fma(S::splat(4.0), m[4], even)),
                S::fma(S::splat(0.125), m[3], S::fnma(S::splat(8.0), m[4], S::add(odd, m[5]))),
            ]
        }
    }
    #[inline(always)]
    unsafe fn output_transposed<S: Simd>(y: [S::V; 4]) -> [S::V; 6] {
        unsafe {
            let (even, odd) = (S::add(y[0], y[2]), S::add(y[1], y[3]));
            [
                y[0],
                S::add(even, odd),
                S::sub(even, odd),
                powers::<S, 4>(y, [1.0, 0.5, 0.25, 0.125]),
                powers::<S, 4>(y, [1.0, -2.0, 4.0, -8.0]),
                y[3],
            ]
        }
    }
}

impl Points<5, 7> for F5 {
    const G: [[f32; 3]; 7] = filter_matrix([0.0, 1.0, -1.0, 0.5, -2.0, 2.0, f64::INFINITY]);

    // The rows of F4 times (x − 2), and for the new point the last row of F4, x r q.
    #[inline(always)]
    unsafe fn input<S: Simd>(d: [S::V; 7]) -> [S::V; 7] {
        unsafe {
            let v = F4::input::<S>(std::array::from_fn(|i| S::fnma(S::splat(2.0), d[i], d[i + 1])));
            let (r1, r3) = (S::sub(d[3], d[1]), S::sub(d[5], d[3]));
            let (q1, q3) = (S::fma(S::splat(1.5), d[2], r1), S::fma(S::splat(1.5), d[4], r3));
            [v[0], v[1], v[2], v[3], v[4], S::sub(q3, q1), v[5]]
        }
    }
    #[inline(always)]
    unsafe fn input_transposed<S: Simd>(v: [S::V; 7]) -> [S::V; 7] {
        unsafe {
            let l = F4::input_transposed::<S>([v[0], v[1], v[2], v[3], v[4], v[6]]);
            let two = S::splat(2.0);
            [
                S::fnma(two, l[0], S::splat(0.0)),
                S::fnma(two, l[1], S::add(l[0], v[5])),
                S::fnma(two, l[2], S::fnma(S::splat(1.5), v[5], l[1])),
                S::fnma(two, S::add(l[3], v[5]), l[2]),
                S::fnma(two, l[4], S::fma(S::splat(1.5), v[5], l[3])),
                S::fnma(two, l[5], S::add(l[4], v[5])),
                l[5],
            ]
        }
    }
    #[inline(always)]
    unsafe fn output<S: Simd>(m: [S::V; 7]) -> [S::V; 5] {
        unsafe {
            let (even, odd) = (S::add(m[1], m[2]), S::sub(m[1], m[2]));
            let (far, turn) = (S::add(m[5], m[4]), S::sub(m[5], m[4]));
            [
                S::add(S::add(m[0], even), S::add(m[3], far)),
                S::fma(S::splat(0.5), m[3], S::fma(S::splat(2.0), turn, odd)),
                S::fma(S::splat(0.25), m[3], S::fma(S::splat(4.0), far, even)),
                S::fma(S::splat(0.125), m[3], S::fma(S::splat(8.0), turn, odd)),
                S::fma(S::splat(0.0625), m[3], S::fma(S::splat(16.0), far, S::add(even, m[6]))),
            ]
        }
    }
    #[inline(always)]
    unsafe fn output_transposed<S: Simd>(y: [S::V; 5]) -> [S::V; 7] {
        unsafe {
            let (even, odd) = (S::add(y[0], S::add(y[2], y[4])), S::add(y[1], y[3]));
            let far = S::fma(S::splat(16.0), y[4], S::fma(S::splat(4.0), y[2], y[0]));
            let turn = S::fma(S::splat(4.0), y[3], y[1]);
            [
                y[0],
                S::add(even, odd),
                S::sub(even, odd),
                powers::<S, 5>(y, [1.0, 0.5, 0.25, 0.125, 0.0625]),
                S::fnma(S::splat(2.0), turn, far),
                S::fma(S::splat(2.0), turn, far),
                y[4],
            ]
        }
    }
}

/// Σ y[i] p[i], where p[0] is 1.
///
/// # Safety
/// The instruction set of `S`.
#[inline(always)]
unsafe fn powers<S: Simd, const M: usize>(y: [S::V; M], p: [f32; M]) -> S::V {
    let mut sum = y[0];
    for i in 1..M {
        // SAFETY: the duty above.
        sum = unsafe { S::fma(S::splat(p[i]), y[i], sum) };
    }
    sum
}
