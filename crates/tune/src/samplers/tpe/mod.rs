//! The tree-structured Parzen estimator, as in Optuna 5.0.
//!
//! Finished trials are split into a few good ones and the others. Each side's parameters give a density, l of the good
//! ones and g of the others; candidates are drawn from l, and the one with the largest l / g is the proposal.
//!
//! Source: Watanabe, "Tree-Structured Parzen Estimator" (2023), and `optuna/samplers/_tpe` of Optuna 5.0.0, whose
//! numbers it gives (`tests/golden/make_tpe.py`). It differs from Optuna:
//!
//! - Sorts are stable, and of candidates that differ by rounding only, the first is taken, where Optuna's choice
//!   depends on the processor.
//! - With groups, a running trial has the parameters it has, not also those that do not exist in it.
//! - A candidate that rounding takes beyond a bound is put back onto it. Ranges wider than the largest `f64`, and
//!   integers finer than the digits of an `f64`, are searched too. Observations that the space no longer contains do
//!   not count.
//! - What is fixed is not proposed, as if the others were the whole space.
//! - Random numbers come from streams that only the search's seed and the trial's number choose, unless
//!   `numpy_compatible` is set.

mod history;
mod numpy;
mod parzen;
mod subspace;

use history::{TpeHistory, TrialSplit};
use numpy::NumpyRandom;
use parzen::Parzen;
use subspace::Subspaces;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{SamplingAlgorithm, assign, random};
use crate::{Direction, Param, Params, SamplingContext, Space};

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
    /// Whether running trials count as bad ones, so that no two try nearly the same parameters.
    pub constant_liar: bool,
    /// Whether random numbers are drawn as by Optuna with NumPy, so that a search without lag repeats its suggestions.
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

impl SamplingAlgorithm for TpeSampler {
    fn suggest(&self, context: &SamplingContext) -> Params {
        suggest(self, context)
    }

    fn supports(&self, _directions: &[Direction], _space: &Space) -> Result<(), String> {
        Ok(())
    }

    fn title(&self) -> &'static str {
        "TPE"
    }

    fn n_startup_trials(&self) -> usize {
        self.n_startup_trials
    }

    fn is_single_objective(&self) -> bool {
        false
    }

    fn is_random(&self) -> bool {
        false
    }

    fn is_exhaustive(&self) -> bool {
        false
    }

    fn yields_to_grid(&self) -> bool {
        !self.numpy_compatible
    }

    fn repeats_optuna(&self) -> bool {
        self.numpy_compatible
    }
}

fn suggest(settings: &TpeSampler, context: &SamplingContext) -> Params {
    let history = TpeHistory::new(context);
    let mut random = match settings.numpy_compatible {
        true => RandomSource::Numpy(Box::new(NumpyRandom::replayed(settings, context, &history))),
        false => RandomSource::Streams(*context),
    };
    if history.finished() < settings.n_startup_trials {
        return assign(context, |param| random.start(param));
    }
    let split = history.split(settings.constant_liar);
    let mut proposer = TpeProposer { settings, context, random, split };
    let mut joint = None;
    assign(context, |param| {
        let joint = joint.get_or_insert_with(|| proposer.propose_jointly(&history));
        joint.get(&param.name).copied().unwrap_or_else(|| proposer.propose_alone(param))
    })
}

/// What a proposal is made from.
struct TpeProposer<'a> {
    settings: &'a TpeSampler,
    context: &'a SamplingContext<'a>,
    random: RandomSource<'a>,
    split: TrialSplit<'a>,
}

impl TpeProposer<'_> {
    /// The parameters that are proposed together, or by groups.
    fn propose_jointly(&mut self, history: &TpeHistory) -> Params {
        let mut subspaces = Subspaces::new(self.settings, self.context);
        history.trials().filter(|trial| history::is_finished(trial)).for_each(|trial| subspaces.add(trial));
        subspaces
            .searched()
            .into_iter()
            .flat_map(|names| {
                let params: Vec<&Param> =
                    names.iter().filter_map(|name| self.context.space.get(name)).collect();
                let values = self.propose(&params, "tpe");
                names.into_iter().zip(values)
            })
            .collect()
    }

    fn propose_alone(&mut self, param: &Param) -> f64 {
        self.propose(&[param], "tpe alone")[0]
    }

    /// Values for these parameters, all at once.
    fn propose(&mut self, params: &[&Param], purpose: &str) -> Vec<f64> {
        let [good, others] =
            [&self.split.below, &self.split.above].map(|trials| history::columns(trials, params));
        let weigh =
            if self.context.directions.len() > 1 { parzen::equal_weights } else { parzen::falling_weights };
        let (l, g) =
            (Parzen::new(params, &good, weigh), Parzen::new(params, &others, parzen::falling_weights));
        let candidates =
            self.random.draw(params, purpose, |uniform| l.sample(self.settings.n_ei_candidates, uniform));
        let (ln_l, ln_g) = (l.ln_density(&candidates), g.ln_density(&candidates));
        let best = first_of_the_best(&ln_l.iter().zip(&ln_g).map(|(l, g)| l - g).collect::<Vec<_>>());
        candidates.iter().map(|column| column[best]).collect()
    }
}

/// The index of the first number that is as large as the largest, up to rounding; 0 if all are NaN.
fn first_of_the_best(values: &[f64]) -> usize {
    let best = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    values.iter().position(|&value| value >= best - 1e-10).unwrap_or(0)
}

/// Where random numbers come from.
enum RandomSource<'a> {
    Streams(SamplingContext<'a>),
    Numpy(Box<NumpyRandom>),
}

impl RandomSource<'_> {
    /// A parameter of one of the first trials.
    fn start(&mut self, param: &Param) -> f64 {
        match self {
            RandomSource::Streams(context) => random::value(context, param),
            RandomSource::Numpy(numpy) => numpy.start(&param.distribution),
        }
    }

    /// The result of `sample`, which draws uniform numbers in [0, 1).
    fn draw<T>(
        &mut self,
        params: &[&Param],
        purpose: &str,
        sample: impl FnOnce(&mut dyn FnMut() -> f64) -> T,
    ) -> T {
        match self {
            RandomSource::Streams(context) => {
                let name = params.first().map_or("", |param| &param.name);
                let mut stream = context.seed.stream(&format!("{purpose}: {name}"), context.number as u64);
                sample(&mut || stream.uniform_f64())
            }
            RandomSource::Numpy(numpy) => sample(&mut || numpy.proposals.uniform()),
        }
    }
}

#[cfg(test)]
mod tests;
