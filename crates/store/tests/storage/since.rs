//! Looking on: what was known, with the changes of each look folded in, is what a fresh reading gives.

use std::time::Duration;

use toile_rng::{Seed, Stream};

use super::*;

/// A database as somebody sees it who only looks on.
fn looking(database: &Database) -> Store {
    match database {
        Database::Sqlite { path, .. } => Store::read_only(path).unwrap(),
        Database::Postgres { .. } => Store::postgres_to_look(&database.url(), Patience::default()).unwrap(),
    }
}

/// Somebody at work who does one thing after another, as chance will have it.
struct Worker<'d> {
    database: &'d Database,
    store: Store,
    chance: Stream,
    runs: Vec<(Claim, RunRecord)>,
    trials: Vec<Claim>,
    clock: usize,
}

fn unfinished(run: RunRecord, epochs: usize, clock: usize) -> RunRecord {
    let mut run = RunRecord {
        state: State::Waiting,
        end: None,
        validation: None,
        test: None,
        weights_sha256: None,
        layers: Vec::new(),
        ..run
    };
    run.epochs.truncate(epochs);
    run.provenance.started = format!("2026-01-01T00:00:{clock:05}Z");
    run
}

impl Worker<'_> {
    fn below(&mut self, bound: usize) -> usize {
        self.chance.below(bound as u32) as usize
    }

    fn plan(&mut self) -> Vec<RunRecord> {
        let mut plan = Vec::new();
        for position in 0..4 {
            for seed in 0..2 {
                let mut run = unfinished(fixtures::run(position, seed, 6), 0, 0);
                run.provenance.started = String::new();
                run.note = [None, Some("another".into())][self.below(2)].clone();
                if self.below(5) > 0 {
                    plan.push(run);
                }
            }
        }
        plan
    }

    fn claim_run(&mut self) {
        let (position, seed) = (self.below(4), self.below(2) as u64);
        let whole = fixtures::run(position, seed, 6);
        let again = self.below(6) == 0;
        // One that was never planned is refused.
        let Ok(Some(claim)) = self.store.claim_run("quick", &whole.id, "w", again) else { return };
        self.clock += 1;
        let run = unfinished(whole, self.chance.below(3) as usize, self.clock);
        if self.below(4) > 0 {
            assert_eq!(self.store.save(&[Change::Begin(&claim, &run)]).unwrap(), [true]);
        }
        self.runs.push((claim, run));
    }

    fn move_run(&mut self) {
        if self.runs.is_empty() {
            return;
        }
        let place = self.below(self.runs.len());
        let next = self.runs[place].1.epochs.len() + 1;
        let bytes = [7; 3];
        match self.below(8) {
            0 => {
                let (claim, _) = self.runs.remove(place);
                self.store.save(&[Change::PutBack(&claim, Some(&bytes))]).unwrap();
            }
            1 if next > 2 => {
                let (claim, run) = self.runs.remove(place);
                let mut whole = fixtures::run(run.position, run.seed, run.epochs.len());
                whole.test = None;
                if next.is_multiple_of(2) {
                    whole.state = State::Failed;
                    whole.end = Some(End::Broke { panic: "on purpose".into() });
                }
                self.store.save(&[Change::Finish(&claim, &whole, Some(&bytes))]).unwrap();
            }
            2 => drop(self.store.save(&[Change::Checkpoint(&self.runs[place].0, &bytes)]).unwrap()),
            _ => {
                let (claim, run) = &mut self.runs[place];
                let more = epoch(next);
                if self.store.save(&[Change::Epoch(claim, &more)]).unwrap() == [true] {
                    run.epochs.push(more);
                }
            }
        }
    }

    fn test(&mut self) {
        let run = fixtures::run(self.below(4), self.below(2) as u64, 6);
        let why =
            TestOpening { time: "2026-01-02T00:00:00Z".into(), run_id: run.id, why: "declared run".into() };
        let image = ImageRecord { index: self.below(4), pixels: vec![3; 784] };
        match self.below(3) {
            0 => self.store.save_images("quick", &[image]).unwrap(),
            1 => self.store.save_test_opening("quick", &why).unwrap(),
            // Of a run that was never planned nothing is known.
            _ => drop(self.store.open_test("quick", &why, &run.test.unwrap(), &[image])),
        }
    }

    fn search(&mut self) {
        let name = ["joint", "other"][self.below(2)];
        let more = SearchRecord { n_trials: 20 + self.below(2), ..search(name) };
        let id = self.store.ensure_search("quick", &more).unwrap();
        match self.below(6) {
            0 => self.store.stop_search(id, "enough").unwrap(),
            1 => self.store.resume_search(id).unwrap(),
            2 => self.store.save_chosen_run("quick", name, "id-1-1").unwrap(),
            3 if self.below(4) == 0 => {
                let other = SearchRecord { fingerprint: format!("{}", self.clock), ..search(name) };
                self.clock += 1;
                self.store.ensure_search("quick", &other).unwrap();
            }
            _ => {
                let number = self.store.trials(id).unwrap().len();
                let begun = self.store.create_trial(id, &new_trial(number), "w").unwrap();
                self.trials.extend(begun);
            }
        }
    }

    fn move_trial(&mut self) {
        if self.trials.is_empty() {
            return;
        }
        let place = self.below(self.trials.len());
        let claim = self.trials[place].clone();
        match self.below(8) {
            0 => {
                self.store.finish(&self.trials.remove(place), &ending(0.5)).unwrap();
            }
            1 => {
                self.store.put_back(&self.trials.remove(place), Some(&[1])).unwrap();
            }
            2 => {
                self.store.set_user_attribute(&claim, "mood", &json!(self.clock)).unwrap();
            }
            3 => {
                self.store.heartbeat(&claim).unwrap();
            }
            4 => {
                let searches = self.store.searches(Some("quick")).unwrap();
                for (id, _) in searches {
                    self.trials.extend(self.store.claim_waiting(id, "w").unwrap());
                    self.trials.extend(self.store.take_over(id, Duration::ZERO, "v").unwrap());
                }
            }
            5 if self.below(3) == 0 => {
                self.store.forget(&claim).unwrap();
            }
            _ => {
                let step = 1 + self.below(9);
                self.store.report(&claim, &[report(step as i64, 0.1 * step as f64)]).unwrap();
            }
        }
    }

    /// What Optuna's tools may do to a trial.
    fn delete(&mut self) {
        let which = "(SELECT max(trial_id) FROM toile_training WHERE trial_id NOT IN (SELECT trial_id FROM toile_run))";
        let tables = ["params", "values", "intermediate_values", "user_attributes", "system_attributes"];
        let mut sql: Vec<String> =
            tables.map(|table| format!("DELETE FROM trial_{table} WHERE trial_id = {which};")).into();
        sql.push(format!("DELETE FROM trial_heartbeats WHERE trial_id = {which};"));
        sql.push(format!("DELETE FROM trials WHERE trial_id = {which};"));
        self.database.sql(&sql.concat());
    }

    fn act(&mut self) {
        match self.below(24) {
            0 => {
                let question = Some(format!("Does it keep {}?", self.clock));
                self.store.save_study(&StudyRecord { question, ..fixtures::study() }).unwrap();
            }
            1 | 2 => {
                let plan = self.plan();
                self.store.save_plan("quick", &plan).unwrap();
            }
            3..6 => self.claim_run(),
            6..12 => self.move_run(),
            12 => self.test(),
            13..17 => self.search(),
            17 if self.below(3) == 0 => self.delete(),
            _ => self.move_trial(),
        }
    }
}

