//! What a search does not show: findings as data, which the report puts into words.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::budget::{best_trial, counted};
use crate::{Choice, Direction, Distribution, MIN_TRIALS, Param, Params, Sampler, Space, State, Trial};

/// Within this fraction of its range from an end, a value is at the edge.
const NEAR: f64 = 0.01;
/// How often larger than the low end the high end of a linear range may be: two decades.
const DECADES: f64 = 100.0;
/// Standard errors by which the best must be better.
const ERRORS: f64 = 2.0;

/// A search whose limits are wanted.
#[derive(Clone, Copy, Debug)]
pub struct SearchResults<'a> {
    /// Its space.
    pub space: &'a Space,
    /// What proposed its trials.
    pub sampler: &'a Sampler,
    /// Where better lies, for each objective.
    pub directions: &'a [Direction],
    /// All its trials, by number.
    pub trials: &'a [Trial],
    /// The values of the repetitions of each trial that had several seeds, by number.
    pub repeats: &'a BTreeMap<usize, Vec<f64>>,
}

/// An end of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// The smallest value.
    Low,
    /// The largest one.
    High,
}

/// Something that limits what a search shows.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Finding {
    /// The best value of a parameter lies at the edge of its range: a better one may lie outside.
    BestAtEdge {
        /// The parameter.
        param: String,
        /// The end it is at.
        edge: Edge,
        /// The best value.
        value: Choice,
        /// The value at the end.
        bound: Choice,
        /// The trial that had it.
        trial: usize,
    },
    /// Only one parameter was varied at a time: how they act together is not known.
    OneFactor {
        /// The parameters that were varied.
        params: Vec<String>,
    },
    /// There are too few complete trials to say which parameters matter, and fewer than the space has configurations.
    TooFewTrials {
        /// How many there are.
        complete: usize,
        /// How many there should be.
        needed: usize,
    },
    /// The sampler proposed nothing yet: all trials were drawn without regard to the others.
    OnlyStartup {
        /// How many trials there are.
        trials: usize,
        /// How many the sampler draws before it begins.
        startup: usize,
    },
    /// The best configuration is not better than the second by more than repetitions of one configuration differ.
    Undecided {
        /// The first trial of the best configuration.
        best: usize,
        /// The first trial of the second.
        runner_up: usize,
        /// The difference of their means, not negative.
        difference: f64,
        /// Its standard error.
        standard_error: f64,
    },
    /// A learning rate, or the like, was searched on a linear scale over more than two decades: the small values were
    /// hardly ever tried.
    LinearRate {
        /// The parameter.
        param: String,
        /// The low end.
        low: f64,
        /// The high end.
        high: f64,
    },
}

/// Everything that is found, from the space to the values.
pub fn findings(search: &SearchResults) -> Vec<Finding> {
    let mut found: Vec<Finding> = search.space.params.iter().filter_map(linear_rate).collect();
    found.extend(one_factor(search));
    found.extend(too_few(search));
    found.extend(only_startup(search));
    if let [direction] = *search.directions {
        found.extend(at_edges(search, direction));
        found.extend(undecided(search, direction));
    }
    found
}

fn linear_rate(param: &Param) -> Option<Finding> {
    let Distribution::Float { low, high, log: false, step } = param.distribution else { return None };
    let smallest = if low > 0.0 { low } else { step.unwrap_or(0.0) };
    let wide = high > smallest * DECADES;
    (wide && is_rate(&param.name)).then(|| Finding::LinearRate { param: param.name.clone(), low, high })
}

/// Whether a parameter works by its order of magnitude, judged by the last part of its name.
fn is_rate(name: &str) -> bool {
    let words = |c: char| !c.is_alphanumeric() && c != '_';
    let last = name.split(words).rfind(|part| !part.is_empty());
    last.is_some_and(|last| last == "lr" || last.ends_with("learning_rate") || last.ends_with("weight_decay"))
}

fn one_factor(search: &SearchResults) -> Option<Finding> {
    let all: Vec<&Params> = search.trials.iter().map(|trial| &trial.params).collect();
    let varies = |name: &&str| {
        let mut values = all.iter().filter_map(|params| params.get(*name));
        values.next().is_some_and(|first| values.any(|value| value != first))
    };
    let names = search.space.params.iter().map(|param| param.name.as_str());
    let varied: Vec<&str> = names.filter(varies).collect();
    let near =
        |a: &Params, b: &Params| varied.iter().filter(|name| a.get(**name) != b.get(**name)).count() <= 1;
    let is_star = all.iter().any(|centre| all.iter().all(|params| near(centre, params)));
    let params = varied.iter().map(|name| name.to_string()).collect();
    (is_star && !varied.is_empty()).then_some(Finding::OneFactor { params })
}

