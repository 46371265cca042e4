//! What is to be seen in the weights of a study's networks, for the report: filters of first layers, and where last
//! convolutions look.
//!
//! One network stands for each model: of the run with the highest validation accuracy (the mean over its seeds) the
//! first seed whose weights are there. What is shown of the test part are images that the store has, so that nothing is
//! seen of it before it was opened.

use std::path::Path;

use toile_nn::{Examples, ImageShape, Layer, Model, grad_cam};
use toile_record::{
    DataRecord, FirstFilters, ImageRecord, LastMaps, MappedImage, NetworkPictures, Records, RunRecord, State,
};
use toile_rng::Seed;

use crate::bridge;
use crate::runner::engine::load_weights;

/// Images that a network looks at.
const MOST_IMAGES: usize = 32;
/// Networks that were never trained.
const UNTRAINED: u64 = 3;

/// The pictures of every model, in the order in which the runs have them; nothing of a model whose weights are not in
/// the folder as they were written.
pub fn pictures(records: &Records, dir: &Path) -> Vec<NetworkPictures> {
    let mut models: Vec<&str> = Vec::new();
    for run in &records.runs {
        if !models.contains(&run.model.as_str()) {
            models.push(&run.model);
        }
    }
    models.into_iter().filter_map(|model| of_model(records, dir, model)).collect()
}

fn of_model(records: &Records, dir: &Path, model: &str) -> Option<NetworkPictures> {
    let seeds = best_run(records, model);
    let mut networks =
        seeds.into_iter().filter_map(|run| Some((run, network(&records.study.data, dir, run)?)));
    let (run, network) = networks.next()?;
    Some(NetworkPictures {
        model: model.to_owned(),
        run: run.name.clone(),
        seed: run.seed,
        filters: filters(&network, image_shape(&records.study.data)),
        maps: maps(records, run, &network, networks.next()),
    })
}

/// The complete seeds of the run of a model that is best on the validation images, or of its first run where there are
/// none.
fn best_run<'r>(records: &'r Records, model: &str) -> Vec<&'r RunRecord> {
    let is_there = |run: &&RunRecord| run.model == model && run.state == State::Complete;
    let runs: Vec<&RunRecord> = records.runs.iter().filter(is_there).collect();
    let mean = |seeds: &[&RunRecord]| {
        let known: Vec<f64> =
            seeds.iter().filter_map(|run| run.validation.as_ref()).map(|made| made.accuracy).collect();
        if known.is_empty() { 0.0 } else { known.iter().sum::<f64>() / known.len() as f64 }
    };
    let by_run = runs.chunk_by(|a, b| a.position == b.position);
    let best = by_run.reduce(|best, next| if mean(next) > mean(best) { next } else { best });
    best.unwrap_or_default().to_vec()
}

fn image_shape(data: &DataRecord) -> ImageShape {
    let [height, width, channels] = data.shape;
    ImageShape { height, width, channels }
}

fn layers(run: &RunRecord) -> Option<Vec<Layer>> {
    serde_json::from_value(run.plan["layers"].clone()).ok()
}

fn network(data: &DataRecord, dir: &Path, run: &RunRecord) -> Option<Model> {
    let bytes = bridge::intact_weights(dir, run).ok()?;
    let mut model = Model::build(&layers(run)?, image_shape(data), Seed::new(run.seed)).ok()?;
    load_weights(&mut model, &bytes).ok()?;
    Some(model)
}

fn filters(network: &Model, image: ImageShape) -> Option<FirstFilters> {
    let found = network.first_filters(image)?;
    let ImageShape { height, width, channels } = found.shape;
    Some(FirstFilters { layer: found.layer, shape: [height, width, channels], weights: found.weights })
}

