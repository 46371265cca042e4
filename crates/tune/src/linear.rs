//! Small dense linear algebra: Cholesky's factor, triangular solves, eigenvectors of a symmetric matrix.
//!
//! For matrices of up to a few hundred rows. Every sum has one fixed order (eight partial sums, then a tree), so that
//! the compiler may use the processor's vectors and the bits are still the same on all of them.

/// A square matrix, row by row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SquareMatrix {
    n: usize,
    data: Vec<f64>,
}

impl SquareMatrix {
    /// The matrix of these entries.
    pub(crate) fn from_fn(n: usize, mut entry: impl FnMut(usize, usize) -> f64) -> SquareMatrix {
        let data = (0..n * n).map(|at| entry(at / n, at % n)).collect();
        SquareMatrix { n, data }
    }

    /// Ones on the diagonal.
    pub(crate) fn identity(n: usize) -> SquareMatrix {
        SquareMatrix::from_fn(n, |i, j| if i == j { 1.0 } else { 0.0 })
    }

    /// One row.
    pub(crate) fn row(&self, i: usize) -> &[f64] {
        &self.data[i * self.n..(i + 1) * self.n]
    }

    /// One row, to be changed.
    pub(crate) fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.data[i * self.n..(i + 1) * self.n]
    }

    /// One entry.
    pub(crate) fn at(&self, i: usize, j: usize) -> f64 {
        self.data[i * self.n + j]
    }

    /// The product with a vector.
    pub(crate) fn times(&self, x: &[f64]) -> Vec<f64> {
        (0..self.n).map(|i| dot(self.row(i), x)).collect()
    }
}

/// The sum of products, in eight partial sums.
pub(crate) fn dot(a: &[f64], b: &[f64]) -> f64 {
    let mut sums = [0.0; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let tail: f64 = a8.remainder().iter().zip(b8.remainder()).map(|(x, y)| x * y).sum();
    for (x, y) in a8.zip(b8) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + b) + (c + d)) + ((e + f) + (g + h)) + tail
}

/// `y += factor x`.
fn add_scaled(y: &mut [f64], factor: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += factor * x;
    }
}

/// A symmetric positive definite matrix A as L Lᵀ, L lower triangular.
#[derive(Clone, Debug)]
pub(crate) struct Cholesky {
    l: SquareMatrix,
}

impl Cholesky {
    /// The factor of a matrix, whose lower triangle is read; none if it is not positive definite.
    pub(crate) fn new(mut a: SquareMatrix) -> Option<Cholesky> {
        let n = a.n;
        for i in 0..n {
            let (above, from) = a.data.split_at_mut(i * n);
            let row = &mut from[..n];
            for j in 0..i {
                let other = &above[j * n..j * n + j + 1];
                row[j] = (row[j] - dot(&row[..j], &other[..j])) / other[j];
            }
            let pivot = row[i] - dot(&row[..i], &row[..i]);
            if !(pivot > 0.0 && pivot.is_finite()) {
                return None;
            }
            row[i] = pivot.sqrt();
            row[i + 1..].fill(0.0);
        }
        Some(Cholesky { l: a })
    }

    /// How many rows the matrix has.
    pub(crate) fn n(&self) -> usize {
        self.l.n
    }

    /// The logarithm of A's determinant.
    pub(crate) fn log_det(&self) -> f64 {
        2.0 * (0..self.l.n).map(|i| libm::log(self.l.at(i, i))).sum::<f64>()
    }

    /// L⁻¹ b, in place.
    pub(crate) fn solve_lower(&self, b: &mut [f64]) {
        for i in 0..self.l.n {
            let row = self.l.row(i);
            b[i] = (b[i] - dot(&row[..i], &b[..i])) / row[i];
        }
    }

    /// L⁻ᵀ b, in place.
    pub(crate) fn solve_upper(&self, b: &mut [f64]) {
        for i in (0..self.l.n).rev() {
            let row = self.l.row(i);
            b[i] /= row[i];
            let (before, at) = b.split_at_mut(i);
            add_scaled(before, -at[0], &row[..i]);
        }
    }

    /// A⁻¹ b.
    pub(crate) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let mut x = b.to_vec();
        self.solve_lower(&mut x);
        self.solve_upper(&mut x);
        x
    }

    /// A⁻¹, both triangles.
    pub(crate) fn inverse(&self) -> SquareMatrix {
        let n = self.l.n;
        let columns = self.inverse_columns();
        let mut inverse = SquareMatrix::from_fn(n, |_, _| 0.0);
        for i in 0..n {
            for j in 0..=i {
                let value = dot(&columns.row(i)[i..], &columns.row(j)[i..]);
                inverse.row_mut(i)[j] = value;
                inverse.row_mut(j)[i] = value;
            }
        }
        inverse
    }

    /// L⁻¹ by columns: row j holds column j, which begins on the diagonal.
    fn inverse_columns(&self) -> SquareMatrix {
        let n = self.l.n;
        let mut columns = SquareMatrix::from_fn(n, |_, _| 0.0);
        for j in 0..n {
            let column = columns.row_mut(j);
            column[j] = 1.0 / self.l.at(j, j);
            for i in j + 1..n {
                column[i] = -dot(&self.l.row(i)[j..i], &column[j..i]) / self.l.at(i, i);
            }
        }
        columns
    }
}

