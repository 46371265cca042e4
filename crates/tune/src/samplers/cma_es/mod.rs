//! CMA-ES: a normal distribution that moves to where the better trials are and takes their shape.
//!
//! After Hansen, "The CMA Evolution Strategy: A Tutorial" (2016), with the constants of the package `cmaes` that Optuna
//! uses: the mean starts in the middle of the cube, σ at a sixth of its edge. Nothing is stored between trials: the
//! distribution is computed again from the finished trials, λ at a time by number, whatever proposed them.
//!
//! Differs from Optuna: no trial is left out because it was proposed under an earlier mean (with a lag, many are);
//! instead a trial that lies improbably far from the mean, in units of the distribution, counts as if it lay nearer
//! (Hansen 2011, "Injecting external solutions into CMA-ES").
//!
//! Parameters that only some trials have, and categories, are drawn at random.

mod evolution;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::evolution::EvolutionState;
use super::cube::{Cube, complete};
use super::{SamplingAlgorithm, random};
use crate::{Direction, Distribution, Param, Params, SamplingContext, Space};

/// Covariance matrix adaptation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CmaEsSampler {
    /// Trials of one generation; 4 + ⌊3 ln(dimensions)⌋ by default.
    #[schemars(range(min = 2, max = 10_000))]
    pub population_size: Option<usize>,
}

impl SamplingAlgorithm for CmaEsSampler {
    fn suggest(&self, context: &SamplingContext) -> Params {
        suggest(self, context)
    }

    fn supports(&self, directions: &[Direction], space: &Space) -> Result<(), String> {
        if directions.len() != 1 {
            return Err(format!(
                "`cma_es` needs exactly one objective, found {}; use `nsga2`",
                directions.len()
            ));
        }
        match Cube::new(space, is_modelled).n() {
            0 => Err(
                "`cma_es` needs at least one parameter that is a number and that every trial has; use `tpe`"
                    .into(),
            ),
            _ => Ok(()),
        }
    }

    fn title(&self) -> &'static str {
        "CMA-ES"
    }

    fn n_startup_trials(&self) -> usize {
        0
    }

    fn is_single_objective(&self) -> bool {
        true
    }

    fn is_random(&self) -> bool {
        false
    }

    fn is_exhaustive(&self) -> bool {
        false
    }

    fn yields_to_grid(&self) -> bool {
        true
    }

    fn repeats_optuna(&self) -> bool {
        false
    }
}

/// The next trial's parameters.
fn suggest(settings: &CmaEsSampler, context: &SamplingContext) -> Params {
    let cube = Cube::new(context.space, is_modelled);
    if cube.n() == 0 {
        return random::suggest(context);
    }
    let finished = finished(context, &cube);
    let mut state = EvolutionState::new(cube.n(), settings.population_size);
    for generation in finished.chunks_exact(state.population()) {
        state.update(generation);
    }
    let point = state.sample(&mut context.seed.stream("cma_es", context.number as u64));
    complete(context, &cube.values(&point))
}

/// Numbers that every trial has.
fn is_modelled(param: &Param) -> bool {
    param.when.is_empty() && !matches!(param.distribution, Distribution::Categorical { .. })
}

/// The finished trials by number: points of the cube and their losses.
fn finished(context: &SamplingContext, cube: &Cube) -> Vec<(Vec<f64>, f64)> {
    let Some(&direction) = context.directions.first() else { return Vec::new() };
    let mut trials: Vec<_> = context.history.iter().collect();
    trials.sort_by_key(|trial| trial.number);
    let point = |trial: &&crate::Trial| {
        let loss = trial.value().map(|value| direction.loss(value)).filter(|loss| !loss.is_nan())?;
        Some((cube.point(&trial.params)?, loss))
    };
    trials.iter().filter_map(point).collect()
}
