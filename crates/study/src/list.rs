//! The list of all choices: what `toile list` shows, and the reference page is made of.

use crate::sample;
use crate::schema::{self, Choice};

/// A name that a study file may use, in its group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// `Layers`, `Optimizers`, …
    pub group: &'static str,
    /// As the study file spells it.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// It in a study file, with what it needs and no more.
    pub example: String,
}

/// A group of choices: its title, the type that lists them, and a sentence about it.
pub(crate) struct Group {
    pub title: &'static str,
    pub definition: &'static str,
}

/// All groups, in the order of the reference page.
pub(crate) const GROUPS: [Group; 14] = [
    Group { title: "Layers", definition: "Layer" },
    Group { title: "Blocks", definition: "Block" },
    Group { title: "Activations", definition: "Activation" },
    Group { title: "Initializers", definition: "Initializer" },
    Group { title: "Paddings", definition: "Padding" },
    Group { title: "Optimizers", definition: "Optimizer" },
    Group { title: "Schedules", definition: "Schedule" },
    Group { title: "Callbacks", definition: "Callback" },
    Group { title: "Metrics", definition: "MetricOfEpoch" },
    Group { title: "Splits", definition: "SplitHow" },
    Group { title: "Samplers", definition: "Sampler" },
    Group { title: "Pruners", definition: "Pruner" },
    Group { title: "Objectives", definition: "Metric" },
    Group { title: "Directions", definition: "Direction" },
];

/// Every layer, activation, initialiser, optimizer, schedule, callback and so on that a study file may name.
pub fn list() -> Vec<Listed> {
    let of_group = |group: &Group| {
        let choices = schema::choices(schema::definition(group.definition)).expect("a group is an enum");
        let title = group.title;
        choices.into_iter().map(move |choice| {
            let example = example(&choice);
            Listed { group: title, name: choice.name, description: choice.description, example }
        })
    };
    GROUPS.iter().flat_map(of_group).collect()
}

/// A choice as it stands in a study file.
pub(crate) fn example(choice: &Choice) -> String {
    match choice.content {
        None => format!("\"{}\"", choice.name),
        Some(content) => format!("{{ {} = {} }}", choice.name, sample::content(content)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree;
    use crate::walk::{Place, Walk};
    use serde::{Serialize, de::DeserializeOwned};

    /// Reads every example of a group as the study file would, writes it, and reads what was written.
    fn round_trip<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(definition: &str) {
        let schema = schema::definition(definition);
        for choice in schema::choices(schema).unwrap() {
            let text = format!("x = {}", example(&choice));
            let tree = tree::parse(&text).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
            let mut walk = Walk::default();
            let value = walk.value(tree.get("x").unwrap(), schema, Place("x"));
            assert_eq!(walk.faults, [], "{text}");
            let read: T = serde_json::from_value(value.unwrap()).unwrap();
            let written = serde_json::to_string(&read).unwrap();
            assert_eq!(serde_json::from_str::<T>(&written).unwrap(), read, "{text}");
            assert!(written.contains(choice.name), "{text} is read as {written}");
        }
    }

    #[test]
    fn every_example_is_read_as_what_it_is_an_example_of() {
        round_trip::<toile_nn::Layer>("Layer");
        round_trip::<toile_nn::Activation>("Activation");
        round_trip::<toile_nn::Initializer>("Initializer");
        round_trip::<toile_nn::Padding>("Padding");
        round_trip::<toile_nn::Optimizer>("Optimizer");
        round_trip::<toile_nn::Schedule>("Schedule");
        round_trip::<toile_nn::Callback>("Callback");
        round_trip::<toile_record::Metric>("MetricOfEpoch");
        round_trip::<toile_data::SplitHow>("SplitHow");
        round_trip::<toile_tune::Sampler>("Sampler");
        round_trip::<toile_tune::Pruner>("Pruner");
        round_trip::<toile_record::Metric>("Metric");
        round_trip::<toile_tune::Direction>("Direction");
    }

    #[test]
    fn every_enum_of_the_schema_has_a_group() {
        let definitions = schema::root()["definitions"].as_object().unwrap();
        for (name, definition) in definitions {
            let is_enum = definition.get("oneOf").is_some();
            assert_eq!(is_enum, GROUPS.iter().any(|group| group.definition == name), "{name}");
        }
    }

    #[test]
    fn every_choice_says_what_it_is() {
        assert!(list().iter().all(|listed| !listed.description.is_empty()));
    }
}
