//! The configuration that a search chooses.

use toile_lab::{Chosen, chosen_runs};

use super::*;

fn chosen(bench: &Bench) -> Vec<Chosen> {
    chosen_runs(&bench.plan, &bench.storage()).unwrap()
}

#[test]
fn the_best_on_validation_is_trained_again_to_the_same_bits() {
    let bench = Bench::new(&format!("{SPACE}n_trials = 6\nseeds = 2"));
    assert!(chosen(&bench).is_empty());
    bench.work(&How::default());
    let trials = bench.trials();
    let best = trials.iter().reduce(|a, b| if b.values[0] < a.values[0] { b } else { a }).unwrap();
    let chosen = chosen(&bench);
    assert_eq!((chosen.len(), chosen[0].number, chosen[0].search.as_str()), (1, best.number, "joint"));
    let runs = &chosen[0].runs;
    assert_eq!(runs.iter().map(|run| run.settings.seed).collect::<Vec<_>>(), [3, 4]);
    assert!(runs.iter().all(|run| run.name == "joint: best" && run.chosen_by.as_deref() == Some("joint")));
    let side = best.side.as_ref().unwrap();
    let trained: Vec<_> =
        side.trainings.iter().map(|training| (training.seed, training.weights_sha256.clone())).collect();
    assert_eq!(trained, [(3, Some(bench.hash(&runs[0]))), (4, Some(bench.hash(&runs[1])))]);
    assert_eq!(Some(bench.hash(&runs[1])), side.weights_sha256);
}

/// As `toile run` trains it: the same file of weights.
#[test]
fn the_run_of_the_choice_has_the_weights_of_the_trial() {
    let bench = Bench::new(&format!("{SPACE}n_trials = 4"));
    bench.work(&How::default());
    let chosen = chosen(&bench).remove(0);
    let hash = bench.trials()[chosen.number].side.clone().unwrap().weights_sha256;
    let plan = Plan { runs: chosen.runs, searches: Vec::new(), ..bench.plan.clone() };
    let dir = tempfile::tempdir().unwrap();
    let options = toile_lab::RunOptions {
        dir: Some(dir.path()),
        threads: 2,
        only: vec![],
        open_test: false,
        stop: &NEVER,
        checkpoint_every: Duration::MAX,
        checkpoints: None,
        memory: None,
        worker: "w".into(),
        lease: Duration::from_secs(60),
        clock: &NoClock,
        read: &|_| Ok(Vec::new()),
        history: &|_, _| String::new(),
        toile_version: "0".into(),
        instruction_set: "any".into(),
        machine: "any".into(),
    };
    let store = toile_store::Store::open(dir.path()).unwrap();
    toile_lab::run(&plan, &DATA, &store, &options, &|_| {}).unwrap();
    assert_eq!(store.records(None).unwrap().runs[0].weights_sha256, hash);
}

#[test]
fn the_earlier_of_two_that_are_equal_is_chosen() {
    let bench = Bench::new(
        "model = \"plain\"\nbatch_size = { low = 8, high = 16 }\nn_trials = 4\nepochs = 1\noptimizer = { sgd = { learning_rate = 1e-9 } }",
    );
    bench.work(&How::default());
    let values: Vec<f64> = bench.trials().iter().map(|trial| trial.values[0]).collect();
    assert!(values.iter().all(|value| *value == values[0]), "{values:?}");
    assert_eq!(chosen(&bench)[0].number, 0);
}

/// Optuna's samplers leave constraints with trials; one above 0 is broken.
#[test]
fn a_trial_that_breaks_a_constraint_is_not_chosen() {
    let bench = Bench::new(&format!("{SPACE}n_trials = 5"));
    bench.work(&How::default());
    let first = chosen(&bench)[0].number;
    bench.sql(&format!(
        "INSERT INTO trial_system_attributes (trial_id, \"key\", value_json)
         SELECT trial_id, 'constraints', '[-1.0, 0.5]' FROM trials WHERE number = {first}"
    ));
    let trials = bench.trials();
    let others = trials.iter().filter(|trial| trial.number != first);
    let best = others.reduce(|a, b| if b.values[0] < a.values[0] { b } else { a }).unwrap();
    assert_eq!(chosen(&bench)[0].number, best.number);
}

#[test]
fn nothing_is_chosen_while_trials_are_open_or_to_come() {
    let lines = |n: usize| format!("{SPACE}n_trials = {n}");
    let mut bench = Bench::new(&lines(3));
    let stop = AtomicBool::new(false);
    let note = |event: Event| {
        if matches!(event, Event::EpochEnded { training: TrainingKey::Trial { number: 2, .. }, .. }) {
            stop.store(true, Ordering::Relaxed);
        }
    };
    bench.work(&How { stop: &stop, events: &note, ..How::default() });
    assert_eq!(bench.trials().len(), 3);
    assert!(chosen(&bench).is_empty());
    bench.work(&How::default());
    assert_eq!(chosen(&bench).len(), 1);
    bench.change(&lines(4));
    assert!(chosen(&bench).is_empty());
}

/// Two studies on one server may have searches of the same name.
#[test]
fn the_choice_is_that_of_this_study() {
    let bench = Bench::new(&format!("{SPACE}n_trials = 2"));
    let mut other = planned(&format!("{SPACE}n_trials = 2\nseed = 9"));
    other.study = "other".into();
    let record = other.searches[0].to_record(&DATA.fingerprint);
    bench.storage().ensure_search("other", &record).unwrap();
    bench.work(&How::default());
    assert_eq!(chosen(&bench).len(), 1);
    assert!(chosen_runs(&other, &bench.storage()).unwrap().is_empty());
}

/// A search of two configurations whose four trials have ended so: choice, state and value.
fn ended(trials: [(f64, State, f64); 4]) -> Bench {
    let choices = "batch_size = { choices = [8, 16] }";
    let bench = Bench::new(&format!("model = \"plain\"\nmetric = \"val_accuracy\"\nn_trials = 4\n{choices}"));
    let name = bench.search().space.params[0].name.clone();
    let one = |(number, (choice, state, value)): (usize, (f64, State, f64))| TrialRecord {
        values: vec![value],
        params: vec![record(bench.search(), &name, choice)],
        ..foreign(number, state, Vec::new())
    };
    bench.add(trials.into_iter().enumerate().map(one).collect());
    bench
}

/// Trials 1 and 2 repeat trial 0, which had luck; trial 3 is better than the mean of the three.
#[test]
fn of_repetitions_of_one_configuration_the_mean_counts() {
    use State::{Complete, Pruned};
    let bench =
        ended([(0.0, Complete, 0.95), (0.0, Complete, 0.5), (0.0, Complete, 0.5), (1.0, Complete, 0.875)]);
    let best = Mutex::new(None);
    let note = |event: Event| {
        if let Event::SearchStarted { best: found, .. } = event {
            *best.lock().unwrap() = found;
        }
    };
    bench.work(&How { events: &note, ..How::default() });
    assert_eq!(best.into_inner().unwrap(), Some((3, 0.875)));
    assert_eq!(chosen(&bench)[0].number, 3);
    let others_pruned =
        ended([(0.0, Complete, 0.95), (0.0, Pruned, 0.5), (0.0, Pruned, 0.5), (1.0, Complete, 0.875)]);
    assert_eq!(chosen(&others_pruned)[0].number, 0, "what was pruned has no value that could be compared");
}
