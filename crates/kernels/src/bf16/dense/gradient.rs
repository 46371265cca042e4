//! The gradients of a dense layer's kernel and bias from the factors of a batch.

use std::ops::Range;

use super::PlateDense;
use crate::bf16::layout::{IMAGES, from_c, in_c};
use crate::bf16::plates::{FloatPlate, PLATE, Products, SIDE, Sum};
use crate::bf16::{COLUMN_OF_ONES, ROW_OF_ONES, halves};
use crate::check_len;
use crate::simd::{Simd, dispatch};

dispatch! {
    /// # Safety
    /// As for `from_c`.
    unsafe fn write_rows(turned: bool, c: *const f32, size: [usize; 2], to: *mut f32, stride: usize) = from_c_or_turned
}

/// # Safety
/// As for `from_c`.
#[inline(always)]
unsafe fn from_c_or_turned<S: Simd>(
    s: S,
    turned: bool,
    c: *const f32,
    size: [usize; 2],
    to: *mut f32,
    stride: usize,
) {
    let mut other;
    let mut plate = c;
    if turned {
        other = FloatPlate([0.0; PLATE]);
        for tile in 0..4 {
            let mirrored = tile / 2 + tile % 2 * 2;
            // SAFETY: four tiles each, of 256 words.
            unsafe {
                let to = other.0.as_mut_ptr().add(mirrored * PLATE / 4);
                s.transpose_words(c.add(tile * PLATE / 4).cast(), to.cast());
            }
        }
        plate = other.0.as_ptr();
    }
    // SAFETY: the duty above.
    unsafe { from_c(s, plate, size, to, stride) };
}

impl PlateDense {
    /// The rows of the kernel's gradient for some of the inputs: summed over the chunks, of each of which `factors`
    /// gives the two factors and the number of images.
    ///
    /// # Panics
    /// If the inputs do not start at a multiple of 32, or a length is wrong.
    pub fn kernel_gradient<'a>(
        &self,
        inputs: Range<usize>,
        factors: impl Iterator<Item = ([&'a [f32]; 2], usize)> + Clone,
        gradient: &mut [f32],
    ) {
        assert!(inputs.start.is_multiple_of(SIDE) && inputs.end <= self.kernel.rows, "{inputs:?}");
        check_len("gradient", gradient.len(), inputs.len() * self.kernel.columns);
        let products = Products::ready();
        let ([of_x, of_z], turned) = (self.blocks(), self.transposes_d_z());
        let mut c = FloatPlate([0.0; PLATE]);
        let c = c.0.as_mut_ptr();
        let mut sum = Sum::to(&products, c, false);
        for row in inputs.clone().step_by(SIDE) {
            for filters in 0..of_z {
                sum.restart(c, false);
                for ([x, d_z], images) in factors.clone() {
                    for group in 0..images.div_ceil(IMAGES) {
                        let x = plate(x, group * of_x + row / SIDE);
                        let d_z = plate(d_z, group * of_z + filters);
                        let (a, b) = if turned { (d_z, x) } else { (x, d_z) };
                        // SAFETY: two plates, which live as long as the factors.
                        unsafe { sum.add(a, b) };
                    }
                }
                let height = (inputs.end - row).min(SIDE);
                let width = (self.kernel.columns - filters * SIDE).min(SIDE);
                let at = (row - inputs.start) * self.kernel.columns + filters * SIDE;
                // SAFETY: C is a plate; the rows and columns lie within the gradient.
                unsafe {
                    sum.finish();
                    let to = gradient.as_mut_ptr().add(at);
                    write_rows(turned, c, [height, width], to, self.kernel.columns);
                }
            }
        }
    }

    /// The gradient of the bias from dZ as it is in its factor, of so many groups of images.
    ///
    /// # Safety
    /// The factor is there; `z` is a writable plate of floats.
    pub(super) unsafe fn bias_gradient(
        &self,
        products: &Products,
        d_z: *const u16,
        groups: usize,
        z: *mut f32,
        d_bias: &mut [f32],
    ) {
        let ([_, outputs], turned) = (self.blocks(), self.transposes_d_z());
        let mut sum = Sum::to(products, z, false);
        for (filters, d_bias) in d_bias.chunks_mut(SIDE).enumerate() {
            // SAFETY: the duty above.
            unsafe {
                sum.restart(z, false);
                for group in 0..groups {
                    let d_z = d_z.add((group * outputs + filters) * PLATE);
                    if turned {
                        sum.add(d_z, COLUMN_OF_ONES.0.as_ptr());
                    } else {
                        sum.add(ROW_OF_ONES.0.as_ptr(), d_z);
                    }
                }
                sum.finish();
                for (unit, d_bias) in d_bias.iter_mut().enumerate() {
                    *d_bias = *z.add(if turned { in_c(unit, 0) } else { in_c(0, unit) });
                }
            }
        }
    }
}

/// A plate of a factor.
fn plate(floats: &[f32], at: usize) -> *const u16 {
    halves(floats)[at * PLATE..][..PLATE].as_ptr()
}
