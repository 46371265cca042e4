//! Folders of the user's own: where they start, what their classes are, and what does not belong together.

use super::{idx, tiny, write_files};
use crate::error::DataError;
use crate::locations::Locations;
use crate::{DataSet, load};
use std::path::Path;

fn own(folder: &Path) -> Result<DataSet, DataError> {
    let locations = Locations { offline: true, ..Locations::new("/nonexistent".into()) };
    load(folder.to_str().unwrap(), None, &locations, &mut |_| {})
}

fn with(change: impl FnOnce(&mut [Vec<u8>; 4])) -> Result<DataSet, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let mut files = tiny();
    change(&mut files);
    write_files(folder.path(), &files);
    own(folder.path())
}

#[test]
fn classes_are_numbered_up_to_the_largest_label() {
    let data = with(|files| files[3] = idx(&[2], &[4, 0])).unwrap();
    assert_eq!(data.class_names, ["0", "1", "2", "3", "4"]);
    assert_eq!(data.shape, [2, 2, 1]);
    assert!(data.title.ends_with("(own data)"));
    assert_eq!(with(|files| files[3] = idx(&[2], &[255, 0])).unwrap().class_names.len(), 256);
}

#[test]
fn classes_txt_names_the_classes_and_every_label_needs_one() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &tiny());
    std::fs::write(folder.path().join("classes.txt"), "cat\ndog\nfox\n").unwrap();
    assert_eq!(own(folder.path()).unwrap().class_names, ["cat", "dog", "fox"]);
    let mut files = tiny();
    files[1] = idx(&[3], &[0, 3, 0]);
    write_files(folder.path(), &files);
    let error = own(folder.path()).unwrap_err().to_string();
    assert!(
        error.ends_with("train-labels-idx1-ubyte.gz` has the label 3 at position 1, expected 0 to 2"),
        "{error}"
    );
}

#[test]
fn colour_images_have_channels_last() {
    let colour = |files: &mut [Vec<u8>; 4]| {
        files[0] = idx(&[3, 1, 2, 3], &[9; 18]);
        files[2] = idx(&[2, 1, 2, 3], &[8; 12]);
    };
    assert_eq!(with(colour).unwrap().shape, [1, 2, 3]);
}

#[test]
fn files_that_do_not_belong_together_are_refused() {
    let error = with(|files| files[1] = idx(&[4], &[0, 1, 0, 1])).unwrap_err();
    assert!(error.to_string().contains("holds 3 images, but"), "{error}");
    assert!(error.to_string().ends_with("holds 4 labels"), "{error}");
    let error = with(|files| files[2] = idx(&[2, 1, 4], &[0; 8])).unwrap_err();
    assert!(matches!(error, DataError::ShapeMismatch { .. }), "{error}");
    for dims in [vec![0, 2, 2], vec![3, 0, 2], vec![3, 2], vec![1, 1, 1, 1, 1]] {
        let error = with(|files| files[0] = idx(&dims, &[])).unwrap_err();
        assert!(matches!(error, DataError::Dimensions { .. }), "{error}");
    }
    assert!(matches!(with(|files| files[1] = idx(&[3, 1], &[0; 3])), Err(DataError::Dimensions { .. })));
}

#[test]
fn one_class_is_nothing_to_learn() {
    let error = with(|files| (files[1], files[3]) = (idx(&[3], &[0; 3]), idx(&[2], &[0; 2]))).unwrap_err();
    assert!(error.to_string().ends_with("knows only one class, expected 2 to 256"), "{error}");
}

#[test]
fn a_relative_folder_starts_at_the_study_file() {
    let base = tempfile::tempdir().unwrap();
    write_files(&base.path().join("my/set"), &tiny());
    let locations = Locations { offline: true, ..Locations::new("/nonexistent".into()) };
    let from = |name| load(name, Some(base.path()), &locations, &mut |_| {});
    assert_eq!(from("my/set").unwrap().name, "my/set");
    assert!(matches!(from("my/sat"), Err(DataError::NoFolder { .. })));
    assert!(matches!(from("./"), Err(DataError::Missing { all: true, .. })));
    let absolute = base.path().join("my/set");
    assert_eq!(from(absolute.to_str().unwrap()).unwrap().fingerprint, from("my/set").unwrap().fingerprint);
}

#[test]
fn a_misspelt_name_is_answered_with_the_near_one() {
    let locations = Locations { offline: true, ..Locations::new("/nonexistent".into()) };
    let help = |name| load(name, None, &locations, &mut |_| {}).unwrap_err().help();
    assert!(help("fashion_mnist").starts_with("did you mean `fashion-mnist`?"));
    assert!(help("FashionMNIST").starts_with("did you mean `fashion-mnist`?"));
    assert!(help("kmnits").starts_with("did you mean `kmnist`?"));
    assert!(help("zebra").starts_with("known: fashion-mnist, mnist, kmnist, drawn-garments;"));
}

#[test]
fn the_drawn_set_loads_by_its_name_and_cannot_be_fetched() {
    let locations = Locations { offline: true, ..Locations::new("/nonexistent".into()) };
    let data = load("drawn-garments", None, &locations, &mut |_| {}).unwrap();
    assert_eq!((data.train.len(), data.test.len(), data.procedural), (60_000, 10_000, true));
    let error = crate::fetch("drawn-garments", &locations, &mut |_| {}).unwrap_err();
    assert!(matches!(error, DataError::NothingToFetch { .. }));
}
