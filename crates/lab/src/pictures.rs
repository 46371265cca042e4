//! What is to be seen in the weights of a study's networks, for the report: filters of first layers, and where last
//! convolutions look.
//!
//! One network stands for each model: of the run with the highest validation accuracy (the mean over its seeds) the
//! first seed whose weights are there. What is shown of the test part are images that the store has, so that nothing is
//! seen of it before it was opened.

use std::path::Path;

use toile_nn::{ClassMaps, Layer, Model, grad_cam};
use toile_record::{ImageRecord, LastMaps, MappedImage, NetworkPictures, Records, RunRecord, State};
use toile_rng::Seed;

use crate::bridge;
use crate::kept::kept_model;

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
    let image = records.study.data.shape.into();
    let mut networks = seeds.into_iter().filter_map(|run| {
        let weights = bridge::intact_weights(dir, run).ok()?;
        let (settings, network) = kept_model(run, image, &weights).ok()?;
        Some(KeptNetwork { run, layers: settings.layers, network })
    });
    let first = networks.next()?;
    Some(NetworkPictures {
        model: model.to_owned(),
        run: first.run.name.clone(),
        seed: first.run.seed,
        filters: first.network.first_filters(),
        maps: maps(records, &first, &mut networks),
    })
}

/// A network that a run left behind.
struct KeptNetwork<'r> {
    run: &'r RunRecord,
    layers: Vec<Layer>,
    network: Model,
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

/// Where the network looks on the images that it takes for another class, beside networks that were not trained so: the
/// first of `others`, and some that were never trained.
fn maps<'r>(
    records: &Records,
    KeptNetwork { run, layers, network }: &KeptNetwork<'r>,
    others: &mut dyn Iterator<Item = KeptNetwork<'r>>,
) -> Option<LastMaps> {
    let images =
        surest(records, run).filter(|_| network.classes() == records.study.data.class_names.len())?;
    let called = grad_cam(network, &images.pixels, &images.called)?;
    let labelled = grad_cam(network, &images.pixels, &images.labels)?;
    let as_called = |network: &Model| grad_cam(network, &images.pixels, &images.called);
    let by_other = others.next().and_then(|other| Some((other.run.seed, as_called(&other.network)?)));
    let image = records.study.data.shape.into();
    let untrained = |i| {
        let made = Model::build(layers, image, Seed::new(run.seed).derive("untrained", i)).ok()?;
        Some(made.with_dtype_policy(network.dtype_policy()))
    };
    let by_untrained: Vec<ClassMaps> =
        (0..UNTRAINED).filter_map(untrained).filter_map(|made| as_called(&made)).collect();
    let mapped = images.records.iter().enumerate().map(|(i, image)| MappedImage {
        index: image.index,
        classes: [images.called[i], images.labels[i]],
        maps: [called.of(i).to_vec(), labelled.of(i).to_vec()],
        by_other_seed: by_other.as_ref().map(|(_, maps)| maps.of(i).to_vec()),
        by_untrained: by_untrained.iter().map(|maps| maps.of(i).to_vec()).collect(),
    });
    Some(LastMaps {
        size: [called.height, called.width],
        other_seed: by_other.as_ref().map(|(seed, _)| *seed),
        images: mapped.collect(),
        layer: called.layer.clone(),
    })
}

/// Test images, with the class that a run takes each for, and its label.
struct Misread<'r> {
    records: Vec<&'r ImageRecord>,
    pixels: Vec<u8>,
    called: Vec<u8>,
    labels: Vec<u8>,
}

/// The images that a run misreads with the highest confidence; `None` if it misreads none that the store has.
fn surest<'r>(records: &'r Records, run: &RunRecord) -> Option<Misread<'r>> {
    let (data, test) = (&records.study.data, run.test.as_ref()?);
    let size: usize = data.shape.iter().product();
    let is_wrong = |image: &&ImageRecord| {
        let (called, label) = (test.predictions.get(image.index), data.test_labels.get(image.index));
        image.pixels.len() == size && called.is_some() && label.is_some() && called != label
    };
    let sure = |image: &ImageRecord| test.confidences.get(image.index).copied().unwrap_or(0.0);
    let mut wrong: Vec<&ImageRecord> = records.images.iter().filter(is_wrong).collect();
    // The sort is stable: of equals the first stays first.
    wrong.sort_by(|a, b| sure(b).total_cmp(&sure(a)));
    wrong.truncate(MOST_IMAGES);
    let of = |classes: &[u8]| wrong.iter().map(|image| classes[image.index]).collect::<Vec<u8>>();
    let (called, labels) = (of(&test.predictions), of(&data.test_labels));
    let is_class = |class: &u8| usize::from(*class) < data.class_names.len();
    if wrong.is_empty() || !called.iter().chain(&labels).all(is_class) {
        return None;
    }
    let pixels = wrong.iter().flat_map(|image| image.pixels.iter().copied()).collect();
    Some(Misread { records: wrong, pixels, called, labels })
}
