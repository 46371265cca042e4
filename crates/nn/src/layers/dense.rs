//! Dense: every output sees every input.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use toile_kernels::{Matrix, gemm, norm, reduce};

use super::activation::Activate;
use crate::engine::{At, Backward, Demand, Operation, Room, Weights};
use crate::parameters::{Parameter, Wanted};
use crate::shape::ShapeError;
use crate::{Activation, Initializer, Shape};

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

    pub(crate) fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        match input {
            Shape::Flat(_) => Ok(Shape::Flat(self.units)),
            Shape::Image(_) => Err(ShapeError::new(
                format!("`dense` needs a row of values, but gets an image of shape {input}"),
                "put `{ flatten = {} }` or `{ global_average_pooling2d = {} }` before it",
            )),
        }
    }

    pub(crate) fn wanted(&self, input: Shape) -> Vec<Wanted> {
        let kernel = Wanted {
            l2: self.l2,
            ..Wanted::trainable("kernel", &[input.values(), self.units], self.kernel_initializer)
        };
        let bias = Wanted::trainable("bias", &[self.units], self.bias_initializer);
        if self.use_bias { vec![kernel, bias] } else { vec![kernel] }
    }

    /// `is_last`: the softmax of a model's last layer is part of its loss.
    pub(crate) fn operation(&self, input: Shape, parameters: &[Parameter], is_last: bool) -> DenseOperation {
        DenseOperation {
            inputs: input.values(),
            units: self.units,
            activate: Activate::new(if is_last { Activation::Linear } else { self.activation }, self.units),
            kernel: parameters[0].range.clone(),
            bias: parameters.get(1).map(|bias| bias.range.clone()),
            transposed: 0,
        }
    }
}

/// A dense layer ready to run.
pub(crate) struct DenseOperation {
    inputs: usize,
    units: usize,
    activate: Activate,
    kernel: Range<usize>,
    bias: Option<Range<usize>>,
    /// Where Wᵀ lies among the derived weights.
    transposed: usize,
}

impl Operation for DenseOperation {
    fn demand(&self, _images: usize) -> Demand {
        Demand { keep: self.activate.keep(self.units), ..Demand::default() }
    }

    fn derived_lens(&self) -> Vec<usize> {
        vec![0, self.inputs * self.units]
    }

    fn place_derived(&mut self, starts: &[usize]) {
        self.transposed = starts[1];
    }

    fn derive(&self, part: usize, weights: &[f32], derived: &mut [f32]) {
        if part == 1 {
            reduce::transpose(self.inputs, self.units, &weights[self.kernel.clone()], derived);
        }
    }

    fn forward(&self, at: &At, weights: Weights, x: &[f32], y: &mut [f32], room: Room) {
        let kernel = &weights.values[self.kernel.clone()];
        let shape = [at.images, self.units, self.inputs];
        gemm(shape, Matrix::rows(x, self.inputs), kernel, self.units, y, self.units, false);
        match &self.bias {
            Some(bias) => self.activate.forward_biased(&weights.values[bias.clone()], y, room.keep),
            None => self.activate.forward_in_place(y, room.keep),
        }
    }

    fn backward(&self, at: &At, weights: Weights, pass: Backward, room: Room) {
        let (n, inputs, units) = (at.images, self.inputs, self.units);
        self.activate.backward(room.keep, pass.y, pass.d_y);
        let d_kernel = &mut pass.d_weights[self.kernel.clone()];
        gemm([inputs, units, n], Matrix::transposed(pass.x, inputs), pass.d_y, units, d_kernel, units, false);
        if let Some(bias) = &self.bias {
            norm::column_sum(pass.d_y, units, &mut pass.d_weights[bias.clone()]);
        }
        if let Some(d_x) = pass.d_x {
            let transposed = &weights.derived[self.transposed..][..inputs * units];
            gemm([n, inputs, units], Matrix::rows(pass.d_y, units), transposed, inputs, d_x, inputs, false);
        }
    }

    fn flops(&self) -> [u64; 3] {
        [2 * (self.inputs * self.units) as u64; 3]
    }
}
