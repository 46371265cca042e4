//! Trials that somebody asks for: they wait in the queue until a worker, here or in Python, takes them.

use serde_json::Value;

use crate::db::{Db, Result, cells, undecodable};
use crate::{SearchId, Store, StoreError, claims, json, results};

impl Store {
    /// Queues a trial with these parameters, by name, as the study file spells them; whoever takes it adds the others.
    /// Its number. What stands in the database is what Optuna's `enqueue_trial` leaves there.
    pub fn enqueue_trial(
        &self,
        id: SearchId,
        params: &[(String, Value)],
    ) -> std::result::Result<usize, StoreError> {
        self.write("queue a trial in", |db| enqueue(db, id, params))
    }
}

fn enqueue(db: &mut Db<'_>, id: SearchId, params: &[(String, Value)]) -> Result<usize> {
    let number = claims::next_number(db, id)?;
    let sql = "INSERT INTO trials (number, study_id, state) VALUES ($1, $2, 'WAITING') RETURNING trial_id";
    let trial_id = db.first(sql, cells![number, id.0], |row| row.int(0))?;
    let trial_id = trial_id.ok_or_else(|| undecodable(0, "a new trial has no key".into()))?;
    let params: serde_json::Map<String, Value> = params.iter().cloned().collect();
    results::put_system_attribute(db, trial_id, "fixed_params", &json::to_text(&Value::Object(params)))?;
    Ok(number)
}
