//! The history that samplers read: the same as all trials in detail, and only what is new is read again.

use super::*;

#[test]
fn the_history_follows_the_trials_and_reads_only_what_can_have_changed() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let mut known = HistoryCache::default();
        storage.history(id, &mut known).unwrap();
        assert_eq!((known.trials().len(), known.changed().len()), (0, 0));
        let mut claims: Vec<_> = (0..60)
            .map(|number| storage.create_trial(id, &new_trial(number), "w").unwrap().unwrap())
            .collect();
        storage.history(id, &mut known).unwrap();
        assert_eq!((known.trials().len(), known.changed().len()), (60, 60));
        let last = claims.pop().unwrap();
        let first = claims.remove(0);
        claims.iter().for_each(|claim| complete(&storage, claim, 0.5));
        storage.history(id, &mut known).unwrap();
        assert_eq!(known.changed().len(), 60);
        assert!(storage.report(&last, &[report(1, 0.25)]).unwrap());
        assert!(storage.report(&first, &[report(1, 0.75)]).unwrap());
        storage.create_trial(id, &new_trial(60), "w").unwrap().unwrap();
        storage.history(id, &mut known).unwrap();
        assert_eq!(known.changed(), [0, 59, 60], "the unfinished ones and the new one");
        assert_eq!(known.trials()[0].intermediate, [(1, 0.75)]);
        let mut fresh = HistoryCache::default();
        storage.history(id, &mut fresh).unwrap();
        assert_eq!(known.trials(), fresh.trials());
        for (past, trial) in fresh.trials().iter().zip(storage.trials(id).unwrap()) {
            assert_eq!((past.number, past.state), (trial.number, trial.state));
            assert_eq!((&past.values, &past.intermediate), (&trial.values, &trial.intermediate));
            let mut params: Vec<_> = past.params.iter().map(|p| (p.name.to_string(), p.value)).collect();
            params.sort_by(|a, b| a.0.cmp(&b.0));
            assert_eq!(params, [("a".to_string(), 0.5), ("learning_rate".into(), trial.params[0].value)]);
            assert_eq!(*past.params[0].distribution, trial.params[0].distribution);
        }
    });
}

#[test]
fn trials_of_other_programs_are_read_with_all_that_python_may_write() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        database.sql(&format!(
            "INSERT INTO trials (number, study_id, state, datetime_start, datetime_complete) VALUES
                (0, {0}, 'PRUNED', '2026-01-02 03:04:05.000006', '2026-01-02 03:04:06.5'), (1, {0}, 'RUNNING', NULL, NULL);
             INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES
                (1, 'lr', 0.5, '{{\"name\": \"UniformDistribution\", \"attributes\": {{\"low\": -Infinity, \"high\": 1.0}}}}');
             INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (1, 0, NULL, 'INF_POS');
             INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, intermediate_value_type) VALUES
                (1, 7, NULL, 'NAN'), (1, 0, 0.5, 'FINITE');
             INSERT INTO trial_system_attributes (trial_id, \"key\", value_json) VALUES
                (1, 'constraints:size', '-Infinity'), (1, 'constraints:time', '2.5'), (1, 'completed_rung_1', 'NaN'),
                (1, 'completed_rung_0', '0.5'), (1, 'completed_rung_3', '0.5'), (1, 'artifacts:x', '\"{{}}\"'),
                (2, 'constraints', '[1.0, -1.0]'),
                (2, 'tpe:relative_params:0', '\"{{\\\"lr\\\": 0.\"'), (2, 'tpe:relative_params:1', '\"25}}\"');
             INSERT INTO trial_user_attributes (trial_id, \"key\", value_json) VALUES (1, 'who', '{{\"x\": [NaN]}}')",
            id.0
        ));
        let mut known = HistoryCache::default();
        storage.history(id, &mut known).unwrap();
        let [first, second] = known.trials() else { panic!("two trials") };
        assert_eq!((first.values[0], first.attempt), (f64::INFINITY, 0));
        assert_eq!(first.constraints, [f64::NEG_INFINITY, 2.5]);
        assert!(first.rungs.len() == 2 && first.rungs[1].is_nan(), "{:?}", first.rungs);
        assert_eq!((first.intermediate[0], first.intermediate[1].0), ((0, 0.5), 7));
        assert_eq!(
            (&second.relative[..], &second.constraints[..]),
            (&[("lr".to_string(), json!(0.25))][..], &[1.0, -1.0][..])
        );
        let trial = &storage.trials(id).unwrap()[0];
        assert_eq!(trial.started.as_deref(), Some("2026-01-02T03:04:05.000006Z"));
        assert_eq!(trial.user_attributes, [("who".to_string(), json!({ "x": ["NaN"] }))]);
        assert_eq!(trial.params[0].distribution["attributes"]["low"], json!("-Infinity"));
        assert_eq!(trial.side, None);
    });
}
