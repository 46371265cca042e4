//! What a trial may know of the others: the rule that makes a search the same for any number of workers.
//!
//! Trial n is proposed from the finished trials 0 to n − 1 − lag; of those after them it knows the parameters alone, as
//! if they were all under way, whether or not they are. It is pruned by the same trials. So nothing depends on who was
//! faster. Without a lag it knows whatever there is, and the search depends on the order in which trials end.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;
use toile_record::State;
use toile_store::{PastParam, PastTrial};
use toile_study::SearchPlan;
use toile_tune::{Choice, Configuration, Distribution, Params, Space, Trial};

/// Trials as the samplers see them, kept from one look to the next: finished ones never change.
#[derive(Default)]
pub(super) struct TrialHistory {
    /// The last view, out of which the next one is made: of thousands of trials only the last few differ.
    view: Arc<Vec<Trial>>,
    /// Ranges by the place where they lie; they are kept, so that nothing else comes to lie there.
    distributions: HashMap<usize, (Arc<Value>, Option<Distribution>)>,
    /// By trial: its configuration, if it belongs to the search. All calls are for one plan.
    belonging: HashMap<i64, Option<usize>>,
    /// Numbers for configurations.
    configurations: HashMap<Configuration, usize>,
}

/// Which trials belong to a search as the study file has it now, and which of them are repetitions of each other.
pub(super) struct Belonging {
    /// Of each trial whether it counts: it has ended and belongs to the search, or it has not ended, and will belong.
    pub counts: Vec<bool>,
    /// Of each trial that has ended and belongs to the search, a number that it shares with its repetitions.
    pub configurations: Vec<Option<usize>>,
}

/// An earlier trial that another one must wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Before {
    pub number: usize,
    /// It is in the hands of another program.
    pub is_foreign: bool,
}

impl TrialHistory {
    /// What trial `number` must wait for: the end of those that it may know, and the parameters of the others, where
    /// they are ours to decide. `records` are all trials of the search, by number.
    pub(super) fn waits_for(
        &mut self,
        records: &[PastTrial],
        space: &Space,
        number: usize,
        lag: Option<usize>,
    ) -> Option<Before> {
        let horizon = number.saturating_sub(lag?);
        let mut open = records.iter().filter(|record| record.number < number && !record.is_finished());
        let awaited = open.find(|record| record.number < horizon || self.is_undecided(record, space))?;
        Some(Before { number: awaited.number, is_foreign: is_foreign(awaited) })
    }

    /// What another program will do with its trial cannot be known, but what ours will do can be awaited.
    fn is_undecided(&mut self, record: &PastTrial, space: &Space) -> bool {
        !is_foreign(record) && !space.contains(&self.mapped(record, space))
    }

    /// The trials that trial `number` may know.
    pub(super) fn view(
        &mut self,
        records: &[PastTrial],
        space: &Space,
        number: usize,
        lag: Option<usize>,
    ) -> Arc<Vec<Trial>> {
        let horizon = lag.map_or(number, |lag| number.saturating_sub(lag));
        let is_known = |record: &PastTrial| record.is_finished() && record.number < horizon;
        let before = || records.iter().filter(|record| record.number < number);
        let mut view = std::mem::take(&mut self.view);
        let trials = Arc::make_mut(&mut view);
        let is_right = |(record, trial): &(&PastTrial, &Trial)| {
            is_known(record) && (trial.number, trial.state) == (record.number, state(record.state))
        };
        let right = before().zip(&*trials).take_while(is_right).count();
        trials.truncate(right);
        for record in before().skip(right) {
            let params = self.mapped(record, space);
            match is_known(record) {
                true => trials.push(finished(record, params)),
                // One that waits without parameters is not known at all.
                false if record.params.is_empty() && record.relative.is_empty() => {}
                false => trials.push(Trial::running(record.number, params)),
            }
        }
        self.view = view.clone();
        view
    }

