//! Layer shapes that are not the study's: a kernel that is fast for one network only would show here.

use toile_nn::{Activation, Flatten};
use toile_nn::{
    Conv2D, Dense, Examples, FitConfig, GlobalAveragePooling2D, ImageShape, Inputs, Layer, Model, Padding,
    Sgd, Stage,
};
use toile_rng::Seed;

use super::Bench;
use super::layers::LayerStep;
use crate::failure::Failure;
use crate::terminal::Waiting;

/// Classes of the made-up images.
const CLASSES: usize = 10;

/// Images of a batch, where the family is not about batches.
const CONV_BATCH: usize = 64;
const DENSE_BATCH: usize = 256;

/// A convolution: height, width and channels of its input, filters, kernel, stride, and whether it keeps the size.
type Convolution = ([usize; 3], usize, usize, usize, bool);

/// The first is like the study's.
const THREE_BY_THREE: [Convolution; 12] = [
    ([26, 26, 32], 64, 3, 1, false),
    ([12, 12, 64], 64, 3, 1, false),
    ([28, 28, 1], 32, 3, 1, false),
    ([32, 32, 3], 32, 3, 1, true),
    ([13, 13, 7], 7, 3, 1, false),
    ([13, 13, 7], 24, 3, 1, true),
    ([14, 14, 24], 24, 3, 1, true),
    ([15, 17, 24], 50, 3, 1, false),
    ([14, 14, 50], 50, 3, 1, true),
    ([17, 17, 32], 64, 3, 2, true),
    ([9, 9, 128], 128, 3, 1, true),
    ([5, 5, 50], 24, 3, 1, false),
];

const OTHER_KERNELS: [Convolution; 11] = [
    ([28, 28, 1], 32, 5, 1, false),
    ([32, 32, 3], 24, 5, 1, true),
    ([33, 33, 3], 64, 7, 2, true),
    ([11, 11, 7], 24, 5, 1, true),
    ([14, 14, 16], 32, 5, 1, true),
    ([14, 14, 64], 50, 5, 2, true),
    ([16, 16, 32], 32, 2, 2, false),
    ([14, 14, 7], 24, 1, 1, false),
    ([14, 14, 24], 64, 1, 1, false),
    ([16, 16, 64], 128, 1, 1, false),
    ([15, 15, 50], 50, 1, 2, false),
];

/// Units of both hidden layers.
const WIDTHS: [usize; 9] = [10, 33, 64, 100, 127, 255, 257, 500, 1024];

const BATCHES: [usize; 7] = [1, 2, 7, 32, 100, 256, 1024];

/// Units of the hidden layers where batches are compared.
const HIDDEN: [usize; 2] = [100, 50];

/// Shapes that are compared with each other.
pub(super) struct Family {
    /// For programs.
    pub name: &'static str,
    /// For people.
    pub title: String,
    pub rows: Vec<ShapeRow>,
}

/// A shape with its speeds on one thread, in 10⁹ operations per second by definition.
pub(super) struct ShapeRow {
    pub name: String,
    pub algorithm: Option<String>,
    pub batch_size: usize,
    /// Forward and backward of a batch.
    pub seconds: f64,
    pub forward: f64,
    pub backward: f64,
    pub both: f64,
}

impl Family {
    /// The speed of its fastest shape.
    pub(super) fn best(&self) -> f64 {
        self.rows.iter().map(|row| row.both).fold(0.0, f64::max)
    }
}

/// A model, and which of its layers are asked about.
struct ShapeCase {
    name: String,
    layers: Vec<Layer>,
    image: ImageShape,
    batch: usize,
    asked: Vec<usize>,
}

