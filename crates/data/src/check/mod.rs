//! Checks a data set before training on it: balance, duplicates, constant images, order, brightness.

mod near;
mod report;

use near::{Placed, near_images};
pub use report::{CheckReport, CheckWarning, NearImages, PartReport, SharedImages};

use crate::{DataSet, LabelledImages, Split, SplitHow, count_classes};
use std::collections::HashMap;

/// Checks a data set, by the parts of a split if there is one.
pub fn check(data: &DataSet, split: Option<&Split>) -> CheckReport {
    let views = views(data, split);
    let mut duplicates = Duplicates::default();
    let parts: Vec<PartReport> =
        views.iter().map(|view| part_report(view, data, duplicates.add(view, data.image_len()))).collect();
    let Duplicates { shared, contradictions, distinct, .. } = duplicates;
    let mut warnings = warnings(&parts, &shared, contradictions, &data.class_names, data.shape);
    // Where the last images are held back, and only there, the order decides what is learned.
    if split.is_some_and(|split| split.how == SplitHow::Last) && parts[0].looks_sorted() {
        warnings.push(CheckWarning::LooksSorted { part: parts[0].name });
    }
    let near = near_images(&distinct, data.shape);
    let (within, across): (Vec<_>, Vec<_>) =
        near.found.iter().cloned().partition(|near| near.part == near.with);
    warnings.extend((!across.is_empty()).then_some(CheckWarning::NearAcross(across)));
    warnings.extend((!within.is_empty()).then_some(CheckWarning::NearWithin(within)));
    if !near.is_complete {
        warnings.push(CheckWarning::TooManyAlike);
    }
    CheckReport {
        title: data.title.clone(),
        source: data.source.clone(),
        fingerprint: data.fingerprint.clone(),
        shape: data.shape,
        class_names: data.class_names.clone(),
        parts,
        shared,
        contradictions,
        near: near.found,
        warnings,
    }
}

/// Some images of a part, in their order.
struct PartView<'a> {
    name: &'static str,
    part: &'a LabelledImages,
    indices: Vec<u32>,
}

fn views<'a>(data: &'a DataSet, split: Option<&Split>) -> Vec<PartView<'a>> {
    let all = |part: &LabelledImages| (0..part.len() as u32).collect();
    let view = |name, part, indices| PartView { name, part, indices };
    let test = view("test", &data.test, all(&data.test));
    match split {
        None => vec![view("training", &data.train, all(&data.train)), test],
        Some(split) => vec![
            view("training", &data.train, split.train.clone()),
            view("validation", &data.train, split.validation.clone()),
            test,
        ],
    }
}

/// Which images have been seen, and where first.
#[derive(Default)]
struct Duplicates<'a> {
    seen: HashMap<&'a [u8], (&'static str, u8)>,
    shared: Vec<SharedImages>,
    contradictions: usize,
    /// Those that equal no earlier one.
    distinct: Vec<Placed<'a>>,
}

impl<'a> Duplicates<'a> {
    /// Adds the images of a part; gives the number of those that it holds more than once.
    fn add(&mut self, view: &PartView<'a>, image_len: usize) -> usize {
        let mut within = 0;
        for &i in &view.indices {
            let image = view.part.image(i as usize, image_len);
            let label = view.part.labels[i as usize];
            let Some(&(with, other_label)) = self.seen.get(image) else {
                self.seen.insert(image, (view.name, label));
                self.distinct.push((view.name, i, image));
                continue;
            };
            self.contradictions += (label != other_label) as usize;
            if with == view.name {
                within += 1;
            } else {
                self.share(view.name, with);
            }
        }
        within
    }

    fn share(&mut self, part: &'static str, with: &'static str) {
        match self.shared.iter_mut().find(|shared| (shared.part, shared.with) == (part, with)) {
            Some(shared) => shared.images += 1,
            None => self.shared.push(SharedImages { part, with, images: 1 }),
        }
    }
}

fn part_report(view: &PartView, data: &DataSet, duplicates: usize) -> PartReport {
    let labels: Vec<u8> = view.indices.iter().map(|&i| view.part.labels[i as usize]).collect();
    let images = || view.indices.iter().map(|&i| view.part.image(i as usize, data.image_len()));
    let class_counts = count_classes(labels.iter().copied(), data.class_names.len());
    let (mean, sd, brightest) = brightness(images());
    let n = labels.len();
    let same = labels.windows(2).filter(|pair| pair[0] == pair[1]).count();
    let chance = |&count: &usize| (count as f64 / n.max(1) as f64).powi(2);
    PartReport {
        name: view.name,
        images: n,
        duplicates,
        constant: images().filter(|image| image.iter().all(|pixel| *pixel == image[0])).count(),
        same_as_before: same as f64 / n.saturating_sub(1).max(1) as f64,
        same_by_chance: class_counts.iter().map(chance).sum(),
        class_counts,
        mean,
        sd,
        brightest,
    }
}

