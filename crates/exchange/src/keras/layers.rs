//! The layers that Keras sees, and their names.

use std::collections::HashMap;

use toile_nn::{DescribedLayer, ModelDescription, Shape};

use crate::InputKind;

/// A layer of the Keras network.
pub(super) struct KerasLayer<'a> {
    /// `conv2d_1`: the class in snake case, numbered from the second of its class on. Also the group of its weights.
    pub name: String,
    /// `Conv2D`
    pub class_name: &'static str,
    /// Ours, unless it stands only there.
    pub described: Option<&'a DescribedLayer>,
}

/// The layers of a model, with those that Keras needs besides.
pub(super) fn keras_layers(model: &ModelDescription, input: InputKind) -> Vec<KerasLayer<'_>> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut named = |class_name: &'static str, name: &'static str| {
        let count = seen.entry(class_name).or_insert(0);
        *count += 1;
        let name = if *count == 1 { name.to_owned() } else { format!("{name}_{}", *count - 1) };
        KerasLayer { name, class_name, described: None }
    };
    let mut all = Vec::new();
    if input == InputKind::Uint8 {
        all.push(named("Rescaling", "rescaling"));
    }
    if model.layers.first().is_some_and(|first| matches!(first.input, Shape::Flat(_))) {
        all.push(named("Flatten", "flatten"));
    }
    for described in &model.layers {
        let layer = named(described.layer.class_name(), described.layer.name());
        all.push(KerasLayer { described: Some(described), ..layer });
    }
    all
}
