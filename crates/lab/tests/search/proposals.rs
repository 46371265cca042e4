//! What is tried: duplicates, grids, what is held, what is tried first, and what others have put into the queue.

use serde_json::json;
use toile_tune::Distribution;

use super::*;

fn seeds(bench: &Bench) -> Vec<u64> {
    bench.trials().iter().map(|trial| trial.side.as_ref().unwrap().seed).collect()
}

#[test]
fn a_configuration_that_comes_again_is_trained_with_other_seeds() {
    let lines = "metric = \"val_loss\"\nmodel = \"plain\"\nsampler = \"random\"\nbatch_size = { choices = [8, 16] }\nn_trials = 6\n";
    let bench = Bench::new(lines);
    bench.work(&How { threads: 3, ..How::default() });
    assert_eq!(seeds(&bench), [3, 3, 4, 4, 5, 5]);
    let trials = bench.trials();
    assert!(
        trials.iter().all(|trial| trial.side.as_ref().unwrap().weights_sha256 == Some(bench.hash_of(trial)))
    );
    let mut values: Vec<u64> = trials.iter().map(|trial| trial.values[0].to_bits()).collect();
    values.sort();
    values.dedup();
    assert_eq!(values.len(), 6, "each is another training");
    let bench = Bench::new(&format!("{lines}seeds = 3"));
    bench.work(&How { threads: 3, ..How::default() });
    assert_eq!(seeds(&bench), [3, 3, 6, 6, 9, 9], "no repetition has a seed of another one");
}

#[test]
fn a_grid_leaves_out_what_was_tried_first() {
    let lines =
        "model = \"plain\"\nbatch_size = { choices = [8, 16, 32, 64] }\nfirst = [{ batch_size = 32 }]";
    let bench = Bench::new(lines);
    bench.work(&How::default());
    let tried: Vec<_> = bench.trials().iter().map(|trial| value_of(trial, "batch_size").unwrap()).collect();
    assert_eq!(tried, [2.0, 0.0, 1.0, 3.0]);
    assert_eq!(seeds(&bench), [3; 4]);
}

/// Earlier versions recorded the sampler that the file names, though a grid ran. Such a search goes on, trial for
/// trial, and its record names the grid from then on.
#[test]
fn a_search_whose_record_names_a_replaced_sampler_goes_on_as_a_grid() {
    let lines = |n_trials: usize| {
        format!(
            "model = \"plain\"\nsampler = \"random\"\nbatch_size = {{ choices = [8, 16, 32] }}\nn_trials = {n_trials}"
        )
    };
    let whole = Bench::new(&lines(5));
    whole.work(&How::default());
    let tried: Vec<_> = whole.trials().iter().map(|trial| value_of(trial, "batch_size").unwrap()).collect();
    assert_eq!(tried, [0.0, 1.0, 2.0, 0.0, 1.0]);

    let mut bench = Bench::new(&lines(3));
    let mut earlier = bench.search().to_record(&DATA.fingerprint);
    earlier.sampler = json!({ "random": {} });
    earlier.plan["sampler"] = json!({ "random": {} });
    earlier.plan.as_object_mut().unwrap().remove("named_sampler");
    let id = bench.storage().ensure_search(&bench.plan.study, &earlier).unwrap();
    bench.work(&How::default());
    bench.change(&lines(5));
    bench.work(&How::default());
    assert_eq!(bench.id(), id);
    assert_eq!(bench.facts(), whole.facts());
    let records = bench.storage().search_records(&bench.plan.study).unwrap();
    let [record] = &records[..] else { panic!("{} searches", records.len()) };
    assert_eq!(record.search.sampler, json!({ "grid": {} }));
    assert_eq!(record.search.plan["named_sampler"], json!({ "random": {} }));
}

