//! A test part that is sealed, opened early, or used again: nothing is shown that is not known, and why is said.

use crate::common;

use toile_record::{Records, State, TestOpening};
use toile_report::{ReportView, html, markdown, results_json, view};

fn searched() -> Records {
    common::searched(common::records(1))
}

/// The same before its test part was opened, with a run that waits.
fn sealed() -> Records {
    let mut records = searched();
    records.runs.iter_mut().for_each(|run| run.test = None);
    (records.test_openings, records.images) = (vec![], vec![]);
    records.runs[0].state = State::Waiting;
    records
}

fn fact(view: &ReportView) -> String {
    let setup = view.section("setup").expect("a set-up");
    setup.facts.iter().find(|fact| fact.label == "Test set").expect("a line").value.clone()
}

#[test]
fn a_sealed_test_has_no_numbers_on_any_face_and_one_sentence_on_why() {
    let records = sealed();
    let seen = view(&records);
    let why = "The test part is sealed until all trainings of the study have ended; `toile run --open-test` opens it \
               earlier.";
    assert_eq!(seen.sealed.as_deref(), Some(why));
    assert_eq!(markdown(&seen).matches("The test part is sealed").count(), 1);
    assert_eq!(html(&seen).matches("The test part is sealed").count(), 1);
    assert_eq!(fact(&seen), "never opened");
    let json: serde_json::Value = serde_json::from_str(&results_json(&records, &view(&records))).unwrap();
    for run in json["runs"].as_array().unwrap().iter().filter(|run| !run["final"].is_null()) {
        assert!(run["final"]["test_accuracy"].is_null() && run["confusion_matrix"].is_null());
    }
    assert!(json["searches"][0]["final"]["test_accuracy"].is_null());
    assert_eq!(view(&searched()).sealed, None);
}

#[test]
fn what_is_still_sealed_is_counted_and_an_end_of_all_trainings_is_seen() {
    let mut records = common::records(1);
    records.runs[2].test = None;
    let sentence = |records: &Records| view(records).sealed.expect("something is sealed");
    assert!(
        sentence(&records).starts_with("All trainings of the study have ended, and the test part of 1 of ")
    );
    records.runs[0].state = State::Running;
    assert!(sentence(&records).starts_with("The test part of 1 of "), "{}", sentence(&records));
}

#[test]
fn an_early_opening_is_no_opening_after_training_only() {
    let mut records = searched();
    assert!(fact(&view(&records)).contains("after training only"));
    records.test_openings[0].why = TestOpening::early(3, 18);
    let fact = fact(&view(&records));
    assert!(!fact.contains("after training only"), "{fact}");
    assert!(fact.contains("1 × opened early with --open-test: 3 of 18 trainings had not ended"), "{fact}");
}

/// The trials of the search end after some of the openings, and before others.
#[test]
fn a_choice_after_an_early_opening_is_called_a_reused_test() {
    let mut records = searched();
    let says = |records: &Records| {
        let view = view(records);
        let chosen = view.searches.sections[0].chosen.clone().expect("a chosen run");
        let says = chosen.sentence.contains("reused test");
        assert_eq!(says, fact(&view).contains("reused test for what was chosen by “joint”"));
        says
    };
    assert!(!says(&records), "runs of the study file were tested before, and nobody had asked for that");
    let last = records.searches[0].trials.iter().filter_map(|trial| trial.completed.clone()).max().unwrap();
    records.test_openings[0].why = TestOpening::early(3, 18);
    assert!(records.test_openings[0].time < last);
    assert!(says(&records));
    records.test_openings[0].time = "2999-01-01T00:00:00Z".into();
    assert!(!says(&records), "opened after the choice");
    // What the search had chosen when it was shorter was tested.
    let earlier = TestOpening {
        time: "2000-01-01T00:00:00Z".into(),
        run_id: "gone".into(),
        why: "chosen by the search `joint`".into(),
    };
    records.test_openings.insert(0, earlier);
    assert!(says(&records));
}
