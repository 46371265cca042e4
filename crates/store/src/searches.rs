//! Searches: made once, found again, and what happens when the study file says something else.
//!
//! A search whose `fingerprint` changed has other settings, and its earlier trials cannot be compared: its Optuna study
//! is put aside as `NAME~1`, `NAME~2`, …, and a fresh one is begun. Under another `space_fingerprint` alone the study
//! goes on, numbers and all; whoever proposes maps the earlier trials that fit, by the ranges that each one carries.
//! A search is found by its name; one that the study file calls otherwise than before is renamed first.

use serde_json::Value;

use crate::db::{Db, DbRow, Result, cells, undecodable};
use crate::types::OptunaStudy;
use crate::{SearchId, Store, StoreError, json, read, row_checksums};
use toile_record::{SearchRecord, SearchRecords};

impl Store {
    /// The search of this name in a study, made if there is none. An Optuna study of this name that somebody made
    /// elsewhere is continued, if it has the same directions.
    pub fn ensure_search(
        &self,
        study: &str,
        search: &SearchRecord,
    ) -> std::result::Result<SearchId, StoreError> {
        self.write("record a search in", |db| {
            if db.is_postgres() {
                db.batch("SELECT pg_advisory_xact_lock(8243121638)")?;
            }
            ensure(db, study, search)
        })
    }

    /// Gives a search of a study another name, its Optuna study as well, if that had the search's. Nothing happens
    /// where there is no such search, or another one goes by the new name.
    pub fn rename_search(&self, study: &str, old: &str, new: &str) -> std::result::Result<(), StoreError> {
        self.write("rename a search in", |db| {
            if db.is_postgres() {
                db.batch("SELECT pg_advisory_xact_lock(8243121638)")?;
            }
            rename_search(db, study, old, new)
        })
    }

    /// A search goes on with other settings that mean the same for all its trials: its record and its fingerprint are
    /// these from now on, and the earlier record is kept.
    pub fn change_search(&self, id: SearchId, search: &SearchRecord) -> std::result::Result<(), StoreError> {
        self.write("record a search in", |db| {
            let sql = "SELECT study_id, record FROM toile_search WHERE study_id = $1";
            let Some((_, known)) = db.first(sql, cells![id.0], search_row)? else {
                return Err(StoreError::UnknownSearch { id: id.0 }.into());
            };
            change(db, id, &known, search)?;
            let sql = "UPDATE toile_search SET fingerprint = $2 WHERE study_id = $1";
            db.execute(sql, cells![id.0, &search.fingerprint]).map(drop)
        })
    }

    /// The searches of a study, or of all, by position; without those that were put aside.
    pub fn searches(
        &self,
        study: Option<&str>,
    ) -> std::result::Result<Vec<(SearchId, SearchRecord)>, StoreError> {
        self.read("read the searches from", |db| searches(db, study))
    }

    /// The searches of a study with all their trials, as a report wants them.
    pub fn search_records(&self, study: &str) -> std::result::Result<Vec<SearchRecords>, StoreError> {
        self.read("read the searches from", |db| search_records(db, Some(study)))
    }

    /// Every study in Optuna's tables, whoever made it, by key.
    pub fn optuna_studies(&self) -> std::result::Result<Vec<OptunaStudy>, StoreError> {
        self.read("read the studies from", optuna_studies)
    }

    /// No new trials shall begin, for this reason; the first one stays.
    pub fn stop_search(&self, id: SearchId, reason: &str) -> std::result::Result<(), StoreError> {
        self.write("stop a search in", |db| {
            let sql = "UPDATE toile_search SET stopped = $2 WHERE study_id = $1 AND stopped IS NULL";
            db.execute(sql, cells![id.0, reason]).map(drop)
        })
    }

    /// Why no new trials shall begin, if they shall not.
    pub fn stopped(&self, id: SearchId) -> std::result::Result<Option<String>, StoreError> {
        self.read("read a search from", |db| {
            let sql = "SELECT stopped FROM toile_search WHERE study_id = $1";
            Ok(db.first(sql, cells![id.0], |row| row.maybe_string(0))?.flatten())
        })
    }

