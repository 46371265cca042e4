//! The crossed comparison: two recipes over seeds and images, the only test that decides.
//!
//! "A is better than B" speaks of two recipes, their seeds left open, and of the population that the images come from.
//! So two sources of chance count. Seeds are nested: seed 3 of A and seed 3 of B are two different trainings, and are
//! not paired. Images are crossed: all runs see the same ones. More seeds lessen the first part, never the second.

mod runs;
mod tail;

pub use runs::{RunScores, RunSpread, ScoresFault};
pub(crate) use tail::reach;

use tail::tail_of_reach;

use crate::interval::is_level;
use crate::sample::are_finite;
use crate::welch::satterthwaite;
use crate::{Interval, mean, sample_variance};

/// What the image part of a comparison was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// One number per run and image: the comparison as it should be.
    Images,
    /// Accuracies only: the image part is an upper bound, so that nearly everything stays undecided.
    UpperBound,
    /// Nothing: no image part. A statement "on these images" only.
    TheseImages,
    /// Another split for each seed: seeds are paired and differences corrected for the overlap of the splits.
    Splits,
}

/// The difference of two recipes, A less B, and the two parts of its variance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossed {
    /// Mean of A less mean of B.
    pub difference: f64,
    /// Runs of A and of B.
    pub seeds: [usize; 2],
    /// Images that all runs were measured on; `None` where that is not known or differs from seed to seed.
    pub images: Option<usize>,
    /// P: the variance of the difference that comes of the seeds, W_A/S_A + W_B/S_B.
    pub seed_part: f64,
    /// The share of P that comes of A's seeds and of B's; half each where seeds are paired.
    pub seed_parts: [f64; 2],
    /// G: the variance that comes of the images, which no number of seeds lowers.
    pub image_part: f64,
    /// Welch's degrees of freedom of the seed part alone; `None` if it is 0.
    pub df: Option<f64>,
    /// How the runs of A and of B vary; `None` without one number per image.
    pub spreads: Option<[RunSpread; 2]>,
    /// What the image part was taken from.
    pub basis: Basis,
}

/// Why two recipes cannot be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrossedFault {
    /// A recipe has fewer than two runs: its spread over seeds does not exist.
    TooFewRuns {
        /// Runs of A and of B.
        seeds: [usize; 2],
    },
    /// The recipes were measured on different numbers of images.
    OtherImages {
        /// Images of A and of B.
        images: [usize; 2],
    },
    /// A number is not finite, an accuracy is outside 0 to 1, or a part of the data is empty.
    NotMeasured,
}

impl std::fmt::Display for CrossedFault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            CrossedFault::TooFewRuns { seeds: [a, b] } => {
                write!(f, "there are {a} and {b} runs; at least 2 of each were expected, train more seeds")
            }
            CrossedFault::OtherImages { images: [a, b] } => {
                write!(f, "the runs were measured on {a} and {b} images; the same ones were expected")
            }
            CrossedFault::NotMeasured => write!(
                f,
                "a number is not finite or out of range, or a part of the data is empty; \
                 count a run that diverged as failed"
            ),
        }
    }
}

impl std::error::Error for CrossedFault {}

impl Crossed {
    /// Compares two recipes on the same images, in the same order.
    ///
    /// P = W_A/S_A + W_B/S_B and G = max(0, (var_i(ȳ_Ai − ȳ_Bi) − R_A/S_A − R_B/S_B) / n), with ȳ_i the mean of image i
    /// over runs, and W, R from [`RunSpread`].
    pub fn new(a: &RunScores, b: &RunScores) -> Result<Crossed, CrossedFault> {
        let (seeds, images) = ([a.runs(), b.runs()], [a.images(), b.images()]);
        if images[0] != images[1] {
            return Err(CrossedFault::OtherImages { images });
        }
        let too_few = CrossedFault::TooFewRuns { seeds };
        let spreads = [a.spread().ok_or(too_few)?, b.spread().ok_or(too_few)?];
        let per_seed = |of: fn(&RunSpread) -> f64| {
            [of(&spreads[0]) / seeds[0] as f64, of(&spreads[1]) / seeds[1] as f64]
        };
        let (w, r) = (per_seed(|s| s.of_a_run), per_seed(|s| s.residual));
        let over_images = a.variance_of_difference(b).ok_or(too_few)?;
        Ok(Crossed {
            difference: a.mean() - b.mean(),
            seeds,
            images: Some(images[0]),
            seed_part: w[0] + w[1],
            seed_parts: w,
            image_part: ((over_images - r[0] - r[1]) / images[0] as f64).max(0.0),
            df: satterthwaite(w, seeds),
            spreads: Some(spreads),
            basis: Basis::Images,
        })
    }

    /// Compares two recipes by the accuracies of their runs on the same `images` images, where the bits were not kept.
    ///
    /// G = (p_A(1 − p_A) + p_B(1 − p_B)) / n, an upper bound: it leaves nearly everything undecided.
    pub fn of_accuracies(a: &[f64], b: &[f64], images: usize) -> Result<Crossed, CrossedFault> {
        let is_share = |x: &[f64]| x.iter().all(|p| (0.0..=1.0).contains(p));
        if images == 0 || !is_share(a) || !is_share(b) {
            return Err(CrossedFault::NotMeasured);
        }
        let bare = Crossed::on_these_images(a, b)?;
        let part = |x: &[f64]| mean(x).map_or(0.0, |p| p * (1.0 - p) / images as f64);
        let image_part = part(a) + part(b);
        Ok(Crossed { images: Some(images), image_part, basis: Basis::UpperBound, ..bare })
    }

