//! Folders of the user's own: where they start, what their classes are, and what does not belong together.

use super::{idx, tiny, write_files};
use crate::error::DataError;
use crate::folder::FILES;
use crate::locations::Locations;
use crate::{DataSet, load};
use std::path::Path;

fn own(folder: &Path) -> Result<DataSet, DataError> {
    let locations = Locations { offline: true, ..Locations::new("/dev/null/cache".into()) };
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

/// Labels 1 to 26, as those of EMNIST's letters: the file is neither damaged nor of another set.
#[test]
fn labels_from_1_are_told_where_a_class_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = tiny();
    (files[1], files[3]) = (idx(&[3], &[1, 2, 1]), idx(&[2], &[2, 1]));
    write_files(folder.path(), &files);
    std::fs::write(folder.path().join("classes.txt"), "cat\ndog\n").unwrap();
    let error = own(folder.path()).unwrap_err();
    let expected = "has the label 2 at position 1, expected 0 to 1; the labels start at 1, none is 0";
    assert!(error.to_string().ends_with(expected), "{error}");
    assert!(error.help().contains("subtract"), "{}", error.help());
}

/// EMNIST's names, Keras' words, a browser's copies, capitals, a folder for each file.
#[test]
fn files_under_other_names_are_named_with_what_they_should_be_called() {
    let usual = ["train-images", "train-labels", "t10k-images", "t10k-labels"];
    let shown = |names: [&str; 4]| {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in names.iter().zip(tiny()) {
            let file = folder.path().join(name);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, bytes).unwrap();
        }
        let error = own(folder.path()).unwrap_err();
        assert!(matches!(error, DataError::Missing { all: true, .. }), "{error}");
        (error.to_string(), error.help())
    };
    for names in [
        usual.map(|name| format!("emnist-digits-{}-ubyte.gz", name.replace("t10k", "test"))),
        usual.map(|name| format!("{name}-idx-ubyte (1)")),
        usual.map(|name| format!("{}.TXT", name.to_uppercase())),
        usual.map(|name| format!("{name}/{name}.idx")),
        usual.map(|name| name.replace('-', "_")),
    ] {
        let (message, help) = shown(names.each_ref().map(|name| name.as_str()));
        for (name, usual) in names.iter().zip(FILES) {
            let gzip = if name.ends_with(".gz") { ".gz" } else { "" };
            assert!(help.contains(&format!("`{name}` to `{usual}{gzip}`")), "{help}");
            let top = name.split_inclusive('/').next().unwrap();
            assert!(message.contains(top), "{message}");
        }
    }
}

#[test]
fn a_folder_with_several_sets_or_the_files_below_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    for set in ["letters", "digits"] {
        std::fs::write(folder.path().join(format!("{set}-train-images-idx3-ubyte")), "").unwrap();
    }
    let help = own(folder.path()).unwrap_err().help();
    assert!(help.contains("several files may be train-images-idx3-ubyte"), "{help}");
    write_files(&folder.path().join("raw"), &tiny());
    let help = own(folder.path()).unwrap_err().help();
    assert_eq!(help, "all four are in `raw`: name that folder");
}

#[test]
fn a_path_that_leads_to_no_folder_is_told_with_the_reason() {
    let base = tempfile::tempdir().unwrap();
    write_files(&base.path().join("images"), &tiny());
    let locations = Locations { offline: true, ..Locations::new("/dev/null/cache".into()) };
    let from = |name: &str| load(name, Some(base.path()), &locations, &mut |_| {}).unwrap_err();
    let whole = base.path().join("./imags").display().to_string().replace("/./", "/");
    let error = from("./imags");
    assert_eq!(error.to_string(), format!("there is no folder `{whole}`"));
    assert!(error.help().contains("but has no `imags`; did you mean `images`?"), "{}", error.help());
    assert!(from("~/images").help().starts_with("`~` is replaced by a shell"));
    assert!(from("$HOME/images").help().starts_with("`$HOME` is replaced by a shell"));
    let error = from("./images/train-images-idx3-ubyte.gz");
    assert!(error.to_string().ends_with("is a file, expected the folder with the four files"), "{error}");
    assert!(error.help().contains("/images`"), "{}", error.help());
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
    let locations = Locations { offline: true, ..Locations::new("/dev/null/cache".into()) };
    let from = |name| load(name, Some(base.path()), &locations, &mut |_| {});
    assert_eq!(from("my/set").unwrap().name, "my/set");
    assert!(matches!(from("my/sat"), Err(DataError::NoFolder { .. })));
    assert!(matches!(from("./"), Err(DataError::Missing { all: true, .. })));
    let absolute = base.path().join("my/set");
    assert_eq!(from(absolute.to_str().unwrap()).unwrap().fingerprint, from("my/set").unwrap().fingerprint);
}

#[test]
fn a_misspelt_name_is_answered_with_the_near_one() {
    let locations = Locations { offline: true, ..Locations::new("/dev/null/cache".into()) };
    let help = |name| load(name, None, &locations, &mut |_| {}).unwrap_err().help();
    assert!(help("fashion_mnist").starts_with("did you mean `fashion-mnist`?"));
    assert!(help("FashionMNIST").starts_with("did you mean `fashion-mnist`?"));
    assert!(help("kmnits").starts_with("did you mean `kmnist`?"));
    assert!(help("cifar10").starts_with("did you mean `cifar-10`?"));
    assert!(help("EMNIST").starts_with("did you mean `emnist-letters`?"));
    assert!(help("zebra").starts_with("known: fashion-mnist, mnist, kmnist, emnist-letters, "));
}

#[test]
fn the_drawn_set_loads_by_its_name_and_cannot_be_fetched() {
    let locations = Locations { offline: true, ..Locations::new("/dev/null/cache".into()) };
    let data = load("drawn-garments", None, &locations, &mut |_| {}).unwrap();
    assert_eq!((data.train.len(), data.test.len(), data.procedural), (60_000, 10_000, true));
    let error = crate::fetch("drawn-garments", &locations, &mut |_| {}).unwrap_err();
    assert!(matches!(error, DataError::NothingToFetch { .. }));
}
