//! Splits of the training part into training and validation.

use crate::count_classes;
use crate::error::DataError;
use crate::fingerprint::hex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;
use toile_rng::Seed;

/// Never changed: with another one, studies of the same data would have other test images.
const TEST_SEED: u64 = 0;

/// Which images become validation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SplitHow {
    /// The last ones in file order, before any shuffling, as Keras' `validation_split`.
    #[default]
    Last,
    /// Chosen at random within each class, so that every class has its share.
    Stratified,
    /// Chosen at random among all.
    Random,
    /// The data's own validation part, which stands at the end of the training images. It is asked for where the data
    /// are named, not here.
    #[schemars(skip)]
    Own,
}

impl SplitHow {
    /// Every way to split off a fraction.
    pub const ALL: [SplitHow; 3] = [SplitHow::Last, SplitHow::Stratified, SplitHow::Random];

    /// Whether the seed plays a part.
    pub fn draws(self) -> bool {
        match self {
            SplitHow::Last | SplitHow::Own => false,
            SplitHow::Stratified | SplitHow::Random => true,
        }
    }
}

impl fmt::Display for SplitHow {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.pad(match self {
            SplitHow::Last => "last",
            SplitHow::Stratified => "stratified",
            SplitHow::Random => "random",
            SplitHow::Own => "own",
        })
    }
}

/// The two parts of a training set, as indices in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// How it was made.
    pub how: SplitHow,
    /// Images to train on.
    pub train: Vec<u32>,
    /// Images to validate on; none if the fraction is 0.
    pub validation: Vec<u32>,
    /// Images per class in the training part.
    pub train_counts: Vec<usize>,
    /// Images per class in the validation part.
    pub validation_counts: Vec<usize>,
    /// SHA-256 of the validation indices (u32, little-endian), in hexadecimal.
    pub fingerprint: String,
}

/// How many of `n` images a split by `fraction` leaves for training: ⌊n (1 − fraction)⌋ in f64, as in Keras. Of an own
/// validation part the fraction is its share, and its images are those exactly.
pub fn n_train(n: usize, fraction: f64, how: SplitHow) -> usize {
    match how {
        SplitHow::Own => n - (n as f64 * fraction).round().min(n as f64) as usize,
        SplitHow::Last | SplitHow::Stratified | SplitHow::Random => {
            (n as f64 * (1.0 - fraction)).floor() as usize
        }
    }
}

/// Splits images with these labels (each below `classes`); `fraction` in [0, 1) of them becomes validation.
///
/// The size is Keras': training keeps [`n_train`], the rest is validation. With `Stratified`
/// every class gives its share, rounded so that the sum is that size (largest remainder, the lower class first).
/// `Last` does not use the seed.
pub fn split(
    labels: &[u8],
    classes: usize,
    fraction: f64,
    how: SplitHow,
    seed: Seed,
) -> Result<Split, DataError> {
    if !(0.0..1.0).contains(&fraction) {
        return Err(DataError::Fraction { fraction });
    }
    let n = labels.len();
    let split_at = n_train(n, fraction, how);
    if split_at == 0 || (split_at == n && fraction > 0.0) {
        return Err(DataError::EmptyPart { n, fraction, train: split_at });
    }
    let mut validation = match how {
        SplitHow::Last | SplitHow::Own => (split_at as u32..n as u32).collect(),
        SplitHow::Stratified => stratified(labels, classes, n - split_at, seed, "stratified split"),
        SplitHow::Random => chosen((0..n as u32).collect(), n - split_at, seed, "split", 0),
    };
    validation.sort_unstable();
    Ok(parts(how, labels, classes, validation))
}

/// The images that become the test part: `fraction` of each class, chosen at random, the same for the same labels. The
/// shares are rounded so that the sum is that of [`n_train`].
pub(crate) fn test_images(labels: &[u8], classes: usize, fraction: f64) -> Result<Vec<u32>, DataError> {
    let n = labels.len();
    let n_test = n - n_train(n, fraction, SplitHow::Stratified);
    if n_test == 0 || n_test == n {
        return Err(DataError::TestPart { n, fraction, test: n_test });
    }
    let mut chosen = stratified(labels, classes, n_test, Seed::new(TEST_SEED), "test part");
    chosen.sort_unstable();
    Ok(chosen)
}

