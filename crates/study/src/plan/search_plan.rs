//! The plan of a search: its space, how it is searched, and how a trial's parameters become settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use toile_nn::{DtypePolicy, Layer};
use toile_record::{Direction, Metric, ObjectiveRecord, SearchRecord};
use toile_tune::{GridSampler, Nsga2Sampler, Params, Pruner, Sampler, Space};

use crate::Settings;
use crate::check::CheckedSearch;
use crate::file::{OneOrSeveral, RunSettings, SearchTable, default};
use crate::plan::hashed::template_as_hashed;
use crate::plan::settings::{InitialWeights, as_json, sha256, sorted};
use crate::plan::{RunPlan, SharedSettings};
use crate::space::corners::corners;
use crate::space::template;

/// A search, ready to be run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SearchPlan {
    /// The name in the study file.
    pub name: String,
    /// Place among the searches of the study file, from 0.
    pub position: usize,
    /// The file's remark on the search.
    pub note: Option<String>,
    /// What a publication gives for the chosen configuration.
    pub published: Option<toile_record::Published>,
    /// The parameters, parents before children.
    pub space: Space,
    /// What a trial's parameters are put into.
    pub template: Template,
    /// How trials are proposed: what runs, and what records and reports name.
    pub sampler: Sampler,
    /// The sampler that the study file names, where a grid runs in its place because there are enough trials to try
    /// every point of the space.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_sampler: Option<Sampler>,
    /// When they are stopped.
    pub pruner: Pruner,
    /// How many there are.
    pub n_trials: usize,
    /// Seconds after which no trial begins.
    pub timeout: Option<f64>,
    /// Seconds of processor time after which no trial begins.
    pub cpu_timeout: Option<f64>,
    /// Trials without a better value after which no trial begins.
    pub stagnation: Option<usize>,
    /// Trial n is proposed from the trials up to n − 1 − lag; without a lag, from all that are finished, so that the
    /// order in which trials end matters.
    pub lag: Option<usize>,
    /// What is optimised; at least one.
    pub objectives: Vec<Objective>,
    /// Where the search's chance starts.
    pub seed: u64,
    /// Repetitions of each trial.
    pub seeds: usize,
    /// Parameters that are held at a value, whether or not a trial has them.
    pub fixed: Params,
    /// What the first trials begin with: each, if it is not whole, is completed by the sampler.
    pub first: Vec<Params>,
}

/// A metric, and the direction in which it is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// The metric.
    pub metric: Metric,
    /// The direction in which it is better.
    pub direction: Direction,
}

/// Settings with holes, into which the parameters of a trial fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// What all runs and trials of the study share.
    pub(crate) frame: SharedSettings,
    /// The file that every trial starts from.
    pub(crate) initial_weights: Option<InitialWeights>,
    /// Settings as in a run, with holes.
    pub(crate) settings: Json,
    /// The layers of each model that a trial may have, with holes.
    pub(crate) models: BTreeMap<String, Json>,
}

/// Why parameters are no trial of a search.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parameters {params} do not belong to the search `{search}`")]
pub struct ParamsError {
    /// The search.
    pub search: String,
    /// The parameters, as JSON.
    pub params: String,
}

impl SearchPlan {
    /// What a trial trains: the settings of a run, nothing left open.
    ///
    /// # Errors
    /// Parameters that the space does not contain.
    pub fn settings(&self, params: &Params, seed: u64) -> Result<Settings, ParamsError> {
        let settings = || self.space.contains(params).then(|| self.template.settings(params, seed)).flatten();
        settings().ok_or_else(|| ParamsError { search: self.name.clone(), params: json!(params).to_string() })
    }

    /// A training of a trial as a run, which bears the name of the search.
    pub fn run(&self, settings: Settings) -> RunPlan {
        RunPlan {
            name: self.name.clone(),
            position: 0,
            note: None,
            published: None,
            chosen_by: None,
            settings,
        }
    }

    /// Points of the space with every choice and both ends of every range: the largest and the smallest trials are
    /// among them. At most about `most` of them, where there are more combinations.
    pub fn corners(&self, most: usize) -> Vec<Params> {
        corners(&self.space, most)
    }

    /// The name of the run in which the chosen configuration is trained once more and tested.
    pub fn best_name(&self) -> String {
        best_name(&self.name)
    }

