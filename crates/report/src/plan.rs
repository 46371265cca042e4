//! The plans of runs and of searches as typed settings. This is the only place of the report that parses them.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use toile_record::{SearchRecord, choice};
use toile_study::Settings;
use toile_tune::{Pruner, Sampler, Space};

use crate::export::flatten;

/// The settings of a run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlanSettings {
    /// The settings; `None` if the plan is not of a form that this version knows.
    pub typed: Option<Settings>,
    /// The settings as the study file would spell them: of an unknown plan, what it says.
    spelled: Value,
}

impl PlanSettings {
    /// Reads a plan. What an older record lacks has its default; a plan that cannot be read is kept as it is.
    pub(crate) fn new(plan: &Value) -> Self {
        let typed: Option<Settings> = parsed(plan);
        let spelled = typed.as_ref().map_or_else(|| plan.clone(), Settings::to_json);
        Self { typed, spelled }
    }

    /// A setting as the study file spells it.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.spelled.get(name)
    }

    /// The optimizer's name, and its own settings.
    pub(crate) fn optimizer(&self) -> Option<(&str, &Map<String, Value>)> {
        self.get("optimizer").and_then(Value::as_object).and_then(choice)
    }

    /// The callbacks by name, each with its own settings.
    pub(crate) fn callbacks(&self) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        let all = self.get("callbacks").and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|callback| choice(callback.as_object()?))
    }

    /// Every setting under its dotted name, with its value as text, in the order of the plan.
    pub(crate) fn flat(&self) -> Vec<(String, String)> {
        flatten(&self.spelled)
    }
}

/// How many epochs a plan has, if it says so.
pub(crate) fn planned_epochs(plan: &Value) -> Option<u64> {
    plan.get("epochs").and_then(Value::as_u64)
}

/// Whether the loss of an image is −ln of the probability of its label and nothing else: plain cross-entropy without
/// smoothing. What an older plan does not say is its default.
pub(crate) fn is_plain_crossentropy(plan: &Value) -> bool {
    let is_plain = plan.get("loss").is_none_or(|loss| loss == "categorical_crossentropy");
    let smoothing = plan.get("label_smoothing").map_or(Some(0.0), Value::as_f64);
    is_plain && smoothing == Some(0.0)
}

/// How many images a plan's batches have, if it says so.
pub(crate) fn planned_batch(plan: &Value) -> Option<u64> {
    plan.get("batch_size").and_then(Value::as_u64)
}

/// How a search was made.
pub(crate) struct SearchSettings {
    /// The space; empty if it is not of a form that this version knows.
    pub space: Space,
    /// The sampler.
    pub sampler: RecordedChoice<Sampler>,
    /// The pruner.
    pub pruner: RecordedChoice<Pruner>,
    /// When it stops, and whose clock its times are of.
    pub limits: SearchLimits,
}

/// What a search's plan says of its end and of its times. What has another form counts as missing.
#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub(crate) struct SearchLimits {
    /// Seconds after which no trial begins.
    #[serde(deserialize_with = "if_it_fits")]
    pub timeout: Option<f64>,
    /// Seconds of processor time after which no trial begins.
    #[serde(deserialize_with = "if_it_fits")]
    pub cpu_timeout: Option<f64>,
    /// Trials without a better value after which no trial begins.
    #[serde(deserialize_with = "if_it_fits")]
    pub stagnation: Option<f64>,
    /// Parameters that are not searched: each trial has these values.
    #[serde(deserialize_with = "if_it_fits")]
    pub fixed: Option<toile_tune::Params>,
    /// Whether its times have no zone.
    #[serde(deserialize_with = "if_it_fits")]
    times_are_local: Option<LocalTimes>,
}

/// Whether times have no zone, or which version of Optuna wrote them without one.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(untagged)]
enum LocalTimes {
    Flag(bool),
    Version(String),
}

/// One of a family, as it was recorded: a name, or `{"name": {settings}}`.
pub(crate) struct RecordedChoice<T> {
    /// The member; `None` if this version does not know it, or not with these settings.
    pub typed: Option<T>,
    /// Its name; empty if what was recorded has another form.
    pub name: String,
    /// Its settings, if it has any; of another form, everything that was recorded.
    pub settings: Option<Value>,
}

impl SearchSettings {
    /// Reads how a search was made.
    pub(crate) fn new(search: &SearchRecord) -> Self {
        Self {
            space: parsed(&search.space).unwrap_or_default(),
            sampler: RecordedChoice::new(&search.sampler),
            pruner: RecordedChoice::new(&search.pruner),
            limits: parsed(&search.plan).unwrap_or_default(),
        }
    }
}

impl SearchLimits {
    /// Whether its times are as another program wrote them, without a zone.
    pub(crate) fn times_are_local(&self) -> bool {
        matches!(self.times_are_local, Some(LocalTimes::Flag(true) | LocalTimes::Version(_)))
    }
}

