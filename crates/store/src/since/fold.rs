//! Changes folded into what was known.

use std::collections::HashMap;

use super::{Followed, FollowedSearch, StudyChanges};
use crate::SearchId;
use toile_record::{Records, RunRecord, SearchRecords, TrialRecord};

impl Followed {
    /// A study from its first look; `None` if that has no study.
    pub fn new(changes: StudyChanges) -> Option<Followed> {
        let study = changes.study.as_deref()?.clone();
        let records = Records {
            study,
            runs: Vec::new(),
            images: Vec::new(),
            searches: Vec::new(),
            test_openings: Vec::new(),
            former_runs: Vec::new(),
            pictures: Vec::new(),
        };
        let at_work = changes.at_work.clone();
        let mut followed = Followed { records, search_ids: Vec::new(), stopped: Vec::new(), at_work };
        followed.fold(changes);
        Some(followed)
    }

    /// Takes in what a look has found.
    pub fn fold(&mut self, changes: StudyChanges) {
        let records = &mut self.records;
        if let Some(study) = changes.study {
            records.study = *study;
        }
        fold_runs(&mut records.runs, changes.runs, changes.run_epochs, changes.plan);
        records.former_runs = changes.former_runs.unwrap_or(std::mem::take(&mut records.former_runs));
        records.images = changes.images.unwrap_or(std::mem::take(&mut records.images));
        records.test_openings = changes.test_openings.unwrap_or(std::mem::take(&mut records.test_openings));
        if let Some(searches) = changes.searches {
            self.fold_searches(searches);
        }
        self.fold_trials(changes.trials, &changes.gone_trials);
        self.at_work = changes.at_work;
    }

    fn fold_searches(&mut self, searches: Vec<FollowedSearch>) {
        let ids = std::mem::take(&mut self.search_ids);
        let before = std::mem::take(&mut self.records.searches);
        let mut trials: HashMap<SearchId, Vec<TrialRecord>> =
            ids.into_iter().zip(before.into_iter().map(|search| search.trials)).collect();
        self.stopped.clear();
        for FollowedSearch { id, search, chosen_run, stopped } in searches {
            self.search_ids.push(id);
            self.stopped.push(stopped);
            let trials = trials.remove(&id).unwrap_or_default();
            self.records.searches.push(SearchRecords { search, trials, chosen_run });
        }
    }

    fn fold_trials(&mut self, changed: Vec<(SearchId, TrialRecord)>, gone: &[(SearchId, i64)]) {
        for (place, id) in self.search_ids.iter().enumerate() {
            let trials = &mut self.records.searches[place].trials;
            if gone.iter().any(|(search, _)| search == id) {
                trials.retain(|trial| !gone.contains(&(*id, trial.trial_id)));
            }
        }
        let mut moved = vec![false; self.search_ids.len()];
        for (id, trial) in changed {
            let Some(place) = self.search_ids.iter().position(|search| *search == id) else { continue };
            let trials = &mut self.records.searches[place].trials;
            // Numbers count from 0 without gaps, so that a trial mostly stands at its number.
            let is_same = |known: &TrialRecord| known.trial_id == trial.trial_id;
            let at_number = Some(trial.number).filter(|number| trials.get(*number).is_some_and(is_same));
            match at_number.or_else(|| trials.iter().position(is_same)) {
                Some(found) => trials[found] = trial,
                None => {
                    trials.push(trial);
                    moved[place] = true;
                }
            }
        }
        let searches = self.records.searches.iter_mut().zip(moved);
        for (search, _) in searches.filter(|(_, moved)| *moved) {
            search.trials.sort_by_key(|trial| (trial.number, trial.trial_id));
        }
    }
}

fn fold_runs(
    runs: &mut Vec<RunRecord>,
    changed: Vec<RunRecord>,
    epochs: Vec<(String, Vec<toile_record::Epoch>)>,
    plan: Option<Vec<String>>,
) {
    let mut places: HashMap<String, usize> =
        runs.iter().enumerate().map(|(place, run)| (run.id.clone(), place)).collect();
    for run in changed {
        match places.get(&run.id) {
            Some(&place) => runs[place] = run,
            None => {
                places.insert(run.id.clone(), runs.len());
                runs.push(run);
            }
        }
    }
    for (id, more) in epochs {
        if let Some(&place) = places.get(&id) {
            runs[place].epochs.extend(more);
        }
    }
    if let Some(plan) = plan {
        let order: HashMap<&str, usize> = plan.iter().enumerate().map(|(i, id)| (id.as_str(), i)).collect();
        runs.retain(|run| order.contains_key(run.id.as_str()));
        runs.sort_by_key(|run| order.get(run.id.as_str()).copied());
    }
}
