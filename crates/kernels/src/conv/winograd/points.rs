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
//! The gradients need the transposes: each network here is followed by its mirror image.

use crate::simd::Simd;

/// The transforms of F(M, 3), with N = M + 2.
pub(super) trait LineTransform<const M: usize, const N: usize> {
    /// G: row i turns the three taps into their value at point i, divided by Π (pᵢ − pⱼ).
    const G: [[f32; 3]; N];
    /// Bᵀ d: a line of input to its values at the points.
    fn input<S: Simd>(s: S, d: [S::V; N]) -> [S::V; N];
    /// B v: gradients at the points to the gradient of a line of input.
    fn input_transposed<S: Simd>(s: S, v: [S::V; N]) -> [S::V; N];
    /// Aᵀ m: products at the points to a line of output.
    fn output<S: Simd>(s: S, m: [S::V; N]) -> [S::V; M];
    /// A y: a line of output gradients to gradients at the points.
    fn output_transposed<S: Simd>(s: S, y: [S::V; M]) -> [S::V; N];
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

impl LineTransform<2, 4> for F2 {
    const G: [[f32; 3]; 4] = filter_matrix([0.0, 1.0, -1.0, f64::INFINITY]);

    // Rows: (x² − 1), x(x + 1), x(x − 1), x(x² − 1).
    #[inline(always)]
    fn input<S: Simd>(s: S, d: [S::V; 4]) -> [S::V; 4] {
        [s.sub(d[2], d[0]), s.add(d[2], d[1]), s.sub(d[2], d[1]), s.sub(d[3], d[1])]
    }
    #[inline(always)]
    fn input_transposed<S: Simd>(s: S, v: [S::V; 4]) -> [S::V; 4] {
        let d1 = s.sub(s.sub(v[1], v[2]), v[3]);
        [s.sub(s.splat(0.0), v[0]), d1, s.add(v[0], s.add(v[1], v[2])), v[3]]
    }
    #[inline(always)]
    fn output<S: Simd>(s: S, m: [S::V; 4]) -> [S::V; 2] {
        [s.add(m[0], s.add(m[1], m[2])), s.add(s.sub(m[1], m[2]), m[3])]
    }
    #[inline(always)]
    fn output_transposed<S: Simd>(s: S, y: [S::V; 2]) -> [S::V; 4] {
        [y[0], s.add(y[0], y[1]), s.sub(y[0], y[1]), y[1]]
    }
}

impl LineTransform<4, 6> for F4 {
    const G: [[f32; 3]; 6] = filter_matrix([0.0, 1.0, -1.0, 0.5, -2.0, f64::INFINITY]);

    // With q = x² + 1.5 x − 1 = (x − ½)(x + 2) and r = x² − 1, the rows are
    // r q, x(x + 1) q, x(x − 1) q, x r (x + 2), x r (x − ½), x r q.
    #[inline(always)]
    fn input<S: Simd>(s: S, d: [S::V; 6]) -> [S::V; 6] {
        let r: [S::V; 4] = std::array::from_fn(|i| s.sub(d[i + 2], d[i]));
        let q: [S::V; 4] = std::array::from_fn(|i| s.fma(s.splat(1.5), d[i + 1], r[i]));
        [
            s.sub(q[2], q[0]),
            s.add(q[2], q[1]),
            s.sub(q[2], q[1]),
            s.fma(s.splat(2.0), r[1], r[2]),
            s.fnma(s.splat(0.5), r[1], r[2]),
            s.sub(q[3], q[1]),
        ]
    }
    #[inline(always)]
    fn input_transposed<S: Simd>(s: S, v: [S::V; 6]) -> [S::V; 6] {
        let q1 = s.sub(s.sub(v[1], v[2]), v[5]);
        let q2 = s.add(v[0], s.add(v[1], v[2]));
        let r1 = s.fnma(s.splat(0.5), v[4], s.fma(s.splat(2.0), v[3], q1));
        let r2 = s.add(s.add(v[3], v[4]), q2);
        [
            v[0],
            s.fnma(s.splat(1.5), v[0], s.sub(s.splat(0.0), r1)),
            s.fma(s.splat(1.5), q1, s.sub(s.sub(s.splat(0.0), v[0]), r2)),
            s.fma(s.splat(1.5), q2, s.sub(r1, v[5])),
            s.fma(s.splat(1.5), v[5], r2),
            v[5],
        ]
    }
    #[inline(always)]
    fn output<S: Simd>(s: S, m: [S::V; 6]) -> [S::V; 4] {
        let (even, odd) = (s.add(m[1], m[2]), s.sub(m[1], m[2]));
        [
            s.add(s.add(m[0], even), s.add(m[3], m[4])),
            s.fma(s.splat(0.5), m[3], s.fnma(s.splat(2.0), m[4], odd)),
            s.fma(s.splat(0.25), m[3], s.fma(s.splat(4.0), m[4], even)),
            s.fma(s.splat(0.125), m[3], s.fnma(s.splat(8.0), m[4], s.add(odd, m[5]))),
        ]
    }
    #[inline(always)]
    fn output_transposed<S: Simd>(s: S, y: [S::V; 4]) -> [S::V; 6] {
        let (even, odd) = (s.add(y[0], y[2]), s.add(y[1], y[3]));
        [
            y[0],
            s.add(even, odd),
            s.sub(even, odd),
            powers(s, y, [1.0, 0.5, 0.25, 0.125]),
            powers(s, y, [1.0, -2.0, 4.0, -8.0]),
            y[3],
        ]
    }
}

impl LineTransform<5, 7> for F5 {
    const G: [[f32; 3]; 7] = filter_matrix([0.0, 1.0, -1.0, 0.5, -2.0, 2.0, f64::INFINITY]);