    /// New trials may begin again, for example because the study file now asks for more.
    pub fn resume_search(&self, id: SearchId) -> std::result::Result<(), StoreError> {
        self.write("resume a search in", |db| {
            db.execute("UPDATE toile_search SET stopped = NULL WHERE study_id = $1", cells![id.0]).map(drop)
        })
    }

    /// In which run the chosen configuration was trained and tested.
    pub fn save_chosen_run(
        &self,
        study: &str,
        search: &str,
        run_id: &str,
    ) -> std::result::Result<(), StoreError> {
        self.write("record the chosen run in", |db| {
            let sql =
                "UPDATE toile_search SET chosen_run = $3 WHERE study = $1 AND name = $2 AND retired = 0";
            db.execute(sql, cells![study, search, run_id])?;
            match present(db, study, search)? {
                Some((id, _)) => row_checksums::seal_search(db, id),
                None => Ok(()),
            }
        })
    }
}

pub(crate) fn ensure(db: &mut Db<'_>, study: &str, search: &SearchRecord) -> Result<SearchId> {
    let Some((id, known)) = present(db, study, &search.name)? else {
        return begin(db, study, search);
    };
    if known.fingerprint != search.fingerprint || directions_of(&known) != directions_of(search) {
        put_aside(db, id, study, &search.name)?;
        return begin(db, study, search);
    }
    if known != *search {
        change(db, id, &known, search)?;
    }
    Ok(id)
}

fn rename_search(db: &mut Db<'_>, study: &str, old: &str, new: &str) -> Result<()> {
    let Some((id, mut record)) = present(db, study, old)? else { return Ok(()) };
    if present(db, study, new)?.is_some() {
        return Ok(());
    }
    record.name = new.to_owned();
    let sql = "UPDATE toile_search SET name = $2, record = $3 WHERE study_id = $1";
    db.execute(sql, cells![id.0, new, json::to_text(&record).as_str()])?;
    row_checksums::seal_search(db, id)?;
    let sql = "SELECT study_name FROM studies WHERE study_id = $1";
    if db.first(sql, cells![id.0], |row| row.string(0))?.is_some_and(|name| name == old) {
        let name = free_name(db, new)?;
        rename(db, id.0, &name)?;
    }
    Ok(())
}

fn directions_of(search: &SearchRecord) -> Vec<bool> {
    search.objectives.iter().map(|objective| objective.maximize).collect()
}

/// The search that goes by this name now.
fn present(db: &mut Db<'_>, study: &str, name: &str) -> Result<Option<(SearchId, SearchRecord)>> {
    let sql = "SELECT study_id, record FROM toile_search WHERE study = $1 AND name = $2 AND retired = 0";
    db.first(sql, cells![study, name], search_row)
}

/// Begins a search: in the Optuna study of its name, if there is one that nobody of ours has, or in a new one.
fn begin(db: &mut Db<'_>, study: &str, search: &SearchRecord) -> Result<SearchId> {
    let runs = "SELECT study_id FROM toile_runs_study WHERE study_id = (SELECT study_id FROM studies WHERE study_name = $1)";
    if let Some(id) = db.first(runs, cells![&search.name], |row| row.int(0))? {
        let name = free_name(db, &format!("{} (runs)", search.name))?;
        rename(db, id, &name)?;
    }
    let named = "SELECT s.study_id, t.study_id FROM studies s LEFT JOIN toile_search t ON t.study_id = s.study_id WHERE s.study_name = $1";
    let found = db.first(named, cells![&search.name], |row| Ok((row.int(0)?, row.maybe_int(1)?)))?;
    let id = match found {
        None => create_study(db, &search.name, search)?,
        Some((id, None)) => adopt(db, id, search)?,
        Some(_) => {
            let name = free_name(db, &format!("{} ({study})", search.name))?;
            create_study(db, &name, search)?
        }
    };
    db.execute(
        "INSERT INTO toile_search (study_id, study, name, position, fingerprint, record, retired)
         VALUES ($1, $2, $3, $4, $5, $6, 0)",
        cells![id, study, &search.name, search.position, &search.fingerprint, json::to_text(search).as_str()],
    )?;
    row_checksums::seal_search(db, SearchId(id))?;
    Ok(SearchId(id))
}

