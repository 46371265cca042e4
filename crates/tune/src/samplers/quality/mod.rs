//! How good the model-based samplers are, and that they keep their rules: whole searches on well-known functions.
//!
//! `tests/golden/quality.json` holds what Optuna's samplers find on the same functions in 20 searches. A median of
//! ours must lie within the interval of Optuna's median or beyond its better end, and clearly beyond that of random
//! search.

mod problems;

use std::collections::BTreeMap;

use serde_json::Value;
use toile_rng::Seed;

use self::problems::{TestProblem, branin, floats, mixed, names, param, problems, xs};
use super::{CmaEsSampler, GpSampler, Nsga2Sampler, RandomSampler, SamplingAlgorithm};
use crate::{Condition, Direction, Distribution, Is, Param, Params, SamplingContext, Space, State, Trial};

type Suggest = fn(&SamplingContext) -> Params;

fn by_gp(context: &SamplingContext) -> Params {
    GpSampler::default().suggest(context)
}

fn by_cma_es(context: &SamplingContext) -> Params {
    CmaEsSampler::default().suggest(context)
}

fn by_nsga2(context: &SamplingContext) -> Params {
    Nsga2Sampler { population_size: 20, ..Nsga2Sampler::default() }.suggest(context)
}

fn by_chance(context: &SamplingContext) -> Params {
    RandomSampler::default().suggest(context)
}

fn trial(number: usize, state: State, params: Params, values: Vec<f64>) -> Trial {
    let (intermediate, rungs, constraints) = (BTreeMap::new(), Vec::new(), Vec::new());
    Trial { number, state, params, values, intermediate, rungs, constraints }
}

/// A whole search; the last `lag` trials before each are known by their parameters only.
fn search(suggest: Suggest, problem: &TestProblem, n_trials: usize, lag: usize, seed: u64) -> Vec<Trial> {
    let directions = vec![Direction::Minimize; problem.objectives];
    let (fixed, seed) = (Params::new(), Seed::new(seed));
    let mut all: Vec<Trial> = Vec::new();
    for number in 0..n_trials {
        let mut history = all.clone();
        for trial in history.iter_mut().rev().take(lag) {
            (trial.state, trial.values) = (State::Running, Vec::new());
        }
        let (space, history, n_trials) = (&problem.space, &history[..], Some(n_trials));
        let params = suggest(&SamplingContext {
            space,
            directions: &directions,
            history,
            number,
            seed,
            n_trials,
            fixed: &fixed,
        });
        assert!(space.contains(&params), "{}: {params:?}", problem.name);
        let values = (problem.function)(&params);
        all.push(trial(number, State::Complete, params, values));
    }
    all
}

/// The best value; of two objectives minus the hypervolume below (1.1, 11).
fn outcome(trials: &[Trial]) -> f64 {
    let mut values: Vec<&[f64]> = trials.iter().map(|trial| &trial.values[..]).collect();
    values.sort_by(|a, b| a[0].total_cmp(&b[0]));
    if values[0].len() == 1 {
        return values[0][0];
    }
    let (mut area, mut height) = (0.0, 11.0);
    for point in values {
        if point[0] < 1.1 && point[1] < height {
            area += (1.1 - point[0]) * (height - point[1]);
            height = point[1];
        }
    }
    -area
}

/// Outcomes of searches with different seeds, best first.
fn outcomes(suggest: Suggest, problem: &TestProblem, n_trials: usize, lag: usize, seeds: u64) -> Vec<f64> {
    let mut all: Vec<f64> =
        (0..seeds).map(|seed| outcome(&search(suggest, problem, n_trials, lag, seed))).collect();
    all.sort_by(f64::total_cmp);
    all
}

/// What 20 searches of Optuna found, best first.
fn optunas(sampler: &str, problem: &str) -> Vec<f64> {
    let all: Value = serde_json::from_str(include_str!("../../../tests/golden/quality.json")).unwrap();
    let sign = if problem == "zdt1" { -1.0 } else { 1.0 };
    let mut found: Vec<f64> =
        all[sampler][problem].as_array().unwrap().iter().map(|v| sign * v.as_f64().unwrap()).collect();
    found.sort_by(f64::total_cmp);
    assert_eq!(found.len(), 20);
    found
}

fn median(sorted: &[f64]) -> f64 {
    0.5 * (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2])
}

/// Of 20 sorted values the 6th and the 15th enclose the true median with 95.9 % confidence.
fn compare(sampler: &str, suggest: Suggest, chosen: &[&str], n_trials: usize, seeds: u64) {
    for problem in problems().iter().filter(|problem| chosen.contains(&problem.name)) {
        let ours = median(&outcomes(suggest, problem, n_trials, 0, seeds));
        let theirs = optunas(sampler, problem.name);
        let random = outcomes(by_chance, problem, n_trials, 0, 20);
        let found = format!(
            "{}: {ours:.5}, Optuna {:.5}, random {:.5}",
            problem.name,
            median(&theirs),
            median(&random)
        );
        assert!(ours <= theirs[14], "worse than Optuna on {found}");
        assert!(ours < random[5], "no better than random search on {found}");
    }
}

