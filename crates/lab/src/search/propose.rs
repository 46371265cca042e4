//! The next trial: its parameters, and the seed that it is trained with.

use serde_json::json;
use toile_record::{Direction, ParamRecord};
use toile_rng::Seed;
use toile_tune::{Choice, Distribution, Params, SamplingContext, Trial};

use super::history::carried;
use toile_study::SearchPlan;

/// What a trial is to try.
pub(super) struct Proposal {
    pub params: Params,
    /// The seed of its first repetition.
    pub seed: u64,
}

/// The proposal for a trial that may know `known`. `had` are parameters that it has already, `enqueued` values that
/// someone has put into the queue for it.
///
/// A configuration that was proposed before is trained with other seeds: the engine gives the same bits for the same
/// seed, so a second training would tell nothing.
pub(super) fn propose(
    plan: &SearchPlan,
    number: usize,
    known: &[Trial],
    had: &Params,
    enqueued: &[(String, serde_json::Value)],
) -> Proposal {
    let fixed = fixed(plan, number, had, enqueued);
    let directions = directions(plan);
    let context = SamplingContext {
        space: &plan.space,
        directions: &directions,
        history: known,
        number,
        seed: Seed::new(plan.seed),
        n_trials: Some(plan.n_trials),
        fixed: &fixed,
    };
    let params = plan.sampler.suggest(&context);
    let times = known.iter().filter(|trial| trial.number < number && trial.params == params).count();
    // Seeds are 32 bits wide, as everywhere.
    let seed = (plan.seed + (times * plan.seeds) as u64) & u64::from(u32::MAX);
    Proposal { params, seed }
}

/// Where better lies, for each objective.
pub(super) fn directions(plan: &SearchPlan) -> Vec<Direction> {
    plan.objectives.iter().map(|objective| objective.direction).collect()
}

/// What the study file holds fixed, what it wants tried first, and what someone has decided.
fn fixed(plan: &SearchPlan, number: usize, had: &Params, enqueued: &[(String, serde_json::Value)]) -> Params {
    let mut fixed = plan.fixed.clone();
    fixed.extend(plan.first.get(number).cloned().unwrap_or_default());
    fixed.extend(had.clone());
    for (name, value) in enqueued {
        let external: Option<Choice> = serde_json::from_value(value.clone()).ok();
        let distribution = plan.space.get(name).map(|param| &param.distribution);
        if let Some(value) = external.zip(distribution).and_then(|(value, d)| d.internal(&value)) {
            fixed.insert(name.clone(), value);
        }
    }
    fixed
}

/// What of the values that someone has queued a trial with the space does not hold: names, types, ranges.
pub(super) fn misfit(plan: &SearchPlan, enqueued: &[(String, serde_json::Value)]) -> Option<String> {
    let misfit = |(name, value): &(String, serde_json::Value)| {
        let Some(param) = plan.space.get(name) else {
            let names: Vec<&str> = plan.space.params.iter().map(|param| param.name.as_str()).collect();
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
    let of = match distribution {
        Distribution::Categorical { choices } => {
            let choices: Vec<String> = choices.iter().map(|choice| json!(choice).to_string()).collect();
            return format!("one of {}", choices.join(", "));
        }
        Distribution::Int { low, high, .. } => format!("whole numbers from {low} to {high}"),
        Distribution::Float { low, high, .. } => format!("numbers from {low} to {high}"),
    };
    of
}

/// A trial's parameters as they are recorded, in the order of the space.
pub(super) fn records(plan: &SearchPlan, params: &Params) -> Vec<ParamRecord> {
    let record = |param: &toile_tune::Param| {
        let value = *params.get(&param.name)?;
        let distribution = param.distribution.clone().into();
        Some(ParamRecord { name: param.name.clone(), value, distribution })
    };
    plan.space.params.iter().filter_map(record).collect()
}

/// The same the other way round: the values that have a place in today's ranges.
pub(super) fn params(plan: &SearchPlan, records: &[ParamRecord]) -> Params {
    let value = |record: &ParamRecord| {
        let now = &plan.space.get(&record.name)?.distribution;
        let then = Distribution::try_from(record.distribution.clone()).ok()?;
        Some((record.name.clone(), carried(record.value, &then, now)?))
    };
    records.iter().filter_map(value).collect()
}

/// Parameters as the study file spells them, for those who look on.
pub(super) fn external(plan: &SearchPlan, params: &Params) -> Vec<(String, Choice)> {
    let spelled = |param: &toile_tune::Param| {
        params.get(&param.name).map(|&value| (param.name.clone(), param.distribution.external(value)))
    };
    plan.space.params.iter().filter_map(spelled).collect()
}

/// The attribute by which Optuna's workers know the parameters of a trial that is under way.
pub(super) fn relative_params(plan: &SearchPlan, params: &Params) -> String {
    let values: serde_json::Map<String, serde_json::Value> =
        external(plan, params).into_iter().map(|(name, value)| (name, json!(value))).collect();
    serde_json::Value::Object(values).to_string()
}
