//! Folders of pictures: every pitfall that users report, each with its message or its note.

use super::archives::{Tree, own, read, tarred, zipped};
use super::pictures::file;
use crate::error::DataError;
use crate::locations::Locations;
use crate::options::{DataTable, Resize, ValidationPart};
use crate::pictures::decode;
use crate::{DataSet, LabelledImages, fingerprint, load_table};
use std::path::Path;
use tempfile::TempDir;
use zip::CompressionMethod;

/// A gray PNG of these pixels.
pub(super) fn gray_png(height: u32, width: u32, pixels: &[u8]) -> Vec<u8> {
    png(height, width, png::ColorType::Grayscale, pixels)
}

pub(super) fn png(height: u32, width: u32, kind: png::ColorType, pixels: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(kind);
    encoder.write_header().unwrap().write_image_data(pixels).unwrap();
    bytes
}

/// Two classes; three training and two test pictures of 2 x 2 pixels.
fn small() -> Tree {
    let picture = |first: u8| gray_png(2, 2, &[first, first + 1, first + 2, first + 3]);
    [
        ("train/cat/a.png", 1),
        ("train/cat/b.png", 9),
        ("train/dog/a.png", 5),
        ("test/cat/x.png", 24),
        ("test/dog/x.png", 20),
    ]
    .map(|(name, first)| (name.to_string(), picture(first)))
    .to_vec()
}

pub(super) fn write(files: &Tree) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

fn with(change: impl FnOnce(&mut Tree)) -> Result<DataSet, DataError> {
    let mut files = small();
    change(&mut files);
    own(write(&files).path())
}

fn table(folder: &Path, table: DataTable) -> Result<DataSet, DataError> {
    let locations = Locations { offline: true, ..Locations::new("/dev/null/cache".into()) };
    let table = DataTable { path: folder.to_str().unwrap().into(), ..table };
    load_table(&table, None, &locations, &mut |_| {})
}

fn refused(result: Result<DataSet, DataError>) -> String {
    let error = result.unwrap_err();
    assert!(!error.help().is_empty());
    error.to_string()
}

#[test]
fn classes_are_folders_and_pictures_come_class_by_class() {
    let data = with(|_| ()).unwrap();
    assert_eq!((data.shape, data.class_names.join(" ")), ([2, 2, 1], "cat dog".into()));
    assert_eq!((data.train.labels.as_slice(), data.test.labels.as_slice()), (&[0, 0, 1][..], &[0, 1][..]));
    assert_eq!(data.train.images, [1, 2, 3, 4, 9, 10, 11, 12, 5, 6, 7, 8]);
    assert_eq!(data.reading.format, "folders of pictures");
    assert_eq!(data.reading.decoders, ["png 0.18.1"]);
    assert_eq!(data.reading.notes, [""; 0]);
}

#[test]
fn the_fingerprint_is_that_of_pixels_labels_and_names() {
    let data = with(|_| ()).unwrap();
    let names = ["cat".to_string(), "dog".to_string()];
    let train = LabelledImages { images: vec![1, 2, 3, 4, 9, 10, 11, 12, 5, 6, 7, 8], labels: vec![0, 0, 1] };
    let test = LabelledImages { images: vec![24, 25, 26, 27, 20, 21, 22, 23], labels: vec![0, 1] };
    assert_eq!(data.fingerprint, fingerprint([2, 2, 1], &names, &train, &test));
    for archive in
        [zipped(&small(), CompressionMethod::Deflated), tarred(&small()), super::gzip(&tarred(&small()))]
    {
        assert_eq!(read(&archive).unwrap().fingerprint, data.fingerprint);
    }
}

#[test]
fn what_systems_and_programs_leave_is_no_class_and_no_picture() {
    let right = with(|_| ()).unwrap();
    let left = with(|files| {
        for name in [
            ".DS_Store",
            "train/.DS_Store",
            "train/.ipynb_checkpoints/a.png",
            "train/cat/Thumbs.db",
            "train/cat/._a.png",
            "__MACOSX/train/cat/a.png",
            "test/desktop.ini",
        ] {
            files.push((name.into(), b"junk".to_vec()));
        }
    })
    .unwrap();
    assert_eq!(
        left,
        DataSet { source: left.source.clone(), name: left.name.clone(), title: left.title.clone(), ..right }
    );
}