#[test]
fn what_is_held_and_what_comes_first_is_respected() {
    let lines = format!(
        "{SPACE}n_trials = 5\nfixed = {{ \"layers.1.dense.units\" = 7 }}\nfirst = [{{ optimizer = \"adam\", \"layers.2.dropout.rate\" = 0.25 }}, {{ \"layers.2.dropout.rate\" = 0.5 }}]"
    );
    let bench = Bench::new(&lines);
    bench.work(&How { threads: 2, ..How::default() });
    let trials = bench.trials();
    assert!(trials.iter().all(|trial| value_of(trial, "layers.1.dense.units") == Some(7.0)));
    assert_eq!(
        (value_of(&trials[0], "optimizer"), value_of(&trials[0], "layers.2.dropout.rate")),
        (Some(1.0), Some(0.25))
    );
    assert_eq!(value_of(&trials[1], "layers.2.dropout.rate"), Some(0.5));
    assert!(
        value_of(&trials[0], "optimizer.adam.learning_rate").is_some(),
        "the sampler adds what is missing"
    );
    assert!(value_of(&trials[0], "optimizer.sgd.learning_rate").is_none());
}

#[test]
fn what_others_have_queued_is_claimed_once_and_completed() {
    let lines = format!("{SPACE}n_trials = 8\nlag = 3\nsampler = {{ tpe = {{ n_startup_trials = 2 }} }}");
    let queue = || {
        vec![
            enqueued(0, json!({ "layers.1.dense.units": 5, "optimizer": "sgd" })),
            enqueued(1, json!({})),
            enqueued(2, json!({ "layers.2.dropout.rate": 0.125 })),
            enqueued(3, json!({ "layers.2.dropout.rate": 0.125, "layers.1.dense.units": 1000 })),
            enqueued(4, json!({ "layers.1.dense.units": 16.7 })),
            enqueued(5, json!({ "optimizer": "adagrad", "unit": 5 })),
        ]
    };
    let one = Bench::new(&lines);
    one.add(queue());
    one.work(&How::default());
    let trials = one.trials();
    assert_eq!(
        (value_of(&trials[0], "layers.1.dense.units"), value_of(&trials[0], "optimizer")),
        (Some(5.0), Some(0.0))
    );
    assert_eq!(value_of(&trials[2], "layers.2.dropout.rate"), Some(0.125));
    // What the search does not hold is never replaced by something else.
    let reason = |number: usize| trials[number].side.as_ref().unwrap().reason().unwrap();
    assert_eq!(
        reason(3),
        "it was queued with `layers.1.dense.units` = 1000, which does not lie in its range: whole numbers from 4 to 12"
    );
    assert!(reason(4).contains("= 16.7, which does not lie in its range"), "{}", reason(4));
    assert!(reason(5).contains("one of \"sgd\", \"adam\""), "{}", reason(5));
    assert!(reason(5).contains("`unit`, which the search does not have (it has"), "{}", reason(5));
    assert!(trials[3..6].iter().all(|trial| trial.state == State::Failed && trial.params.is_empty()));
    let trained: Vec<_> = trials.iter().filter(|trial| !(3..6).contains(&trial.number)).collect();
    assert_eq!(trained.len(), 8, "those that failed so do not count");
    for trial in trained {
        assert_eq!((trial.state, trial.side.as_ref().unwrap().attempt), (State::Complete, 1));
        assert_eq!(trial.side.as_ref().unwrap().weights_sha256, Some(one.hash_of(trial)));
    }
    for (threads, workers) in [(4, 1), (1, 4)] {
        let many = Bench::new(&lines);
        many.add(queue());
        match workers {
            1 => drop(many.work(&How { threads, ..How::default() })),
            _ => many.side_by_side(workers),
        }
        assert_eq!(many.facts(), one.facts());
    }
}

