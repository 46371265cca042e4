//! Rules for stopping: what they count, and which comes first.

use std::collections::BTreeMap;

use toile_tune::{Direction, Params, SearchProgress, State, StopReason, StopRules, Trial};

fn trial(number: usize, state: State, values: &[f64]) -> Trial {
    Trial {
        number,
        state,
        params: Params::new(),
        values: values.to_vec(),
        intermediate: BTreeMap::new(),
        rungs: Vec::new(),
        constraints: Vec::new(),
    }
}

fn complete(values: &[f64]) -> Vec<Trial> {
    values.iter().enumerate().map(|(number, &value)| trial(number, State::Complete, &[value])).collect()
}

fn minimized(trials: &[Trial]) -> (usize, usize) {
    let progress = SearchProgress::of(trials, &[Direction::Minimize], 0.0, 0.0);
    (progress.finished, progress.since_improved)
}

#[test]
fn without_rules_a_search_never_stops() {
    let endless =
        SearchProgress { finished: 1 << 40, since_improved: 1 << 40, wall_seconds: 1e12, cpu_seconds: 1e12 };
    assert_eq!(StopRules::default().decide(&endless), None);
}

#[test]
fn stagnation_counts_from_the_last_improvement() {
    assert_eq!(minimized(&[]), (0, 0));
    assert_eq!(minimized(&complete(&[0.5])), (1, 0));
    assert_eq!(minimized(&complete(&[0.5, 0.4, 0.6, 0.4, 0.7])), (5, 3));
    let maximized = SearchProgress::of(&complete(&[0.5, 0.6, 0.4]), &[Direction::Maximize], 0.0, 0.0);
    assert_eq!(maximized.since_improved, 1);
}

#[test]
fn pruned_and_failed_trials_are_finished_and_running_ones_are_not() {
    let mut trials = complete(&[0.5]);
    trials.push(trial(1, State::Pruned, &[]));
    trials.push(trial(2, State::Failed, &[]));
    trials.push(trial(3, State::Running, &[]));
    assert_eq!(minimized(&trials), (3, 2));
}

#[test]
fn neither_an_infinite_nor_an_infeasible_value_is_an_improvement() {
    let mut trials = complete(&[0.5, f64::NEG_INFINITY, 0.1, f64::NAN]);
    trials[2].constraints = vec![-1.0, 0.5];
    assert_eq!(minimized(&trials), (4, 3));
    assert_eq!(minimized(&complete(&[f64::NAN, f64::INFINITY])), (2, 2));
}

#[test]
fn with_several_objectives_a_new_point_of_the_front_is_an_improvement() {
    let since = |points: &[[f64; 2]]| {
        let trials: Vec<Trial> =
            points.iter().enumerate().map(|(number, point)| trial(number, State::Complete, point)).collect();
        SearchProgress::of(&trials, &[Direction::Minimize, Direction::Maximize], 0.0, 0.0).since_improved
    };
    assert_eq!(since(&[[0.5, 0.5], [0.4, 0.4]]), 0);
    assert_eq!(since(&[[0.5, 0.5], [0.4, 0.4], [0.5, 0.4]]), 1);
    assert_eq!(since(&[[0.5, 0.5], [0.4, 0.4], [0.4, 0.4]]), 1);
    assert_eq!(since(&[[0.5, 0.5], [0.4, 0.4], [0.3, 0.6], [0.4, 0.5]]), 1);
}

#[test]
fn each_rule_stops_at_its_limit_and_not_before() {
    let at = |finished, since_improved, wall_seconds, cpu_seconds| SearchProgress {
        finished,
        since_improved,
        wall_seconds,
        cpu_seconds,
    };
    let trials = StopRules { n_trials: Some(3), ..StopRules::default() };
    assert_eq!(trials.decide(&at(2, 2, 1e9, 1e9)), None);
    assert_eq!(trials.decide(&at(3, 0, 0.0, 0.0)), Some(StopReason::Trials(3)));
    let stagnation = StopRules { stagnation: Some(2), ..StopRules::default() };
    assert_eq!(stagnation.decide(&at(9, 1, 1e9, 1e9)), None);
    assert_eq!(stagnation.decide(&at(9, 2, 0.0, 0.0)), Some(StopReason::Stagnation(2)));
    let timeout = StopRules { timeout: Some(60.0), ..StopRules::default() };
    assert_eq!(timeout.decide(&at(9, 9, 59.9, 1e9)), None);
    assert_eq!(timeout.decide(&at(0, 0, 60.0, 0.0)), Some(StopReason::Timeout(60.0)));
    let cpu = StopRules { cpu_timeout: Some(60.0), ..StopRules::default() };
    assert_eq!(cpu.decide(&at(9, 9, 1e9, 59.9)), None);
    assert_eq!(cpu.decide(&at(0, 0, 0.0, 60.5)), Some(StopReason::CpuTimeout(60.0)));
}

#[test]
fn what_does_not_depend_on_the_machine_comes_first() {
    let mut rules =
        StopRules { n_trials: Some(1), timeout: Some(1.0), cpu_timeout: Some(1.0), stagnation: Some(1) };
    let all = SearchProgress { finished: 5, since_improved: 5, wall_seconds: 5.0, cpu_seconds: 5.0 };
    assert_eq!(rules.decide(&all), Some(StopReason::Trials(1)));
    rules.n_trials = None;
    assert_eq!(rules.decide(&all), Some(StopReason::Stagnation(1)));
    rules.stagnation = None;
    assert_eq!(rules.decide(&all), Some(StopReason::Timeout(1.0)));
    rules.timeout = None;
    assert_eq!(rules.decide(&all), Some(StopReason::CpuTimeout(1.0)));
}

#[test]
fn a_reason_is_a_sentence() {
    let text = |reason: StopReason| reason.to_string();
    assert_eq!(text(StopReason::Trials(60)), "all 60 trials are finished");
    assert_eq!(text(StopReason::Trials(1)), "its one trial is finished");
    assert_eq!(
        text(StopReason::Stagnation(20)),
        "the last 20 trials were not better than the best before them"
    );
    assert_eq!(text(StopReason::Stagnation(1)), "the last trial was not better than the best before it");
    assert_eq!(text(StopReason::Timeout(3600.0)), "its time of 3600 s is over");
    assert_eq!(text(StopReason::CpuTimeout(0.5)), "its processor time of 0.5 s is used up");
}