#[test]
fn files_that_are_no_pictures_are_left_out_and_named() {
    let data = with(|files| {
        files.push(("train/cat/list.csv".into(), b"a,b\n".to_vec()));
        files.push(("README.md".into(), b"hello".to_vec()));
        files.push(("extra/cat/a.png".into(), b"hello".to_vec()));
    })
    .unwrap();
    assert_eq!(
        data.reading.notes,
        ["folders left out, no parts: `extra`", "1 files left out, no pictures: `train/cat/list.csv`"]
    );
}

#[test]
fn an_empty_class_is_refused_unless_classes_txt_names_it() {
    let folder = write(&small());
    for part in ["train", "test"] {
        std::fs::create_dir(folder.path().join(part).join("emu")).unwrap();
    }
    let message = refused(own(folder.path()));
    assert!(message.ends_with("train/emu` is the folder of a class, and has no picture"), "{message}");
    std::fs::write(folder.path().join("classes.txt"), "cat\ndog\nemu\n").unwrap();
    assert_eq!(own(folder.path()).unwrap().class_names.len(), 3);
}

#[test]
fn classes_txt_gives_the_order() {
    let data = with(|files| files.push(("classes.txt".into(), b"dog\ncat\n".to_vec()))).unwrap();
    assert_eq!((data.class_names.join(" "), data.train.labels), ("dog cat".into(), vec![0, 1, 1]));
    let message = refused(with(|files| files.push(("classes.txt".into(), b"dog\nemu\n".to_vec()))));
    assert!(message.ends_with("has the class folder `cat`, which `classes.txt` does not name"), "{message}");
}

#[test]
fn parts_with_other_classes_are_refused_with_the_difference() {
    let message = refused(with(|files| files[4].0 = "test/emu/x.png".into()));
    assert!(message.ends_with("it lacks `dog` and has `emu` in their place"), "{message}");
    let message = refused(with(|files| files.truncate(4)));
    assert!(message.ends_with("other class folders than `train/`: it lacks `dog`"), "{message}");
}

#[test]
fn numbers_as_names_are_sorted_as_text_and_that_is_said() {
    let data = with(|files| {
        for (name, _) in files.iter_mut() {
            *name = name.replace("cat", "10").replace("dog", "2");
        }
    })
    .unwrap();
    assert_eq!(data.class_names, ["10", "2"]);
    assert!(data.reading.notes[0].contains("`10` comes before `2`"), "{:?}", data.reading.notes);
}

#[test]
fn pictures_are_told_by_content() {
    let data = with(|files| {
        files[0].0 = "train/cat/a.jpg".into();
        files[1].0 = "train/cat/b".into();
    })
    .unwrap();
    assert_eq!(data.fingerprint, with(|_| ()).unwrap().fingerprint);
    let message = refused(with(|files| files[0].1 = b"GIF89a".to_vec()));
    assert!(
        message.contains("train/cat/a.png` is no picture that toile reads: found a GIF image"),
        "{message}"
    );
}

#[test]
fn broken_pictures_are_named() {
    let message = refused(with(|files| {
        let whole = files[1].1.clone();
        files[1].1.truncate(whole.len() / 2);
        files[4].1.clear();
        files[3].1[40] ^= 1;
    }));
    assert!(message.contains("train/cat/b.png` is a PNG image that breaks"), "{message}");
    let message = refused(with(|files| {
        files[0].1.clear();
        files[2].1.clear();
    }));
    assert!(
        message.contains("cat/a.png` is no picture") && message.contains("1 more cannot be taken: `"),
        "{message}"
    );
    assert!(message.ends_with("train/dog/a.png`"), "{message}");
}

