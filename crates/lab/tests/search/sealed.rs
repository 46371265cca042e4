//! The test part of a whole study: declared runs, searches, and what these choose.

use super::whole::{StudyWork, records, study_in};
use super::*;

/// One declared run next to the search.
fn study(lines: &str) -> Plan {
    planned(&format!("{lines}\n[[runs]]\nname = \"R\"\nmodel = \"plain\"\n"))
}

fn work(
    plan: &Plan,
    dir: &Path,
    only: &[&str],
    open_test: bool,
    events: &(dyn Fn(Event) + Sync),
) -> StudyOutcome {
    study_in(plan, dir, &StudyWork { only, open_test, ..StudyWork::default() }, events)
}

/// The runs that have been tested, by name, in the order of the plan.
fn tested(dir: &Path) -> Vec<String> {
    let runs = records(dir).runs.into_iter();
    runs.filter(|run| run.test.is_some()).map(|run| run.name).collect()
}

fn reasons(dir: &Path) -> Vec<String> {
    records(dir).test_openings.into_iter().map(|opening| opening.why).collect()
}

#[test]
fn it_is_opened_when_the_chosen_run_has_ended_and_not_before() {
    let (plan, dir) = (study(&format!("{SPACE}n_trials = 3")), tempfile::tempdir().unwrap());
    let sealed_ends = AtomicUsize::new(0);
    work(&plan, dir.path(), &[], false, &|event| {
        if let Event::TrainingEnded(_) = event {
            assert_eq!(tested(dir.path()), [""; 0]);
            sealed_ends.fetch_add(1, Ordering::Relaxed);
        }
    });
    assert_eq!(sealed_ends.into_inner(), 5, "the declared run, three trials, the chosen run");
    assert_eq!(tested(dir.path()), ["R", "joint: best"]);
    assert_eq!(reasons(dir.path()), ["declared run", "chosen by the search `joint`"]);
}

#[test]
fn part_of_a_study_leaves_it_sealed() {
    let (plan, dir) = (study(&format!("{SPACE}n_trials = 3")), tempfile::tempdir().unwrap());
    work(&plan, dir.path(), &["R"], false, &|_| {});
    assert_eq!(tested(dir.path()), [""; 0], "the search is open");
    // It stops within the search.
    let stop = AtomicBool::new(false);
    let until = StudyWork { only: &["joint"], stop: &stop, ..StudyWork::default() };
    let outcome = study_in(&plan, dir.path(), &until, &|event| {
        if matches!(event, Event::EpochEnded { training: TrainingKey::Trial { number: 1, .. }, .. }) {
            stop.store(true, Ordering::Relaxed);
        }
    });
    assert!(outcome.searches[0].interrupted);
    assert_eq!(tested(dir.path()), [""; 0], "trials are missing");
    work(&plan, dir.path(), &["joint"], false, &|_| {});
    assert_eq!(tested(dir.path()), ["R", "joint: best"], "nothing is missing any more");
}

/// Three trials and the chosen run are to come.
#[test]
fn an_early_opening_says_how_much_of_the_study_was_to_come() {
    let (plan, dir) = (study(&format!("{SPACE}n_trials = 3")), tempfile::tempdir().unwrap());
    let of_search = Mutex::new(None);
    work(&plan, dir.path(), &[], true, &|event| {
        if let Event::SearchStarted { .. } = event {
            *of_search.lock().unwrap() = Some(tested(dir.path()));
        }
    });
    assert_eq!(of_search.into_inner().unwrap(), Some(vec!["R".to_owned()]), "open before the search begins");
    let early = "opened early with --open-test: 4 of 5 trainings had not ended";
    assert_eq!(reasons(dir.path()), [early, "chosen by the search `joint`"]);
}

#[test]
fn a_search_that_chooses_nothing_has_ended_too() {
    let wild = "optimizer = { sgd = { learning_rate = { low = 1e30, high = 1e35, log = true } } }";
    let (plan, dir) = (study(&format!("{wild}\nn_trials = 2\n")), tempfile::tempdir().unwrap());
    work(&plan, dir.path(), &[], false, &|_| {});
    assert_eq!(tested(dir.path()), ["R"]);
    assert_eq!(reasons(dir.path()), ["declared run"]);
}

/// A search of which more is asked for opens the study again: what is known stays, what is new is sealed.
#[test]
fn what_a_longer_search_chooses_is_sealed_until_that_has_ended() {
    let dir = tempfile::tempdir().unwrap();
    work(&study(&format!("{SPACE}n_trials = 2")), dir.path(), &[], false, &|_| {});
    let longer = study(&format!("{SPACE}n_trials = 8"));
    work(&longer, dir.path(), &["R"], false, &|_| {});
    assert_eq!(tested(dir.path()), ["R"], "the first choice has left the plan");
    work(&longer, dir.path(), &[], false, &|_| {});
    assert_eq!(tested(dir.path()), ["R", "joint: best"]);
}
