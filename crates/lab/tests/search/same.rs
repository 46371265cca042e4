//! The same study, bit for bit, whoever makes it.

use super::*;

/// Samplers and pruners that look at the others, each in a way of its own.
const SEARCHES: [&str; 6] = [
    "sampler = { tpe = { n_startup_trials = 3 } }\npruner = { median = { n_startup_trials = 2 } }\nepochs = 4",
    "sampler = { tpe = { n_startup_trials = 3 } }\npruner = { successive_halving = { min_resource = 1, reduction_factor = 2 } }\nepochs = 4",
    "sampler = { tpe = { n_startup_trials = 3, multivariate = false } }\npruner = { hyperband = { max_resource = 4, reduction_factor = 2 } }\nepochs = 4",
    "sampler = { gp = { n_startup_trials = 3 } }",
    "sampler = \"random\"\npruner = { percentile = { percentile = 30.0, n_startup_trials = 1 } }",
    "seeds = 3\nepochs = 2\nsampler = { tpe = { n_startup_trials = 2 } }\npruner = { wilcoxon = { p_threshold = 0.9 } }",
];

fn made(lines: &str, threads: usize, workers: usize) -> Bench {
    let bench = Bench::new(lines);
    match workers {
        1 => drop(bench.work(&How { threads, ..How::default() })),
        _ => bench.side_by_side(workers),
    }
    bench
}

#[test]
fn threads_and_workers_make_no_difference() {
    for (index, settings) in SEARCHES.iter().enumerate() {
        let lag = [1, 7, 2, 3, 7, 0][index];
        let lines = format!("{SPACE}{settings}\nlag = {lag}\nn_trials = 16");
        let alone = made(&lines, 1, 1).facts();
        assert_eq!(alone.len(), 16);
        assert!(alone.iter().enumerate().all(|(i, facts)| facts.number == i));
        let pruned = alone.iter().filter(|facts| facts.state == State::Pruned).count();
        assert_eq!(pruned > 0, settings.contains("pruner"), "{settings}");
        for (threads, workers) in [(2, 1), (3, 1), (8, 1), (1, 2), (1, 3), (1, 8)] {
            let same = made(&lines, threads, workers).facts();
            assert_eq!(same, alone, "{settings}, {threads} threads, {workers} workers");
        }
    }
}

#[test]
fn a_lag_is_part_of_the_study_and_its_own_study_for_any_number_of_workers() {
    let lines = |lag| format!("{SPACE}{}\nlag = {lag}\nn_trials = 16", SEARCHES[0]);
    let studies = [0, 1, 7].map(|lag| {
        let alone = made(&lines(lag), 1, 1).facts();
        assert_eq!(made(&lines(lag), 4, 1).facts(), alone, "lag {lag}");
        assert_eq!(made(&lines(lag), 1, 4).facts(), alone, "lag {lag}");
        alone
    });
    assert!(studies[0] != studies[1] && studies[1] != studies[2] && studies[0] != studies[2]);
    assert_eq!(studies[0][..3].iter().map(|f| &f.params).collect::<Vec<_>>(), {
        studies[2][..3].iter().map(|f| &f.params).collect::<Vec<_>>()
    });
}

#[test]
fn a_grid_is_the_same_for_all_and_tries_each_point_once() {
    let lines = "metric = \"val_loss\"\nmodel = \"plain\"\nbatch_size = { choices = [8, 16, 32] }\nepochs = { low = 1, high = 3 }\nlag = 2";
    let alone = made(lines, 1, 1).facts();
    let points: std::collections::BTreeSet<_> = alone.iter().map(|facts| facts.params.clone()).collect();
    assert_eq!((alone.len(), points.len()), (9, 9));
    for (threads, workers) in [(3, 1), (1, 3)] {
        assert_eq!(made(lines, threads, workers).facts(), alone);
    }
}

#[test]
fn what_a_trial_records_is_what_its_configuration_comes_to() {
    let bench = made(&format!("{SPACE}n_trials = 6\nseeds = 2"), 2, 1);
    for trial in bench.trials() {
        assert_eq!(trial.state, State::Complete);
        let side = trial.side.as_ref().unwrap();
        assert_eq!(side.weights_sha256, Some(bench.hash_of(&trial)));
        assert_eq!(side.epochs.len(), 6);
        let ends = [side.epochs[2].val_loss.unwrap(), side.epochs[5].val_loss.unwrap()];
        assert_eq!(trial.values, [(ends[0] + ends[1]) / 2.0]);
        assert_eq!(trial.intermediate.len(), 6);
    }
}

#[test]
fn an_asynchronous_search_ends_with_all_its_trials_as_well() {
    let bench = made(&format!("{SPACE}asynchronous = true\nn_trials = 10\npruner = \"median\""), 3, 1);
    let trials = bench.trials();
    assert_eq!(trials.iter().map(|trial| trial.number).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
    assert!(trials.iter().all(|trial| matches!(trial.state, State::Complete | State::Pruned)));
}
