//! Searches: made once, changed, put aside, refused.

use super::*;

fn optuna_names(storage: &Store) -> Vec<String> {
    storage.optuna_studies().unwrap().into_iter().map(|study| study.name).collect()
}

#[test]
fn a_search_is_made_once_and_found_again() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        assert_eq!(storage.ensure_search("quick", &search("joint")).unwrap(), id);
        let again = database.open();
        assert_eq!(again.searches(Some("quick")).unwrap(), [(id, search("joint"))]);
        assert_eq!(again.searches(None).unwrap().len(), 1);
        assert_eq!(again.searches(Some("slow")).unwrap(), []);
        let [study] = &storage.optuna_studies().unwrap()[..] else { panic!("one study") };
        assert_eq!((study.name.as_str(), &study.maximize[..]), ("joint", &[Some(true)][..]));
        assert_eq!(
            (&study.metrics[..], study.n_trials, study.ours),
            (&["val_accuracy".to_string()][..], 0, true)
        );
        assert_eq!(storage.times_are_local(), None);
    });
}

#[test]
fn a_search_with_another_name_keeps_its_trials_and_takes_nobody_elses_name() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let other = storage.ensure_search("quick", &search("other")).unwrap();
        storage.rename_search("quick", "joint", "other").unwrap();
        storage.rename_search("quick", "nothing", "new").unwrap();
        assert_eq!(optuna_names(&storage), ["joint", "other"], "neither of the two can be done");
        storage.rename_search("quick", "joint", "new").unwrap();
        assert_eq!(storage.searches(Some("quick")).unwrap(), [(id, search("new")), (other, search("other"))]);
        assert_eq!(storage.ensure_search("quick", &search("new")).unwrap(), id);
        assert_eq!(optuna_names(&storage), ["new", "other"]);
    });
}

#[test]
fn directions_stand_in_the_order_of_the_objectives() {
    on_each_engine(|database| {
        let storage = database.open();
        let objective = |metric: &str, maximize| ObjectiveRecord { metric: metric.into(), maximize };
        let objectives =
            vec![objective("parameters", false), objective("val_accuracy", true), objective("loss", false)];
        storage.ensure_search("quick", &SearchRecord { objectives, ..search("front") }).unwrap();
        let order = "SELECT count(*) FROM study_directions WHERE study_direction_id = objective + 1
            AND direction = CASE objective WHEN 1 THEN 'MAXIMIZE' ELSE 'MINIMIZE' END";
        let order = if database.is_postgres() {
            order.replace("direction =", "direction::text =")
        } else {
            order.into()
        };
        assert_eq!(database.number(&order), 3);
    });
}

#[test]
fn another_space_goes_on_and_other_settings_begin_anew() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        complete(&storage, &claim, 0.5);
        storage.save_chosen_run("quick", "joint", "run-1").unwrap();
        let wider = SearchRecord { space_fingerprint: "cc".into(), n_trials: 40, ..search("joint") };
        assert_eq!(storage.ensure_search("quick", &wider).unwrap(), id);
        assert_eq!(storage.searches(None).unwrap(), [(id, wider.clone())]);
        assert_eq!(database.number("SELECT count(*) FROM toile_search_change WHERE n_trials = 1"), 1);
        assert!(storage.create_trial(id, &new_trial(1), "w").unwrap().is_some(), "numbers go on");
        let other = SearchRecord { fingerprint: "dd".into(), ..wider };
        let fresh = storage.ensure_search("quick", &other).unwrap();
        assert_ne!(fresh, id);
        assert_eq!(storage.searches(None).unwrap(), [(fresh, other.clone())]);
        assert_eq!(optuna_names(&storage), ["joint~1", "joint"]);
        assert_eq!((storage.trials(id).unwrap().len(), storage.trials(fresh).unwrap().len()), (2, 0));
        storage.ensure_search("quick", &search("joint")).unwrap();
        assert_eq!(optuna_names(&storage), ["joint~1", "joint~2", "joint"]);
        assert_eq!(storage.search_records("quick").unwrap()[0].chosen_run, None);
    });
}

#[test]
fn two_studies_may_have_searches_of_one_name() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let other = storage.ensure_search("slow", &search("joint")).unwrap();
        assert_ne!(other, id);
        assert_eq!(optuna_names(&storage), ["joint", "joint (slow)"]);
        assert_eq!(storage.ensure_search("slow", &search("joint")).unwrap(), other);
        assert_eq!(storage.searches(Some("slow")).unwrap().len(), 1);
    });
}