/// Where the network looks on the images that it takes for another class, beside networks that were not trained so.
fn maps(
    records: &Records,
    run: &RunRecord,
    network: &Model,
    other: Option<(&RunRecord, Model)>,
) -> Option<LastMaps> {
    let images = surest(records, run)?;
    let called = images.maps_of(network, 0)?;
    let labelled = images.maps_of(network, 1)?;
    let by_other = other.and_then(|(other, network)| Some((other.seed, images.maps_of(&network, 0)?.maps)));
    let (layers, image) = (layers(run)?, images.shape);
    let untrained = |i| Model::build(&layers, image, Seed::new(run.seed).derive("untrained", i)).ok();
    let by_untrained: Vec<Vec<Vec<f32>>> = (0..UNTRAINED)
        .filter_map(untrained)
        .filter_map(|made| Some(images.maps_of(&made, 0)?.maps))
        .collect();
    let mapped = images.records.iter().enumerate().map(|(i, image)| MappedImage {
        index: image.index,
        classes: [images.called[i], images.labels[i]],
        maps: [called.maps[i].clone(), labelled.maps[i].clone()],
        by_other_seed: by_other.as_ref().map(|(_, maps)| maps[i].clone()),
        by_untrained: by_untrained.iter().map(|maps| maps[i].clone()).collect(),
    });
    Some(LastMaps {
        size: called.size,
        other_seed: by_other.as_ref().map(|(seed, _)| *seed),
        images: mapped.collect(),
        layer: called.layer,
    })
}

/// Test images, with the class that a run takes each for, and its label.
struct Misread<'r> {
    records: Vec<&'r ImageRecord>,
    pixels: Vec<u8>,
    called: Vec<u8>,
    labels: Vec<u8>,
    shape: ImageShape,
    classes: usize,
}

/// The maps of all of them.
struct Mapped {
    layer: String,
    size: [usize; 2],
    maps: Vec<Vec<f32>>,
}

/// The images that a run misreads with the highest confidence; `None` if it misreads none that the store has.
fn surest<'r>(records: &'r Records, run: &RunRecord) -> Option<Misread<'r>> {
    let (data, test) = (&records.study.data, run.test.as_ref()?);
    let shape = image_shape(data);
    let is_wrong = |image: &&ImageRecord| {
        let (called, label) = (test.predictions.get(image.index), data.test_labels.get(image.index));
        image.pixels.len() == shape.values() && called.is_some() && label.is_some() && called != label
    };
    let sure = |image: &ImageRecord| test.confidences.get(image.index).copied().unwrap_or(0.0);
    let mut wrong: Vec<&ImageRecord> = records.images.iter().filter(is_wrong).collect();
    // The sort is stable: of equals the first stays first.
    wrong.sort_by(|a, b| sure(b).total_cmp(&sure(a)));
    wrong.truncate(MOST_IMAGES);
    let classes = data.class_names.len();
    let of = |classes: &[u8]| wrong.iter().map(|image| classes[image.index]).collect::<Vec<u8>>();
    let (called, labels) = (of(&test.predictions), of(&data.test_labels));
    let is_class = |class: &u8| usize::from(*class) < classes;
    if wrong.is_empty() || !called.iter().chain(&labels).all(is_class) {
        return None;
    }
    let pixels = wrong.iter().flat_map(|image| image.pixels.iter().copied()).collect();
    Some(Misread { records: wrong, pixels, called, labels, shape, classes })
}

impl Misread<'_> {
    /// A network's maps for the class that the images are taken for (0), or for their label (1).
    fn maps_of(&self, network: &Model, which: usize) -> Option<Mapped> {
        if network.classes() != self.classes {
            return None;
        }
        let indices: Vec<u32> = (0..self.records.len() as u32).collect();
        let (shape, classes) = (self.shape, self.classes);
        let examples =
            Examples { images: &self.pixels, labels: &self.labels, indices: &indices, shape, classes };
        let made = grad_cam(network, &examples, [&self.called, &self.labels][which])?;
        let maps = made.each().map(<[f32]>::to_vec).collect();
        Some(Mapped { layer: made.layer, size: [made.height, made.width], maps })
    }
}