fn parts(how: SplitHow, labels: &[u8], classes: usize, validation: Vec<u32>) -> Split {
    let mut is_validation = vec![false; labels.len()];
    validation.iter().for_each(|&i| is_validation[i as usize] = true);
    let train: Vec<u32> = (0..labels.len() as u32).filter(|&i| !is_validation[i as usize]).collect();
    let counts = |part: &[u32]| count_classes(part.iter().map(|&i| labels[i as usize]), classes);
    let bytes: Vec<u8> = validation.iter().flat_map(|i| i.to_le_bytes()).collect();
    let fingerprint = hex(&Sha256::digest(&bytes));
    let (train_counts, validation_counts) = (counts(&train), counts(&validation));
    Split { how, train, validation, train_counts, validation_counts, fingerprint }
}

/// `take` of the items, chosen at random.
fn chosen(mut items: Vec<u32>, take: usize, seed: Seed, stream: &str, index: u64) -> Vec<u32> {
    seed.stream(stream, index).shuffle(&mut items);
    items.truncate(take);
    items
}

fn stratified(labels: &[u8], classes: usize, total: usize, seed: Seed, stream: &str) -> Vec<u32> {
    let shares = shares(&count_classes(labels.iter().copied(), classes), total);
    let mut validation = Vec::with_capacity(total);
    for (class, &share) in shares.iter().enumerate() {
        let of_class = |&i: &u32| labels[i as usize] as usize == class;
        let members: Vec<u32> = (0..labels.len() as u32).filter(of_class).collect();
        validation.extend(chosen(members, share, seed, stream, class as u64));
    }
    validation
}

