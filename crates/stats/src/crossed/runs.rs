//! The runs of one recipe on one set of images: one number per run and image, and how it varies.

use crate::sample_variance;

/// What is kept of the table runs × images of one recipe (one configuration, several seeds).
///
/// The number is 1 or 0 for a correct or a wrong class, or the loss of that image. The images are the same, in the same
/// order, for every run and every recipe that is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct RunScores {
    run_sums: Vec<f64>,
    image_means: Vec<f64>,
    /// Mean over images of the variance over runs (divisor S − 1); 0 for one run.
    within_images: f64,
}

/// Why a table of runs × images cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoresFault {
    /// There is no run.
    NoRuns,
    /// There are fewer than two images; variances over images need two.
    TooFewImages {
        /// How many there are.
        images: usize,
    },
    /// A run speaks of another number of images than the first one.
    OtherLength {
        /// The place of the run in the list, from 0.
        run: usize,
        /// Its images.
        images: usize,
        /// The first run's images.
        expected: usize,
    },
    /// A number is not finite: a run that diverged is a failed run, and no part of a mean.
    NotFinite {
        /// The place of the run in the list, from 0.
        run: usize,
        /// The place of the image, from 0.
        image: usize,
    },
}

impl std::fmt::Display for ScoresFault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            ScoresFault::NoRuns => write!(f, "there is no run; at least one was expected"),
            ScoresFault::TooFewImages { images } => {
                write!(f, "the runs were measured on {images} images; at least 2 were expected")
            }
            ScoresFault::OtherLength { run, images, expected } => write!(
                f,
                "run {run} was measured on {images} images and the first on {expected}; \
                 all must be measured on the same ones"
            ),
            ScoresFault::NotFinite { run, image } => write!(
                f,
                "run {run} has a number that is not finite at image {image}; count it as a failed run"
            ),
        }
    }
}

impl std::error::Error for ScoresFault {}

/// How the runs of one recipe vary; all variances with divisor n − 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RunSpread {
    /// V: the variance of the run means.
    pub between_runs: f64,
    /// R: the residual mean square of runs × images, what is left when runs and images have had their share.
    pub residual: f64,
    /// W: the larger of V and R/n. Runs cannot be trusted to vary less than independent chance per image would make
    /// them: with 3 to 5 seeds V is often small by luck, and R is known precisely.
    pub of_a_run: f64,
}

impl RunScores {
    /// Takes up one list of numbers per run.
    pub fn of_values<Run: IntoIterator<Item = f64>>(
        runs: impl IntoIterator<Item = Run>,
    ) -> Result<RunScores, ScoresFault> {
        let mut run_sums = Vec::new();
        let mut images: Vec<ImageMoments> = Vec::new();
        for (place, run) in runs.into_iter().enumerate() {
            run_sums.push(add_run(&mut images, place, run)?);
        }
        let free = run_sums.len().saturating_sub(1).max(1) as f64;
        RunScores::of(run_sums, images.into_iter().map(|image| (image.mean, image.squares / free)))
    }

    /// Takes up, per run, whether each image was classified correctly.
    pub fn of_correct<Run: IntoIterator<Item = bool>>(
        runs: impl IntoIterator<Item = Run>,
    ) -> Result<RunScores, ScoresFault> {
        let mut run_sums = Vec::new();
        let mut right: Vec<u32> = Vec::new();
        for (place, run) in runs.into_iter().enumerate() {
            run_sums.push(f64::from(count_run(&mut right, place, run)?));
        }
        let s = run_sums.len() as f64;
        let moments = |right: u32| {
            let right = f64::from(right);
            (right / s, right * (s - right) / (s * (s - 1.0).max(1.0)))
        };
        RunScores::of(run_sums, right.into_iter().map(moments))
    }