/// The law, for many histories.
#[test]
fn what_was_known_and_all_changes_are_what_is_recorded() {
    on_each_engine(|database| {
        let store = database.open();
        store.save_study(&fixtures::study()).unwrap();
        let (runs, trials) = (Vec::new(), Vec::new());
        let mut chance = Seed::new(7).stream("acts", 0);
        let looks = if database.is_postgres() { 150 } else { 600 };
        let viewer = looking(database);
        let (mut followed, mut cursor) = viewer.follow(None).unwrap();
        let mut version = viewer.version().unwrap();
        let mut seen = [0; 3];
        let mut worker =
            Worker { database, store, chance: Seed::new(7).stream("work", 1), runs, trials, clock: 1 };
        for look in 0..looks {
            (0..=chance.below(4)).for_each(|_| worker.act());
            let before = followed.clone();
            let changes = viewer.changes_since(&mut cursor).unwrap();
            seen[0] += usize::from(!changes.run_epochs.is_empty());
            seen[1] += usize::from(!changes.trials.is_empty());
            seen[2] += usize::from(!changes.gone_trials.is_empty());
            followed.fold(changes);
            let recorded = viewer.records(Some("quick")).unwrap();
            assert_eq!(format!("{:?}", followed.records), format!("{recorded:?}"), "look {look}");
            let now = viewer.version().unwrap();
            assert!(now != version || before.records == followed.records, "look {look}: the version stands");
            version = now;
            let (fresh, _) = viewer.follow(Some("quick")).unwrap();
            assert_eq!(
                (fresh.search_ids, fresh.stopped),
                (followed.search_ids.clone(), followed.stopped.clone())
            );
            let nothing = viewer.changes_since(&mut cursor).unwrap();
            assert!(nothing.is_empty(), "look {look}: {nothing:?}");
        }
        assert!(seen.iter().all(|seen| *seen > 2), "the chance was too small to see much: {seen:?}");
    });
}

