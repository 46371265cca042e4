//! Whose a trial is.

use std::time::Duration;

use super::*;

const LONG: Duration = Duration::from_secs(3600);

/// The trial of this key looks as if its worker had been silent for two hours.
fn silence(database: &Database, claim: &Claim) {
    database.sql(&format!(
        "UPDATE toile_trial SET heartbeat = heartbeat - 7200 WHERE trial_id = {}",
        claim.trial_id
    ));
}

fn queue(database: &Database, id: SearchId, number: usize) {
    database
        .sql(&format!("INSERT INTO trials (number, study_id, state) VALUES ({number}, {}, 'WAITING')", id.0));
}

#[test]
fn a_queued_trial_is_claimed_once_with_what_it_was_queued_with() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        queue(database, id, 0);
        database.sql(
            "INSERT INTO trial_system_attributes (trial_id, \"key\", value_json)
            VALUES (1, 'fixed_params', '{\"learning_rate\": 0.1, \"optimizer\": \"adam\"}')",
        );
        let claim = storage.claim_waiting(id, "w").unwrap().unwrap();
        assert_eq!((claim.number, claim.attempt, claim.seed), (0, 1, None));
        assert_eq!(
            claim.fixed,
            [("learning_rate".to_string(), json!(0.1)), ("optimizer".into(), json!("adam"))]
        );
        assert_eq!(storage.claim_waiting(id, "w").unwrap(), None);
        assert!(storage.decide_params(&claim, &[param("learning_rate", 0.1)], 11).unwrap());
        complete(&storage, &claim, 0.5);
        let trial = &storage.trials(id).unwrap()[0];
        assert!(trial.started.is_some());
        assert_eq!(trial.params, [param("learning_rate", 0.1)]);
    });
}

#[test]
fn a_dead_workers_trial_is_taken_over_and_its_own_result_refused() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let dead = storage.create_trial(id, &new_trial(0), "dead").unwrap().unwrap();
        let said = Report { checkpoint: Some(vec![1, 2, 3]), rungs: vec![0.5], ..report(1, 0.5) };
        assert!(storage.report(&dead, &[said]).unwrap());
        assert_eq!(storage.take_over(id, LONG, "heir").unwrap(), None, "it lives");
        silence(database, &dead);
        let heir = storage.take_over(id, LONG, "heir").unwrap().unwrap();
        let meant = Claim {
            attempt: 2,
            fruitless: 1,
            reported: vec![(1, 0.5)],
            rungs: vec![0.5],
            checkpoint: Some(vec![1, 2, 3]),
            ..dead.clone()
        };
        assert_eq!(heir, meant);
        assert_eq!(storage.take_over(id, LONG, "third").unwrap(), None, "the heir lives");
        assert!(!storage.heartbeat(&dead).unwrap());
        assert!(!storage.report(&dead, &[report(2, 0.1)]).unwrap());
        assert!(!storage.decide_params(&dead, &[param("x", 0.1)], 0).unwrap());
        assert!(!storage.put_back(&dead, None).unwrap());
        assert!(!storage.finish(&dead, &ending(0.1)).unwrap());
        assert!(storage.report(&heir, &[report(2, 0.75)]).unwrap());
        assert!(storage.finish(&heir, &ending(0.75)).unwrap());
        let trial = &storage.trials(id).unwrap()[0];
        assert_eq!((&trial.values[..], &trial.intermediate[..]), (&[0.75][..], &[(1, 0.5), (2, 0.75)][..]));
        assert_eq!(trial.side.as_ref().unwrap().attempt, 2);
        assert_eq!(database.number("SELECT count(*) FROM toile_checkpoint"), 0, "nobody needs it any more");
    });
}

#[test]
fn an_only_worker_inherits_each_trial_once_whatever_the_clock_says() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let dead = [0, 1, 2].map(|n| storage.create_trial(id, &new_trial(n), "dead").unwrap().unwrap());
        complete(&storage, &dead[0], 0.5);
        database.sql("UPDATE toile_trial SET heartbeat = heartbeat + 7200");
        let next = |claim: &Claim| Claim { attempt: 2, fruitless: 1, ..claim.clone() };
        assert_eq!(storage.inherit(id, "heir").unwrap(), [next(&dead[1]), next(&dead[2])]);
        assert!(!storage.heartbeat(&dead[1]).unwrap());
        assert!(storage.heartbeat(&next(&dead[1])).unwrap());
        assert!(storage.put_back(&next(&dead[2]), None).unwrap());
        database.sql("UPDATE trials SET state = 'RUNNING' WHERE number = 2");
        assert_eq!(storage.inherit(id, "heir").unwrap().len(), 1, "the other one is Python's now");
        let mut known = HistoryCache::default();
        storage.history(id, &mut known).unwrap();
        assert_eq!(known.trials().iter().map(|trial| trial.attempt).collect::<Vec<_>>(), [1, 3, 0]);
    });
}

#[test]
fn workers_that_die_before_an_epoch_ends_are_counted() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let mut claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        let die = |claim: &Claim| {
            silence(database, claim);
            storage.take_over(id, LONG, "heir").unwrap().unwrap()
        };
        for deaths in 1..=2 {
            claim = die(&claim);
            assert_eq!(claim.fruitless, deaths);
        }
        assert!(storage.report(&claim, &[report(1, 0.5)]).unwrap());
        assert_eq!(die(&claim).fruitless, 1, "an epoch had ended");
    });
}

