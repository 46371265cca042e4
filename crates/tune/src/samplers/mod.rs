//! Samplers: which parameters the next trial should have.

mod cma_es;
mod cube;
mod gp;
mod grid;
mod nsga2;
#[cfg(test)]
mod quality;
mod random;
mod sobol;
mod tpe;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Ask, Direction, Param, Params, Space};

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

impl Sampler {
    /// The parameters that a trial should have: a function of the question alone, so the same on every machine.
    ///
    /// Parameters of `ask.fixed` have the values given there. Whatever the history holds (failed trials, values that are no
    /// numbers, parameters that the space no longer has), the answer lies in the space.
    pub fn suggest(&self, ask: &Ask) -> Params {
        // A trial that is taken over may find itself among the running ones.
        if ask.history.iter().any(|trial| trial.number == ask.number) {
            let others: Vec<_> =
                ask.history.iter().filter(|trial| trial.number != ask.number).cloned().collect();
            return self.suggest(&Ask { history: &others, ..*ask });
        }
        match self {
            Sampler::Random(RandomSampler {}) => random::suggest(ask),
            Sampler::Grid(GridSampler {}) => grid::suggest(ask),
            Sampler::Sobol(SobolSampler {}) => sobol::suggest(ask),
            Sampler::Tpe(settings) => tpe::suggest(settings, ask),
            Sampler::CmaEs(settings) => cma_es::suggest(settings, ask),
            Sampler::Gp(settings) => gp::suggest(settings, ask),
            Sampler::Nsga2(settings) => nsga2::suggest(settings, ask),
        }
    }

    /// Whether it can search such a space for such objectives.
    ///
    /// # Errors
    /// Why not: a Gaussian process has one objective, a grid wants a space that can be counted, and so on.
    pub fn supports(&self, directions: &[Direction], space: &Space) -> Result<(), String> {
        match self {
            Sampler::Random(_) | Sampler::Sobol(_) | Sampler::Tpe(_) => Ok(()),
            Sampler::Grid(_) if space.points().is_none() => {
                Err("a grid needs ranges that can be counted: give each a `step`, or `choices`".into())
            }
            Sampler::Grid(_) => Ok(()),
            Sampler::CmaEs(_) => cma_es::supports(directions, space),
            Sampler::Gp(_) => gp::supports(directions, space),
            Sampler::Nsga2(_) => nsga2::supports(directions, space),
        }
    }

    /// What a search with such a budget should be sampled by: a grid where it [exhausts](Sampler::exhausts) the space.
    pub fn effective(&self, space: &Space, n_trials: usize) -> Sampler {
        match self.exhausts(space, n_trials) {
            Some(_) => Sampler::Grid(GridSampler::default()),
            None => self.clone(),
        }
    }

    /// How many points the space has, if the budget covers them all, so that trying each is better than choosing among them.
    ///
    /// Never so with `numpy_compatible`, which promises Optuna's choices, and with NSGA-II, whose generations are the point.
    pub fn exhausts(&self, space: &Space, n_trials: usize) -> Option<u64> {
        match self {
            Sampler::Tpe(TpeSampler { numpy_compatible: true, .. }) | Sampler::Nsga2(_) => None,
            _ => space.points().filter(|&points| points <= n_trials as u64),
        }
    }
}

/// A whole assignment: what is fixed as it is, what has one value only with this, and the rest as `pick` says.
fn assign(ask: &Ask, mut pick: impl FnMut(&Param) -> f64) -> Params {
    ask.space.assign(|param, _| {
        let single = || param.distribution.is_single().then(|| param.distribution.at(0));
        let decided = ask.fixed.get(&param.name).copied().or_else(single);
        decided.unwrap_or_else(|| pick(param))
    })
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