    /// The search as it is recorded. [`from_record`](Self::from_record) is the way back.
    pub fn to_record(&self, data_fingerprint: &str) -> SearchRecord {
        let objective = |objective: &Objective| ObjectiveRecord {
            metric: objective.metric.name().to_string(),
            maximize: objective.direction == Direction::Maximize,
        };
        SearchRecord {
            name: self.name.clone(),
            position: self.position,
            note: self.note.clone(),
            published: self.published,
            objectives: self.objectives.iter().map(objective).collect(),
            space: as_json(&self.space),
            sampler: as_json(&self.sampler),
            pruner: as_json(&self.pruner),
            n_trials: self.n_trials,
            lag: self.lag,
            seeds: self.seeds,
            seed: self.seed,
            plan: as_json(self),
            fingerprint: self.value_fingerprint(data_fingerprint),
            space_fingerprint: self.fingerprint(data_fingerprint),
        }
    }

    /// The plan out of which a record was made, if this version of toile can still read it. An older record names a
    /// sampler in whose place a grid ran: the plan names the grid.
    pub fn from_record(record: &SearchRecord) -> Option<SearchPlan> {
        let plan: SearchPlan = serde_json::from_value(record.plan.clone()).ok()?;
        Some(if plan.named_sampler.is_none() { plan.with_effective_sampler() } else { plan })
    }

    /// Puts a grid in the place of a sampler that has enough trials to try every point of the space.
    fn with_effective_sampler(mut self) -> SearchPlan {
        let effective = self.sampler.effective(&self.space, self.n_trials);
        if effective != self.sampler {
            self.named_sampler = Some(std::mem::replace(&mut self.sampler, effective));
        }
        self
    }

    /// Hash of all that decides the trials one after the other: 16 hexadecimal digits. How many there are, and when the
    /// search stops, is not in it: a search can be prolonged. So the sampler is hashed as the study file names it:
    /// whether a grid runs in its place depends on the number of trials.
    pub fn fingerprint(&self, data_fingerprint: &str) -> String {
        let mut all = self.decisive(data_fingerprint);
        for (key, value) in [
            ("space", as_json(&self.space)),
            ("sampler", as_json(self.named_sampler.as_ref().unwrap_or(&self.sampler))),
            ("pruner", as_json(&self.pruner)),
            ("lag", json!(self.lag)),
            ("fixed", json!(self.fixed)),
            ("first", json!(self.first)),
            ("seed", json!(self.seed)),
            ("template", self.hashed_template()),
        ] {
            all.insert(key.into(), value);
        }
        hash(all)
    }

    /// Hash of what decides a trial's value besides its parameters, as far as it is the same for all trials: data,
    /// split, metrics, repetitions. Of two searches with the same one, trials can be taken over as
    /// [`carried`](Self::carried) says.
    pub fn base_fingerprint(&self, data_fingerprint: &str) -> String {
        hash(self.decisive(data_fingerprint))
    }

    /// Hash of all that decides a trial's value, given its parameters by name: what the search holds fixed, but no
    /// range.
    pub fn value_fingerprint(&self, data_fingerprint: &str) -> String {
        let mut all = self.decisive(data_fingerprint);
        all.insert("template".into(), template::without_values(&self.hashed_template()));
        hash(all)
    }

    fn hashed_template(&self) -> Json {
        let mut template = as_json(&self.template);
        template_as_hashed(&mut template);
        template
    }

    fn decisive(&self, data_fingerprint: &str) -> Map<String, Json> {
        let mut frame = as_json(&self.template.frame);
        frame["data"] = json!(data_fingerprint);
        let weights = self.template.initial_weights.as_ref().map(|weights| &weights.sha256);
        let all = json!({
            "frame": frame, "initial_weights": weights, "objectives": self.objectives, "seeds": self.seeds,
            "numerics": toile_nn::NUMERICS,
        });
        let Json::Object(mut map) = all else { unreachable!("it is an object") };
        // One number, or a range that may come to others than 32-bit floats.
        let policy = self.template.settings.get("dtype_policy");
        if policy.is_some_and(|policy| *policy != as_json(&DtypePolicy::default())) {
            map.insert("numerics_bf16".into(), json!(toile_nn::NUMERICS_BF16));
        }
        map
    }

