//! Rules that hold for every form: which class is which, what is a part, what is a share, how deep and how large.

use super::archives::{Tree, own, zipped};
use super::forms::*;
use super::picture_folders::write;
use super::{idx, tiny, write_files};
use crate::locations::Locations;
use crate::options::{DataTable, Resize};
use crate::{DataError, ValidationPart, load_table};
use zip::CompressionMethod::Stored;

/// A table of two images for each word.
fn words(words: &[&str]) -> Vec<u8> {
    let rows = words.iter().map(|word| format!("{word},1,2,3,4\n{word},5,6,7,8\n"));
    ("label,a,b,c,d\n".to_string() + &rows.collect::<String>()).into_bytes()
}

fn with_classes(words_of_train: &[&str], classes: &str) -> Tree {
    vec![
        ("train.csv".into(), words(words_of_train)),
        ("test.csv".into(), words(&words_of_train[..1])),
        ("classes.txt".into(), classes.as_bytes().to_vec()),
    ]
}

/// `classes.txt` gave its names to the words in the order of the text: `cat` was called `dog`, and `dog` `cat`.
#[test]
fn classes_txt_decides_which_word_is_which_class() {
    let data = own(write(&with_classes(&["cat", "dog"], "dog\ncat\nfox\n")).path()).unwrap();
    assert_eq!(data.class_names, ["dog", "cat", "fox"]);
    assert_eq!((data.train.labels, data.test.labels), (vec![1, 1, 0, 0], vec![1, 1]));
    let message = refused(&with_classes(&["cat", "cow"], "dog\ncat\n"), "");
    assert!(message.ends_with("line 4: has the label `cow`, which `classes.txt` does not name"), "{message}");
}

