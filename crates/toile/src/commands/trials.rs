//! `toile trials`: what searches a database holds, and their trials; toile's own and Optuna's alike.

use toile_record::{Direction, TrialRecord};
use toile_report::format::terminal::{metric, parameter};
use toile_store::{OptunaStudy, Store};
use toile_tune::{Configuration, Distribution, best_place, comparable_value, counted_values};

use crate::args::TrialsArgs;
use crate::failure::Failure;
use crate::terminal::{self, Align, Table, note};
use crate::{Completion, places};

/// Lists the studies, or the trials of one.
pub(crate) fn run(args: &TrialsArgs) -> Result<Completion, Failure> {
    let storage = places::open_to_look(&args.storage)?;
    if let Some(version) = storage.times_are_local() {
        note(&format!(
            "the database was made by Optuna {version}, which wrote times of day as they were on its clock: no time zone is known, and toile shows them as they stand"
        ));
    }
    let studies = storage.optuna_studies()?;
    let text = match &args.study {
        None => listed(&storage, &studies)?,
        Some(name) => {
            let study = studies.iter().find(|study| study.name == *name);
            let study = study.ok_or_else(|| unknown(name, &studies))?;
            trials(study, &storage.trials(study.id)?, storage.times_are_local().is_some())
        }
    };
    terminal::out(&text)?;
    Ok(Completion::Done)
}

fn unknown(name: &str, studies: &[OptunaStudy]) -> Failure {
    let names: Vec<&str> = studies.iter().map(|study| study.name.as_str()).collect();
    let near = toile_study::nearest(name, names.iter().copied());
    let known = format!("known: {}", terminal::safe_names(names));
    Failure::new(format!("no study is named `{name}` there")).help(match near {
        Some(near) => format!("did you mean `{}`? ({known})", terminal::safe_name(near)),
        None => known,
    })
}

fn listed(storage: &Store, studies: &[OptunaStudy]) -> Result<String, Failure> {
    if studies.is_empty() {
        return Ok("the database holds no studies yet\n".to_owned());
    }
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("study", Left),
        ("objective", Left),
        ("trials", Right),
        ("best", Right),
        ("trial", Right),
    ]);
    for study in studies {
        let trials = storage.trials(study.id)?;
        let best = best(study, &trials);
        table.row([
            study.name.clone(),
            objective(study),
            study.n_trials.to_string(),
            best.map_or(String::new(), |(_, value)| metric(value)),
            best.map_or(String::new(), |(trial, _)| trial.number.to_string()),
        ]);
    }
    Ok(table.render())
}

/// `maximize val_accuracy`
fn objective(study: &OptunaStudy) -> String {
    let name = |place: usize| study.metrics.get(place).map(|name| format!(" {name}")).unwrap_or_default();
    let word = |maximize: &Option<bool>| match maximize {
        Some(true) => "maximize",
        Some(false) => "minimize",
        None => "not set",
    };
    let all: Vec<String> =
        study.maximize.iter().enumerate().map(|(place, d)| format!("{}{}", word(d), name(place))).collect();
    all.join(", ")
}

/// The best trial and the value by which it is, of repetitions of one configuration the mean.
fn best<'a>(study: &OptunaStudy, trials: &'a [TrialRecord]) -> Option<(&'a TrialRecord, f64)> {
    let [Some(maximize)] = study.maximize[..] else { return None };
    let direction = if maximize { Direction::Maximize } else { Direction::Minimize };
    let value = |trial: &TrialRecord| {
        let value = comparable_value(trial.state, &trial.values, &trial.constraints());
        (value, Configuration::recorded(&trial.params))
    };
    let counted = counted_values(trials.iter().map(value));
    let place = best_place(direction, counted.iter().copied())?;
    Some((&trials[place], counted[place]?))
}

fn trials(study: &OptunaStudy, trials: &[TrialRecord], times_are_local: bool) -> String {
    if trials.is_empty() {
        return format!("the study `{}` has no trials yet\n", study.name);
    }
    use Align::{Left, Right};
    let mut params: Vec<&str> = Vec::new();
    for param in trials.iter().flat_map(|trial| &trial.params) {
        if !params.contains(&param.name.as_str()) {
            params.push(&param.name);
        }
    }
    let title = |place: usize| study.metrics.get(place).cloned().unwrap_or_else(|| "value".into());
    let metrics: Vec<String> = (0..study.maximize.len().max(1)).map(title).collect();
    let mut columns = vec![("trial", Right), ("state", Left)];
    columns.extend(metrics.iter().map(|name| (name.as_str(), Right)));
    columns.extend(params.iter().map(|name| (*name, Right)));
    columns.push((if times_are_local { "begun (local time)" } else { "begun (UTC)" }, Left));
    let mut table = Table::new(&columns);
    for trial in trials {
        let mut row = vec![trial.number.to_string(), trial.state.name().to_string()];
        let value = |place| trial.values.get(place).map_or(String::new(), |value| metric(*value));
        row.extend((0..metrics.len()).map(value));
        row.extend(params.iter().map(|name| param(trial, name)));
        row.push(trial.started.clone().unwrap_or_default());
        table.row(row);
    }
    table.render()
}

fn param(trial: &TrialRecord, name: &str) -> String {
    let Some(param) = trial.params.iter().find(|param| param.name == name) else { return String::new() };
    match Distribution::try_from(param.distribution.clone()) {
        Ok(distribution) if distribution.contains(param.value) => {
            parameter(&distribution.external(param.value))
        }
        _ => metric(param.value),
    }
}

#[cfg(test)]
mod tests {
    use toile_store::SearchId;

    use super::*;

    fn joint() -> OptunaStudy {
        OptunaStudy {
            id: SearchId(1),
            name: "joint".into(),
            maximize: vec![Some(true)],
            metrics: vec!["val_accuracy".into()],
            n_trials: 0,
            ours: true,
        }
    }

    /// Optuna before 5.0 wrote the time of day of its machine.
    #[test]
    fn times_without_a_zone_are_not_called_utc() {
        let trial = TrialRecord {
            trial_id: 1,
            number: 0,
            state: toile_record::State::Complete,
            params: vec![],
            values: vec![0.5],
            intermediate: vec![],
            started: Some("2026-11-28 12:00:00".into()),
            completed: None,
            user_attributes: vec![],
            system_attributes: vec![],
            side: None,
        };
        let heading = |is_local| trials(&joint(), std::slice::from_ref(&trial), is_local);
        assert!(heading(true).contains("begun (local time)") && !heading(true).contains("UTC"));
        assert!(heading(false).contains("begun (UTC)"));
    }

    /// It printed a heading without rows.
    #[test]
    fn a_study_without_trials_says_so() {
        let study = joint();
        assert_eq!(trials(&study, &[], false), "the study `joint` has no trials yet\n");
    }
}
