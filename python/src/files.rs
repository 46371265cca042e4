//! Networks as files of other programs, and back.

use std::path::Path;

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use toile_exchange::keras::{CompileSettings, KerasMemory, from_keras, to_keras, to_weights_h5};
use toile_exchange::onnx::to_onnx;
use toile_exchange::{InputKind, NetworkFacts};
use toile_nn::{Adam, Loss, Model, Optimizer, Schedule};
use toile_rng::Seed;

use crate::network::{LastFit, Network, value_error};

/// What stands where a file wants a date: nothing here reads the clock.
const NO_DATE: &str = "1970-01-01T00:00:00Z";

fn refused(error: toile_exchange::ExchangeError) -> PyErr {
    let help = error.help.map_or(String::new(), |help| format!("; {help}"));
    value_error(format!("{}{help}", error.message))
}

/// The network as the bytes of a file: of this ending, for images as `input` says (`uint8` or `float`).
#[pyfunction]
pub(crate) fn network_file<'py>(
    network: &Network,
    py: Python<'py>,
    ending: &str,
    input: &str,
    class_names: Vec<String>,
    layer_names: Vec<String>,
    with_optimizer: bool,
) -> PyResult<Bound<'py, PyBytes>> {
    let standing = network.lock();
    let input = if input == "uint8" { InputKind::Uint8 } else { InputKind::Features };
    let last = standing.last.as_ref();
    let settings = last.map(|last| &last.settings);
    let facts = NetworkFacts {
        study: "fit".into(),
        run: "fit".into(),
        seed: settings.map_or(0, |settings| settings.seed),
        run_id: last.map_or_else(String::new, |last| last.id()),
        epoch: last.and_then(|last| last.epoch),
        weights_sha256: toile_store::sha256_hex(&toile_lab::weights_file(&standing.model, false)),
        started: NO_DATE.into(),
        data: "arrays".into(),
        data_fingerprint: last.map_or_else(String::new, |last| last.fingerprint.clone()),
        class_names,
        layer_names,
        notice: None,
    };
    let described = standing.model.describe();
    let bytes = match ending {
        ".onnx" => to_onnx(&described, &facts, input).map_err(refused)?,
        ".weights.h5" => to_weights_h5(&described, input),
        ".safetensors" => toile_lab::weights_file(&standing.model, false),
        _ => {
            let (adam, constant) = (Optimizer::from(Adam::default()), Schedule::Constant);
            let state = standing.state.as_ref().filter(|_| with_optimizer);
            let has_schedule = |last: &&LastFit| !last.has_given_rates;
            let schedule = last.filter(has_schedule).map_or(&constant, |last| &last.settings.schedule);
            let compile = CompileSettings {
                optimizer: settings.map_or(&adam, |settings| &settings.optimizer),
                memory: state.map(|state| KerasMemory { state, schedule }),
                loss: settings.map_or(&Loss::CategoricalCrossentropy, |settings| &settings.loss),
                label_smoothing: settings.map_or(0.0, |settings| settings.label_smoothing),
            };
            to_keras(&described, &facts, compile, input).map_err(refused)?
        }
    };
    Ok(PyBytes::new(py, &bytes))
}

/// Takes the weights of a `.safetensors` or `.weights.h5` file for these layers.
#[pyfunction]
pub(crate) fn take_weights(network: &Network, bytes: &[u8], ending: &str) -> PyResult<()> {
    let tensors = match ending {
        ".weights.h5" => toile_exchange::keras::from_weights_h5(bytes, &network.layers, network.image),
        _ => toile_exchange::safetensors::from_safetensors(bytes, &network.layers, network.image),
    };
    network.take(&tensors.map_err(refused)?)
}

/// A network from the bytes of a `.keras` file, and what else the file says of it (JSON): whether it takes bytes, names
/// of layers, optimizer and loss, and notes on what is not taken.
#[pyfunction]
pub(crate) fn read_keras(bytes: &[u8]) -> PyResult<(Network, String)> {
    let read = from_keras(bytes).map_err(refused)?;
    let mut model = Model::build(&read.layers, read.image, Seed::new(0)).map_err(value_error)?;
    model.set_weights(&read.tensors).map_err(value_error)?;
    let training = &read.training;
    let facts = serde_json::json!({
        "rescales": read.rescales,
        "layer_names": read.layer_names,
        "optimizer": training.optimizer,
        "loss": training.loss,
        "label_smoothing": training.label_smoothing.to_string(),
        "notes": training.notes,
    });
    let written = serde_json::to_value(&read.layers).map_err(value_error)?;
    let network = Network::of(read.layers, written, read.image, model);
    Ok((network, facts.to_string()))
}

/// Puts a file in its place: whole or not at all.
#[pyfunction]
pub(crate) fn write_whole(path: &str, bytes: &[u8]) -> PyResult<()> {
    toile_store::write_atomic(Path::new(path), bytes).map_err(value_error)
}
