//! What can be done about each error.

use std::path::Path;

use super::{DataError, FoundFormat, GzipFault};
use crate::path_form::PathFault;

const LITTLE_ENDIAN: &str = "IDX has the highest byte of each number first; in NumPy `np.array([…], dtype=\">u4\").tobytes()`, in \
     Python `struct.pack(\">…I\", …)` write it so";
const TOO_LARGE: &str = "either its header is wrong (IDX has the highest byte of each number first), or the set is too large for memory";
const CUT_SHORT: &str = "either the file was not copied or written to its end, or its header declares too much: compare it with its source";
const TRAILING_BYTES: &str =
    "either its header declares too little, or something was added to the file: compare it with its source";
const COUNT_MISMATCH: &str = "either the two files are of different sets, or one of them is not whole, or its header is wrong: each image has \
     one label";
const SHAPE_MISMATCH: &str =
    "either the files are of different sets, or one part must be brought to the size of the other";
const LABELS_FROM_1: &str = "labels count from 0: subtract the smallest one from all of them (EMNIST's letters, for one, have labels from 1)";
const LABEL: &str = "either the label file is of another set, or a class is missing: with a `classes.txt` of your own, each class has \
     a line there";

impl DataError {
    /// What to do about it, in one or two sentences without a full stop at the end.
    pub fn help(&self) -> String {
        match self {
            DataError::Io { action, .. } if *action != "read" => {
                "check the free space and the permissions".into()
            }
            DataError::Io { .. } => "check that the file is readable by you and its disk is sound".into(),
            DataError::NotAFile { kind: "a folder", .. } => {
                "if the file lies in it, as some unpackers put it, move it up and remove the folder".into()
            }
            DataError::NotAFile { .. } => "remove it, or name another folder".into(),
            DataError::Missing { names, there, .. } => there.help(names),
            DataError::NoFolder { reason, .. } => reason.as_ref().map_or_else(no_folder, PathFault::help),
            DataError::NotAFolder { path } => not_a_folder(path),
            DataError::UnknownFormat { found, .. } => found.other_form().into(),
            DataError::NoTestPart { .. } => {
                "`test_fraction = 0.2` makes one of a fifth of each class; or put one beside the training part".into()
            }
            DataError::Refused { help, .. } => help.clone(),
            DataError::LittleEndian { .. } => LITTLE_ENDIAN.into(),
            DataError::NotIdx { found, .. } => found.help().into(),
            DataError::Dimensions { .. } => {
                "image files hold (images, height, width) or (images, height, width, \
                 channels), label files (labels): check that the right file has this name"
                    .into()
            }
            DataError::TooLarge { .. } => TOO_LARGE.into(),
            DataError::CutShort { .. } => CUT_SHORT.into(),
            DataError::TrailingBytes { .. } => TRAILING_BYTES.into(),
            DataError::Gzip { file, fault } => fault.help(file),
            DataError::CountMismatch { .. } => COUNT_MISMATCH.into(),
            DataError::ShapeMismatch { .. } => SHAPE_MISMATCH.into(),
            DataError::Label { first: 1.., .. } => LABELS_FROM_1.into(),
            DataError::Label { .. } => LABEL.into(),
            DataError::OneClass { .. } => "a classifier needs at least two classes".into(),
            DataError::ClassNames { .. } => "write one class per line, in label order".into(),
            DataError::WrongData { recognised: Some(_), .. } => {
                "remove it from this folder, or ask for the data set that it is".into()
            }
            DataError::WrongData { .. } => {
                "delete the file and fetch it again; to train on changed data, name its \
                 folder in the study file, so that it gets a fingerprint of its own"
                    .into()
            }
            DataError::UnknownName { known, suggestion, .. } => unknown_help(known, *suggestion),
            DataError::NotFound { name, .. } => format!(
                "put {} into a folder and name it with `--data-dir`; `data = \"drawn-garments\"` runs \
                 without `{name}`, on procedural data that is not comparable",
                files_of(name)
            ),
            DataError::Fraction { .. } => {
                "for example 0.1: the last tenth; 0 trains without validation".into()
            }
            DataError::EmptyPart { n: 0, .. } => "the training part of this data set is empty".into(),
            DataError::EmptyPart { train: 0, .. } => "take a smaller fraction, or more images".into(),
            DataError::EmptyPart { .. } => "take a larger fraction, or 0 to train without validation".into(),
            DataError::TestPart { test: 0, .. } => "take a larger fraction, or more images".into(),
            DataError::TestPart { .. } => "take a smaller fraction".into(),
            DataError::NothingToFetch { name } => {
                format!("write `data = \"{name}\"` in a study, or `toile data check {name}`")
            }
        }
    }
}

