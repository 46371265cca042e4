//! The images to measure with: the study's own if they are at hand, else drawn ones of the same shape.

use std::sync::atomic::AtomicUsize;

use toile_data::{CatalogueEntry, DataSet, LabelledImages, Reading, drawn_garments, entry, fingerprint};
use toile_lab::image_shape;
use toile_nn::{Examples, FitConfig, FitEvent, Flow, ImageShape, Model};
use toile_rng::Seed;
use toile_study::{Plan, RunPlan, Split};

use crate::args::DataArgs;
use crate::failure::Failure;
use crate::source::StudySource;

/// A data set and its split.
pub(super) struct BenchImages {
    pub data: DataSet,
    pub split: Split,
    /// The study's data set, where others had to stand in for it.
    pub instead_of: Option<String>,
    all: Vec<u32>,
}

impl BenchImages {
    /// Finds the images of a study; `data` is there already if the check of the study needed it.
    pub(super) fn find(
        source: &StudySource,
        plan: &Plan,
        data: Option<DataSet>,
        args: &DataArgs,
    ) -> Result<BenchImages, Failure> {
        let found = data.map_or_else(|| source.load_at_hand(&plan.data, args), |data| Ok(Some(data)))?;
        let instead_of = found.is_none().then(|| plan.data.path().to_owned());
        let data = found.map_or_else(|| drawn(plan.data.path()), Ok)?;
        let split = toile_lab::split(plan, &data)?;
        let all = (0..data.test.len() as u32).collect();
        Ok(BenchImages { data, split, instead_of, all })
    }

    /// The size of an image.
    pub(super) fn shape(&self) -> ImageShape {
        image_shape(&self.data)
    }

    /// The images of an epoch.
    pub(super) fn train(&self) -> Examples<'_> {
        toile_lab::examples(&self.data, &self.data.train, &self.split.train)
    }

    /// At most so many images of the test part.
    pub(super) fn test(&self, most: usize) -> Examples<'_> {
        let some = &self.all[..most.min(self.all.len())];
        toile_lab::examples(&self.data, &self.data.test, some)
    }

    /// A run's settings for epochs without end: nothing is evaluated, no callback stops it.
    pub(super) fn fit_config(&self, run: &RunPlan) -> FitConfig {
        FitConfig {
            epochs: usize::MAX,
            callbacks: Vec::new(),
            train_evaluation: 0.0,
            ..toile_lab::fit_config(&run.settings, self.data.class_names.len())
        }
    }

    /// Trains on all images of an epoch until the observer has enough.
    pub(super) fn fit(
        &self,
        model: &mut Model,
        config: &FitConfig,
        threads: usize,
        observer: &mut dyn FnMut(FitEvent<'_>) -> Flow,
    ) {
        toile_nn::fit(model, &self.train(), None, config, &AtomicUsize::new(threads), observer);
    }
}

/// Drawn images, as many and as large as those of a set of the catalogue; noise where no garment has that shape.
fn drawn(name: &str) -> Result<DataSet, Failure> {
    match entry(name) {
        Some(CatalogueEntry { counts, shape: [28, 28, 1], classes, .. }) if classes.len() == 10 => {
            Ok(drawn_garments(counts[0], counts[1]))
        }
        Some(entry) => Ok(noise(entry, entry.counts)),
        None => {
            Err(Failure::new(format!("`{name}` is not on this machine, and no drawn images have its shape"))
                .help(format!("bring it here first: `toile data fetch {name}`")))
        }
    }
}

/// Noise in the shape of a set, with its classes one after the other: enough to measure how fast networks train.
fn noise(entry: &CatalogueEntry, counts: [usize; 2]) -> DataSet {
    let (image_len, classes) = (entry.shape.iter().product::<usize>(), entry.classes.len());
    let part = |name: &str, n: usize| {
        let mut stream = Seed::new(0).stream(name, 0);
        let mut images = vec![0; n * image_len];
        images.chunks_mut(8).for_each(|bytes| {
            let random = stream.next_u64().to_le_bytes();
            bytes.copy_from_slice(&random[..bytes.len()]);
        });
        LabelledImages { images, labels: (0..n).map(|i| (i % classes) as u8).collect() }
    };
    let (train, test) = (part("noise, train", counts[0]), part("noise, test", counts[1]));
    let class_names = entry.class_names();
    DataSet {
        name: entry.name.to_owned(),
        title: format!("Noise in the shape of {}", entry.title),
        shape: entry.shape,
        fingerprint: fingerprint(entry.shape, &class_names, &train, &test),
        class_names,
        train,
        test,
        source: "drawn by toile".to_owned(),
        procedural: true,
        own_validation: 0,
        reading: Reading::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_images_can_stand_in_for_every_set_of_the_catalogue() {
        let sample = drawn_garments(10, 10);
        for entry in toile_data::catalogue() {
            let is_garment = (entry.shape, entry.classes.len()) == (sample.shape, sample.class_names.len());
            let images = noise(entry, [entry.classes.len() + 1, 3]);
            assert_eq!((images.shape, images.class_names.len()), (entry.shape, entry.classes.len()));
            assert_eq!(images.train.images.len(), images.train.len() * images.image_len());
            assert_eq!(usize::from(*images.train.labels.iter().max().unwrap()), entry.classes.len() - 1);
            assert!(images.procedural && (is_garment || images.train.images != images.test.images));
        }
        let stand_in = drawn("emnist-letters").unwrap();
        assert_eq!((stand_in.train.len(), stand_in.test.len()), (124_800, 20_800));
        assert!(drawn("./mine").is_err());
    }
}
