//! How trials end: complete, pruned, failed; and what their values are.

use super::*;

fn reason(trial: &TrialRecord) -> String {
    trial.side.as_ref().unwrap().reason().unwrap_or_default()
}

#[test]
fn a_pruned_trial_has_the_last_value_that_it_reported() {
    let lines = format!(
        "{SPACE}n_trials = 12\nepochs = 4\nlag = 0\npruner = {{ median = {{ n_startup_trials = 1 }} }}"
    );
    let bench = Bench::new(&lines);
    let outcome = bench.work(&How::default());
    assert!(outcome.pruned > 0 && outcome.complete > 0);
    for trial in bench.trials() {
        let last = trial.intermediate.last().unwrap().1;
        assert_eq!(trial.values, [last]);
        let pruned = trial.state == State::Pruned;
        assert_eq!(pruned, trial.intermediate.len() < 4);
        assert_eq!(reason(&trial), if pruned { "worse than the others at this step" } else { "" });
        assert_eq!(trial.side.unwrap().weights_sha256.is_none(), pruned);
    }
}

#[test]
fn a_training_that_blows_up_is_pruned_and_says_so() {
    let bench = Bench::new(
        "n_trials = 3\noptimizer = { sgd = { learning_rate = 1e30 } }\nmodel = \"plain\"\nbatch_size = { low = 8, high = 16 }",
    );
    let outcome = bench.work(&How::default());
    assert_eq!((outcome.pruned, outcome.failed), (3, 0));
    assert!(
        bench
            .trials()
            .iter()
            .all(|trial| reason(trial).starts_with("the loss was no longer a finite number in epoch 1"))
    );
    assert!(bench.trials().iter().all(|trial| trial.values.is_empty()));
}

/// The check of the study file cannot see it where the size of the images is not known: a kernel larger than the image.
#[test]
fn a_model_that_does_not_fit_fails_with_the_reason_and_the_others_go_on() {
    let text = format!("{HEAD}model = \"wide\"\n").replace(
        "[models.plain]",
        "[models.wide]\nlayers = [{ conv2d = { filters = 1, kernel_size = { choices = [[20, 20], [28, 28], [36, 36]] } } }, { flatten = {} }, { dense = { units = 10, activation = \"softmax\" } }]\n[models.plain]",
    ).replace("drawn-garments", "./unknown");
    let study = check(&text, "s.toml", None).unwrap_or_else(|faults| panic!("{faults}"));
    let mut bench = Bench::new("model = \"plain\"\nn_trials = 1\nbatch_size = { low = 8, high = 16 }");
    bench.plan = plan(&study, &PlanOptions::default(), &|_| Ok(Vec::new())).unwrap();
    let outcome = bench.work(&How::default());
    assert!(outcome.failed >= 1 && outcome.complete >= 1, "{outcome:?}");
    for trial in bench.trials() {
        let fits = value_of(&trial, "layers.1.conv2d.kernel_size").unwrap() < 2.0;
        assert_eq!(fits, trial.state == State::Complete);
        assert_eq!(fits, reason(&trial).is_empty());
        assert!(fits || reason(&trial).contains("does not fit the images"), "{}", reason(&trial));
        assert!(fits || trial.values.is_empty());
    }
}

#[test]
fn a_panic_in_one_trial_is_its_failure_and_the_others_go_on() {
    let bench = Bench::new(&format!("{SPACE}n_trials = 4"));
    let panic = |event: Event| {
        if matches!(event, Event::EpochEnded { training: TrainingKey::Trial { number: 1, .. }, step: 2, .. })
        {
            panic!("out of cheese");
        }
    };
    let outcome = bench.work(&How { threads: 2, events: &panic, ..How::default() });
    assert_eq!((outcome.complete, outcome.failed, outcome.waiting), (3, 1, 0));
    assert_eq!(reason(&bench.trials()[1]), "toile itself broke: out of cheese");
}

/// A thread that breaks between two trials must not leave the others waiting for it.
#[test]
fn a_panic_outside_of_a_trial_is_no_silent_end() {
    let bench = Bench::new(&format!("{SPACE}n_trials = 6\nlag = 1"));
    let panic = |event: Event| {
        if matches!(&event, Event::TrainingEnded(end) if end.training == TrainingKey::Trial { search: 0, number: 2 })
        {
            panic!("out of cheese");
        }
    };
    let broken = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        bench.work(&How { threads: 2, events: &panic, ..How::default() })
    }));
    assert!(broken.is_err());
    assert_eq!(bench.work(&How { threads: 2, ..How::default() }).waiting, 0);
}

#[test]
fn weights_that_cannot_be_read_here_are_no_fault_of_the_trial() {
    let lines = "model = \"plain\"\ninitial_weights = \"start.safetensors\"\nbatch_size = { low = 8, high = 16 }\nn_trials = 3";
    let bench = Bench::new(lines);
    let gone = |_: &str| Err(std::io::Error::other("gone"));
    let error = bench.try_work(&How { read: &gone, ..How::default() }).unwrap_err();
    assert!(error.to_string().contains("start.safetensors"), "{error}");
    assert!(bench.trials().iter().all(|trial| trial.state == State::Waiting));
}