/// The 257th word and all after it became one class with the 256th.
#[test]
fn more_than_256_classes_are_refused() {
    let names: Vec<String> = (0..257).map(|i| format!("word{i:03}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let files = |n: usize| one("train.csv", words(&names[..n]));
    let fifth = DataTable { test_fraction: Some(0.5), ..DataTable::default() };
    assert_eq!(table(&files(256), "", fifth.clone()).unwrap().class_names.len(), 256);
    let error = table(&files(257), "", fifth.clone()).unwrap_err();
    assert!(error.to_string().ends_with("has 257 classes, and toile has at most 256"), "{error}");
    let folders: Tree = (0..257).map(|i| (format!("{i}/a.png"), Vec::new())).collect();
    assert!(refused(&folders, "").ends_with("has 257 classes, and toile has at most 256"));
    assert!(matches!(table(&files(1), "", fifth), Err(DataError::OneClass { .. })));
}

/// They were taken without a word, and did nothing.
#[test]
fn a_named_set_is_not_read_otherwise_than_it_was_published() {
    let locations = Locations { offline: true, ..Locations::new("/dev/null/cache".into()) };
    let table = DataTable {
        size: Some([14, 14]),
        resize: Some(Resize::Area),
        channels: Some(3),
        test_fraction: Some(0.1),
        validation: Some(ValidationPart::Own),
        path: String::new(),
    };
    for name in ["drawn-garments", "fashion-mnist"] {
        let table = DataTable { path: name.into(), ..table.clone() };
        let error = load_table(&table, None, &locations, &mut |_| {}).unwrap_err();
        let expected = "without size, resize, channels, test_fraction, validation";
        assert!(error.to_string().ends_with(expected), "{error}");
        assert!(error.help().contains("toile data convert"));
    }
}

/// An archive may hold itself, so to speak: each level costs a few bytes only.
#[test]
fn archives_in_archives_have_an_end() {
    let nested = |levels: usize| {
        let innermost = zipped(&idx_files(), Stored);
        one("a.zip", (0..levels).fold(innermost, |inner, _| zipped(&one("a.zip", inner), Stored)))
    };
    let right = own(write(&idx_files()).path()).unwrap().fingerprint;
    for levels in 0..=3 {
        assert_eq!(own(&write(&nested(levels)).path().join("a.zip")).unwrap().fingerprint, right, "{levels}");
    }
    for levels in [4, 500] {
        let message = refused(&nested(levels), "a.zip");
        assert!(message.ends_with("more than 3 deep"), "{message}");
    }
}

/// Twenty images of 2 x 2 pixels in IDX were to take 201 MB each.
#[test]
fn the_size_that_is_asked_for_is_checked_before_anything_is_allocated() {
    let folder = tempfile::tempdir().unwrap();
    let n = 20;
    let mut files = tiny();
    (files[0], files[1]) = (idx(&[n, 2, 2], &[9; 80]), idx(&[n], &[0; 20]));
    write_files(folder.path(), &files);
    let table = DataTable {
        size: Some([8192, 8192]),
        resize: Some(Resize::Area),
        channels: Some(3),
        ..DataTable::at(folder.path().to_str().unwrap())
    };
    let locations = Locations { offline: true, ..Locations::new("/dev/null/cache".into()) };
    let error = load_table(&table, None, &locations, &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("declares 20 x 8192 x 8192 x 3 = 4026531840 bytes"), "{error}");
}

/// `validation` was found in folders, and not beside `train.csv`; `training` was a part of folders only.
#[test]
fn the_words_for_parts_are_the_same_for_folders_and_tables() {
    let right = own(write(&tables()).path()).unwrap();
    for [train, validation, test] in
        [["train", "validation", "test"], ["training", "val", "testing"], ["Train", "VALID", "Test"]]
    {
        let part = |part: usize| tables()[part].1.clone();
        let files: Tree = [(train, 0), (validation, 1), (test, 1)]
            .map(|(word, i)| (format!("latest_{word}.csv"), part(i)))
            .to_vec();
        for path in ["", &format!("latest_{train}.csv")] {
            let own = DataTable { validation: Some(ValidationPart::Own), ..DataTable::default() };
            let data = table(&files, path, own).unwrap();
            assert_eq!((data.own_validation, &data.test), (3, &right.test), "{train} {path}");
        }
        let pictures: Tree = picture_files()
            .into_iter()
            .map(|(name, bytes)| (name.replace("train/", &format!("{train}/")), bytes))
            .map(|(name, bytes)| (name.replace("test/", &format!("{test}/")), bytes))
            .collect();
        assert_eq!(own(write(&pictures).path()).unwrap().fingerprint, right.fingerprint);
    }
    let mut files = tables();
    files.push(("set_testing.csv".into(), tables()[1].1.clone()));
    for path in ["", "set_train.csv"] {
        assert!(refused(&files, path).contains("has two tables for one part"));
    }
}

/// Both tables have the same to say, with something else between.
#[test]
fn a_note_is_said_once() {
    let part = |labels: &[u8]| {
        let rows = labels.iter().map(|label| format!("{label},0.0,1.0,0.0,1.0\n"));
        rows.collect::<String>().into_bytes()
    };
    let files: Tree = vec![("train.csv".into(), part(&[0, 1])), ("test.csv".into(), part(&[1, 0]))];
    let notes = own(write(&files).path()).unwrap().reading.notes;
    assert_eq!(
        notes,
        [
            "no column is called `label`: the first one was taken for the labels",
            "pixels were stored as shares of 255"
        ]
    );
}

/// Black and white images: a table gave 0 and 1, an array of the same floats 0 and 255.
#[test]
fn floats_that_are_all_0_or_1_are_shares_in_arrays_and_in_tables() {
    let bits = |n: usize| (0..n * 16).map(|i| (i % 3 == 0) as u8).collect::<Vec<u8>>();
    let floats = |n: usize| bits(n).iter().flat_map(|&bit| f32::from(bit).to_le_bytes()).collect::<Vec<u8>>();
    let arrays = |descr: &str, data: &dyn Fn(usize) -> Vec<u8>| -> Tree {
        vec![
            ("x_train.npy".into(), npy(descr, "False", "(5, 4, 4)", &data(5))),
            ("y_train.npy".into(), npy("|u1", "False", "(5,)", &TRAIN)),
            ("x_test.npy".into(), npy(descr, "False", "(3, 4, 4)", &data(3))),
            ("y_test.npy".into(), npy("|u1", "False", "(3,)", &TEST)),
        ]
    };
    let tables = |end: &str| -> Tree {
        let table = |n, labels: &[u8]| {
            let text = String::from_utf8(csv(&bits(n), labels, false)).unwrap();
            text.replace(',', &format!("{end},")).replace("\r\n", &format!("{end}\r\n")).into_bytes()
        };
        vec![("train.csv".into(), table(5, &TRAIN)), ("test.csv".into(), table(3, &TEST))]
    };
    let read = |files: &Tree| own(write(files).path()).unwrap();
    let (array, text) = (read(&arrays("<f4", &floats)), read(&tables(".0")));
    assert_eq!((array.fingerprint, array.train.images[0]), (text.fingerprint, 255));
    let (array, text) = (read(&arrays("|u1", &bits)), read(&tables("")));
    assert_eq!((array.fingerprint, array.train.images[0]), (text.fingerprint, 1));
}

/// A file beside the one that was asked for, with a name that is no text, has no part in it.
#[cfg(unix)]
#[test]
fn a_neighbour_whose_name_is_no_text_does_no_harm() {
    use std::os::unix::ffi::OsStrExt;
    let folder = write(&tables());
    let name = std::ffi::OsStr::from_bytes(b"photo\xff.txt");
    if std::fs::write(folder.path().join(name), "x").is_err() {
        return; // a file system that takes no such name
    }
    assert!(own(&folder.path().join("set_train.csv")).is_ok());
    let error = own(folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("has a name that is no text"), "{error}");
}
