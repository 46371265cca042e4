//! Activation: an element-wise function, within a layer or as a layer of its own.

use toile_kernels::activation::{self, Act};

use crate::Activation;
use crate::engine::{At, Backward, Operation, Room, Weights};

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
        Activate::Each(match activation {
            Activation::Linear => Act::Linear,
            Activation::Sigmoid => Act::Sigmoid,
            Activation::Tanh => Act::Tanh,
            Activation::Relu => Act::Relu,
            Activation::LeakyRelu => Act::LeakyRelu,
            Activation::Elu => Act::Elu,
            Activation::Gelu => Act::Gelu,
            Activation::Silu => Act::Silu,
            Activation::Softmax => return Activate::Softmax(last_axis),
        })
    }

    /// Floats per image to keep until backward: the input, where the derivative cannot be told from the output, or
    /// where the output cannot take its place (softmax).
    pub(crate) fn keep(self, values: usize) -> usize {
        match self {
            Activate::Each(Act::Gelu | Act::Silu) | Activate::Softmax(_) => values,
            Activate::Each(_) => 0,
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
pub(crate) struct ActivationOperation(pub Activate);

impl Operation for ActivationOperation {
    fn forward(&self, _: &At, _: Weights, x: &[f32], y: &mut [f32], _: Room) {
        self.0.forward(x, y);
    }

    fn backward(&self, _: &At, _: Weights, pass: Backward, _: Room) {
        let Some(d_x) = pass.d_x else { return };
        self.0.backward(pass.x, pass.y, pass.d_y);
        d_x.copy_from_slice(pass.d_y);
    }

    fn is_cheap(&self) -> bool {
        true
    }
}
