//! The real Fashion-MNIST, against the numbers measured elsewhere. Needs `TOILE_DATA_DIR`; without it the tests say
//! that they were skipped.

#![allow(clippy::print_stderr)] // a test may say that it was skipped

use std::path::{Path, PathBuf};
use toile_data::{CheckWarning, DataError, DataSet, Locations, SplitHow, check, load, split};
use toile_rng::Seed;

fn data_dir() -> Option<PathBuf> {
    let dir = std::env::var_os("TOILE_DATA_DIR").map(PathBuf::from);
    if dir.is_none() {
        eprintln!("skipped: TOILE_DATA_DIR is not set, the real Fashion-MNIST was not read");
    }
    dir
}

fn real() -> Option<DataSet> {
    let (data_dir, cache) = (data_dir()?, tempfile::tempdir().unwrap());
    let mut locations = Locations { offline: true, ..Locations::new(cache.path().into()) };
    locations.data_dir = Some(data_dir);
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

/// The second load of the real set takes the decoded copy that the first one made.
#[test]
fn a_decoded_copy_is_the_official_set() {
    let Some(data_dir) = data_dir() else { return };
    let cache = tempfile::tempdir().unwrap();
    let locations = Locations::new(cache.path().into());
    let locations = Locations { data_dir: Some(data_dir), offline: true, ..locations };
    let load = || load("fashion-mnist", None, &locations, &mut |_| {}).unwrap();
    let first = load();
    assert!(cache.path().join("decoded/fashion-mnist").is_file());
    assert!(load() == first, "the copy differs from its originals");
}

/// Counted with NumPy over the labels of rows 54,000 to 59,999.
#[test]
fn the_last_tenth_has_the_class_counts_that_keras_validates_on() {
    let Some(data) = real() else { return };
    let parts = split(&data.train.labels, 10, 0.1, SplitHow::Last, Seed::new(0)).unwrap();
    assert_eq!(parts.validation_counts, [630, 584, 602, 605, 633, 591, 565, 555, 616, 619]);
    assert_eq!(parts.train_counts.iter().sum::<usize>(), 54_000);
}

/// Zero exact duplicates and no constant image, as measured with NumPy; and the twins that the products of all 70,000
/// normalised images in NumPy show, each counted with the first one that it is near to.
#[test]
fn the_check_of_the_official_set_finds_its_twins_and_nothing_else() {
    let Some(data) = real() else { return };
    let parts = split(&data.train.labels, 10, 0.1, SplitHow::Last, Seed::new(0)).unwrap();
    let report = check(&data, Some(&parts));
    let near: Vec<_> = report.near.iter().map(|near| (near.part, near.with, near.images)).collect();
    let (train, validation, test) = ("training", "validation", "test");
    let expected = [
        (train, train, 33),
        (validation, train, 10),
        (validation, validation, 1),
        (test, train, 12),
        (test, validation, 1),
        (test, test, 1),
    ];
    assert_eq!(near, expected);
    let others = |warning: &&CheckWarning| {
        !matches!(warning, CheckWarning::NearAcross(_) | CheckWarning::NearWithin(_))
    };
    assert_eq!(report.warnings.iter().filter(others).count(), 0, "{:?}", report.warnings);
    assert_eq!(report.fingerprint, "9b8b78c0292374cb59d572d825a1fa98613bfcdb64c4eedcc541fd517f378f12");
    let whole = check(&data, None);
    assert!(
        (whole.parts[0].mean - 0.286_040_6).abs() < 1e-7 && (whole.parts[0].sd - 0.353_024_2).abs() < 1e-7
    );
}

const FILES: [&str; 4] = [
    "train-images-idx3-ubyte.gz",
    "train-labels-idx1-ubyte.gz",
    "t10k-images-idx3-ubyte.gz",
    "t10k-labels-idx1-ubyte.gz",
];

/// Asks for a set in a folder of links to the real files, some of them replaced.
#[cfg(unix)]
fn asked_as(name: &str, replaced: &[(&str, Vec<u8>)]) -> Option<DataError> {
    let real = data_dir()?.join("fashion-mnist");
    let folder = tempfile::tempdir().unwrap();
    for file in FILES {
        let path = folder.path().join(file);
        match replaced.iter().find(|(name, _)| *name == file) {
            Some((_, bytes)) => std::fs::write(path, bytes).unwrap(),
            None => std::os::unix::fs::symlink(real.join(file), path).unwrap(),
        }
    }
    let mut locations = Locations { offline: true, ..Locations::new(folder.path().join("cache")) };
    locations.data_dir = Some(folder.path().into());
    Some(load(name, None, &locations, &mut |_| {}).expect_err("wrong data was accepted"))
}

#[cfg(unix)]
#[test]
fn fashion_mnist_under_the_names_of_mnist_is_refused_by_its_name() {
    let Some(error) = asked_as("mnist", &[]) else { return };
    assert!(error.to_string().ends_with("which is Fashion-MNIST (official, 2017-08-31)"), "{error}");
    let Some(error) = asked_as("kmnist", &[]) else { return };
    assert!(error.to_string().ends_with("which is Fashion-MNIST (official, 2017-08-31)"), "{error}");
}

#[cfg(unix)]
#[test]
fn damaged_copies_of_the_official_files_are_refused() {
    let Some(dir) = data_dir() else { return };
    let read = |file: &str| std::fs::read(Path::new(&dir).join("fashion-mnist").join(file)).unwrap();
    let (labels, images) = (read(FILES[3]), read(FILES[2]));
    let error = |file, bytes| asked_as("fashion-mnist", &[(file, bytes)]).unwrap();
    assert!(matches!(error(FILES[3], labels[..3000].to_vec()), DataError::CutShort { .. }));
    assert!(matches!(error(FILES[1], labels.clone()), DataError::Dimensions { .. }));
    for position in [100, images.len() / 2, images.len() - 6] {
        let mut flipped = images.clone();
        flipped[position] ^= 0x10;
        let error = error(FILES[2], flipped);
        // Damage may show as a broken stream, an odd header, a wrong length or a wrong checksum.
        assert!(error.to_string().contains(FILES[2]), "the file is not named: {error}");
    }
}
