//! A search together with its models: one space, and the templates of all models that a trial can have.

use std::collections::{BTreeMap, HashSet};

use serde_json::Value as Json;
use toile_tune::{Condition, Is, Space};

use super::template;
use crate::check::draft::Draft;
use crate::check::walk::Ranged;

/// The parameters of a search and its models.
pub(crate) struct SearchSpace {
    /// The search's own, then those of its models, in the order in which they may be chosen.
    pub params: Vec<Ranged>,
    /// The layers of each model, by its name.
    pub templates: BTreeMap<String, Json>,
    /// The layers of all models together.
    pub layers: usize,
    /// Whether all its models exist and have no faults of their own.
    pub is_valid: bool,
}

impl SearchSpace {
    /// `model` is the search's own setting; without it, that of `[defaults]`. Models that do not exist are left out.
    pub(crate) fn new(own: &[Ranged], model: Option<&Json>, draft: &Draft) -> SearchSpace {
        let (params, templates) = (own.to_vec(), BTreeMap::new());
        let mut all = SearchSpace { params, templates, layers: 0, is_valid: true };
        match model.and_then(template::choices) {
            Some(choices) => {
                let names = choices.iter().enumerate();
                names.for_each(|(index, name)| all.add(name.as_str(), draft, Some(index)));
            }
            None => {
                let name = model.and_then(Json::as_str).or(draft.defaults.model.as_deref());
                all.add(name, draft, None);
            }
        }
        all
    }

    /// The space.
    pub(crate) fn space(&self) -> Space {
        Space { params: self.params.iter().map(|ranged| ranged.param.clone()).collect() }
    }

    /// Adds a model. If there are several, the names of its parameters begin with its own, and they exist if it is
    /// chosen.
    fn add(&mut self, name: Option<&str>, draft: &Draft, choice: Option<usize>) {
        let Some(model) = name.and_then(|name| draft.model(name)) else { return self.is_valid = false };
        let taken: HashSet<String> = self.params.iter().map(|ranged| ranged.param.name.clone()).collect();
        let name = |name: &str| match choice {
            Some(_) => free(format!("{}.{name}", model.entry.key), &taken),
            None => name.to_string(),
        };
        for ranged in &model.space.params {
            let mut ranged = ranged.clone();
            let param = &mut ranged.param;
            param.name = name(&param.name);
            param.when.iter_mut().for_each(|condition| condition.parent = name(&condition.parent));
            if let (Some(index), true) = (choice, param.when.is_empty()) {
                param.when.push(Condition { parent: "model".into(), is: Is::Choice(index) });
            }
            self.params.push(ranged);
        }
        self.is_valid &= model.is_valid;
        self.layers += model.space.len();
        self.templates.insert(model.entry.key.clone(), template::renamed(&model.space.template, &name));
    }
}

/// A model can have the name of a setting, so its parameters may need another name.
fn free(name: String, taken: &HashSet<String>) -> String {
    if taken.contains(&name) { free(format!("{name} 2"), taken) } else { name }
}
