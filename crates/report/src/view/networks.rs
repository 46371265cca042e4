//! What is to be seen in the weights of the networks: their first filters in numbers, and whether the maps of where
//! they look show anything that was learned.
//!
//! A map can be a picture of the image and the layers rather than of what a network learned. So the maps are compared
//! with those of networks of the same layers that were never trained (Adebayo et al. 2018), and with those of the same
//! run with another seed, by Spearman's correlation over the cells of a map. A method that shows what was learned gives
//! maps that have little in common with the first, and something with the second.

use serde::Serialize;
use toile_record::{FirstFilters, LastMaps, MappedImage, NetworkPictures, Records};
use toile_stats::{Interval, mean, mean_interval, median, spearman};

use super::NAME_LENGTH;
use crate::text;

/// Fewer images say too little.
const FEWEST: usize = 5;
/// Where no other seed can tell: maps that correlate less with those of untrained networks differ from
/// them.
const ALIKE: f64 = 0.5;
/// Of smaller filters it means nothing that neighbours are alike.
const FEWEST_CELLS: usize = 25;

/// The network that stands for a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetworkView {
    /// The model's name.
    pub model: String,
    /// The name of the run.
    pub run: String,
    /// Its seed.
    pub seed: u64,
    /// The filters of its first layer.
    pub filters: Option<FilterView>,
    /// Where its last convolution looks.
    pub maps: Option<MapView>,
}

/// The filters of a first layer, in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FilterView {
    /// The layer's name.
    pub layer: String,
    /// How many there are.
    pub n: usize,
    /// Height, width and channels of one.
    pub shape: [usize; 3],
    /// The least and the largest root mean square of a filter's weights.
    pub rms: [f64; 2],
    /// Filters whose root mean square is below a tenth of the median of all.
    pub quiet: usize,
    /// The mean correlation of a weight with the ones beside and below it; only of filters of 25 cells or more.
    pub smoothness: Option<f64>,
}

/// Where a network's last convolution looks.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MapView {
    /// The layer's name.
    pub layer: String,
    /// Rows and columns of a map.
    pub size: [usize; 2],
    /// Test images that were looked at: those that it takes for another class with the highest confidence.
    pub images: usize,
    /// Images of which the map is 0 everywhere: nothing in the layer speaks for the class that they are taken for.
    pub empty: usize,
    /// The seed of the other network of the run.
    pub other_seed: Option<u64>,
    /// Whether the maps show what was learned.
    pub check: MapCheck,
}

/// Whether class maps show anything that was learned.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MapCheck {
    /// With untrained networks: the mean correlation over the images.
    pub untrained: Option<MapCorrelation>,
    /// With the other seed.
    pub other_seed: Option<MapCorrelation>,
    /// How much more alike they are to those of the other seed, over the images of which both are known.
    pub difference: Option<MapCorrelation>,
    /// Whether they pass: they are more like those of the other seed than like those of untrained networks, by an
    /// interval above 0; where no other seed can tell, the interval of the first correlation lies below 0.5. `None`
    /// where too little is known.
    pub passed: Option<bool>,
}

/// A mean over images, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct MapCorrelation {
    /// The mean.
    pub mean: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Images whose maps are not the same everywhere, so that a correlation exists.
    pub images: usize,
}

/// The networks of a study, in the order of their models.
pub(super) fn networks(records: &Records) -> Vec<NetworkView> {
    let of = |pictures: &NetworkPictures| NetworkView {
        model: text::name(&pictures.model, NAME_LENGTH),
        run: text::name(&pictures.run, NAME_LENGTH),
        seed: pictures.seed,
        filters: pictures.filters.as_ref().and_then(filters),
        maps: pictures.maps.as_ref().map(maps),
    };
    records.pictures.iter().map(of).collect()
}

fn filters(of: &FirstFilters) -> Option<FilterView> {
    let [height, width, channels] = of.shape;
    let size = height.checked_mul(width)?.checked_mul(channels).filter(|size| *size > 0)?;
    let all: Vec<&[f32]> = of.weights.chunks_exact(size).collect();
    let squares = |filter: &[f32]| filter.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>();
    let rms: Vec<f64> = all.iter().map(|filter| (squares(filter) / size as f64).sqrt()).collect();
    let middle = median(&rms).filter(|middle| middle.is_finite())?;
    let smooth: Vec<f64> = all.iter().filter_map(|filter| smoothness(filter, of.shape)).collect();
    Some(FilterView {
        layer: text::name(&of.layer, NAME_LENGTH),
        n: all.len(),
        shape: of.shape,
        rms: [rms.iter().copied().fold(f64::INFINITY, f64::min), rms.iter().copied().fold(0.0, f64::max)],
        quiet: rms.iter().filter(|rms| **rms < 0.1 * middle).count(),
        smoothness: mean(&smooth).filter(|_| height * width >= FEWEST_CELLS),
    })
}

/// The correlation of neighbours: of all pairs of cells side by side or one above the other, in all channels, the mean
/// product of their deviations from the filter's mean, over the variance.
fn smoothness(filter: &[f32], [height, width, channels]: [usize; 3]) -> Option<f64> {
    let all: Vec<f64> = filter.iter().map(|w| f64::from(*w)).collect();
    let middle = mean(&all)?;
    let at = |y: usize, x: usize, c: usize| all[(y * width + x) * channels + c] - middle;
    let variance = all.iter().map(|w| (w - middle).powi(2)).sum::<f64>() / all.len() as f64;
    let (mut sum, mut pairs) = (0.0, 0usize);
    for (y, x, c) in
        (0..height).flat_map(|y| (0..width).flat_map(move |x| (0..channels).map(move |c| (y, x, c))))
    {
        for (below, beside) in [(1, 0), (0, 1)] {
            if y + below < height && x + beside < width {
                sum += at(y, x, c) * at(y + below, x + beside, c);
                pairs += 1;
            }
        }
    }
    (variance > 0.0 && pairs > 0).then(|| sum / pairs as f64 / variance)
}

