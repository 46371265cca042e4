//! The weights of Keras' HDF5 files, by the groups of layers: names and shapes are checked, all that is wrong is named
//! at once.

use std::collections::BTreeMap;

use toile_nn::{ImageShape, Layer, Tensor};

use super::names::GroupNames;
use crate::ExchangeError;
use crate::hdf5::{Hdf5Array, Hdf5Group, Hdf5Item, Hdf5Numbers, read_hdf5};
use crate::wanted::{all_or_faults, wanted};

/// How another file of Keras' becomes one that is read.
pub(super) const SAVE_IT: &str = "open it in Keras, and save it as `model.save(\"x.keras\")`";

/// Reads a `.weights.h5` of Keras 3, ours or Keras' own, into these layers.
///
/// # Errors
/// What is broken, or every tensor that is missing, of another shape, or of none of these layers. Bytes of any kind
/// give an error at worst.
pub fn from_weights_h5(
    bytes: &[u8],
    layers: &[Layer],
    image: ImageShape,
) -> Result<Vec<Tensor>, ExchangeError> {
    let mut names = GroupNames::default();
    let groups: Vec<String> = layers.iter().map(|layer| names.next(layer.class_name())).collect();
    weights(bytes, layers, image, &groups)
}

/// The weights of these groups, in the shapes that the layers want.
pub(super) fn weights(
    bytes: &[u8],
    layers: &[Layer],
    image: ImageShape,
    groups: &[String],
) -> Result<Vec<Tensor>, ExchangeError> {
    let wanted = wanted(layers, image, bytes.len() / size_of::<f32>())?;
    let root = read_hdf5(bytes)?;
    let Some(found) = group(&root, "layers") else {
        return Err(ExchangeError::new("the file of weights has no group `layers`").help(SAVE_IT));
    };
    let mut arrays = BTreeMap::new();
    collect(found, "layers", &mut arrays);
    let (mut all, mut faults) = (Vec::new(), Vec::new());
    for (described, group) in wanted.layers.into_iter().zip(groups) {
        for (i, tensor) in described.tensors.into_iter().enumerate() {
            let path = format!("layers/{group}/vars/{i}");
            match values(arrays.remove(&path), &tensor) {
                Ok(values) => all.push(Tensor { values, ..tensor }),
                Err(what) => faults.push(format!("`{path}`: {what}")),
            }
        }
    }
    let stranger = |(path, array): (&String, &&Hdf5Array)| {
        format!("`{path}` of shape {:?}: no layer wants it", array.shape)
    };
    faults.extend(arrays.iter().map(stranger));
    all_or_faults(all, faults)
}

fn group<'a>(of: &'a Hdf5Group, name: &str) -> Option<&'a Hdf5Group> {
    match of.get(name) {
        Some(Hdf5Item::Group(group)) => Some(group),
        _ => None,
    }
}

/// All arrays below a group, by their paths; without the random state of dropout layers, which is no weight.
fn collect<'a>(group: &'a Hdf5Group, path: &str, all: &mut BTreeMap<String, &'a Hdf5Array>) {
    for (name, item) in group.iter().filter(|(name, _)| *name != "seed_generator") {
        let path = format!("{path}/{name}");
        match item {
            Hdf5Item::Group(inner) => collect(inner, &path, all),
            Hdf5Item::Array(array) => drop(all.insert(path, array)),
        }
    }
}

fn values(array: Option<&Hdf5Array>, wanted: &Tensor) -> Result<Vec<f32>, String> {
    let Some(array) = array else {
        return Err(format!("it is missing (expected {} of shape {:?})", wanted.kind(), wanted.shape));
    };
    match &array.numbers {
        Hdf5Numbers::Ints(_) => Err("it holds whole numbers, expected float32".into()),
        Hdf5Numbers::Floats(_) if array.shape != wanted.shape => Err(format!(
            "it has the shape {:?}, expected {:?} ({})",
            array.shape,
            wanted.shape,
            wanted.kind()
        )),
        Hdf5Numbers::Floats(values) => Ok(values.clone()),
    }
}