/// The eigenvalues of a symmetric matrix, ascending, and its eigenvectors as rows, by Jacobi's rotations.
pub(crate) fn eigen(matrix: &SquareMatrix) -> (Vec<f64>, SquareMatrix) {
    let n = matrix.n;
    let (mut a, mut vectors) = (matrix.clone(), SquareMatrix::identity(n));
    for _ in 0..60 {
        let off_diagonal: f64 = (0..n).map(|i| dot(&a.row(i)[..i], &a.row(i)[..i])).sum();
        let diagonal: f64 = (0..n).map(|i| a.at(i, i) * a.at(i, i)).sum();
        if off_diagonal <= 1e-34 * diagonal || off_diagonal == 0.0 {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut vectors, p, q);
            }
        }
    }
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|&i, &j| a.at(i, i).total_cmp(&a.at(j, j)));
    let values = order.iter().map(|&i| a.at(i, i)).collect();
    (values, SquareMatrix::from_fn(n, |i, j| vectors.at(order[i], j)))
}

/// One rotation in the plane of p and q, after which a[p, q] is 0 (Golub and Van Loan, 8.5.2).
fn rotate(a: &mut SquareMatrix, vectors: &mut SquareMatrix, p: usize, q: usize) {
    let apq = a.at(p, q);
    if apq == 0.0 {
        return;
    }
    let tau = (a.at(q, q) - a.at(p, p)) / (2.0 * apq);
    let t = if tau >= 0.0 { 1.0 } else { -1.0 } / (tau.abs() + (1.0 + tau * tau).sqrt());
    let c = 1.0 / (1.0 + t * t).sqrt();
    let s = t * c;
    for k in 0..a.n {
        let (kp, kq) = (a.at(k, p), a.at(k, q));
        a.row_mut(k)[p] = c * kp - s * kq;
        a.row_mut(k)[q] = s * kp + c * kq;
    }
    for matrix in [a, vectors] {
        for k in 0..matrix.n {
            let (pk, qk) = (matrix.at(p, k), matrix.at(q, k));
            matrix.row_mut(p)[k] = c * pk - s * qk;
            matrix.row_mut(q)[k] = s * pk + c * qk;
        }
    }
}

#[cfg(test)]
mod tests {
    use toile_rng::Seed;

    use super::*;

    /// B Bᵀ + 0.1 for a random B: positive definite.
    fn random(n: usize) -> SquareMatrix {
        let mut stream = Seed::new(n as u64).stream("matrix", 0);
        let b = SquareMatrix::from_fn(n, |_, _| stream.normal_f64());
        SquareMatrix::from_fn(n, |i, j| dot(b.row(i), b.row(j)) + if i == j { 0.1 } else { 0.0 })
    }

    fn close(a: f64, b: f64, tolerance: f64) {
        assert!((a - b).abs() <= tolerance * (1.0 + b.abs()), "{a} is not {b}");
    }

    #[test]
    fn the_factor_times_itself_is_the_matrix_and_its_solves_undo_it() {
        for n in [1, 2, 3, 7, 8, 9, 17, 40] {
            let a = random(n);
            let factor = Cholesky::new(a.clone()).unwrap();
            let x: Vec<f64> = (0..n).map(|i| i as f64 - 3.0).collect();
            for (found, wanted) in factor.solve(&a.times(&x)).iter().zip(&x) {
                close(*found, *wanted, 1e-7);
            }
            let inverse = factor.inverse();
            for i in 0..n {
                for j in 0..n {
                    close(dot(factor.l.row(i), factor.l.row(j)), a.at(i, j), 1e-13);
                    close(dot(inverse.row(i), a.row(j)), f64::from(u8::from(i == j)), 1e-9);
                }
            }
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_has_no_factor() {
        assert!(Cholesky::new(SquareMatrix::from_fn(2, |_, _| 1.0)).is_none());
        assert!(Cholesky::new(SquareMatrix::from_fn(1, |_, _| f64::NAN)).is_none());
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_scaled_by_the_matrix() {
        for n in [1, 2, 5, 10, 30] {
            let a = random(n);
            let (values, vectors) = eigen(&a);
            assert!(values.is_sorted());
            let log_det: f64 = values.iter().map(|v| v.ln()).sum();
            close(log_det, Cholesky::new(a.clone()).unwrap().log_det(), 1e-10);
            for i in 0..n {
                for (found, v) in a.times(vectors.row(i)).iter().zip(vectors.row(i)) {
                    close(*found, values[i] * v, 1e-11);
                }
                for j in 0..n {
                    close(dot(vectors.row(i), vectors.row(j)), f64::from(u8::from(i == j)), 1e-13);
                }
            }
        }
    }

    #[test]
    fn a_dot_product_takes_the_shorter_of_no_two_lengths() {
        for n in 0..20 {
            let x: Vec<f64> = (1..=n).map(f64::from).collect();
            assert_eq!(dot(&x, &x), f64::from(n * (n + 1) * (2 * n + 1) / 6));
        }
    }
}
