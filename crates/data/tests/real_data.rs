//! The real Fashion-MNIST, against the numbers measured elsewhere. Needs `TOILE_DATA_DIR`; without it the tests say
//! that they were skipped.

#![allow(clippy::print_stderr)] // a test may say that it was skipped

use std::path::PathBuf;
use toile_data::{DataSet, Locations, SplitHow, load, split};
use toile_rng::Seed;

fn data_dir() -> Option<PathBuf> {
    let dir = std::env::var_os("TOILE_DATA_DIR").map(PathBuf::from);
    if dir.is_none() {
        eprintln!("skipped: TOILE_DATA_DIR is not set, the real Fashion-MNIST was not read");
    }
    dir
}

fn real() -> Option<DataSet> {
    let nowhere = PathBuf::from("/nonexistent");
    let mut locations = Locations { data_dir: Some(data_dir()?), offline: true, ..Locations::new(nowhere) };
    locations.system_dirs.clear();
    Some(load("fashion-mnist", None, &locations, &mut |_| {}).expect("TOILE_DATA_DIR holds Fashion-MNIST"))
}

/// Counts and pixel means as measured with NumPy: train .2860406, test .2868493 of pixels / 255.
#[test]
fn the_official_set_has_its_published_counts_and_means() {
    let Some(data) = real() else { return };
    assert_eq!(data.title, "Fashion-MNIST (official, 2017-08-31)");
    assert_eq!(data.shape, [28, 28, 1]);
    assert_eq!((data.train.len(), data.test.len()), (60_000, 10_000));
    assert_eq!(data.train.class_counts(10), [6_000; 10]);
    assert_eq!(data.test.class_counts(10), [1_000; 10]);
    for (part, mean) in [(&data.train, 0.286_040_6), (&data.test, 0.286_849_3)] {
        let sum: u64 = part.images.iter().map(|&pixel| pixel as u64).sum();
        assert!((sum as f64 / part.images.len() as f64 / 255.0 - mean).abs() < 1e-7);
    }
    assert_eq!(data.class_names[9], "Ankle boot");
    assert!(!data.procedural);
}

/// Counted with NumPy over the labels of rows 54,000 to 59,999.
#[test]
fn the_last_tenth_has_the_class_counts_that_keras_validates_on() {
    let Some(data) = real() else { return };
    let parts = split(&data.train.labels, 10, 0.1, SplitHow::Last, Seed::new(0)).unwrap();
    assert_eq!(parts.validation_counts, [630, 584, 602, 605, 633, 591, 565, 555, 616, 619]);
    assert_eq!(parts.train_counts.iter().sum::<usize>(), 54_000);
}
