//! Augmentations: what is done to training images when a batch is gathered. One list of all.

use toile_rng::Stream;

use crate::ImageShape;

/// What is done to each training image before the model sees it. Evaluations take images as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Augmentation {
    /// Nothing.
    #[default]
    None,
    /// Mirrors each image, left to right, in tests of the way that images take.
    #[cfg(test)]
    Mirror,
}

/// What each augmentation's settings say.
pub(crate) trait AugmentationSettings: Sync {
    /// Changes an image in place: rows of pixels, channels last, values from 0 to 1. The stream is its own in each
    /// update, so that no bit depends on threads or on where a training was interrupted. It never allocates.
    fn apply(&self, image: &mut [f32], shape: ImageShape, stream: &mut Stream);
}

impl Augmentation {
    /// The one list that ties the names to what they do; nothing where images stay as they are.
    pub(crate) fn settings(&self) -> Option<&dyn AugmentationSettings> {
        match self {
            Augmentation::None => None,
            #[cfg(test)]
            Augmentation::Mirror => Some(&tests::Mirror),
        }
    }
}

#[cfg(test)]
mod tests {
    use toile_rng::Seed;

    use super::*;
    use crate::{Activation, Conv2D, Flatten};
    use crate::{Adam, Dense, Epoch, Examples, FitConfig, FitEvent, Flow, Layer, Model, Tensor, fit};

    pub(super) struct Mirror;

    impl AugmentationSettings for Mirror {
        fn apply(&self, image: &mut [f32], shape: ImageShape, _: &mut Stream) {
            assert_eq!(shape.channels, 1);
            image.chunks_exact_mut(shape.width).for_each(<[f32]>::reverse);
        }
    }

    const SHAPE: ImageShape = ImageShape { height: 16, width: 30, channels: 1 };
    const CLASSES: usize = 6;

    /// Epochs and weights of a training on noise.
    fn trained(layers: &[Layer], images: &[u8], augmentation: Augmentation) -> (Vec<Epoch>, Vec<Tensor>) {
        let n = images.len() / SHAPE.values();
        let labels: Vec<u8> = (0..n).map(|i| (i * 5 % CLASSES) as u8).collect();
        let indices: Vec<u32> = (0..n as u32).collect();
        let examples = Examples {
            images: images.into(),
            labels: &labels,
            indices: &indices,
            shape: SHAPE,
            classes: CLASSES,
        };
        let mut model = Model::build(layers, SHAPE, Seed::new(7)).expect("the layers fit");
        let config = FitConfig { batch_size: 20, epochs: 2, augmentation, ..FitConfig::new(Adam::default()) };
        let mut epochs = Vec::new();
        fit(&mut model, &examples, None, &config, 2, &mut |event| {
            if let FitEvent::EpochEnd(epoch, _) = event {
                epochs.push(*epoch);
            }
            Flow::Continue
        });
        (epochs, model.weights())
    }

    fn noise() -> Vec<u8> {
        let mut stream = Seed::new(3).stream("noise", 0);
        (0..50 * SHAPE.values()).map(|_| stream.next_u32() as u8).collect()
    }

    fn mirrored(mut images: Vec<u8>) -> Vec<u8> {
        images.chunks_exact_mut(SHAPE.width).for_each(<[u8]>::reverse);
        images
    }

    /// Layers that see whole images; a wide first dense layer would take images that stay as they are in slices, and
    /// sum in another order.
    fn nets() -> [Vec<Layer>; 2] {
        let end = Layer::Dense(Dense { activation: Activation::Softmax, ..Dense::new(CLASSES) });
        let conv = Layer::Conv2D(Conv2D { activation: Activation::Relu, ..Conv2D::new(4, [3, 3]) });
        [vec![conv, Layer::Flatten(Flatten {}), end.clone()], vec![Layer::Dense(Dense::new(200)), end]]
    }

    #[test]
    fn training_on_augmented_images_is_training_on_what_they_become() {
        for layers in nets() {
            let (epochs, weights) = trained(&layers, &noise(), Augmentation::Mirror);
            let (expected, same) = trained(&layers, &mirrored(noise()), Augmentation::None);
            assert_eq!(weights, same);
            let running = |epochs: &[Epoch]| epochs.iter().map(|e| (e.loss, e.accuracy)).collect::<Vec<_>>();
            assert_eq!(running(&epochs), running(&expected));
            assert_ne!(epochs[1].train_loss, expected[1].train_loss, "evaluations take images as they are");
        }
    }

    /// 480 inputs and 60 units: the images are taken in slices, unless they are changed.
    #[test]
    fn a_sliced_first_layer_sees_augmented_images_whole() {
        let layers = [
            Layer::Dense(Dense::new(60)),
            Layer::Dense(Dense { activation: Activation::Softmax, ..Dense::new(CLASSES) }),
        ];
        let (epochs, _) = trained(&layers, &noise(), Augmentation::Mirror);
        let (expected, _) = trained(&layers, &mirrored(noise()), Augmentation::None);
        for (epoch, expected) in epochs.iter().zip(&expected) {
            let (found, wanted) = (epoch.loss.expect("a loss"), expected.loss.expect("a loss"));
            assert!((found / wanted - 1.0).abs() < 1e-5, "{found}, {wanted}");
        }
    }
}
