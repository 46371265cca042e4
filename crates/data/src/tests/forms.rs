//! One small set in every form that is read: the same pixels, labels, names and order, so the same fingerprint. And
//! each form's own pitfalls.

use super::archives::{Tree, own, tarred, zipped};
use super::picture_folders::{gray_png, write};
use super::{gzip, idx};
use crate::error::DataError;
use crate::locations::Locations;
use crate::options::{DataTable, ValidationPart};
use crate::{DataSet, load_table};
use zip::CompressionMethod::{Deflated, Stored};

/// Images of 4 x 4 pixels, sorted by class: five of training, three of test.
pub(super) const TRAIN: [u8; 5] = [0, 0, 1, 1, 2];
pub(super) const TEST: [u8; 3] = [0, 1, 2];

pub(super) fn pixels(part: u8, n: usize) -> Vec<u8> {
    (0..n * 16).map(|i| (i as u8).wrapping_mul(37).wrapping_add(part)).collect()
}

pub(super) fn parts() -> [(&'static str, Vec<u8>, &'static [u8]); 2] {
    [("train", pixels(3, 5), &TRAIN), ("test", pixels(90, 3), &TEST)]
}

pub(super) fn npy(descr: &str, order: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let dict = format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((dict.len() as u16 + 1).to_le_bytes());
    bytes.extend(dict.as_bytes());
    bytes.push(b'\n');
    bytes.extend(data);
    bytes
}

pub(super) fn arrays(names: [&str; 4]) -> Tree {
    let [(_, train, train_labels), (_, test, test_labels)] = parts();
    vec![
        (format!("{}.npy", names[0]), npy("|u1", "False", "(5, 4, 4)", &train)),
        (format!("{}.npy", names[1]), npy("|u1", "False", "(5,)", train_labels)),
        (format!("{}.npy", names[2]), npy("|u1", "False", "(3, 4, 4)", &test)),
        (format!("{}.npy", names[3]), npy("|u1", "False", "(3, 1)", test_labels)),
    ]
}

pub(super) fn idx_files() -> Tree {
    let [(_, train, train_labels), (_, test, test_labels)] = parts();
    let files =
        [idx(&[5, 4, 4], &train), idx(&[5], train_labels), idx(&[3, 4, 4], &test), idx(&[3], test_labels)];
    crate::folder::FILES.iter().map(|name| name.to_string()).zip(files).collect()
}

/// EMNIST's: on their sides, labels from 1, characters by their codes.
pub(super) fn emnist_files() -> Tree {
    let mut files: Tree = idx_files()
        .into_iter()
        .map(|(name, bytes)| (format!("emnist-letters-{}", name.replace("t10k", "test")), bytes))
        .collect();
    for (i, (_, bytes)) in files.iter_mut().enumerate() {
        match i % 2 {
            0 => bytes[16..].chunks_exact_mut(16).for_each(|image| {
                let upright = image.to_vec();
                (0..16).for_each(|at| image[at] = upright[at % 4 * 4 + at / 4]);
            }),
            _ => bytes[8..].iter_mut().for_each(|label| *label += 1),
        }
    }
    files.push(("emnist-letters-mapping.txt".into(), b"1 48 48\n2 49 49\n3 50 50\n".to_vec()));
    files
}

pub(super) fn picture_files() -> Tree {
    let mut files = Tree::new();
    for (part, pixels, labels) in parts() {
        for (i, label) in labels.iter().enumerate() {
            files.push((format!("{part}/{label}/{i}.png"), gray_png(4, 4, &pixels[i * 16..(i + 1) * 16])));
        }
    }
    files
}

pub(super) fn csv(pixels: &[u8], labels: &[u8], header: bool) -> Vec<u8> {
    let mut text = String::new();
    if header {
        text += "label";
        (1..=16).for_each(|i| text += &format!(",pixel{i}"));
        text += "\r\n";
    }
    for (image, label) in pixels.chunks_exact(16).zip(labels) {
        text += &label.to_string();
        image.iter().for_each(|pixel| text += &format!(",{pixel}"));
        text += "\r\n";
    }
    text.into_bytes()
}

