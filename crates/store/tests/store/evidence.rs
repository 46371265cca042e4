//! What the weights of a run make of each image: kept, made again where an earlier version did not, never changed.

use super::*;

/// A run as an earlier version has left it.
fn old_run() -> RunRecord {
    let mut run = run(0, 7, 3);
    run.validation = None;
    run.test.as_mut().unwrap().losses.clear();
    run
}

#[test]
fn what_a_run_lacks_is_told_and_can_be_added_once_its_record_agrees() {
    let (dir, whole, old) = (tempfile::tempdir().unwrap(), run(0, 7, 3), old_run());
    let store = planned(dir.path(), &old);
    assert_eq!(store.lacking_evidence("quick").unwrap(), []);
    train(&store, &old);
    assert_eq!(store.lacking_evidence("quick").unwrap(), Part::ALL.map(|part| (old.id.clone(), part)));

    let add = |part, evidence: &Evidence| store.add_evidence("quick", &old.id, part, evidence).unwrap();
    let test = whole.test.clone().unwrap();
    for wrong in [
        Evidence { accuracy: 0.5, ..test.clone() },
        Evidence { loss: None, ..test.clone() },
        Evidence { predictions: vec![0, 1, 0, 1], ..test.clone() },
        Evidence { confidences: vec![0.5; 4], ..test.clone() },
    ] {
        assert_eq!(add(Part::Test, &wrong), Added::Refused, "{wrong:?}");
    }
    assert_eq!(found(&store, &old), old);
    assert_eq!(add(Part::Test, &test), Added::Known);
    assert_eq!(add(Part::Validation, whole.validation.as_ref().unwrap()), Added::New);
    assert_eq!(found(&store, &old), whole);
    assert_eq!(store.lacking_evidence("quick").unwrap(), []);
    assert_eq!(store.check("quick").unwrap().altered, []);

    let other = Evidence { losses: vec![0.0; 4], ..test };
    assert_eq!(add(Part::Test, &other), Added::Refused, "what is known does not change");
    assert_eq!(found(&store, &old), whole);
}

/// A copy that was made before the evidence was there is completed by a later one, in both directions.
#[test]
fn a_copy_gets_what_only_the_original_knows() {
    let (whole, old) = (run(0, 7, 3), old_run());
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [original, copy] = [&dirs[0], &dirs[1]].map(|dir| {
        let store = planned(dir.path(), &old);
        train(&store, &old);
        store
    });
    for part in Part::ALL {
        original.add_evidence("quick", &old.id, part, whole.evidence(part).unwrap()).unwrap();
    }
    let mut records = original.records(None).unwrap();
    copy.copy_study(&records).unwrap();
    assert_eq!(found(&copy, &old), whole);
    assert_eq!(copy.check("quick").unwrap().altered, []);
    // The other way round nothing is lost, neither of the run nor of the split.
    records.runs = vec![old.clone()];
    (records.study.data.split.validation_images, records.study.data.split.validation_labels) =
        Default::default();
    copy.copy_study(&records).unwrap();
    assert_eq!(found(&copy, &old), whole);
    assert_eq!(copy.study(None).unwrap(), Some(study()));
    // Of other weights nothing is taken.
    let other = RunRecord { weights_sha256: Some("33".repeat(32)), ..whole };
    let third = tempfile::tempdir().unwrap();
    let third = planned(third.path(), &old);
    train(&third, &old);
    third.copy_runs(&study(), &[other]).unwrap();
    assert_eq!(found(&third, &old), old);
}

#[test]
fn an_altered_run_gets_no_evidence_that_would_make_it_look_intact() {
    let (dir, old) = (tempfile::tempdir().unwrap(), old_run());
    let store = planned(dir.path(), &old);
    train(&store, &old);
    let file = dir.path().join(STORE_FILE);
    rusqlite::Connection::open(file).unwrap().execute("UPDATE toile_run SET seed = -5", []).unwrap();
    let validation = run(0, 7, 3).validation.unwrap();
    let added = store.add_evidence("quick", &old.id, Part::Validation, &validation).unwrap();
    assert_eq!(added, Added::Refused);
    assert_eq!(store.check("quick").unwrap().altered.len(), 1);
}

/// What leads from today's tables to those of version 3: they had the test in the run's row, neither losses nor the
/// validation images, and a checksum of the run that covered its test. The checksum is the one that it wrote.
const BACK: &str = "
    ALTER TABLE toile_run ADD COLUMN test_loss REAL;
    ALTER TABLE toile_run ADD COLUMN test_accuracy REAL;
    ALTER TABLE toile_run ADD COLUMN predictions BLOB;
    ALTER TABLE toile_run ADD COLUMN confidences BLOB;
    UPDATE toile_run SET (test_loss, test_accuracy, predictions, confidences) =
        (SELECT loss, accuracy, predictions, confidences FROM toile_evidence e WHERE e.trial_id = toile_run.trial_id);
    DROP TRIGGER toile_forget_trial;
    DROP TABLE toile_evidence;
    ALTER TABLE toile_study DROP COLUMN validation_images;
    ALTER TABLE toile_study DROP COLUMN validation_labels;
    ALTER TABLE toile_run DROP COLUMN evidence_checksum;
    UPDATE toile_run SET checksum = '82946b9090ba59eb567b5f1ccf17fe1967affecb13c052cf804c91ec8842d9c9';
    DELETE FROM toile_schema WHERE version >= 4";

/// A folder as version 3 left it, with this run.
fn of_version_3(old: &RunRecord) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut study = study();
    (study.data.split.validation_images, study.data.split.validation_labels) = Default::default();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&study).unwrap();
    store.save_plan("quick", std::slice::from_ref(old)).unwrap();
    train(&store, old);
    drop(store);
    sql(dir.path(), BACK);
    dir
}

fn sql(dir: &Path, sql: &str) {
    rusqlite::Connection::open(dir.join(STORE_FILE)).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_test_of_version_3_moves_and_stays_intact() {
    let old = old_run();
    let dir = of_version_3(&old);
    let looked = Store::open_read_only(dir.path()).unwrap().records(None).unwrap();
    assert_eq!(looked.runs, std::slice::from_ref(&old), "only read, it is brought up to date in memory");
    let store = Store::open(dir.path()).unwrap();
    assert_eq!(found(&store, &old), old);
    assert_eq!(store.check("quick").unwrap().altered, []);
    assert_eq!(store.lacking_evidence("quick").unwrap(), Part::ALL.map(|part| (old.id.clone(), part)));
    assert!(dir.path().join("store.version-3.sqlite").is_file());
}

#[test]
fn what_was_altered_before_the_tables_changed_is_still_noticed_after() {
    for change in ["UPDATE toile_run SET test_accuracy = 1.0", "UPDATE toile_run SET seed = 8"] {
        let dir = of_version_3(&old_run());
        sql(dir.path(), change);
        let store = Store::open(dir.path()).unwrap();
        assert_eq!(store.check("quick").unwrap().altered.len(), 1, "{change}");
    }
}
