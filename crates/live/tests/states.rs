//! How a study stands, in each row of the table of states, and what is said of it.

use toile_live::{LiveState, StudyState, Watching, sentence};
use toile_record::{End, State};
use toile_store::StudyChanges;

use crate::fixtures::*;

fn said(watching: &Watching) -> (StudyState, String) {
    (watching.state(), sentence(watching, "`toile run FILE`"))
}

fn running() -> Vec<toile_record::RunRecord> {
    vec![run("A", 0, State::Running, (4, 10)), run("B", 1, State::Waiting, (0, 10))]
}

#[test]
fn every_state_has_its_sentence() {
    let (empty, _) = watching(records(vec![], None, 0));
    assert_eq!(said(&empty), (StudyState::Empty, "nothing is planned yet".into()));
    let (fresh, _) = watching(records(vec![run("A", 0, State::Running, (0, 10))], None, 0));
    assert_eq!(said(&fresh), (StudyState::Beginning, "no epoch has ended yet".into()));
    let (running, _) = watching(records(running(), None, 0));
    assert_eq!(
        said(&running),
        (StudyState::Running, "running, about 0:32 left".into()),
        "6 and 10 epochs of 2 s"
    );
    let done = || vec![run("A", 0, State::Complete, (10, 10))];
    let (ending, _) = watching(records(done(), None, 0));
    assert_eq!(ending.state(), StudyState::Finishing);
    let (ended, _) = Watching::new(followed(records(done(), None, 0), Some(false)), NOW);
    assert_eq!(said(&ended), (StudyState::Finished, "finished; the report says what came out".into()));
}

#[test]
fn no_news_for_five_epochs_is_told_with_both_times_and_is_over_with_the_next_epoch() {
    let (mut watched, _) = watching(records(running(), None, 0));
    watched.tick(NOW + 9.0);
    assert_eq!(watched.state(), StudyState::Running);
    let events = watched.tick(NOW + 130.0);
    let (state, words) = said(&watched);
    assert_eq!((state, words.as_str()), (StudyState::Stalled, "no news for 2:10; an epoch took 0:02"));
    assert!(events.iter().any(|event| event.line().is_some_and(|line| line.contains("no news for 2:10"))));
    assert!(watched.tick(NOW + 131.0).is_empty(), "told once");
    let changes = StudyChanges {
        run_epochs: vec![("id-0".into(), vec![epoch(5)])],
        at_work: followed(records(running(), None, 0), Some(true)).at_work,
        ..StudyChanges::default()
    };
    watched.fold(changes, NOW + 132.0);
    assert_eq!((watched.state(), watched.runs()[0].state), (StudyState::Running, LiveState::Running));
}

/// The state column still says "running".
#[test]
fn a_killed_study_is_stopped_since_the_lock_is_free() {
    let (mut watched, _) = watching(records(running(), None, 0));
    let mut gone = running();
    gone[0].state = State::Waiting;
    let at_work = followed(records(gone.clone(), None, 0), Some(false)).at_work;
    let changes = StudyChanges { runs: vec![gone.remove(0)], at_work, ..StudyChanges::default() };
    watched.fold(changes, NOW + 10.0);
    let words = "stopped at 08:00:00, nobody is working on it; go on with `toile run FILE`";
    assert_eq!(said(&watched), (StudyState::Stopped, words.into()));
    let states: Vec<LiveState> = watched.runs().iter().map(|run| run.state).collect();
    assert_eq!(states, [LiveState::Stopped, LiveState::Waiting]);
}

/// On a server there is no lock: the leases tell, by the database's clock and the time since the last look.
#[test]
fn a_worker_that_is_not_heard_of_for_a_lease_is_dead() {
    let mut alive = followed(records(running(), None, 0), None);
    alive.at_work.leases.insert(0, lease(3.0));
    let (mut watched, _) = Watching::new(alive, NOW);
    assert_eq!((watched.state(), watched.runs()[0].state), (StudyState::Running, LiveState::Running));
    watched.tick(NOW + 50.0);
    assert_ne!(watched.state(), StudyState::Stopped);
    watched.tick(NOW + 60.0);
    assert_eq!((watched.state(), watched.runs()[0].state), (StudyState::Stopped, LiveState::Stopped));
    let mut dead = followed(records(running(), None, 0), None);
    dead.at_work.leases.insert(0, lease(3600.0));
    let (watched, _) = Watching::new(dead, NOW);
    assert_eq!(said(&watched).1, "nobody is working on it; go on with `toile run FILE`");
}

#[test]
fn a_failed_run_says_why_and_a_loss_that_is_lost_says_from_which_epoch() {
    let mut lost = run("A", 0, State::Failed, (3, 10));
    lost.end = Some(End::Diverged { epoch: 3, batch: 17 });
    lost.epochs[2].loss = None;
    lost.epochs[2].val_loss = None;
    let (watched, events) = Watching::new(followed(records(vec![lost], None, 0), Some(false)), NOW);
    let training = &watched.runs()[0];
    assert_eq!((training.state, training.not_finite_from), (LiveState::Failed, Some(3)));
    let why = "A failed: the loss was no longer a finite number in epoch 3, batch 17";
    assert!(events.iter().any(|event| event.line().as_deref() == Some(why)), "{events:?}");
    assert_eq!(said(&watched).1, "finished; 1 run or trial failed, the report says why");
}
