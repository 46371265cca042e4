//! The product of plates in plain Rust.

use super::layout::in_c;
use super::plates::{PLATE, SIDE, Step};
use super::widen;

/// As [`plates`](super::plates), for every processor.
///
/// A product of two bfloat16 numbers is exact in f32, so a multiplication and an addition do as a fused one, which
/// many a processor lacks; but where a product itself overflows, a fused one may still be finite. Then the element is
/// not finite here, and is computed again.
///
/// # Safety
/// C is a plate of writable floats, each step's A and B are readable plates; C lies in none of them.
pub(super) unsafe fn plates(c: *mut f32, onward: bool, steps: &[Step]) {
    // SAFETY: the duty above.
    let c = unsafe { std::slice::from_raw_parts_mut(c, PLATE) };
    if !onward {
        c.fill(0.0);
    }
    for step in steps {
        // SAFETY: the duty above.
        let (a, b) =
            unsafe { (std::slice::from_raw_parts(step.a, PLATE), std::slice::from_raw_parts(step.b, PLATE)) };
        add_product(c, a, b);
    }
}

fn add_product(c: &mut [f32], a: &[u16], b: &[u16]) {
    // [k][column]
    let mut wide = [[0.0f32; SIDE]; SIDE];
    for (n, half) in b.chunks_exact(PLATE / 2).enumerate() {
        for (pair, line) in half.chunks_exact(SIDE).enumerate() {
            for (column, k) in line.chunks_exact(2).enumerate() {
                wide[2 * pair][16 * n + column] = widen(k[0]);
                wide[2 * pair + 1][16 * n + column] = widen(k[1]);
            }
        }
    }
    for (row, a) in a.chunks_exact(SIDE).enumerate() {
        let mut sums = [[0.0f32; SIDE]; 2];
        for (k, &a) in a.iter().enumerate() {
            let a = widen(a);
            for (sum, b) in sums[k % 2].iter_mut().zip(&wide[k]) {
                *sum += a * b;
            }
        }
        for column in 0..SIDE {
            let mut both = sums[0][column] + sums[1][column];
            if !both.is_finite() {
                both = fused(a, &wide, column);
            }
            c[in_c(row, column)] += both;
        }
    }
}

/// E + O with fused multiply-adds.
#[cold]
fn fused(a: &[u16], b: &[[f32; SIDE]; SIDE], column: usize) -> f32 {
    let mut sums = [0.0f32; 2];
    for (k, &a) in a.iter().enumerate() {
        sums[k % 2] = widen(a).mul_add(b[k][column], sums[k % 2]);
    }
    sums[0] + sums[1]
}