fn maps(of: &LastMaps) -> MapView {
    MapView {
        layer: text::name(&of.layer, NAME_LENGTH),
        size: of.size,
        images: of.images.len(),
        empty: of.images.iter().filter(|image| image.maps[0].iter().all(|cell| *cell == 0.0)).count(),
        other_seed: of.other_seed,
        check: check(&of.images),
    }
}

fn check(images: &[MappedImage]) -> MapCheck {
    let untrained: Vec<Option<f64>> = images.iter().map(with_untrained).collect();
    let other: Vec<Option<f64>> =
        images.iter().map(|image| alike(&image.maps[0], image.by_other_seed.as_ref()?)).collect();
    let differences = other.iter().zip(&untrained).map(|(other, untrained)| Some((*other)? - (*untrained)?));
    let difference = correlation(differences.flatten().collect());
    let [untrained, other_seed] =
        [untrained, other].map(|all| correlation(all.into_iter().flatten().collect()));
    let alone = || untrained.map(|untrained| untrained.high < ALIKE);
    let passed = difference.map(|difference| difference.low > 0.0).or_else(alone);
    MapCheck { untrained, other_seed, difference, passed }
}

/// The mean over the untrained networks whose map is not the same everywhere.
fn with_untrained(image: &MappedImage) -> Option<f64> {
    let all: Vec<f64> = image.by_untrained.iter().filter_map(|map| alike(&image.maps[0], map)).collect();
    mean(&all)
}

fn alike(a: &[f32], b: &[f32]) -> Option<f64> {
    let [a, b] = [a, b].map(|map| map.iter().map(|cell| f64::from(*cell)).collect::<Vec<f64>>());
    spearman(&a, &b)
}

fn correlation(all: Vec<f64>) -> Option<MapCorrelation> {
    let Interval { low, high } = mean_interval(&all, 0.95).filter(|_| all.len() >= FEWEST)?;
    Some(MapCorrelation { mean: mean(&all)?, low, high, images: all.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(own: [f32; 4], other: Option<[f32; 4]>, untrained: [f32; 4]) -> MappedImage {
        MappedImage {
            index: 0,
            classes: [0, 1],
            maps: [own.to_vec(), vec![0.0; 4]],
            by_other_seed: other.map(|map| map.to_vec()),
            by_untrained: vec![untrained.to_vec(), vec![0.0; 4]],
        }
    }

    const UP: [f32; 4] = [0.0, 1.0, 2.0, 3.0];
    const DOWN: [f32; 4] = [3.0, 2.0, 1.0, 0.0];
    const MIXED: [f32; 4] = [2.0, 0.0, 3.0, 1.0];

    #[test]
    fn maps_that_another_seed_repeats_and_untrained_networks_do_not_show_what_was_learned() {
        let images: Vec<MappedImage> =
            (0..6).map(|i| image(UP, Some(UP), if i % 2 == 0 { MIXED } else { DOWN })).collect();
        let check = check(&images);
        assert_eq!(check.other_seed.map(|of| (of.mean, of.images)), Some((1.0, 6)));
        assert_eq!(check.passed, Some(true));
    }

    #[test]
    fn maps_that_untrained_networks_make_as_well_fail() {
        let images = vec![image(UP, Some(MIXED), UP); 6];
        assert_eq!(check(&images).passed, Some(false));
        assert_eq!(check(&vec![image(UP, None, UP); 6]).passed, Some(false));
        assert_eq!(check(&vec![image(UP, None, DOWN); 6]).passed, Some(true));
    }

    #[test]
    fn few_images_and_maps_of_one_cell_decide_nothing() {
        assert_eq!(check(&vec![image(UP, Some(UP), DOWN); 4]).passed, None);
        assert_eq!(check(&vec![image([0.0; 4], Some(UP), DOWN); 9]).passed, None);
        assert_eq!(
            check(&vec![image(UP, Some([0.0; 4]), UP); 9]).passed,
            Some(false),
            "the other seed's are empty"
        );
        assert_eq!(check(&[]).passed, None);
    }

    /// Moran's I with rook neighbours, by hand: of 0 1 / 0 1 the columns differ (−1) and the rows are alike (+1).
    #[test]
    fn neighbours_are_compared_beside_and_below() {
        assert_eq!(smoothness(&[0.0, 1.0, 0.0, 1.0], [2, 2, 1]), Some(0.0));
        assert_eq!(smoothness(&[0.0, 1.0, 1.0, 0.0], [2, 2, 1]), Some(-1.0));
        assert_eq!((smoothness(&[1.0; 4], [2, 2, 1]), smoothness(&[1.0], [1, 1, 1])), (None, None));
    }

    #[test]
    fn a_filter_far_below_the_others_is_quiet() {
        let weights = [1.0, 1.0, 1.0, 1.0, 0.05, 0.05].to_vec();
        let found =
            filters(&FirstFilters { layer: "conv2d".into(), shape: [1, 2, 1], weights }).expect("filters");
        assert_eq!((found.n, found.quiet, found.smoothness), (3, 1, None));
        assert!((found.rms[0] - 0.05).abs() < 1e-6 && found.rms[1] == 1.0);
    }
}
