//! Archives: read without unpacking to the disk, the same data as the folder; hostile ones are refused.

use super::{gzip, idx, tiny, write_files};
use crate::error::DataError;
use crate::folder::FILES;
use crate::locations::Locations;
use crate::options::DataTable;
use crate::own::read_source;
use crate::source::{Blob, Source};
use crate::{DataSet, load};
use std::io::{Cursor, Write};
use std::path::Path;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Files by name, in their order.
pub(super) type Tree = Vec<(String, Vec<u8>)>;

fn tree() -> Tree {
    FILES.iter().zip(tiny()).map(|(name, bytes)| (name.to_string(), bytes)).collect()
}

pub(super) fn zipped(files: &Tree, method: CompressionMethod) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(name.as_str(), SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

pub(super) fn tarred(files: &Tree) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = header(bytes.len());
        builder.append_data(&mut header, name, &bytes[..]).unwrap();
    }
    builder.into_inner().unwrap()
}

fn header(len: usize) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_size(len as u64);
    header.set_mode(0o644);
    header.set_entry_type(tar::EntryType::Regular);
    header
}

/// An archive of one file whose name no honest program writes.
fn tar_named(name: &str, kind: tar::EntryType) -> Vec<u8> {
    let mut header = header(0);
    header.as_gnu_mut().unwrap().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_entry_type(kind);
    header.set_cksum();
    let mut builder = tar::Builder::new(Vec::new());
    builder.append(&header, &[][..]).unwrap();
    builder.into_inner().unwrap()
}

/// Reads these bytes as an archive.
pub(super) fn read(bytes: &[u8]) -> Result<DataSet, DataError> {
    let blob = Blob::in_memory(bytes.into(), "data".into());
    let Some(source) = Source::of_archive(&blob)? else {
        return Err(DataError::archive(blob.shown(), "is no archive"));
    };
    read_source(&DataTable::at("data"), source, &mut |_| {})
}

pub(super) fn own(path: &Path) -> Result<DataSet, DataError> {
    let locations = Locations { offline: true, ..Locations::new("/dev/null/cache".into()) };
    load(path.to_str().unwrap(), None, &locations, &mut |_| {})
}

fn refused(bytes: &[u8]) -> String {
    let error = read(bytes).unwrap_err();
    assert!(!error.help().is_empty());
    error.to_string()
}

#[test]
fn an_archive_is_the_same_data_as_its_folder() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &tiny());
    let right = own(folder.path()).unwrap();
    let wrapped: Tree = tree().into_iter().map(|(name, bytes)| (format!("a/b/{name}"), bytes)).collect();
    let packed: Tree = tree().into_iter().map(|(name, bytes)| (name + ".gz", gzip(&bytes))).collect();
    for files in [tree(), wrapped, packed] {
        for (archive, form) in [
            (zipped(&files, CompressionMethod::Stored), "IDX in a ZIP archive"),
            (zipped(&files, CompressionMethod::Deflated), "IDX in a ZIP archive"),
            (tarred(&files), "IDX in a tar archive"),
            (gzip(&tarred(&files)), "IDX in a tar archive in gzip"),
        ] {
            let data = read(&archive).unwrap();
            std::fs::write(folder.path().join("data"), &archive).unwrap();
            assert_eq!(own(&folder.path().join("data")).unwrap().fingerprint, right.fingerprint);
            assert_eq!((&data.train, &data.test), (&right.train, &right.test));
            assert_eq!(data.fingerprint, right.fingerprint);
            assert_eq!(data.reading.format, form);
        }
    }
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    for (name, what) in
        [("../x", "leads out"), ("a/../../x", "leads out"), ("/x", "absolute"), ("C:/x", "absolute")]
    {
        let message = refused(&tar_named(name, tar::EntryType::Regular));
        assert!(message.contains(what) && message.contains(name), "{message}");
        let message = refused(&zipped(&vec![(name.into(), vec![1])], CompressionMethod::Stored));
        assert!(message.contains(what), "{message}");
    }
    let message = refused(&zipped(&vec![("..\\x".into(), vec![1])], CompressionMethod::Stored));
    assert!(message.contains("leads out"), "{message}");
}