const ONE: [&str; 5] = ["sphere", "branin", "hartmann6", "rosenbrock", "mixed"];

#[test]
fn cma_es_finds_what_optunas_finds() {
    compare("cma_es", by_cma_es, &ONE, 100, 30);
}

#[test]
fn nsga2_finds_the_front_that_optunas_finds() {
    compare("nsga2", by_nsga2, &["zdt1"], 200, 20);
}

#[test]
fn gp_finds_what_optunas_finds() {
    compare("gp", by_gp, &ONE, 50, 7);
}

/// The same with as many searches as were made with Optuna.
#[test]
#[ignore = "takes half a minute: cargo test --release -p toile-tune -- --ignored gp_finds"]
fn gp_finds_what_optunas_finds_everywhere() {
    compare("gp", by_gp, &ONE, 50, 20);
}

/// A space with a parameter that only some trials have, and one that all of them happen to have.
fn conditional() -> Space {
    let mut params = problems().remove(4).space.params;
    let when = |is| vec![Condition { parent: "optimizer".into(), is: Is::Choice(is) }];
    let momentum = Distribution::float(0.0, 0.99, false, None).unwrap();
    params.push(Param { name: "momentum".into(), distribution: momentum, when: when(0) });
    let decay = Distribution::float(0.8, 0.95, false, Some(0.05)).unwrap();
    params.push(Param { name: "decay".into(), distribution: decay, when: when(1) });
    params.push(param("single", Distribution::int(3, 3, false, 1).unwrap()));
    Space { params }
}

const ALL: [Suggest; 3] = [by_gp, by_cma_es, by_nsga2];

/// Trials of every kind: failed, pruned, running, infinite, no number, foreign, without order.
fn any_history(space: &Space, count: usize) -> Vec<Trial> {
    let (directions, fixed, seed) = ([Direction::Maximize], Params::new(), Seed::new(7));
    let mut all: Vec<Trial> = Vec::new();
    for number in 0..count {
        let history = &[][..];
        let context = SamplingContext {
            space,
            directions: &directions,
            history,
            number,
            seed,
            n_trials: None,
            fixed: &fixed,
        };
        let mut params = by_chance(&context);
        let (state, values) = match number % 9 {
            2 => (State::Failed, vec![]),
            3 => (State::Pruned, vec![]),
            4 => (State::Running, vec![]),
            5 => (State::Complete, vec![[f64::NAN, f64::INFINITY, f64::NEG_INFINITY][number / 9 % 3]]),
            _ => (State::Complete, mixed(&params)),
        };
        if number % 10 == 9 {
            params = Params::from([("units".into(), 17.0), ("stranger".into(), 1.0)]);
        }
        all.push(trial(number, state, params, values));
    }
    all.reverse();
    all
}

#[test]
fn any_history_gives_a_trial_of_the_space_the_same_at_each_asking() {
    let space = conditional();
    let directions = [Direction::Maximize];
    let fixed = Params::new();
    for count in [0, 1, 5, 30, 80] {
        let history = any_history(&space, count);
        for suggest in ALL {
            let (mut proposals, mut others): (Vec<Params>, Vec<Params>) = (Vec::new(), Vec::new());
            for number in count..count + 5 {
                let (history, seed) = (&history[..], Seed::new(3));
                let context = SamplingContext {
                    space: &space,
                    directions: &directions,
                    history,
                    number,
                    seed,
                    n_trials: None,
                    fixed: &fixed,
                };
                let params = suggest(&context);
                assert!(space.contains(&params), "{params:?}");
                let mut other_way: Vec<Trial> = history.to_vec();
                other_way.reverse();
                assert_eq!(params, suggest(&SamplingContext { history: &other_way, ..context }));
                others.push(suggest(&SamplingContext { seed: Seed::new(4), ..context }));
                proposals.push(params);
            }
            assert!(proposals.iter().any(|params| *params != proposals[0]), "{:?}", proposals[0]);
            assert_ne!(proposals, others);
        }
    }
}