    // The rows of F4 times (x − 2), and for the new point the last row of F4, x r q.
    #[inline(always)]
    fn input<S: Simd>(s: S, d: [S::V; 7]) -> [S::V; 7] {
        let v = F4::input(s, std::array::from_fn(|i| s.fnma(s.splat(2.0), d[i], d[i + 1])));
        let (r1, r3) = (s.sub(d[3], d[1]), s.sub(d[5], d[3]));
        let (q1, q3) = (s.fma(s.splat(1.5), d[2], r1), s.fma(s.splat(1.5), d[4], r3));
        [v[0], v[1], v[2], v[3], v[4], s.sub(q3, q1), v[5]]
    }
    #[inline(always)]
    fn input_transposed<S: Simd>(s: S, v: [S::V; 7]) -> [S::V; 7] {
        let l = F4::input_transposed(s, [v[0], v[1], v[2], v[3], v[4], v[6]]);
        let two = s.splat(2.0);
        [
            s.fnma(two, l[0], s.splat(0.0)),
            s.fnma(two, l[1], s.add(l[0], v[5])),
            s.fnma(two, l[2], s.fnma(s.splat(1.5), v[5], l[1])),
            s.fnma(two, s.add(l[3], v[5]), l[2]),
            s.fnma(two, l[4], s.fma(s.splat(1.5), v[5], l[3])),
            s.fnma(two, l[5], s.add(l[4], v[5])),
            l[5],
        ]
    }
    #[inline(always)]
    fn output<S: Simd>(s: S, m: [S::V; 7]) -> [S::V; 5] {
        let (even, odd) = (s.add(m[1], m[2]), s.sub(m[1], m[2]));
        let (far, turn) = (s.add(m[5], m[4]), s.sub(m[5], m[4]));
        [
            s.add(s.add(m[0], even), s.add(m[3], far)),
            s.fma(s.splat(0.5), m[3], s.fma(s.splat(2.0), turn, odd)),
            s.fma(s.splat(0.25), m[3], s.fma(s.splat(4.0), far, even)),
            s.fma(s.splat(0.125), m[3], s.fma(s.splat(8.0), turn, odd)),
            s.fma(s.splat(0.0625), m[3], s.fma(s.splat(16.0), far, s.add(even, m[6]))),
        ]
    }
    #[inline(always)]
    fn output_transposed<S: Simd>(s: S, y: [S::V; 5]) -> [S::V; 7] {
        let (even, odd) = (s.add(y[0], s.add(y[2], y[4])), s.add(y[1], y[3]));
        let far = s.fma(s.splat(16.0), y[4], s.fma(s.splat(4.0), y[2], y[0]));
        let turn = s.fma(s.splat(4.0), y[3], y[1]);
        [
            y[0],
            s.add(even, odd),
            s.sub(even, odd),
            powers(s, y, [1.0, 0.5, 0.25, 0.125, 0.0625]),
            s.fnma(s.splat(2.0), turn, far),
            s.fma(s.splat(2.0), turn, far),
            y[4],
        ]
    }
}

/// Σ y[i] p[i], where p[0] is 1.
#[inline(always)]
fn powers<S: Simd, const M: usize>(s: S, y: [S::V; M], p: [f32; M]) -> S::V {
    let mut sum = y[0];
    for i in 1..M {
        sum = s.fma(s.splat(p[i]), y[i], sum);
    }
    sum
}