/// `total` divided in proportion to the counts, by largest remainder; exact, in whole numbers.
fn shares(counts: &[usize], total: usize) -> Vec<usize> {
    let n: u128 = counts.iter().map(|&count| count as u128).sum();
    let exact = |class: usize| counts[class] as u128 * total as u128;
    let mut shares: Vec<usize> = (0..counts.len()).map(|class| (exact(class) / n) as usize).collect();
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_by_key(|&class| std::cmp::Reverse(exact(class) % n));
    let left = total - shares.iter().sum::<usize>();
    order[..left].iter().for_each(|&class| shares[class] += 1);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(n: usize, fraction: f64, how: SplitHow) -> Result<Split, DataError> {
        let labels: Vec<u8> = (0..n).map(|i| (i % 10) as u8).collect();
        split(&labels, 10, fraction, how, Seed::new(7))
    }

    /// Keras 3, `train_validation_split`: `split_at = floor(60000 * (1.0 - 0.1))`.
    #[test]
    fn a_tenth_of_60000_leaves_54000_and_takes_the_last_6000() {
        let parts = cut(60_000, 0.1, SplitHow::Last).unwrap();
        assert_eq!((parts.train.len(), parts.validation.len()), (54_000, 6_000));
        assert_eq!((parts.validation[0], parts.validation[5_999]), (54_000, 59_999));
    }

    /// Python: `[math.floor(n * (1.0 - f)) for n, f in …]`; the floating-point surprises are Keras' own.
    #[test]
    fn the_size_is_that_of_keras_to_the_last_image() {
        for (n, fraction, train) in
            [(10, 0.1, 9), (10, 0.3, 7), (100, 0.9, 9), (1000, 0.7, 300), (11, 0.25, 8), (60_000, 0.9, 5999)]
        {
            assert_eq!(cut(n, fraction, SplitHow::Last).unwrap().train.len(), train, "{n} {fraction}");
        }
    }

    /// 10 * (1.0 - 0.9) is 0.9999999999999998, so Keras refuses this too.
    #[test]
    fn a_part_without_images_is_refused_with_a_remedy() {
        let error = cut(10, 0.9, SplitHow::Last).unwrap_err();
        assert_eq!(error.to_string(), "a validation fraction of 0.9 leaves 0 of 10 images to train on");
        assert!(error.help().contains("smaller"), "{}", error.help());
        let error = cut(10, 0.05, SplitHow::Random);
        assert_eq!(error.unwrap().validation.len(), 1);
        let error = cut(10, 1e-17, SplitHow::Random).unwrap_err();
        assert_eq!(error.to_string(), "a validation fraction of 0.00000000000000001 takes none of 10 images");
        assert!(cut(0, 0.1, SplitHow::Last).is_err());
    }

    #[test]
    fn a_fraction_outside_0_to_1_is_refused() {
        for fraction in [-0.1, 1.0, 1.5, f64::NAN, f64::INFINITY] {
            assert!(matches!(cut(10, fraction, SplitHow::Last), Err(DataError::Fraction { .. })));
        }
    }

    #[test]
    fn a_fraction_of_0_keeps_every_image_for_training() {
        for how in SplitHow::ALL {
            let parts = cut(50, 0.0, how).unwrap();
            assert_eq!((parts.train.len(), parts.validation.len()), (50, 0));
        }
    }

    #[test]
    fn every_image_is_in_exactly_one_part() {
        for how in SplitHow::ALL {
            let parts = cut(1_003, 0.13, how).unwrap();
            let mut all = [parts.train.clone(), parts.validation.clone()].concat();
            all.sort_unstable();
            assert_eq!(all, (0..1_003).collect::<Vec<u32>>(), "{how}");
            assert!(parts.train.is_sorted() && parts.validation.is_sorted(), "{how}");
        }
    }

    #[test]
    fn stratified_keeps_the_share_of_every_class() {
        let parts = cut(60_000, 0.1, SplitHow::Stratified).unwrap();
        assert_eq!(parts.validation_counts, [600; 10]);
        assert_eq!(parts.train_counts, [5_400; 10]);
        assert_eq!(shares(&[3, 3, 3], 4), [2, 1, 1]);
        assert_eq!(shares(&[1, 0, 99], 10), [0, 0, 10]);
    }

    #[test]
    fn the_seed_decides_the_choice_and_nothing_else_does() {
        let labels: Vec<u8> = (0..100).map(|i| (i / 10) as u8).collect();
        for how in [SplitHow::Stratified, SplitHow::Random] {
            let parts = |seed| split(&labels, 10, 0.2, how, Seed::new(seed)).unwrap();
            assert_eq!(parts(1), parts(1));
            assert_ne!(parts(1).fingerprint, parts(2).fingerprint);
        }
        let last = |seed| split(&labels, 10, 0.2, SplitHow::Last, Seed::new(seed)).unwrap();
        assert_eq!(last(1), last(2));
    }

    /// `python3 -c "import hashlib,struct;print(hashlib.sha256(struct.pack('<2I',8,9)).hexdigest())"`
    #[test]
    fn the_fingerprint_is_the_sha256_of_the_validation_indices() {
        let parts = cut(10, 0.2, SplitHow::Last).unwrap();
        assert_eq!(parts.validation, [8, 9]);
        assert_eq!(parts.fingerprint, "1f6f4b0d2ba528a06eb08eeb78503461eb4ac68a19abec2e33cd5bea1255f040");
    }

    #[test]
    fn an_own_part_is_found_to_the_image_by_its_share() {
        for n in [7, 10, 1003, 60_000, 99_991] {
            for own in (1..n).step_by(1 + n / 500) {
                assert_eq!(n_train(n, own as f64 / n as f64, SplitHow::Own), n - own);
            }
        }
        assert_eq!(cut(10, 0.3, SplitHow::Own).unwrap().validation, [7, 8, 9]);
    }

    #[test]
    fn the_names_are_those_of_the_study_file() {
        for how in SplitHow::ALL {
            assert_eq!(serde_json::to_string(&how).unwrap(), format!("\"{how}\""));
        }
    }
}