#[test]
fn what_is_fixed_stays_and_rules_out_what_it_must() {
    let space = conditional();
    let directions = [Direction::Minimize];
    let history = any_history(&space, 60);
    let some = Params::from([("optimizer".into(), 1.0), ("lr".into(), 0.5), ("momentum".into(), 0.9)]);
    let whole = Params::from([("units".into(), 32.0), ("layers".into(), 2.0), ("decay".into(), 0.9)]);
    for fixed in [some.clone(), some.into_iter().chain(whole).collect()] {
        for suggest in ALL {
            let (history, seed) = (&history[..], Seed::new(3));
            let context = SamplingContext {
                space: &space,
                directions: &directions,
                history,
                number: 60,
                seed,
                n_trials: None,
                fixed: &fixed,
            };
            let params = suggest(&context);
            assert!(space.contains(&params), "{params:?}");
            assert!(params.iter().all(|(name, value)| fixed.get(name).is_none_or(|fixed| fixed == value)));
            assert_eq!(params["optimizer"], 1.0);
            assert!(!params.contains_key("momentum"));
        }
    }
}

/// Trials under way spread: with all of them at one place, two proposals in a row would be almost the same.
#[test]
fn a_lag_costs_little_and_trials_under_way_keep_others_away() {
    let problem = &problems()[1];
    let trials = search(by_gp, problem, 40, 4, 1);
    assert!(outcome(&trials) < 0.5, "{}", outcome(&trials));
    for pair in trials[14..30].windows(2) {
        let apart: f64 =
            xs(&pair[0].params).iter().zip(xs(&pair[1].params)).map(|(a, b)| (a - b).abs()).sum();
        assert!(apart > 1e-3, "{pair:?}");
    }
    assert!(outcome(&search(by_cma_es, &problems()[0], 120, 8, 1)) < 2.0);
}

#[test]
fn gp_keeps_a_constraint_that_it_has_seen_broken() {
    let problem = &problems()[1];
    let directions = [Direction::Minimize];
    let (fixed, seed) = (Params::new(), Seed::new(2));
    let mut all: Vec<Trial> = Vec::new();
    for number in 0..40 {
        let (space, history) = (&problem.space, &all[..]);
        let params = by_gp(&SamplingContext {
            space,
            directions: &directions,
            history,
            number,
            seed,
            n_trials: None,
            fixed: &fixed,
        });
        let values = branin(&params);
        // Of Branin's three valleys only that at x0 = 9.42 is allowed.
        let constraints = vec![6.0 - params["x0"]];
        all.push(Trial { constraints, ..trial(number, State::Complete, params, values) });
    }
    let is_feasible = |trial: &&Trial| trial.constraints[0] <= 0.0;
    assert!(all[20..].iter().filter(is_feasible).count() >= 15);
    let best = all.iter().filter(is_feasible).map(|trial| trial.values[0]).fold(f64::INFINITY, f64::min);
    assert!(best < 0.41, "{best}");
}

#[test]
fn each_sampler_says_what_it_cannot_search() {
    let (one, two) = ([Direction::Minimize], [Direction::Minimize, Direction::Maximize]);
    let numbers = floats(&[(0.0, 1.0); 2]);
    let only_names = Space { params: vec![param("optimizer", names(&["sgd", "adam"]))] };
    assert!(
        GpSampler::default().supports(&one, &only_names).is_ok()
            && GpSampler::default().supports(&two, &numbers).is_err()
    );
    assert!(
        CmaEsSampler::default().supports(&one, &numbers).is_ok()
            && CmaEsSampler::default().supports(&two, &numbers).is_err()
    );
    assert!(CmaEsSampler::default().supports(&one, &only_names).unwrap_err().contains("tpe"));
    assert!(
        Nsga2Sampler::default().supports(&two, &only_names).is_ok()
            && Nsga2Sampler::default().supports(&[], &numbers).is_err()
    );
}

/// Found on x86-64; any other processor, compiler and setting must find the same bits.
#[test]
fn proposals_have_the_same_bits_everywhere() {
    let problem = &problems()[3];
    let directions = [Direction::Minimize];
    let point =
        |k: usize| (0..4).map(|i| (format!("x{i}"), ((k * (7 + 4 * i)) % 31) as f64 / 10.0 - 1.5)).collect();
    let known = |k| {
        let params: Params = point(k);
        let values = vec![params.values().map(|x| (x - 0.3) * (x - 0.3)).sum()];
        trial(k, State::Complete, params, values)
    };
    let history: Vec<Trial> = (0..30).map(known).collect();
    let (space, history, number, seed, fixed) =
        (&problem.space, &history[..], 30, Seed::new(9), Params::new());
    let context = SamplingContext {
        space,
        directions: &directions,
        history,
        number,
        seed,
        n_trials: None,
        fixed: &fixed,
    };
    let bits = |suggest: Suggest| xs(&suggest(&context)).iter().map(|x| x.to_bits()).collect::<Vec<_>>();
    let wanted = [4596769535348850336, 4599025047916000496, 4598572344966705024, 4602628723292256504];
    assert_eq!(bits(by_gp), wanted);
    let wanted = [4596192935857745264, 4607764314156636266, 13824559561760687250, 4610021506736420300];
    assert_eq!(bits(by_cma_es), wanted);
}