impl<T: DeserializeOwned> RecordedChoice<T> {
    fn new(recorded: &Value) -> Self {
        let (name, settings) = match recorded {
            Value::String(name) => (name.as_str(), None),
            Value::Object(map) if map.len() == 1 => {
                map.iter().next().map_or(("", None), |(name, settings)| (name.as_str(), Some(settings)))
            }
            Value::Object(_) | Value::Array(_) => ("", Some(recorded)),
            _ => ("", None),
        };
        Self { typed: parsed(recorded), name: name.to_owned(), settings: settings.cloned() }
    }
}

fn parsed<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

fn if_it_fits<'de, D: Deserializer<'de>, T: DeserializeOwned>(input: D) -> Result<Option<T>, D::Error> {
    Ok(parsed(&Value::deserialize(input)?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan() -> Value {
        let text = "[study]\nname = \"one\"\ndata = \"fashion-mnist\"\n[models.dense]\nlayers = [\"flatten\", { dense = { units = 10, \
                    activation = \"softmax\" } }]\n[[runs]]\nname = \"Model 1\"\nmodel = \"dense\"\noptimizer = \"adam\"\nepochs = 5\n";
        let study = toile_study::check(text, "one.toml", None).expect("a study file");
        let options = toile_study::PlanOptions::default();
        let plan = toile_study::plan(&study, &options, &|_| Ok(Vec::new())).expect("a plan");
        plan.runs[0].settings.to_json()
    }

    #[test]
    fn a_plan_is_read_as_settings_and_spelled_as_it_was() {
        let plan = plan();
        let settings = PlanSettings::new(&plan);
        assert_eq!(settings.typed.as_ref().map(|typed| typed.epochs), Some(5));
        assert_eq!(settings.spelled, plan);
        assert_eq!(settings.optimizer().map(|(name, _)| name), Some("adam"));
        assert_eq!(settings.flat(), flatten(&plan));
    }

    #[test]
    fn a_plan_of_an_unknown_form_shows_what_it_says() {
        let settings =
            PlanSettings::new(&json!({"optimizer": {"newer": {"learning_rate": 0.5}}, "epochs": 3}));
        assert_eq!(settings.typed, None);
        assert_eq!(settings.optimizer().map(|(name, _)| name), Some("newer"));
        let flat = [("optimizer", "newer"), ("optimizer.learning_rate", "0.5"), ("epochs", "3")];
        assert_eq!(settings.flat(), flat.map(|(name, value)| (name.to_owned(), value.to_owned())));
        for plan in [json!(null), json!(3), json!([1, 2]), json!({"optimizer": 3, "callbacks": {"a": 1}})] {
            let settings = PlanSettings::new(&plan);
            assert!(settings.optimizer().is_none() && settings.callbacks().next().is_none());
        }
    }

    #[test]
    fn the_loss_of_an_image_tells_the_probability_of_its_label_only_without_smoothing() {
        assert!(is_plain_crossentropy(&plan()) && is_plain_crossentropy(&json!({})));
        let focal = json!({"loss": {"categorical_focal_crossentropy": {"alpha": 0.25, "gamma": 2.0}}});
        for plan in [json!({"label_smoothing": 0.1}), focal, json!({"label_smoothing": "some"})] {
            assert!(!is_plain_crossentropy(&plan), "{plan}");
        }
    }

    #[test]
    fn a_limit_of_another_form_counts_as_missing() {
        let limits = |plan: Value| parsed::<SearchLimits>(&plan).unwrap_or_default();
        let read = limits(json!({"timeout": 60.0, "stagnation": 5, "times_are_local": "4.3.0", "more": [1]}));
        assert_eq!((read.timeout, read.cpu_timeout, read.stagnation), (Some(60.0), None, Some(5.0)));
        assert!(read.times_are_local() && !limits(json!({"times_are_local": false})).times_are_local());
        let other = limits(json!({"timeout": "soon", "cpu_timeout": 2, "times_are_local": 3}));
        assert_eq!((other.timeout, other.cpu_timeout), (None, Some(2.0)));
        assert!(!other.times_are_local());
        assert_eq!(limits(json!(null)), SearchLimits::default());
    }

    #[test]
    fn a_sampler_is_known_by_its_name_even_if_its_settings_are_not() {
        let sampler = |recorded: Value| RecordedChoice::<Sampler>::new(&recorded);
        let known = sampler(json!({"tpe": {"n_startup_trials": 5}}));
        assert!(known.typed.is_some() && known.name == "tpe");
        let newer = sampler(json!({"newer": {"depth": 2}}));
        assert!(
            newer.typed.is_none() && newer.name == "newer" && newer.settings == Some(json!({"depth": 2}))
        );
        assert_eq!(sampler(json!("random")).name, "random");
        let list = sampler(json!([1, 2]));
        assert_eq!((list.name.as_str(), list.settings), ("", Some(json!([1, 2]))));
        assert!(sampler(json!(17)).settings.is_none());
    }
}