#[test]
fn links_and_devices_are_refused() {
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link] {
        let message = refused(&tar_named("train-images-idx3-ubyte", kind));
        assert!(message.ends_with("holds a link, `train-images-idx3-ubyte`"), "{message}");
    }
    let message = refused(&tar_named("x", tar::EntryType::Fifo));
    assert!(message.ends_with("holds no plain file, `x`"), "{message}");
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.add_symlink("x", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    let message = refused(&writer.finish().unwrap().into_inner());
    assert!(message.ends_with("holds a link, `x`"), "{message}");
}

#[test]
fn two_files_of_one_name_are_refused() {
    let mut files = tree();
    files.push(files[0].clone());
    let message = refused(&tarred(&files));
    assert!(message.ends_with("holds two files of the name `train-images-idx3-ubyte`"), "{message}");
}

/// A file that says 3 GiB, a hundred thousand zeros a byte, a gzip of zeros around a tar.
#[test]
fn bombs_are_left_alone() {
    let mut large = header(0);
    large.set_size(3 << 30);
    large.set_path("x").unwrap();
    large.set_cksum();
    let message = refused(large.as_bytes());
    assert!(message.contains("3221225472 bytes"), "{message}");
    let zeros = zipped(&vec![("x".into(), vec![0; 1 << 26])], CompressionMethod::Deflated);
    assert!(zeros.len() < 1 << 17);
    let message = refused(&zeros);
    assert!(message.contains("more than 1000 times its size"), "{message}");
    let zeros = gzip(&tarred(&vec![("x".into(), vec![0; 1 << 26])]));
    let message = refused(&zeros);
    assert!(message.contains("more than 1000 times its size"), "{message}");
    // A megabyte of zeros is no bomb.
    assert!(matches!(
        read(&zipped(&vec![("x".into(), vec![0; 1 << 20])], CompressionMethod::Deflated)),
        Err(DataError::Missing { .. })
    ));
}

#[test]
fn an_archive_of_other_things_says_what_is_in_it() {
    let archive =
        zipped(&vec![("notes/a.txt".into(), vec![1]), ("b.txt".into(), vec![2])], CompressionMethod::Stored);
    let message = refused(&archive);
    assert!(message.ends_with("it holds b.txt, notes/"), "{message}");
}

/// Every truncation and every flipped bit: an error, or a data set; never a panic. What is checked by a sum is whole.
#[test]
fn damaged_archives_are_errors_or_whole() {
    let files = tree();
    let (stored, deflated) =
        (zipped(&files, CompressionMethod::Stored), zipped(&files, CompressionMethod::Deflated));
    let right = read(&stored).unwrap().fingerprint;
    for archive in [stored, deflated, gzip(&tarred(&files))] {
        for length in 0..archive.len() {
            if let Ok(data) = read(&archive[..length]) {
                assert_eq!(data.fingerprint, right, "cut at {length}");
            }
        }
        for bit in 0..archive.len() * 8 {
            let mut flipped = archive.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(data) = read(&flipped) {
                assert_eq!(data.fingerprint, right, "bit {bit}");
            }
        }
    }
    // A plain tar archive has no sum over its files.
    let plain = tarred(&files);
    for length in (0..plain.len()).step_by(7) {
        let _ = read(&plain[..length]);
    }
    for bit in (0..plain.len() * 8).step_by(11) {
        let mut flipped = plain.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let _ = read(&flipped);
    }
}

/// A ZIP archive whose list declares 4 GiB for a file of three bytes.
#[test]
fn a_length_that_lies_is_found() {
    let bytes = zipped(&vec![("x".into(), idx(&[3], &[0, 1, 0]))], CompressionMethod::Stored);
    let entry = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
    for (at, value) in [(24, u32::MAX - 1), (20, u32::MAX - 1), (24, 1 << 20)] {
        let mut bytes = bytes.clone();
        bytes[entry + at..entry + at + 4].copy_from_slice(&value.to_le_bytes());
        assert!(read(&bytes).is_err());
    }
}
