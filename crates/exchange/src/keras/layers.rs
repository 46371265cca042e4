//! The layers that Keras sees, and their names.

use toile_nn::{DescribedLayer, ModelDescription};

use super::names::GroupNames;
use crate::InputKind;
use crate::layout::takes_rows;

/// A layer of the Keras network.
pub(super) struct KerasLayer<'a> {
    /// What it is called: its group, or the name that it was given.
    pub name: String,
    /// The group of its weights, `conv2d_1`: the class in snake case, numbered from the second of its class on.
    pub group: String,
    /// `Conv2D`
    pub class_name: &'static str,
    /// Ours, unless it stands only there.
    pub described: Option<&'a DescribedLayer>,
}

/// The layers of a model, with those that Keras needs besides; `given` are the names of the model's own, or empty.
pub(super) fn keras_layers<'a>(
    model: &'a ModelDescription,
    input: InputKind,
    given: &[String],
) -> Vec<KerasLayer<'a>> {
    let (mut groups, mut own) = (GroupNames::default(), given.iter());
    let mut layer = |class_name: &'static str, described: Option<&'a DescribedLayer>| {
        let group = groups.next(class_name);
        let name = match described.and_then(|_| own.next()) {
            Some(name) => name.clone(),
            None => free(&group, given),
        };
        KerasLayer { name, group, class_name, described }
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

/// This name, or one made of it that no layer was given: Keras wants each once.
fn free(name: &str, given: &[String]) -> String {
    let mut free = name.to_owned();
    while given.contains(&free) {
        free.push('_');
    }
    free
}
