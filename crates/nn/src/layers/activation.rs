//! Activation: an element-wise function, within a layer or as a layer of its own.

use toile_kernels::activation::{self, Act};

use super::{LayerContext, LayerSettings, Operations};
use crate::engine::{Backward, Buffers, ChunkContext, Op, Operation, Weights};
use crate::shape::ShapeError;
use crate::{Activation, Shape};

impl LayerSettings for Activation {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn class_name(&self) -> &'static str {
        "Activation"
    }

    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        Ok(input)
    }

    fn activation(&self) -> Activation {
        *self
    }

    fn can_be_last(&self) -> bool {
        true
    }

    fn completes_convolution(&self) -> bool {
        true
    }

    fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError> {
        if context.is_last() {
            return Ok(Vec::new());
        }
        let activate = Activate::new(*self, context.input.channels());
        Ok(context.single(Op::plain(ActivationOperation(activate))))
    }
}

/// An activation ready to run on rows of values.
#[derive(Clone, Copy)]
pub(crate) enum Activate {
    Each(Act),
    /// Over rows of this many values.
    Softmax(usize),
}

impl Activate {
    /// `last_axis` is the size of the axis that softmax sums over.
    pub(crate) fn new(activation: Activation, last_axis: usize) -> Activate {
        activation.kernel().map_or(Activate::Softmax(last_axis), Activate::Each)
    }

    /// Floats per image to keep until backward: the input, where the derivative does not follow from the output, or
    /// where the output cannot take its place (softmax).
    pub(crate) fn keep(self, values: usize) -> usize {
        match self {
            Activate::Each(Act::Gelu | Act::Silu) | Activate::Softmax(_) => values,
            Activate::Each(
                Act::Linear | Act::Sigmoid | Act::Tanh | Act::Relu | Act::LeakyRelu | Act::Elu,
            ) => 0,
        }
    }

    pub(crate) fn forward_biased(self, bias: &[f32], y: &mut [f32], keep: &mut [f32]) {
        match self {
            Activate::Each(act) if self.keep(1) == 0 => activation::add_bias_activate(act, y, bias),
            _ => {
                activation::add_bias(y, bias);
                self.forward_in_place(y, keep);
            }
        }
    }

    pub(crate) fn forward_in_place(self, y: &mut [f32], keep: &mut [f32]) {
        if self.keep(1) > 0 {
            let z = &mut keep[..y.len()];
            z.copy_from_slice(y);
            self.forward(z, y);
        } else if let Activate::Each(act) = self {
            activation::activate_in_place(act, y);
        }
    }

    fn forward(self, z: &[f32], y: &mut [f32]) {
        match self {
            Activate::Each(act) => activation::activate(act, z, y),
            Activate::Softmax(classes) => activation::softmax_rows(z, classes, y),
        }
    }

    /// The gradient with respect to the output becomes that with respect to the input, in place.
    pub(crate) fn backward(self, z: &[f32], y: &[f32], d_y: &mut [f32]) {
        match self {
            Activate::Each(Act::Linear) => {}
            Activate::Each(act) => activation::activation_backward(act, &z[..z.len().min(y.len())], y, d_y),
            Activate::Softmax(classes) => activation::softmax_backward_rows(y, classes, d_y),
        }
    }
}

/// An activation as a layer of its own.
struct ActivationOperation(Activate);

impl Operation for ActivationOperation {
    fn forward(&self, _: &ChunkContext, _: Weights, x: &[f32], y: &mut [f32], _: Buffers) {
        self.0.forward(x, y);
    }

    fn backward(&self, _: &ChunkContext, _: Weights, pass: Backward, _: Buffers) {
        let Some(d_x) = pass.d_x else { return };
        self.0.backward(pass.x, pass.y, pass.d_y);
        d_x.copy_from_slice(pass.d_y);
    }

    fn is_cheap(&self) -> bool {
        true
    }
}
