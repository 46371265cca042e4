//! Convolutions and dense layers whose products are those of bfloat16 plates.

use std::ops::Range;

use toile_kernels::bf16::{
    DenseBackward, PlateBackward, PlateConv, PlateDense, PlateForms, PlateForward, ValueForm,
};
use toile_kernels::conv::{ConvShape, Epilogue};

use super::LayerContext;
use super::activation::Activate;
use super::convolution::kernel_and_bias;
use crate::Activation;
use crate::engine::{Backward, BufferSizes, Buffers, ChunkContext, KernelProduct, Operation, Weights};
use crate::parameters::Parameter;

/// Whether an activation can be part of a product that gives plates: its derivative follows from a mask.
pub(super) fn is_in_plates(activation: Activation) -> bool {
    activation.is_in_convolution()
}

/// How the values lie before and behind an operation.
pub(super) fn forms(context: &LayerContext) -> PlateForms {
    PlateForms { input: context.input_form, output: context.output_form }
}

/// A convolution on plates, ready to run. Where its output is rows, the activation follows as a pass of its own.
pub(super) struct PlateConvOperation {
    conv: PlateConv,
    shape: ConvShape,
    forms: PlateForms,
    activate: Activate,
    kernel: Range<usize>,
    bias: Option<Range<usize>>,
    derived: [usize; 2],
}

impl PlateConvOperation {
    /// With the kernel and, if there are two parameters, the bias; `max_pool` with the pooling that it takes in.
    pub(super) fn new(
        shape: ConvShape,
        activation: Activation,
        max_pool: bool,
        forms: PlateForms,
        parameters: &[Parameter],
    ) -> PlateConvOperation {
        let relu = forms.output == ValueForm::Plates && activation == Activation::Relu;
        PlateConvOperation {
            conv: PlateConv::new(shape, Epilogue { relu, max_pool }, forms),
            shape,
            forms,
            activate: Activate::new(activation, shape.filters),
            kernel: parameters[0].range.clone(),
            bias: parameters.get(1).map(|bias| bias.range.clone()),
            derived: [0, 0],
        }
    }

    fn derived<'a>(&self, part: usize, derived: &'a [f32]) -> &'a [f32] {
        &derived[self.derived[part]..][..self.conv.derived_lens()[part]]
    }

    fn gives_rows(&self) -> bool {
        self.forms.output == ValueForm::Rows
    }
}

impl Operation for PlateConvOperation {
    fn buffer_sizes(&self, _: usize) -> BufferSizes {
        let outputs = self.shape.out_height * self.shape.out_width * self.shape.filters;
        BufferSizes {
            keep: if self.gives_rows() { self.activate.keep(outputs) } else { 0 },
            masks: self.conv.masks_len(),
            sums: self.conv.sums_len(),
            scratch: self.conv.scratch_len(),
            words: 0,
        }
    }

    fn derived_lens(&self) -> Vec<usize> {
        self.conv.derived_lens().to_vec()
    }

    fn place_derived(&mut self, starts: &[usize]) {
        self.derived = [starts[0], starts[1]];
    }

    fn derive(&self, part: usize, weights: &[f32], derived: &mut [f32]) {
        self.conv.derive(part, &weights[self.kernel.clone()], derived);
    }

    fn forward(&self, context: &ChunkContext, weights: Weights, x: &[f32], y: &mut [f32], buffers: Buffers) {
        self.conv.forward(PlateForward {
            images: context.images,
            x,
            derived: self.derived(0, weights.derived),
            bias: self.bias.clone().map(|bias| &weights.values[bias]),
            y,
            masks: buffers.masks,
            scratch: buffers.scratch,
        });
        if self.gives_rows() {
            self.activate.forward_in_place(y, buffers.keep);
        }
    }

    fn backward(&self, context: &ChunkContext, weights: Weights, pass: Backward, buffers: Buffers) {
        if self.gives_rows() {
            self.activate.backward(buffers.keep, pass.y, pass.d_y);
        }
        let (d_kernel, d_bias) = kernel_and_bias(pass.d_weights, &self.kernel, self.bias.as_ref());
        self.conv.backward(PlateBackward {
            images: context.images,
            x: pass.x,
            masks: buffers.masks,
            d_y: pass.d_y,
            derived: if pass.d_x.is_some() { self.derived(1, weights.derived) } else { &[] },
            d_x: pass.d_x,
            sums: buffers.sums,
            d_kernel,
            d_bias,
            scratch: buffers.scratch,
        });
    }

