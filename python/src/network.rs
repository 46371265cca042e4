//! A network with its weights, and what its last training left: what `toile.Sequential` stands on.

use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyMemoryError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde_json::Value;
use toile_data::SplitHow;
use toile_nn::{
    Examples, FitConfig, FitEnd, FitEvent, Flow, ImageShape, Layer, Loss, Model, ModelOutline, Tensor,
    TrainingState,
};
use toile_rng::Seed;
use toile_study::Settings;

use crate::arrays::{Values, labels};
use crate::settings::{FitData, checked, classes};
use crate::watch::Watch;

/// A network. Several threads of Python may ask it; one may train it at a time.
#[pyclass(frozen, module = "toile._native")]
pub(crate) struct Network {
    pub(crate) layers: Vec<Layer>,
    /// The layers as they were written, in the form of a study file.
    written: Value,
    pub(crate) image: ImageShape,
    pub(crate) standing: Mutex<Standing>,
}

/// What changes when a network is trained.
pub(crate) struct Standing {
    pub model: Model,
    /// After the last whole epoch; the next training goes on from it.
    pub state: Option<TrainingState>,
    /// The settings of the last training.
    pub settings: Option<Settings>,
    /// Whether it was trained on bytes.
    pub on_bytes: bool,
    is_training: bool,
}

/// What a training is of, besides the arrays.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct FitRequest {
    /// The settings of a run of a study file, as JSON.
    run: String,
    /// The part of the training examples, the last ones, that is held back for validation.
    validation_split: f64,
    threads: usize,
    on_batch: Option<Py<PyAny>>,
    on_epoch: Option<Py<PyAny>>,
    every_batch: bool,
}

