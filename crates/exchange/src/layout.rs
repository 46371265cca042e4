//! What several forms must know of how values lie: the rows of a network's images, and kernels with their axes in the
//! order of programs whose channels come first.

use toile_nn::{ModelDescription, PlacedWindow, Shape, Tensor};

/// The window of a convolution that looks at single pixels.
pub(crate) const PIXEL: PlacedWindow = PlacedWindow { size: [1, 1], strides: [1, 1], pads: [0; 4] };

/// Whether a network begins with a dense layer, which takes an image as a row of values.
pub(crate) fn takes_rows(model: &ModelDescription) -> bool {
    model.layers.first().is_some_and(|first| matches!(first.input, Shape::Flat(_)))
}

/// A convolution's kernel (height, width, channels, filters) as (filters, channels, height, width).
pub(crate) fn filters_first(kernel: &Tensor) -> (Vec<usize>, Vec<f32>) {
    let [kh, kw, channels, filters] = four(kernel);
    let mut values = Vec::with_capacity(kernel.values.len());
    for f in 0..filters {
        for c in 0..channels {
            values.extend((0..kh * kw).map(|at| kernel.values[(at * channels + c) * filters + f]));
        }
    }
    (vec![filters, channels, kh, kw], values)
}

/// A depthwise kernel as that of a convolution in groups: (channels × depth_multiplier, 1, height, width).
pub(crate) fn channels_first(kernel: &Tensor) -> (Vec<usize>, Vec<f32>) {
    let [kh, kw, channels, multiplier] = four(kernel);
    let filters = channels * multiplier;
    let of = |filter: usize| (0..kh * kw).map(move |at| kernel.values[at * filters + filter]);
    (vec![filters, 1, kh, kw], (0..filters).flat_map(of).collect())
}

fn four(kernel: &Tensor) -> [usize; 4] {
    kernel.shape[..].try_into().expect("a convolution's kernel has four axes")
}
