//! Replays what Optuna's pruners decided (`golden/make_pruners.py`): the same decision at every step, the same rungs.

use std::collections::BTreeMap;

use serde_json::Value;
use toile_tune::{Direction, Params, Pruner, PruningContext, PruningDecision, State, Trial};

/// The trials of a study, event by event.
struct Replay<'a> {
    case: &'a Value,
    pruner: Pruner,
    direction: Direction,
    trials: BTreeMap<usize, Trial>,
}

fn number(value: &Value) -> f64 {
    match value.as_str() {
        Some("nan") => f64::NAN,
        Some("inf") => f64::INFINITY,
        Some("-inf") => f64::NEG_INFINITY,
        Some(other) => panic!("{other:?} is no number"),
        None => value.as_f64().expect("a number"),
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("numbers").iter().map(number).collect()
}

fn running(number: usize) -> Trial {
    Trial {
        number,
        state: State::Running,
        params: Params::new(),
        values: Vec::new(),
        intermediate: BTreeMap::new(),
        rungs: Vec::new(),
        constraints: Vec::new(),
    }
}

impl<'a> Replay<'a> {
    fn new(case: &'a Value) -> Replay<'a> {
        let pruner: Pruner = serde_json::from_value(case["pruner"].clone()).expect("a pruner");
        pruner.check().expect("settings that fit");
        let direction = serde_json::from_value(case["direction"].clone()).expect("a direction");
        Replay { case, pruner, direction, trials: BTreeMap::new() }
    }

    fn trial(&mut self, number: usize) -> &mut Trial {
        self.trials.entry(number).or_insert_with(|| running(number))
    }

    /// What we decide after this report; the trial keeps its rungs.
    fn report(&mut self, number: usize, step: i64, value: f64) -> PruningDecision {
        self.trial(number).intermediate.entry(step).or_insert(value);
        let others: Vec<Trial> =
            self.trials.values().filter(|trial| trial.number != number).cloned().collect();
        let search = self.case["search"].as_str().expect("a name");
        let context = PruningContext {
            search,
            direction: self.direction,
            history: &others,
            trial: &self.trials[&number],
        };
        let decision = self.pruner.decide(&context);
        self.trial(number).rungs.extend(&decision.rungs);
        decision
    }

    fn end(&mut self, number: usize, state: State, event: &[Value]) {
        let trial = self.trial(number);
        trial.state = state;
        trial.values = if state == State::Complete { vec![self::number(&event[2])] } else { Vec::new() };
        trial.constraints = numbers(&event[4]);
    }

    /// Plays all events; gives how many decisions there were, and how many to prune.
    fn play(mut self) -> (usize, usize) {
        let (mut looks, mut pruned) = (0, 0);
        for (place, event) in self.case["events"].as_array().expect("events").iter().enumerate() {
            let place = format!("{}, event {place}: {event}", self.case["name"]);
            let event = event.as_array().expect("an event");
            let trial = event[0].as_u64().expect("a number") as usize;
            if let [_, step, value, optuna] = &event[..] {
                let decision = self.report(trial, step.as_i64().expect("a step"), number(value));
                assert_eq!(decision.prune, optuna == 1, "{place}");
                looks += 1;
                pruned += usize::from(decision.prune);
            } else {
                assert_eq!(self.trial(trial).rungs, numbers(&event[3]), "{place}");
                self.end(trial, serde_json::from_value(event[1].clone()).expect("a state"), event);
            }
        }
        (looks, pruned)
    }
}

#[test]
fn every_decision_is_optuna_s() {
    let cases: Vec<Value> = serde_json::from_str(include_str!("golden/pruners.json")).expect("cases");
    let counts: Vec<_> = cases.iter().map(|case| Replay::new(case).play()).collect();
    let (looks, pruned) = counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
    assert!(looks > 5000 && pruned > 1000, "only {looks} decisions, {pruned} of them to prune");
}

#[test]
fn without_a_pruner_every_trial_goes_on() {
    let trial = Trial { intermediate: [(1, f64::NAN)].into(), ..running(0) };
    let context =
        PruningContext { search: "joint", direction: Direction::Minimize, history: &[], trial: &trial };
    assert_eq!(Pruner::None.decide(&context), PruningDecision::default());
}

/// `should_prune` before any report.
#[test]
fn a_trial_without_reports_goes_on() {
    let complete = |number| Trial {
        state: State::Complete,
        values: vec![0.1],
        intermediate: [(1, 0.5), (2, 0.1)].into(),
        ..running(number)
    };
    let history: Vec<Trial> = (0..10).map(complete).collect();
    let trial = running(10);
    let pruners = [
        r#""none""#,
        r#"{"median": {}}"#,
        r#"{"percentile": {"percentile": 10.0}}"#,
        r#"{"successive_halving": {}}"#,
        r#"{"hyperband": {}}"#,
        r#"{"patient": {"patience": 0}}"#,
        r#"{"threshold": {"upper": -1.0}}"#,
        r#"{"wilcoxon": {}}"#,
    ];
    let pruners = pruners.map(|pruner| serde_json::from_str::<Pruner>(pruner).expect("a pruner"));
    for name in Pruner::NAMES {
        assert!(pruners.iter().any(|pruner| pruner.name() == *name), "`{name}` is not tested");
    }
    for pruner in pruners {
        let context = PruningContext {
            search: "joint",
            direction: Direction::Minimize,
            history: &history,
            trial: &trial,
        };
        assert_eq!(pruner.decide(&context), PruningDecision::default(), "{pruner:?}");
    }
}