pub(super) fn tables() -> Tree {
    parts().map(|(part, pixels, labels)| (format!("set_{part}.csv"), csv(&pixels, labels, true))).to_vec()
}

pub(super) fn packed(files: Tree) -> Tree {
    files.into_iter().map(|(name, bytes)| (name + ".gz", gzip(&bytes))).collect()
}

pub(super) fn one(name: &str, bytes: Vec<u8>) -> Tree {
    vec![(name.to_string(), bytes)]
}

/// Each form, and the path within its folder.
fn forms() -> Vec<(&'static str, Tree, &'static str)> {
    let keras = ["x_train", "y_train", "x_test", "y_test"];
    let medmnist = ["train_images", "train_labels", "test_images", "test_labels"];
    vec![
        ("IDX", idx_files(), ""),
        ("IDX in gzip", packed(idx_files()), ""),
        ("EMNIST", emnist_files(), ""),
        ("IDX in ZIP", one("a.zip", zipped(&idx_files(), Deflated)), "a.zip"),
        ("IDX in tar", one("a.tar", tarred(&idx_files())), "a.tar"),
        ("pictures", picture_files(), ""),
        ("pictures in ZIP", one("a.zip", zipped(&picture_files(), Stored)), "a.zip"),
        ("pictures in tar in gzip", one("a.tgz", gzip(&tarred(&picture_files()))), "a.tgz"),
        ("NPZ of Keras", one("a.npz", zipped(&arrays(keras), Stored)), "a.npz"),
        ("NPZ of MedMNIST", one("a.npz", zipped(&arrays(medmnist), Deflated)), ""),
        (
            "NPZ in ZIP",
            one("a.zip", zipped(&one("a.npz", zipped(&arrays(keras), Deflated)), Stored)),
            "a.zip",
        ),
        ("CSV", tables(), "set_train.csv"),
        ("CSV in a folder", tables(), ""),
        ("CSV in gzip", packed(tables()), "set_train.csv.gz"),
        ("CSV in ZIP", one("a.zip", zipped(&tables(), Deflated)), "a.zip"),
    ]
}

#[test]
fn one_set_in_all_forms_has_one_fingerprint() {
    let right = own(write(&idx_files()).path()).unwrap();
    assert_eq!((right.train.labels.as_slice(), right.class_names.join("")), (&TRAIN[..], "012".into()));
    for (form, files, path) in forms() {
        let folder = write(&files);
        let data = own(&folder.path().join(path)).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!((&data.train, &data.test), (&right.train, &right.test), "{form}");
        assert_eq!(data.fingerprint, right.fingerprint, "{form}");
    }
}

pub(super) fn table(files: &Tree, path: &str, table: DataTable) -> Result<DataSet, DataError> {
    let folder = write(files);
    let locations = Locations { offline: true, ..Locations::new("/dev/null/cache".into()) };
    let table = DataTable { path: folder.path().join(path).to_str().unwrap().into(), ..table };
    load_table(&table, None, &locations, &mut |_| {})
}

pub(super) fn refused(files: &Tree, path: &str) -> String {
    let error = own(&write(files).path().join(path)).unwrap_err();
    assert!(!error.help().is_empty());
    error.to_string()
}