/// Optuna's `add_trial` with a trial that waits and has its parameters already.
#[test]
fn parameters_that_a_queued_trial_has_are_kept() {
    let bench = Bench::new(&format!("{SPACE}n_trials = 2"));
    let params =
        vec![record(bench.search(), "layers.1.dense.units", 11.0), record(bench.search(), "optimizer", 1.0)];
    bench.add(vec![TrialRecord { params, ..enqueued(0, json!(null)) }]);
    bench.work(&How::default());
    let trial = &bench.trials()[0];
    assert_eq!(
        (value_of(trial, "layers.1.dense.units"), value_of(trial, "optimizer")),
        (Some(11.0), Some(1.0))
    );
    assert_eq!(trial.side.as_ref().unwrap().weights_sha256, Some(bench.hash_of(trial)));
}

#[test]
fn trials_of_another_program_count_and_one_that_it_has_is_waited_for() {
    let bench = Bench::new(&format!("{SPACE}n_trials = 3\nlag = 0"));
    let values = [
        ("layers.1.dense.units", 5.0),
        ("layers.2.dropout.rate", 0.1),
        ("optimizer", 0.0),
        ("optimizer.sgd.learning_rate", 0.1),
    ];
    let params = || values.map(|(name, value)| record(bench.search(), name, value)).to_vec();
    let done = TrialRecord { params: params(), values: vec![0.5], ..foreign(0, State::Complete, vec![]) };
    let under_way = TrialRecord { params: params(), ..foreign(1, State::Running, vec![]) };
    bench.add(vec![done, under_way]);
    let awaited = Mutex::new(Vec::new());
    let note = |event: Event| {
        if let Event::ForeignAwaited { number, .. } = event {
            awaited.lock().unwrap().push(number);
            bench.sql("UPDATE trials SET state = 'FAIL' WHERE number = 1");
        }
    };
    let outcome = bench.work(&How { events: &note, ..How::default() });
    assert_eq!(awaited.into_inner().unwrap(), [1]);
    assert_eq!((outcome.complete, outcome.failed, outcome.trained), (2, 1, 1));
}

/// A range that changes keeps the trials, and a trial that was begun in the old one is trained as the new one wants it.
#[test]
fn a_changed_space_keeps_and_maps_its_trials() {
    let lines = |choices: &str, n: usize| {
        format!(
            "metric = \"val_loss\"\nmodel = \"plain\"\nsampler = \"random\"\nbatch_size = {{ choices = {choices} }}\noptimizer = {{ sgd = {{ learning_rate = {{ low = 0.001, high = 1.0, log = true }} }} }}\nepochs = 4\nn_trials = {n}"
        )
    };
    let stopped_in = |bench: &Bench, trial: usize| {
        let stop = AtomicBool::new(false);
        let note = |event: Event| {
            if matches!(event, Event::EpochEnded { training: TrainingKey::Trial { number, .. }, step: 2, .. } if number == trial)
            {
                stop.store(true, Ordering::Relaxed);
            }
        };
        bench.work(&How { stop: &stop, events: &note, ..How::default() });
    };
    let size = |trial: &TrialRecord| {
        let param = trial.params.iter().find(|param| param.name == "batch_size").unwrap();
        Distribution::try_from(param.distribution.clone()).unwrap().external(param.value)
    };
    let fates = [0, 1, 2, 3, 4].map(|trial| {
        let mut bench = Bench::new(&lines("[8, 16, 32]", 8));
        stopped_in(&bench, trial);
        let before = bench.trials();
        bench.change(&lines("[64, 16, 8]", 8));
        assert_eq!(bench.work(&How::default()).waiting, 0);
        let after = bench.trials();
        // What lies outside of the new range does not count.
        let outside =
            before[..trial].iter().filter(|trial| size(trial) == toile_tune::Choice::Int(32)).count();
        assert_eq!(after.len(), 8 + outside);
        assert_eq!(after[..trial], before[..trial], "what has ended stays");
        assert!(
            after[trial..]
                .iter()
                .all(|trial| trial.side.as_ref().unwrap().weights_sha256 == Some(bench.hash_of(trial)))
        );
        assert_eq!(after[trial].intermediate.len(), 4);
        assert_eq!(after[trial].intermediate[3].1, after[trial].values[0]);
        let kept = size(&before[trial]) == size(&after[trial]);
        assert_eq!(kept, size(&before[trial]) != toile_tune::Choice::Int(32));
        kept
    });
    assert!(fates.contains(&true) && fates.contains(&false), "{fates:?}");
}