fn too_few(search: &SearchResults) -> Option<Finding> {
    let complete = search.trials.iter().filter(|trial| trial.state == State::Complete).count();
    let points = search.space.count_points(&Params::new());
    let everything = points.is_some_and(|points| points <= complete as u128);
    (complete < MIN_TRIALS && !everything).then_some(Finding::TooFewTrials { complete, needed: MIN_TRIALS })
}

fn only_startup(search: &SearchResults) -> Option<Finding> {
    let startup = search.sampler.n_startup_trials();
    let trials = search.trials.len();
    (trials > 0 && trials <= startup).then_some(Finding::OnlyStartup { trials, startup })
}

fn at_edges(search: &SearchResults, direction: Direction) -> Vec<Finding> {
    let Some(best) = best_trial(search.trials, direction) else { return Vec::new() };
    let found = search.space.params.iter().filter_map(|param| {
        let value = *best.params.get(&param.name)?;
        let (edge, bound) = edge(&param.distribution, value)?;
        let (value, bound) = (param.distribution.external(value), param.distribution.external(bound));
        Some(Finding::BestAtEdge { param: param.name.clone(), edge, value, bound, trial: best.number })
    });
    found.collect()
}

/// The end at which a value lies, if it does. With two values, both are ends, and names have none.
fn edge(distribution: &Distribution, value: f64) -> Option<(Edge, f64)> {
    if distribution.count().is_some_and(|count| count <= 2) {
        return None;
    }
    let (low, high, log) = match *distribution {
        Distribution::Categorical { ref choices } => return end_of_choices(choices, value),
        Distribution::Float { low, high, log, .. } => (low, high, log),
        Distribution::Int { low, high, log, .. } => (low as f64, high as f64, log),
    };
    let scale = |x: f64| if log { x.ln() } else { x };
    let place = (scale(value) - scale(low)) / (scale(high) - scale(low));
    if place <= NEAR { Some((Edge::Low, low)) } else { (place >= 1.0 - NEAR).then_some((Edge::High, high)) }
}

/// Choices have ends if all are numbers.
fn end_of_choices(choices: &[Choice], value: f64) -> Option<(Edge, f64)> {
    let number = |choice: &Choice| match *choice {
        Choice::Int(value) => Some(value as f64),
        Choice::Float(value) => Some(value),
        _ => None,
    };
    let numbers = choices.iter().map(number).collect::<Option<Vec<f64>>>()?;
    let own = *numbers.get(value as usize)?;
    if numbers.iter().all(|&other| own <= other) {
        Some((Edge::Low, value))
    } else {
        numbers.iter().all(|&other| own >= other).then_some((Edge::High, value))
    }
}

/// The values of one configuration.
struct ConfigurationValues {
    trial: usize,
    values: Vec<f64>,
}

impl ConfigurationValues {
    fn mean(&self) -> f64 {
        self.values.iter().sum::<f64>() / self.values.len() as f64
    }

    fn squares(&self) -> f64 {
        let mean = self.mean();
        self.values.iter().map(|value| (value - mean).powi(2)).sum()
    }
}

fn undecided(search: &SearchResults, direction: Direction) -> Option<Finding> {
    let mut all = configurations(search);
    let spare: usize = all.iter().map(|one| one.values.len() - 1).sum();
    let variance = all.iter().map(ConfigurationValues::squares).sum::<f64>() / spare as f64;
    all.sort_by(|a, b| direction.loss(a.mean()).total_cmp(&direction.loss(b.mean())));
    let [best, second, ..] = &all[..] else { return None };
    let difference = (best.mean() - second.mean()).abs();
    let counts = 1.0 / best.values.len() as f64 + 1.0 / second.values.len() as f64;
    let standard_error = (variance * counts).sqrt();
    let close = spare > 0 && difference < ERRORS * standard_error;
    let (best, runner_up) = (best.trial, second.trial);
    close.then_some(Finding::Undecided { best, runner_up, difference, standard_error })
}

/// The complete trials by their parameters, each with its repetitions.
fn configurations(search: &SearchResults) -> Vec<ConfigurationValues> {
    let mut all: Vec<ConfigurationValues> = Vec::new();
    let mut index_of: BTreeMap<Vec<(&str, u64)>, usize> = BTreeMap::new();
    for trial in search.trials {
        let Some(value) = counted(trial) else { continue };
        let key = trial.params.iter().map(|(name, value)| (name.as_str(), value.to_bits())).collect();
        let index = *index_of.entry(key).or_insert(all.len());
        if index == all.len() {
            all.push(ConfigurationValues { trial: trial.number, values: Vec::new() });
        }
        let repeats = search.repeats.get(&trial.number).filter(|repeats| !repeats.is_empty());
        all[index].values.extend(repeats.map_or(&[value][..], |repeats| repeats));
    }
    all
}
