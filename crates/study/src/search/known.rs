//! What a trial may know of the others: the rule that makes a search the same for any number of workers.
//!
//! Trial n is proposed from the finished trials 0 to n − 1 − lag; of those after them it knows the parameters alone, as if
//! they were all under way, whether or not they are. It is pruned by the same trials. So nothing depends on who was
//! faster. Without a lag it knows whatever there is, and the search depends on the order in which trials end.

use std::collections::{BTreeMap, HashMap};

use toile_store::{PastTrial, RunState};
use toile_tune::{Choice, Distribution, Space, State, Trial};

/// Trials as the samplers see them, kept from one look to the next: finished ones never change.
#[derive(Default)]
pub(super) struct Known {
    finished: HashMap<i64, Trial>,
    distributions: HashMap<String, Option<Distribution>>,
}

/// What trial `number` may know, or that it must wait for others to end.
pub(super) enum View {
    /// For this trial, which may be in the hands of another program.
    Wait {
        number: usize,
        is_foreign: bool,
    },
    Ready(Vec<Trial>),
}

impl Known {
    /// The view of trial `number`. `records` are all trials of the search, by number.
    pub fn view(&mut self, records: &[PastTrial], space: &Space, number: usize, lag: Option<usize>) -> View {
        let horizon = lag.map_or(number, |lag| number.saturating_sub(lag));
        let before = || records.iter().filter(|record| record.number < number);
        let is_open = |record: &&PastTrial| record.number < horizon && !record.is_finished();
        if let Some(open) = before().find(is_open).filter(|_| lag.is_some()) {
            let is_foreign = open.attempt == 0 && open.state == RunState::Running;
            return View::Wait { number: open.number, is_foreign };
        }
        let mut trials = Vec::with_capacity(number);
        for record in before() {
            let is_under_way = !record.is_finished() || record.number >= horizon;
            // One that waits without parameters is not known at all.
            if is_under_way && record.params.is_empty() && record.relative.is_empty() {
                continue;
            }
            trials.push(match is_under_way {
                true => self.under_way(record, space),
                false => self.finished(record, space),
            });
        }
        View::Ready(trials)
    }

    fn finished(&mut self, record: &PastTrial, space: &Space) -> Trial {
        if let Some(trial) = self.finished.get(&record.trial_id) {
            return trial.clone();
        }
        let trial = Trial {
            state: state(record.state),
            values: record.values.clone(),
            intermediate: record.intermediate.iter().copied().collect(),
            rungs: record.rungs.clone(),
            constraints: record.constraints.clone(),
            ..self.under_way(record, space)
        };
        self.finished.insert(record.trial_id, trial.clone());
        trial
    }

    fn under_way(&mut self, record: &PastTrial, space: &Space) -> Trial {
        Trial {
            number: record.number,
            state: State::Running,
            params: self.mapped(record, space),
            values: Vec::new(),
            intermediate: BTreeMap::new(),
            rungs: Vec::new(),
            constraints: Vec::new(),
        }
    }

    /// A trial's parameters in today's space: those of another space are kept where they still fit.
    pub fn mapped(&mut self, record: &PastTrial, space: &Space) -> toile_tune::Params {
        let mut params = toile_tune::Params::new();
        for param in &record.params {
            let Some(now) = space.get(&param.name) else { continue };
            let text = param.distribution.to_string();
            let then = self
                .distributions
                .entry(text)
                .or_insert_with(|| Distribution::try_from((*param.distribution).clone()).ok());
            let external = then.as_ref().filter(|d| d.contains(param.value)).map(|d| d.external(param.value));
            if let Some(value) = external.and_then(|external| now.distribution.internal(&external)) {
                params.insert(param.name.to_string(), value);
            }
        }
        for (name, external) in &record.relative {
            let external: Option<Choice> = serde_json::from_value(external.clone()).ok();
            let now = space.get(name).zip(external);
            if let Some(value) = now.and_then(|(now, external)| now.distribution.internal(&external)) {
                params.entry(name.clone()).or_insert(value);
            }
        }
        params
    }
}

fn state(state: RunState) -> State {
    match state {
        RunState::Complete => State::Complete,
        RunState::Pruned => State::Pruned,
        RunState::Failed => State::Failed,
        RunState::Waiting | RunState::Running => State::Running,
    }
}
