//! What of a network goes through Python's `pickle` and `copy`: weights, the optimizer's memory, the last settings.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use toile_nn::{StateFacts, Tensor, TrainingState};

use crate::network::{Network, WrittenTensor, value_error, written};

/// All but the layers: weights, facts and tensors of the state, what the last training was (JSON).
type NetworkState<'py> = (Vec<WrittenTensor<'py>>, Option<(String, Vec<WrittenTensor<'py>>)>, Option<String>);

fn read(tensors: Vec<WrittenTensor<'_>>) -> PyResult<Vec<Tensor>> {
    let one = |(name, shape, bytes): WrittenTensor<'_>| {
        let (chunks, rest) = bytes.as_bytes().as_chunks::<4>();
        let values: Vec<f32> = chunks.iter().map(|four| f32::from_le_bytes(*four)).collect();
        let size = shape.iter().try_fold(1usize, |n, &side| n.checked_mul(side));
        match rest.is_empty() && size == Some(values.len()) {
            true => Ok(Tensor { name, shape, values }),
            false => Err(PyValueError::new_err(format!(
                "the tensor `{name}` has other values than its shape says"
            ))),
        }
    };
    tensors.into_iter().map(one).collect()
}

/// The state of a network, for `pickle` and `copy`.
#[pyfunction]
pub(crate) fn network_state<'py>(py: Python<'py>, network: &Network) -> PyResult<NetworkState<'py>> {
    let standing = network.lock();
    let memory = standing.state.as_ref().map(|state| {
        let facts = serde_json::to_string(&state.facts).map_err(value_error)?;
        PyResult::Ok((facts, written(py, &state.tensors)))
    });
    let last = standing.last.as_ref().map(|last| serde_json::to_string(last).map_err(value_error));
    Ok((written(py, &standing.model.weights()), memory.transpose()?, last.transpose()?))
}

/// Puts a network of the same layers into a state. What it is told may come from anywhere: the training that goes on from
/// it checks it.
#[pyfunction]
pub(crate) fn set_network_state(network: &Network, state: NetworkState<'_>) -> PyResult<()> {
    let (weights, memory, last) = state;
    let weights = read(weights)?;
    let memory = memory.map(|(facts, tensors)| {
        let facts: StateFacts = serde_json::from_str(&facts).map_err(value_error)?;
        PyResult::Ok(TrainingState { facts, tensors: read(tensors)? })
    });
    let memory = memory.transpose()?;
    let last = last.map(|text| serde_json::from_str(&text).map_err(value_error)).transpose()?;
    network.take(&weights)?;
    let mut standing = network.lock();
    (standing.state, standing.last) = (memory, last);
    Ok(())
}
