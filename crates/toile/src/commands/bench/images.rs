//! The images to measure with: the study's own if they are at hand, else drawn ones of the same shape.

use std::sync::atomic::AtomicUsize;

use toile_data::{DataSet, drawn_garments, entry};
use toile_lab::image_shape;
use toile_nn::{Examples, FitConfig, FitEvent, Flow, ImageShape, Model};
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

/// Drawn images, as many and as large as those of a set of the catalogue.
fn drawn(name: &str) -> Result<DataSet, Failure> {
    match entry(name).map(|entry| (entry.counts, entry.shape, entry.classes.len())) {
        Some(([train, test], [28, 28, 1], 10)) => Ok(drawn_garments(train, test)),
        _ => {
            Err(Failure::new(format!("`{name}` is not on this machine, and no drawn images have its shape"))
                .help(format!("bring it here first: `toile data fetch {name}`")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawn_images_can_stand_in_for_every_set_of_the_catalogue() {
        let sample = drawn_garments(10, 10);
        for entry in toile_data::catalogue() {
            assert_eq!((entry.shape, entry.classes.len()), (sample.shape, sample.class_names.len()));
        }
    }
}
