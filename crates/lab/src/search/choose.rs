//! The choice: the best configuration by validation, as a run that is trained once more.
//!
//! Selection never sees the test set. The chosen configuration is trained again, with the same seeds and so the same
//! bits; the test set is opened for that run when all trainings of the study have ended, and the opening is recorded.

use toile_store::{HistoryCache, PastTrial, SearchId, Store, StoreError};
use toile_tune::{best_place, comparable_value, counted_values};

use super::history::{Belonging, TrialHistory};
use super::stop;
use toile_study::{Plan, RunPlan, SearchPlan};

/// The run of a search's chosen configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Chosen {
    /// The search.
    pub search: String,
    /// The trial that was chosen.
    pub number: usize,
    /// Its trainings, one per repetition.
    pub runs: Vec<RunPlan>,
}

/// The best complete trial that breaks no constraint: its number and its value for the first objective, of repetitions
/// of one configuration the mean. The earlier one if two are equal.
pub(super) fn best(plan: &SearchPlan, trials: &[PastTrial], belong: &Belonging) -> Option<(usize, f64)> {
    best_trial(plan, trials, belong).map(|(trial, value)| (trial.number, value))
}

/// Of those that belong to the search as it is now.
fn best_trial<'a>(
    plan: &SearchPlan,
    trials: &'a [PastTrial],
    belong: &Belonging,
) -> Option<(&'a PastTrial, f64)> {
    let value = |(trial, configuration): (&PastTrial, &Option<usize>)| {
        let value = comparable_value(trial.state, &trial.values, &trial.constraints);
        (value.filter(|_| configuration.is_some()), *configuration)
    };
    let counted = counted_values(trials.iter().zip(&belong.configurations).map(value));
    let place = best_place(plan.objectives[0].direction, counted.iter().copied())?;
    Some((&trials[place], counted[place]?))
}

/// How far a search is.
pub(crate) enum SearchStanding {
    /// Trials are under way or still to begin.
    Open {
        /// Those that have ended.
        ended: usize,
        /// Those that have not.
        to_end: usize,
    },
    /// It is over.
    Made {
        /// Its trials.
        ended: usize,
        /// Nothing, if no trial came to a value, or if today's space has no place for the best one.
        chosen: Option<Chosen>,
    },
}

/// The runs of the chosen configurations of all searches of a plan that are over.
///
/// # Errors
/// A store that cannot be read.
pub fn chosen_runs(plan: &Plan, storage: &Store) -> Result<Vec<Chosen>, StoreError> {
    let made = |standing| match standing {
        SearchStanding::Made { chosen, .. } => chosen,
        SearchStanding::Open { .. } => None,
    };
    Ok(standings(plan, storage)?.into_iter().filter_map(made).collect())
}

/// How all searches of a plan stand, in their order.
pub(crate) fn standings(plan: &Plan, storage: &Store) -> Result<Vec<SearchStanding>, StoreError> {
    let known = storage.searches(Some(&plan.study))?;
    let standing = |search: &SearchPlan| match known.iter().find(|(_, record)| record.name == search.name) {
        Some((id, _)) => standing(plan, search, storage, *id),
        None => Ok(SearchStanding::Open { ended: 0, to_end: search.n_trials }),
    };
    plan.searches.iter().map(standing).collect()
}

fn standing(
    plan: &Plan,
    search: &SearchPlan,
    storage: &Store,
    id: SearchId,
) -> Result<SearchStanding, StoreError> {
    let mut cache = HistoryCache::default();
    storage.history(id, &mut cache)?;
    let trials = cache.trials();
    let belong = TrialHistory::default().belong(trials, search);
    let counted = belong.counts.iter().filter(|belongs| **belongs).count();
    let to_begin = match counted < search.n_trials && stop::stopped(search, storage, id)?.is_none() {
        true => search.n_trials - counted,
        false => 0,
    };
    let ended = trials.iter().filter(|trial| trial.is_finished()).count();
    let to_end = trials.len() - ended + to_begin;
    if to_end > 0 {
        return Ok(SearchStanding::Open { ended, to_end });
    }
    Ok(SearchStanding::Made { ended, chosen: chosen(plan, search, storage, trials, &belong)? })
}

/// What a search that is over has chosen.
fn chosen(
    plan: &Plan,
    search: &SearchPlan,
    storage: &Store,
    trials: &[PastTrial],
    belong: &Belonging,
) -> Result<Option<Chosen>, StoreError> {
    let Some((trial, _)) = best_trial(search, trials, belong) else { return Ok(None) };
    let params = TrialHistory::default().mapped(trial, &search.space);
    let first = storage.trial_seed(trial.trial_id)?.unwrap_or(search.seed);
    let name = search.best_name();
    let mut runs = Vec::new();
    for repetition in 0..plan.seeds_of_chosen(search) as u64 {
        // A trial of another program may lack what today's space asks for: then there is nothing to train.
        let Ok(settings) = search.settings(&params, (first + repetition) & u64::from(u32::MAX)) else {
            return Ok(None);
        };
        runs.push(RunPlan {
            name: name.clone(),
            position: plan.runs.iter().map(|run| run.position + 1).max().unwrap_or(0) + search.position,
            note: Some(format!(
                "chosen on validation by the search `{}`: its trial {}",
                search.name, trial.number
            )),
            published: search.published,
            chosen_by: Some(search.name.clone()),
            settings,
        });
    }
    Ok(Some(Chosen { search: search.name.clone(), number: trial.number, runs }))
}
