//! Budget curves, fronts and distributions against enumeration and Optuna's own (`golden/make_budget.py`).

use std::collections::BTreeMap;

use serde_json::Value;
use toile_tune::{
    Direction, Params, State, Trial, distribution_function, expected_best, finite_values, hypervolume_2d,
    pareto_front, running_best,
};

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

fn golden(part: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("golden/budget.json")).expect("golden values");
    read(&all[part])
}

fn trial(number: usize, state: State, value: Option<f64>, constraint: f64) -> Trial {
    Trial {
        number,
        state,
        params: Params::new(),
        values: value.into_iter().collect(),
        intermediate: BTreeMap::new(),
        rungs: Vec::new(),
        constraints: vec![constraint],
    }
}

fn complete(values: &[f64]) -> Vec<Trial> {
    values.iter().enumerate().map(|(i, &value)| trial(i, State::Complete, Some(value), 0.0)).collect()
}

#[test]
fn the_expected_best_is_the_mean_over_all_draws() {
    for case in golden("expected") {
        let values: Vec<f64> = read(&case["values"]);
        let curve: Vec<[f64; 4]> = read(&case["curve"]);
        let ours = expected_best(&values, read(&case["direction"]));
        assert_eq!(ours.len(), curve.len());
        for (n, (point, reference)) in ours.iter().zip(curve).enumerate() {
            assert_eq!(point.trials, n + 1);
            let found = [point.biased, point.unbiased, point.low, point.high];
            let near =
                found.iter().zip(reference).all(|(found, reference)| (found - reference).abs() < 1e-14);
            assert!(near, "{found:?} for {reference:?} in {case}");
        }
    }
}

/// n / (n + 1) is the mean of the largest of n numbers from 0 to 1.
#[test]
fn the_expected_best_of_many_even_values_is_that_of_the_uniform_distribution() {
    let values: Vec<f64> = (1..=2000).map(|i| f64::from(i) / 2000.0).collect();
    let curve = expected_best(&values, Direction::Maximize);
    assert!(curve.len() < 150, "{} points", curve.len());
    assert!(curve.is_sorted_by(|a, b| a.trials < b.trials && a.unbiased <= b.unbiased));
    for point in &curve {
        let n = point.trials as f64;
        let near =
            |found: f64, exact: f64| assert!((found - exact).abs() < 1e-3, "{found} for {exact}: {point:?}");
        near(point.biased, n / (n + 1.0));
        near(point.unbiased, n / (n + 1.0));
        near(point.low, 0.025f64.powf(1.0 / n));
        near(point.high, 0.975f64.powf(1.0 / n));
    }
    assert_eq!(curve.last().map(|last| (last.trials, last.unbiased)), Some((2000, 1.0)));
}

#[test]
fn a_failed_trial_costs_as_much_as_the_worst() {
    let failed = expected_best(&[0.3, f64::NAN, 0.1, f64::INFINITY], Direction::Maximize);
    assert_eq!(failed, expected_best(&[0.3, 0.1, 0.1, 0.1], Direction::Maximize));
    assert_eq!(expected_best(&[f64::NAN], Direction::Minimize), []);
    assert_eq!(expected_best(&[], Direction::Minimize), []);
}

#[test]
fn the_front_and_its_area_are_optuna_s() {
    for case in golden("fronts") {
        let (points, directions): (Vec<Vec<f64>>, Vec<Direction>) =
            (read(&case["points"]), read(&case["directions"]));
        assert_eq!(pareto_front(&points, &directions), read::<Vec<usize>>(&case["front"]), "{case}");
        let Some(optuna) = case["hypervolume"].as_f64() else { continue };
        let points: Vec<[f64; 2]> = points.iter().map(|point| [point[0], point[1]]).collect();
        let area = hypervolume_2d(&points, read(&case["reference"]), [directions[0], directions[1]]);
        assert!((area - optuna).abs() < 1e-14, "{area} for {optuna}");
    }
}

#[test]
fn a_point_without_a_number_is_not_on_the_front() {
    let minimize = [Direction::Minimize; 2];
    let points = [vec![0.5, f64::NAN], vec![1.0, f64::INFINITY], vec![1.0, 2.0], vec![1.0, 2.0]];
    assert_eq!(pareto_front(&points, &minimize), [2, 3]);
    assert_eq!(hypervolume_2d(&[[0.5, f64::NAN], [1.0, 2.0], [3.0, 0.0]], [2.0, 4.0], minimize), 2.0);
    assert!(pareto_front(&[], &minimize).is_empty());
}

#[test]
fn the_best_so_far_and_the_distribution_are_those_of_optuna_s_plots() {
    for case in golden("histories") {
        let rows: Vec<(State, Option<f64>, f64)> = read(&case["trials"]);
        let numbered = rows.into_iter().enumerate();
        let trials: Vec<Trial> = numbered.map(|(i, (state, value, c))| trial(i, state, value, c)).collect();
        assert_eq!(running_best(&trials, read(&case["direction"])), read::<Vec<Option<f64>>>(&case["best"]));
        let steps = distribution_function(&finite_values(&trials));
        for (x, y) in read::<Vec<(f64, f64)>>(&case["distribution"]) {
            let ours = steps.iter().rev().find(|(value, _)| *value <= x).map_or(0.0, |step| step.1);
            assert_eq!(ours, y, "up to {x}");
        }
    }
}

/// Optuna takes an infinite value for the best one.
#[test]
fn an_infinite_value_is_not_the_best() {
    let best = running_best(&complete(&[f64::INFINITY, 0.5, f64::NAN, 0.7]), Direction::Maximize);
    assert_eq!(best, [None, Some(0.5), Some(0.5), Some(0.7)]);
    assert_eq!(distribution_function(&[f64::INFINITY, 2.0, 1.0, 2.0]), [(1.0, 1.0 / 3.0), (2.0, 1.0)]);
}