#[test]
fn repetitions_are_the_steps_of_wilcoxon_s_test_and_their_mean_the_value() {
    for pruner in [
        "{ wilcoxon = { p_threshold = 0.6 } }",
        "{ patient = { patience = 0, pruner = { wilcoxon = { p_threshold = 0.6 } } } }",
    ] {
        let lines = format!("{SPACE}n_trials = 10\nseeds = 3\nepochs = 2\nlag = 0\npruner = {pruner}");
        let bench = Bench::new(&lines);
        let outcome = bench.work(&How::default());
        assert!(outcome.pruned > 0, "{pruner}: {outcome:?}");
        for trial in bench.trials() {
            let steps: Vec<i64> = trial.intermediate.iter().map(|(step, _)| *step).collect();
            let epochs = trial.side.unwrap().epochs;
            let ends = epochs.iter().skip(1).step_by(2).map(|epoch| epoch.val_loss.unwrap());
            assert_eq!(
                trial.intermediate.iter().map(|(_, value)| *value).collect::<Vec<_>>(),
                ends.collect::<Vec<_>>()
            );
            match trial.state {
                State::Complete => {
                    assert_eq!(steps, [1, 2, 3]);
                    let sum: f64 = trial.intermediate.iter().map(|(_, value)| value).sum();
                    assert_eq!(trial.values, [sum / 3.0]);
                }
                _ => {
                    assert_eq!(steps, [1, 2], "two repetitions are the least that can be compared");
                    assert_eq!(trial.values, [trial.intermediate[1].1]);
                }
            }
        }
    }
}

#[test]
fn several_objectives_have_their_values_in_order() {
    let lines = "metric = [\"val_accuracy\", \"parameters\"]\nn_trials = 9\nlag = 2\nsampler = { nsga2 = { population_size = 4 } }";
    let bench = Bench::new(lines);
    bench.work(&How::default());
    for trial in bench.trials() {
        let units = value_of(&trial, "layers.1.dense.units").unwrap();
        let side = trial.side.unwrap();
        let parameters = 785.0 * units + (units + 1.0) * 10.0;
        assert_eq!(trial.values, [side.epochs.last().unwrap().val_accuracy.unwrap(), parameters]);
        assert_eq!(side.parameters, Some(parameters as usize));
        assert!(trial.intermediate.is_empty());
    }
    let many = Bench::new(lines);
    many.side_by_side(3);
    assert_eq!(many.facts(), bench.facts());
}

/// With `best_weights` the model that a trial ends with is that of another epoch than the last, and so is its value.
#[test]
fn the_value_is_that_of_the_weights_that_are_kept() {
    let lines = "metric = \"val_loss\"\nmodel = \"plain\"\nn_trials = 6\nepochs = 6\nbatch_size = { choices = [4, 8] }\noptimizer = { sgd = { learning_rate = { low = 0.05, high = 3.0 } } }\ncallbacks = [{ best_weights = { monitor = \"val_loss\" } }]";
    let bench = Bench::new(lines);
    bench.work(&How::default());
    let mut early = 0;
    for trial in bench.trials().iter().filter(|trial| trial.state == State::Complete) {
        let side = trial.side.as_ref().unwrap();
        let losses: Vec<f64> = side.epochs.iter().map(|epoch| epoch.val_loss.unwrap()).collect();
        assert_eq!(trial.values, [losses.iter().copied().fold(f64::INFINITY, f64::min)]);
        assert_eq!(side.weights_sha256, Some(bench.hash_of(trial)));
        early += usize::from(losses.last() != trial.values.first());
    }
    assert!(early > 0, "every training was best at its end");
}

/// Its rate grows with every update until the loss overflows.
const OVERFLOWING: &str = r#"
metric = "val_loss"
model = "plain"
epochs = 40
n_trials = 2
batch_size = { choices = [15, 30] }
schedule = { exponential = { decay_steps = 1, decay_rate = 1e3 } }
optimizer = { sgd = { learning_rate = 0.01 } }
"#;

#[test]
fn a_trial_that_overflows_keeps_its_best_epoch_where_best_weights_are_restored() {
    let bench = Bench::new(&format!("{OVERFLOWING}seeds = 2\ncallbacks = [{{ best_weights = {{}} }}]"));
    let outcome = bench.work(&How::default());
    assert_eq!((outcome.complete, outcome.pruned, outcome.failed), (2, 0, 0));
    for trial in bench.trials() {
        let side = trial.side.as_ref().unwrap();
        let begins = side.epochs.iter().rposition(|epoch| epoch.epoch == 1).unwrap();
        let best = |epochs: &[toile_record::Epoch]| {
            epochs.iter().filter_map(|epoch| epoch.val_loss).fold(f64::INFINITY, f64::min)
        };
        let (first, second) = side.epochs.split_at(begins);
        assert_eq!(trial.values, [(best(first) + best(second)) / 2.0]);
        for training in &side.trainings {
            assert!(matches!(training.end, Some(End::Diverged { .. })), "{training:?}");
        }
        assert!(side.weights_sha256.is_some() && side.weights_sha256 == side.trainings[1].weights_sha256);
        let why = reason(&trial);
        assert!(why.starts_with("the loss was no longer a finite number in epoch"), "{why}");
        assert!(why.ends_with("; its best epoch counts"), "{why}");
    }
}

#[test]
fn a_trial_that_overflows_is_pruned_where_no_weights_are_restored() {
    let bench = Bench::new(&format!("{OVERFLOWING}callbacks = [{{ early_stopping = {{ patience = 39 }} }}]"));
    let outcome = bench.work(&How::default());
    assert_eq!((outcome.complete, outcome.pruned, outcome.failed), (0, 2, 0));
    for trial in bench.trials() {
        let why = reason(&trial);
        assert!(why.starts_with("the loss was no longer a finite number in epoch"), "{why}");
        assert!(!why.contains("counts") && trial.side.unwrap().weights_sha256.is_none());
    }
}
