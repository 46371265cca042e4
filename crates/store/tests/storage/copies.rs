//! Searches brought from elsewhere, and databases that are only looked at.

use super::*;

#[test]
fn a_search_of_a_server_is_copied_into_a_folder_and_what_ended_stays() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let done = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        complete(&storage, &done, 0.5);
        let open = storage.create_trial(id, &new_trial(1), "w").unwrap().unwrap();
        assert!(storage.report(&open, &[report(1, f64::NAN)]).unwrap());
        let dir = tempfile::tempdir().unwrap();
        let folder = Store::open(dir.path()).unwrap();
        folder.copy_searches("quick", &storage.search_records("quick").unwrap()).unwrap();
        complete(&storage, &open, 0.75);
        folder.copy_searches("quick", &storage.search_records("quick").unwrap()).unwrap();
        let copy = folder.search_records("quick").unwrap();
        let meant = storage.search_records("quick").unwrap();
        assert_eq!(copy[0].search, meant[0].search);
        assert_eq!(copy[0].trials.len(), 2);
        for (copy, meant) in copy[0].trials.iter().zip(&meant[0].trials) {
            let meant = TrialRecord { trial_id: copy.trial_id, ..meant.clone() };
            assert_eq!(format!("{copy:?}"), format!("{meant:?}"), "NaN is not equal to itself");
        }
    });
}

#[test]
fn a_file_that_is_only_read_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("optuna.db");
    let made = rusqlite::Connection::open(&path).unwrap();
    made.execute_batch(include_str!("../golden/optuna-5.0.0.sql")).unwrap();
    drop(made);
    let before = std::fs::read(&path).unwrap();
    let storage = Store::read_only(&path).unwrap();
    let studies = storage.optuna_studies().unwrap();
    assert_eq!(studies.iter().map(|study| study.n_trials).collect::<Vec<_>>(), [10, 1]);
    assert_eq!(storage.trials(studies[0].id).unwrap().len(), 10);
    assert_eq!(storage.searches(None).unwrap(), []);
    let error = storage.save_study_text("a", "b", "c").unwrap_err();
    assert!(error.help().is_some(), "{error}");
    drop(storage);
    assert_eq!(std::fs::read(&path).unwrap(), before);
    std::fs::write(&path, "").unwrap();
    assert!(Store::read_only(&path).err().unwrap().to_string().contains("Optuna's tables are missing"));
}
