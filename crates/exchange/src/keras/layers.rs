//! The layers that Keras sees, and their names.

use toile_nn::{DescribedLayer, ModelDescription};

use super::names::GroupNames;
use crate::InputKind;
use crate::layout::takes_rows;

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
    let mut names = GroupNames::default();
    let mut layer = |class_name: &'static str, described| {
        let name = names.next(class_name);
        KerasLayer { name, class_name, described }
    };
    let mut all = Vec::new();
    if input == InputKind::Uint8 {
        all.push(layer("Rescaling", None));
    }
    if takes_rows(model) {
        all.push(layer("Flatten", None));
    }
    for described in &model.layers {
        all.push(layer(described.layer.class_name(), Some(described)));
    }
    all
}