fn create_study(db: &mut Db<'_>, name: &str, search: &SearchRecord) -> Result<i64> {
    let metrics: Vec<_> = search.objectives.iter().map(|objective| objective.metric.as_str()).collect();
    new_study(db, name, &directions_of(search), &metrics)
}

/// A study in Optuna's tables. Directions are read without an order, so they go in in theirs.
pub(crate) fn new_study(db: &mut Db<'_>, name: &str, maximize: &[bool], metrics: &[&str]) -> Result<i64> {
    let sql = "INSERT INTO studies (study_name) VALUES ($1) RETURNING study_id";
    let id = db.first(sql, cells![name], |row| row.int(0))?;
    let id = id.ok_or_else(|| undecodable(0, "a new study has no key".into()))?;
    for (objective, maximize) in maximize.iter().enumerate() {
        let direction = if *maximize { "MAXIMIZE" } else { "MINIMIZE" };
        let sql = "INSERT INTO study_directions (direction, study_id, objective) VALUES ($1, $2, $3)";
        db.execute(sql, cells![direction, id, objective])?;
    }
    name_metrics(db, id, metrics)?;
    Ok(id)
}

fn name_metrics(db: &mut Db<'_>, study_id: i64, metrics: &[&str]) -> Result<()> {
    let sql = "INSERT INTO study_system_attributes (study_id, \"key\", value_json) VALUES ($1, 'study:metric_names', $2)
        ON CONFLICT DO NOTHING";
    db.execute(sql, cells![study_id, json::to_text(&metrics).as_str()]).map(drop)
}

/// Continues a study that another program made.
fn adopt(db: &mut Db<'_>, study_id: i64, search: &SearchRecord) -> Result<i64> {
    let (found, asked) = (directions(db, study_id)?, directions_of(search));
    let unset = found.len() == asked.len() && found.iter().all(Option::is_none);
    if !unset && found != asked.iter().map(|maximize| Some(*maximize)).collect::<Vec<_>>() {
        return Err(StoreError::OtherDirections {
            search: search.name.clone(),
            found: spelled(&found),
            asked: spelled(&asked.into_iter().map(Some).collect::<Vec<_>>()),
        }
        .into());
    }
    if unset {
        for (objective, maximize) in asked.iter().enumerate() {
            let sql = "UPDATE study_directions SET direction = $3 WHERE study_id = $1 AND objective = $2";
            let direction = if *maximize { "MAXIMIZE" } else { "MINIMIZE" };
            db.execute(sql, cells![study_id, objective, direction])?;
        }
    }
    let metrics: Vec<_> = search.objectives.iter().map(|objective| objective.metric.as_str()).collect();
    name_metrics(db, study_id, &metrics)?;
    Ok(study_id)
}

fn directions(db: &mut Db<'_>, study_id: i64) -> Result<Vec<Option<bool>>> {
    let sql = "SELECT direction FROM study_directions WHERE study_id = $1 ORDER BY objective";
    db.query(sql, cells![study_id], |row| {
        Ok(match row.text(0)? {
            "MAXIMIZE" => Some(true),
            "MINIMIZE" => Some(false),
            _ => None,
        })
    })
}

fn spelled(directions: &[Option<bool>]) -> String {
    let word = |maximize: &Option<bool>| match maximize {
        Some(true) => "maximize",
        Some(false) => "minimize",
        None => "not set",
    };
    directions.iter().map(word).collect::<Vec<_>>().join(", ")
}

/// Gives the name free: the search keeps its trials under another one.
fn put_aside(db: &mut Db<'_>, id: SearchId, study: &str, name: &str) -> Result<()> {
    db.execute("UPDATE toile_search SET retired = 1 WHERE study_id = $1", cells![id.0])?;
    let current =
        db.first("SELECT study_name FROM studies WHERE study_id = $1", cells![id.0], |r| r.string(0))?;
    let stem = current.unwrap_or_else(|| format!("{name} ({study})"));
    let aside = numbered_name(db, &stem)?;
    rename(db, id.0, &aside)
}