#[test]
fn a_study_of_pythons_is_continued_if_it_wants_the_same() {
    on_each_engine(|database| {
        let storage = database.open();
        database.sql(
            "INSERT INTO studies (study_name) VALUES ('joint'), ('other'), ('unset');
             INSERT INTO study_directions (direction, study_id, objective) VALUES
                ('MAXIMIZE', 1, 0), ('MINIMIZE', 2, 0), ('NOT_SET', 3, 0);
             INSERT INTO trials (number, study_id, state) VALUES (0, 1, 'COMPLETE')",
        );
        let id = storage.ensure_search("quick", &search("joint")).unwrap();
        assert_eq!(storage.trials(id).unwrap().len(), 1);
        assert!(storage.create_trial(id, &new_trial(1), "w").unwrap().is_some());
        let error = storage.ensure_search("quick", &search("other")).unwrap_err().to_string();
        assert!(error.contains("directions minimize, the search wants maximize"), "{error}");
        storage.ensure_search("quick", &search("unset")).unwrap();
        let studies = storage.optuna_studies().unwrap();
        assert_eq!(
            studies.iter().map(|s| (s.maximize[0], s.ours)).collect::<Vec<_>>(),
            [(Some(true), true), (Some(false), false), (Some(true), true)]
        );
    });
}

#[test]
fn a_search_stops_for_the_first_reason_and_may_be_resumed() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        assert_eq!(storage.stopped(id).unwrap(), None);
        storage.stop_search(id, "20 trials").unwrap();
        storage.stop_search(id, "an hour").unwrap();
        assert_eq!(storage.stopped(id).unwrap().as_deref(), Some("20 trials"));
        storage.resume_search(id).unwrap();
        assert_eq!(storage.stopped(id).unwrap(), None);
    });
}

#[test]
fn study_files_and_openings_are_kept() {
    on_each_engine(|database| {
        let storage = database.open();
        assert_eq!(storage.study_text("quick").unwrap(), None);
        storage.save_study_text("quick", "old", "a.toml").unwrap();
        storage.save_study_text("quick", "[study]\n", "b.toml").unwrap();
        assert_eq!(storage.study_text("quick").unwrap(), Some(("[study]\n".into(), "b.toml".into())));
        assert_eq!(storage.study_names().unwrap(), ["quick"]);
        let opening = |time: &str, run_id: &str| TestOpening {
            time: time.into(),
            run_id: run_id.into(),
            why: "declared run".into(),
        };
        for (time, run) in
            [("2026-01-02T00:00:00Z", "b"), ("2026-01-01T00:00:00Z", "a"), ("2026-01-03T00:00:00Z", "b")]
        {
            storage.save_test_opening("quick", &opening(time, run)).unwrap();
        }
        let meant = [opening("2026-01-02T00:00:00Z", "b"), opening("2026-01-01T00:00:00Z", "a")];
        assert_eq!(storage.test_openings("quick").unwrap(), meant);
    });
}

#[test]
fn what_python_deletes_is_forgotten() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        let said = Report { checkpoint: Some(vec![1]), ..report(1, 0.5) };
        assert!(storage.report(&claim, &[said]).unwrap());
        for table in [
            "trial_params",
            "trial_intermediate_values",
            "trial_heartbeats",
            "trials",
            "study_directions",
            "study_system_attributes",
            "studies",
        ] {
            database.sql(&format!("DELETE FROM {table}"));
        }
        for table in ["toile_search", "toile_trial", "toile_training", "toile_epoch", "toile_checkpoint"] {
            assert_eq!(database.number(&format!("SELECT count(*) FROM {table}")), 0, "{table}");
        }
        assert!(!storage.finish(&claim, &ending(0.5)).unwrap());
        assert_eq!(storage.searches(None).unwrap(), []);
    });
}

#[test]
fn other_versions_of_the_tables_are_refused_with_both_named() {
    on_each_engine(|database| {
        drop(database.open());
        database.sql("UPDATE alembic_version SET version_num = 'v9.0.0.a'");
        let error = database.try_open().err().unwrap();
        assert!(
            error.to_string().contains("`v9.0.0.a`") && error.to_string().contains("`v3.2.0.a`"),
            "{error}"
        );
        assert!(error.help().is_some());
        database.sql("DELETE FROM alembic_version; UPDATE version_info SET schema_version = 13");
        let error = database.try_open().err().unwrap().to_string();
        assert!(error.contains("schema version 13"), "{error}");
        database.sql("UPDATE version_info SET schema_version = 12, library_version = '4.6.0'");
        let storage = database.open();
        assert_eq!(database.text("SELECT version_num FROM alembic_version").as_deref(), Some("v3.2.0.a"));
        assert_eq!(storage.times_are_local().as_deref(), Some("4.6.0"));
        database.sql("INSERT INTO toile_schema (version) VALUES (99)");
        let error = database.try_open().err().unwrap().to_string();
        assert!(error.contains("schema version 99") && error.contains("up to 5"), "{error}");
    });
}