    /// A trial's parameters in today's space: those of another space are kept where they still fit.
    pub(super) fn mapped(&mut self, record: &PastTrial, space: &Space) -> Params {
        let mut params = Params::new();
        for param in &record.params {
            let Some(now) = space.get(&param.name) else { continue };
            let then = self.distribution(&param.distribution);
            if let Some(value) = then.and_then(|then| carried(param.value, then, &now.distribution)) {
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

    /// The trial's configuration, if it belongs to the search as the study file has it now.
    fn point(&mut self, record: &PastTrial, plan: &SearchPlan) -> Option<Configuration> {
        for param in &record.params {
            self.distribution(&param.distribution)?;
        }
        let parsed =
            |param: &PastParam| self.distributions[&Arc::as_ptr(&param.distribution).addr()].1.as_ref();
        let params =
            || record.params.iter().filter_map(|param| Some((&*param.name, param.value, parsed(param)?)));
        plan.space.point(params(), &plan.fixed)?;
        Configuration::new(params())
    }

    /// Which trials count, and what of.
    pub(super) fn belong(&mut self, records: &[PastTrial], plan: &SearchPlan) -> Belonging {
        let of =
            |record: &PastTrial| record.is_finished().then(|| self.configuration(record, plan)).flatten();
        let configurations: Vec<Option<usize>> = records.iter().map(of).collect();
        let counts = records.iter().zip(&configurations);
        let counts = counts.map(|(record, point)| !record.is_finished() || point.is_some()).collect();
        Belonging { counts, configurations }
    }

    /// What has ended is looked at once.
    fn configuration(&mut self, record: &PastTrial, plan: &SearchPlan) -> Option<usize> {
        if let Some(known) = self.belonging.get(&record.trial_id) {
            return *known;
        }
        let next = self.configurations.len();
        let point = self.point(record, plan);
        let number = point.map(|point| *self.configurations.entry(point).or_insert(next));
        self.belonging.insert(record.trial_id, number);
        number
    }

    fn distribution(&mut self, json: &Arc<Value>) -> Option<&Distribution> {
        let parsed = || (json.clone(), Distribution::try_from((**json).clone()).ok());
        self.distributions.entry(Arc::as_ptr(json).addr()).or_insert_with(parsed).1.as_ref()
    }
}

/// An internal value of one range in another one: the index of a choice is that of the same choice.
pub(super) fn carried(value: f64, then: &Distribution, now: &Distribution) -> Option<f64> {
    now.internal(&then.contains(value).then(|| then.external(value))?)
}

/// What a trial is pruned by: pruners never ask for parameters, nor for trials under way.
pub(super) fn cohort(known: &[Trial]) -> Vec<Trial> {
    let finished = known.iter().filter(|trial| trial.state != State::Running);
    let without = |trial: &Trial| Trial {
        params: Params::new(),
        values: trial.values.clone(),
        intermediate: trial.intermediate.clone(),
        rungs: trial.rungs.clone(),
        constraints: trial.constraints.clone(),
        ..*trial
    };
    finished.map(without).collect()
}

fn is_foreign(record: &PastTrial) -> bool {
    record.attempt == 0 && record.state == State::Running
}

fn finished(record: &PastTrial, params: Params) -> Trial {
    Trial {
        state: state(record.state),
        values: record.values.clone(),
        intermediate: record.intermediate.iter().copied().collect(),
        rungs: record.rungs.clone(),
        constraints: record.constraints.clone(),
        ..Trial::running(record.number, params)
    }
}

/// A trial that waits is as one under way: its parameters count, nothing else.
fn state(state: State) -> State {
    if state.is_finished() { state } else { State::Running }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use toile_rng::Seed;
    use toile_tune::Param;

    use super::*;

    fn space() -> Space {
        let distribution = Distribution::int(0, 9, false, 1).expect("a range");
        Space { params: vec![Param { name: "n".into(), distribution, when: Vec::new() }] }
    }

    fn record(number: usize, state: State, value: Option<f64>) -> PastTrial {
        let range: Value = space().params[0].distribution.clone().into();
        let param = |value| PastParam { name: "n".into(), value, distribution: Arc::new(range.clone()) };
        PastTrial {
            trial_id: number as i64 + 1,
            number,
            state,
            params: value.map(param).into_iter().collect(),
            relative: Vec::new(),
            values: vec![number as f64],
            intermediate: vec![(1, number as f64)],
            rungs: Vec::new(),
            constraints: Vec::new(),
            attempt: 1,
        }
    }

    fn numbers(view: &[Trial]) -> Vec<(usize, State)> {
        view.iter().map(|trial| (trial.number, trial.state)).collect()
    }

    #[test]
    fn a_trial_knows_the_ended_ones_before_its_lag_and_of_the_others_the_parameters() {
        use State::{Complete, Failed, Pruned, Running, Waiting};
        let states = [Complete, Failed, Pruned, Complete, Running, Waiting];
        let records: Vec<_> =
            states.iter().enumerate().map(|(number, state)| record(number, *state, Some(3.0))).collect();
        let mut known = TrialHistory::default();
        let view = known.view(&records, &space(), 5, Some(2));
        let meant = [
            (0, State::Complete),
            (1, State::Failed),
            (2, State::Pruned),
            (3, State::Running),
            (4, State::Running),
        ];
        assert_eq!(numbers(&view), meant);
        assert!(view[3].values.is_empty() && view[3].intermediate.is_empty());
        assert_eq!(view[3].params["n"], 3.0);
        let mut waits = |number, lag| {
            let before = known.waits_for(&records, &space(), number, lag);
            before.map(|before| before.number)
        };
        assert_eq!((waits(5, Some(1)), waits(5, Some(0)), waits(5, None)), (None, Some(4), None));
        assert_eq!((waits(6, Some(1)), waits(6, Some(2))), (Some(4), None));
    }

    /// Who decides first would else decide what the others know.
    #[test]
    fn parameters_that_are_still_to_be_decided_are_waited_for_where_that_is_up_to_us() {
        let waits = |first: PastTrial| {
            let records = [first, record(1, State::Complete, Some(1.0))];
            TrialHistory::default().waits_for(&records, &space(), 2, Some(5)).map(|before| before.number)
        };
        assert_eq!(waits(record(0, State::Waiting, None)), Some(0));
        assert_eq!(waits(record(0, State::Running, None)), Some(0));
        assert_eq!(waits(record(0, State::Running, Some(10.0))), Some(0), "of another range");
        assert_eq!(waits(record(0, State::Waiting, Some(2.0))), None);
        assert_eq!(waits(PastTrial { attempt: 0, ..record(0, State::Running, None) }), None);
    }

    #[test]
    fn a_view_is_the_same_whichever_views_came_before() {
        let mut chance = Seed::new(1).stream("views", 0);
        let mut records: Vec<_> =
            (0..40).map(|number| record(number, State::Running, Some(number as f64 % 10.0))).collect();
        let mut known = TrialHistory::default();
        for _ in 0..500 {
            let ended = chance.next_u32() as usize % 40;
            if chance.next_u32().is_multiple_of(2) {
                records[ended].state = State::Complete;
            }
            let number = chance.next_u32() as usize % 41;
            let lag = [None, Some(0), Some(3)][chance.next_u32() as usize % 3];
            let fresh = TrialHistory::default().view(&records, &space(), number, lag);
            assert_eq!(known.view(&records, &space(), number, lag), fresh);
        }
    }

    #[test]
    fn the_value_of_another_range_is_carried_by_its_meaning() {
        let of = |choices: Value| {
            let json = json!({ "name": "CategoricalDistribution", "attributes": { "choices": choices } });
            Distribution::try_from(json).expect("a range")
        };
        let (then, now) = (of(json!([8, 16, "x"])), of(json!(["x", 8])));
        assert_eq!([0.0, 1.0, 2.0].map(|value| carried(value, &then, &now)), [Some(1.0), None, Some(0.0)]);
        assert_eq!(carried(3.0, &then, &now), None);
    }
}