#[test]
fn a_trial_that_begins_anew_keeps_nothing_but_its_number() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let first = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        let said = Report { checkpoint: Some(vec![1]), rungs: vec![0.5], ..report(1, 0.5) };
        assert!(storage.report(&first, &[said]).unwrap());
        assert!(storage.put_back(&first, None).unwrap());
        assert!(!storage.forget(&first).unwrap(), "it is not its own any more");
        let again = storage.claim_waiting(id, "v").unwrap().unwrap();
        assert!(storage.forget(&again).unwrap());
        assert!(storage.decide_params(&again, &[param("b", 0.25)], 5).unwrap());
        assert!(storage.report(&again, &[report(1, 0.75)]).unwrap());
        let trial = &storage.trials(id).unwrap()[0];
        assert_eq!((&trial.params[..], &trial.intermediate[..]), (&[param("b", 0.25)][..], &[(1, 0.75)][..]));
        assert!(trial.system_attributes.is_empty(), "{:?}", trial.system_attributes);
        assert_eq!(trial.side.as_ref().unwrap().seed, 5);
        assert_eq!(database.number("SELECT count(*) FROM toile_checkpoint"), 0);
    });
}

#[test]
fn a_heartbeat_keeps_a_trial() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        silence(database, &claim);
        assert!(storage.heartbeat(&claim).unwrap());
        assert_eq!(storage.take_over(id, LONG, "heir").unwrap(), None);
        assert_eq!(database.number("SELECT count(*) FROM trial_heartbeats"), 1);
    });
}

#[test]
fn a_trial_that_is_put_back_keeps_all_and_is_claimed_again() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let first = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        assert!(storage.report(&first, &[report(1, 0.5)]).unwrap());
        assert!(storage.put_back(&first, Some(&[9])).unwrap());
        let unset = "SELECT count(*) FROM trials WHERE state = 'WAITING' AND datetime_start IS NULL";
        assert_eq!(database.number(unset), 1);
        assert_eq!(database.number("SELECT count(*) FROM trial_heartbeats"), 0);
        assert!(!storage.heartbeat(&first).unwrap());
        let again = storage.claim_waiting(id, "v").unwrap().unwrap();
        assert_eq!(again, Claim { attempt: 2, reported: vec![(1, 0.5)], checkpoint: Some(vec![9]), ..first });
        assert_eq!(storage.trials(id).unwrap()[0].side.as_ref().unwrap().epochs, [epoch(1)]);
    });
}

#[test]
fn what_python_took_from_the_queue_or_failed_is_not_ours() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let first = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        assert!(storage.put_back(&first, None).unwrap());
        database.sql("UPDATE trials SET state = 'RUNNING'");
        assert_eq!(storage.take_over(id, Duration::ZERO, "heir").unwrap(), None, "it is Python's");
        assert!(!storage.finish(&first, &ending(0.5)).unwrap());
        let second = storage.create_trial(id, &new_trial(1), "w").unwrap().unwrap();
        database.sql(&format!("UPDATE trials SET state = 'FAIL' WHERE trial_id = {}", second.trial_id));
        assert!(!storage.finish(&second, &ending(0.5)).unwrap());
        assert!(storage.trials(id).unwrap()[1].values.is_empty());
    });
}

#[test]
fn to_finish_twice_is_as_good_as_once() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let claim = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        complete(&storage, &claim, 0.5);
        assert!(storage.finish(&claim, &ending(0.75)).unwrap(), "the answer may have been lost on its way");
        assert!(!storage.report(&claim, &[report(3, 0.1)]).unwrap());
        assert_eq!(storage.trials(id).unwrap()[0].values, [0.5]);
    });
}

#[test]
fn the_dead_of_others_are_failed_and_the_living_are_not() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let ours = storage.create_trial(id, &new_trial(0), "w").unwrap().unwrap();
        let old = match database.is_postgres() {
            true => "CURRENT_TIMESTAMP - interval '2 hours'",
            false => "datetime('now', '-2 hours')",
        };
        database.sql(&format!(
            "INSERT INTO trials (number, study_id, state) VALUES (1, {0}, 'RUNNING'), (2, {0}, 'RUNNING'), (3, {0}, 'RUNNING');
             INSERT INTO trial_heartbeats (trial_id, heartbeat) VALUES (2, {old}), (3, CURRENT_TIMESTAMP);
             UPDATE trial_heartbeats SET heartbeat = {old} WHERE trial_id = {1}",
            id.0, ours.trial_id
        ));
        assert_eq!(storage.fail_foreign_stale(id, LONG).unwrap(), 1);
        let states: Vec<_> = storage.trials(id).unwrap().iter().map(|trial| trial.state).collect();
        assert_eq!(states, [State::Running, State::Failed, State::Running, State::Running]);
    });
}

/// As Optuna does it on SQLite, where its `FOR UPDATE` is dropped: it read "waiting" a moment ago, and now takes the
/// trial.
#[test]
fn a_trial_that_is_ours_cannot_be_taken_by_a_late_claim() {
    on_each_engine(|database| {
        if database.is_postgres() {
            return; // Row locks see to it there.
        }
        let (storage, id) = begun(database);
        queue(database, id, 0);
        let claim = storage.claim_waiting(id, "w").unwrap().unwrap();
        let late = || database.try_sql("UPDATE trials SET state = 'RUNNING', datetime_start = '2026-01-01'");
        assert!(late().unwrap_err().contains("claimed already"));
        complete(&storage, &claim, 0.5);
        assert!(late().is_err());
        let again = database.try_sql("UPDATE trials SET state = 'FAIL'");
        assert!(again.unwrap_err().contains("never changed"));
        assert_eq!(storage.trials(id).unwrap()[0].state, State::Complete);
    });
}