/// Mean and standard deviation of pixels / 255, and the brightest pixel; the sums are of whole numbers, so that no
/// order of adding matters.
fn brightness<'a>(images: impl Iterator<Item = &'a [u8]>) -> (f64, f64, u8) {
    let mut histogram = [0u64; 256];
    images.flatten().for_each(|&pixel| histogram[pixel as usize] += 1);
    let sum =
        |power: u32| histogram.iter().enumerate().map(|(v, n)| (v as u64).pow(power) * n).sum::<u64>() as f64;
    let n = sum(0).max(1.0);
    let mean = sum(1) / n;
    let variance = (sum(2) / n - mean * mean).max(0.0);
    let brightest = histogram.iter().rposition(|n| *n > 0).unwrap_or(0);
    (mean / 255.0, variance.sqrt() / 255.0, brightest as u8)
}

fn warnings(
    parts: &[PartReport],
    shared: &[SharedImages],
    contradictions: usize,
    class_names: &[String],
    shape: [usize; 3],
) -> Vec<CheckWarning> {
    let mut warnings: Vec<CheckWarning> =
        parts.iter().flat_map(|part| part_warnings(part, class_names)).collect();
    let used = |class: &usize| parts.iter().any(|part| part.class_counts[*class] > 0);
    if let Some(first @ 1..) = (0..class_names.len()).find(used) {
        let is_below = |class: &String| class_names[..first].contains(class);
        warnings.retain(
            |warning| !matches!(warning, CheckWarning::ClassMissing { class, .. } if is_below(class)),
        );
        warnings.insert(0, CheckWarning::LabelsFrom { first });
    }
    if let [height @ (1 | 3 | 4), width, channels] = shape
        && channels > 4
    {
        warnings.insert(0, CheckWarning::ChannelsFirst { shape: [height, width, channels] });
    }
    warnings.extend(shared.iter().cloned().map(CheckWarning::Leak));
    if contradictions > 0 {
        warnings.push(CheckWarning::Contradictions { images: contradictions });
    }
    warnings
}

