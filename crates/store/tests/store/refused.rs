//! Folders and files that are refused, and what the message says.

use super::*;

#[test]
fn a_folder_belongs_to_one_study_on_one_data_set() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    store.save_study(&StudyRecord { file: "# a comment more".into(), ..study() }).unwrap();
    let other_name = StudyRecord { name: "slow".into(), ..study() };
    let text = store.save_study(&other_name).unwrap_err().to_string();
    assert!(text.contains("holds the study `quick`, not `slow`"), "{text}");
    let mut other_data = study();
    other_data.data.fingerprint = "ab".repeat(32);
    let error = store.save_study(&other_data).unwrap_err();
    assert!(error.to_string().contains("recorded fingerprint 000000000000…, found abababababab…"), "{error}");
    assert!(error.help().unwrap().contains("--out"));
}

#[test]
fn a_second_store_on_a_folder_names_the_process_that_has_it() {
    let dir = tempfile::tempdir().unwrap();
    let first = Store::open(dir.path()).unwrap();
    let text = message(Store::open(dir.path()));
    assert!(text.contains(&format!("process {}", std::process::id())), "{text}");
    Store::open_read_only(dir.path()).unwrap();
    drop(first);
    Store::open(dir.path()).unwrap();
}

#[test]
fn the_store_of_a_newer_toile_is_refused_with_both_versions() {
    let dir = tempfile::tempdir().unwrap();
    drop(Store::open(dir.path()).unwrap());
    let connection = rusqlite::Connection::open(dir.path().join(STORE_FILE)).unwrap();
    connection.execute("INSERT INTO toile_schema VALUES (99)", []).unwrap();
    for result in [Store::open(dir.path()), Store::open_read_only(dir.path())] {
        let text = message(result);
        assert!(text.contains("schema version 99") && text.contains("up to 5"), "{text}");
    }
}

#[test]
fn other_tables_in_the_file_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let connection = rusqlite::Connection::open(dir.path().join(STORE_FILE)).unwrap();
    connection.execute_batch("CREATE TABLE notes (note INTEGER); INSERT INTO notes VALUES (5)").unwrap();
    drop(connection);
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study()).unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(dir.path().join(STORE_FILE)).unwrap();
    assert_eq!(connection.query_row("SELECT note FROM notes", [], |r| r.get::<_, i64>(0)), Ok(5));
}

#[test]
fn a_file_that_is_no_database_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join(STORE_FILE),
        "not a database, but long enough to be read as one".repeat(100),
    )
    .unwrap();
    for result in [Store::open(dir.path()), Store::open_read_only(dir.path())] {
        let text = message(result);
        assert!(text.contains("store.sqlite") && text.contains("damaged or not a store"), "{text}");
    }
}

#[test]
fn a_damaged_store_is_an_error_and_never_a_panic() {
    let dir = tempfile::tempdir().unwrap();
    let (store, runs) = (opened(dir.path()), [0, 1, 2, 3, 4].map(|position| run(position, 7, 50)));
    store.save_plan("quick", &runs).unwrap();
    runs.iter().for_each(|run| train(&store, run));
    drop(store);
    let path = dir.path().join(STORE_FILE);
    let whole = std::fs::read(&path).unwrap();
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    assert!(message(Store::open_read_only(dir.path())).contains("damaged"));
    for place in (100..whole.len()).step_by(997) {
        let mut bytes = whole.clone();
        bytes[place..(place + 16).min(whole.len())].fill(0xA5);
        std::fs::write(&path, bytes).unwrap();
        let _ = Store::open_read_only(dir.path()).and_then(|store| store.records(None));
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("file"), "").unwrap();
    for out in [dir.path().join("file"), dir.path().join("file/below")] {
        let error = Store::open(&out).err().unwrap();
        assert!(error.to_string().contains("create the folder"), "{error}");
        assert!(error.help().is_some());
    }
}

/// The kernel's own file system refuses folders even to root, whom permission bits do not stop.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_may_not_be_written_is_named() {
    let error = Store::open(Path::new("/proc/toile-study")).err().unwrap();
    assert!(error.to_string().contains("/proc/toile-study"), "{error}");
}

#[test]
fn a_folder_without_a_store_says_how_to_make_one() {
    let dir = tempfile::tempdir().unwrap();
    let error = Store::open_read_only(dir.path()).err().unwrap();
    assert!(error.to_string().contains("there is no `store.sqlite`"), "{error}");
    let store = Store::open(dir.path()).unwrap();
    assert!(store.records(None).unwrap_err().to_string().contains("no study was recorded"));
}

#[test]
fn a_name_that_looks_like_an_address_of_sqlites_is_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("file:results");
    drop(Store::open(&path).unwrap());
    assert!(path.join(STORE_FILE).is_file());
}

#[test]
fn an_empty_file_holds_no_study() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join(STORE_FILE), "").unwrap();
    let text = message(Store::open_read_only(dir.path()));
    assert!(text.contains("no study was recorded"), "{text}");
}

/// An index that does not lead to a row: the trials that it does not find would be missing in the report.
#[test]
fn an_index_that_does_not_find_every_row_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let run = run(0, 7, 3);
    train(&planned(dir.path(), &run), &run);
    let file = dir.path().join(STORE_FILE);
    let sql = |sql: &str| rusqlite::Connection::open(&file).unwrap().execute_batch(sql).unwrap();
    // A trial moves while nobody knows of the index: it has as many entries as there are rows, and one leads nowhere.
    sql("CREATE TABLE kept AS SELECT * FROM sqlite_master WHERE name = 'ix_trials_study_id';
        PRAGMA writable_schema = ON;
        DELETE FROM sqlite_master WHERE name = 'ix_trials_study_id'");
    sql("PRAGMA foreign_keys = OFF; UPDATE trials SET study_id = study_id + 1");
    sql("PRAGMA writable_schema = ON; INSERT INTO sqlite_master SELECT * FROM kept; DROP TABLE kept");
    let quick: String = rusqlite::Connection::open(&file)
        .unwrap()
        .query_row("PRAGMA quick_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(quick, "ok", "a quick look does not see it");
    let Err(error) = Store::open_read_only(dir.path()) else { panic!("the store opened") };
    assert!(error.to_string().contains("ix_trials_study_id"), "{error}");
}
