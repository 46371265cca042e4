//! Decoded copies: what they are made of, when they are taken, and what never gets past them.

use super::{gzip, tiny, tiny_entry, write_files};
use crate::DataSet;
use crate::error::DataError;
use crate::folder::{FILES, load_named};
use crate::locations::LoadProgress;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// A folder with the tiny set, old enough to be trusted to stay as it is, and a cache beside it.
struct Place {
    root: TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { root: tempfile::tempdir().unwrap() };
        write_files(&place.data(), &tiny());
        place.settle();
        place
    }

    fn data(&self) -> PathBuf {
        self.root.path().join("data")
    }

    fn cache(&self) -> PathBuf {
        self.root.path().join("cache")
    }

    fn copy(&self) -> PathBuf {
        self.cache().join("decoded/tiny")
    }

    /// Longer than the test's tick.
    fn settle(&self) {
        std::thread::sleep(Duration::from_millis(60));
    }

    /// The set, and whether its files were decompressed for it.
    fn load(&self) -> Result<(DataSet, bool), DataError> {
        let mut unpacked = false;
        let mut progress =
            |progress: LoadProgress<'_>| unpacked |= matches!(progress, LoadProgress::Unpacking { .. });
        let data = load_named(tiny_entry(&[]), &self.data(), Some(&self.cache()), &mut progress)?;
        Ok((data, unpacked))
    }

    fn names_in_the_cache(&self) -> Vec<String> {
        let entries = fs::read_dir(self.cache().join("decoded")).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect()
    }
}

#[test]
fn the_second_start_takes_the_copy_and_finds_the_same_data() {
    let place = Place::new();
    let (first, unpacked) = place.load().unwrap();
    assert!(unpacked);
    assert_eq!(place.names_in_the_cache(), ["tiny"]);
    assert_eq!(place.load().unwrap(), (first, false));
}

#[test]
fn a_damaged_copy_is_not_taken_and_is_made_anew() {
    let place = Place::new();
    let (right, _) = place.load().unwrap();
    let whole = fs::read(place.copy()).unwrap();
    let mut damaged: Vec<Vec<u8>> = (0..whole.len())
        .map(|i| {
            let mut bytes = whole.clone();
            bytes[i] ^= 4;
            bytes
        })
        .collect();
    damaged.extend([Vec::new(), whole[..whole.len() - 1].to_vec(), [&whole[..], b"x"].concat()]);
    for bytes in damaged {
        fs::write(place.copy(), &bytes).unwrap();
        assert_eq!(place.load().unwrap(), (right.clone(), true));
        assert!(fs::read(place.copy()).unwrap() == whole, "the copy was not made anew");
    }
}

/// Opening a pipe that nobody writes into would wait for ever.
#[cfg(unix)]
#[test]
fn a_pipe_in_the_place_of_a_copy_is_replaced_by_one() {
    let place = Place::new();
    let (right, _) = place.load().unwrap();
    let whole = fs::read(place.copy()).unwrap();
    fs::remove_file(place.copy()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(place.copy()).status().unwrap().success());
    assert_eq!(place.load().unwrap(), (right, true));
    assert!(fs::read(place.copy()).unwrap() == whole, "the copy was not made anew");
}

#[test]
fn wrong_originals_are_noticed_although_there_is_a_copy_of_the_right_ones() {
    let place = Place::new();
    place.load().unwrap();
    let file = place.data().join(format!("{}.gz", FILES[0]));
    let (mut pixels, date) = (tiny()[0].clone(), fs::metadata(&file).unwrap().modified().unwrap());
    *pixels.last_mut().unwrap() ^= 1;
    fs::write(&file, gzip(&pixels)).unwrap();
    assert!(matches!(place.load(), Err(DataError::WrongData { .. })));
    // Even with its old date.
    if cfg!(unix) {
        fs::File::options().append(true).open(&file).unwrap().set_modified(date).unwrap();
        assert!(matches!(place.load(), Err(DataError::WrongData { .. })));
    }
    fs::remove_file(&file).unwrap();
    assert!(matches!(place.load(), Err(DataError::Missing { .. })));
}

