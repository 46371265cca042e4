//! What is measured of the layers of a network while it trains.

use serde::{Deserialize, Serialize};

/// The layers of a network at the end of an epoch, measured on a fixed part of its training images.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayersRecord {
    /// Counted from 1; its last weights were measured.
    pub epoch: usize,
    /// Images on which units were counted, in inference mode.
    pub images: usize,
    /// Images of the one batch whose gradient was measured, without dropout.
    pub gradient_images: usize,
    /// Those that have weights or an activation, in their order.
    pub layers: Vec<LayerRecord>,
}

/// A layer at the end of an epoch. What does not apply, or is not a finite number, is `None`.
///
/// The root mean square (RMS) of n numbers is √(Σ x² / n).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerRecord {
    /// As in the model's summary: `conv2d_1`.
    pub layer: String,
    /// Outputs of a row, or channels of an image.
    pub units: usize,
    /// ReLU units that were zero on every image, at every place. Where 2 × 2 pooling is one pass with the convolution,
    /// a last odd row or column, which is in no window of it, does not count.
    pub dead: Option<usize>,
    /// Sigmoid and tanh units whose derivative was below 0.01 on more than 90 % of the images (and of their places).
    pub saturated: Option<usize>,
    /// RMS of the gradient of the mean loss with respect to the trainable weights, without penalties.
    pub gradient_rms: Option<f64>,
    /// RMS of the trainable weights.
    pub weight_rms: Option<f64>,
    /// RMS of what the epoch's last update added to them.
    pub update_rms: Option<f64>,
}

impl LayerRecord {
    /// RMS of the last update over RMS of the weights: how far a step moves them.
    pub fn update_ratio(&self) -> Option<f64> {
        let weight = self.weight_rms.filter(|rms| *rms > 0.0)?;
        self.update_rms.map(|update| update / weight)
    }
}

impl LayersRecord {
    /// Units are counted on so many images, or on all of fewer.
    pub const MOST_IMAGES: usize = 2048;

    /// RMS of the gradient in the first layer that has one, over that in the last; with the names of both.
    pub fn gradient_ratio(&self) -> Option<(f64, [&LayerRecord; 2])> {
        let mut trained = self.layers.iter().filter(|layer| layer.gradient_rms.is_some());
        let ends = [trained.next()?, trained.next_back()?];
        let [first, last] = ends.map(|layer| layer.gradient_rms.unwrap_or_default());
        (last > 0.0).then(|| (first / last, ends))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(gradient_rms: Option<f64>) -> LayerRecord {
        LayerRecord { gradient_rms, ..LayerRecord::default() }
    }

    fn ratio(gradients: &[Option<f64>]) -> Option<f64> {
        let layers = gradients.iter().map(|rms| layer(*rms)).collect();
        LayersRecord { layers, ..LayersRecord::default() }.gradient_ratio().map(|(ratio, _)| ratio)
    }

    #[test]
    fn the_gradient_ratio_is_of_the_first_and_the_last_layer_that_have_one() {
        assert_eq!(ratio(&[None, Some(1.0), Some(9.0), Some(4.0), None]), Some(0.25));
        assert_eq!(ratio(&[Some(0.0), Some(4.0)]), Some(0.0));
    }

    #[test]
    fn one_layer_has_no_gradient_ratio_and_neither_has_a_last_gradient_of_zero() {
        assert_eq!((ratio(&[]), ratio(&[Some(1.0)]), ratio(&[Some(1.0), Some(0.0)])), (None, None, None));
    }

    #[test]
    fn an_update_is_compared_with_the_weights_that_it_moves() {
        let of =
            |weight_rms, update_rms| LayerRecord { weight_rms, update_rms, ..layer(None) }.update_ratio();
        assert_eq!(of(Some(0.5), Some(0.001)), Some(0.002));
        assert_eq!((of(Some(0.0), Some(0.1)), of(None, Some(0.1)), of(Some(1.0), None)), (None, None, None));
    }
}