pub(crate) fn value_error(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// A text as JSON.
pub(crate) fn json(text: &str) -> PyResult<Value> {
    serde_json::from_str(text).map_err(value_error)
}

impl Network {
    pub(crate) fn of(layers: Vec<Layer>, written: Value, image: ImageShape, model: Model) -> Network {
        let standing = Standing { model, state: None, settings: None, on_bytes: false, is_training: false };
        Network { layers, written, image, standing: Mutex::new(standing) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shaped(&self, weights: &[Tensor]) -> PyResult<Model> {
        let mut model = Model::build(&self.layers, self.image, Seed::new(0)).map_err(value_error)?;
        model.set_weights(weights).map_err(value_error)?;
        Ok(model)
    }

    /// The model as it is, for a call during which it may be trained on.
    pub(crate) fn copied(&self) -> PyResult<Model> {
        let weights = self.lock().model.weights();
        self.shaped(&weights)
    }
}

/// Makes sure that a network that is no longer trained can be trained again, whatever happened.
struct TrainingTurn<'a>(&'a Network);

impl<'a> TrainingTurn<'a> {
    fn take(network: &'a Network) -> PyResult<TrainingTurn<'a>> {
        let mut standing = network.lock();
        if standing.is_training {
            let message = "this model is being trained by another call of fit; wait for its end, or build a second model";
            return Err(PyRuntimeError::new_err(message));
        }
        standing.is_training = true;
        Ok(TrainingTurn(network))
    }
}

impl Drop for TrainingTurn<'_> {
    fn drop(&mut self) {
        self.0.lock().is_training = false;
    }
}

#[pymethods]
impl Network {
    /// A network of these layers (JSON, as in a study file) for images of `(height, width, channels)`.
    #[new]
    fn new(layers: &str, image: (usize, usize, usize), seed: u64) -> PyResult<Network> {
        let image = ImageShape { height: image.0, width: image.1, channels: image.2 };
        // The settings are any that a run needs: the layers are what is checked.
        let run = serde_json::json!({ "optimizer": "adam", "epochs": 1 });
        let layers = json(layers)?;
        let classes = classes(&layers, &run, image);
        if let Some(n @ (0 | 1 | 257..)) = classes {
            return Err(value_error(format!(
                "the model gives {n} values, expected one for each of 2 to 256 classes"
            )));
        }
        let data =
            FitData { image, classes: classes.unwrap_or(2), train: 2, validation: 0, validation_split: 0.0 };
        let settings = checked(&layers, &run, data).map_err(value_error)?;
        let outline = ModelOutline::new(&settings.layers, image).map_err(value_error)?;
        // Twice: a training works on a copy.
        room_for("the weights of this model", outline.n_weights().saturating_mul(8))?;
        let model = Model::build(&settings.layers, image, Seed::new(seed)).map_err(value_error)?;
        Ok(Network::of(settings.layers, layers, image, model))
    }

    /// Number of classes.
    #[getter]
    fn classes(&self) -> usize {
        self.lock().model.classes()
    }

    /// Height, width, channels.
    #[getter]
    fn image(&self) -> (usize, usize, usize) {
        (self.image.height, self.image.width, self.image.channels)
    }

    /// Trains, and returns how it ended: a dictionary.
    #[pyo3(signature = (x, y, request, validation=None))]
    fn fit<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        y: &Bound<'py, PyAny>,
        request: FitRequest,
        validation: Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let _turn = TrainingTurn::take(self)?;
        let train = (Values::of(py, x)?, labels(py, y)?);
        let validation =
            validation.map(|(x, y)| PyResult::Ok((Values::of(py, &x)?, labels(py, &y)?))).transpose()?;
        let mut watch = Watch::new(request.on_batch, request.on_epoch, request.every_batch);
        let run = json(&request.run)?;
        let (split, threads) = (request.validation_split, request.threads);
        let fitted = py.detach(|| self.train(&run, &train, validation.as_ref(), split, threads, &mut watch));
        if let Some(error) = watch.raised {
            return Err(error);
        }
        let Fitted { end, restored_epoch, id, weights_sha256 } = fitted?;
        let told = PyDict::new(py);
        told.set_item("end", end)?;
        told.set_item("restored_epoch", restored_epoch)?;
        told.set_item("run_id", id)?;
        told.set_item("weights_sha256", weights_sha256)?;
        Ok(told)
    }

    /// Loss and accuracy on some examples: by this loss (JSON, as in a study file).
    fn evaluate(
        &self,
        py: Python<'_>,
        x: &Bound<'_, PyAny>,
        y: &Bound<'_, PyAny>,
        loss: &str,
        label_smoothing: f32,
        threads: usize,
    ) -> PyResult<(f64, f64)> {
        let (values, labels) = (Values::of(py, x)?, labels(py, y)?);
        let loss: Loss = serde_json::from_str(loss).map_err(value_error)?;
        let model = self.copied()?;
        py.detach(|| {
            let indices = all(labels.len());
            let images = values.inputs(self.image).map_err(value_error)?;
            let examples = Examples {
                images,
                labels: &labels,
                indices: &indices,
                shape: self.image,
                classes: model.classes(),
            };
            examples.fits(&model).map_err(value_error)?;
            let evaluation = toile_nn::evaluate(&model, &examples, &loss, label_smoothing, threads);
            Ok((evaluation.loss, evaluation.accuracy))
        })
    }

    /// The probabilities of all classes for each example: 32-bit floats, row by row.
    fn predict<'py>(
        &self,
        py: Python<'py>,
        x: &Bound<'py, PyAny>,
        threads: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let values = Values::of(py, x)?;
        let model = self.copied()?;
        let probabilities = py.detach(|| {
            let images = values.inputs(self.image).map_err(value_error)?;
            PyResult::Ok(toile_nn::predict(&model, images, threads))
        })?;
        Ok(PyBytes::new(py, &le_bytes(&probabilities)))
    }

    /// Name, shape and values (32-bit floats) of each tensor.
    fn weights<'py>(&self, py: Python<'py>) -> Vec<(String, Vec<usize>, Bound<'py, PyBytes>)> {
        let tensors = self.lock().model.weights();
        tensors.into_iter().map(|t| (t.name, t.shape, PyBytes::new(py, &le_bytes(&t.values)))).collect()
    }

    /// Sets all tensors, in the order of `weights`.
    fn set_weights(&self, py: Python<'_>, values: Vec<Bound<'_, PyAny>>) -> PyResult<()> {
        let mut tensors = self.lock().model.weights();
        if tensors.len() != values.len() {
            let (found, expected) = (values.len(), tensors.len());
            return Err(value_error(format!("found {found} arrays of weights, expected {expected}")));
        }
        for (tensor, array) in tensors.iter_mut().zip(&values) {
            let Values::Floats(values) = Values::of(py, array)? else {
                return Err(value_error("weights are arrays of float32"));
            };
            tensor.values = values;
        }
        self.lock().model.set_weights(&tensors).map_err(value_error)
    }

    /// Forgets what the optimizer remembers: the next training begins with a fresh one.
    fn forget(&self) {
        self.lock().state = None;
    }

    /// The table of layers.
    fn summary(&self) -> String {
        self.lock().model.summary().to_string()
    }

    /// SHA-256 of the file of weights, in hexadecimal: that of a run of a study with the same settings and data.
    fn weights_sha256(&self) -> String {
        sha256(&self.lock().model)
    }

    /// The layers as JSON, as a study file writes them.
    #[getter]
    fn layers(&self) -> String {
        self.written.to_string()
    }
}

