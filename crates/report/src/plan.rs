//! The plan of a run as typed settings. This is the only place of the report that parses one.

use serde_json::{Map, Value};
use toile_study::Settings;

use crate::export::{choice, flatten};

/// The settings of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanSettings {
    /// The settings; `None` if the plan is not of a form that this version knows.
    pub typed: Option<Settings>,
    /// The settings as the study file would spell them: of an unknown plan, what it says.
    spelled: Value,
}

impl PlanSettings {
    /// Reads a plan. What an older record lacks has its default; a plan that cannot be read is kept as it is.
    pub fn new(plan: &Value) -> Self {
        let typed: Option<Settings> = serde_json::from_value(plan.clone()).ok();
        let spelled = typed.as_ref().map_or_else(|| plan.clone(), Settings::to_json);
        Self { typed, spelled }
    }

    /// A setting as the study file spells it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.spelled.get(name)
    }

    /// The optimizer's name, and its own settings.
    pub fn optimizer(&self) -> Option<(&str, &Map<String, Value>)> {
        self.get("optimizer").and_then(Value::as_object).and_then(choice)
    }

    /// The callbacks by name, each with its own settings.
    pub fn callbacks(&self) -> impl Iterator<Item = (&str, &Map<String, Value>)> {
        let all = self.get("callbacks").and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|callback| choice(callback.as_object()?))
    }

    /// Every setting under its dotted name, with its value as text, in the order of the plan.
    pub fn flat(&self) -> Vec<(String, String)> {
        flatten(&self.spelled)
    }
}

/// How many epochs a plan has, if it says so.
pub fn planned_epochs(plan: &Value) -> Option<u64> {
    plan.get("epochs").and_then(Value::as_u64)
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
}
