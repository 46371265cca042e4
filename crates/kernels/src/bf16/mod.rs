//! Products of bfloat16 numbers, summed up in f32, with the same bits on every machine.
//!
//! Inputs of a product are rounded once ([`round`]); every sum has one fixed order, which is that of AMX's tiles
//! (`plates`). So a machine without AMX gets the same bits by vectors or by none, only later: [`ProductWay`] says how.

mod conv;
mod dense;
mod dot;
mod finish;
mod layout;
mod plates;
mod portable;
mod round;
mod tiles;
mod vectors;
mod way;
mod weights;

#[cfg(test)]
mod tests;

use plates::{OnePlate, PLATE, SIDE};

pub use conv::{PlateBackward, PlateConv, PlateForward};
pub use dense::{DenseBackward, PlateDense};
pub use layout::{IMAGES, PlateForms, ValueForm};
pub use round::{SMALLEST, round, round_each, round_in_place, widen};
pub use way::{ProductWay, product_way, select_product_way};

#[cfg(test)]
pub(crate) use way::on_each_way;

/// The bfloat16 numbers that lie in memory for floats, two for each.
pub fn halves(floats: &[f32]) -> &[u16] {
    // SAFETY: any bits are numbers of both types, and the smaller one needs less alignment.
    unsafe { std::slice::from_raw_parts(floats.as_ptr().cast(), 2 * floats.len()) }
}

/// The same to write.
pub fn halves_mut(floats: &mut [f32]) -> &mut [u16] {
    // SAFETY: as above, and borrowed alone.
    unsafe { std::slice::from_raw_parts_mut(floats.as_mut_ptr().cast(), 2 * floats.len()) }
}

/// Ones in the first row of a plate of A, and in the first column of one of B: times dZ, the sums over its images.
static ROW_OF_ONES: OnePlate = OnePlate(one_at(SIDE, 1, 1));
static COLUMN_OF_ONES: OnePlate = OnePlate(one_at(SIDE / 2, SIDE, 2));

/// A plate with a 1 in the first `run` numbers of each of `n` stretches that begin `step` numbers apart.
const fn one_at(n: usize, step: usize, run: usize) -> [u16; PLATE] {
    let mut plate = [0; PLATE];
    let mut k = 0;
    while k < n * run {
        plate[k / run * step + k % run] = 0x3f80;
        k += 1;
    }
    plate
}

/// Memory of a call, handed out piece by piece, whole cache lines each.
struct Scratch<'a>(&'a mut [f32]);

impl<'a> Scratch<'a> {
    /// # Panics
    /// If there are fewer floats than this.
    fn new(floats: &'a mut [f32], len: usize) -> Scratch<'a> {
        assert!(floats.len() >= len, "{} floats of scratch, {len} expected", floats.len());
        Scratch(floats)
    }

    /// All of it once more.
    fn again(&mut self) -> Scratch<'_> {
        Scratch(self.0)
    }

    fn take(&mut self, floats: usize) -> &'a mut [f32] {
        let (taken, rest) = std::mem::take(&mut self.0).split_at_mut(floats);
        self.0 = rest;
        taken
    }
}
