//! Gaussian process: a model of the objective, asked where an improvement is most to be expected. As Optuna 5.0's
//! `GPSampler`, for one objective, with constraints or without.
//!
//! The first `n_startup_trials` are Sobol's points. Then all finished trials (values standardised, infinite ones moved
//! to the largest or smallest finite one) make the model, trials under way are believed to end at the model's mean, and
//! the point with the largest logarithm of expected improvement is proposed. Modelled are the parameters that every trial
//! has, and those under conditions that every finished one happens to have; the others are drawn at random.
//!
//! The model's cost grows with the cube of its trials, so it knows [`KNOWN`] at most (the best half and the latest half),
//! and its kernel is fitted to [`FITTED`] of these.
//!
//! Differs from Optuna: each fit begins at the same place, not at the last fit's end, since nothing is kept between trials;
//! trials under way are believed, not integrated over; a discrete range of many values is searched by halving steps, not
//! by Brent's method.

mod fit;
mod improvement;
mod model;
mod search;

use std::rc::Rc;

use self::fit::fit;
use self::improvement::Acquisition;
use self::model::{Data, Model};
use self::search::{Search, seen, unseen};
use super::cube::{Axis, Cube, complete};
use super::{GpSampler, sobol};
use crate::{Ask, Direction, Params, Space, State, Trial};

/// Finished trials that the model knows at most.
const KNOWN: usize = 500;
/// Finished trials to which the kernel is fitted at most.
const FITTED: usize = 300;

/// Whether a search can be made by it.
///
/// # Errors
/// More than one objective.
pub(super) fn supports(directions: &[Direction], _space: &Space) -> Result<(), String> {
    match directions.len() {
        1 => Ok(()),
        n => Err(format!("`gp` needs exactly one objective, found {n}; use `nsga2`")),
    }
}

/// The next trial's parameters.
pub(super) fn suggest(settings: &GpSampler, ask: &Ask) -> Params {
    let trials = finished(ask);
    if trials.is_empty() || trials.len() < settings.n_startup_trials {
        return sobol::suggest(ask);
    }
    let everywhere = |name: &str| trials.iter().all(|trial| trial.params.contains_key(name));
    let cube = Cube::new(ask.space, |param| param.when.is_empty() || everywhere(&param.name));
    let held = held(ask, &cube);
    match held.iter().any(Option::is_none) {
        true => propose(ask, &cube, &trials, &held)
            .map_or_else(|| sobol::suggest(ask), |params| complete(ask, &params)),
        false => complete(ask, &Params::new()),
    }
}

/// Trials with a number that have all parameters which no trial lacks, by number.
fn finished<'a>(ask: &Ask<'a>) -> Vec<&'a Trial> {
    let always = Cube::new(ask.space, |param| param.when.is_empty());
    let usable = |trial: &&Trial| {
        trial.value().is_some_and(|value| !value.is_nan()) && always.point(&trial.params).is_some()
    };
    let mut trials: Vec<&Trial> = ask.history.iter().filter(usable).collect();
    trials.sort_by_key(|trial| trial.number);
    trials
}

/// The coordinates that are decided already.
fn held(ask: &Ask, cube: &Cube) -> Vec<Option<f64>> {
    let decided = |axis: &Axis| {
        let value = ask.fixed.get(&axis.name).copied().filter(|&value| axis.contains(value))?;
        Some(seen(axis, axis.coordinate(value)))
    };
    cube.axes.iter().map(decided).collect()
}

/// The most promising values; none if no model can be made.
fn propose(ask: &Ask, cube: &Cube, finished: &[&Trial], held: &[Option<f64>]) -> Option<Params> {
    let trials = known(ask, finished.iter().filter(|trial| point(cube, trial).is_some()).copied().collect());
    let scores: Vec<f64> = trials.iter().map(|trial| score(ask, trial)).collect();
    let scores = standardised(&scores);
    let running = running(ask, cube);
    let feasible: Vec<bool> =
        trials.iter().map(|trial| trial.constraints.iter().all(|&c| c <= 0.0)).collect();
    let best = (0..trials.len())
        .filter(|&i| feasible[i])
        .reduce(|a, b| if scores.y[b] > scores.y[a] { b } else { a });
    let x: Vec<Vec<f64>> = trials.iter().filter_map(|trial| point(cube, trial)).collect();
    let learn = |y: &[f64]| learned(cube, &x, y).and_then(|model| model.believing(running.clone()));
    let objective = match best {
        Some(best) => Some((learn(&scores.y)?, scores.y[best])),
        None => None,
    };
    let constraints =
        constraints(&trials).into_iter().map(|values| Some((learn(&values.y)?, values.of(0.0))));
    let acquisition = Acquisition { objective, constraints: constraints.collect::<Option<_>>()? };
    let search = Search { axes: &cube.axes, held, acquisition: &acquisition };
    let found = search.run(best.map(|i| x[i].clone()), &mut ask.seed.stream("gp", ask.number as u64));
    let back: Vec<f64> = cube.axes.iter().zip(&found).map(|(axis, &x)| unseen(axis, x)).collect();
    Some(cube.values(&back))
}

/// Where trials are under way, by number.
fn running(ask: &Ask, cube: &Cube) -> Vec<Vec<f64>> {
    let mut trials: Vec<&Trial> = ask.history.iter().filter(|trial| trial.state == State::Running).collect();
    trials.sort_by_key(|trial| trial.number);
    trials.iter().filter_map(|trial| point(cube, trial)).collect()
}

/// A trial as the model sees it.
fn point(cube: &Cube, trial: &Trial) -> Option<Vec<f64>> {
    let point = cube.point(&trial.params)?;
    Some(cube.axes.iter().zip(&point).map(|(axis, &at)| seen(axis, at)).collect())
}

/// A finished trial's value so that larger is better.
fn score(ask: &Ask, trial: &Trial) -> f64 {
    let loss = ask.directions.first().zip(trial.value()).map(|(direction, value)| direction.loss(value));
    -loss.unwrap_or(f64::INFINITY)
}

/// Of many trials the best half and the latest half of what is allowed, by number.
fn known<'a>(ask: &Ask, mut trials: Vec<&'a Trial>) -> Vec<&'a Trial> {
    if trials.len() > KNOWN {
        let mut earlier = trials.drain(..trials.len() - KNOWN / 2).collect::<Vec<_>>();
        earlier.sort_by(|a, b| score(ask, b).total_cmp(&score(ask, a)));
        trials.extend(&earlier[..KNOWN / 2]);
        trials.sort_by_key(|trial| trial.number);
    }
    trials
}

/// The model of values at points.
fn learned(cube: &Cube, x: &[Vec<f64>], y: &[f64]) -> Option<Model> {
    let categorical: Rc<[bool]> = cube.axes.iter().map(|axis| axis.is_categorical()).collect();
    let take = |i: &usize| (x[*i].clone(), y[*i]);
    let count = x.len().min(FITTED);
    let spread: Vec<usize> = (0..count).map(|i| i * x.len() / count).collect();
    let (some_x, some_y) = spread.iter().map(take).unzip();
    let kernel = fit(&Data { categorical: categorical.clone(), x: some_x, y: some_y });
    Model::new(Data { categorical, x: x.to_vec(), y: y.to_vec() }, kernel)
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
