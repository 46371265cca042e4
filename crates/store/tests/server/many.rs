//! Many rows are one round trip.

use std::sync::atomic::Ordering;

use serde_json::json;
use toile_record::{ObjectiveRecord, ParamRecord, SearchRecord};
use toile_store::NewTrial;

use super::proxy::Proxy;
use super::*;

fn search(name: &str) -> SearchRecord {
    SearchRecord {
        name: name.into(),
        position: 0,
        note: None,
        published: None,
        objectives: vec![ObjectiveRecord { metric: "val_accuracy".into(), maximize: true }],
        space: json!({ "params": [] }),
        sampler: json!("random"),
        pruner: json!("none"),
        n_trials: 2,
        lag: None,
        seeds: 1,
        seed: 1,
        plan: json!({}),
        fingerprint: "aa".into(),
        space_fingerprint: "bb".into(),
    }
}

fn trial(number: usize, params: usize) -> NewTrial {
    let param = |index| ParamRecord {
        name: format!("p{index}"),
        value: 0.5,
        distribution: json!({ "name": "FloatDistribution",
            "attributes": { "step": null, "low": 0.0, "high": 1.0, "log": false } }),
    };
    NewTrial { number, params: (0..params).map(param).collect(), seed: 1, relative_params: None }
}

#[test]
fn the_parameters_of_a_trial_are_written_without_a_wait_for_each() {
    let Some(address) = real("TOILE_TEST_POSTGRES") else { return };
    let (proxy, url) = Proxy::before(&address);
    let store = Store::postgres(&url).unwrap();
    let name = format!("many {}", std::process::id());
    let id = store.ensure_search(&name, &search(&name)).unwrap();
    // The first asks what types the tables have.
    store.create_trial(id, &trial(0, 2), "w").unwrap().unwrap();
    let turns = |number, params| {
        let before = proxy.turns.load(Ordering::SeqCst);
        store.create_trial(id, &trial(number, params), "w").unwrap().unwrap();
        proxy.turns.load(Ordering::SeqCst) - before
    };
    let (few, many) = (turns(1, 2), turns(2, 600));
    // Three bunches of statements; a bunch may be cut by the network while answers to its start come back.
    assert!(many < few + 60, "{few} turns for 2 parameters, {many} for 600");
    let trials = store.trials(id).unwrap();
    assert_eq!(trials.iter().map(|trial| trial.params.len()).collect::<Vec<_>>(), [2, 2, 600]);
}
