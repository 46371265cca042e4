//! Samplers: which parameters the next trial should have.

#[allow(dead_code)]
mod cma_es;
#[allow(dead_code)]
mod cube;
#[allow(dead_code)]
mod gp;
#[allow(dead_code)]
mod nsga2;
#[cfg(test)]
mod quality;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How the next trial's parameters are proposed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sampler {
    /// Every parameter at random, by itself.
    Random(RandomSampler),
    /// Every combination once. Ranges without steps cannot be searched by it.
    Grid(GridSampler),
    /// Sobol's sequence: points that fill the space evenly.
    Sobol(SobolSampler),
    /// Tree-structured Parzen estimator, as in Optuna 5.0.
    Tpe(TpeSampler),
    /// Covariance matrix adaptation; categorical parameters are drawn at random.
    CmaEs(CmaEsSampler),
    /// Gaussian process with the logarithm of the expected improvement.
    Gp(GpSampler),
    /// A genetic algorithm for several objectives.
    Nsga2(Nsga2Sampler),
}

impl Default for Sampler {
    fn default() -> Self {
        Sampler::Tpe(TpeSampler::default())
    }
}

/// Every parameter at random, by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RandomSampler {}

/// Every combination once.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GridSampler {}

/// Sobol's sequence, scrambled by the search's seed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SobolSampler {}

/// Tree-structured Parzen estimator. The defaults are those of Optuna 5.0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TpeSampler {
    /// Trials at random before the first proposal.
    #[schemars(range(min = 0, max = 100_000))]
    pub n_startup_trials: usize,
    /// Candidates among which the best is taken.
    #[schemars(range(min = 1, max = 100_000))]
    pub n_ei_candidates: usize,
    /// Whether the parameters that every trial has are proposed together; if not, each by itself.
    pub multivariate: bool,
    /// With `multivariate`: whether parameters that some trials lack are also proposed together, by groups.
    pub group: bool,
    /// Whether trials under way count as bad ones, so that no two look at the same place.
    pub constant_liar: bool,
    /// Whether chance is drawn as by Optuna with NumPy, so that a search without lag repeats its suggestions.
    pub numpy_compatible: bool,
}

impl Default for TpeSampler {
    fn default() -> Self {
        TpeSampler {
            n_startup_trials: 10,
            n_ei_candidates: 24,
            multivariate: true,
            group: false,
            constant_liar: true,
            numpy_compatible: false,
        }
    }
}

/// Covariance matrix adaptation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CmaEsSampler {
    /// Trials of one generation; 4 + ⌊3 ln(dimensions)⌋ if it is not said.
    #[schemars(range(min = 2, max = 10_000))]
    pub population_size: Option<usize>,
}

/// Gaussian process with the logarithm of the expected improvement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct GpSampler {
    /// Trials of Sobol's sequence before the first proposal.
    #[schemars(range(min = 1, max = 10_000))]
    pub n_startup_trials: usize,
}

impl Default for GpSampler {
    fn default() -> Self {
        GpSampler { n_startup_trials: 10 }
    }
}

/// A genetic algorithm for several objectives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Nsga2Sampler {
    /// Trials of one generation, the first of which is drawn at random.
    #[schemars(range(min = 2, max = 10_000))]
    pub population_size: usize,
    /// The probability that a child is made of two parents, not of one.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub crossover_prob: f64,
    /// The probability that a parameter of a child comes from the other parent.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub swapping_prob: f64,
    /// The probability that a parameter of a child is drawn anew; 1 / parameters if it is not said.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub mutation_prob: Option<f64>,
}

impl Default for Nsga2Sampler {
    fn default() -> Self {
        Nsga2Sampler { population_size: 50, crossover_prob: 0.9, swapping_prob: 0.5, mutation_prob: None }
    }
}
