//! Damaged, wrong and hostile files: always a clear error, never a panic, never other data under a known name.

use super::{gzip, idx, tiny, tiny_entry, write_files};
use crate::catalogue::entry;
use crate::error::{DataError, FoundFormat};
use crate::folder::{FILES, load_named, read_checked};
use crate::idx::Idx;
use std::path::Path;

/// Reads these bytes as file `i` of the tiny set.
fn read_as(folder: &Path, i: usize, bytes: &[u8]) -> Result<Vec<u8>, DataError> {
    let path = folder.join("file");
    std::fs::write(&path, bytes).unwrap();
    read_checked(tiny_entry(&[]), i, &path).map(|(payload, _)| payload)
}

/// Reads these bytes with nothing known of them.
fn read(bytes: &[u8]) -> Result<Vec<u8>, DataError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    Idx::open(&path)?.read().map(|(payload, _)| payload)
}

fn message(bytes: &[u8]) -> String {
    let error = read(bytes).unwrap_err();
    assert!(!error.help().is_empty());
    let text = error.to_string();
    text[text.rfind("file` ").unwrap() + 6..].to_string()
}

#[test]
fn a_file_cut_at_any_length_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (i, file) in tiny().iter().enumerate() {
        for bytes in [file.clone(), gzip(file)] {
            assert_eq!(read_as(folder.path(), i, &bytes).unwrap(), file[file.len() - payload(i)..]);
            for length in 0..bytes.len() {
                assert!(read_as(folder.path(), i, &bytes[..length]).is_err(), "file {i} cut at {length}");
            }
        }
    }
}

fn payload(i: usize) -> usize {
    [12, 3, 8, 2][i]
}

#[test]
fn a_file_with_any_one_bit_flipped_is_refused_unless_its_content_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut survivors = 0;
    for (i, file) in tiny().iter().enumerate() {
        for bytes in [file.clone(), gzip(file)] {
            for bit in 0..bytes.len() * 8 {
                let mut flipped = bytes.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                if let Ok(read) = read_as(folder.path(), i, &flipped) {
                    assert_eq!(read, file[file.len() - payload(i)..], "file {i}, bit {bit}");
                    assert_eq!(bytes[0], 0x1f, "an unpacked file has no bit to spare");
                    survivors += 1;
                }
            }
        }
    }
    // The time stamp and the name of the operating system in a gzip header mean nothing.
    assert!((1..=4 * 80).contains(&survivors), "{survivors}");
}

#[test]
fn without_a_checksum_a_flipped_bit_is_found_by_gzip_itself_or_leaves_readable_data() {
    let file = gzip(&idx(&[2, 3, 3], &[7; 18]));
    for bit in 0..file.len() * 8 {
        let mut flipped = file.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert!(read(&flipped).is_err() || read(&flipped).unwrap() == [7; 18], "bit {bit}");
    }
}

