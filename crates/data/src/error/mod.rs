//! Everything that can be wrong with data: the values found and expected, a message, and what to do.

mod found;
mod help;
mod refused;

pub use found::{FoundFormat, GzipFault};

use std::io;
use std::path::{Path, PathBuf};

use crate::lookalikes::FolderContent;
use crate::path_form::PathFault;

/// A place that was tried, and why it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The folder or the address, in words for the user.
    pub place: String,
    /// Why it failed.
    pub reason: String,
}

/// Why a data set could not be loaded, or not be split.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The operating system refused.
    #[error("{} cannot be {action}: {cause}", quoted(path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// `read`, `written`, ….
        action: &'static str,
        /// The system's reason.
        cause: io::Error,
    },
    /// A folder, pipe or device where a file should be.
    #[error("{} is {kind}, expected a file", quoted(path))]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The folder does not hold the four files.
    #[error("{} lacks {}; it holds {}", quoted(folder), names.join(", "), there.in_words())]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The files that are not there.
        names: Vec<String>,
        /// Whether none of the four is there.
        all: bool,
        /// What is there instead.
        there: Box<FolderContent>,
    },
    /// There is no such folder.
    #[error("there is no folder {}", quoted(folder))]
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// Why, as far as the way in which it is written shows it.
        reason: Option<PathFault>,
    },
    /// A file where a folder should be.
    #[error("{} is a file, expected the folder with the four files", quoted(path))]
    NotAFolder {
        /// The file.
        path: PathBuf,
    },
    /// A file that is no data set in a form that toile reads.
    #[error("{} is {found}, which toile does not read as a data set", quoted(file))]
    UnknownFormat {
        /// The file.
        file: PathBuf,
        /// What it is.
        found: FoundFormat,
    },
    /// Data of the user's own without a test part, and none is to be drawn.
    #[error("{} has no test part", quoted(data))]
    NoTestPart {
        /// Where they are.
        data: PathBuf,
    },
    /// What a format cannot take.
    #[error("{} {fault}", quoted(file))]
    Refused {
        /// The file.
        file: PathBuf,
        /// What is wrong, as the end of a sentence about it.
        fault: String,
        /// What to do about it.
        help: String,
    },
    /// Not IDX with unsigned bytes.
    #[error("{} is not an IDX file of unsigned bytes: found {found}", quoted(file))]
    NotIdx {
        /// The file.
        file: PathBuf,
        /// What it is instead.
        found: FoundFormat,
    },
    /// The dimensions in the header are not those that are needed.
    #[error("{} has the dimensions {}, expected {expected}", quoted(file), product(found))]
    Dimensions {
        /// The file.
        file: PathBuf,
        /// From its header.
        found: Vec<u32>,
        /// In words.
        expected: String,
    },
    /// Dimensions that only make sense when each is read backwards.
    #[error(
        "{} has the dimensions {}, which do not fit its length; with the lowest byte first they are {}, which do",
        quoted(file),
        product(found),
        product(meant)
    )]
    LittleEndian {
        /// The file.
        file: PathBuf,
        /// As IDX is read: the highest byte first.
        found: Vec<u32>,
        /// With the lowest byte first.
        meant: Vec<u32>,
    },
    /// The header promises more than toile reads.
    #[error(
        "{} declares {} = {bytes} bytes, more than the {limit} that toile reads",
        quoted(file),
        product(dims)
    )]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// From its header.
        dims: Vec<u32>,
        /// Their product.
        bytes: u128,
        /// The largest size that is read.
        limit: u64,
    },
    /// The file ends early.
    #[error("{} is cut short: expected {expected} bytes, found {found}", quoted(file))]
    CutShort {
        /// The file.
        file: PathBuf,
        /// Bytes of the decompressed file by its header.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The file goes on after its end.
    #[error(
        "{} holds more than its header says: expected {expected} bytes, found at least {found}",
        quoted(file)
    )]
    TrailingBytes {
        /// The file.
        file: PathBuf,
        /// Bytes of the decompressed file by its header.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The gzip stream is damaged, or something follows it.
    #[error("{} {}", quoted(file), fault.in_words())]
    Gzip {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        fault: GzipFault,
    },
    /// Images and labels do not belong together.
    #[error("{} holds {n_images} images, but {} holds {n_labels} labels", quoted(images), quoted(labels))]
    CountMismatch {
        /// The image file.
        images: PathBuf,
        /// Images in it.
        n_images: u32,
        /// The label file.
        labels: PathBuf,
        /// Labels in it.
        n_labels: u32,
    },
    /// Training and test images have different sizes.
    #[error(
        "{} holds images of {}, but {} of {}",
        quoted(train),
        product(train_shape),
        quoted(test),
        product(test_shape)
    )]
    ShapeMismatch {
        /// The file of training images.
        train: PathBuf,
        /// Height, width, channels of the training images.
        train_shape: [u32; 3],
        /// The file of test images.
        test: PathBuf,
        /// Height, width, channels of the test images.
        test_shape: [u32; 3],
    },
    /// A label without a class.
    #[error(
        "{} has the label {label} at position {position}, expected 0 to {}{}",
        quoted(file),
        classes - 1,
        from_one(*first)
    )]
    Label {
        /// The label file.
        file: PathBuf,
        /// Counted from 0.
        position: usize,
        /// The label.
        label: u8,
        /// How many classes there are.
        classes: usize,
        /// The smallest label of both parts.
        first: u8,
    },
    /// Fewer than two classes: there is nothing to learn.
    #[error("{} knows only one class, expected 2 to 256", quoted(file))]
    OneClass {
        /// The label file, or `classes.txt`.
        file: PathBuf,
    },
    /// `classes.txt` is not a list of names.
    #[error("{}, line {line}: {fault}", quoted(file))]
    ClassNames {
        /// The file.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong.
        fault: String,
    },
    /// The right name, other data.
    #[error(
        "{} is not {title}: expected SHA-256 {expected}, found {found}{}",
        quoted(file),
        belongs(recognised)
    )]
    WrongData {
        /// The file.
        file: PathBuf,
        /// The data set that was asked for.
        title: &'static str,
        /// SHA-256 of the right decompressed file.
        expected: String,
        /// SHA-256 of this one.
        found: String,
        /// The data set that the file belongs to, if the catalogue knows it.
        recognised: Option<&'static str>,
    },
    /// No data set of this name, and no folder.
    #[error("unknown data set `{name}`")]
    UnknownName {
        /// As asked for.
        name: String,
        /// The catalogue's names.
        known: Vec<&'static str>,
        /// The one that it resembles.
        suggestion: Option<&'static str>,
    },
    /// A named data set was found nowhere.
    #[error("{title} was found nowhere; tried{}", list(tried))]
    NotFound {
        /// The catalogue's name.
        name: &'static str,
        /// The catalogue's title.
        title: &'static str,
        /// Every place, in order.
        tried: Vec<Attempt>,
    },
    /// A fraction that no split can have.
    #[error("a validation fraction of {fraction} is not a fraction, expected 0 <= fraction < 1")]
    Fraction {
        /// As asked for.
        fraction: f64,
    },
    /// A split with nothing to train on, or nothing to validate on.
    #[error("a validation fraction of {fraction} {}", if *train == 0 { format!("leaves 0 of {n} images to train on") } else { format!("takes none of {n} images") })]
    EmptyPart {
        /// Images before the split.
        n: usize,
        /// As asked for.
        fraction: f64,
        /// Images that would be left to train on.
        train: usize,
    },
    /// A test part with no image, or with all of them.
    #[error("a test part of {fraction} takes {test} of {n} images")]
    TestPart {
        /// Images before.
        n: usize,
        /// As asked for.
        fraction: f64,
        /// Images that would be taken.
        test: usize,
    },
    /// There is nothing to fetch: the set is drawn.
    #[error("`{name}` is drawn by toile itself: there is nothing to fetch")]
    NothingToFetch {
        /// The catalogue's name.
        name: &'static str,
    },
}

impl DataError {
    /// Whether the data set is just not there, so that the next place is tried without a message.
    pub(crate) fn is_absence(&self) -> bool {
        let DataError::Missing { all, .. } = self else {
            return matches!(self, DataError::NoFolder { .. } | DataError::NotAFolder { .. });
        };
        *all
    }
}

pub(crate) fn quoted(path: &Path) -> String {
    format!("`{}`", path.display())
}

fn product(dims: &[u32]) -> String {
    let dims: Vec<String> = dims.iter().map(u32::to_string).collect();
    dims.join(" x ")
}

/// Labels that start at 1 are an accident that happens to whole data sets.
fn from_one(first: u8) -> String {
    if first == 0 { String::new() } else { format!("; the labels start at {first}, none is 0") }
}

fn belongs(recognised: &Option<&str>) -> String {
    recognised.map(|title| format!(", which is {title}")).unwrap_or_default()
}

fn list(tried: &[Attempt]) -> String {
    tried.iter().map(|attempt| format!("\n  {}: {}", attempt.place, attempt.reason)).collect()
}
