//! What is measured of the layers after some epochs: units that do nothing, gradients, weights, the last update.
//!
//! Everything is a function of the weights, the training images and the settings: nothing that trains is moved by it.
//! The images are drawn from the training part by a stream of their own: the same ones every time and for every seed.
//! Neither a file in the order of its classes nor one in which they take turns has a say.

use toile_kernels::Buffer;
use toile_record::{LayerRecord, LayersRecord};
use toile_rng::Seed;

use crate::Model;
use crate::engine::UnitWatch;
use crate::parameters::Parameter;

/// The gradient is that of a batch of so many, or of a training batch if that is smaller.
const GRADIENT_IMAGES: usize = 256;
/// Measured so many times at most.
const MOST_TIMES: usize = 4;
/// If it is done more than once, at most one part in so many of the work of the training is spent on it.
const PART: usize = 160;

/// Whether the layers are measured after this epoch, the end of the training aside: after the first, the last, and up
/// to two between them at equal distances, or never where that would cost too much of so few images and epochs.
pub(crate) fn is_due(epoch: usize, epochs: usize, images: usize, batch_size: usize) -> bool {
    // To train on an image takes twice as long as to classify it, or longer.
    let once = images.min(LayersRecord::MOST_IMAGES) + 2 * gradient_images(images, batch_size);
    let all = images.saturating_mul(2).saturating_mul(epochs);
    let times = (all / (PART * once.max(1))).min(MOST_TIMES);
    let between = epochs.saturating_sub(1) as u128;
    times > 1 && (0..times as u128).any(|i| epoch as u128 == 1 + i * between / (times as u128 - 1))
}

fn gradient_images(images: usize, batch_size: usize) -> usize {
    images.min(batch_size).min(GRADIENT_IMAGES)
}

/// The images on which a training is measured.
pub(crate) struct Probe {
    /// Those on which units are counted, in the order of the data set.
    pub images: Vec<u32>,
    /// Those of the gradient.
    pub batch: Vec<u32>,
}

impl Probe {
    /// From the training part.
    pub(crate) fn of(indices: &[u32], batch_size: usize) -> Probe {
        let mut drawn = indices.to_vec();
        let (n, mut stream) = (drawn.len(), Seed::new(0).stream("layers", 0));
        // The first of a shuffle, which needs no draw for the others.
        for i in 0..n.min(LayersRecord::MOST_IMAGES) {
            drawn.swap(i, i + stream.below((n - i) as u32) as usize);
        }
        let mut batch = drawn[..gradient_images(indices.len(), batch_size)].to_vec();
        drawn.truncate(LayersRecord::MOST_IMAGES);
        drawn.sort_unstable();
        batch.sort_unstable();
        Probe { images: drawn, batch }
    }
}

/// Outputs of the units of a layer on the images of the probe.
pub(crate) struct UnitCounts {
    pub layer: usize,
    pub watch: UnitWatch,
    /// How many of each unit are as they are watched for.
    pub counts: Vec<u64>,
    /// Outputs of each unit: images × places.
    pub outputs: u64,
}

impl UnitCounts {
    /// Units without a single output that is not zero.
    fn dead(&self) -> Option<usize> {
        let dead = || self.counts.iter().filter(|count| **count == 0).count();
        (self.watch == UnitWatch::Active).then(dead)
    }

    /// Units of which more than 90 % of the outputs lie on the flat part.
    fn saturated(&self) -> Option<usize> {
        let saturated = || self.counts.iter().filter(|count| 10 * **count > 9 * self.outputs).count();
        (self.watch != UnitWatch::Active).then(saturated)
    }
}

/// Everything that was measured.
pub(crate) struct LayerMeasure<'a> {
    pub epoch: usize,
    pub probe: &'a Probe,
    pub units: &'a [UnitCounts],
    /// Σ g² of the trainable weights of each layer.
    pub gradient_squares: &'a [f64],
    /// The weights before the last update.
    pub before: &'a Buffer,
}