/// What a training came to.
struct Fitted {
    end: String,
    restored_epoch: Option<usize>,
    id: String,
    weights_sha256: String,
}

type Labelled = (Values, Vec<u8>);

impl Network {
    fn train(
        &self,
        run: &Value,
        (values, labels): &Labelled,
        validation: Option<&Labelled>,
        validation_split: f64,
        threads: usize,
        watch: &mut Watch,
    ) -> PyResult<Fitted> {
        let (classes, before) = {
            let standing = self.lock();
            (standing.model.classes(), standing.state.clone())
        };
        let behind = before.as_ref().map_or(0, |state| state.facts.epoch);
        let data = FitData {
            image: self.image,
            classes,
            train: labels.len(),
            validation: validation.map_or(0, |(_, labels)| labels.len()),
            validation_split,
        };
        let settings = checked(&self.written, run, data).map_err(value_error)?;
        let outline = ModelOutline::new(&self.layers, self.image).map_err(value_error)?;
        let batch_size = settings.batch_size.min(labels.len().max(1));
        let bytes = outline.training_memory(&settings.optimizer, batch_size, threads, false);
        room_for("training this model", bytes)?;
        let mut model = self.copied()?;
        let split = settings.validation_split;
        let (own, held_back) = match validation {
            Some((_, labels)) => (all(labels.len()), None),
            None => {
                let seed = Seed::new(split.seed);
                let parts = toile_data::split(labels, classes, split.fraction, SplitHow::Last, seed);
                (Vec::new(), Some(parts.map_err(value_error)?))
            }
        };
        let every = all(labels.len());
        let trained_on = held_back.as_ref().map_or(&every, |parts| &parts.train);
        let of = |(values, labels): &'_ Labelled| -> PyResult<()> {
            let images = values.inputs(self.image).map_err(value_error)?;
            let indices = all(labels.len());
            let examples = Examples { images, labels, indices: &indices, shape: self.image, classes };
            examples.fits(&model).map_err(value_error)
        };
        validation.map_or(Ok(()), of)?;
        let images = values.inputs(self.image).map_err(value_error)?;
        let train = Examples { images, labels, indices: trained_on, shape: self.image, classes };
        train.fits(&model).map_err(value_error)?;
        let held_back = match (validation, &held_back) {
            (Some((values, labels)), _) => {
                let images = values.inputs(self.image).map_err(value_error)?;
                Some(Examples { images, labels, indices: &own, shape: self.image, classes })
            }
            (None, Some(parts)) if !parts.validation.is_empty() => {
                Some(Examples { indices: &parts.validation, ..train })
            }
            _ => None,
        };
        let config = toile_lab::fit_config(&settings, classes);
        let config = FitConfig { epochs: behind + settings.epochs, ..config };
        let mut broke = None;
        let mut observer = |event: FitEvent<'_>| match event {
            FitEvent::Step { epoch, batch, n_batches, loss } => watch.batch(epoch, batch, n_batches, loss),
            FitEvent::EpochEnd(epoch, snapshot) => {
                let state = snapshot.take();
                // Callbacks of Python may ask the network what it is now; and whole epochs count: after a stop the next fit
                // goes on with the bits that this one would have had.
                let mut standing = self.lock();
                broke = standing.model.set_weights(&state.weights()).err();
                standing.state = Some(state);
                drop(standing);
                watch.epoch(epoch)
            }
            FitEvent::EpochBegin { .. } | FitEvent::TrainingEnd { .. } => Flow::Continue,
        };
        let outcome = match before.map(|state| state.followed(&config, &model)) {
            Some(state) => {
                let outcome = toile_nn::fit_from(
                    &mut model,
                    &train,
                    held_back.as_ref(),
                    &config,
                    threads,
                    state,
                    &mut observer,
                );
                outcome.map_err(|error| {
                    let help = "toile goes on with an optimizer's state only on as many updates per epoch, with the same optimizer \
                                and seed; `compile` again begins with a fresh optimizer";
                    value_error(format!("this fit cannot go on from the one before: {error}; {help}"))
                })?
            }
            None => toile_nn::fit(&mut model, &train, held_back.as_ref(), &config, threads, &mut observer),
        };
        if let Some(error) = broke {
            return Err(value_error(error));
        }
        let mut standing = self.lock();
        standing.on_bytes = values.are_bytes();
        let id = settings.id(&fingerprint(self.image, values, labels, validation));
        standing.settings = Some(settings);
        if outcome.end != FitEnd::Interrupted {
            standing.model.set_weights(&model.weights()).map_err(value_error)?;
        }
        let end = match outcome.end {
            FitEnd::Finished => "finished".into(),
            FitEnd::Stopped { by, epoch } => format!("stopped by {by} after epoch {epoch}"),
            FitEnd::Interrupted => "stopped".into(),
            FitEnd::NonFinite { epoch, batch } => {
                format!("the loss was not a finite number in epoch {epoch}, batch {batch}")
            }
        };
        let weights_sha256 = sha256(&standing.model);
        Ok(Fitted { end, restored_epoch: outcome.restored_epoch, id, weights_sha256 })
    }
}