#[test]
fn arrays_of_other_numbers_are_bytes_again_or_refused() {
    let right = own(write(&idx_files()).path()).unwrap();
    let [(_, train, labels), _] = parts();
    let with = |images: Vec<u8>, labels: Vec<u8>| {
        let mut files = arrays(["x_train", "y_train", "x_test", "y_test"]);
        (files[0].1, files[1].1) = (images, labels);
        own(write(&files).path())
    };
    let bytes =
        |make: &dyn Fn(u8) -> Vec<u8>| train.iter().flat_map(|&pixel| make(pixel)).collect::<Vec<u8>>();
    let narrow = || npy("|u1", "False", "(5,)", labels);
    for (images, note) in [
        (
            npy("<f4", "False", "(5, 4, 4)", &bytes(&|p| (f32::from(p) / 255.0).to_le_bytes().to_vec())),
            "shares of 255",
        ),
        (npy(">f8", "False", "(5, 4, 4, 1)", &bytes(&|p| f64::from(p).to_be_bytes().to_vec())), "floats"),
        (
            npy("<i8", "False", "(5, 1, 4, 4)", &bytes(&|p| i64::from(p).to_le_bytes().to_vec())),
            "wider whole numbers",
        ),
        (npy("|u1", "False", "(5, 16)", &train), ""),
    ] {
        let data = with(images, narrow()).unwrap();
        assert_eq!(data.fingerprint, right.fingerprint);
        assert!(data.reading.notes.concat().contains(note), "{:?}", data.reading.notes);
    }
    // NumPy: `numpy.asfortranarray(a).ravel(order="K")`: the first index runs fastest.
    let fortran: Vec<u8> = (0..80).map(|i| train[i % 5 * 16 + i / 5 % 4 * 4 + i / 20]).collect();
    let data = with(npy("|u1", "True", "(5, 4, 4)", &fortran), narrow()).unwrap();
    assert_eq!(data.fingerprint, right.fingerprint);
    let hot: Vec<u8> =
        labels.iter().flat_map(|&l| [u8::from(l == 0), u8::from(l == 1), u8::from(l == 2)]).collect();
    let data = with(npy("|u1", "False", "(5, 4, 4)", &train), npy("|u1", "False", "(5, 3)", &hot)).unwrap();
    assert_eq!(data.fingerprint, right.fingerprint);
    for (images, labels, what) in [
        (npy("|O", "False", "(5, 4, 4)", &[0; 80]), narrow(), "Python's objects"),
        (npy("<c8", "False", "(5, 4, 4)", &[0; 640]), narrow(), "type `<c8`"),
        (
            npy(
                "<f4",
                "False",
                "(5, 4, 4)",
                &bytes(&|p| (f32::from(p) / 255.0 - 0.5).to_le_bytes().to_vec()),
            ),
            narrow(),
            "the pixel",
        ),
        (
            npy("|u1", "False", "(5, 4, 4)", &[0; 79]),
            narrow(),
            "79 bytes of numbers, and its shape asks for 80",
        ),
        (npy("|u1", "False", "(4611686018427387904, 4, 4)", &[]), narrow(), "too large"),
        (npy("|u1", "False", "(5, 15)", &[0; 75]), narrow(), "expected images x height x width"),
        (
            npy("|u1", "False", "(5, 4, 4)", &train),
            npy("|u1", "False", "(4,)", &[0; 4]),
            "4 labels for 5 images",
        ),
        (
            npy("|u1", "False", "(5, 4, 4)", &train),
            npy("|u1", "False", "(5, 3)", &[1; 15]),
            "3 labels for each image",
        ),
    ] {
        let error = with(images, labels).unwrap_err();
        assert!(error.to_string().contains(what), "{error}");
    }
    assert!(
        refused(&one("a.npz", zipped(&arrays(["a", "b", "c", "d"]), Stored)), "a.npz")
            .contains("other names")
    );
}

#[test]
fn an_array_in_one_part_is_divided_and_an_own_validation_part_is_used() {
    let files: Tree = arrays(["images", "labels", "train_images", "train_labels"])[..2].to_vec();
    let half = DataTable { test_fraction: Some(0.4), ..DataTable::default() };
    assert_eq!(table(&files, "", half).unwrap().test.len(), 2);
    let mut files = arrays(["train_images", "train_labels", "val_images", "val_labels"]);
    files.extend(arrays(["unused", "unused_too", "test_images", "test_labels"]).split_off(2));
    let data = table(&files, "", DataTable { validation: Some(ValidationPart::Own), ..DataTable::default() })
        .unwrap();
    assert_eq!((data.train.len(), data.own_validation, data.test.len()), (8, 3, 3));
}

