//! Test images on which runs disagree: those that about half of them get right, for runs that are seen side by side.

use toile_record::{Records, RunRecord};

use super::group::grouped;
use crate::{facts, image};

/// The page holds so many; more would make it heavy.
const MOST_IMAGES: usize = 60;

/// A test image that some runs get right and others do not.
#[derive(Clone, Debug, PartialEq)]
pub struct DisputedImage {
    /// Its position in the test part.
    pub index: usize,
    /// A PNG as `data:` address.
    pub png: String,
    /// Its class.
    pub truth: usize,
    /// What the first tested seed of each group takes it for, in the order of the groups.
    pub taken_for: Vec<Option<usize>>,
}

/// Those on which the runs are divided most evenly, the first ones of equals; none before the test.
pub(super) fn disputed(records: &Records) -> Vec<DisputedImage> {
    let data = &records.study.data;
    let groups: Vec<Option<&RunRecord>> = grouped(records)
        .iter()
        .map(|runs| runs.iter().copied().find(|run| facts::confusion(data, run).is_some()))
        .collect();
    let predicted =
        |run: &RunRecord, index: usize| Some(usize::from(*run.test.as_ref()?.predictions.get(index)?));
    let taken_for = |index: usize| -> Vec<Option<usize>> {
        groups.iter().map(|run| run.and_then(|run| predicted(run, index))).collect()
    };
    let divided = records.images.iter().filter_map(|image| {
        let truth = usize::from(*data.test_labels.get(image.index)?);
        let said: Vec<usize> = taken_for(image.index).into_iter().flatten().collect();
        let right = said.iter().filter(|class| **class == truth).count();
        Some((right.min(said.len() - right), image, truth))
    });
    let mut divided: Vec<_> = divided.filter(|(fewer, ..)| *fewer > 0).collect();
    divided.sort_by_key(|(fewer, image, _)| (std::cmp::Reverse(*fewer), image.index));
    let shown = divided.into_iter().take(MOST_IMAGES).filter_map(|(_, image, truth)| {
        let png = image::data_uri(&image.pixels, data.shape)?;
        Some(DisputedImage { index: image.index, png, truth, taken_for: taken_for(image.index) })
    });
    shown.collect()
}