#[test]
fn what_is_not_idx_is_called_by_its_name() {
    assert_eq!(message(b""), "is not an IDX file of unsigned bytes: found an empty file");
    assert!(
        message(b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n")
            .ends_with("a git-LFS pointer")
    );
    assert!(message(b"\n <!DOCTYPE html><html>404</html>").ends_with("a web page"));
    assert!(message(b"PK\x03\x04....").ends_with("a ZIP archive"));
    assert!(message(&gzip(&gzip(b"twice"))).ends_with("gzip inside of gzip"));
    assert!(message(&gzip(b"<html>")).ends_with("a web page"));
    assert!(message(b"\x01\x02\x03\x04").ends_with("a file that begins with the bytes 01 02 03 04"));
    let mut floats = idx(&[1, 1, 1], &[0; 4]);
    floats[2] = 0x0d;
    assert!(message(&floats).ends_with("IDX of 32-bit floats (0x0d)"));
    assert!(matches!(read(b"\x00\x01ab"), Err(DataError::NotIdx { found: FoundFormat::Bytes(_), .. })));
}

/// `numpy.array([2049, 3], dtype="<i4").tofile(f)`, or the same with the magic number alone the right way round.
#[test]
fn a_header_with_the_lowest_byte_first_is_told() {
    let whole = [&[1, 8, 0, 0, 3, 0, 0, 0][..], &[0, 1, 0]].concat();
    let expected = "has the dimensions 50331648, which do not fit its length; with the lowest byte first they are 3, which do";
    assert_eq!(message(&whole), expected);
    let dims = [&[0, 0, 8, 1, 3, 0, 0, 0][..], &[0, 1, 0]].concat();
    let opened = |bytes: &[u8]| {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        Idx::open(file.path()).unwrap().check_byte_order()
    };
    for bytes in [dims.clone(), gzip(&dims)] {
        assert!(matches!(opened(&bytes), Err(DataError::LittleEndian { .. })));
    }
    // Whatever the other reading says, dimensions that fit are right.
    opened(&idx(&[3], &[0, 1, 0])).unwrap();
    opened(&gzip(&idx(&[256, 256], &[0; 1 << 16]))).unwrap();
}

/// No kind of damage is certain, and nobody knows where the file came from.
#[test]
fn the_help_for_a_file_does_not_guess_that_it_was_fetched() {
    let file = idx(&[3], &[0, 1, 0]);
    for bytes in
        [&file[..10], &[&file[..], &[1]].concat(), &gzip(&file)[..20], b"cat\ndog\n", b"", b"\x01\x02"]
    {
        let help = read(bytes).unwrap_err().help();
        assert!(!help.contains("fetch") && !help.contains("damaged"), "{help}");
    }
    assert_eq!(message(b"cat\ndog\n"), "is not an IDX file of unsigned bytes: found text (`cat`)");
    assert!(read(b"cat\ndog\n").unwrap_err().help().contains("`classes.txt`"));
}

#[test]
fn a_length_other_than_declared_is_told_with_both_numbers() {
    let file = idx(&[3], &[0, 1, 0]);
    assert_eq!(message(&file[..10]), "is cut short: expected 11 bytes, found 10");
    assert_eq!(message(&gzip(&file[..10])), "is cut short: expected 11 bytes, found 10");
    let long = [file.clone(), vec![1, 2]].concat();
    assert_eq!(message(&long), "holds more than its header says: expected 11 bytes, found at least 13");
    assert_eq!(
        message(&gzip(&long)),
        "holds more than its header says: expected 11 bytes, found at least 12"
    );
    assert_eq!(message(&[0, 0, 8]), "is cut short: expected 4 bytes, found 3");
}

#[test]
fn whether_a_file_is_gzipped_is_seen_in_it_and_not_in_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let files = tiny();
    let names = [
        "train-images.idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte",
        "t10k-labels.idx1-ubyte",
    ];
    for (i, name) in names.iter().enumerate() {
        let bytes = if i % 2 == 0 { files[i].clone() } else { gzip(&files[i]) };
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    let data = load_named(tiny_entry(&[]), folder.path(), None, &mut |_| {}).unwrap();
    assert_eq!((data.train.len(), data.test.len(), data.title.as_str()), (3, 2, "Tiny"));
    assert_eq!(data.train.image(1, 4), [5, 6, 7, 8]);
}

#[test]
fn gzip_of_several_members_is_one_file() {
    let file = idx(&[6], &[0, 1, 0, 1, 0, 1]);
    let members = [gzip(&file[..9]), gzip(&file[9..])].concat();
    assert_eq!(read(&members).unwrap(), [0, 1, 0, 1, 0, 1]);
    let garbage = [gzip(&file), b"garbage".to_vec()].concat();
    assert!(matches!(read(&garbage), Err(DataError::Gzip { .. })));
    // `gzip -t` says of it: decompression OK, trailing garbage ignored.
    let packed = gzip(&file).len();
    let length = packed + 7;
    assert_eq!(
        message(&garbage),
        format!(
            "goes on after its gzip stream: the stream is whole and has {packed} of {length} bytes, the rest is not gzip"
        )
    );
    let damaged = [&gzip(&file)[..packed - 8], &[0; 8]].concat();
    assert!(message(&damaged).starts_with("has a gzip stream that breaks after"), "{}", message(&damaged));
}

/// 64 MiB of zeros in 64 KiB, behind a header that declares three bytes: reading ends after the fourth.
#[test]
fn a_gzip_bomb_is_left_after_one_byte_too_many() {
    let mut bomb = idx(&[3], &[]);
    bomb.resize(1 << 26, 0);
    let packed = gzip(&bomb);
    assert!(packed.len() < 1 << 17);
    assert_eq!(message(&packed), "holds more than its header says: expected 11 bytes, found at least 12");
}

#[test]
fn a_header_that_declares_too_much_is_refused_before_anything_is_allocated() {
    for dims in [vec![u32::MAX; 3], vec![u32::MAX; 255], vec![1 << 31, 1, 2], vec![60_000, 60_000, 1]] {
        for file in [idx(&dims, &[1, 2, 3]), gzip(&idx(&dims, &[1, 2, 3]))] {
            assert!(matches!(read(&file), Err(DataError::TooLarge { .. })), "{} dimensions", dims.len());
        }
    }
    // 1 GiB is allowed, but no small file can hold it.
    let file = gzip(&idx(&[1 << 30], &[1, 2, 3]));
    assert_eq!(message(&file), "is cut short: expected 1073741832 bytes, found 11");
    assert!(matches!(
        read(&idx(&[], &[])),
        Err(DataError::TrailingBytes { .. }) | Err(DataError::CutShort { .. })
    ));
}

#[test]
fn other_data_under_an_official_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = tiny();
    *files[0].last_mut().unwrap() += 1;
    write_files(folder.path(), &files);
    let error = load_named(tiny_entry(&[]), folder.path(), None, &mut |_| {}).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, DataError::WrongData { recognised: None, .. }));
    assert!(text.contains("train-images-idx3-ubyte.gz` is not Tiny: expected SHA-256 "), "{text}");
}

