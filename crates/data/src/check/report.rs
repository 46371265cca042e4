//! The result of checking a data set.

use super::near::NEAR;
use std::fmt;

/// The result of checking a data set.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckReport {
    /// The data set's title.
    pub title: String,
    /// Where it was found.
    pub source: String,
    /// The data set's fingerprint.
    pub fingerprint: String,
    /// Height, width, channels.
    pub shape: [usize; 3],
    /// Names of the classes, in label order.
    pub class_names: Vec<String>,
    /// Training, validation if there is a split, test.
    pub parts: Vec<PartReport>,
    /// Images of one part that are in another one too.
    pub shared: Vec<SharedImages>,
    /// Images that occur twice with different labels, in any parts.
    pub contradictions: usize,
    /// Images that are nearly the same as an earlier one.
    pub near: Vec<NearImages>,
    /// What should be examined; empty if all is well.
    pub warnings: Vec<CheckWarning>,
}

/// One part of the data set.
#[derive(Clone, Debug, PartialEq)]
pub struct PartReport {
    /// `training`, `validation` or `test`.
    pub name: &'static str,
    /// Number of images.
    pub images: usize,
    /// Images per class.
    pub class_counts: Vec<usize>,
    /// Images that equal an earlier one of this part.
    pub duplicates: usize,
    /// Images of one single gray.
    pub constant: usize,
    /// Share of images with the label of the image before: near 1 if the part is sorted by class.
    pub same_as_before: f64,
    /// What that share would be in a random order.
    pub same_by_chance: f64,
    /// Mean of the pixels / 255.
    pub mean: f64,
    /// Standard deviation of the pixels / 255.
    pub sd: f64,
    /// The brightest pixel.
    pub brightest: u8,
}

impl PartReport {
    /// Half-way between a random order and a perfectly sorted part; small parts may look sorted at random.
    pub(super) fn looks_sorted(&self) -> bool {
        self.images >= 50
            && self.same_by_chance < 0.9
            && self.same_as_before > (1.0 + self.same_by_chance) / 2.0
    }
}

/// Equal images in two parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedImages {
    /// The part that should not know them.
    pub part: &'static str,
    /// The part that holds them as well.
    pub with: &'static str,
    /// How many images of `part` it is.
    pub images: usize,
}

/// Images that are nearly the same, in one part or in two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearImages {
    /// The part of the later ones.
    pub part: &'static str,
    /// The part of the earlier ones.
    pub with: &'static str,
    /// How many images of `part` it is.
    pub images: usize,
    /// Some of them, each with the one that it is near to: their places in the data's parts, from 0. Validation images
    /// are counted among those of training, of which they are a part.
    pub examples: Vec<(usize, usize)>,
}

/// Something that should be examined.
#[derive(Clone, Debug, PartialEq)]
pub enum CheckWarning {
    /// A class without an image.
    ClassMissing {
        /// The part.
        part: &'static str,
        /// The class.
        class: String,
    },
    /// The smallest labels belong to no image of any part.
    LabelsFrom {
        /// The smallest label that an image has.
        first: usize,
    },
    /// All images of a part are of one class.
    OneClass {
        /// The part.
        part: &'static str,
        /// The class.
        class: String,
    },
    /// No pixel is brighter than 1 of 255.
    Dark {
        /// The part.
        part: &'static str,
    },
    /// The shape looks like one whose channels come first.
    ChannelsFirst {
        /// Height, width, channels as they were read.
        shape: [usize; 3],
    },
    /// The largest class has more than ten times the images of the smallest.
    Imbalance {
        /// The part.
        part: &'static str,
        /// Images of the smallest class.
        smallest: usize,
        /// Images of the largest class.
        largest: usize,
    },
    /// The images are in the order of their classes.
    LooksSorted {
        /// The part.
        part: &'static str,
    },
    /// Equal images within a part.
    Duplicates {
        /// The part.
        part: &'static str,
        /// How many.
        images: usize,
    },
    /// Equal images in two parts.
    Leak(SharedImages),
    /// Images that are nearly the same, in two parts: at least one.
    NearAcross(Vec<NearImages>),
    /// Images that are nearly the same, in one part: at least one.
    NearWithin(Vec<NearImages>),
    /// So many images are alike that not all were compared.
    TooManyAlike,
    /// Equal images with different labels.
    Contradictions {
        /// How many.
        images: usize,
    },
    /// Images of one single gray.
    Constant {
        /// The part.
        part: &'static str,
        /// How many.
        images: usize,
    },
}

impl fmt::Display for CheckWarning {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            CheckWarning::ClassMissing { part, class } => {
                write!(f, "{part}: no image of the class `{class}`")
            }
            CheckWarning::LabelsFrom { first } => write!(
                f,
                "no image has a label below {first}: if the labels were counted from {first}, subtract {first} from all of them; else the model has outputs for classes without an image"
            ),
            CheckWarning::OneClass { part, class } => {
                write!(f, "{part}: all images are of the class `{class}`")
            }
            CheckWarning::Dark { part } => write!(
                f,
                "{part}: no pixel is brighter than 1 of 255; if 1 is meant as white, multiply the pixels by 255"
            ),
            CheckWarning::ChannelsFirst { shape: [height, width, channels] } => write!(
                f,
                "images of {height} x {width} with {channels} channels: if the file has the channels first, write them last"
            ),
            CheckWarning::Imbalance { part, smallest, largest } => {
                write!(f, "{part}: the smallest class has {smallest} images, the largest {largest}")
            }
            CheckWarning::LooksSorted { part } => {
                write!(
                    f,
                    "{part}: the images are sorted by class; split them `stratified` or `random`, not `last`"
                )
            }
            CheckWarning::Duplicates { part, images } => {
                write!(f, "{part}: images that occur more than once: {images}")
            }
            CheckWarning::Leak(SharedImages { part, with, images }) => {
                write!(
                    f,
                    "{part}: images that are also in {with}: {images}; the numbers on {part} are too good"
                )
            }
            CheckWarning::NearAcross(near) => write!(
                f,
                "images that are nearly the same as one of another part (pixels correlate by {NEAR} or more): {}",
                listed(near)
            ),
            CheckWarning::NearWithin(near) => {
                write!(f, "images that are nearly the same as another one of their part: {}", listed(near))
            }
            CheckWarning::TooManyAlike => {
                write!(f, "so many images are nearly the same that not all were compared: there may be more")
            }
            CheckWarning::Contradictions { images } => {
                write!(f, "images that occur twice, with different labels: {images}")
            }
            CheckWarning::Constant { part, images } => write!(f, "{part}: images of a single gray: {images}"),
        }
    }
}

fn listed(near: &[NearImages]) -> String {
    near.iter().map(NearImages::to_string).collect::<Vec<String>>().join("; ")
}

impl fmt::Display for NearImages {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let NearImages { part, with, images, examples } = self;
        let with = if part == with { String::new() } else { format!(" as in {with}") };
        write!(f, "{part} {images}{with}")?;
        let Some((image, like)) = examples.first() else { return Ok(()) };
        let example = if *images > 1 { "for example " } else { "" };
        write!(f, " ({example}{image} and {like})")
    }
}
