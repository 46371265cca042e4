//! The next trial: its parameters, and the seed that it is trained with.

use serde_json::json;
use toile_record::{Direction, ParamRecord};
use toile_rng::Seed;
use toile_store::{Claim, NewTrial, Store, StoreError};
use toile_tune::{Choice, Distribution, Params, Sampler, SamplingContext, Space, Trial};

use super::history::carried;
use toile_study::SearchPlan;

/// What a trial is to try.
pub(super) struct Proposal {
    pub params: Params,
    /// The seed of its first repetition.
    pub seed: u64,
}

/// What proposals come from, besides the trials that they may know.
pub(super) struct Proposer<'a> {
    pub space: &'a Space,
    pub sampler: &'a Sampler,
    /// Where better lies, for each objective.
    pub directions: Vec<Direction>,
    /// How many trials there will be, where that is known.
    pub n_trials: Option<usize>,
    pub seed: u64,
    /// Repetitions of each trial.
    pub seeds: usize,
    /// What is held at a value.
    pub fixed: Params,
    /// What the first trials begin with.
    pub first: &'a [Params],
}

impl<'a> From<&'a SearchPlan> for Proposer<'a> {
    fn from(plan: &'a SearchPlan) -> Proposer<'a> {
        Proposer {
            space: &plan.space,
            sampler: &plan.sampler,
            directions: directions(plan),
            n_trials: Some(plan.n_trials),
            seed: plan.seed,
            seeds: plan.seeds,
            fixed: plan.fixed.clone(),
            first: &plan.first,
        }
    }
}

/// Where better lies, for each objective.
pub(super) fn directions(plan: &SearchPlan) -> Vec<Direction> {
    plan.objectives.iter().map(|objective| objective.direction).collect()
}

/// What a claimed trial is to try.
pub(super) enum Decided {
    /// These parameters. `anew`: they are not those of an earlier attempt, whose checkpoint is of no use.
    Try { proposal: Proposal, anew: bool },
    /// Someone has queued it with what the search does not have.
    Misfit(String),
    /// Another worker has it now.
    Lost,
}

impl Proposer<'_> {
    /// The proposal for a trial that may know `known`. `had` are parameters that it has already, `enqueued` values that
    /// someone has put into the queue for it.
    ///
    /// A configuration that was proposed before is trained with other seeds: the engine gives the same bits for the
    /// same seed, so a second training would tell nothing.
    fn propose(
        &self,
        number: usize,
        known: &[Trial],
        had: &Params,
        enqueued: &[(String, serde_json::Value)],
    ) -> Proposal {
        let fixed = self.fixed(number, had, enqueued);
        let context = SamplingContext {
            space: self.space,
            directions: &self.directions,
            history: known,
            number,
            seed: Seed::new(self.seed),
            n_trials: self.n_trials,
            fixed: &fixed,
        };
        let params = self.sampler.suggest(&context);
        let times = known.iter().filter(|trial| trial.number < number && trial.params == params).count();
        // Seeds are 32 bits wide, as everywhere.
        let seed = (self.seed + (times * self.seeds) as u64) & u64::from(u32::MAX);
        Proposal { params, seed }
    }

    /// A new trial, as it is recorded, and its parameters.
    pub(super) fn new_trial(&self, number: usize, known: &[Trial]) -> (NewTrial, Params) {
        let Proposal { params, seed } = self.propose(number, known, &Params::new(), &[]);
        let relative_params = Some(relative_params(self.space, &params));
        (NewTrial { number, params: records(self.space, &params), seed, relative_params }, params)
    }

    /// The parameters of a claimed trial: those it has, completed where some are open or do not fit any more. They are
    /// recorded.
    pub(super) fn decide(
        &self,
        claim: &Claim,
        known: &[Trial],
        storage: &Store,
    ) -> Result<Decided, StoreError> {
        let had = params(self.space, &claim.params);
        let is_whole = self.space.contains(&had) && had.len() == claim.params.len();
        if let (Some(seed), true) = (claim.seed, is_whole) {
            let records = records(self.space, &had);
            let same = claim.params.iter().all(|param| records.contains(param));
            let kept = same || storage.decide_params(claim, &records, seed)?;
            let proposal = Proposal { params: had, seed };
            return Ok(if kept { Decided::Try { proposal, anew: false } } else { Decided::Lost });
        }
        if let Some(why) = misfit(self.space, &claim.fixed) {
            return Ok(Decided::Misfit(why));
        }
        let proposal = self.propose(claim.number, known, &had, &claim.fixed);
        let records = records(self.space, &proposal.params);
        let kept = claim.params.is_empty() || storage.forget(claim)?;
        match kept && storage.decide_params(claim, &records, proposal.seed)? {
            true => Ok(Decided::Try { proposal, anew: true }),
            false => Ok(Decided::Lost),
        }
    }

    /// What the study file holds fixed, what it wants tried first, and what someone has decided.
    fn fixed(&self, number: usize, had: &Params, enqueued: &[(String, serde_json::Value)]) -> Params {
        let mut fixed = self.fixed.clone();
        fixed.extend(self.first.get(number).cloned().unwrap_or_default());
        fixed.extend(had.clone());
        for (name, value) in enqueued {
            let external: Option<Choice> = serde_json::from_value(value.clone()).ok();
            let distribution = self.space.get(name).map(|param| &param.distribution);
            if let Some(value) = external.zip(distribution).and_then(|(value, d)| d.internal(&value)) {
                fixed.insert(name.clone(), value);
            }
        }
        fixed
    }
}

