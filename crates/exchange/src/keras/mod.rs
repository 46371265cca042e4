//! Keras 3: `.keras` (an archive of the network's description and its weights) and `.weights.h5` (the weights alone),
//! and back.

mod chain;
mod compiled;
mod config;
mod layers;
mod names;
mod optimizer;
mod read;
mod take;
mod weights;

use serde_json::{Value, json};
use toile_nn::{Loss, ModelDescription, Optimizer, Tensor};

pub use compiled::KerasTraining;
pub use optimizer::{KerasMemory, optimizer_variables, read_optimizer_variables};
pub use read::{KerasModel, from_keras};
pub use weights::from_weights_h5;

use crate::hdf5::{Hdf5Array, Hdf5Group, Hdf5Item, Hdf5Numbers, write_hdf5};
use crate::{ExchangeError, InputKind, NetworkFacts, archive};
use layers::{KerasLayer, keras_layers};

/// The version of Keras whose form is written.
pub const KERAS_VERSION: &str = "3.15.1";

/// How the network was trained, so that Keras compiles it likewise.
#[derive(Clone, Copy, Debug)]
pub struct CompileSettings<'a> {
    /// The optimizer.
    pub optimizer: &'a Optimizer,
    /// What it remembers, and the schedule of its learning rate; without them Keras' optimizer begins anew.
    pub memory: Option<KerasMemory<'a>>,
    /// The loss.
    pub loss: &'a Loss,
    /// s: the target is 1 − s + s / classes for the true class.
    pub label_smoothing: f32,
}

/// A network as a `.keras` file. The same network and facts give the same bytes.
///
/// A network that begins with a dense layer gets a `Flatten` before it. With [`InputKind::Uint8`] a `Rescaling(1/255)`
/// stands first: it multiplies where the engine divides, which is another rounding.
///
/// # Errors
/// If the archive cannot hold it, or the optimizer's memory is of another training.
pub fn to_keras(
    model: &ModelDescription,
    facts: &NetworkFacts,
    compile: CompileSettings<'_>,
    input: InputKind,
) -> Result<Vec<u8>, ExchangeError> {
    let layers = keras_layers(model, input, &facts.layer_names);
    let config = config::sequential(model, &layers, &facts.run, compile);
    let variables = compile.memory.map(|memory| optimizer_variables(model, compile.optimizer, memory));
    let variables = variables.transpose()?;
    archive::pack(&[
        ("metadata.json", pretty(&metadata(facts, input))),
        ("config.json", pretty(&config)),
        ("model.weights.h5", hdf5_weights(&layers, variables.as_deref())),
    ])
}

/// The weights alone, as `model.load_weights` of Keras reads them into a network of the same layers.
pub fn to_weights_h5(model: &ModelDescription, input: InputKind) -> Vec<u8> {
    hdf5_weights(&keras_layers(model, input, &[]), None)
}

fn pretty(value: &Value) -> Vec<u8> {
    serde_json::to_vec_pretty(value).expect("JSON of texts and finite numbers")
}

/// What Keras writes, and what only we know.
fn metadata(facts: &NetworkFacts, input: InputKind) -> Value {
    let date: String = facts.started.chars().take(19).collect();
    let facts: serde_json::Map<String, Value> = facts
        .properties(input)
        .into_iter()
        .map(|(key, words)| match key {
            "class_names" => (key.to_owned(), json!(facts.class_names)),
            _ => (key.to_owned(), json!(words)),
        })
        .collect();
    json!({ "keras_version": KERAS_VERSION, "date_saved": date.replace('T', "@"), "toile": facts })
}

/// `layers/<name>/vars/0`, `1`, …; every layer has a group, and the root has `vars`. Beside them what the optimizer
/// remembers, if it is to be there.
fn hdf5_weights(layers: &[KerasLayer<'_>], variables: Option<&[Hdf5Array]>) -> Vec<u8> {
    let vars = |tensors: &[Tensor]| -> Hdf5Item {
        let array = |tensor: &Tensor| {
            let numbers = Hdf5Numbers::Floats(tensor.values.clone());
            Hdf5Item::Array(Hdf5Array { shape: tensor.shape.clone(), numbers })
        };
        let all = tensors.iter().enumerate().map(|(i, tensor)| (i.to_string(), array(tensor)));
        Hdf5Item::Group(all.collect())
    };
    let group = |layer: &KerasLayer<'_>| {
        let tensors = layer.described.map_or(&[][..], |described| &described.tensors);
        (layer.group.clone(), Hdf5Item::Group(Hdf5Group::from([("vars".into(), vars(tensors))])))
    };
    let groups: Hdf5Group = layers.iter().map(group).collect();
    let mut root = Hdf5Group::from([
        ("layers".into(), Hdf5Item::Group(groups)),
        ("vars".into(), Hdf5Item::Group(Hdf5Group::new())),
    ]);
    root.extend(variables.map(|variables| ("optimizer".into(), optimizer::group(variables))));
    write_hdf5(&root)
}
