//! Gaussian process: a model of the objective, and the point where it expects the largest improvement. As Optuna 5.0's
//! `GPSampler`, for one objective, with constraints or without.
//!
//! The first `n_startup_trials` are Sobol's points. After them all finished trials (values standardised, infinite ones
//! replaced by the largest or smallest finite one) make the model, running trials are assumed to end at the model's
//! mean, and the point with the largest logarithm of expected improvement is proposed. The model covers the parameters
//! that every trial has, and those under conditions that every finished one happens to have; the others are drawn at
//! random.
//!
//! The model's cost grows with the cube of its trials, so it takes [`MAX_MODELLED`] at most (the best half and the
//! latest half), and its kernel is fitted to [`MAX_FITTED`] of these.
//!
//! Differs from Optuna: each fit starts at the same place, not at the end of the last fit, since nothing is stored
//! between trials; running trials are assumed to end at the mean, not integrated over; a discrete range of many values
//! is searched by halving steps, not by Brent's method.

mod acquisition;
mod fit;
mod process;
mod search;

use std::rc::Rc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::acquisition::Acquisition;
use self::fit::fit;
use self::process::{GaussianProcess, Observations};
use self::search::{AcquisitionSearch, from_model, to_model};
use super::cube::{Cube, CubeAxis, complete};
use super::{SamplingAlgorithm, SobolSampler};
use crate::{Direction, Params, SamplingContext, Space, State, Trial};

/// The most finished trials in the model.
const MAX_MODELLED: usize = 500;
/// The most finished trials to which the kernel is fitted.
const MAX_FITTED: usize = 300;

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

impl SamplingAlgorithm for GpSampler {
    fn suggest(&self, context: &SamplingContext) -> Params {
        suggest(self, context)
    }

    fn supports(&self, directions: &[Direction], _space: &Space) -> Result<(), String> {
        match directions.len() {
            1 => Ok(()),
            n => Err(format!("`gp` needs exactly one objective, found {n}; use `nsga2`")),
        }
    }

    fn title(&self) -> &'static str {
        "Gaussian process"
    }

    fn n_startup_trials(&self) -> usize {
        self.n_startup_trials
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
fn suggest(settings: &GpSampler, context: &SamplingContext) -> Params {
    let trials = finished(context);
    if trials.is_empty() || trials.len() < settings.n_startup_trials {
        return SobolSampler::default().suggest(context);
    }
    let everywhere = |name: &str| trials.iter().all(|trial| trial.params.contains_key(name));
    let cube = Cube::new(context.space, |param| param.when.is_empty() || everywhere(&param.name));
    let held = held_coordinates(context, &cube);
    match held.iter().any(Option::is_none) {
        true => propose(context, &cube, &trials, &held)
            .map_or_else(|| SobolSampler::default().suggest(context), |params| complete(context, &params)),
        false => complete(context, &Params::new()),
    }
}

/// The trials with a value and all parameters that are under no condition, by number.
fn finished<'a>(context: &SamplingContext<'a>) -> Vec<&'a Trial> {
    let always = Cube::new(context.space, |param| param.when.is_empty());
    let usable = |trial: &&Trial| {
        trial.value().is_some_and(|value| !value.is_nan()) && always.point(&trial.params).is_some()
    };
    let mut trials: Vec<&Trial> = context.history.iter().filter(usable).collect();
    trials.sort_by_key(|trial| trial.number);
    trials
}

/// The coordinates that are decided already.
fn held_coordinates(context: &SamplingContext, cube: &Cube) -> Vec<Option<f64>> {
    let decided = |axis: &CubeAxis| {
        let value = context.fixed.get(&axis.name).copied().filter(|&value| axis.contains(value))?;
        Some(to_model(axis, axis.coordinate(value)))
    };
    cube.axes.iter().map(decided).collect()
}

/// The most promising values; none if no model can be made.
fn propose(
    context: &SamplingContext,
    cube: &Cube,
    finished: &[&Trial],
    held: &[Option<f64>],
) -> Option<Params> {
    let trials =
        modelled(context, finished.iter().filter(|trial| point(cube, trial).is_some()).copied().collect());
    let scores: Vec<f64> = trials.iter().map(|trial| score(context, trial)).collect();
    let scores = standardised(&scores);
    let running = running(context, cube);
    let feasible: Vec<bool> =
        trials.iter().map(|trial| trial.constraints.iter().all(|&c| c <= 0.0)).collect();
    let best = (0..trials.len())
        .filter(|&i| feasible[i])
        .reduce(|a, b| if scores.y[b] > scores.y[a] { b } else { a });
    let x: Vec<Vec<f64>> = trials.iter().filter_map(|trial| point(cube, trial)).collect();
    let model = |y: &[f64]| fitted(cube, &x, y).and_then(|process| process.with_running(running.clone()));
    let objective = match best {
        Some(best) => Some((model(&scores.y)?, scores.y[best])),
        None => None,
    };
    let constraints =
        constraints(&trials).into_iter().map(|values| Some((model(&values.y)?, values.of(0.0))));
    let acquisition = Acquisition { objective, constraints: constraints.collect::<Option<_>>()? };
    let search = AcquisitionSearch { axes: &cube.axes, held, acquisition: &acquisition };
    let found = search.run(best.map(|i| x[i].clone()), &mut context.seed.stream("gp", context.number as u64));
    let coordinates: Vec<f64> = cube.axes.iter().zip(&found).map(|(axis, &x)| from_model(axis, x)).collect();
    Some(cube.values(&coordinates))
}

