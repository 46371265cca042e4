//! Sums of the columns of a gradient, behind ReLU's mask: what a bias gets, and what is left for the other gradients.

use crate::simd::{Simd, dispatch};

/// A gradient and, if only what belongs to y > 0 counts, y and where the masked gradient goes.
type MaskedBy<'a> = Option<(&'a [f32], &'a mut [f32])>;

dispatch! {
    /// Adds the sum of each of the columns of d_z to `sums`, if they are wanted. d_z is d_y, or with (y, out) what of
    /// it belongs to y > 0, else 0; that is written to `out`.
    ///
    /// Four chains per column, so that an addition need not wait for the one before.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub(crate) fn sum_columns(columns: usize, d_y: &[f32], masked: MaskedBy, sums: Option<&mut [f32]>) = sum_columns_of
}

#[inline(always)]
fn sum_columns_of<S: Simd>(
    s: S,
    columns: usize,
    d_y: &[f32],
    masked: MaskedBy,
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
        let values = MaskedGradient { d_y: d_y.as_ptr(), masked, lanes };
        let mut parts = [s.splat(0.0); 4];
        for row in (0..rows / 4 * 4).step_by(4) {
            for i in 0..4 {
                // SAFETY: the lanes end with the row, and the rows with the slices, which are equally long.
                let d = unsafe { values.take(s, (row + i) * columns + column) };
                parts[i] = s.add(parts[i], d);
            }
        }
        for row in rows / 4 * 4..rows {
            // SAFETY: as above.
            parts[0] = s.add(parts[0], unsafe { values.take(s, row * columns + column) });
        }
        if let Some(sums) = sums.as_deref_mut() {
            let sums = &mut sums[column..column + lanes];
            let sum = s.add(s.add(parts[0], parts[1]), s.add(parts[2], parts[3]));
            s.store_slice(sums, s.add(s.load_slice(sums), sum));
        }
    }
}

/// What `sum_columns` adds up: some lanes of each row.
struct MaskedGradient {
    d_y: *const f32,
    masked: Option<(*const f32, *mut f32)>,
    lanes: usize,
}

impl MaskedGradient {
    /// The vector from float `i` on, which is written if it is masked.
    ///
    /// # Safety
    /// `lanes` floats from `i` on lie in all of the slices.
    #[inline(always)]
    unsafe fn take<S: Simd>(&self, s: S, i: usize) -> S::V {
        // SAFETY: the duty above.
        unsafe {
            let d = s.load_first(self.d_y.add(i), self.lanes);
            let Some((y, out)) = self.masked else { return d };
            let alive = s.gt(s.load_first(y.add(i), self.lanes), s.splat(0.0));
            let d = s.select(alive, d, s.splat(0.0));
            s.store_first(out.add(i), d, self.lanes);
            d
        }
    }
}