/// What of the values that someone has queued a trial with the space does not hold: names, types, ranges.
pub(super) fn misfit(space: &Space, enqueued: &[(String, serde_json::Value)]) -> Option<String> {
    let misfit = |(name, value): &(String, serde_json::Value)| {
        let Some(param) = space.get(name) else {
            let names: Vec<&str> = space.params.iter().map(|param| param.name.as_str()).collect();
            return Some(format!(
                "it was queued with `{name}`, which the search does not have (it has {})",
                names.join(", ")
            ));
        };
        let external: Option<Choice> = serde_json::from_value(value.clone()).ok();
        match external.and_then(|value| param.distribution.internal(&value)) {
            Some(_) => None,
            None => Some(format!(
                "it was queued with `{name}` = {value}, which does not lie in its range: {}",
                range_text(&param.distribution)
            )),
        }
    };
    let all: Vec<String> = enqueued.iter().filter_map(misfit).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// `whole numbers from 8 to 32`
fn range_text(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Categorical { choices } => {
            let choices: Vec<String> = choices.iter().map(|choice| json!(choice).to_string()).collect();
            format!("one of {}", choices.join(", "))
        }
        Distribution::Int { low, high, .. } => format!("whole numbers from {low} to {high}"),
        Distribution::Float { low, high, .. } => format!("numbers from {low} to {high}"),
    }
}

/// A trial's parameters as they are recorded, in the order of the space.
fn records(space: &Space, params: &Params) -> Vec<ParamRecord> {
    let record = |param: &toile_tune::Param| {
        let value = *params.get(&param.name)?;
        let distribution = param.distribution.clone().into();
        Some(ParamRecord { name: param.name.clone(), value, distribution })
    };
    space.params.iter().filter_map(record).collect()
}

/// The same the other way round: the values that have a place in today's ranges.
fn params(space: &Space, records: &[ParamRecord]) -> Params {
    let value = |record: &ParamRecord| {
        let now = &space.get(&record.name)?.distribution;
        let then = Distribution::try_from(record.distribution.clone()).ok()?;
        Some((record.name.clone(), carried(record.value, &then, now)?))
    };
    records.iter().filter_map(value).collect()
}

/// Parameters as the study file spells them, for those who look on.
pub(super) fn external(space: &Space, params: &Params) -> Vec<(String, Choice)> {
    let spelled = |param: &toile_tune::Param| {
        params.get(&param.name).map(|&value| (param.name.clone(), param.distribution.external(value)))
    };
    space.params.iter().filter_map(spelled).collect()
}

/// The attribute by which Optuna's workers know the parameters of a trial that is under way.
fn relative_params(space: &Space, params: &Params) -> String {
    let values: serde_json::Map<String, serde_json::Value> =
        external(space, params).into_iter().map(|(name, value)| (name, json!(value))).collect();
    serde_json::Value::Object(values).to_string()
}
