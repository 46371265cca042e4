//! `toile verify DIR --run NAME`: trains a run again from its record, and says whether the same bits come out.

use toile_record::{Records, RunRecord, State};
use toile_store::Store;
use toile_study::{Plan, RunPlan, Settings};

use super::rows::{difference, name};
use crate::args::VerifyArgs;
use crate::commands::studied;
use crate::commands::studying::StudyWork;
use crate::failure::Failure;
use crate::source::StudySource;
use crate::terminal::{self, plural, safe_name, safe_names};
use crate::{Completion, machine};

/// Trains every seed of the run in a folder of its own, which is removed in the end.
pub(super) fn run(args: &VerifyArgs, wanted: &str) -> Result<Completion, Failure> {
    let records = studied::records(&args.storage, args.study.as_deref(), "verify")?;
    let rows: Vec<&RunRecord> =
        records.runs.iter().filter(|run| run.name == wanted && run.state == State::Complete).collect();
    if rows.is_empty() {
        let names: std::collections::BTreeSet<&str> = records
            .runs
            .iter()
            .filter(|run| run.state == State::Complete)
            .map(|run| run.name.as_str())
            .collect();
        return Err(Failure::new(format!("the study has no complete run `{}`", safe_name(wanted)))
            .help(format!("complete are: {}", safe_names(names))));
    }
    let plan = plan(&records, &rows)?;
    let source = StudySource::from_text("the recorded study file".into(), records.study.file.clone());
    let data = source.load(&plan.data, &args.data)?;
    if data.fingerprint != records.study.data.fingerprint {
        return Err(Failure::new("the data here are not those that the run was trained on")
            .help("`toile data check` shows what they are; `--data-dir` names another place"));
    }
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::new(format!("no folder could be made to train in: {error}")))?;
    let store = Store::open(folder.path())?;
    let work = StudyWork {
        plan: &plan,
        warnings: &[],
        data: &data,
        source: &source,
        dir: Some(folder.path()),
        only: &[],
        open_test: false,
        threads: args.threads.map_or_else(machine::cores, usize::from),
        lease: 60,
        checkpoints: None,
    };
    work.on(&store, None)?;
    let again = store.records(Some(&plan.study))?;
    report(&rows, &again)
}

/// The rows as a study of their own.
fn plan(records: &Records, rows: &[&RunRecord]) -> Result<Plan, Failure> {
    let settings = |run: &&RunRecord| -> Result<Settings, Failure> {
        serde_json::from_value(run.plan.clone()).map_err(|error| {
            Failure::new(format!("the recorded plan of {} cannot be read: {error}", name(run)))
        })
    };
    let settings: Vec<Settings> = rows.iter().map(settings).collect::<Result<_, _>>()?;
    let runs = rows.iter().zip(&settings).map(|(run, settings)| RunPlan {
        name: run.name.clone(),
        position: 0,
        note: None,
        published: None,
        chosen_by: None,
        settings: settings.clone(),
    });
    Ok(Plan {
        study: records.study.name.clone(),
        question: None,
        data: settings[0].data.clone(),
        split: settings[0].validation_split,
        runs: runs.collect(),
        searches: Vec::new(),
        seeds: 1,
        race: None,
        seeds_asked: None,
        file_text: records.study.file.clone(),
        file_name: "the recorded study file".into(),
    })
}

fn report(rows: &[&RunRecord], again: &Records) -> Result<Completion, Failure> {
    let (mut lines, mut unequal) = (String::new(), 0);
    for row in rows {
        let made = again.runs.iter().find(|run| run.id == row.id);
        let what = match made {
            None => Some("it did not come to an end".to_owned()),
            Some(made) => difference(row, made),
        };
        unequal += usize::from(what.is_some());
        lines += &match what {
            None => format!("{}: equal, bit for bit\n", name(row)),
            Some(what) => format!("{}: not equal: {what}\n", name(row)),
        };
    }
    terminal::out(&lines)?;
    match unequal {
        0 => Ok(Completion::Done),
        n => Err(Failure::new(format!("{} not equal", plural(n, "training is", "trainings are"))).help(
            "another version of toile, other data or a changed record: the first difference is named above",
        )),
    }
}
