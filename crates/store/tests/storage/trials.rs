//! What a trial is in the database, from its beginning to its end.

use super::*;

#[test]
fn a_trial_comes_back_as_it_was_recorded() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let claim = storage.create_trial(id, &new_trial(0), "here").unwrap().unwrap();
        assert_eq!((claim.number, claim.attempt, claim.seed), (0, 1, Some(u64::MAX)));
        complete(&storage, &claim, 0.9);
        let [trial] = &storage.trials(id).unwrap()[..] else { panic!("one trial") };
        assert_eq!((trial.number, trial.state), (0, State::Complete));
        assert_eq!(trial.params, new_trial(0).params);
        assert_eq!((&trial.values[..], &trial.intermediate[..]), (&[0.9][..], &[(1, 0.45), (2, 0.9)][..]));
        assert_eq!(trial.user_attributes, [("note".to_string(), json!("é"))]);
        let side = trial.side.clone().unwrap();
        let meant = TrialSide {
            attempt: 1,
            worker: Some("here".into()),
            epochs: vec![epoch(1), epoch(2)],
            trainings: ending(0.9).side.all_trainings(),
            ..ending(0.9).side
        };
        assert_eq!(side, meant);
        for time in [&trial.started, &trial.completed] {
            let time = time.as_deref().unwrap();
            assert!(time.len() == "2026-11-22T10:38:49.061143Z".len() && time.ends_with('Z'), "{time}");
        }
        assert!(trial.started <= trial.completed);
    });
}

#[test]
fn numbers_are_counted_without_gaps_and_each_is_given_once() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        assert_eq!(storage.create_trial(id, &new_trial(1), "w").unwrap(), None, "0 is missing");
        let first = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        assert_eq!(storage.create_trial(id, &new_trial(0), "w").unwrap(), None, "it exists");
        let second = storage.create_trial(id, &new_trial(1), "w").unwrap().unwrap();
        assert!(first.trial_id < second.trial_id);
        let error = storage.create_trial(SearchId(99), &new_trial(0), "w").unwrap_err();
        assert!(matches!(error, StoreError::UnknownSearch { id: 99 }), "{error}");
    });
}

#[test]
fn numbers_that_are_not_finite_are_kept_as_optuna_keeps_them() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.1 + 0.2];
        let reports: Vec<_> = odd.iter().zip(1..).map(|(value, step)| report(step, *value)).collect();
        assert!(storage.report(&claim, &reports).unwrap());
        assert!(storage.finish(&claim, &ending(f64::NEG_INFINITY)).unwrap());
        let kinds = "SELECT count(*) FROM trial_intermediate_values WHERE intermediate_value IS NULL AND
            (step = 1 AND intermediate_value_type = 'NAN' OR step = 2 AND intermediate_value_type = 'INF_POS'
             OR step = 3 AND intermediate_value_type = 'INF_NEG')";
        assert_eq!(database.number(kinds), 3);
        assert_eq!(
            database
                .number("SELECT count(*) FROM trial_values WHERE value IS NULL AND value_type = 'INF_NEG'"),
            1
        );
        let mut cache = HistoryCache::default();
        storage.history(id, &mut cache).unwrap();
        let detail = &storage.trials(id).unwrap()[0];
        for reported in [&detail.intermediate, &cache.trials()[0].intermediate] {
            let bits: Vec<_> = reported.iter().map(|(_, value)| value.to_bits()).collect();
            assert!(reported[0].1.is_nan());
            assert_eq!(bits[1..], odd[1..].iter().map(|value| value.to_bits()).collect::<Vec<_>>());
        }
        assert_eq!(detail.values, [f64::NEG_INFINITY]);
    });
}

