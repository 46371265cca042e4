//! What is to be seen in the weights of a study: which network stands for a model, and that nothing is guessed.

use toile_lab::pictures;
use toile_nn::{ImageShape, Model, grad_cam};
use toile_record::Records;
use toile_rng::Seed;

use super::*;

/// So little training that test images are misread.
const CNN: &str = r#"
[study]
name = "small"
data = "./small"
validation_split = 0.25
seeds = 2
seed = 1

[models.cnn]
layers = [
  { conv2d = { filters = 3, kernel_size = [2, 2], padding = "same", activation = "relu" } },
  { flatten = {} },
  { dense = { units = 3, activation = "softmax" } },
]

[models.dense]
layers = [{ dense = { units = 3, activation = "softmax" } }]

[defaults]
model = "cnn"
batch_size = 48
epochs = 1
optimizer = { sgd = { learning_rate = 1e-4 } }

[[runs]]
name = "A"

[[runs]]
name = "B"
epochs = 2

[[runs]]
name = "C"
model = "dense"
"#;

fn trained(dir: &Path) -> Records {
    go(dir, CNN, &AtomicBool::new(false), &|_| {}).unwrap();
    Store::open_read_only(dir).unwrap().records(None).unwrap()
}

#[test]
fn the_first_seed_of_the_best_run_stands_for_each_model() {
    let dir = tempfile::tempdir().unwrap();
    let mut records = trained(dir.path());
    for (run, accuracy) in records.runs.iter_mut().zip([0.5, 0.7, 0.65, 0.6, 0.1, 0.1]) {
        run.validation.as_mut().unwrap().accuracy = accuracy;
    }
    let found = pictures(&records, dir.path());
    let which: Vec<_> = found.iter().map(|of| (of.model.as_str(), of.run.as_str(), of.seed)).collect();
    assert_eq!(which, [("cnn", "B", 1), ("dense", "C", 1)], "the means are 0.6, 0.625 and 0.1");
    let filters = found[0].filters.as_ref().unwrap();
    assert_eq!((filters.layer.as_str(), filters.shape, filters.weights.len()), ("conv2d", [2, 2, 1], 12));
    assert!(found[1].maps.is_none() && found[1].filters.is_some());
}

/// The maps are those of the saved weights, of the other seed's, and of networks that were never trained.
#[test]
fn maps_are_of_the_misread_images_that_the_network_is_surest_of() {
    let (dir, data) = (tempfile::tempdir().unwrap(), data());
    let records = trained(dir.path());
    let found = pictures(&records, dir.path());
    let (cnn, maps) = (&found[0], found[0].maps.as_ref().unwrap());
    let of = |seed| records.runs.iter().find(|run| run.name == cnn.run && run.seed == seed).unwrap();
    let test = of(1).test.as_ref().unwrap();
    let wrong: Vec<usize> = (0..16).filter(|i| test.predictions[*i] != data.test.labels[*i]).collect();
    let shown: Vec<usize> = maps.images.iter().map(|image| image.index).collect();
    assert_eq!((shown.len(), maps.other_seed, maps.size), (wrong.len(), Some(2), [2, 2]));
    assert!(!wrong.is_empty() && shown.iter().all(|index| wrong.contains(index)));
    assert!(shown.is_sorted_by(|a, b| test.confidences[*a] >= test.confidences[*b]));
    let shape = ImageShape { height: 2, width: 2, channels: 1 };
    let layers: Vec<toile_nn::Layer> = serde_json::from_value(of(1).plan["layers"].clone()).unwrap();
    let map = |seed: u64, index: usize, class: u8| {
        let mut model = Model::build(&layers, shape, Seed::new(9)).unwrap();
        let bytes = std::fs::read(dir.path().join(&of(seed).folder).join("weights.safetensors")).unwrap();
        let tensors = toile_store::weights_from_safetensors(&bytes).unwrap();
        let tensor = |(name, shape, values)| toile_nn::Tensor { name, shape, values };
        model.set_weights(&tensors.into_iter().map(tensor).collect::<Vec<_>>()).unwrap();
        grad_cam(&model, data.test.image(index, 4), &[class]).unwrap().maps
    };
    for image in &maps.images {
        let [called, label] = image.classes;
        assert_eq!((called, label), (test.predictions[image.index], data.test.labels[image.index]));
        assert_eq!(image.maps, [map(1, image.index, called), map(1, image.index, label)]);
        assert_eq!(image.by_other_seed, Some(map(2, image.index, called)));
        assert_eq!(image.by_untrained.len(), 3);
    }
}

#[test]
fn a_sealed_test_part_gives_no_maps_and_lost_weights_no_pictures() {
    let dir = tempfile::tempdir().unwrap();
    let records = trained(dir.path());
    let mut sealed = records.clone();
    sealed.images.clear();
    sealed.runs.iter_mut().for_each(|run| run.test = None);
    let found = pictures(&sealed, dir.path());
    assert!(found.len() == 2 && found.iter().all(|of| of.maps.is_none() && of.filters.is_some()));
    for run in &records.runs {
        let file = dir.path().join(&run.folder).join("weights.safetensors");
        // Of the dense runs the files are other ones, of the first seed of each CNN they are gone.
        match run.model.as_str() {
            "dense" => std::fs::write(file, b"other").unwrap(),
            _ if run.seed == 1 => std::fs::remove_file(file).unwrap(),
            _ => {}
        }
    }
    let found = pictures(&records, dir.path());
    assert_eq!(found.iter().map(|of| (of.model.as_str(), of.seed)).collect::<Vec<_>>(), [("cnn", 2)]);
    assert_eq!(found[0].maps.as_ref().and_then(|maps| maps.other_seed), None);
}