#[test]
fn tables_in_all_spellings() {
    let right = own(write(&idx_files()).path()).unwrap();
    let [(_, train, labels), (_, test, test_labels)] = parts();
    let text = String::from_utf8(csv(&train, labels, true)).unwrap();
    let bare = String::from_utf8(csv(&train, labels, false)).unwrap();
    let last: String = text
        .lines()
        .map(|line| line.split_once(',').map(|(l, rest)| format!("{rest},{l}\n")).unwrap())
        .collect();
    let shares: String = bare
        .lines()
        .map(|line| {
            let (label, rest) = line.split_once(',').unwrap();
            let share = |p: &str| format!("{:.8}", p.parse::<f64>().unwrap() / 255.0);
            format!("{label},{}\n", rest.split(',').map(share).collect::<Vec<_>>().join(","))
        })
        .collect();
    for (form, train) in [
        ("a mark of the encoding", format!("\u{feff}{text}")),
        ("semicolons", text.replace(',', ";")),
        ("tabs", text.replace(',', "\t")),
        ("quotes", text.replace("label", "\"label\"").replace("pixel1,", "\"pixel1\",")),
        ("floats", bare.replace(',', ".0,").replace("\r\n", ".0\r\n")),
        ("row x column", text.replace("pixel", "1x")),
        ("no header", bare.clone()),
        ("the label last", last),
        ("shares of 255", shares),
    ] {
        let test = csv(&test, test_labels, true);
        let files = vec![("train.csv".into(), train.into_bytes()), ("test.csv".into(), test)];
        let data = own(write(&files).path()).unwrap_or_else(|error| panic!("{form}: {error}"));
        assert_eq!(data.fingerprint, right.fingerprint, "{form}");
    }
}

#[test]
fn what_a_table_lacks_is_told_with_line_and_column() {
    let [(_, train, labels), _] = parts();
    let text = String::from_utf8(csv(&train, labels, true)).unwrap();
    let with = |from: &str, to: &str| {
        refused(&one("train.csv", text.replacen(from, to, 1).into_bytes()), "train.csv")
    };
    assert_eq!(
        with("\n0,3,40", "\n0,,40").split_once("` ").unwrap().1,
        "line 2, column 2 (`pixel1`): nothing is there"
    );
    assert!(with("\n0,3,40", "\n0,3,abc").ends_with("column 3 (`pixel2`): found `abc`, expected a number"));
    assert!(with("\n0,3,40", "\n0,3,256").contains("has the pixel 256"));
    assert!(with("\n0,3,40", "\n0,40").ends_with("line 2: has 16 columns, expected 17 as before"));
    assert!(with("\n0,3,40", "\n300,3,40").contains("has the label 300"));
    let error =
        own(&write(&one("train.csv", text.clone().into_bytes())).path().join("train.csv")).unwrap_err();
    assert!(error.to_string().ends_with("has no test part"), "{error}");
    let odd: String = text.lines().map(|line| format!("{line},7\n")).collect();
    let error = refused(&one("train.csv", odd.replacen(",7\n", ",pixel17\n", 1).into_bytes()), "train.csv");
    assert!(error.contains("has 17 pixels in a row"), "{error}");
}

/// Kaggle's digit recogniser: the test part has no labels.
#[test]
fn a_test_table_without_labels_is_left_out() {
    let [(_, train, labels), _] = parts();
    let text = String::from_utf8(csv(&train, labels, true)).unwrap();
    let unlabelled: String =
        text.lines().map(|line| line.split_once(',').unwrap().1.to_owned() + "\n").collect();
    let files = vec![("train.csv".into(), text.into_bytes()), ("test.csv".into(), unlabelled.into_bytes())];
    assert!(refused(&files, "").ends_with("has no test part"));
    let fraction = DataTable { test_fraction: Some(0.4), ..DataTable::default() };
    let data = table(&files, "", fraction).unwrap();
    assert_eq!((data.train.len(), data.test.len()), (3, 2));
    assert_eq!(data.reading.notes[0], "`test.csv` has no labels, and is left out");
}

#[test]
fn words_as_labels_name_the_classes() {
    let rows = "kind,a,b,c,d\n".replace("kind", "class") + "dog,1,2,3,4\ncat,5,6,7,8\n";
    let files = vec![("train.csv".into(), rows.clone().into_bytes()), ("test.csv".into(), rows.into_bytes())];
    let data = own(write(&files).path()).unwrap();
    assert_eq!((data.class_names.join(" "), data.train.labels), ("cat dog".into(), vec![1, 0]));
}
