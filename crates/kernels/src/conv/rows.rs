//! Plain passes over rows of floats that the direct convolution needs: a transpose, and sums behind a mask.

use crate::simd::{Simd, dispatch};

/// `to[j][i] = from[i][j]` for rows of `columns` floats.
pub(super) fn transpose(from: &[f32], to: &mut [f32], columns: usize) {
    let rows = from.len() / columns;
    for (i, row) in from.chunks_exact(columns).enumerate() {
        for (j, value) in row.iter().enumerate() {
            to[j * rows + i] = *value;
        }
    }
}

dispatch! {
    /// Adds the sum of each of the columns of d_z to `sums`, if they are wanted. d_z is d_y, or with (y, out) what of it
    /// belongs to y > 0, else 0; that is written to `out`.
    pub(crate) fn sum_columns(columns: usize, d_y: &[f32], masked: Option<(&[f32], &mut [f32])>, sums: Option<&mut [f32]>) = sum_columns_of
}

/// Four chains per column, so that an addition need not wait for the one before.
#[inline(always)]
unsafe fn sum_columns_of<S: Simd>(
    columns: usize,
    d_y: &[f32],
    masked: Option<(&[f32], &mut [f32])>,
    mut sums: Option<&mut [f32]>,
) {
    let rows = d_y.len() / columns;
    assert!(sums.as_ref().is_none_or(|sums| sums.len() == columns), "one sum per column");
    let masked = masked.map(|(y, out)| {
        assert!(
            y.len() == d_y.len() && out.len() == d_y.len(),
            "y, its gradient and the result are shaped alike"
        );
        (y.as_ptr(), out.as_mut_ptr())
    });
    for column in (0..columns).step_by(S::LANES) {
        let lanes = (columns - column).min(S::LANES);
        let values = Values { d_y: d_y.as_ptr(), masked, lanes };
        // SAFETY: lanes end with the row, and rows with the slices.
        unsafe {
            let mut parts = [S::splat(0.0); 4];
            for row in (0..rows / 4 * 4).step_by(4) {
                for i in 0..4 {
                    parts[i] = S::add(parts[i], values.at::<S>((row + i) * columns + column));
                }
            }
            for row in rows / 4 * 4..rows {
                parts[0] = S::add(parts[0], values.at::<S>(row * columns + column));
            }
            if let Some(sums) = sums.as_deref_mut() {
                let at = sums.as_mut_ptr().add(column);
                let sum = S::add(S::add(parts[0], parts[1]), S::add(parts[2], parts[3]));
                S::store_first(at, S::add(S::load_first(at, lanes), sum), lanes);
            }
        }
    }
}

/// What `sum_columns` adds up.
struct Values {
    d_y: *const f32,
    masked: Option<(*const f32, *mut f32)>,
    lanes: usize,
}

impl Values {
    /// The vector from float `i` on, which is written if it is masked.
    ///
    /// # Safety
    /// The instruction set of `S`; `lanes` floats from there on.
    #[inline(always)]
    unsafe fn at<S: Simd>(&self, i: usize) -> S::V {
        // SAFETY: the duties above.
        unsafe {
            let d = S::load_first(self.d_y.add(i), self.lanes);
            let Some((y, out)) = self.masked else { return d };
            let alive = S::gt(S::load_first(y.add(i), self.lanes), S::splat(0.0));
            let d = S::select(alive, d, S::splat(0.0));
            S::store_first(out.add(i), d, self.lanes);
            d
        }
    }
}
