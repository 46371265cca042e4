//! CMA-ES: a normal distribution that moves to where the better trials are and takes their shape.
//!
//! After Hansen, "The CMA Evolution Strategy: A Tutorial" (2016), with the constants of the package `cmaes` that Optuna uses:
//! the mean begins in the cube's middle, σ at a sixth of its edge. Nothing is stored between trials: the finished trials
//! are told again, λ at a time by number, whatever proposed them.
//!
//! Differs from Optuna: no trial is left out because it was proposed under an earlier mean (with a lag, many are); instead
//! a trial that lies improbably far from the mean, in units of the distribution, is told as if it lay nearer (Hansen 2011,
//! "Injecting external solutions into CMA-ES").
//!
//! Parameters that only some trials have, and categories, are drawn at random.

mod evolution;

use self::evolution::Evolution;
use super::cube::{Cube, complete};
use super::{CmaEsSampler, random};
use crate::{Ask, Direction, Distribution, Param, Params, Space};

/// Whether a search can be made by it.
///
/// # Errors
/// More than one objective; no number that every trial has.
pub(super) fn supports(directions: &[Direction], space: &Space) -> Result<(), String> {
    if directions.len() != 1 {
        return Err(format!("`cma_es` needs exactly one objective, found {}; use `nsga2`", directions.len()));
    }
    match Cube::new(space, is_modelled).n() {
        0 => {
            Err("`cma_es` needs at least one parameter that is a number and that every trial has; use `tpe`"
                .into())
        }
        _ => Ok(()),
    }
}

/// The next trial's parameters.
pub(super) fn suggest(settings: &CmaEsSampler, ask: &Ask) -> Params {
    let cube = Cube::new(ask.space, is_modelled);
    if cube.n() == 0 {
        return random::suggest(ask);
    }
    let told = finished(ask, &cube);
    let mut state = Evolution::new(cube.n(), settings.population_size);
    for generation in told.chunks_exact(state.population()) {
        state.tell(generation);
    }
    let point = state.sample(&mut ask.seed.stream("cma_es", ask.number as u64));
    complete(ask, &cube.values(&point))
}

/// Numbers that every trial has.
fn is_modelled(param: &Param) -> bool {
    param.when.is_empty() && !matches!(param.distribution, Distribution::Categorical { .. })
}

/// What is known, by number: points of the cube and their losses.
fn finished(ask: &Ask, cube: &Cube) -> Vec<(Vec<f64>, f64)> {
    let Some(&direction) = ask.directions.first() else { return Vec::new() };
    let mut trials: Vec<_> = ask.history.iter().collect();
    trials.sort_by_key(|trial| trial.number);
    let told = |trial: &&crate::Trial| {
        let loss = trial.value().map(|value| direction.loss(value)).filter(|loss| !loss.is_nan())?;
        Some((cube.point(&trial.params)?, loss))
    };
    trials.iter().filter_map(told).collect()
}
