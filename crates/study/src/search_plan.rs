//! The plan of a search: its space, how it is searched, and how a trial's parameters become settings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json, json};
use toile_nn::Layer;
use toile_store::{ObjectiveRecord, SearchRecord};
use toile_tune::{Direction, Params, Pruner, Sampler, Space};

use crate::Settings;
use crate::file::{Metric, RunSettings};
use crate::plan::Frame;
use crate::settings::{InitialWeights, as_json, sha256, sorted};
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
    pub published: Option<toile_store::Published>,
    /// The parameters, parents before children.
    pub space: Space,
    /// What a trial's parameters are put into.
    pub template: Template,
    /// How trials are proposed.
    pub sampler: Sampler,
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
    /// Trial n knows the trials up to n − 1 − lag; without one, whatever is finished: order-dependent.
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

/// A metric, and where better lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objective {
    /// The metric.
    pub metric: Metric,
    /// Where better lies.
    pub direction: Direction,
}

/// Settings with holes, into which the parameters of a trial fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// What all runs and trials of the study share.
    pub(crate) frame: Frame,
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

    /// The plan out of which a record was made, if this version of toile can still read it.
    pub fn from_record(record: &SearchRecord) -> Option<SearchPlan> {
        serde_json::from_value(record.plan.clone()).ok()
    }

    /// Hash of all that decides the trials one after the other: 16 hexadecimal digits. How many there are, and when the
    /// search stops, is not in it: a search can be prolonged.
    pub fn fingerprint(&self, data_fingerprint: &str) -> String {
        let mut all = self.decisive(data_fingerprint);
        for (key, value) in [
            ("space", as_json(&self.space)),
            ("sampler", as_json(&self.sampler)),
            ("pruner", as_json(&self.pruner)),
            ("lag", json!(self.lag)),
            ("fixed", json!(self.fixed)),
            ("first", json!(self.first)),
            ("seed", json!(self.seed)),
            ("template", as_json(&self.template)),
        ] {
            all.insert(key.into(), value);
        }
        hash(all)
    }

    /// Hash of what decides a trial's value beside its parameters, as far as it is the same for all trials: data, split,
    /// metrics, repetitions. Of two searches with the same one, trials can be taken over as [`carried`](Self::carried) says.
    pub fn base_fingerprint(&self, data_fingerprint: &str) -> String {
        hash(self.decisive(data_fingerprint))
    }

    /// Hash of all that decides a trial's value, given its parameters by name: what the search holds fixed, but no range.
    pub fn value_fingerprint(&self, data_fingerprint: &str) -> String {
        let mut all = self.decisive(data_fingerprint);
        all.insert("template".into(), template::without_values(&as_json(&self.template)));
        hash(all)
    }

    fn decisive(&self, data_fingerprint: &str) -> Map<String, Json> {
        let mut frame = as_json(&self.template.frame);
        frame["data"] = json!(data_fingerprint);
        let weights = self.template.initial_weights.as_ref().map(|weights| &weights.sha256);
        let all = json!({
            "frame": frame, "initial_weights": weights, "objectives": self.objectives, "seeds": self.seeds,
            "numerics": toile_nn::NUMERICS,
        });
        match all {
            Json::Object(map) => map,
            _ => unreachable!("it is an object"),
        }
    }

    /// The parameters with which this search trains what another one (an earlier form of it) trained with `params`; nothing
    /// if its space has no such point, or if the same parameters mean other settings now.
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

/// The name of the run that a search's chosen configuration becomes.
pub fn best_name(search: &str) -> String {
    format!("{search}: best")
}

fn hash(all: Map<String, Json>) -> String {
    sha256(sorted(&Json::Object(all)).to_string().as_bytes())[..16].to_string()
}

impl Template {
    /// The settings of a trial; nothing if a parameter is missing.
    pub(crate) fn settings(&self, params: &Params, seed: u64) -> Option<Settings> {
        let run: RunSettings = serde_json::from_value(template::fill(&self.settings, params)?).ok()?;
        let layers = template::fill(self.models.get(run.model.as_ref()?)?, params)?;
        let layers: Vec<Layer> = serde_json::from_value(layers).ok()?;
        self.frame.settings(run, &layers, self.initial_weights.clone(), seed)
    }
}
