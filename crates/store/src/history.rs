//! The history of a search, kept up to date: what is finished is read once.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use crate::db::{Cell, Db, Result, cells};
use crate::read::{in_order, rung, state, typed};
use crate::results::unpacked;
use crate::{HistoryCache, PastParam, PastTrial, SearchId, Store, StoreError, json};

/// Unfinished trials no further apart than this are read in one go, with the finished ones between them.
const GAP: i64 = 16;

impl Store {
    /// Brings `known` up to date: trials that were unfinished, or are new, are read; the others cannot have changed.
    pub fn history(&self, id: SearchId, known: &mut HistoryCache) -> std::result::Result<(), StoreError> {
        let (known_names, known_distributions) = (&mut known.names, &mut known.distributions);
        let ranges = ranges(&known.trials);
        let found = self.read("read the history of a search from", |db| {
            let mut interner = Interner { names: known_names, distributions: known_distributions };
            let mut found = Vec::new();
            for range in &ranges {
                found.extend(load(db, id, *range, &mut interner)?);
            }
            Ok(found)
        })?;
        merge(known, found, &ranges);
        Ok(())
    }
}

/// The keys to be read, as closed ranges in ascending order; the last one is open.
fn ranges(trials: &[PastTrial]) -> Vec<(i64, i64)> {
    let mut open: Vec<i64> =
        trials.iter().filter(|trial| !trial.is_finished()).map(|trial| trial.trial_id).collect();
    open.sort_unstable();
    let newest = trials.iter().map(|trial| trial.trial_id).max().unwrap_or(-1);
    let mut ranges: Vec<(i64, i64)> = Vec::new();
    for id in open {
        match ranges.last_mut() {
            Some(last) if id - last.1 <= GAP => last.1 = id,
            _ => ranges.push((id, id)),
        }
    }
    match ranges.last_mut() {
        Some(last) if newest - last.1 <= GAP => last.1 = i64::from(i32::MAX),
        _ => ranges.push((newest + 1, i64::from(i32::MAX))),
    }
    ranges
}

/// Puts what was read in the place of what was known.
fn merge(known: &mut HistoryCache, found: Vec<PastTrial>, ranges: &[(i64, i64)]) {
    let is_read = |id: i64| ranges.iter().any(|(low, high)| (*low..=*high).contains(&id));
    known.trials.retain(|trial| !is_read(trial.trial_id));
    let fresh: std::collections::HashSet<i64> = found.iter().map(|trial| trial.trial_id).collect();
    known.trials.extend(found);
    known.trials.sort_by_key(|trial| (trial.number, trial.trial_id));
    let places = known.trials.iter().enumerate();
    known.changed = places.filter(|(_, t)| fresh.contains(&t.trial_id)).map(|(place, _)| place).collect();
}

/// Equal texts are parsed once and kept once.
struct Interner<'c> {
    names: &'c mut HashMap<String, Arc<str>>,
    distributions: &'c mut HashMap<String, Arc<Value>>,
}

impl Interner<'_> {
    fn name(&mut self, text: &str) -> Arc<str> {
        if let Some(name) = self.names.get(text) {
            return name.clone();
        }
        let name: Arc<str> = text.into();
        self.names.insert(text.to_owned(), name.clone());
        name
    }

    fn distribution(&mut self, text: &str) -> Arc<Value> {
        if let Some(value) = self.distributions.get(text) {
            return value.clone();
        }
        let value = Arc::new(json::parse(text));
        self.distributions.insert(text.to_owned(), value.clone());
        value
    }
}

/// What a table's rows are joined to; the values are the search and the range of keys.
const OF_RANGE: &str = "ON x.trial_id = t.trial_id WHERE t.study_id = $1 AND t.trial_id BETWEEN $2 AND $3";

/// The trials of a range of keys, by key.
fn load(
    db: &mut Db<'_>,
    id: SearchId,
    range: (i64, i64),
    interner: &mut Interner<'_>,
) -> Result<Vec<PastTrial>> {
    let values = cells![id.0, range.0, range.1];
    let mut trials = load_heads(db, values)?;
    if trials.is_empty() {
        return Ok(trials);
    }
    load_params(db, &mut trials, values, interner)?;
    let sql = format!(
        "SELECT x.trial_id, x.value, x.value_type FROM trials t JOIN trial_values x {OF_RANGE}
            ORDER BY x.trial_id, x.objective"
    );
    db.each(&sql, values, |row| {
        if let Some(trial) = of_id(&mut trials, row.int(0)?) {
            trial.values.push(typed(row, 1)?);
        }
        Ok(())
    })?;
    load_attributes(db, &mut trials, values)?;
    load_reports(db, &mut trials, values)?;
    Ok(trials)
}

