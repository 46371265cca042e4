//! The test part of a run: unknown until it is opened, opened once, and checked from then on.

use std::sync::Mutex;

use super::fixtures::{run, study};
use super::*;

/// A run that has ended while the test part is sealed.
fn ended(database: &Database) -> Store {
    let (store, run) = (database.open(), RunRecord { test: None, ..run(0, 7, 3) });
    store.save_study(&study()).unwrap();
    store.save_plan("quick", std::slice::from_ref(&run)).unwrap();
    let claim = store.claim_run("quick", &run.id, "worker", false).unwrap().expect("nobody has it");
    let fresh = RunRecord { epochs: vec![], ..run.clone() };
    let changes = [Change::Begin(&claim, &fresh), Change::Finish(&claim, &run, Some(b"weights"))];
    assert_eq!(store.save(&changes).unwrap(), [true, true]);
    store
}

fn opening(why: &str) -> TestOpening {
    TestOpening { time: "2026-01-01T00:00:00Z".into(), run_id: run(0, 7, 3).id, why: why.into() }
}

fn wrong() -> Vec<ImageRecord> {
    vec![ImageRecord { index: 3, pixels: vec![9; 784] }]
}

/// What a worker makes of the test part.
fn open(store: &Store, why: &str) -> Added {
    let test = run(0, 7, 3).test.unwrap();
    store.open_test("quick", &opening(why), &test, &wrong()).unwrap()
}

#[test]
fn a_run_that_has_ended_is_intact_before_and_after_its_test_is_opened() {
    on_each_engine(|database| {
        let store = ended(database);
        let record = || store.run("quick", &run(0, 7, 3).id).unwrap().unwrap();
        assert_eq!((record().state, record().test), (State::Complete, None));
        assert_eq!(store.lacking_evidence("quick").unwrap(), [(record().id, Part::Test)]);
        assert_eq!(store.check("quick").unwrap().altered, []);
        assert_eq!(open(&store, "declared run"), Added::New);
        assert_eq!(record(), run(0, 7, 3));
        assert_eq!(store.lacking_evidence("quick").unwrap(), []);
        assert_eq!(store.check("quick").unwrap().altered, []);
        assert_eq!(store.test_openings("quick").unwrap(), [opening("declared run")]);
        let records = store.records(Some("quick")).unwrap();
        assert_eq!((records.images, records.runs), (wrong(), vec![run(0, 7, 3)]));
    });
}

#[test]
fn of_many_workers_that_open_it_at_once_one_opening_is_recorded() {
    on_each_engine(|database| {
        let store = ended(database);
        let added = Mutex::new(Vec::new());
        let work = |worker: usize| {
            let own = database.open();
            let found = open(&own, &format!("opened by {worker}"));
            added.lock().unwrap().push(found);
        };
        std::thread::scope(|scope| (0..8).for_each(|worker| drop(scope.spawn(move || work(worker)))));
        let added = added.into_inner().unwrap();
        let count = |what| added.iter().filter(|added| **added == what).count();
        assert_eq!((count(Added::New), count(Added::Known)), (1, 7), "{added:?}");
        assert_eq!(store.test_openings("quick").unwrap().len(), 1);
        assert_eq!(store.run("quick", &run(0, 7, 3).id).unwrap(), Some(run(0, 7, 3)));
        assert_eq!(store.check("quick").unwrap().altered, []);
    });
}

#[test]
fn a_run_that_is_not_over_has_no_test() {
    on_each_engine(|database| {
        let (store, run) = (database.open(), run(0, 7, 3));
        store.save_study(&study()).unwrap();
        store.save_plan("quick", std::slice::from_ref(&run)).unwrap();
        assert_eq!(open(&store, "declared run"), Added::Refused);
        assert_eq!(
            (store.test_openings("quick").unwrap(), store.runs("quick").unwrap()[0].test.clone()),
            (vec![], None)
        );
    });
}

#[test]
fn what_was_changed_or_removed_of_a_run_and_its_evidence_is_noticed() {
    for change in [
        "UPDATE toile_evidence SET accuracy = 1.0 WHERE part = 'test'",
        "UPDATE toile_evidence SET loss = NULL WHERE part = 'test'",
        "UPDATE toile_evidence SET predictions = confidences WHERE part = 'test'",
        "UPDATE toile_evidence SET confidences = losses WHERE part = 'validation'",
        "UPDATE toile_evidence SET losses = confidences WHERE part = 'test'",
        "UPDATE toile_evidence SET part = 'other' WHERE part = 'validation'",
        "DELETE FROM toile_evidence WHERE part = 'test'",
        "DELETE FROM toile_evidence WHERE part = 'validation'",
        "DELETE FROM toile_evidence",
        "UPDATE toile_run SET evidence_checksum = NULL",
        "UPDATE toile_run SET folder = 'runs/of-another'",
        "UPDATE toile_run SET checksum = NULL",
    ] {
        on_each_engine(|database| {
            let store = ended(database);
            open(&store, "declared run");
            database.sql(change);
            let found = store.check("quick").unwrap().altered;
            let [AlteredRecord::Run { id, .. }] = &found[..] else { panic!("{change}: {found:?}") };
            assert_eq!(*id, run(0, 7, 3).id, "{change}");
            assert!(store.records(Some("quick")).is_err(), "{change}");
        });
    }
}

/// It would look intact then.
#[test]
fn the_test_of_a_run_that_was_altered_before_is_not_recorded() {
    on_each_engine(|database| {
        let store = ended(database);
        database.sql("UPDATE toile_evidence SET accuracy = 1.0 WHERE part = 'validation'");
        assert_eq!(open(&store, "declared run"), Added::Refused);
        assert_eq!(store.test_openings("quick").unwrap(), []);
        assert_eq!(store.check("quick").unwrap().altered.len(), 1);
    });
}

/// Version 4 of the tables had one checksum, which covered what the weights make of the images; this is the one that it
/// wrote for the run.
#[test]
fn a_run_of_version_4_is_intact_and_one_that_was_altered_before_is_not() {
    let back = "ALTER TABLE toile_run DROP COLUMN evidence_checksum;
        UPDATE toile_run SET checksum = '8b264f3f23513f9782a0c96df8a25a81259ba4d0f474b71ab502158792b07334';
        DELETE FROM toile_schema WHERE version = 5";
    for (change, n_altered) in
        [("", 0), ("UPDATE toile_evidence SET accuracy = 1.0", 1), ("UPDATE toile_run SET seed = 8", 1)]
    {
        on_each_engine(|database| {
            open(&ended(database), "declared run");
            database.sql(&format!("{back}; {change}"));
            let store = database.open();
            assert_eq!(store.check("quick").unwrap().altered.len(), n_altered, "{change}");
            if n_altered == 0 {
                assert_eq!(store.run("quick", &run(0, 7, 3).id).unwrap(), Some(run(0, 7, 3)));
            }
        });
    }
}
