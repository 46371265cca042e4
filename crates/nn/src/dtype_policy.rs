//! In which numbers a model computes, and how values go from one layer to the next because of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::bf16::ValueForm;

use crate::{Layer, Model, Shape};

/// In which numbers a model computes. Weights, what the optimizer remembers, statistics and the loss are 32-bit floats
/// with either.
///
/// With `mixed_bfloat16` what goes into a product is rounded to bfloat16 first, once: a layer's inputs, its kernel,
/// and the gradient that comes back to it. The sums are floats, of one order that has the number `NUMERICS_BF16`, and
/// they are not rounded before bias, activation, pooling, dropout and batch normalisation have seen them. Convolutions
/// and dense layers multiply so; a depthwise convolution has rounded inputs, but the arithmetic of floats; the last
/// dense layer rounds nothing, and so softmax and loss do not either. A magnitude below 2^−50 is rounded to 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum DtypePolicy {
    /// Everything in 32-bit floats.
    #[default]
    #[serde(rename = "float32")]
    Float32,
    /// Inputs of products in bfloat16, everything else in 32-bit floats. With AMX a convolutional net is about twice as
    /// fast, elsewhere convolutions are slower; the same bits everywhere.
    #[serde(rename = "mixed_bfloat16")]
    MixedBfloat16,
}

impl DtypePolicy {
    /// Every policy.
    pub const ALL: [DtypePolicy; 2] = [DtypePolicy::Float32, DtypePolicy::MixedBfloat16];

    /// Its name in the study file, which is Keras' name.
    pub fn name(self) -> &'static str {
        match self {
            DtypePolicy::Float32 => "float32",
            DtypePolicy::MixedBfloat16 => "mixed_bfloat16",
        }
    }

    /// What this process computes with, for the record: the instruction set, and where that alone does not say it, how
    /// products are made: `avx512, products of bfloat16 by amx`.
    pub fn arithmetic(self, instruction_set: &str) -> String {
        match self {
            DtypePolicy::Float32 => instruction_set.to_owned(),
            DtypePolicy::MixedBfloat16 => {
                let way = toile_kernels::bf16::product_way().name();
                format!("{instruction_set}, products of bfloat16 by {way}")
            }
        }
    }

    /// Whether it is the default.
    pub fn is_float32(&self) -> bool {
        *self == DtypePolicy::Float32
    }
}

impl Model {
    /// The same model, computing in these numbers from now on: trained, evaluated and explained.
    #[must_use]
    pub fn with_dtype_policy(mut self, policy: DtypePolicy) -> Model {
        self.dtype_policy = policy;
        self
    }

    /// In which numbers it computes.
    pub fn dtype_policy(&self) -> DtypePolicy {
        self.dtype_policy
    }

    /// Whether layer `i` computes the one after it, too.
    pub(crate) fn takes_in(&self, i: usize) -> bool {
        let (layer, next) = (&self.layers[i], self.layers.get(i + 1));
        match self.dtype_policy {
            DtypePolicy::Float32 => layer.takes_in(self.shapes[i], next),
            DtypePolicy::MixedBfloat16 => {
                layer.is_convolution()
                    && next.is_some_and(Layer::is_pooling_by_two)
                    && self.form_between(i, i + 2) == ValueForm::Plates
            }
        }
    }

    /// How the values of layer `producer` lie, once all layers before `end` have seen them: as plates where it can
    /// round them itself, because the next one to move a value multiplies plates.
    pub(crate) fn form_between(&self, producer: usize, end: usize) -> ValueForm {
        let flattened = self.layers[end..].iter().take_while(|layer| !layer.moves_values()).count();
        let consumer = end + flattened;
        let reads = self.layers.get(consumer).is_some_and(|layer| layer.reads_plates(self.shapes[consumer]));
        // The blocks of a pixel's channels must be those of the row that it becomes a part of.
        let one_row = match self.shapes[end] {
            Shape::Image(image) if flattened > 0 => {
                image.height * image.width == 1 || image.channels.is_multiple_of(PLATE_CHANNELS)
            }
            Shape::Image(_) | Shape::Flat(_) => true,
        };
        let is_plates = !self.dtype_policy.is_float32()
            && self.layers[producer].writes_plates()
            && reads
            && one_row
            && self.logits() != Some(consumer);
        if is_plates { ValueForm::Plates } else { ValueForm::Rows }
    }

    /// How the images lie before the first layer: as plates for a dense one that multiplies them.
    pub(crate) fn form_of_images(&self) -> ValueForm {
        let first = self.layers.iter().position(Layer::moves_values);
        let is_dense = |i: &usize| self.layers[*i].units().is_some() && self.logits() != Some(*i);
        let is_plates = !self.dtype_policy.is_float32() && first.as_ref().is_some_and(is_dense);
        if is_plates { ValueForm::Plates } else { ValueForm::Rows }
    }

    /// The last dense layer, which rounds nothing.
    pub(crate) fn logits(&self) -> Option<usize> {
        self.layers.iter().rposition(|layer| layer.units().is_some())
    }
}

/// Channels of a plate.
const PLATE_CHANNELS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_written_by_its_name() {
        for policy in DtypePolicy::ALL {
            let text = serde_json::to_string(&policy).expect("a name");
            assert_eq!(text, format!("\"{}\"", policy.name()));
            assert_eq!(serde_json::from_str::<DtypePolicy>(&text).expect("the same"), policy);
        }
        assert_eq!(DtypePolicy::default(), DtypePolicy::Float32);
    }
}
