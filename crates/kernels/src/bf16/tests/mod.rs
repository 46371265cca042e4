//! The tests of bfloat16: what they share, and the definition in its plainest form.

mod conv;
mod dense;
mod products;
mod rounding;
mod twin;
mod values;

use super::plates::{PLATE, SIDE};
use super::widen;

/// A sum over any number of k: blocks of 32 in their order, each the chain over its even k plus that over its odd ones.
fn definition(a: &[u16], b: &[u16]) -> f32 {
    let mut c = 0.0f32;
    for (a, b) in a.chunks(SIDE).zip(b.chunks(SIDE)) {
        let mut sums = [0.0f32; 2];
        for k in 0..a.len() {
            sums[k % 2] = widen(a[k]).mul_add(widen(b[k]), sums[k % 2]);
        }
        c += sums[0] + sums[1];
    }
    c
}

/// Where a column of B has its k within a plate.
fn of_b(k: usize, column: usize) -> usize {
    column / 16 * (PLATE / 2) + k / 2 * SIDE + column % 16 * 2 + k % 2
}

/// Where an element of C lies.
fn of_c(row: usize, column: usize) -> usize {
    row / 16 * 512 + column / 16 * 256 + row % 16 * 16 + column % 16
}

/// Random bits, from a plain linear congruence.
struct Bits(u64);

impl Bits {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 32) as u32
    }

    /// A float of either sign with an exponent from `low` to `high`.
    fn float(&mut self, low: i32, high: i32) -> f32 {
        let (bits, choice) = (self.next(), self.next());
        let exponent = (127 + low) as u32 + choice % (high - low + 1) as u32;
        f32::from_bits(bits & 0x807f_ffff | exponent << 23)
    }
}

/// The bits of a number, all NaN being one.
fn bits(x: f32) -> u32 {
    if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }
}