#[test]
fn mixed_sizes_are_refused_and_both_are_named_or_brought_to_one() {
    let other = |files: &mut Tree| files[2].1 = gray_png(4, 4, &[8; 16]);
    let error = with(other).unwrap_err();
    assert!(error.to_string().contains("train/dog/a.png` has 4 x 4 pixels, but `"), "{error}");
    assert!(
        error.to_string().ends_with("train/cat/a.png` has 2 x 2") && error.help().contains("resize"),
        "{error}"
    );
    let mut files = small();
    other(&mut files);
    let folder = write(&files);
    let size = DataTable { size: Some([2, 2]), ..DataTable::default() };
    assert!(refused(table(folder.path(), size.clone())).ends_with("has 4 x 4 pixels, but `size` says 2 x 2"));
    let data = table(folder.path(), DataTable { resize: Some(Resize::Area), ..size }).unwrap();
    assert_eq!(data.train.image(2, 4), [8; 4]);
    assert_eq!(data.reading.notes, ["1 of 5 pictures: brought to 2 x 2 from other sizes"]);
}

#[test]
fn gray_and_colour_are_not_mixed_unasked() {
    let mut files = small();
    files[2].1 = png(2, 2, png::ColorType::Rgb, &[255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9]);
    let folder = write(&files);
    let error = own(folder.path()).unwrap_err();
    assert!(
        error.to_string().contains("train/dog/a.png` is in colour, but `")
            && error.to_string().ends_with("is gray"),
        "{error}"
    );
    assert!(error.help().contains("channels = 1"));
    let channels = |n| DataTable { channels: Some(n), ..DataTable::default() };
    let gray = table(folder.path(), channels(1)).unwrap();
    assert_eq!((gray.shape, gray.train.image(2, 4)), ([2, 2, 1], &[76, 150, 29, 9][..]));
    let colour = table(folder.path(), channels(3)).unwrap();
    assert_eq!(
        (colour.shape, colour.train.image(0, 12)),
        ([2, 2, 3], &[1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4][..])
    );
    assert_eq!(colour.reading.notes, ["4 of 5 pictures: gray became three equal channels"]);
}

#[test]
fn what_was_done_to_pictures_is_said() {
    let files: Tree = ["opaque.png", "colour.png"]
        .iter()
        .enumerate()
        .flat_map(|(class, name)| ["train", "test"].map(|part| (format!("{part}/{class}/x"), file(name))))
        .collect();
    let data = own(write(&files).path()).unwrap();
    assert_eq!(
        data.reading.notes,
        ["2 of 4 pictures: an alpha channel without a transparent pixel was left out"]
    );
    let mut files = files;
    files.push(("train/0/y.jpg".into(), file("turned.jpg")));
    assert!(refused(own(write(&files).path())).contains("y.jpg` has 24 x 16 pixels"));
    let turned: Tree = files.iter().map(|(name, _)| (name.clone(), file("turned.jpg"))).collect();
    let data = own(write(&turned).path()).unwrap();
    assert_eq!(data.reading.notes, ["5 of 5 pictures: turned upright, as their EXIF says"]);
    assert_eq!(data.reading.decoders, ["zune-jpeg 0.5.15"]);
    assert_eq!(data.train.image(0, 1152), decode(&file("turned.jpg")).unwrap().pixels);
}

/// Ten pictures of each of three classes in one place.
fn one_part() -> Tree {
    let all = (0..30u8)
        .map(|i| (format!("{}/{i}.png", ["a", "b", "c"][usize::from(i) % 3]), gray_png(1, 2, &[i, 7])));
    all.collect()
}