/// The points of the running trials, by number.
fn running(context: &SamplingContext, cube: &Cube) -> Vec<Vec<f64>> {
    let mut trials: Vec<&Trial> =
        context.history.iter().filter(|trial| trial.state == State::Running).collect();
    trials.sort_by_key(|trial| trial.number);
    trials.iter().filter_map(|trial| point(cube, trial)).collect()
}

/// A trial's coordinates in the model; none if it lacks a parameter.
fn point(cube: &Cube, trial: &Trial) -> Option<Vec<f64>> {
    let point = cube.point(&trial.params)?;
    Some(cube.axes.iter().zip(&point).map(|(axis, &at)| to_model(axis, at)).collect())
}

/// A finished trial's value so that larger is better.
fn score(context: &SamplingContext, trial: &Trial) -> f64 {
    let loss = context.directions.first().zip(trial.value()).map(|(direction, value)| direction.loss(value));
    -loss.unwrap_or(f64::INFINITY)
}

/// Of many trials the best half and the latest half of [`MAX_MODELLED`], by number.
fn modelled<'a>(context: &SamplingContext, mut trials: Vec<&'a Trial>) -> Vec<&'a Trial> {
    if trials.len() > MAX_MODELLED {
        let mut earlier = trials.drain(..trials.len() - MAX_MODELLED / 2).collect::<Vec<_>>();
        earlier.sort_by(|a, b| score(context, b).total_cmp(&score(context, a)));
        trials.extend(&earlier[..MAX_MODELLED / 2]);
        trials.sort_by_key(|trial| trial.number);
    }
    trials
}

/// The process with the kernel that fits values at points best.
fn fitted(cube: &Cube, x: &[Vec<f64>], y: &[f64]) -> Option<GaussianProcess> {
    let categorical: Rc<[bool]> = cube.axes.iter().map(|axis| axis.is_categorical()).collect();
    let take = |i: &usize| (x[*i].clone(), y[*i]);
    let count = x.len().min(MAX_FITTED);
    let chosen: Vec<usize> = (0..count).map(|i| i * x.len() / count).collect();
    let (some_x, some_y) = chosen.iter().map(take).unzip();
    let kernel = fit(&Observations { categorical: categorical.clone(), x: some_x, y: some_y });
    GaussianProcess::new(Observations { categorical, x: x.to_vec(), y: y.to_vec() }, kernel)
}

/// Values in units of their standard deviation from their mean.
struct Standardised {
    y: Vec<f64>,
    mean: f64,
    deviation: f64,
}

impl Standardised {
    /// Another value in the same units.
    fn of(&self, value: f64) -> f64 {
        (value - self.mean) / self.deviation
    }
}

fn standardised(values: &[f64]) -> Standardised {
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let (low, high) = (finite().reduce(f64::min).unwrap_or(0.0), finite().reduce(f64::max).unwrap_or(0.0));
    let clipped: Vec<f64> = values.iter().map(|v| v.clamp(low, high)).collect();
    let n = clipped.len() as f64;
    let mean = clipped.iter().sum::<f64>() / n;
    let deviation = (clipped.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / n).sqrt().max(1e-10);
    Standardised { y: clipped.iter().map(|v| (v - mean) / deviation).collect(), mean, deviation }
}

/// Each constraint's values, so that what is at least 0 holds; none if the trials differ in how many they have.
fn constraints(trials: &[&Trial]) -> Vec<Standardised> {
    let count = trials.first().map_or(0, |trial| trial.constraints.len());
    let whole =
        |trial: &&Trial| trial.constraints.len() == count && !trial.constraints.iter().any(|c| c.is_nan());
    let count = if trials.iter().all(whole) { count } else { 0 };
    let column = |i: usize| trials.iter().map(|trial| -trial.constraints[i]).collect::<Vec<_>>();
    (0..count).map(|i| standardised(&column(i))).collect()
}