impl FoundFormat {
    fn help(&self) -> &'static str {
        match self {
            FoundFormat::LfsPointer => "run `git lfs pull` in its checkout, or download the file itself",
            FoundFormat::WebPage => {
                "probably a server answered with a page in place of the file: put the file itself there"
            }
            FoundFormat::Gzip | FoundFormat::Archive(_) => "unpack it, and put the IDX files into the folder",
            FoundFormat::Text(_) => {
                "IDX is binary: labels are bytes, 0 for the first class, 1 for the second and so on, and the names of \
                 the classes belong in `classes.txt`, one per line (`docs/faq.md` shows how to write the files)"
            }
            FoundFormat::Format(_) => "write its numbers as IDX: `docs/faq.md` shows how",
            FoundFormat::IdxOf(_) => "convert it to unsigned bytes (IDX type 0x08), 0 to 255",
            FoundFormat::Empty => {
                "either it was not copied or written, or the disk was full: compare it with its source"
            }
            FoundFormat::Bytes(_) => {
                "an IDX file begins with 00 00 08 and the number of its dimensions, each of which follows in four \
                 bytes: either the header is missing, or this is another kind of file"
            }
        }
    }
}

/// What is read.
const READ: &str = "toile reads a folder or an archive (ZIP, tar) with folders of PNG and JPEG pictures (`train/CLASS/…`, `test/CLASS/…`), NumPy arrays (`.npz`), CSV, CIFAR's binary files, or four IDX files";

impl FoundFormat {
    /// What to do with a file of another form than those that are read.
    fn other_form(&self) -> &'static str {
        match self {
            FoundFormat::LfsPointer | FoundFormat::WebPage | FoundFormat::Empty => self.help(),
            _ => READ,
        }
    }
}

impl GzipFault {
    fn help(&self, file: &Path) -> String {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        match self {
            GzipFault::Breaks { .. } => {
                "either the file was not copied to its end, or it was changed since it was \
                 packed (`gzip -t` tells): copy it again from its source, or pack it again"
                    .into()
            }
            GzipFault::GoesOn { .. } => format!(
                "`gzip -dc {name} > {}` unpacks the stream and leaves out the rest; see that nothing is missing",
                name.trim_end_matches(".gz").to_string() + if name.ends_with(".gz") { "" } else { ".idx" }
            ),
        }
    }
}

/// The files of a named set, in words.
fn files_of(name: &str) -> String {
    let archive = crate::entry(name).and_then(|entry| entry.archive());
    archive.map_or("the four IDX files".into(), |archive| format!("the archive `{}`", archive.file))
}

fn no_folder() -> String {
    "a relative path starts at the current folder, in a study file at that file's folder; for a named set, see `toile data list`"
        .into()
}

fn not_a_folder(path: &Path) -> String {
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = folder.map_or(".".to_string(), |parent| parent.display().to_string());
    format!("name the folder that it is in, `{folder}`; an archive is unpacked into a folder first")
}

fn unknown_help(known: &[&str], suggestion: Option<&str>) -> String {
    let known = known.join(", ");
    let known = format!("known: {known}; or the path of data of your own, with a slash: `./my-images`");
    suggestion.map_or(known.clone(), |name| format!("did you mean `{name}`? ({known})"))
}
