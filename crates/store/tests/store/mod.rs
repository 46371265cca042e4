//! The store as its users see it: what was saved is there, whatever happened in between.

use crate::fixtures;

mod evidence;
mod refused;
mod runs;
mod searches;

use std::path::Path;

use fixtures::{run, study};
use toile_record::*;
use toile_store::*;

/// A store in a folder, with the study in it.
fn opened(dir: &Path) -> Store {
    let store = Store::open(dir).unwrap();
    store.save_study(&study()).unwrap();
    store
}

/// A store whose plan is this run.
fn planned(dir: &Path, run: &RunRecord) -> Store {
    let store = opened(dir);
    store.save_plan("quick", std::slice::from_ref(run)).unwrap();
    store
}

/// The run begins, with no epochs yet.
fn begin(store: &Store, run: &RunRecord) -> Claim {
    let claim = store.claim_run("quick", &run.id, "worker", true).unwrap().expect("nobody has it");
    let fresh = RunRecord { epochs: vec![], ..run.clone() };
    assert_eq!(store.save(&[Change::Begin(&claim, &fresh)]).unwrap(), [true]);
    claim
}

fn save(store: &Store, change: Change<'_>) {
    assert_eq!(store.save(&[change]).unwrap(), [true]);
}

fn train(store: &Store, run: &RunRecord) {
    let claim = begin(store, run);
    run.epochs.iter().for_each(|epoch| save(store, Change::Epoch(&claim, epoch)));
    save(store, Change::Finish(&claim, run, None));
}

fn found(store: &Store, run: &RunRecord) -> RunRecord {
    store.run("quick", &run.id).unwrap().expect("the run is there")
}

fn message(result: Result<Store, StoreError>) -> String {
    match result {
        Ok(_) => panic!("the store opened"),
        Err(error) => error.to_string(),
    }
}