#[test]
fn a_value_that_is_not_a_number_fails_the_trial_and_a_failed_trial_has_no_value() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        assert!(storage.finish(&claim, &ending(f64::NAN)).unwrap());
        let claim = storage.create_trial(id, &new_trial(1), "w").unwrap().unwrap();
        let mut failed = TrialResult { state: State::Failed, ..ending(0.5) };
        failed.side.end = Some(End::Other { words: "diverged".into() });
        assert!(storage.finish(&claim, &failed).unwrap());
        let trials = storage.trials(id).unwrap();
        let ends =
            trials.iter().map(|t| (t.state, t.values.len(), t.side.clone().unwrap().reason().unwrap()));
        let meant = [
            (State::Failed, 0, "its value is not a number".to_string()),
            (State::Failed, 0, "diverged".into()),
        ];
        assert_eq!(ends.collect::<Vec<_>>(), meant);
    });
}

#[test]
fn the_first_report_of_a_step_stays_and_its_rungs_are_completed_once() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        let first = Report { rungs: vec![0.25, f64::NAN], ..report(1, 0.5) };
        assert!(storage.report(&claim, std::slice::from_ref(&first)).unwrap());
        assert!(storage.report(&claim, &[Report { value: Some(0.75), ..first }, report(2, 0.75)]).unwrap());
        assert!(storage.report(&claim, &[Report { rungs: vec![0.625], ..report(3, 0.625) }]).unwrap());
        let mut cache = HistoryCache::default();
        storage.history(id, &mut cache).unwrap();
        let trial = &cache.trials()[0];
        assert_eq!(trial.intermediate, [(1, 0.5), (2, 0.75), (3, 0.625)]);
        assert_eq!((trial.rungs.len(), trial.rungs[0], trial.rungs[2]), (3, 0.25, 0.625));
        assert!(trial.rungs[1].is_nan());
        assert_eq!(
            database
                .number("SELECT count(*) FROM trial_system_attributes WHERE \"key\" LIKE 'completed_rung_%'"),
            3
        );
    });
}

#[test]
fn parameters_that_are_promised_to_other_samplers_are_cut_as_optuna_cuts_them() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let text = json!({ "long": "é".repeat(3000) }).to_string();
        let trial = NewTrial { relative_params: Some(text.clone()), ..new_trial(0) };
        storage.create_trial(id, &trial, "w").unwrap().unwrap();
        let attributes = storage.trials(id).unwrap()[0].system_attributes.clone();
        let parts: Vec<_> =
            attributes.iter().map(|(key, value)| (key.as_str(), value.as_str().unwrap())).collect();
        assert_eq!(
            parts.iter().map(|(key, _)| *key).collect::<Vec<_>>(),
            ["tpe:relative_params:0", "tpe:relative_params:1"]
        );
        assert_eq!(parts[0].1.chars().count(), 2045);
        assert_eq!(parts.iter().map(|(_, part)| *part).collect::<String>(), text);
    });
}

#[test]
fn each_training_of_a_trial_of_several_seeds_comes_back() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        let training = |seed: u64| TrainingRecord {
            seed,
            wall_seconds: 1.5,
            cpu_seconds: Some(0.25),
            end: Some(End::Finished),
            weights_sha256: Some(format!("{seed:064}")),
        };
        let mut side = TrialSide { epochs: [1, 2, 1, 2].map(epoch).to_vec(), ..TrialSide::default() };
        [7, 8].into_iter().for_each(|seed| side.add(training(seed)));
        let reports = [(1, 0, 1), (2, 0, 2), (3, 1, 1), (4, 1, 2)].map(|(step, repetition, number)| Report {
            step,
            value: Some(step as f64),
            repetition,
            epoch: Some(epoch(number)),
            ..Report::default()
        });
        assert!(storage.report(&claim, &reports).unwrap());
        let under_way = storage.trials(id).unwrap()[0].side.clone().unwrap();
        assert_eq!(under_way.epochs, side.epochs);
        let result = TrialResult {
            state: State::Complete,
            values: vec![0.5],
            side: side.clone(),
            user_attributes: vec![],
        };
        assert!(storage.finish(&claim, &result).unwrap());
        let found = storage.trials(id).unwrap()[0].side.clone().unwrap();
        let meant = TrialSide { attempt: 1, worker: Some("w".into()), ..side };
        assert_eq!((found.wall_seconds, found.cpu_seconds, found.seed), (3.0, Some(0.5), 7));
        assert_eq!(found, meant);
    });
}
