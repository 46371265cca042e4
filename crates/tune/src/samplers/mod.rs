//! Samplers: which parameters the next trial should have.
//!
//! A sampler is a file with its settings, which implement [`SamplingAlgorithm`], and a line of the list below.

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
use serde_json::json;

use crate::family::family;
use crate::{Direction, Param, Params, SamplingContext, Space};

family! {
    /// How the next trial's parameters are proposed.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
    pub enum Sampler: SamplingAlgorithm {
        /// Every parameter at random, by itself.
        "random" => Random(random::RandomSampler),
        /// Every combination once. Ranges without steps cannot be searched by it.
        "grid" => Grid(grid::GridSampler),
        /// Sobol's sequence: points that fill the space evenly.
        "sobol" => Sobol(sobol::SobolSampler),
        /// Tree-structured Parzen estimator, as in Optuna 5.0.
        "tpe" => Tpe(tpe::TpeSampler),
        /// Covariance matrix adaptation; categorical parameters are drawn at random.
        "cma_es" => CmaEs(cma_es::CmaEsSampler),
        /// Gaussian process with the logarithm of the expected improvement.
        "gp" => Gp(gp::GpSampler),
        /// A genetic algorithm for several objectives.
        "nsga2" => Nsga2(nsga2::Nsga2Sampler),
    }
}

/// What a sampler is asked. Every sampler answers every question: there are no default methods.
trait SamplingAlgorithm {
    /// The parameters that a trial should have; the history does not contain the trial itself.
    fn suggest(&self, context: &SamplingContext) -> Params;

    /// Whether it can search such a space for such objectives.
    ///
    /// # Errors
    /// Why not.
    fn supports(&self, directions: &[Direction], space: &Space) -> Result<(), String>;

    /// What it is called in tables and text.
    fn title(&self) -> &'static str;

    /// How many trials are drawn without regard to the others before it begins; 0 if it begins at once or never regards
    /// them.
    fn n_startup_trials(&self) -> usize;

    /// Whether it can optimise one objective only.
    fn is_single_objective(&self) -> bool;

    /// Whether it draws each trial from the whole space by chance, whatever the others are.
    fn is_random(&self) -> bool;

    /// Whether it tries every point of the space once, so that the space must be countable and the last point is the
    /// end.
    fn is_exhaustive(&self) -> bool;

    /// Whether a grid takes its place where a budget covers every point of the space.
    fn yields_to_grid(&self) -> bool;

    /// Whether it repeats Optuna's suggestions, which needs the history of a single worker, without lag.
    fn repeats_optuna(&self) -> bool;
}

impl Sampler {
    /// The sampler of this name, with its default settings.
    pub fn named(name: &str) -> Option<Sampler> {
        serde_json::from_value(json!({ name: {} })).ok()
    }

    /// The parameters that a trial should have: a function of the context alone, so the same on every machine.
    ///
    /// Parameters of `context.fixed` have the values given there. Whatever the history holds (failed trials, values
    /// that are not numbers, parameters that the space no longer has), the answer lies in the space.
    pub fn suggest(&self, context: &SamplingContext) -> Params {
        // A trial that is taken over may find itself among the running ones.
        if context.history.iter().any(|trial| trial.number == context.number) {
            let others: Vec<_> =
                context.history.iter().filter(|trial| trial.number != context.number).cloned().collect();
            return self.member().suggest(&SamplingContext { history: &others, ..*context });
        }
        self.member().suggest(context)
    }

    /// Whether it can search such a space for such objectives.
    ///
    /// # Errors
    /// Why not: a Gaussian process has one objective, a grid wants a space that can be counted, and so on.
    pub fn supports(&self, directions: &[Direction], space: &Space) -> Result<(), String> {
        self.member().supports(directions, space)
    }

    /// What it is called in tables and text: `TPE`, `Gaussian process`.
    pub fn title(&self) -> &'static str {
        self.member().title()
    }

    /// How many trials are drawn without regard to the others before it begins; 0 if it begins at once or never regards
    /// them.
    pub fn n_startup_trials(&self) -> usize {
        self.member().n_startup_trials()
    }

    /// Whether it can optimise one objective only.
    pub fn is_single_objective(&self) -> bool {
        self.member().is_single_objective()
    }

    /// Whether it draws each trial from the whole space by chance, so that the trials are a random sample.
    pub fn is_random(&self) -> bool {
        self.member().is_random()
    }

    /// Whether it tries every point of the space once, so that the space must be countable and the last point is the
    /// end.
    pub fn is_exhaustive(&self) -> bool {
        self.member().is_exhaustive()
    }

    /// Whether it repeats Optuna's suggestions, which needs the history of a single worker, without lag.
    pub fn repeats_optuna(&self) -> bool {
        self.member().repeats_optuna()
    }

    /// The sampler that should run in its place with such a budget: a grid where that [exhausts](Sampler::exhausts) the
    /// space, else itself.
    pub fn effective(&self, space: &Space, n_trials: usize) -> Sampler {
        match self.exhausts(space, n_trials) {
            Some(_) => GridSampler::default().into(),
            None => self.clone(),
        }
    }

    /// How many points the space has, if the budget covers them all, so that trying each is better than choosing among
    /// them.
    ///
    /// `None` for `numpy_compatible`, which promises Optuna's suggestions, and for NSGA-II, which works by generations.
    pub fn exhausts(&self, space: &Space, n_trials: usize) -> Option<u64> {
        let points = space.count_points(&Params::new()).and_then(|points| u64::try_from(points).ok())?;
        (self.member().yields_to_grid() && points <= n_trials as u64).then_some(points)
    }
}

impl Default for Sampler {
    fn default() -> Self {
        TpeSampler::default().into()
    }
}

/// A whole assignment: what is fixed as it is, what has one value only with this, and the rest as `pick` says.
fn assign(context: &SamplingContext, mut pick: impl FnMut(&Param) -> f64) -> Params {
    context.space.assign(|param, _| {
        let single = || param.distribution.is_single().then(|| param.distribution.at(0));
        let decided = context.fixed.get(&param.name).copied().or_else(single);
        decided.unwrap_or_else(|| pick(param))
    })
}
