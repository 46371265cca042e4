//! Runs and trials, as a view knows them.

use serde_json::Value;
use toile_record::{DataRecord, Epoch, Metric, RunRecord, SearchRecord, State, TrialRecord, flat_settings};
use toile_report::{epoch_flops, epoch_updates, parameters_in_words, settings_line, shown_name};

use crate::{LiveState, seconds_since_1970};

/// Which training: it stays the same while others come and go.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LiveKey {
    /// A run, by its id.
    Run(String),
    /// A trial.
    Trial {
        /// The name of its search.
        search: String,
        /// Its number.
        number: usize,
    },
}

/// A run or a trial.
#[derive(Clone, Debug, PartialEq)]
pub struct LiveTraining {
    /// Which.
    pub key: LiveKey,
    /// `CNN`, `CNN, seed 2`, `trial 33`.
    pub name: String,
    /// Its settings, or its parameters, on a line.
    pub settings: String,
    /// How it stands.
    pub state: LiveState,
    /// Why it failed or ended early.
    pub reason: Option<String>,
    /// Epochs that have ended, over all repetitions.
    pub epoch: usize,
    /// Epochs in all, if nothing ends it early; 0 if that is not known.
    pub epochs: usize,
    /// Seconds that it took so far: of one that has ended all of it.
    pub seconds: f64,
    /// When it began.
    pub began: Option<f64>,
    /// When it ended.
    pub ended: Option<f64>,
    /// Seconds that it will still take.
    pub left: Option<f64>,
    /// Seconds since there was news of it; of one under way.
    pub silence: Option<f64>,
    /// Seconds that its epochs take.
    pub usual_epoch: Option<f64>,
    /// Of a trial that has ended: its value for each objective.
    pub values: Vec<f64>,
    /// Updates of the weights in an epoch, where that is known.
    pub updates: Option<f64>,
    /// Operations of an epoch, where they are known.
    pub operations: Option<f64>,
    /// The first epoch of which a loss is not a finite number.
    pub not_finite_from: Option<usize>,
}

impl LiveTraining {
    /// A run. What the time decides is still open.
    pub(crate) fn of_run(run: &RunRecord, data: &DataRecord, has_seeds: bool) -> LiveTraining {
        let trained = seconds_of(&run.epochs);
        let name = shown_name(&run.name);
        let began = seconds_since_1970(&run.provenance.started);
        let wall = run.provenance.wall_seconds;
        let has_ended = run.state.is_finished();
        LiveTraining {
            key: LiveKey::Run(run.id.clone()),
            name: if has_seeds { format!("{name}, seed {}", run.seed) } else { name },
            settings: settings_line(&run.plan),
            state: LiveState::Waiting,
            reason: run.reason().or_else(|| unnamed_reason(run.state)).map(|why| shown_name(&why)),
            epoch: run.trained_epochs().len(),
            epochs: run.plan["epochs"].as_u64().unwrap_or_default() as usize,
            seconds: if has_ended { wall.max(trained) } else { trained },
            began,
            ended: began.filter(|_| has_ended).map(|began| began + wall),
            left: None,
            silence: None,
            usual_epoch: None,
            values: Vec::new(),
            updates: epoch_updates(run, data).map(|updates| updates as f64),
            operations: Some(epoch_flops(run, data)).filter(|n| *n > 0).map(|n| n as f64),
            not_finite_from: not_finite_from(&run.epochs),
        }
    }

    /// A trial.
    pub(crate) fn of_trial(trial: &TrialRecord, search: &SearchRecord) -> LiveTraining {
        let epochs = trial.epochs();
        let trained = seconds_of(epochs);
        let wall = trial.side.as_ref().map_or(0.0, |side| side.wall_seconds);
        let words = parameters_in_words(trial).into_iter().map(|(name, value)| format!("{name} {value}"));
        let began = trial.started.as_deref().and_then(seconds_since_1970);
        let ended = trial.completed.as_deref().and_then(seconds_since_1970);
        let reason = trial.side.as_ref().and_then(|side| side.reason());
        let has_ended = trial.state.is_finished();
        let whole = began.zip(ended).map_or(0.0, |(began, ended)| ended - began);
        LiveTraining {
            key: LiveKey::Trial { search: search.name.clone(), number: trial.number },
            name: format!("trial {}", trial.number),
            settings: words.collect::<Vec<_>>().join(" · "),
            state: LiveState::Waiting,
            reason: reason.or_else(|| unnamed_reason(trial.state)).map(|why| shown_name(&why)),
            epoch: Epoch::trained(epochs).len().max(trial.intermediate.len()),
            epochs: planned_epochs(search, trial),
            seconds: match (has_ended, wall > 0.0) {
                (true, true) => wall,
                (true, false) => whole,
                (false, _) => trained,
            },
            began,
            ended,
            left: None,
            silence: None,
            usual_epoch: None,
            values: trial.values.clone(),
            updates: None,
            operations: None,
            not_finite_from: not_finite_from(epochs),
        }
    }
}

/// Seconds of training; of no epoch 0, which a sum of nothing would call −0.
fn seconds_of(epochs: &[Epoch]) -> f64 {
    epochs.iter().map(|epoch| epoch.seconds).filter(|seconds| seconds.is_finite()).fold(0.0, |sum, s| sum + s)
}

fn unnamed_reason(state: State) -> Option<String> {
    (state == State::Failed).then(|| "no reason was recorded".to_owned())
}

/// The first epoch that has lost a loss.
fn not_finite_from(epochs: &[Epoch]) -> Option<usize> {
    [Metric::Loss, Metric::ValLoss].into_iter().filter_map(|loss| Epoch::first_not_finite(epochs, loss)).min()
}

/// Epochs of a trial, all repetitions together, where the search holds them fixed.
fn fixed_epochs(search: &SearchRecord) -> Option<usize> {
    let epochs = search.plan["template"]["settings"]["epochs"].as_u64()?;
    Some(epochs as usize * search.seeds.max(1))
}

/// The same of one trial, for which they may be a parameter; 0 where they are not known.
fn planned_epochs(search: &SearchRecord, trial: &TrialRecord) -> usize {
    let own = || {
        let (_, value) = parameters_in_words(trial).into_iter().find(|(name, _)| name == "epochs")?;
        Some(value.parse::<f64>().ok()? as usize * search.seeds.max(1))
    };
    fixed_epochs(search).or_else(own).unwrap_or_default()
}

/// The settings in which some of these plans differ: name, and the value of each in words.
pub fn differing_settings(plans: &[&Value]) -> Vec<(String, Vec<String>)> {
    let flat: Vec<Vec<(String, Value)>> = plans.iter().map(|plan| flat_settings(plan)).collect();
    let words: Vec<Vec<(String, String)>> =
        plans.iter().map(|plan| toile_report::settings_in_words(plan)).collect();
    let mut names: Vec<&str> = Vec::new();
    for (name, _) in flat.iter().flatten() {
        if !names.contains(&name.as_str()) {
            names.push(name);
        }
    }
    let value = |settings: &[(String, Value)], name: &str| {
        settings.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone())
    };
    let differs = |name: &&str| {
        let first = flat.first().and_then(|settings| value(settings, name));
        flat.iter().any(|settings| value(settings, name) != first)
    };
    let word = |place: usize, name: &str| {
        let found = words[place].iter().find(|(other, _)| other == name);
        found.map_or_else(|| toile_report::format::NONE.to_owned(), |(_, word)| word.clone())
    };
    let names = names.into_iter().filter(differs);
    names.map(|name| (name.to_owned(), (0..plans.len()).map(|place| word(place, name)).collect())).collect()
}
