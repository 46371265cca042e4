//! A dense layer on bfloat16 plates: the output's sum goes over its inputs in blocks of 32 in their order, an input's
//! gradient over the outputs; a weight's gradient over the images of the batch, chunk by chunk, group by group.

mod gradient;
mod passes;

use super::conv::PlateForward;
use super::finish::MASK;
use super::halves_mut;
use super::layout::{FLOATS, IMAGES, PlateForms, ValueForm};
use super::plates::{PLATE, SIDE};
use super::weights::{KernelRows, backward_plates, forward_plates};
use crate::{check_len, checked_product};

/// The plan of a dense layer whose products are those of bfloat16 plates.
///
/// With an output of rows it adds the bias and nothing else. With one of plates it takes ReLU in, and rounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlateDense {
    kernel: KernelRows,
    forms: PlateForms,
    relu: bool,
}

/// What [`PlateDense::backward`] works on.
#[derive(Debug)]
pub struct DenseBackward<'a> {
    /// How many images.
    pub images: usize,
    /// The input.
    pub x: &'a [f32],
    /// The masks of the forward pass.
    pub masks: &'a [u8],
    /// The gradient with respect to the output; of rows that with respect to the sum, before it is rounded.
    pub d_y: &'a [f32],
    /// What [`PlateDense::derive`] has made of the kernel for this pass; may be empty without `d_x`.
    pub derived: &'a [f32],
    /// Where the gradient of the input goes, if it is wanted: as long as `x`, overwritten.
    pub d_x: Option<&'a mut [f32]>,
    /// The factors of the kernel's gradient, for [`PlateDense::kernel_gradient`], overwritten: the input and dZ,
    /// [`PlateDense::factor_lens`] floats per image, of whole groups of 32.
    pub factors: [&'a mut [f32]; 2],
    /// The gradient of the bias, if it is wanted: overwritten.
    pub d_bias: Option<&'a mut [f32]>,
    /// As in the forward pass.
    pub scratch: &'a mut [f32],
}

impl PlateDense {
    /// The plan of a layer of these sizes.
    ///
    /// # Panics
    /// If a size is zero, or ReLU is to be part of a pass whose output is rows.
    pub fn new(inputs: usize, units: usize, relu: bool, forms: PlateForms) -> PlateDense {
        assert!(inputs > 0 && units > 0, "a dense layer of {inputs} inputs and {units} outputs");
        assert!(forms.output == ValueForm::Plates || !relu, "ReLU is part of a pass to plates");
        PlateDense { kernel: KernelRows { rows: inputs, columns: units, in_part: inputs }, forms, relu }
    }

    fn blocks(&self) -> [usize; 2] {
        [self.kernel.rows.div_ceil(SIDE), self.kernel.columns.div_ceil(SIDE)]
    }

    /// Floats of the input of so many images.
    pub fn input_len(&self, images: usize) -> usize {
        self.forms.input.floats(images, 1, self.kernel.rows)
    }

    /// Floats of the output of so many images.
    pub fn output_len(&self, images: usize) -> usize {
        self.forms.output.floats(images, 1, self.kernel.columns)
    }

    /// Bytes per image, of whole groups of 32, that the forward pass leaves for the backward one.
    pub fn masks_len(&self) -> usize {
        if self.relu { self.blocks()[1] * MASK } else { 0 }
    }

    /// Floats that are derived from the kernel after each change of it: for the forward pass, and for the backward one.
    pub fn derived_lens(&self) -> [usize; 2] {
        [self.kernel.plates() * FLOATS; 2]
    }

    /// Which factor of the kernel's gradient is transposed, the other one being paired: the one with fewer plates. A
    /// product of transposes is the transposed product, bit by bit.
    fn transposes_d_z(&self) -> bool {
        let [inputs, outputs] = self.blocks();
        outputs <= inputs
    }

    /// Floats per image, of whole groups of 32, of the factors of the kernel's gradient.
    pub fn factor_lens(&self) -> [usize; 2] {
        self.blocks().map(|blocks| blocks * FLOATS / IMAGES)
    }

    /// Floats of scratch for a call of either pass.
    pub fn scratch_len(&self) -> usize {
        let [inputs, outputs] = self.blocks();
        PLATE + (inputs.max(outputs) + outputs + 2) * FLOATS
    }

    /// Derives what the forward pass (0) or the backward one (1) needs.
    ///
    /// # Panics
    /// If a slice has the wrong length.
    pub fn derive(&self, pass: usize, kernel: &[f32], derived: &mut [f32]) {
        check_len("kernel", kernel.len(), checked_product(&[self.kernel.rows, self.kernel.columns]));
        check_len("derived weights", derived.len(), self.derived_lens()[pass]);
        let plates = halves_mut(derived).as_mut_ptr();
        // SAFETY: both lengths were checked.
        unsafe {
            match pass {
                0 => forward_plates(self.kernel, kernel.as_ptr(), plates),
                _ => backward_plates(self.kernel, kernel.as_ptr(), plates),
            }
        }
    }

    /// y = x W + bias, after ReLU and rounding where the output is plates.
    ///
    /// # Panics
    /// If a slice has the wrong length (scratch may be longer).
    pub fn forward(&self, call: PlateForward) {
        check_len("input", call.x.len(), self.input_len(call.images));
        check_len("derived weights", call.derived.len(), self.derived_lens()[0]);
        check_len("bias", call.bias.map_or(self.kernel.columns, <[f32]>::len), self.kernel.columns);
        check_len("output", call.y.len(), self.output_len(call.images));
        if !call.masks.is_empty() {
            let room = self.forms.output.room(call.images);
            check_len("masks", call.masks.len(), checked_product(&[room, self.masks_len()]));
        }
        // SAFETY: the lengths were checked.
        unsafe { passes::forward(self, call) }
    }

    /// The factors of the kernel's gradient, the bias's, and the input's if it is wanted.
    ///
    /// # Panics
    /// If a slice has the wrong length (scratch may be longer).
    pub fn backward(&self, call: DenseBackward) {
        let room = self.forms.output.room(call.images);
        check_len("input", call.x.len(), self.input_len(call.images));
        check_len("masks", call.masks.len(), checked_product(&[room, self.masks_len()]));
        check_len("output gradient", call.d_y.len(), self.output_len(call.images));
        let groups = ValueForm::Plates.room(call.images);
        for (factor, len) in call.factors.iter().zip(self.factor_lens()) {
            check_len("factor", factor.len(), checked_product(&[groups, len]));
        }
        if let Some(d_x) = &call.d_x {
            check_len("derived weights", call.derived.len(), self.derived_lens()[1]);
            check_len("input gradient", d_x.len(), call.x.len());
        }
        let units = self.kernel.columns;
        check_len("bias gradient", call.d_bias.as_ref().map_or(units, |d| d.len()), units);
        // SAFETY: the lengths were checked.
        unsafe { passes::backward(self, call) }
    }
}