fn load_heads(db: &mut Db<'_>, values: &[Cell<'_>]) -> Result<Vec<PastTrial>> {
    // A trial that somebody else has taken from the queue is no longer ours.
    let sql = "SELECT t.trial_id, t.number, t.state,
            CASE WHEN t.state = 'RUNNING' AND s.worker IS NULL THEN 0 ELSE s.attempt END, s.reported
        FROM trials t LEFT JOIN toile_trial s ON s.trial_id = t.trial_id
        WHERE t.study_id = $1 AND t.trial_id BETWEEN $2 AND $3 ORDER BY t.trial_id";
    db.query(sql, values, |row| {
        Ok(PastTrial {
            trial_id: row.int(0)?,
            number: row.count(1)?,
            state: state(row, 2)?,
            params: Vec::new(),
            relative: Vec::new(),
            values: Vec::new(),
            intermediate: row.maybe_bytes(4)?.map(unpacked).unwrap_or_default(),
            rungs: Vec::new(),
            constraints: Vec::new(),
            attempt: row.maybe_int(3)?.unwrap_or(0) as usize,
        })
    })
}

fn load_params(
    db: &mut Db<'_>,
    trials: &mut [PastTrial],
    values: &[Cell<'_>],
    interner: &mut Interner<'_>,
) -> Result<()> {
    let sql = format!(
        "SELECT x.trial_id, x.param_name, x.param_value, x.distribution_json
            FROM trials t JOIN trial_params x {OF_RANGE}"
    );
    db.each(&sql, values, |row| {
        if let Some(trial) = of_id(trials, row.int(0)?) {
            trial.params.push(PastParam {
                name: interner.name(row.text(1)?),
                value: row.real(2)?,
                distribution: interner.distribution(row.text(3)?),
            });
        }
        Ok(())
    })
}

fn of_id(trials: &mut [PastTrial], id: i64) -> Option<&mut PastTrial> {
    let place = trials.binary_search_by_key(&id, |trial| trial.trial_id).ok()?;
    Some(&mut trials[place])
}

/// Attributes that samplers and pruners read, as they are found.
#[derive(Default)]
struct FoundAttributes {
    rungs: HashMap<i64, Vec<(usize, f64)>>,
    /// JSON, in pieces that belong together.
    promised: HashMap<i64, String>,
}

/// Rungs, constraints, and the parameters that a running trial of Python's has promised.
fn load_attributes(db: &mut Db<'_>, trials: &mut [PastTrial], values: &[Cell<'_>]) -> Result<()> {
    let sql = format!(
        "SELECT x.trial_id, x.\"key\", x.value_json FROM trials t JOIN trial_system_attributes x {OF_RANGE}
            AND (x.\"key\" LIKE 'completed_rung_%' OR x.\"key\" LIKE 'constraints%'
                OR (x.\"key\" LIKE 'tpe:relative_params:%' AND t.state = 'RUNNING'))
            ORDER BY x.trial_id, x.trial_system_attribute_id"
    );
    let mut found = FoundAttributes::default();
    db.each(&sql, values, |row| {
        let (id, key, value) = (row.int(0)?, row.text(1)?, row.maybe_text(2)?);
        if let Some(rung) = rung(key, value) {
            found.rungs.entry(id).or_default().push(rung);
        } else if key.starts_with("constraints") {
            let more = constraints(value.map_or(Value::Null, json::parse));
            of_id(trials, id).into_iter().for_each(|trial| trial.constraints.extend(&more));
        } else if let Some(Value::String(part)) = value.map(json::parse) {
            found.promised.entry(id).or_default().push_str(&part);
        }
        Ok(())
    })?;
    put_found(trials, found);
    Ok(())
}

fn put_found(trials: &mut [PastTrial], found: FoundAttributes) {
    for (id, rungs) in found.rungs {
        if let Some(trial) = of_id(trials, id) {
            trial.rungs = in_order(rungs);
        }
    }
    for (id, text) in found.promised {
        if let (Some(trial), Value::Object(params)) = (of_id(trials, id), json::parse(&text)) {
            trial.relative = params.into_iter().collect();
        }
    }
}

/// One number, or, in Optuna before 5, a list of them.
fn constraints(value: Value) -> Vec<f64> {
    let all = value.as_array().map_or(std::slice::from_ref(&value), Vec::as_slice);
    all.iter().filter_map(json::number).collect()
}

/// What the trials without a packed copy reported: unfinished ones, and those of other programs.
fn load_reports(db: &mut Db<'_>, trials: &mut [PastTrial], values: &[Cell<'_>]) -> Result<()> {
    let sql = format!(
        "SELECT x.trial_id, x.step, x.intermediate_value, x.intermediate_value_type
            FROM trials t LEFT JOIN toile_trial s ON s.trial_id = t.trial_id
            JOIN trial_intermediate_values x {OF_RANGE} AND s.reported IS NULL ORDER BY x.trial_id, x.step"
    );
    db.each(&sql, values, |row| {
        if let Some(trial) = of_id(trials, row.int(0)?) {
            trial.intermediate.push((row.int(1)?, typed(row, 2)?));
        }
        Ok(())
    })
}
