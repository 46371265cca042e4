//! The filters of the first layer: weights that stand for pixels, so that they can be looked at.

use toile_record::FirstFilters;

use crate::Model;
use crate::summary::numbered_names;

impl Model {
    /// The filters of the first layer with weights: the kernels of a convolution, or what each unit of a dense layer
    /// does with the pixels. `None` where the layer has neither: a batch normalisation, or a dense layer whose inputs
    /// are not the pixels.
    pub fn first_filters(&self) -> Option<FirstFilters> {
        let layer = self.parameters.iter().position(|parameters| !parameters.is_empty())?;
        let kernel = &self.parameters[layer][0];
        let (shape, n) = match kernel.wanted.shape[..] {
            [height, width, channels, of_each] if self.layers[layer].filters_each_channel() => {
                ([height, width, 1], channels * of_each)
            }
            [height, width, channels, filters] => ([height, width, channels], filters),
            [inputs, units] if inputs == self.image.values() => (self.image.into(), units),
            _ => return None,
        };
        let values = &self.weights[kernel.range.clone()];
        // The filters are the last axis of a kernel.
        let weights = (0..n).flat_map(|filter| values.iter().skip(filter).step_by(n).copied()).collect();
        Some(FirstFilters { layer: numbered_names(&self.layers).swap_remove(layer), shape, weights })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ImageShape, Layer, Tensor};
    use toile_rng::Seed;

    const IMAGE: ImageShape = ImageShape { height: 2, width: 3, channels: 2 };

    /// A model of a first layer and a dense one; its weights count up from 0.
    fn filters(first: &str) -> Option<FirstFilters> {
        let end = r#"{"flatten":{}},{"dense":{"units":2,"activation":"softmax"}}"#;
        let layers: Vec<Layer> = serde_json::from_str(&format!("[{first},{end}]")).expect("layers");
        let mut model = Model::build(&layers, IMAGE, Seed::new(1)).expect("they fit");
        let count = |tensor: Tensor| Tensor {
            values: (0..tensor.values.len()).map(|i| i as f32).collect(),
            ..tensor
        };
        let weights: Vec<Tensor> = model.weights().into_iter().map(count).collect();
        model.set_weights(&weights).expect("its own");
        model.first_filters()
    }

    fn each(found: &FirstFilters) -> Vec<&[f32]> {
        found.weights.chunks_exact(found.shape.iter().product()).collect()
    }

    #[test]
    fn a_convolution_has_a_filter_of_all_channels_for_each_of_its_outputs() {
        let found = filters(r#"{"conv2d":{"filters":3,"kernel_size":[1,2]}}"#).expect("filters");
        assert_eq!((found.layer.as_str(), found.shape), ("conv2d", [1, 2, 2]));
        assert_eq!(each(&found), [[0.0, 3.0, 6.0, 9.0], [1.0, 4.0, 7.0, 10.0], [2.0, 5.0, 8.0, 11.0]]);
    }

    #[test]
    fn a_depthwise_one_has_filters_of_one_channel() {
        let found =
            filters(r#"{"depthwise_conv2d":{"kernel_size":[2,1],"depth_multiplier":2}}"#).expect("filters");
        assert_eq!(found.shape, [2, 1, 1]);
        assert_eq!(each(&found), [[0.0, 4.0], [1.0, 5.0], [2.0, 6.0], [3.0, 7.0]]);
        let separable =
            filters(r#"{"separable_conv2d":{"filters":5,"kernel_size":[2,1]}}"#).expect("filters");
        assert_eq!(each(&separable), [[0.0, 2.0], [1.0, 3.0]]);
    }

    #[test]
    fn each_unit_of_a_dense_layer_has_a_weight_for_each_pixel() {
        let found = filters(r#"{"dense":{"units":4}}"#).expect("filters");
        assert_eq!((found.shape, each(&found).len()), ([2, 3, 2], 4));
        assert_eq!(each(&found)[1][..3], [1.0, 5.0, 9.0]);
    }

    #[test]
    fn what_does_not_stand_for_pixels_is_no_filter() {
        assert_eq!(filters(r#"{"batch_normalization":{}}"#), None);
        assert_eq!(filters(r#"{"global_average_pooling2d":{}}"#), None);
    }
}
