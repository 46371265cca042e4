//! Where own data are, and how they are read: the table `data` of a study file.

use crate::error::DataError;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where data are, and how they are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataTable {
    /// The name of a data set, or with a slash (`./mine`) a folder, an archive or a file beside the study file.
    ///
    /// Archives are ZIP and tar.
    #[schemars(length(min = 1))]
    pub path: String,
    /// Height and width of all images. Images of another size are refused, unless `resize` says what becomes of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ImageSize>")]
    pub size: Option<[usize; 2]>,
    /// How images of another size are brought to `size`. The sides are scaled each by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize: Option<Resize>,
    /// 1 makes all images gray (0.299 red + 0.587 green + 0.114 blue), 3 gives gray ones three equal channels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<ImageChannels>")]
    pub channels: Option<usize>,
    /// The part of each class that becomes the test part, where the data have none. It is drawn with a seed of its own,
    /// so that every study of the data has the same test images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("exclusiveMinimum" = 0.0, "exclusiveMaximum" = 1.0))]
    pub test_fraction: Option<f64>,
    /// Validate on the validation part that the data have. Without this it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<ValidationPart>,
}

/// A side of an image, in pixels.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its schema is used
#[schemars(inline)]
struct ImageSide(#[schemars(range(min = 1, max = MAX_SIDE))] usize);

/// The size of an image.
type ImageSize = [ImageSide; 2];

/// The channels of an image.
#[derive(JsonSchema)]
#[allow(dead_code)] // only its schema is used
#[schemars(inline)]
struct ImageChannels(#[schemars(range(min = 1, max = 3))] usize);

/// The longest side of an image.
pub(crate) const MAX_SIDE: usize = 8192;

/// How an image is brought to another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resize {
    /// Each new pixel is the mean of what it covers of the old ones, in whole numbers, rounded half up.
    Area,
    /// Each new pixel is the old one under its centre.
    Nearest,
}

/// Where validation images are taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ValidationPart {
    /// The validation part of the data.
    Own,
}

impl DataTable {
    /// These data, read as they are.
    pub fn at(path: impl Into<String>) -> DataTable {
        DataTable { path: path.into(), ..DataTable::default() }
    }

    /// Whether the data are read as they are.
    pub fn is_plain(&self) -> bool {
        *self == DataTable::at(&*self.path)
    }

    /// The names of the settings that say how the data are read.
    pub(crate) fn settings(&self) -> Vec<&'static str> {
        let all = [
            ("size", self.size.is_some()),
            ("resize", self.resize.is_some()),
            ("channels", self.channels.is_some()),
            ("test_fraction", self.test_fraction.is_some()),
            ("validation", self.validation.is_some()),
        ];
        all.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name).collect()
    }

    /// The shape that images of this shape are brought to: height, width, channels.
    pub(crate) fn shape(&self, [height, width, channels]: [usize; 3]) -> [usize; 3] {
        let [height, width] = self.size.unwrap_or([height, width]);
        [height, width, self.channels.unwrap_or(channels)]
    }

    /// Refuses what no data can be read by.
    pub(crate) fn check(&self) -> Result<(), DataError> {
        let refuse = |fault: String, help: &str| Err(DataError::refused(self.path.as_ref(), fault, help));
        if let Some(size) = self.size
            && size.iter().any(|side| !(1..=MAX_SIDE).contains(side))
        {
            return refuse(
                format!("cannot have images of {} x {}", size[0], size[1]),
                "each side has 1 to 8192 pixels",
            );
        }
        if let Some(channels) = self.channels
            && ![1, 3].contains(&channels)
        {
            return refuse(
                format!("cannot have {channels} channels"),
                "gray images have 1 channel, coloured ones 3",
            );
        }
        if let Some(fraction) = self.test_fraction
            && !(fraction > 0.0 && fraction < 1.0)
        {
            return refuse(
                format!("cannot have a test part of {fraction}"),
                "for example 0.2: a fifth of each class",
            );
        }
        if self.resize.is_some() && self.size.is_none() {
            return refuse("has `resize`, but no `size`".into(), "say to which size: `size = [28, 28]`");
        }
        Ok(())
    }
}