#[test]
fn other_settings_put_the_old_study_aside() {
    let lines = |epochs: usize| format!("{SPACE}n_trials = 3\nepochs = {epochs}");
    let mut bench = Bench::new(&lines(2));
    bench.work(&How::default());
    let old = (bench.id(), bench.facts());
    bench.change(&lines(3));
    assert_eq!(bench.work(&How::default()).trained, 3);
    assert_ne!(bench.id(), old.0);
    let studies = bench.storage().optuna_studies().unwrap();
    let names: Vec<_> = studies.iter().map(|study| (study.name.as_str(), study.n_trials)).collect();
    assert_eq!(names, [("joint~1", 3), ("joint", 3)]);
    let aside: Vec<_> = bench.storage().trials(old.0).unwrap().iter().map(Facts::of).collect();
    assert_eq!(aside, old.1);
}

/// Of a search whose range was narrowed, the best of those that lie in it is chosen, and what lies outside neither
/// counts nor is named as the best.
#[test]
fn of_a_narrowed_search_only_what_lies_within_counts_and_is_chosen() {
    let lines = |high: &str, fixed: &str| {
        format!(
            "metric = \"val_loss\"\nmodel = \"plain\"\nsampler = \"random\"\nbatch_size = 8\nn_trials = 6\n{fixed}\n\
             optimizer = {{ sgd = {{ learning_rate = {{ low = 0.001, high = {high}, log = true }} }} }}"
        )
    };
    let mut bench = Bench::new(&lines("1.0", ""));
    bench.work(&How::default());
    let rate = |trial: &TrialRecord| value_of(trial, "optimizer.sgd.learning_rate").unwrap();
    let before = bench.trials();
    let best = |trials: &[TrialRecord], high: f64| {
        let within = trials.iter().filter(|trial| rate(trial) <= high);
        within.reduce(|a, b| if b.values[0] < a.values[0] { b } else { a }).unwrap().number
    };
    assert!(rate(&before[best(&before, 1.0)]) > 0.05, "the best lies outside of what comes next");
    bench.change(&lines("0.05", ""));
    let started = Mutex::new(Vec::new());
    let note = |event: Event| {
        if let Event::SearchStarted { finished, best, others, .. } = event {
            started.lock().unwrap().push((finished, best.unwrap().0, others));
        }
    };
    let outcome = bench.work(&How { events: &note, ..How::default() });
    let within = before.iter().filter(|trial| rate(trial) <= 0.05).count();
    assert_eq!(started.into_inner().unwrap(), [(within, best(&before, 0.05), 6 - within)]);
    assert_eq!((outcome.complete, outcome.others, outcome.trained), (6, 6 - within, 6 - within));
    let after = bench.trials();
    let chosen = toile_lab::chosen_runs(&bench.plan, &bench.storage()).unwrap();
    assert_eq!(chosen[0].number, best(&after, 0.05));
}

/// Of a search in which nothing came to a value, the end says so, and why.
#[test]
fn a_search_without_any_value_says_why() {
    let bench = Bench::new(
        "model = \"plain\"\nsampler = \"random\"\nbatch_size = 8\nn_trials = 3\nepochs = 2\n\
         optimizer = { sgd = { learning_rate = { low = 1e30, high = 1e35, log = true } } }",
    );
    let outcome = bench.work(&How::default());
    assert_eq!(outcome.complete, 0);
    let why = "the loss was no longer a finite number (3 trials)";
    assert_eq!(outcome.without_value.as_deref(), Some(why));
}