    fn trains(&self) -> bool {
        true
    }

    fn algorithm(&self) -> Option<String> {
        Some("bfloat16".into())
    }

    fn flops(&self) -> [u64; 3] {
        let s = &self.shape;
        let places = (s.out_height * s.out_width) as u64;
        [2 * places * (s.kernel[0] * s.kernel[1] * s.channels * s.filters) as u64; 3]
    }
}

/// A dense layer on plates, ready to run.
pub(super) struct PlateDenseOperation {
    dense: PlateDense,
    forms: PlateForms,
    product: KernelProduct,
    activate: Activate,
    bias: Option<Range<usize>>,
    derived: [usize; 2],
}

impl PlateDenseOperation {
    /// With the kernel and, if there are two parameters, the bias.
    pub(super) fn new(units: usize, activation: Activation, context: &LayerContext) -> PlateDenseOperation {
        let (forms, inputs) = (forms(context), context.input.values());
        let relu = forms.output == ValueForm::Plates && activation == Activation::Relu;
        let dense = PlateDense::new(inputs, units, relu, forms);
        let kernel = context.parameters[0].range.clone();
        PlateDenseOperation {
            dense,
            forms,
            product: KernelProduct {
                plates: Some(dense),
                ..KernelProduct::new(kernel, inputs, units, false)
            },
            activate: Activate::new(activation, units),
            bias: context.parameters.get(1).map(|bias| bias.range.clone()),
            derived: [0, 0],
        }
    }

    fn derived<'a>(&self, part: usize, derived: &'a [f32]) -> &'a [f32] {
        &derived[self.derived[part]..][..self.dense.derived_lens()[part]]
    }

    fn gives_rows(&self) -> bool {
        self.forms.output == ValueForm::Rows
    }
}

impl Operation for PlateDenseOperation {
    fn buffer_sizes(&self, _: usize) -> BufferSizes {
        BufferSizes {
            keep: if self.gives_rows() { self.activate.keep(self.product.units) } else { 0 },
            masks: self.dense.masks_len(),
            scratch: self.dense.scratch_len(),
            ..BufferSizes::default()
        }
    }

    fn derived_lens(&self) -> Vec<usize> {
        self.dense.derived_lens().to_vec()
    }

    fn place_derived(&mut self, starts: &[usize]) {
        self.derived = [starts[0], starts[1]];
    }

    fn derive(&self, part: usize, weights: &[f32], derived: &mut [f32]) {
        self.dense.derive(part, &weights[self.product.kernel.clone()], derived);
    }

    fn forward(&self, context: &ChunkContext, weights: Weights, x: &[f32], y: &mut [f32], buffers: Buffers) {
        self.dense.forward(PlateForward {
            images: context.images,
            x,
            derived: self.derived(0, weights.derived),
            bias: self.bias.clone().map(|bias| &weights.values[bias]),
            y,
            masks: buffers.masks,
            scratch: buffers.scratch,
        });
        if self.gives_rows() {
            self.activate.forward_in_place(y, buffers.keep);
        }
    }

    fn backward(&self, context: &ChunkContext, weights: Weights, pass: Backward, buffers: Buffers) {
        if self.gives_rows() {
            self.activate.backward(buffers.keep, pass.y, pass.d_y);
        }
        let bias = self.bias.clone();
        self.dense.backward(DenseBackward {
            images: context.images,
            x: pass.x,
            masks: buffers.masks,
            d_y: pass.d_y,
            derived: if pass.d_x.is_some() { self.derived(1, weights.derived) } else { &[] },
            d_x: pass.d_x,
            factors: pass.factors,
            d_bias: bias.map(|bias| &mut pass.d_weights[bias]),
            scratch: buffers.scratch,
        });
    }

    fn trains(&self) -> bool {
        true
    }

    fn product(&self) -> Option<&KernelProduct> {
        Some(&self.product)
    }

    fn algorithm(&self) -> Option<String> {
        Some("bfloat16".into())
    }

    fn flops(&self) -> [u64; 3] {
        [2 * self.product.kernel.len() as u64; 3]
    }
}
