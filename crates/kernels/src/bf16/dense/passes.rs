//! The passes of a dense layer, a group of 32 images at a time.

use super::{DenseBackward, PlateDense};
use crate::bf16::finish::{Finish, MASK, Return};
use crate::bf16::layout::{FLOATS, FloatRows, IMAGES, ValueForm, pair, transpose, transpose_pairs};
use crate::bf16::plates::{OnePlate, PLATE, Products, SIDE, Sum};
use crate::bf16::{PlateForward, Scratch, halves, halves_mut};
use crate::simd::{Simd, dispatch};

dispatch! {
    /// # Safety
    /// The lengths are those of the layer.
    pub(super) unsafe fn forward(dense: &PlateDense, call: PlateForward<'_>) = forward_groups
}
dispatch! {
    /// # Safety
    /// The lengths are those of the layer.
    pub(super) unsafe fn backward(dense: &PlateDense, call: DenseBackward<'_>) = backward_groups
}

/// The rows of a group of images, 32 of their numbers.
fn rows_of(rows: &[f32], len: usize, images: usize, group: usize, block: usize) -> FloatRows {
    FloatRows::of_group(rows, [1, len], images, group, [0, block])
}

/// # Safety
/// The lengths are those of the layer.
#[inline(always)]
unsafe fn forward_groups<S: Simd>(s: S, dense: &PlateDense, call: PlateForward<'_>) {
    let (products, [inputs, outputs]) = (Products::ready(), dense.blocks());
    let mut scratch = Scratch::new(call.scratch, dense.scratch_len());
    let z = scratch.take(PLATE).as_mut_ptr();
    let own = halves_mut(scratch.take(inputs * FLOATS)).as_mut_ptr();
    let w = halves(call.derived).as_ptr();
    let mut sum = Sum::to(&products, z, false);
    for group in 0..call.images.div_ceil(IMAGES) {
        let mut x = own.cast_const();
        if dense.forms.input == ValueForm::Plates {
            x = halves(call.x).as_ptr().wrapping_add(group * inputs * PLATE);
        } else {
            for block in 0..inputs {
                let rows = rows_of(call.x, dense.kernel.rows, call.images, group, block);
                // SAFETY: the duty above, and the scratch has a plate per block.
                unsafe { rows.write_plate(s, own.add(block * PLATE)) };
            }
        }
        for filters in 0..outputs {
            // SAFETY: the duty above.
            unsafe {
                sum.restart(z, false);
                for block in 0..inputs {
                    sum.add(x.add(block * PLATE), w.add((filters * inputs + block) * PLATE));
                }
                sum.finish();
                let bias = call.bias.map_or(std::ptr::null(), |bias| bias[filters * SIDE..].as_ptr());
                let finish = Finish {
                    bias,
                    relu: dense.relu,
                    ..Finish::of_group(dense.kernel.columns, filters, call.images, group)
                };
                if dense.forms.output == ValueForm::Rows {
                    let stride = dense.kernel.columns;
                    let y = call.y.as_mut_ptr().add(group * IMAGES * stride + filters * SIDE);
                    finish.write_rows(s, z, y, stride);
                    continue;
                }
                let plate = group * outputs + filters;
                let masks = match call.masks.is_empty() {
                    true => std::ptr::null_mut(),
                    false => call.masks.as_mut_ptr().wrapping_add(plate * IMAGES * MASK),
                };
                finish.write_plate(s, z, call.y.as_mut_ptr().cast::<u16>().add(plate * PLATE), masks);
            }
        }
    }
}

/// # Safety
/// The lengths are those of the layer.
#[inline(always)]
unsafe fn backward_groups<S: Simd>(s: S, dense: &PlateDense, call: DenseBackward<'_>) {
    let (products, [inputs, outputs]) = (Products::ready(), dense.blocks());
    let mut scratch = Scratch::new(call.scratch, dense.scratch_len());
    let z = scratch.take(PLATE).as_mut_ptr();
    let plain = halves_mut(scratch.take(inputs.max(outputs) * FLOATS)).as_mut_ptr();
    let paired = halves_mut(scratch.take(outputs * FLOATS)).as_mut_ptr();
    let mut between = OnePlate([0; PLATE]);
    let [x, d_z] = call.factors.map(|factor| halves_mut(factor).as_mut_ptr());
    let d_x = call.d_x.map_or(std::ptr::null_mut(), <[f32]>::as_mut_ptr);
    let groups = call.images.div_ceil(IMAGES);
    for group in 0..groups {
        // SAFETY: the duty above: so many plates in the factors and in the scratch.
        unsafe {
            for block in 0..inputs {
                let at = (group * inputs + block) * PLATE;
                let mut plate = halves(call.x).as_ptr().wrapping_add(at);
                if dense.forms.input == ValueForm::Rows {
                    rows_of(call.x, dense.kernel.rows, call.images, group, block).write_plate(s, plain);
                    plate = plain;
                }
                if dense.transposes_d_z() {
                    pair(s, plate, x.add(at));
                } else {
                    transpose(s, plate, between.0.as_mut_ptr(), x.add(at));
                }
            }
            for filters in 0..outputs {
                let at = (group * outputs + filters) * PLATE;
                // Nobody reads dZ by itself where no gradient of the input is wanted.
                let plain = if d_x.is_null() { std::ptr::null_mut() } else { plain.add(filters * PLATE) };
                let paired = paired.add(filters * PLATE);
                if dense.forms.output == ValueForm::Rows {
                    let rows = rows_of(call.d_y, dense.kernel.columns, call.images, group, filters);
                    rows.write_paired_plate(s, plain, paired);
                } else {
                    let masks = call.masks.as_ptr().wrapping_add(at / PLATE * IMAGES * MASK);
                    let masks = if dense.relu { masks } else { std::ptr::null() };
                    Return { d_y: halves(call.d_y).as_ptr().add(at), masks }.write_plates(s, plain, paired);
                }
                if dense.transposes_d_z() {
                    transpose_pairs(s, paired, d_z.add(at));
                } else {
                    d_z.add(at).copy_from_nonoverlapping(paired, PLATE);
                }
            }
            if !d_x.is_null() {
                let w = halves(call.derived).as_ptr();
                dense.input_gradient(s, &products, [plain, w], z, call.images, group, d_x);
            }
        }
    }
    if let Some(d_bias) = call.d_bias {
        // SAFETY: dZ is in its factor.
        unsafe { dense.bias_gradient(&products, d_z, groups, z, d_bias) };
    }
}

impl PlateDense {
    /// The gradient of a group's input from dZ and the kernel's plates.
    ///
    /// # Safety
    /// The lengths are those of the layer; `z` is a writable plate of floats.
    #[allow(clippy::too_many_arguments)] // what belongs to the call, and what to the group
    #[inline(always)]
    unsafe fn input_gradient<S: Simd>(
        &self,
        s: S,
        products: &Products,
        [d_z, w]: [*const u16; 2],
        z: *mut f32,
        images: usize,
        group: usize,
        d_x: *mut f32,
    ) {
        let [inputs, outputs] = self.blocks();
        let mut sum = Sum::to(products, z, false);
        for block in 0..inputs {
            let finish = Finish::of_group(self.kernel.rows, block, images, group);
            // SAFETY: the duty above.
            unsafe {
                sum.restart(z, false);
                for filters in 0..outputs {
                    sum.add(d_z.add(filters * PLATE), w.add((block * outputs + filters) * PLATE));
                }
                sum.finish();
                if self.forms.input == ValueForm::Rows {
                    let stride = self.kernel.rows;
                    finish.write_rows(s, z, d_x.add(group * IMAGES * stride + block * SIDE), stride);
                } else {
                    let plate = group * inputs + block;
                    finish.write_plate(s, z, d_x.cast::<u16>().add(plate * PLATE), std::ptr::null_mut());
                }
            }
        }
    }
}