/// Asks the system for so much memory, and gives it back: an allocation that fails later would end the program.
fn room_for(what: &str, bytes: usize) -> PyResult<()> {
    Vec::<u8>::new().try_reserve_exact(bytes).map_err(|_| {
        let megabytes = bytes / 1_000_000;
        PyMemoryError::new_err(format!("{what} takes about {megabytes} MB, which the system does not give"))
    })
}

fn sha256(model: &Model) -> String {
    toile_store::sha256_hex(&toile_lab::weights_file(model, false))
}

fn all(n: usize) -> Vec<u32> {
    (0..n as u32).collect()
}

pub(crate) fn le_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// SHA-256 of the arrays of a fit and of the shape of an example.
fn fingerprint(image: ImageShape, values: &Values, labels: &[u8], validation: Option<&Labelled>) -> String {
    let ImageShape { height, width, channels } = image;
    let mut lines = format!("toile arrays\n{height} {width} {channels}\n");
    let validation = validation.map(|(values, labels)| (values, labels.as_slice()));
    for (values, labels) in std::iter::once((values, labels)).chain(validation) {
        let kind = if values.are_bytes() { "u8" } else { "f32" };
        let of_labels = toile_store::sha256_hex(labels);
        lines += &format!("{kind} {} labels {of_labels}\n", values.sha256());
    }
    toile_store::sha256_hex(lines.as_bytes())
}
