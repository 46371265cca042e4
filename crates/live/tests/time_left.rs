//! One time left for runs and searches together.

use toile_record::State;

use crate::fixtures::*;

/// Twenty of sixty seconds of a run; three of five trials of twenty seconds are to come.
#[test]
fn runs_and_searches_have_one_time_left() {
    let trials = vec![trial(0, State::Complete, 10), trial(1, State::Complete, 10)];
    let (watched, _) = watching(records(vec![run("A", 0, State::Running, (10, 30))], Some(trials), 5));
    let progress = watched.progress();
    assert_eq!((progress.runs, progress.trials, progress.under_way), ((0, 1), (2, 5), 1));
    assert_eq!(progress.left, Some(40.0 + 3.0 * 20.0));
    assert_eq!(progress.fraction, Some(60.0 / 160.0));
}

/// What is done side by side is done in half the time, but not before the longest is done.
#[test]
fn trainings_side_by_side_share_the_time() {
    let two = vec![run("A", 0, State::Running, (10, 30)), run("B", 1, State::Running, (10, 20))];
    let (watched, _) = watching(records(two, None, 0));
    assert_eq!(watched.progress().left, Some(40.0), "the longer one has forty seconds left");
    let three = vec![
        run("A", 0, State::Running, (10, 30)),
        run("B", 1, State::Running, (10, 30)),
        run("C", 2, State::Waiting, (0, 30)),
    ];
    let (watched, _) = watching(records(three, None, 0));
    assert_eq!(watched.progress().left, Some((40.0 + 40.0 + 60.0) / 2.0));
}

/// It took an epoch of a trial to be as long as one of a run: beside a large network, two days in place of a quarter of
/// an hour.
#[test]
fn before_any_trial_tells_its_operations_take_as_long_as_those_of_runs() {
    let complete = vec![run("A", 0, State::Complete, (10, 10))];
    let mut asked = records(complete.clone(), Some(vec![]), 4);
    // Of a run, 54 images of 1,000 operations take two seconds.
    asked.searches[0].search.plan["trial_operations"] = (10.0 * 54.0 * 500.0).into();
    assert_eq!(watching(asked.clone()).0.progress().left, Some(4.0 * 10.0 * 1.0));
    let mut second = asked.searches[0].clone();
    second.search.name = "another".into();
    second.search.plan["trial_operations"] = (5.0 * 54.0 * 500.0).into();
    asked.searches[0].trials = (0..4).map(|number| trial(number, State::Complete, 10)).collect();
    asked.searches.push(second);
    assert_eq!(
        watching(asked).0.progress().left,
        Some(4.0 * 10.0),
        "as the trials of the other search, half as long"
    );
    let unknown = [records(complete, Some(vec![]), 4), records(vec![], Some(vec![]), 4)];
    for records in unknown {
        assert_eq!(watching(records).0.progress().left, None, "nothing is known, so nothing is said");
    }
}

#[test]
fn a_search_that_begins_no_more_trials_leaves_nothing() {
    let trials = vec![trial(0, State::Complete, 10)];
    let mut stopped = followed(records(vec![], Some(trials), 50), Some(true));
    stopped.stopped = vec![Some("no better trial for 10 trials".into())];
    let (watched, _) = toile_live::Watching::new(stopped, NOW);
    assert_eq!((watched.progress().left, watched.progress().fraction), (Some(0.0), Some(1.0)));
    assert_eq!(watched.state(), toile_live::StudyState::Finishing);
}

#[test]
fn the_best_so_far_is_of_what_has_ended_and_who_is_ahead_is_named() {
    let runs = vec![
        run("A", 0, State::Complete, (2, 10)),
        run("B", 1, State::Complete, (4, 10)),
        run("C", 2, State::Running, (3, 10)),
    ];
    let (watched, _) = watching(records(runs.clone(), None, 0));
    let study = watched.study(NOW);
    assert_eq!((study.best, study.ahead), (Some((1, 1.0 - 0.5 / 4.0)), None));
    let mut runs = runs;
    runs[2].epochs = (1..=5).map(epoch).collect();
    let (watched, _) = watching(records(runs, None, 0));
    assert_eq!(watched.study(NOW).ahead, Some(2));
}
