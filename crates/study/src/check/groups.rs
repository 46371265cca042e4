//! Groups of choices: every enum of the study file, with its title on the pages and the word for one of its choices.

/// A group of choices.
pub(crate) struct ChoiceGroup {
    /// As the reference page and `toile list` call the group.
    pub title: &'static str,
    /// The type that lists the choices.
    pub definition: &'static str,
    /// What messages call one of them.
    pub singular: &'static str,
}

/// All groups, in the order of the reference page.
pub(crate) const GROUPS: [ChoiceGroup; 22] = [
    ChoiceGroup { title: "Layers", definition: "Layer", singular: "layer" },
    ChoiceGroup { title: "Blocks", definition: "LayerBlock", singular: "layer" },
    ChoiceGroup { title: "Activations", definition: "Activation", singular: "activation" },
    ChoiceGroup { title: "Initializers", definition: "Initializer", singular: "initializer" },
    ChoiceGroup { title: "Paddings", definition: "Padding", singular: "padding" },
    ChoiceGroup { title: "Optimizers", definition: "Optimizer", singular: "optimizer" },
    ChoiceGroup { title: "Schedules", definition: "Schedule", singular: "schedule" },
    ChoiceGroup { title: "Losses", definition: "Loss", singular: "loss" },
    ChoiceGroup { title: "Dtype policies", definition: "DtypePolicy", singular: "dtype policy" },
    ChoiceGroup { title: "Callbacks", definition: "Callback", singular: "callback" },
    ChoiceGroup { title: "Metrics", definition: "MetricOfEpoch", singular: "metric" },
    ChoiceGroup { title: "Ways to resize", definition: "Resize", singular: "way to resize" },
    ChoiceGroup { title: "Validation parts", definition: "ValidationPart", singular: "part" },
    ChoiceGroup { title: "Splits", definition: "SplitHow", singular: "split" },
    ChoiceGroup { title: "Ends of repetition", definition: "Until", singular: "end" },
    ChoiceGroup { title: "Samplers", definition: "Sampler", singular: "sampler" },
    ChoiceGroup { title: "Pruners", definition: "Pruner", singular: "pruner" },
    ChoiceGroup { title: "Objectives", definition: "Metric", singular: "metric" },
    ChoiceGroup { title: "Directions", definition: "Direction", singular: "direction" },
    ChoiceGroup { title: "Scopes of claims", definition: "Scope", singular: "scope" },
    ChoiceGroup { title: "Metrics of claims", definition: "Quantity", singular: "metric" },
    ChoiceGroup { title: "Parts to choose by", definition: "ChoosingPart", singular: "part" },
];

/// The group of a type; `None` if the type is no enum of the study file.
pub(crate) fn group_of(definition: &str) -> Option<&'static ChoiceGroup> {
    GROUPS.iter().find(|group| group.definition == definition)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::schema;

    #[test]
    fn every_enum_of_the_schema_has_a_group() {
        let definitions = schema::root()["definitions"].as_object().unwrap();
        for (name, definition) in definitions {
            let is_enum = definition.get("oneOf").is_some();
            assert_eq!(is_enum, group_of(name).is_some(), "{name}");
        }
    }
}
