//! Statistics of trained networks: intervals, tests, verdicts, rankings, calibration.
//!
//! Numbers in, numbers out: nothing here knows a study, a run or a file. A statistic that does not exist (the spread of
//! one number, the mean of none, anything of NaN) is `None`, or says why in its type.
//!
//! **What decides**: [`Crossed`] compares two recipes over seeds *and* images, [`verdicts`] makes a family of
//! comparisons into the words *better*, *equivalent* and *undecided* by Holm's correction, [`rank_groups`] draws the
//! lines of a ranking, [`Race`] adds seeds until all is decided, and [`prediction`] holds a published number against
//! our runs. **What is shown and never decides**: everything over seeds alone ([`welch`], [`permutation()`],
//! [`wilcoxon()`], [`probability_better`], [`effect_size`], [`bca`]), which takes the test images for the whole world,
//! and [`mcnemar()`], which speaks of two networks and not of their recipes.
//!
//! ```
//! use toile_stats::{Crossed, Pairing, RunScores, Side, Verdict, verdicts};
//! // Three runs each on eight hundred images: A errs on every eighth, B on every fourth, and each run on one more.
//! let runs = |every: usize| (0..3).map(move |seed| (0..800).map(move |i| i % every != 0 && i != 2 * seed + 1));
//! let (a, b) = (RunScores::of_correct(runs(8)).unwrap(), RunScores::of_correct(runs(4)).unwrap());
//! let crossed = Crossed::new(&a, &b).unwrap();
//! assert_eq!(crossed.difference, 0.125);
//! assert!(crossed.image_part > crossed.seed_part); // more seeds would not make it much surer
//! assert_eq!(verdicts(&[Pairing::new(crossed)])[0].verdict, Verdict::Better { ahead: Side::A });
//! ```
//!
//! Chance comes from outside, as a function that gives random numbers. Values of SciPy, statsmodels and scikit-learn
//! for every statistic are in `tests/reference`, and `examples/calibration.rs` counts how often the verdicts err.
#![warn(unreachable_pub)]

mod binomial;
mod bootstrap;
mod calibration;
mod classification;
mod confusion;
mod crossed;
mod distribution;
mod effect;
mod equivalence;
mod expected_best;
mod holm;
mod interval;
mod mcnemar;
mod outlook;
mod over_confidence;
mod permutation;
mod planning;
mod prechelt;
mod prediction;
mod proportions;
mod racing;
mod range_test;
mod ranking;
mod ranks;
mod root;
mod sample;
mod scoring;
mod special;
mod superiority;
mod temperature;
mod verdict;
mod welch;
mod wilcoxon;

pub use binomial::clopper_pearson;
pub use bootstrap::{Bca, bca, resamples};
pub use calibration::{Binning, Calibration, CalibrationBin, calibration};
pub use classification::{ClassAverages, ClassMetrics, Classification};
pub use confusion::{ClassScore, ConfusedPair, Confusion};
pub use crossed::{Basis, Crossed, CrossedFault, RunScores, RunSpread, ScoresFault};
pub use distribution::{normal_cdf, normal_quantile, student_cdf, student_quantile};
pub use effect::{EffectSize, effect_size};
pub use equivalence::{Equivalence, equivalence_paired, equivalence_unpaired};
pub use expected_best::{BestOfDraws, expected_best, expected_maximum_of_noise, maximum_of_noise_bound};
pub use holm::{FamilyWeights, family_weights, holm, weighted_holm};
pub use interval::{Interval, mean_interval, prediction_z, wilson};
pub use mcnemar::{McNemar, mcnemar, mcnemar_of};
pub use outlook::{ImageLimit, Likelier, MoreSeeds, Outlook, image_limit, more_seeds, outlook};
pub use over_confidence::{OverConfidence, over_confidence};
pub use permutation::{
    MOST_ARRANGEMENTS, Permutation, paired_permutation, paired_permutation_by_draws, permutation,
    permutation_by_draws,
};
pub use planning::{PlannedRuns, image_part_of_disagreement, noether};
pub use prechelt::{Prechelt, prechelt};
pub use prediction::{Prediction, prediction, prediction_elsewhere};
pub use proportions::{
    Printed, TableEquivalence, TwoProportions, explaining_seed_sd, printed_z, table_equivalence,
    two_proportions,
};
pub use racing::{LOOKS, Race, RaceStop, looks, spending};
pub use range_test::{LossSmoother, SweepRates, SweepReading, read_sweep};
pub use ranking::{RankGroups, order_by_mean, rank_groups};
pub use ranks::spearman;
pub use sample::{mean, median, quantile, sample_sd, sample_variance, standard_error};
pub use scoring::{brier_score, negative_log_likelihood, negative_log_likelihood_of_logits};
pub use superiority::{ProbabilityBetter, probability_better, probability_better_paired};
pub use temperature::{Temperature, temperature};
pub use verdict::{
    FEWEST_SEEDS, Judged, Pairing, ReportVerdicts, Rules, Side, UndecidedReason, Verdict, report_verdicts,
    verdicts, weighted_verdicts,
};
pub use welch::{Welch, welch};
pub use wilcoxon::{Wilcoxon, wilcoxon};
