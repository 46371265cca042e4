//! Where a layer stands in its model, and what it gives there.

use toile_kernels::bf16::ValueForm;

use super::Layer;
use crate::engine::Op;
use crate::parameters::Parameter;
use crate::{DtypePolicy, Shape};

/// The operations of a layer, one after the other, each with the values per image that it gives.
pub(crate) type Operations = Vec<(Op, usize)>;

/// Where a layer stands in its model.
pub(crate) struct LayerContext<'a> {
    /// Its position, from 0.
    pub layer: usize,
    pub input: Shape,
    /// Values per image that its last operation gives.
    pub outputs: usize,
    /// Its weight tensors, in the order of `wanted`.
    pub parameters: &'a [Parameter],
    /// The layer that follows.
    pub next: Option<&'a Layer>,
    /// Whether that one is computed in the same pass.
    pub takes_in: bool,
    /// Whether it may take its inputs in slices: where they are the images as they are.
    pub may_slice: bool,
    /// In which numbers it computes; with floats, values are rows.
    pub dtype_policy: DtypePolicy,
    /// How its input lies.
    pub input_form: ValueForm,
    /// How its output lies.
    pub output_form: ValueForm,
    /// Whether it is the last dense layer.
    pub is_logits: bool,
}

impl LayerContext<'_> {
    /// A layer that is one operation.
    pub(super) fn single(&self, op: Op) -> Operations {
        vec![(op, self.outputs)]
    }

    /// Whether inputs of products are rounded to bfloat16.
    pub(super) fn rounds(&self) -> bool {
        !self.dtype_policy.is_float32()
    }

    /// Whether its softmax is part of the loss.
    pub(super) fn is_last(&self) -> bool {
        self.next.is_none()
    }
}
