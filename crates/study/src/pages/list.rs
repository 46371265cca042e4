//! The list of all choices, as `toile list` shows it.

use crate::check::groups::{ChoiceGroup, GROUPS};
use crate::check::sample;
use crate::check::schema::{self, SchemaChoice};

/// A name that a study file may use, in its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `Layers`, `Optimizers`, …
    pub group: &'static str,
    /// As the study file spells it.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// How a study file writes it, with its required settings only.
    pub example: String,
}

/// Every layer, activation, initialiser, optimizer, schedule, callback and so on that a study file may name.
pub fn list() -> Vec<Listed> {
    let of_group = |group: &ChoiceGroup| {
        let choices = schema::choices(schema::definition(group.definition)).expect("a group is an enum");
        let title = group.title;
        choices.into_iter().map(move |choice| {
            let example = example(&choice);
            Listed { group: title, name: choice.name, description: choice.description, example }
        })
    };
    GROUPS.iter().flat_map(of_group).collect()
}

/// A choice as a study file writes it.
pub(crate) fn example(choice: &SchemaChoice) -> String {
    match choice.content {
        None => format!("\"{}\"", choice.name),
        Some(content) => format!("{{ {} = {} }}", choice.name, sample::content(content)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tree;
    use crate::check::walk::{FieldName, Walk};
    use serde::{Serialize, de::DeserializeOwned};

    /// Reads every example of a group as the study file would, writes it, and reads what was written.
    fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(definition: &str) {
        let schema = schema::definition(definition);
        for choice in schema::choices(schema).unwrap() {
            let text = format!("x = {}", example(&choice));
            let tree = tree::parse(&text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
            let mut walk = Walk::default();
            let value = walk.value(tree.get("x").unwrap(), schema, FieldName("x"));
            assert_eq!(walk.faults, [], "{text}");
            let read: T = serde_json::from_value(value.unwrap()).unwrap();
            let written = serde_json::to_string(&read).unwrap();
            assert_eq!(serde_json::from_str::<T>(&written).unwrap(), read, "{text}");
            assert!(written.contains(choice.name), "{text} is read as {written}");
        }
    }

    #[test]
    fn every_example_is_read_as_its_own_choice() {
        round_trip::<toile_nn::Layer>("Layer");
        round_trip::<toile_nn::Activation>("Activation");
        round_trip::<toile_nn::Initializer>("Initializer");
        round_trip::<toile_nn::Padding>("Padding");
        round_trip::<toile_nn::Optimizer>("Optimizer");
        round_trip::<toile_nn::Schedule>("Schedule");
        round_trip::<toile_nn::Loss>("Loss");
        round_trip::<toile_nn::Callback>("Callback");
        round_trip::<toile_data::SplitHow>("SplitHow");
        round_trip::<toile_data::Resize>("Resize");
        round_trip::<toile_data::ValidationPart>("ValidationPart");
        round_trip::<toile_tune::Sampler>("Sampler");
        round_trip::<toile_tune::Pruner>("Pruner");
        round_trip::<toile_record::Metric>("MetricOfEpoch");
        round_trip::<toile_record::Metric>("Metric");
        round_trip::<toile_record::Direction>("Direction");
    }

    #[test]
    fn every_choice_has_a_description() {
        assert!(list().iter().all(|listed| !listed.description.is_empty()));
    }
}