fn rename(db: &mut Db<'_>, study_id: i64, name: &str) -> Result<()> {
    db.execute("UPDATE studies SET study_name = $2 WHERE study_id = $1", cells![study_id, name]).map(drop)
}

pub(crate) fn is_taken(db: &mut Db<'_>, name: &str) -> Result<bool> {
    let sql = "SELECT 1 FROM studies WHERE study_name = $1";
    Ok(db.first(sql, cells![name], |_| Ok(()))?.is_some())
}

/// The name, or the name with a number behind it, whatever no Optuna study is called yet.
pub(crate) fn free_name(db: &mut Db<'_>, name: &str) -> Result<String> {
    match is_taken(db, name)? {
        true => numbered_name(db, name),
        false => Ok(name.to_owned()),
    }
}

fn numbered_name(db: &mut Db<'_>, stem: &str) -> Result<String> {
    let mut number = 1;
    loop {
        let name = format!("{stem}~{number}");
        if !is_taken(db, &name)? {
            return Ok(name);
        }
        number += 1;
    }
}

/// The study goes on under a new record; the old one is kept, with the number of trials that it is true of.
fn change(db: &mut Db<'_>, id: SearchId, old: &SearchRecord, new: &SearchRecord) -> Result<()> {
    if old.space_fingerprint != new.space_fingerprint {
        db.execute(
            "INSERT INTO toile_search_change (study_id, n_trials, record, changed)
             VALUES ($1, (SELECT count(*) FROM trials WHERE study_id = $1), $2, NOW_UTC)",
            cells![id.0, json::to_text(old).as_str()],
        )?;
    }
    let sql = "UPDATE toile_search SET position = $2, record = $3 WHERE study_id = $1";
    db.execute(sql, cells![id.0, new.position, json::to_text(new).as_str()])?;
    row_checksums::seal_search(db, id)
}

fn search_row(row: &DbRow<'_>) -> Result<(SearchId, SearchRecord)> {
    let record = row.json(1)?;
    Ok((SearchId(row.int(0)?), record))
}

pub(crate) fn searches(db: &mut Db<'_>, study: Option<&str>) -> Result<Vec<(SearchId, SearchRecord)>> {
    let sql = "SELECT study_id, record FROM toile_search
        WHERE retired = 0 AND ($1::text IS NULL OR study = $1::text) ORDER BY position, study_id";
    db.query(sql, cells![study], search_row)
}

pub(crate) fn search_records(db: &mut Db<'_>, study: Option<&str>) -> Result<Vec<SearchRecords>> {
    let mut all = Vec::new();
    for (id, search) in searches(db, study)? {
        let sql = "SELECT chosen_run FROM toile_search WHERE study_id = $1";
        let chosen_run = db.first(sql, cells![id.0], |row| row.maybe_string(0))?.flatten();
        all.push(SearchRecords { search, trials: read::trials(db, id)?, chosen_run });
    }
    Ok(all)
}

fn optuna_studies(db: &mut Db<'_>) -> Result<Vec<OptunaStudy>> {
    let sql = "SELECT s.study_id, s.study_name,
            (SELECT count(*) FROM trials t WHERE t.study_id = s.study_id),
            (SELECT value_json FROM study_system_attributes a
                WHERE a.study_id = s.study_id AND a.\"key\" = 'study:metric_names'),
            (SELECT count(*) FROM toile_search o WHERE o.study_id = s.study_id)
                + (SELECT count(*) FROM toile_runs_study o WHERE o.study_id = s.study_id)
        FROM studies s ORDER BY s.study_id";
    let mut studies = db.query(sql, &[], |row| {
        let metrics = row.maybe_text(3)?.map_or(Value::Null, json::parse);
        let metrics = metrics.as_array().into_iter().flatten();
        Ok(OptunaStudy {
            id: SearchId(row.int(0)?),
            name: row.string(1)?,
            maximize: Vec::new(),
            metrics: metrics.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            n_trials: row.count(2)?,
            ours: row.int(4)? > 0,
        })
    })?;
    for study in &mut studies {
        study.maximize = directions(db, study.id.0)?;
    }
    Ok(studies)
}