    /// The parameters with which this search trains what another one (an earlier form of it) trained with `params`;
    /// nothing if its space has no such point, or if the same parameters mean other settings now.
    pub fn carried(&self, earlier: &SearchPlan, params: &Params) -> Option<Params> {
        let translate = |(name, &value): (&String, &f64)| {
            let old = earlier.space.get(name).filter(|param| param.distribution.contains(value))?;
            let new = self.space.get(name)?.distribution.internal(&old.distribution.external(value))?;
            Some((name.clone(), new))
        };
        let carried = params.iter().map(translate).collect::<Option<Params>>()?;
        let same = self.settings(&carried, 0).ok()? == earlier.settings(params, 0).ok()?;
        same.then_some(carried)
    }
}

/// The objectives of a search.
pub(crate) fn objectives(table: &SearchTable, has_validation: bool) -> Vec<Objective> {
    let default = if has_validation { Metric::ValAccuracy } else { Metric::Accuracy };
    let metrics = table.metric.as_ref().map_or(vec![default], OneOrSeveral::all);
    let given = table.direction.as_ref().map(OneOrSeveral::all).unwrap_or_default();
    let direction = |(index, metric): (usize, Metric)| {
        let direction = given.get(index).copied().unwrap_or(metric.direction());
        Objective { metric, direction }
    };
    metrics.into_iter().enumerate().map(direction).collect()
}

/// How many trials there are, and how they are proposed.
pub(crate) struct TrialBudget {
    pub n_trials: usize,
    pub sampler: Sampler,
}

impl TrialBudget {
    /// Where all points of the space can be tried, nothing is left to a sampler, unless the file names one. A grid ends
    /// with its last point.
    pub(crate) fn of(table: &SearchTable, points: Option<u128>, n_objectives: usize) -> TrialBudget {
        let points = points.and_then(|points| usize::try_from(points).ok());
        let wanted = table.n_trials.or(points).unwrap_or(0);
        let exhaustible = points.filter(|points| *points <= wanted);
        let sampler = match (&table.sampler, exhaustible) {
            (Some(sampler), _) => sampler.clone(),
            (None, Some(_)) => Sampler::Grid(GridSampler {}),
            (None, None) if n_objectives > 1 => Sampler::Nsga2(Nsga2Sampler::default()),
            (None, None) => Sampler::default(),
        };
        let end = exhaustible.filter(|_| sampler.is_exhaustive());
        TrialBudget { n_trials: end.unwrap_or(wanted), sampler }
    }
}

/// The plan of a checked search. `seed` is what `[defaults]` and `[study]` say.
pub(crate) fn search_plan(
    position: usize,
    search: &CheckedSearch,
    frame: SharedSettings,
    initial_weights: Option<InitialWeights>,
    seed: u64,
) -> SearchPlan {
    let table = &search.table;
    let objectives = objectives(table, frame.validation_split.fraction > 0.0);
    let budget = TrialBudget::of(table, search.space.count_points(&search.fixed), objectives.len());
    let asynchronous = table.asynchronous == Some(true);
    let plan = SearchPlan {
        name: table.name.clone(),
        position,
        note: table.note.clone(),
        published: table.published.map(Into::into),
        space: search.space.clone(),
        template: Template {
            frame,
            initial_weights,
            settings: search.settings.clone(),
            models: search.models.clone(),
        },
        sampler: budget.sampler,
        named_sampler: None,
        pruner: table.pruner.clone().unwrap_or_default(),
        n_trials: budget.n_trials,
        timeout: table.timeout,
        cpu_timeout: table.cpu_timeout,
        stagnation: table.stagnation,
        lag: (!asynchronous).then(|| table.lag.unwrap_or(default::LAG)),
        objectives,
        seed: table.settings.seed.unwrap_or(seed),
        seeds: table.settings.seeds.unwrap_or(default::SEEDS),
        fixed: search.fixed.clone(),
        first: search.first.clone(),
    };
    plan.with_effective_sampler()
}

/// The name of the run that a search's chosen configuration becomes.
pub fn best_name(search: &str) -> String {
    format!("{search}: best")
}

fn hash(all: Map<String, Json>) -> String {
    sha256(sorted(&Json::Object(all)).to_string().as_bytes())[..16].to_string()
}

impl Template {
    /// The settings of a trial; `None` if a parameter is missing.
    pub(crate) fn settings(&self, params: &Params, seed: u64) -> Option<Settings> {
        let run: RunSettings = serde_json::from_value(template::fill(&self.settings, params)?).ok()?;
        let layers = template::fill(self.models.get(run.model.as_ref()?)?, params)?;
        let layers: Vec<Layer> = serde_json::from_value(layers).ok()?;
        self.frame.settings(run, &layers, self.initial_weights.clone(), seed)
    }
}
