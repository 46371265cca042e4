//! Optuna's studies of `tests/golden/tpe.json`, as `make_tpe.py` wrote them.

use std::collections::BTreeMap;

use serde_json::Value;
use toile_rng::Seed;

use super::{Direction, Params, SamplingContext, Space, State, TpeSampler, Trial};

/// One study.
#[allow(dead_code, reason = "each test looks at its own part")]
pub(super) struct Case {
    pub name: String,
    pub settings: TpeSampler,
    pub seed: u64,
    pub directions: Vec<Direction>,
    pub space: Space,
    pub fixed: Params,
    pub trials: Vec<Trial>,
    /// What the last proposal was made of.
    pub last: Option<Value>,
}

pub(super) fn all() -> Vec<Case> {
    let cases: Vec<Value> = serde_json::from_str(include_str!("../golden/tpe.json")).expect("JSON");
    cases.into_iter().map(Case::read).collect()
}

fn read<T: serde::de::DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

impl Case {
    fn read(case: Value) -> Case {
        let space: Space = read(&case["space"]);
        let rows: Vec<Value> = read(&case["trials"]);
        let trials = rows.iter().enumerate().map(|(number, row)| trial(&space, number, row)).collect();
        Case {
            name: read(&case["name"]),
            settings: read(&case["settings"]),
            seed: read(&case["seed"]),
            directions: read(&case["directions"]),
            fixed: read(&case["fixed"]),
            space,
            trials,
            last: case.get("last").cloned(),
        }
    }

    /// The question for a trial, all before it being known.
    pub(super) fn context(&self, number: usize) -> SamplingContext<'_> {
        SamplingContext {
            space: &self.space,
            directions: &self.directions,
            history: &self.trials[..number],
            number,
            seed: Seed::new(self.seed),
            n_trials: Some(self.trials.len()),
            fixed: &self.fixed,
        }
    }
}

fn trial(space: &Space, number: usize, row: &Value) -> Trial {
    let params: Vec<Option<f64>> = read(&row[1]);
    let named = space.params.iter().zip(params);
    let reports: Vec<(i64, Option<f64>)> = read(&row[3]);
    let state: State = read(&row[0]);
    Trial {
        number,
        state,
        params: named.filter_map(|(param, value)| Some((param.name.clone(), value?))).collect(),
        values: read(&row[2]),
        intermediate: BTreeMap::from_iter(reports.into_iter().map(|(s, v)| (s, v.unwrap_or(f64::NAN)))),
        rungs: Vec::new(),
        constraints: read(&row[4]),
    }
}