    /// From the sum of each run, and mean and variance over runs of each image.
    fn of(run_sums: Vec<f64>, images: impl Iterator<Item = (f64, f64)>) -> Result<RunScores, ScoresFault> {
        let (image_means, variances): (Vec<f64>, Vec<f64>) = images.unzip();
        if run_sums.is_empty() {
            return Err(ScoresFault::NoRuns);
        }
        if image_means.len() < 2 {
            return Err(ScoresFault::TooFewImages { images: image_means.len() });
        }
        let within_images = variances.iter().sum::<f64>() / variances.len() as f64;
        Ok(RunScores { run_sums, image_means, within_images })
    }

    /// How many runs.
    pub fn runs(&self) -> usize {
        self.run_sums.len()
    }

    /// How many images.
    pub fn images(&self) -> usize {
        self.image_means.len()
    }

    /// The mean of each run: its accuracy, or its loss.
    pub fn run_means(&self) -> Vec<f64> {
        self.run_sums.iter().map(|sum| sum / self.images() as f64).collect()
    }

    /// The mean over runs and images.
    pub fn mean(&self) -> f64 {
        self.run_sums.iter().sum::<f64>() / (self.runs() * self.images()) as f64
    }

    /// The mean over runs of each image.
    pub(super) fn image_means(&self) -> &[f64] {
        &self.image_means
    }

    /// How the runs vary; `None` of one run.
    pub fn spread(&self) -> Option<RunSpread> {
        let n = self.images() as f64;
        // From the sums, which for right and wrong are whole numbers: equal runs vary by exactly 0.
        let between_runs = sample_variance(&self.run_sums)? / (n * n);
        let residual = n / (n - 1.0) * (self.within_images - between_runs);
        // What is left by rounding is nothing.
        let residual = if residual <= 1e-15 * self.within_images { 0.0 } else { residual };
        Some(RunSpread { between_runs, residual, of_a_run: between_runs.max(residual / n) })
    }

    /// The variance over images of the difference of two recipes' means; the recipes have the same number of images.
    pub(super) fn variance_of_difference(&self, other: &RunScores) -> Option<f64> {
        let pairs = self.image_means.iter().zip(other.image_means());
        sample_variance(&pairs.map(|(a, b)| a - b).collect::<Vec<_>>())
    }
}

/// Mean and sum of squared deviations of one image over the runs so far (Welford 1962).
#[derive(Clone, Copy, Default)]
struct ImageMoments {
    mean: f64,
    squares: f64,
}

/// Adds a run to the moments of each image, and gives its sum.
fn add_run(
    images: &mut Vec<ImageMoments>,
    run: usize,
    values: impl IntoIterator<Item = f64>,
) -> Result<f64, ScoresFault> {
    let (expected, mut sum, mut length) = (images.len(), 0.0, 0);
    let share = 1.0 / (run + 1) as f64;
    for (image, y) in values.into_iter().enumerate() {
        if !y.is_finite() {
            return Err(ScoresFault::NotFinite { run, image });
        }
        if run == 0 {
            images.push(ImageMoments::default());
        }
        if let Some(moments) = images.get_mut(image) {
            let off = y - moments.mean;
            moments.mean += off * share;
            moments.squares += off * (y - moments.mean);
        }
        sum += y;
        length += 1;
    }
    has_length(run, length, expected).map(|()| sum)
}

/// Adds a run to the number of runs that were right about each image, and gives how many images it was right about.
fn count_run(
    right: &mut Vec<u32>,
    run: usize,
    values: impl IntoIterator<Item = bool>,
) -> Result<u32, ScoresFault> {
    let mut values = values.into_iter();
    if run == 0 {
        right.extend(values.map(u32::from));
        return Ok(right.iter().sum());
    }
    let (mut sum, mut length) = (0, 0);
    for (count, value) in right.iter_mut().zip(&mut values) {
        *count += u32::from(value);
        sum += u32::from(value);
        length += 1;
    }
    has_length(run, length + values.count(), right.len()).map(|()| sum)
}

