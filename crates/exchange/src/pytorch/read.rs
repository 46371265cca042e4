//! Tensors under the names of an `nn.Sequential`, as those of our layers.

use std::collections::BTreeMap;

use toile_nn::{ModelDescription, Tensor};
use toile_store::NamedTensor;

use super::modules::{TorchModule, modules};
use crate::safetensors::{no_layer_wants, values_of_shape};
use crate::wanted::all_or_faults;
use crate::{ExchangeError, InputKind};

/// The modules that have tensors, in their order, whatever their numbers: paddings, activations and dropout count
/// where they were written as modules.
///
/// Where each number goes is not written here: the export is asked, with the numbers' own places as the weights.
pub(crate) fn from_sequential(
    wanted: &ModelDescription,
    tensors: BTreeMap<String, NamedTensor>,
) -> Result<Vec<Tensor>, ExchangeError> {
    let n: usize = wanted.layers.iter().flat_map(|layer| &layer.tensors).map(|t| t.values.len()).sum();
    let (mut found, mut faults) = by_module(tensors);
    let (mut numbers, mut files) = (vec![0.0; n], found.iter_mut());
    let expected = modules(&placed(wanted), InputKind::Float).into_iter();
    for module in expected.filter(|module| !module.tensors.is_empty()) {
        match files.next() {
            Some((number, own)) => take(&module, *number, own, &mut numbers, &mut faults),
            None => faults.push(format!("no module is left for the layer `{}`", module.layer)),
        }
    }
    faults.extend(found.values().flat_map(BTreeMap::values).map(no_layer_wants));
    let mut rest = &numbers[..];
    let own = wanted.layers.iter().flat_map(|layer| &layer.tensors).map(|tensor| {
        let (values, others) = rest.split_at(tensor.values.len());
        rest = others;
        Tensor { values: values.to_vec(), ..tensor.clone() }
    });
    all_or_faults(own.collect(), faults)
}

/// The tensors of each numbered module, by their last names.
type TorchTensors = BTreeMap<usize, BTreeMap<String, NamedTensor>>;

fn by_module(tensors: BTreeMap<String, NamedTensor>) -> (TorchTensors, Vec<String>) {
    let (mut modules, mut faults) = (TorchTensors::new(), Vec::new());
    for (name, tensor) in tensors {
        match name.split_once('.').and_then(|(number, last)| Some((number.parse().ok()?, last))) {
            Some((number, last)) => {
                let twice = modules.entry(number).or_default().insert(last.to_owned(), tensor);
                faults
                    .extend(twice.map(|(name, ..)| format!("`{name}`: another tensor has the same number")));
            }
            None => faults.push(format!("`{name}`: expected the names of an `nn.Sequential`, as `3.weight`")),
        }
    }
    (modules, faults)
}

/// The description with each weight's own place as its bits, which are only ever moved.
fn placed(wanted: &ModelDescription) -> ModelDescription {
    let mut places = 0_u32..;
    let mut placed = wanted.clone();
    for tensor in placed.layers.iter_mut().flat_map(|layer| &mut layer.tensors) {
        tensor.values =
            tensor.values.iter().zip(&mut places).map(|(_, place)| f32::from_bits(place)).collect();
    }
    placed
}

/// Puts the tensors of a module where the export takes them from.
fn take(
    module: &TorchModule,
    number: usize,
    found: &mut BTreeMap<String, NamedTensor>,
    numbers: &mut [f32],
    faults: &mut Vec<String>,
) {
    for (name, shape, places) in &module.tensors {
        match values_of_shape(found.remove(*name), shape) {
            Ok(values) => {
                let pairs = places.iter().zip(values);
                pairs.for_each(|(place, value)| numbers[place.to_bits() as usize] = value);
            }
            Err(what) => faults.push(format!("`{number}.{name}` {what}, for the layer `{}`", module.layer)),
        }
    }
}