/// The lock tells who is at work, whatever the states say.
#[test]
fn a_folder_that_nobody_holds_has_no_run_under_way() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&fixtures::study()).unwrap();
    let run = unfinished(fixtures::run(0, 1, 6), 2, 1);
    store.save_plan("quick", std::slice::from_ref(&run)).unwrap();
    let claim = store.claim_run("quick", &run.id, "w", false).unwrap().unwrap();
    store.save(&[Change::Begin(&claim, &run)]).unwrap();
    let viewer = Store::open_read_only(dir.path()).unwrap();
    let (mut followed, mut cursor) = viewer.follow(None).unwrap();
    let version = viewer.version().unwrap();
    assert_eq!((followed.records.runs[0].state, followed.at_work.is_held), (State::Running, Some(true)));
    let lease = &followed.at_work.leases[&followed.at_work.trial_of_run[&run.id]];
    assert!(lease.worker.as_deref() == Some("w") && lease.silent_seconds.is_some_and(|silent| silent < 60.0));
    drop(store);
    assert_ne!(viewer.version().unwrap(), version, "nothing was written, but nobody is at work any more");
    followed.fold(viewer.changes_since(&mut cursor).unwrap());
    assert_eq!((followed.records.runs[0].state, followed.at_work.is_held), (State::Waiting, Some(false)));
    assert_eq!(followed.records, viewer.records(None).unwrap());
}

/// A reader that stays in a transaction would let the log grow for ever.
#[test]
fn looking_holds_nothing_back() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&fixtures::study()).unwrap();
    let run = unfinished(fixtures::run(0, 1, 6), 0, 1);
    store.save_plan("quick", std::slice::from_ref(&run)).unwrap();
    let claim = store.claim_run("quick", &run.id, "w", false).unwrap().unwrap();
    let viewers = [(); 2].map(|()| Store::open_read_only(dir.path()).unwrap());
    let mut cursors = viewers.each_ref().map(|viewer| viewer.follow(None).unwrap().1);
    let writer = rusqlite::Connection::open(dir.path().join(STORE_FILE)).unwrap();
    for number in 1..40 {
        store.save(&[Change::Epoch(&claim, &epoch(number))]).unwrap();
        for (viewer, cursor) in viewers.iter().zip(&mut cursors) {
            viewer.version().unwrap();
            assert_eq!(viewer.changes_since(cursor).unwrap().run_epochs[0].1.len(), 1);
        }
        let emptied: i64 = writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0)).unwrap();
        assert_eq!(emptied, 0, "after {number} epochs somebody was in the way");
    }
    assert!(viewers[0].save_images("quick", &[]).is_err(), "who looks on writes nothing");
}

#[test]
fn a_store_that_was_put_elsewhere_is_said_to_be_gone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    store.save_study(&fixtures::study()).unwrap();
    drop(store);
    let viewer = Store::open_read_only(dir.path()).unwrap();
    assert_eq!(viewer.version().unwrap(), viewer.version().unwrap());
    std::fs::rename(dir.path().join(STORE_FILE), dir.path().join("elsewhere")).unwrap();
    assert!(matches!(viewer.version().unwrap_err(), StoreError::Gone { .. }));
}

#[test]
fn a_server_without_tables_is_not_given_any_by_looking() {
    on_each_engine(|database| {
        if database.is_postgres() {
            let error = Store::postgres_to_look(&database.url(), Patience::default()).err().unwrap();
            assert!(matches!(error, StoreError::NotMigrated { found: 0, .. }), "{error}");
            assert_eq!(database.number("SELECT count(*) FROM pg_tables WHERE tablename = 'studies'"), 0);
        }
    });
}