impl LayerMeasure<'_> {
    pub(crate) fn record(&self, model: &Model) -> LayersRecord {
        let rows = model.summary().rows.into_iter().enumerate();
        let layers = rows.filter_map(|(i, row)| self.layer(model, i, row.name)).collect();
        let (images, gradient_images) = (self.probe.images.len(), self.probe.batch.len());
        LayersRecord { epoch: self.epoch, images, gradient_images, layers }
    }

    /// A layer with weights or with units that are watched.
    fn layer(&self, model: &Model, i: usize, layer: String) -> Option<LayerRecord> {
        let trained: Vec<&Parameter> = model.parameters[i].iter().filter(|p| p.wanted.trainable).collect();
        let units = self.units.iter().find(|units| units.layer == i);
        if trained.is_empty() && units.is_none() {
            return None;
        }
        let n: usize = trained.iter().map(|parameter| parameter.range.len()).sum();
        let rms = |squares: f64| Some((squares / n as f64).sqrt()).filter(|rms| n > 0 && rms.is_finite());
        let sum = |of: &dyn Fn(&Parameter) -> f64| rms(trained.iter().map(|parameter| of(parameter)).sum());
        Some(LayerRecord {
            layer,
            units: model.shapes[i + 1].channels(),
            dead: units.and_then(UnitCounts::dead),
            saturated: units.and_then(UnitCounts::saturated),
            gradient_rms: rms(self.gradient_squares[i]),
            weight_rms: sum(&|p| squares(&model.weights[p.range.clone()])),
            update_rms: sum(&|p| {
                squares_between(&model.weights[p.range.clone()], &self.before[p.range.clone()])
            }),
        })
    }
}

/// Σ x² in f64, where the square of a vanishing gradient is not yet zero.
pub(crate) fn squares(x: &[f32]) -> f64 {
    in_chains(x.len(), |i| f64::from(x[i]))
}

/// Σ (a − b)².
fn squares_between(a: &[f32], b: &[f32]) -> f64 {
    in_chains(a.len().min(b.len()), |i| f64::from(a[i]) - f64::from(b[i]))
}

/// Σ x² over n numbers in four chains, whose order is the same on any machine.
fn in_chains(n: usize, x: impl Fn(usize) -> f64) -> f64 {
    let mut chains = [0.0; 4];
    for i in 0..n {
        chains[i % 4] += x(i) * x(i);
    }
    chains[0] + chains[1] + (chains[2] + chains[3])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(epochs: usize, images: usize, batch_size: usize) -> Vec<usize> {
        (1..=epochs).filter(|epoch| is_due(*epoch, epochs, images, batch_size)).collect()
    }

    #[test]
    fn few_epochs_are_measured_and_the_first_and_the_last_are_among_them() {
        assert_eq!(due(8, 54_000, 128), [1, 8]);
        assert_eq!(due(10, 54_000, 256), [1, 10]);
        assert_eq!(due(50, 54_000, 256), [1, 17, 33, 50]);
        assert_eq!(due(1000, 54_000, 32), [1, 334, 667, 1000]);
    }

    #[test]
    fn a_training_that_is_itself_not_much_more_is_measured_at_its_end_only() {
        assert_eq!(due(5, 54_000, 128), [0usize; 0]);
        assert_eq!(due(20, 500, 32), [0usize; 0]);
        assert_eq!(due(1, 10_000_000, 256), [1]);
        assert_eq!(due(3, 0, 1), [0usize; 0]);
        assert!(!is_due(2, usize::MAX, 100, 10), "a measurement of speed has no last epoch");
    }

    #[test]
    fn a_probe_is_the_same_every_time_and_has_images_of_the_whole_part() {
        let indices: Vec<u32> = (1000..60_000).collect();
        let probe = Probe::of(&indices, 128);
        assert_eq!((probe.images.len(), probe.batch.len()), (2048, 128));
        assert!(probe.images.is_sorted() && probe.batch.iter().all(|i| probe.images.contains(i)));
        let in_first_half = probe.images.iter().filter(|i| **i < 30_500).count();
        assert!((900..1150).contains(&in_first_half), "{in_first_half}");
        assert_eq!(Probe::of(&indices, 128).images, probe.images);
        assert_eq!(Probe::of(&indices[..7], 128).images, indices[..7]);
        assert!(Probe::of(&[], 128).batch.is_empty());
    }

    #[test]
    fn squares_that_an_f32_has_no_room_for_are_summed() {
        assert_eq!(squares(&[1e-30; 3]).sqrt(), (3.0 * f64::from(1e-30f32).powi(2)).sqrt());
        assert_eq!((squares(&[1.0, 2.0, 3.0, 4.0, 5.0]), squares(&[])), (55.0, 0.0));
        assert_eq!(squares_between(&[1.0, 2.0, 7.0], &[1.0, 4.0, 4.0]), 13.0);
    }
}
