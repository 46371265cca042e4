//! What can go wrong below: said plainly, nothing lost, never a panic.

use std::path::Path;
use std::time::Duration;

use super::*;

fn file(dir: &tempfile::TempDir) -> std::path::PathBuf {
    dir.path().join(STORE_FILE)
}

#[test]
fn a_file_that_another_program_holds_is_waited_for_and_then_named() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Store::sqlite(&file(&dir)).unwrap();
    let other = rusqlite::Connection::open(file(&dir)).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let release = || {
        std::thread::sleep(Duration::from_millis(300));
        other.execute_batch("COMMIT").unwrap();
        other
    };
    let other = std::thread::scope(|scope| {
        let other = scope.spawn(release);
        storage.save_study_text("a", "b", "c").unwrap();
        other.join().unwrap()
    });
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = storage.save_study_text("a", "lost", "c").unwrap_err();
    assert!(error.is_transient() && error.to_string().contains("store.sqlite"), "{error}");
    assert!(error.help().unwrap().contains("another program"));
    other.execute_batch("COMMIT").unwrap();
    assert_eq!(storage.study_text("a").unwrap(), Some(("b".into(), "c".into())));
}

#[test]
fn a_file_that_is_no_database_or_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(file(&dir), "not a database, but long enough to be read as one".repeat(100)).unwrap();
    let error = Store::sqlite(&file(&dir)).err().unwrap();
    assert!(error.to_string().contains("damaged or not a store") && !error.is_transient(), "{error}");
    for path in [dir.path(), &dir.path().join("missing/store.sqlite"), Path::new("/proc/store.sqlite")] {
        let error = Store::sqlite(path).err().unwrap();
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        assert!(error.help().is_some() && !error.is_transient(), "{error}");
    }
}

#[test]
fn a_damaged_file_is_an_error_and_never_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let storage = Store::sqlite(&file(&dir)).unwrap();
    let id = storage.ensure_search("quick", &search("joint")).unwrap();
    for number in 0..30 {
        let claim = storage.create_trial(id, &new_trial(number), "w").unwrap().unwrap();
        complete(&storage, &claim, 0.5);
    }
    drop(storage);
    let whole = std::fs::read(file(&dir)).unwrap();
    let mut refused = 0;
    for place in (16..whole.len()).step_by(1009) {
        let mut bytes = whole.clone();
        bytes[place..(place + 24).min(whole.len())].fill(0xA5);
        std::fs::write(file(&dir), bytes).unwrap();
        let read = || {
            let storage = Store::sqlite(&file(&dir))?;
            storage.history(id, &mut HistoryCache::default())?;
            storage.trials(id)?;
            storage.create_trial(id, &new_trial(30), "w").map(drop)
        };
        refused += usize::from(read().is_err());
    }
    assert!(refused > 0, "nothing was noticed");
}

#[test]
fn rows_that_no_program_should_write_are_errors() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        database.sql(
            "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (1, 0, NULL, 'FINITE')",
        );
        let error = storage.trials(id).unwrap_err();
        assert!(error.to_string().contains("a value is missing"), "{error}");
        assert!(storage.history(id, &mut HistoryCache::default()).is_err());
        database.sql("DELETE FROM trial_values; UPDATE toile_search SET record = '{}'");
        let error = storage.searches(None).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
    });
}

#[test]
fn a_server_that_is_not_there_is_named_without_its_password() {
    let error = Store::postgres("postgres://ann:secret@127.0.0.1:1/db").err().unwrap();
    let text = error.to_string();
    assert!(text.contains("postgres://ann@127.0.0.1:1/db") && !text.contains("secret"), "{text}");
    assert!(error.is_transient() && error.help().unwrap().contains("host and port"), "{text}");
    for url in ["postgres://host:port/db", "nonsense", "postgres://ann:secret@host/db?sslmode=never"] {
        let error = Store::postgres(url).err().unwrap();
        assert!(matches!(error, StoreError::BadUrl { .. }), "{error}");
        assert!(!error.to_string().contains("secret") && !error.is_transient(), "{error}");
    }
}

#[test]
fn a_database_or_user_that_does_not_exist_is_said_to() {
    on_each_engine(|database| {
        if !database.is_postgres() {
            return;
        }
        let url = database.url();
        let (stem, _) = url.rsplit_once('/').unwrap();
        let error = Store::postgres(&format!("{stem}/nowhere")).err().unwrap();
        assert!(error.to_string().contains("\"nowhere\" does not exist"), "{error}");
        assert!(error.help().unwrap().contains("createdb") && !error.is_transient());
        let error = Store::postgres(&url.replace("//", "//nobody@").replace("nobody@toile@", "nobody@"))
            .err()
            .unwrap();
        assert!(error.to_string().contains("\"nobody\" does not exist") && !error.is_transient(), "{error}");
    });
}

#[test]
fn a_server_from_which_encryption_is_demanded_is_refused_with_a_way_out() {
    on_each_engine(|database| {
        if !database.is_postgres() {
            return;
        }
        let error = Store::postgres(&format!("{}?sslmode=require", database.url())).err().unwrap();
        assert!(error.help().unwrap().contains("sslmode=disable") && !error.is_transient(), "{error}");
    });
}

/// Python, or a worker of ours, in the midst of beginning a trial.
#[test]
fn a_row_that_another_holds_is_waited_for() {
    on_each_engine(|database| {
        if !database.is_postgres() {
            return;
        }
        let (storage, id) = begun(database);
        let mut other = postgres::Client::connect(&database.url(), postgres::NoTls).unwrap();
        other.batch_execute("BEGIN; SELECT study_id FROM studies FOR UPDATE").unwrap();
        std::thread::scope(|scope| {
            let begin = scope.spawn(|| storage.create_trial(id, &new_trial(0), "w"));
            std::thread::sleep(Duration::from_millis(200));
            other
                .batch_execute(&format!(
                    "INSERT INTO trials (number, study_id, state) VALUES (0, {}, 'RUNNING'); COMMIT",
                    id.0
                ))
                .unwrap();
            assert_eq!(begin.join().unwrap().unwrap(), None, "the number was given meanwhile");
        });
    });
}

/// As a server that restarts does to those who are idle.
#[test]
fn a_connection_that_was_lost_is_made_again() {
    on_each_engine(|database| {
        if !database.is_postgres() {
            return;
        }
        let (storage, id) = begun(database);
        let claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        let end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()";
        for _ in 0..3 {
            database.sql(end_all);
            assert!(storage.heartbeat(&claim).unwrap());
        }
        database.sql(end_all);
        complete(&storage, &claim, 0.5);
        assert_eq!(storage.trials(id).unwrap()[0].state, State::Complete);
    });
}

/// Two that lock the same rows in another order: the server breaks one off, and it is tried again.
#[test]
fn transactions_that_stand_in_each_others_way_come_through() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        assert!(storage.heartbeat(&claim).unwrap());
                        assert!(storage.report(&claim, &[report(1, 0.5)]).unwrap());
                    }
                });
            }
        });
        complete(&storage, &claim, 0.5);
    });
}
