//! Image data sets, from wherever they are into memory: formats, fingerprints, splits, the catalogue, and a set that
//! is drawn by code.
//!
//! Pixels stay `u8` as they were stored; they are scaled to [0, 1] where a batch is gathered. This crate reads no
//! environment and prints nothing: the folders to search are given as [`Locations`], what happens is reported as
//! [`LoadProgress`].
//!
//! ```no_run
//! use toile_data::{Locations, load, split, SplitHow};
//! let locations = Locations::new("/home/me/.cache/toile".into());
//! let data = load("fashion-mnist", None, &locations, &mut |_| {})?;
//! let parts = split(&data.train.labels, 10, 0.1, SplitHow::Last, toile_rng::Seed::new(7))?;
//! assert_eq!((parts.train.len(), parts.validation.len()), (54_000, 6_000));
//! # Ok::<(), toile_data::DataError>(())
//! ```
#![warn(unreachable_pub)]

mod catalogue;
mod check;
mod class_names;
mod convert;
mod decoded;
mod drawn;
mod error;
mod fetch;
mod find;
mod fingerprint;
mod folder;
mod foreign;
mod formats;
mod guard;
mod idx;
mod locations;
mod lookalikes;
mod options;
mod own;
mod parallel;
mod path_form;
mod pictures;
mod published;
mod source;
mod split;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use catalogue::{CatalogueEntry, catalogue, entry};
pub use check::{CheckReport, CheckWarning, NearImages, PartReport, SharedImages, check};
pub use convert::{Converted, OutputForm, convert};
pub use drawn::{drawn_garments, drawn_looks};
pub use error::{Attempt, DataError, FoundFormat, GzipFault};
pub use find::{fetch, load, load_table};
pub use fingerprint::fingerprint;
pub use guard::panic_becomes_an_error;
pub use locations::{LoadProgress, Locations};
pub use lookalikes::FolderContent;
pub use options::{DataTable, Resize, ValidationPart};
pub use path_form::{PathFault, path_help};
pub use pictures::{DecodedPicture, PictureFault, decode_picture};
pub use split::{Split, SplitHow, n_train, split};

/// Images with their labels, in two parts, and where they came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataSet {
    /// Catalogue name or the path as it was asked for.
    pub name: String,
    /// Human-readable title, for example `Fashion-MNIST (official, 2017-08-31)`.
    pub title: String,
    /// Height, width and channels of one image.
    pub shape: [usize; 3],
    /// Names of the classes, in label order.
    pub class_names: Vec<String>,
    /// The training part, in the order of its files; at its end the validation part, if the data's own is used.
    pub train: LabelledImages,
    /// The test part, in the order of its files.
    pub test: LabelledImages,
    /// SHA-256 over shape, class names, pixels and labels of both parts, in hexadecimal; see [`fingerprint`].
    pub fingerprint: String,
    /// Where it was found.
    pub source: String,
    /// True for data drawn by our own code, which every table and figure must say.
    pub procedural: bool,
    /// How many of the last training images are the data's own validation part; 0 if they have none that is used.
    pub own_validation: usize,
    /// How the data were read.
    pub reading: Reading,
}

/// How data were read: what the pixels owe to the way.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The format, and the archive if it is in one.
    pub format: String,
    /// The decoders of pictures, with their versions: those of JPEG differ in the last bit.
    pub decoders: Vec<String>,
    /// What was done to the data, in plain English.
    pub notes: Vec<String>,
    /// Images of a validation part that the data have and that is not used.
    pub unused_validation: usize,
}

impl DataSet {
    /// Bytes of one image: height × width × channels.
    pub fn image_len(&self) -> usize {
        self.shape.iter().product()
    }

    /// The three parts: what is trained on, the data's own validation part, which may be none, and the test part.
    pub(crate) fn parts(&self) -> [ImageSlice<'_>; 3] {
        let [train, validation] =
            self.train.divided(self.train.len() - self.own_validation, self.image_len());
        let [test, _] = self.test.divided(self.test.len(), self.image_len());
        [train, validation, test]
    }
}

/// Some images in a row, with their labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ImageSlice<'a> {
    pub images: &'a [u8],
    pub labels: &'a [u8],
}

/// One part of a data set: pixels, image after image, each row by row, channels last; and one label per image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelledImages {
    /// `len() * height * width * channels` bytes.
    pub images: Vec<u8>,
    /// One class index per image.
    pub labels: Vec<u8>,
}

impl LabelledImages {
    /// The number of images.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Whether there is no image.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// The pixels of image `index`, where one image has `image_len` bytes.
    pub fn image(&self, index: usize, image_len: usize) -> &[u8] {
        &self.images[index * image_len..(index + 1) * image_len]
    }

    /// The first `n` images, and the others, where one has `image_len` bytes.
    pub(crate) fn divided(&self, n: usize, image_len: usize) -> [ImageSlice<'_>; 2] {
        let (images, other_images) = self.images.split_at(n * image_len);
        let (labels, other_labels) = self.labels.split_at(n);
        [ImageSlice { images, labels }, ImageSlice { images: other_images, labels: other_labels }]
    }

    /// How many images each class has.
    pub fn class_counts(&self, classes: usize) -> Vec<usize> {
        count_classes(self.labels.iter().copied(), classes)
    }
}

/// How often each of `classes` labels occurs. Labels were checked when the data was loaded.
pub(crate) fn count_classes(labels: impl Iterator<Item = u8>, classes: usize) -> Vec<usize> {
    let mut counts = vec![0; classes];
    labels.for_each(|label| counts[label as usize] += 1);
    counts
}
