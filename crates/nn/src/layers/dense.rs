//! Dense: every output sees every input.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use toile_kernels::{Matrix, gemm, norm, reduce};

use super::activation::Activate;
use super::plates::{PlateDenseOperation, is_in_plates};
use super::{LayerContext, LayerSettings, Operations};
use crate::engine::{Backward, BufferSizes, Buffers, ChunkContext, KernelProduct, Op, Operation, Weights};
use crate::parameters::Wanted;
use crate::shape::ShapeError;
use crate::{Activation, ImageShape, Initializer, Shape};

/// y = activation(x W + b), with W of shape (inputs, units).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Dense {
    /// Number of outputs.
    #[schemars(range(min = 1))]
    pub units: usize,
    /// Applied to each output.
    #[serde(default)]
    pub activation: Activation,
    /// Whether b is there at all.
    #[serde(default = "crate::yes")]
    pub use_bias: bool,
    /// Where W starts.
    #[serde(default)]
    pub kernel_initializer: Initializer,
    /// Where b starts.
    #[serde(default = "crate::zeros")]
    pub bias_initializer: Initializer,
    /// Adds `l2` × Σ W² to the loss.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub l2: f32,
}

impl Dense {
    /// A layer of so many outputs, everything else as Keras' defaults.
    pub fn new(units: usize) -> Dense {
        Dense {
            units,
            activation: Activation::Linear,
            use_bias: true,
            kernel_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
            l2: 0.0,
        }
    }
}

impl LayerSettings for Dense {
    fn name(&self) -> &'static str {
        "dense"
    }

    fn class_name(&self) -> &'static str {
        "Dense"
    }

    /// As one row of values, as if a flatten layer stood before it.
    fn shape_of_images(&self, images: ImageShape) -> Shape {
        Shape::Flat(images.values())
    }

    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        match input {
            Shape::Flat(_) => Ok(Shape::Flat(self.units)),
            Shape::Image(_) => Err(ShapeError::new(
                format!("`dense` needs a row of values, but gets an image of shape {input}"),
                "put `{ flatten = {} }` or `{ global_average_pooling2d = {} }` before it",
            )),
        }
    }

    fn activation(&self) -> Activation {
        self.activation
    }

    fn can_be_last(&self) -> bool {
        true
    }

    fn units(&self) -> Option<usize> {
        Some(self.units)
    }

    fn wanted(&self, input: Shape) -> Vec<Wanted> {
        let kernel = Wanted {
            l2: self.l2,
            ..Wanted::trainable("kernel", &[input.values(), self.units], self.kernel_initializer)
        };
        let bias = Wanted::trainable("bias", &[self.units], self.bias_initializer);
        if self.use_bias { vec![kernel, bias] } else { vec![kernel] }
    }

    fn writes_plates(&self) -> bool {
        is_in_plates(self.activation)
    }

    fn reads_plates(&self, _: Shape) -> bool {
        true
    }

    fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError> {
        if context.rounds() && !context.is_logits {
            let operation = PlateDenseOperation::new(self.units, self.activation, context);
            return Ok(context.single(Op::plain(operation)));
        }
        let activation = if context.is_last() { Activation::Linear } else { self.activation };
        let (kernel, inputs) = (context.parameters[0].range.clone(), context.input.values());
        Ok(context.single(Op::plain(DenseOperation {
            product: KernelProduct::new(kernel, inputs, self.units, context.may_slice),
            activate: Activate::new(activation, self.units),
            bias: context.parameters.get(1).map(|bias| bias.range.clone()),
            transposed: 0,
        })))
    }
}

/// A dense layer ready to run.
struct DenseOperation {
    product: KernelProduct,
    activate: Activate,
    bias: Option<Range<usize>>,
    /// Where Wᵀ lies among the derived weights.
    transposed: usize,
}

impl Operation for DenseOperation {
    fn buffer_sizes(&self, images: usize) -> BufferSizes {
        let scratch = if self.product.slices.len() > 1 { images * self.product.units } else { 0 };
        BufferSizes { keep: self.activate.keep(self.product.units), scratch, ..BufferSizes::default() }
    }

    fn derived_lens(&self) -> Vec<usize> {
        vec![0, self.product.kernel.len()]
    }

    fn place_derived(&mut self, starts: &[usize]) {
        self.transposed = starts[1];
    }

    fn derive(&self, part: usize, weights: &[f32], derived: &mut [f32]) {
        if part == 1 {
            let KernelProduct { kernel, inputs, units, .. } = &self.product;
            reduce::transpose(*inputs, *units, &weights[kernel.clone()], derived);
        }
    }

    fn forward(&self, context: &ChunkContext, weights: Weights, x: &[f32], y: &mut [f32], buffers: Buffers) {
        let KernelProduct { inputs, units, slices, .. } = &self.product;
        let shape = |slice: &Range<usize>| [context.images, *units, slice.len()];
        for (i, slice) in slices.iter().enumerate() {
            let x = Matrix::rows(&x[slice.start.min(x.len())..], *inputs);
            let kernel = self.product.rows(weights.values, slice);
            if i == 0 {
                gemm(shape(slice), x, kernel, *units, y, *units, false);
            } else {
                let part = &mut buffers.scratch[..y.len()];
                gemm(shape(slice), x, kernel, *units, part, *units, false);
                reduce::axpy(y, 1.0, part);
            }
        }
        self.finish(weights, y, buffers.keep);
    }

    fn backward(&self, context: &ChunkContext, weights: Weights, pass: Backward, buffers: Buffers) {
        let KernelProduct { inputs, units, .. } = self.product;
        self.activate.backward(buffers.keep, pass.y, pass.d_y);
        if let Some(bias) = &self.bias {
            norm::column_sum(pass.d_y, units, &mut pass.d_weights[bias.clone()]);
        }
        if let Some(d_x) = pass.d_x {
            let transposed = &weights.derived[self.transposed..][..inputs * units];
            let d_z = Matrix::rows(pass.d_y, units);
            gemm([context.images, inputs, units], d_z, transposed, inputs, d_x, inputs, false);
        }
    }

    fn trains(&self) -> bool {
        true
    }

    fn product(&self) -> Option<&KernelProduct> {
        Some(&self.product)
    }

    fn finish(&self, weights: Weights, y: &mut [f32], keep: &mut [f32]) {
        match &self.bias {
            Some(bias) => self.activate.forward_biased(&weights.values[bias.clone()], y, keep),
            None => self.activate.forward_in_place(y, keep),
        }
    }

    fn flops(&self) -> [u64; 3] {
        [2 * self.product.kernel.len() as u64; 3]
    }
}
