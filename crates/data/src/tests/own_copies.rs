//! Decoded copies of data of the user's own: when they are taken, what never gets past them, and how many there are.

use super::archives::{Tree, tarred, zipped};
use super::forms::*;
use super::gzip;
use super::picture_folders::{gray_png, write};
use crate::locations::{LoadProgress, Locations};
use crate::options::{DataTable, Resize};
use crate::{DataError, DataSet, load_table};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;
use zip::CompressionMethod::{Deflated, Stored};

/// A place with these files, old enough to be trusted to stay as they are, and a cache beside it.
struct OwnPlace {
    data: TempDir,
    cache: TempDir,
}

impl OwnPlace {
    fn new(files: &Tree) -> OwnPlace {
        let place = OwnPlace { data: write(files), cache: tempfile::tempdir().unwrap() };
        settle();
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    /// What is read at a path within the data, and whether anything was decoded or unpacked for it.
    fn read(&self, path: &str, table: DataTable) -> Result<(DataSet, bool), DataError> {
        let table = DataTable { path: self.path(path).to_str().unwrap().into(), ..table };
        let locations = Locations { offline: true, ..Locations::new(self.cache.path().into()) };
        let mut read = false;
        let mut progress = |progress: LoadProgress<'_>| {
            read |= matches!(progress, LoadProgress::Unpacking { .. } | LoadProgress::Decoding { .. });
        };
        Ok((load_table(&table, None, &locations, &mut progress)?, read))
    }

    fn load(&self) -> (DataSet, bool) {
        self.read("", DataTable::default()).unwrap()
    }

    fn copies(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.cache.path().join("decoded")).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    }
}

/// Longer than the test's tick.
fn settle() {
    std::thread::sleep(Duration::from_millis(60));
}

/// Pictures with all that is told of data: a note, decoders, class names.
fn pictures() -> Tree {
    let mut files = picture_files();
    files.push(("train/0/about.txt".into(), b"about".to_vec()));
    files
}

#[test]
fn the_second_start_takes_the_copy_and_finds_the_same_data() {
    let place = OwnPlace::new(&pictures());
    let (first, read) = place.load();
    assert!(read && first.reading.notes.len() == 1 && first.reading.decoders.len() == 1);
    assert_eq!(place.load(), (first, false));
    let half = || DataTable { test_fraction: Some(0.4), ..DataTable::default() };
    let (divided, read) = place.read("train", half()).unwrap();
    assert!(read);
    assert_eq!(place.read("train", half()).unwrap(), (divided, false));
    assert_eq!(place.copies().len(), 2);
}

#[test]
fn a_copy_is_made_where_reading_takes_long() {
    let keras = ["x_train", "y_train", "x_test", "y_test"];
    for (files, path, is_kept) in [
        (tables(), "", true),
        (tables(), "set_train.csv", true),
        (one("a.zip", zipped(&picture_files(), Stored)), "a.zip", true),
        (one("a.npz", zipped(&arrays(keras), Deflated)), "a.npz", true),
        (one("a.tgz", gzip(&tarred(&idx_files()))), "a.tgz", true),
        (packed(idx_files()), "", true),
        (idx_files(), "", false),
        (one("a.npz", zipped(&arrays(keras), Stored)), "a.npz", false),
        (one("a.tar", tarred(&idx_files())), "a.tar", false),
    ] {
        let place = OwnPlace::new(&files);
        let (first, read) = place.read(path, DataTable::default()).unwrap();
        assert!(read);
        assert_eq!(place.copies().len(), usize::from(is_kept), "{path} {:?}", first.reading);
        assert_eq!(place.read(path, DataTable::default()).unwrap(), (first, !is_kept));
    }
}

#[test]
fn what_changed_is_seen() {
    let place = OwnPlace::new(&pictures());
    let (mut before, _) = place.load();
    let other = gray_png(4, 4, &[7; 16]);
    let picture = place.path("train/0/0.png");
    let date = fs::metadata(&picture).unwrap().modified().unwrap();
    let changes: [(&str, &dyn Fn()); 5] = [
        ("another picture under its name", &|| fs::write(&picture, &other).unwrap()),
        ("a new picture", &|| fs::write(place.path("train/0/new.png"), &other).unwrap()),
        ("a picture of another class", &|| {
            fs::rename(place.path("train/0/new.png"), place.path("train/1/new.png")).unwrap();
        }),
        ("names of classes", &|| fs::write(place.path("classes.txt"), "2\n1\n0\n").unwrap()),
        ("a picture less", &|| fs::remove_file(place.path("train/1/new.png")).unwrap()),
    ];
    for (what, change) in changes {
        change();
        settle();
        let (now, read) = place.load();
        assert!(read && now.fingerprint != before.fingerprint, "{what}");
        assert_eq!(place.load(), (now.clone(), false), "{what}");
        before = now;
    }
    // An empty folder is a class without a picture.
    fs::remove_file(place.path("classes.txt")).unwrap();
    place.load();
    fs::create_dir(place.path("train/9")).unwrap();
    assert!(place.read("", DataTable::default()).is_err());
    fs::remove_dir(place.path("train/9")).unwrap();
    // A change that sets the date back.
    if cfg!(unix) {
        let (before, _) = place.load();
        fs::write(&picture, gray_png(4, 4, &[8; 16])).unwrap();
        fs::File::options().append(true).open(&picture).unwrap().set_modified(date).unwrap();
        assert_ne!(place.load().0.fingerprint, before.fingerprint);
    }
    assert_eq!(place.copies().len(), 1, "a new copy replaces the old one");
}

