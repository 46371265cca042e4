//! What is to be seen in the weights of a network: pictures of its first layer, and where it looks.
//!
//! Whoever has the weights makes this of them; it is not stored.

/// What is to be seen in the network that stands for a model: of the model's run with the highest validation accuracy
/// (its mean over the seeds), that of the first seed whose weights are there.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkPictures {
    /// The model's name in the study file.
    pub model: String,
    /// The name of the run.
    pub run: String,
    /// Its seed.
    pub seed: u64,
    /// What the units of its first layer multiply the pixels with.
    pub filters: Option<FirstFilters>,
    /// Where its last convolution finds what speaks for a class.
    pub maps: Option<LastMaps>,
}

/// The filters of a first layer.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstFilters {
    /// As in the model's summary: `conv2d`.
    pub layer: String,
    /// Height, width and channels of one filter.
    pub shape: [usize; 3],
    /// Filter after filter, each row by row, channels last.
    pub weights: Vec<f32>,
}

/// Class maps of a network's last convolution (Grad-CAM) on test images that it takes for another class.
#[derive(Clone, Debug, PartialEq)]
pub struct LastMaps {
    /// As in the model's summary: `conv2d_4`.
    pub layer: String,
    /// Rows of a map, and cells of a row.
    pub size: [usize; 2],
    /// The seed of another network of the same run, where there is one.
    pub other_seed: Option<u64>,
    /// The images of which it is surest, the surest first.
    pub images: Vec<MappedImage>,
}

/// The maps of one image. Their cells lie row by row; none is below 0.
#[derive(Clone, Debug, PartialEq)]
pub struct MappedImage {
    /// Its position in the test part.
    pub index: usize,
    /// The class that the network takes it for, and its label.
    pub classes: [u8; 2],
    /// The map for each of the two.
    pub maps: [Vec<f32>; 2],
    /// The map for the first class by the network of the other seed.
    pub by_other_seed: Option<Vec<f32>>,
    /// The map for the first class by networks of the same layers that were never trained.
    pub by_untrained: Vec<Vec<f32>>,
}