fn has_length(run: usize, images: usize, expected: usize) -> Result<(), ScoresFault> {
    if run == 0 || images == expected {
        Ok(())
    } else {
        Err(ScoresFault::OtherLength { run, images, expected })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(rows: &[&str]) -> RunScores {
        RunScores::of_correct(rows.iter().map(|row| row.bytes().map(|b| b == b'1'))).expect("a table")
    }

    /// By hand: accuracies 3/4, 2/4, V = 1/32; per image variances 0, ½, 0, 0, mean 1/8; R = 4/3 (1/8 − 1/32) = 1/8.
    #[test]
    fn spread_and_residual_are_those_of_the_table() {
        let table = runs(&["1101", "1001"]);
        assert_eq!((table.runs(), table.images(), table.mean()), (2, 4, 0.625));
        assert_eq!(table.run_means(), [0.75, 0.5]);
        let spread = table.spread().expect("two runs");
        assert_eq!((spread.between_runs, spread.residual, spread.of_a_run), (1.0 / 32.0, 0.125, 1.0 / 32.0));
    }

    #[test]
    fn equal_runs_do_not_vary_at_all_whatever_their_numbers() {
        let losses = [0.1f64, 0.7, 1e-9, 12.3];
        let table = RunScores::of_values([losses; 3]).expect("a table");
        let none = RunSpread { between_runs: 0.0, residual: 0.0, of_a_run: 0.0 };
        assert_eq!(table.spread(), Some(none));
        assert_eq!(runs(&["1010"]).spread(), None, "one run has no spread");
    }

    #[test]
    fn right_and_wrong_are_ones_and_noughts() {
        let rows = ["110100", "010110", "111100", "000101"];
        let values = |row: &str| row.bytes().map(|b| f64::from(b - b'0')).collect::<Vec<_>>();
        let (counted, summed) = (runs(&rows), RunScores::of_values(rows.map(values)).expect("a table"));
        let (one, other) = (counted.spread().expect("runs"), summed.spread().expect("runs"));
        assert_eq!((counted.run_means(), one.between_runs), (summed.run_means(), other.between_runs));
        assert!((one.residual - other.residual).abs() < 1e-15, "{one:?} {other:?}");
    }

    #[test]
    fn runs_of_other_length_are_refused_whichever_is_longer() {
        let fault = |rows: &[&str]| {
            RunScores::of_correct(rows.iter().map(|row| row.bytes().map(|b| b == b'1'))).err()
        };
        let other = |images, expected| Some(ScoresFault::OtherLength { run: 1, images, expected });
        assert_eq!((fault(&["10", "100"]), fault(&["100", "10"])), (other(3, 2), other(2, 3)));
        assert_eq!(
            (fault(&[]), fault(&["1"])),
            (Some(ScoresFault::NoRuns), Some(ScoresFault::TooFewImages { images: 1 }))
        );
    }

    #[test]
    fn a_table_that_is_none_says_why() {
        let fault = |rows: &[&[f64]]| RunScores::of_values(rows.iter().map(|r| r.iter().copied())).err();
        assert_eq!(fault(&[]), Some(ScoresFault::NoRuns));
        assert_eq!(fault(&[&[], &[]]), Some(ScoresFault::TooFewImages { images: 0 }));
        assert_eq!(fault(&[&[1.0], &[0.0]]), Some(ScoresFault::TooFewImages { images: 1 }));
        let (short, long) = (&[1.0, 0.0][..], &[1.0, 0.0, 1.0][..]);
        let other = |images, expected| Some(ScoresFault::OtherLength { run: 1, images, expected });
        assert_eq!((fault(&[short, long]), fault(&[long, short])), (other(3, 2), other(2, 3)));
        let fault = fault(&[short, &[0.0, f64::NAN]]).expect("not finite");
        assert_eq!(fault, ScoresFault::NotFinite { run: 1, image: 1 });
        assert!(fault.to_string().contains("run 1 has a number that is not finite at image 1"));
    }
}