#[test]
fn the_same_set_in_another_folder_is_read_from_there() {
    let place = Place::new();
    place.load().unwrap();
    let other = place.root.path().join("other");
    let mut files = tiny();
    files[3][9] ^= 1;
    write_files(&other, &files);
    let error = load_named(tiny_entry(&[]), &other, Some(&place.cache()), &mut |_| {}).unwrap_err();
    assert!(matches!(error, DataError::WrongData { .. }), "{error}");
}

#[test]
fn files_that_changed_just_now_are_not_copied() {
    let place = Place::new();
    write_files(&place.data(), &tiny());
    assert!(place.load().unwrap().1);
    assert_eq!(place.names_in_the_cache(), [""; 0]);
    place.settle();
    place.load().unwrap();
    assert_eq!(place.names_in_the_cache(), ["tiny"]);
}

#[test]
fn without_a_cache_that_can_be_written_to_the_files_are_read_each_time() {
    let place = Place::new();
    fs::write(place.cache(), "a file stands where the folder should be").unwrap();
    assert!(place.load().unwrap().1);
    assert!(place.load().unwrap().1);
}

#[test]
fn what_a_killed_program_left_is_cleared_away() {
    let place = Place::new();
    fs::create_dir_all(place.cache().join("decoded")).unwrap();
    fs::write(place.cache().join("decoded/tiny.12345.part"), "half").unwrap();
    place.load().unwrap();
    assert_eq!(place.names_in_the_cache(), ["tiny"]);
}

#[test]
fn a_set_that_was_refused_leaves_nothing_in_the_cache() {
    let place = Place::new();
    let mut files = tiny();
    files[1][9] ^= 1;
    write_files(&place.data(), &files);
    place.settle();
    assert!(place.load().is_err());
    assert_eq!(place.names_in_the_cache(), [""; 0]);
}

/// More than one block, and blocks that are not full.
#[test]
fn a_large_set_comes_back_whole() {
    use crate::catalogue::{CatalogueEntry, Checksums};
    use crate::fingerprint::hex;
    use sha2::{Digest, Sha256};
    let root = tempfile::tempdir().unwrap();
    let pixels = |n: u32| (0..n * 784).map(|i| (i.wrapping_mul(i) >> 7) as u8).collect::<Vec<u8>>();
    let labels = |n: u32| (0..n).map(|i| (i % 2) as u8).collect::<Vec<u8>>();
    let files = [
        super::idx(&[1000, 28, 28], &pixels(1000)),
        super::idx(&[1000], &labels(1000)),
        super::idx(&[400, 28, 28], &pixels(400)),
        super::idx(&[400], &labels(400)),
    ];
    let sums = files.each_ref().map(|file| &*hex(&Sha256::digest(file)).leak());
    let checksums = Checksums::Payload(sums);
    let entry =
        CatalogueEntry { counts: [1000, 400], shape: [28, 28, 1], checksums, ..tiny_of(tiny_entry(&[])) };
    let entry: &'static CatalogueEntry = Box::leak(Box::new(entry));
    let data = root.path().join("data");
    write_files(&data, &files);
    std::thread::sleep(Duration::from_millis(60));
    let load = || load_named(entry, &data, Some(&root.path().join("cache")), &mut |_| {}).unwrap();
    let first = load();
    assert!(Path::new(&root.path().join("cache/decoded/tiny")).is_file());
    assert_eq!(load(), first);
    assert_eq!(first.train.images, pixels(1000));
}

fn tiny_of(entry: &crate::catalogue::CatalogueEntry) -> crate::catalogue::CatalogueEntry {
    crate::catalogue::CatalogueEntry { checksums: crate::catalogue::Checksums::None, ..*entry }
}
