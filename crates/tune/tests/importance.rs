//! PED-ANOVA against Optuna's numbers (`golden/make_importance.py`), and the intervals that Optuna does not give.

use std::collections::BTreeMap;

use serde_json::Value;
use toile_rng::Seed;
use toile_tune::{Direction, Importance, Space, State, TooFewTrials, Trial, importance, ped_anova};

struct Case {
    name: String,
    space: Space,
    direction: Direction,
    trials: Vec<Trial>,
    optuna: BTreeMap<String, f64>,
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

fn trial(number: usize, row: &Value) -> Trial {
    let value = match row[1].as_str() {
        Some("inf") => Some(f64::INFINITY),
        Some(_) => Some(f64::NEG_INFINITY),
        None => row[1].as_f64(),
    };
    Trial {
        number,
        state: read(&row[0]),
        params: read(&row[2]),
        values: value.into_iter().collect(),
        intermediate: BTreeMap::new(),
        rungs: Vec::new(),
        constraints: Vec::new(),
    }
}

fn cases() -> Vec<Case> {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/importance.json")).expect("cases");
    let case = |case: &Value| Case {
        name: read(&case["name"]),
        space: read(&case["space"]),
        direction: read(&case["direction"]),
        trials: case["trials"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(i, t)| trial(i, t))
            .collect(),
        optuna: read(&case["importance"]),
    };
    cases.iter().map(case).collect()
}

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).expect("a case of this name")
}

fn with_intervals(case: &Case, seed: u64) -> Vec<Importance> {
    importance(&case.space, &case.trials, case.direction, Seed::new(seed)).expect("enough trials")
}

#[test]
fn the_numbers_are_optuna_s() {
    let cases = cases();
    assert!(cases.len() >= 6);
    for case in cases {
        let ours: BTreeMap<_, _> = ped_anova(&case.space, &case.trials, case.direction).into_iter().collect();
        assert_eq!(ours.keys().collect::<Vec<_>>(), case.optuna.keys().collect::<Vec<_>>(), "{}", case.name);
        for (name, value) in &case.optuna {
            assert!((ours[name] - value).abs() <= 1e-12, "{}, {name}: {} for {value}", case.name, ours[name]);
        }
    }
}

#[test]
fn parameters_come_by_importance_and_their_shares_add_up_to_one() {
    let all = with_intervals(&case("rate by optimizer"), 1);
    assert!(all.is_sorted_by(|a, b| a.value >= b.value), "{all:?}");
    assert!((all.iter().map(|one| one.value).sum::<f64>() - 1.0).abs() < 1e-12);
    assert_eq!(all[0].name, "adam");
}

#[test]
fn intervals_hold_the_number_and_narrow_with_more_trials() {
    let width = |name: &str| {
        let all = with_intervals(&case(name), 1);
        assert!(all.iter().all(|one| 0.0 <= one.low && one.low <= one.value), "{all:?}");
        assert!(all.iter().all(|one| one.value <= one.high && one.high <= 1.0), "{all:?}");
        all[0].high - all[0].low
    };
    let (few, many) = (width("floats"), width("floats, many"));
    assert!(many < 0.8 * few, "{many} of 400 trials, {few} of 60");
}

#[test]
fn intervals_are_a_function_of_the_seed() {
    let case = case("mixed");
    assert_eq!(with_intervals(&case, 1), with_intervals(&case, 1));
    let (one, two) = (with_intervals(&case, 1), with_intervals(&case, 2));
    assert_ne!(one, two);
    let values = |all: &[Importance]| all.iter().map(|one| one.value).collect::<Vec<_>>();
    assert_eq!(values(&one), values(&two));
}

/// A parameter that decides alone, and another one that has no effect.
#[test]
fn what_decides_is_told_from_what_does_not() {
    let mut case = case("floats, many");
    for trial in &mut case.trials {
        trial.values = vec![trial.params["rate"].ln()];
    }
    let all = with_intervals(&case, 1);
    assert_eq!(all[0].name, "rate");
    assert!(all[0].low > all[1].high, "{all:?}");
}

#[test]
fn below_thirty_complete_trials_it_is_refused() {
    let mut case = case("units by depth");
    case.trials.truncate(30);
    let judge = |trials: &[Trial]| importance(&case.space, trials, case.direction, Seed::new(1));
    assert!(judge(&case.trials).is_ok());
    let mut trials = case.trials.clone();
    trials[3].state = State::Pruned;
    assert_eq!(judge(&trials), Err(TooFewTrials { found: 29, needed: 30 }));
    trials[4].values = vec![f64::INFINITY];
    assert_eq!(judge(&trials), Err(TooFewTrials { found: 28, needed: 30 }));
    assert_eq!(judge(&[]), Err(TooFewTrials { found: 0, needed: 30 }));
}
