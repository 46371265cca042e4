//! Many at once: nothing is done twice, nothing is lost.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use super::*;

#[test]
fn sixty_queued_trials_are_claimed_once_each_by_eight() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let rows: Vec<_> = (0..60).map(|number| format!("({number}, {}, 'WAITING')", id.0)).collect();
        database.sql(&format!("INSERT INTO trials (number, study_id, state) VALUES {}", rows.join(", ")));
        let claimed = Mutex::new(Vec::new());
        let work = |worker: usize| {
            let own = database.open();
            while let Some(claim) = own.claim_waiting(id, &format!("w{worker}")).unwrap() {
                complete(&own, &claim, 0.5);
                claimed.lock().unwrap().push(claim.number);
            }
        };
        std::thread::scope(|scope| (0..8).for_each(|worker| drop(scope.spawn(move || work(worker)))));
        let mut claimed = claimed.into_inner().unwrap();
        claimed.sort_unstable();
        assert_eq!(claimed, (0..60).collect::<Vec<_>>());
        assert!(storage.trials(id).unwrap().iter().all(|trial| trial.state == State::Complete));
    });
}

#[test]
fn trials_are_created_side_by_side_without_gaps_or_doubles() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let work = |worker: usize| {
            let own = database.open();
            for number in 0..40 {
                if let Some(claim) = own.create_trial(id, &new_trial(number), &format!("w{worker}")).unwrap()
                {
                    complete(&own, &claim, number as f64);
                }
            }
        };
        std::thread::scope(|scope| (0..6).for_each(|worker| drop(scope.spawn(move || work(worker)))));
        let trials = storage.trials(id).unwrap();
        let numbers: Vec<_> = trials.iter().map(|trial| (trial.number, trial.values[0])).collect();
        assert_eq!(numbers, (0..40).map(|number| (number, number as f64)).collect::<Vec<_>>());
    });
}

#[test]
fn of_many_heirs_one_takes_over_and_one_result_counts() {
    on_each_engine(|database| {
        let (storage, id) = begun(database);
        let claims: Vec<_> = (0..10)
            .map(|number| storage.create_trial(id, &new_trial(number), "dead").unwrap().unwrap())
            .collect();
        database.sql("UPDATE toile_trial SET heartbeat = 0");
        let ended = Mutex::new(Vec::new());
        let inherit = || {
            let own = database.open();
            while let Some(claim) = own.take_over(id, Duration::from_secs(60), "heir").unwrap() {
                if own.finish(&claim, &ending(2.0)).unwrap() {
                    ended.lock().unwrap().push(claim.number);
                }
            }
        };
        let rise_again = || {
            let own = database.open();
            for claim in &claims {
                if own.finish(claim, &ending(1.0)).unwrap() {
                    ended.lock().unwrap().push(claim.number);
                }
            }
        };
        std::thread::scope(|scope| {
            (0..4).for_each(|_| drop(scope.spawn(inherit)));
            scope.spawn(rise_again);
        });
        let ended = ended.into_inner().unwrap();
        assert_eq!(ended.len(), 10);
        assert_eq!(ended.iter().collect::<BTreeSet<_>>().len(), 10);
        for trial in storage.trials(id).unwrap() {
            let attempt = trial.side.unwrap().attempt;
            assert_eq!(trial.values, [attempt as f64], "the value is that of whoever ended it");
        }
    });
}

#[test]
fn twenty_open_an_empty_database_at_once() {
    on_each_engine(|database| {
        let ids = Mutex::new(BTreeSet::new());
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let id = database.open().ensure_search("quick", &search("joint")).unwrap();
                    ids.lock().unwrap().insert(id);
                });
            }
        });
        assert_eq!(ids.into_inner().unwrap().len(), 1);
        assert_eq!(database.number("SELECT count(*) FROM studies"), 1);
        assert_eq!(database.number("SELECT count(*) FROM version_info"), 1);
        assert_eq!(database.number("SELECT count(*) FROM alembic_version"), 1);
    });
}