#[test]
fn one_part_is_divided_class_by_class_always_in_the_same_way() {
    let folder = write(&one_part());
    let error = own(folder.path()).unwrap_err();
    assert!(
        error.to_string().ends_with("has no test part") && error.help().contains("test_fraction"),
        "{error}"
    );
    let fifth = DataTable { test_fraction: Some(0.2), ..DataTable::default() };
    let data = table(folder.path(), fifth.clone()).unwrap();
    assert_eq!((data.train.class_counts(3), data.test.class_counts(3)), (vec![8; 3], vec![2; 3]));
    assert_eq!(
        data.reading.notes,
        ["the test part was drawn from the data: 0.2 of each class, 6 of 30 images"]
    );
    assert_eq!(table(write(&one_part()).path(), fifth.clone()).unwrap().fingerprint, data.fingerprint);
    let mut all: Vec<u8> = data.train.images.iter().chain(&data.test.images).copied().step_by(2).collect();
    all.sort();
    assert_eq!(all, (0..30).collect::<Vec<u8>>());
    // Never moved: other test images would make studies of the same data incomparable.
    assert_eq!(data.test.images.iter().copied().step_by(2).collect::<Vec<u8>>(), MOVED_NEVER);
    assert!(refused(table(write(&small()).path(), fifth)).contains("has a test part of its own"));
    let all = DataTable { test_fraction: Some(0.99), ..DataTable::default() };
    assert!(refused(table(folder.path(), all)).contains("takes 30 of 30"));
}

const MOVED_NEVER: [u8; 6] = [0, 18, 22, 25, 11, 17];

#[test]
fn an_own_validation_part_is_used_or_left_out_as_asked() {
    let mut files = small();
    files.push(("val/cat/v.png".into(), gray_png(2, 2, &[70; 4])));
    files.push(("val/dog/v.png".into(), gray_png(2, 2, &[71; 4])));
    let folder = write(&files);
    let without = own(folder.path()).unwrap();
    assert_eq!((without.train.len(), without.own_validation), (3, 0));
    assert!(without.reading.notes[0].contains("left out, 2 images"));
    assert_eq!(without.fingerprint, with(|_| ()).unwrap().fingerprint);
    let ask = DataTable { validation: Some(ValidationPart::Own), ..DataTable::default() };
    let data = table(folder.path(), ask.clone()).unwrap();
    assert_eq!((data.train.labels.as_slice(), data.own_validation), (&[0, 0, 1, 0, 1][..], 2));
    assert_ne!(data.fingerprint, without.fingerprint);
    assert!(refused(table(write(&small()).path(), ask)).ends_with("has no validation part of its own"));
}

#[test]
fn pictures_outside_of_class_folders_are_told() {
    let flat = write(&vec![("a.png".into(), gray_png(1, 1, &[1])), ("labels.csv".into(), vec![1])]);
    assert!(refused(own(flat.path())).ends_with("has pictures, but no class folders"));
    let message = refused(with(|files| files.push(("train/lost.png".into(), vec![]))));
    assert!(message.ends_with("train/lost.png` lies in no class folder"), "{message}");
    let message = refused(with(|files| files.retain(|(name, _)| !name.starts_with("train"))));
    assert!(message.ends_with("has no folder `train` beside those of other parts"), "{message}");
    let message = refused(with(|files| files.push(("Train/cat/a.png".into(), gray_png(2, 2, &[1; 4])))));
    assert!(message.contains("two folders for one part"), "{message}");
}

#[cfg(unix)]
#[test]
fn links_that_lead_in_a_circle_are_told() {
    let folder = write(&small());
    std::os::unix::fs::symlink(folder.path(), folder.path().join("train/cat/again")).unwrap();
    assert!(refused(own(folder.path())).ends_with("is a link to a folder that it lies in"));
}

#[test]
fn too_many_pixels_are_refused() {
    let mut files = small();
    files.extend((0..10).map(|i| (format!("train/dog/{i}.png"), gray_png(1, 1, &[i]))));
    let wide = DataTable { size: Some([8192, 8192]), channels: Some(3), ..DataTable::default() };
    assert!(matches!(table(write(&files).path(), wide), Err(DataError::TooLarge { .. })));
    let none = DataTable { size: Some([0, 8192]), ..DataTable::default() };
    assert!(refused(table(Path::new("/nowhere"), none)).ends_with("cannot have images of 0 x 8192"));
}