/// Measures every shape.
pub(super) fn measure(bench: &Bench<'_>, waiting: &Waiting) -> Result<Vec<Family>, Failure> {
    let conv = |shapes: &[Convolution]| shapes.iter().map(convolution).collect();
    let by_width = WIDTHS.iter().map(|&width| dense([width; 2], DENSE_BATCH, network([width; 2])));
    let by_batch = BATCHES.iter().map(|&batch| dense(HIDDEN, batch, format!("batches of {batch}")));
    let families: [(&'static str, String, Vec<ShapeCase>); 4] = [
        ("convolution_3x3", format!("3x3 convolutions, batches of {CONV_BATCH}"), conv(&THREE_BY_THREE)),
        ("convolution_other", format!("other convolutions, batches of {CONV_BATCH}"), conv(&OTHER_KERNELS)),
        ("dense_width", format!("dense networks, batches of {DENSE_BATCH}"), by_width.collect()),
        ("dense_batch", format!("dense network {}", network(HIDDEN)), by_batch.collect()),
    ];
    let n: usize = families.iter().map(|(_, _, subjects)| subjects.len()).sum();
    let mut done = 0;
    let family = |(name, title, subjects): (&'static str, String, Vec<ShapeCase>)| {
        let rows: Result<Vec<ShapeRow>, Failure> = subjects
            .iter()
            .map(|subject| {
                done += 1;
                waiting.show(&format!("{} ({done} of {n})", subject.name));
                row(bench, subject)
            })
            .collect();
        Ok(Family { name, title, rows: rows? })
    };
    families.into_iter().map(family).collect()
}

/// The convolution, its end, and before it, where it has more channels than a photograph, a small one: so that it has
/// an input gradient to compute, as inside a network.
fn convolution(&([height, width, channels], filters, kernel, stride, same): &Convolution) -> ShapeCase {
    let padding = if same { Padding::Same } else { Padding::Valid };
    let asked = Conv2D {
        strides: [stride, stride],
        padding,
        activation: Activation::Relu,
        ..Conv2D::new(filters, [kernel, kernel])
    };
    let is_first = channels <= 3;
    let before = (!is_first).then(|| Layer::Conv2D(Conv2D::new(channels, [1, 1])));
    let end = [Layer::GlobalAveragePooling2D(GlobalAveragePooling2D {}), output()];
    let stride = if stride > 1 { format!("/{stride}") } else { String::new() };
    let same = if same { " same" } else { "" };
    ShapeCase {
        name: format!("{height}x{width}x{channels} -> {filters} {kernel}x{kernel}{stride}{same}"),
        layers: before.into_iter().chain([Layer::Conv2D(asked)]).chain(end).collect(),
        image: ImageShape { height, width, channels: if is_first { channels } else { 1 } },
        batch: CONV_BATCH,
        asked: vec![usize::from(!is_first)],
    }
}

fn network([first, second]: [usize; 2]) -> String {
    format!("784-{first}-{second}-{CLASSES}")
}

fn dense([first, second]: [usize; 2], batch: usize, name: String) -> ShapeCase {
    let hidden = |units| Layer::Dense(Dense { activation: Activation::Relu, ..Dense::new(units) });
    ShapeCase {
        name,
        layers: vec![Layer::Flatten(Flatten {}), hidden(first), hidden(second), output()],
        image: ImageShape { height: 28, width: 28, channels: 1 },
        batch,
        asked: vec![1, 2, 3],
    }
}

fn output() -> Layer {
    Layer::Dense(Dense { activation: Activation::Softmax, ..Dense::new(CLASSES) })
}

fn row(bench: &Bench<'_>, subject: &ShapeCase) -> Result<ShapeRow, Failure> {
    let mut model = Model::build(&subject.layers, subject.image, Seed::new(0))
        .map_err(|error| Failure::new(format!("shape {}: {error}", subject.name)))?
        .with_dtype_policy(bench.dtype_policy.unwrap_or_default());
    let config = FitConfig { batch_size: subject.batch, ..FitConfig::new(Sgd::new(0.001)) };
    // A few batches, as different as those of an epoch.
    let n = (4 * subject.batch).max(64);
    let mut stream = Seed::new(0).stream("made-up images", 0);
    let images: Vec<u8> = (0..n * subject.image.values()).map(|_| stream.next_u32() as u8).collect();
    let labels: Vec<u8> = (0..n).map(|i| (i % CLASSES) as u8).collect();
    let indices: Vec<u32> = (0..n as u32).collect();
    let shape = subject.image;
    let train = Examples {
        images: Inputs::Bytes(&images),
        labels: &labels,
        indices: &indices,
        shape,
        classes: CLASSES,
    };
    let mut measure = |step, seconds| LayerStep::measure(bench, &mut model, &train, &config, step, seconds);
    let look = measure(1.0, 0.0);
    let step = measure(look.seconds().max(1e-9), bench.seconds);
    Ok(speeds(subject, &step))
}

fn speeds(subject: &ShapeCase, step: &LayerStep) -> ShapeRow {
    let asked = |layer: Option<usize>| layer.is_some_and(|layer| subject.asked.contains(&layer));
    let of = |stages: &[Stage]| {
        let parts = step.parts.iter().filter(|p| asked(p.mark.layer) && stages.contains(&p.mark.stage));
        parts.fold((0.0, 0), |(seconds, flops), part| (seconds + part.seconds, flops + part.flops))
    };
    let gflops =
        |(seconds, flops): (f64, u64)| if seconds > 0.0 { flops as f64 / seconds / 1e9 } else { 0.0 };
    let forward = of(&[Stage::Forward]);
    let backward = of(&[Stage::Backward, Stage::WeightGradient]);
    let both = (forward.0 + backward.0, forward.1 + backward.1);
    ShapeRow {
        name: subject.name.clone(),
        algorithm: subject.asked.iter().find_map(|&layer| step.layers[layer].algorithm.clone()),
        batch_size: subject.batch,
        seconds: both.0,
        forward: gflops(forward),
        backward: gflops(backward),
        both: gflops(both),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_can_be_built_and_the_asked_layer_is_the_one_named() {
        for shape in THREE_BY_THREE.iter().chain(&OTHER_KERNELS) {
            let subject = convolution(shape);
            let model = Model::build(&subject.layers, subject.image, Seed::new(0)).unwrap();
            let facts = model.layer_facts();
            let asked = &facts[subject.asked[0]];
            assert!(asked.algorithm.is_some(), "{}", subject.name);
            let has_input_gradient = asked.flops[2] > 0;
            assert_eq!(has_input_gradient, shape.0[2] > 3, "{}", subject.name);
        }
    }
}