    /// Compares two recipes by one number per run and nothing else: G = 0, Welch's test.
    ///
    /// It says something about these images only, and must be worded so.
    pub fn on_these_images(a: &[f64], b: &[f64]) -> Result<Crossed, CrossedFault> {
        let seeds = [a.len(), b.len()];
        let too_few = CrossedFault::TooFewRuns { seeds };
        let variance = |x: &[f64]| Some(sample_variance(x)? / x.len() as f64);
        let parts = [variance(a).ok_or(too_few)?, variance(b).ok_or(too_few)?];
        if !are_finite(a) || !are_finite(b) {
            return Err(CrossedFault::NotMeasured);
        }
        let centre = |x: &[f64], part: f64| if part == 0.0 { x[0] } else { mean(x).unwrap_or(x[0]) };
        Ok(Crossed {
            difference: centre(a, parts[0]) - centre(b, parts[1]),
            seeds,
            images: None,
            seed_part: parts[0] + parts[1],
            seed_parts: parts,
            image_part: 0.0,
            df: satterthwaite(parts, seeds),
            spreads: None,
            basis: Basis::TheseImages,
        })
    }

    /// Compares two recipes whose images differ from seed to seed: `differences` holds A less B for each seed, both on
    /// the split of that seed.
    ///
    /// P is the variance of the differences times 1/S + n_validation/n_train in place of 1/S, because the splits
    /// overlap (Nadeau and Bengio 2003); S − 1 degrees of freedom, no image part.
    pub fn of_splits(
        differences: &[f64],
        n_validation: usize,
        n_train: usize,
    ) -> Result<Crossed, CrossedFault> {
        let s = differences.len();
        let variance = sample_variance(differences).ok_or(CrossedFault::TooFewRuns { seeds: [s, s] })?;
        if !are_finite(differences) || n_train == 0 || n_validation == 0 {
            return Err(CrossedFault::NotMeasured);
        }
        let centre = if variance == 0.0 { differences[0] } else { mean(differences).unwrap_or(0.0) };
        let seed_part = variance * (1.0 / s as f64 + n_validation as f64 / n_train as f64);
        Ok(Crossed {
            difference: centre,
            seeds: [s, s],
            images: None,
            seed_part,
            seed_parts: [0.5 * seed_part; 2],
            image_part: 0.0,
            df: (variance > 0.0).then(|| (s - 1) as f64),
            spreads: None,
            basis: Basis::Splits,
        })
    }

    /// The standard error of the difference, √(P + G).
    pub fn se(&self) -> f64 {
        (self.seed_part + self.image_part).sqrt()
    }

    /// How far chance reaches at a one-sided `tail` (0 to ½): √(t² P + z² G). 0 without any variance.
    pub fn reach(&self, tail: f64) -> f64 {
        reach(tail, self.seed_part, self.image_part, self.df)
    }

    /// The interval of the difference at `confidence`: d ± reach((1 − confidence) / 2).
    ///
    /// `None` for a `confidence` that is not strictly between 0 and 1.
    pub fn interval(&self, confidence: f64) -> Option<Interval> {
        is_level(confidence).then(|| Interval::around(self.difference, self.reach(0.5 - 0.5 * confidence)))
    }

    /// Two-sided p of no difference: twice the tail whose reach is |d|. Without any variance 1 for d = 0, else 0.
    ///
    /// 1 if a number is not finite, which no constructor makes.
    pub fn p(&self) -> f64 {
        match self.se() > 0.0 {
            _ if !self.is_finite() => 1.0,
            true => (2.0 * self.tail(self.difference.abs())).min(1.0),
            false if self.difference == 0.0 => 1.0,
            false => 0.0,
        }
    }

    /// p of "the recipes differ by `epsilon` or more": the tail whose reach is ε − |d|, above ½ if that is negative.
    ///
    /// Without any variance 0 for |d| < ε, else 1; 1 too if a number is not finite. `None` for an `epsilon` that is not
    /// above 0 and finite.
    pub fn p_equivalent(&self, epsilon: f64) -> Option<f64> {
        let room = epsilon - self.difference.abs();
        (epsilon > 0.0 && epsilon.is_finite()).then(|| match self.se() > 0.0 {
            _ if !self.is_finite() => 1.0,
            true if room < 0.0 => 1.0 - self.tail(-room),
            true => self.tail(room),
            false if room > 0.0 => 0.0,
            false => 1.0,
        })
    }

    /// The least margin of equivalence that these images allow at level `alpha`, however many seeds there are: z_{1−α}
    /// √G.
    ///
    /// A smaller one is *not decidable on n images*. For α = .05 and two recipes that differ on 7 % of 10,000 images,
    /// .23 points of accuracy.
    pub fn least_margin(&self, alpha: f64) -> f64 {
        reach(alpha, 0.0, self.image_part, None)
    }

    fn is_finite(&self) -> bool {
        self.difference.is_finite() && self.se().is_finite()
    }

    /// The tail whose reach is `size`: ½ for 0.
    fn tail(&self, size: f64) -> f64 {
        if size == 0.0 { 0.5 } else { tail_of_reach(size, self.seed_part, self.image_part, self.df) }
    }
}
