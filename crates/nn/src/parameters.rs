//! Weight tensors: their names, shapes and positions in one long buffer.

use std::ops::Range;

use crate::Initializer;

/// A named tensor with its values, in Keras' layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// `<layer index>.<kernel|depthwise_kernel|pointwise_kernel|bias|gamma|beta|moving_mean|moving_variance>`
    pub name: String,
    /// Dense kernel (inputs, units); convolution kernel (kh, kw, channels, filters); depthwise kernel (kh, kw,
    /// channels, depth_multiplier); others (n).
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// What a layer asks for: a tensor and how it starts.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub kind: &'static str,
    pub shape: Vec<usize>,
    pub initializer: Initializer,
    pub trainable: bool,
    pub l2: f32,
}

impl Wanted {
    pub(crate) fn trainable(kind: &'static str, shape: &[usize], initializer: Initializer) -> Wanted {
        Wanted { kind, shape: shape.to_vec(), initializer, trainable: true, l2: 0.0 }
    }
}

/// A tensor of a model: what was asked for, and where it lies.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub name: String,
    pub wanted: Wanted,
    pub range: Range<usize>,
}

/// Tensors start on a cache line.
const ALIGNMENT: usize = 16;

/// Lays the tensors of all layers out in one buffer; gives them and the buffer's length.
pub(crate) fn lay_out(layers: &[Vec<Wanted>]) -> (Vec<Vec<Parameter>>, usize) {
    let mut end = 0;
    let place = |layer: usize, wanted: &Wanted, end: &mut usize| {
        let start = end.next_multiple_of(ALIGNMENT);
        *end = start + wanted.shape.iter().product::<usize>();
        Parameter { name: format!("{layer}.{}", wanted.kind), wanted: wanted.clone(), range: start..*end }
    };
    let all = layers
        .iter()
        .enumerate()
        .map(|(layer, wanted)| wanted.iter().map(|w| place(layer, w, &mut end)).collect())
        .collect();
    (all, end.next_multiple_of(ALIGNMENT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tensors_are_laid_out_on_cache_lines() {
        let dense = vec![
            Wanted::trainable("kernel", &[3, 5], Initializer::Zeros),
            Wanted::trainable("bias", &[5], Initializer::Zeros),
        ];
        let (all, len) = lay_out(&[vec![], dense]);
        assert_eq!((all[1][0].range.clone(), all[1][1].range.clone(), len), (0..15, 16..21, 32));
        assert_eq!(all[1][1].name, "1.bias");
    }
}