#[test]
fn a_partner_that_comes_is_seen_and_other_neighbours_do_not_matter() {
    let place = OwnPlace::new(&tables());
    let load = || place.read("set_train.csv", DataTable::default()).unwrap();
    let (first, _) = load();
    fs::write(place.path("notes.txt"), "x").unwrap();
    settle();
    assert_eq!(load(), (first.clone(), false));
    fs::write(place.path("set_val.csv"), &tables()[1].1).unwrap();
    settle();
    let (second, read) = load();
    assert!(read && second.reading.notes.len() > first.reading.notes.len());
}

#[test]
fn other_options_are_another_set() {
    let place = OwnPlace::new(&pictures());
    place.load();
    let small = DataTable { size: Some([2, 2]), resize: Some(Resize::Area), ..DataTable::default() };
    let nearest = DataTable { resize: Some(Resize::Nearest), ..small.clone() };
    let colour = DataTable { channels: Some(3), ..DataTable::default() };
    let mut prints = vec![place.load().0.fingerprint];
    for table in [small, nearest, colour] {
        let (data, read) = place.read("", table.clone()).unwrap();
        assert!(read && !prints.contains(&data.fingerprint), "{table:?}");
        prints.push(data.fingerprint.clone());
        assert_eq!(place.read("", table).unwrap(), (data, false));
    }
    assert_eq!(place.copies().len(), 4);
}

#[test]
fn a_damaged_copy_is_not_taken_and_is_made_anew() {
    let place = OwnPlace::new(&pictures());
    let (right, _) = place.load();
    let [copy] = place.copies().try_into().unwrap();
    let whole = fs::read(&copy).unwrap();
    let flipped = (0..whole.len()).map(|i| {
        let mut bytes = whole.clone();
        bytes[i] ^= 4;
        bytes
    });
    let cut = (0..whole.len()).step_by(7).map(|length| whole[..length].to_vec());
    for bytes in flipped.chain(cut).chain([[&whole[..], b"x"].concat()]) {
        fs::write(&copy, &bytes).unwrap();
        assert_eq!(place.load(), (right.clone(), true));
        assert!(fs::read(&copy).unwrap() == whole, "the copy was not made anew");
    }
}

#[test]
fn files_that_changed_just_now_are_not_copied() {
    let place = OwnPlace::new(&pictures());
    fs::write(place.path("train/0/0.png"), gray_png(4, 4, &[7; 16])).unwrap();
    assert!(place.load().1 && place.copies().is_empty());
    settle();
    assert!(place.load().1 && !place.load().1);
}

#[test]
fn there_are_never_more_than_eight_copies() {
    let place = OwnPlace::new(&pictures());
    for side in 1..=11 {
        let table = DataTable { size: Some([side, 4]), resize: Some(Resize::Area), ..DataTable::default() };
        place.read("", table).unwrap();
        settle();
    }
    assert_eq!(place.copies().len(), 8);
    let last = DataTable { size: Some([11, 4]), resize: Some(Resize::Area), ..DataTable::default() };
    assert!(!place.read("", last).unwrap().1, "the newest is there");
}

#[test]
fn without_a_cache_that_can_be_written_to_the_files_are_read_each_time() {
    let place = OwnPlace::new(&pictures());
    fs::write(place.cache.path().join("decoded"), "a file stands where the folder should be").unwrap();
    assert!(place.load().1 && place.load().1);
    assert!(Path::new(&place.cache.path().join("decoded")).is_file());
}

#[test]
fn data_that_were_refused_leave_nothing_in_the_cache() {
    let place = OwnPlace::new(&pictures());
    fs::write(place.path("train/0/0.png"), b"no picture").unwrap();
    settle();
    assert!(place.read("", DataTable::default()).is_err());
    assert!(place.copies().is_empty());
}