/// MNIST has the same names and sizes as Fashion-MNIST; its checksum tells it.
#[test]
fn mnist_under_the_names_of_fashion_mnist_is_recognised() {
    let fashion = entry("fashion-mnist").unwrap();
    let digits = "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db";
    let file = Path::new("train-images-idx3-ubyte");
    let error = crate::folder::verify(fashion, 0, file, digits).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`train-images-idx3-ubyte` is not Fashion-MNIST (official, 2017-08-31): expected SHA-256 \
         c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888, found \
         ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db, which is MNIST"
    );
}

#[test]
fn files_of_other_dimensions_are_refused_before_they_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let error = read_as(folder.path(), 0, &idx(&[3, 2, 3], &[0; 18])).unwrap_err();
    assert!(
        error.to_string().ends_with("has the dimensions 3 x 2 x 3, expected 3 x 2 x 2 for Tiny"),
        "{error}"
    );
    let labels_for_images = read_as(folder.path(), 0, &tiny()[1]).unwrap_err();
    assert!(matches!(labels_for_images, DataError::Dimensions { .. }));
}

#[test]
fn folders_loops_and_pipes_in_place_of_files_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &tiny());
    let file = folder.path().join(format!("{}.gz", FILES[1]));
    let load = || load_named(tiny_entry(&[]), folder.path(), None, &mut |_| {}).unwrap_err();
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(load(), DataError::Missing { all: false, .. }));
    std::fs::create_dir(&file).unwrap();
    assert!(matches!(load(), DataError::NotAFile { kind: "a folder", .. }));
    std::fs::remove_dir(&file).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&file, &file).unwrap();
        assert!(matches!(load(), DataError::Io { .. }));
        std::fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("nowhere", &file).unwrap();
        assert!(matches!(load(), DataError::Io { .. }));
        std::fs::remove_file(&file).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(&file).status().unwrap().success());
        assert!(matches!(load(), DataError::NotAFile { kind: "a pipe or a device", .. }));
    }
}