fn part_warnings(report: &PartReport, class_names: &[String]) -> Vec<CheckWarning> {
    let part = report.name;
    if report.images == 0 {
        return Vec::new();
    }
    let missing = class_names.iter().zip(&report.class_counts).filter(|(_, count)| **count == 0);
    let mut warnings: Vec<CheckWarning> =
        missing.map(|(class, _)| CheckWarning::ClassMissing { part, class: class.clone() }).collect();
    let of_one = |count: &usize| *count == report.images && report.images > 1;
    if class_names.len() > 1
        && let Some(place) = report.class_counts.iter().position(of_one)
        && let Some(class) = class_names.get(place)
    {
        warnings = vec![CheckWarning::OneClass { part, class: class.clone() }];
    }
    if report.brightest == 1 {
        warnings.push(CheckWarning::Dark { part });
    }
    let present = || report.class_counts.iter().copied().filter(|&count| count > 0);
    let (smallest, largest) = (present().min().unwrap_or(0), present().max().unwrap_or(0));
    if largest > 10 * smallest {
        warnings.push(CheckWarning::Imbalance { part, smallest, largest });
    }
    if report.duplicates > 0 {
        warnings.push(CheckWarning::Duplicates { part, images: report.duplicates });
    }
    if report.constant > 0 {
        warnings.push(CheckWarning::Constant { part, images: report.constant });
    }
    warnings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fingerprint, split};
    use toile_rng::Seed;

    /// Images of two pixels; the label is given with each.
    fn data(train: &[([u8; 2], u8)], test: &[([u8; 2], u8)]) -> DataSet {
        let part = |images: &[([u8; 2], u8)]| LabelledImages {
            images: images.iter().flat_map(|image| image.0).collect(),
            labels: images.iter().map(|image| image.1).collect(),
        };
        let class_names = vec!["a".to_string(), "b".to_string()];
        let (train, test) = (part(train), part(test));
        DataSet {
            name: "t".into(),
            title: "t".into(),
            shape: [1, 2, 1],
            fingerprint: fingerprint([1, 2, 1], &class_names, &train, &test),
            class_names,
            train,
            test,
            source: "t".into(),
            procedural: false,
            own_validation: 0,
            reading: Default::default(),
        }
    }

    #[test]
    fn equal_images_are_counted_within_and_across_parts() {
        let data = data(
            &[([1, 2], 0), ([1, 2], 0), ([3, 4], 1), ([1, 2], 1)],
            &[([5, 6], 0), ([3, 4], 1), ([5, 6], 0), ([1, 2], 0)],
        );
        let report = check(&data, None);
        assert_eq!(report.parts.iter().map(|part| part.duplicates).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(report.shared, [SharedImages { part: "test", with: "training", images: 2 }]);
        assert_eq!(report.contradictions, 1);
        let lines: Vec<String> = report.warnings.iter().map(|warning| warning.to_string()).collect();
        assert!(lines.contains(&"training: images that occur more than once: 2".to_string()), "{lines:?}");
        assert!(lines.iter().any(|line| line.starts_with("test: images that are also in training: 2")));
    }

    /// Labels 1 to 26, as those of EMNIST's letters.
    #[test]
    fn labels_that_do_not_start_at_0_are_told_once_for_all_parts() {
        let report = check(&data(&[([1, 2], 1), ([2, 3], 1)], &[([9, 8], 1)]), None);
        let first = CheckWarning::LabelsFrom { first: 1 };
        let missing = |warning: &CheckWarning| matches!(warning, CheckWarning::ClassMissing { .. });
        assert!(report.warnings.contains(&first) && !report.warnings.iter().any(missing), "{report:?}");
        let zero_in_the_test_only = check(&data(&[([1, 2], 1), ([2, 3], 1)], &[([9, 8], 0)]), None);
        assert!(!zero_in_the_test_only.warnings.contains(&first));
    }

    #[test]
    fn validation_is_a_part_of_its_own() {
        let data = data(&[([1, 2], 0), ([2, 3], 1), ([3, 4], 0), ([1, 2], 1)], &[([9, 8], 0)]);
        let parts = split(&data.train.labels, 2, 0.25, SplitHow::Last, Seed::new(1)).unwrap();
        let report = check(&data, Some(&parts));
        let names: Vec<_> = report.parts.iter().map(|part| (part.name, part.images)).collect();
        assert_eq!(names, [("training", 3), ("validation", 1), ("test", 1)]);
        assert_eq!(report.shared, [SharedImages { part: "validation", with: "training", images: 1 }]);
        let missing = CheckWarning::ClassMissing { part: "validation", class: "a".into() };
        assert!(report.warnings.contains(&missing));
    }

    #[test]
    fn a_sorted_part_is_told_from_a_shuffled_one() {
        let sorted: Vec<([u8; 2], u8)> = (0..100).map(|i| ([i, 200], i / 50)).collect();
        let mixed: Vec<([u8; 2], u8)> = (0..100).map(|i| ([i, 201], (i / 2) % 2)).collect();
        let looks_sorted = |train: &[([u8; 2], u8)], how| {
            let data = data(train, &[([7, 8], 0), ([8, 7], 1)]);
            let parts = split(&data.train.labels, 2, 0.1, how, Seed::new(1)).unwrap();
            check(&data, Some(&parts)).warnings.contains(&CheckWarning::LooksSorted { part: "training" })
        };
        assert!(looks_sorted(&sorted, SplitHow::Last) && !looks_sorted(&mixed, SplitHow::Last));
        assert!(
            !looks_sorted(&sorted, SplitHow::Stratified),
            "where each class is split, order does not matter"
        );
    }

    #[test]
    fn constant_images_and_imbalance_are_reported() {
        let mut train: Vec<([u8; 2], u8)> = (0..60).map(|i| ([i, i + 1], 0)).collect();
        train.push(([9, 9], 1));
        let report = check(&data(&train, &[([0, 1], 0), ([1, 0], 1)]), None);
        assert!(report.warnings.contains(&CheckWarning::Constant { part: "training", images: 1 }));
        assert!(report.warnings.contains(&CheckWarning::Imbalance {
            part: "training",
            smallest: 1,
            largest: 60
        }));
    }

    /// `numpy.array([0, 255, 51, 102]) / 255`: mean 0.4, standard deviation 0.37416574.
    #[test]
    fn brightness_is_in_units_of_full_white() {
        let report = check(&data(&[([0, 255], 0), ([51, 102], 1)], &[([0, 1], 0)]), None);
        assert!((report.parts[0].mean - 0.4).abs() < 1e-12);
        assert!((report.parts[0].sd - 0.374_165_738_677_394_1).abs() < 1e-12);
    }
}
