//! A network with its weights, and what its last training left: what `toile.Sequential` stands on.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::{PyMemoryError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use toile_data::SplitHow;
use toile_lab::{MemoryFault, fit_in_memory};
use toile_nn::{
    Examples, FitConfig, FitEvent, Flow, ImageShape, Layer, Loss, Model, ModelOutline, Tensor, TrainingState,
};
use toile_record::End;
use toile_rng::Seed;
use toile_study::Settings;

use crate::arrays::{Values, labels};
use crate::rates::GivenRates;
use crate::settings::{FitData, checked, classes};
use crate::watch::Watch;

/// A network. Several threads of Python may ask it, also while it is trained; `Sequential` lets one train it at a time.
#[pyclass(frozen, module = "toile._native")]
pub(crate) struct Network {
    pub(crate) layers: Vec<Layer>,
    /// The layers as they were written, in the form of a study file.
    written: Value,
    pub(crate) image: ImageShape,
    standing: Mutex<Standing>,
}

/// What changes when a network is trained.
pub(crate) struct Standing {
    /// Whoever asks the network shares it; who changes it takes a copy where it is shared.
    pub model: Arc<Model>,
    /// After the last whole epoch; the next training goes on from it.
    pub state: Option<TrainingState>,
    /// The last training.
    pub last: Option<LastFit>,
}

/// What a training was.
#[derive(Serialize, Deserialize)]
pub(crate) struct LastFit {
    pub settings: Settings,
    /// Hash of its arrays.
    pub fingerprint: String,
    /// The epoch of its weights.
    pub epoch: Option<usize>,
    /// Whether its schedule is of rates that Python gave, epoch by epoch: to others its optimizer has a rate, no
    /// schedule.
    #[serde(default)]
    pub has_given_rates: bool,
}

impl LastFit {
    /// The id of the training: of its settings, its seed and its arrays.
    pub(crate) fn id(&self) -> String {
        self.settings.id(&self.fingerprint)
    }
}

/// Name, shape and values (32-bit floats) of a tensor.
pub(crate) type WrittenTensor<'py> = (String, Vec<usize>, Bound<'py, PyBytes>);

/// What a training is of, besides the arrays.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
struct FitRequest {
    /// The settings of a run of a study file, as JSON.
    run: String,
    /// The part of the training examples, the last ones, that is held back for validation.
    validation_split: f64,
    threads: usize,
    on_begin: Option<Py<PyAny>>,
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
        let standing = Standing { model: Arc::new(model), state: None, last: None };
        Network { layers, written, image, standing: Mutex::new(standing) }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Standing> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The model as it is now.
    fn model(&self) -> Arc<Model> {
        self.lock().model.clone()
    }

    /// Replaces all weights.
    pub(crate) fn take(&self, tensors: &[Tensor]) -> PyResult<()> {
        Arc::make_mut(&mut self.lock().model).set_weights(tensors).map_err(value_error)
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
        let classes = classes(&layers, &run, image)?;
        if let Some(n @ (0 | 1 | 257..)) = classes {
            return Err(value_error(format!(
                "the model gives {n} values, expected one for each of 2 to 256 classes"
            )));
        }
        let data =
            FitData { image, classes: classes.unwrap_or(2), train: 2, validation: 0, validation_split: 0.0 };
        let settings = checked(&layers, &run, data)?;
        let outline = ModelOutline::new(&settings.layers, image).map_err(value_error)?;
        // Twice: a training works on a copy.
        room_for("the weights of this model", outline.n_weights().saturating_mul(8))?;
        let model = Model::build(&settings.layers, image, Seed::new(seed)).map_err(value_error)?;
        Ok(Network::of(settings.layers, layers, image, model))
    }

    /// Number of classes.
    #[getter]
    fn classes(&self) -> usize {
        self.model().classes()
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
        let train = (Values::of(py, x)?, labels(py, y)?);
        let validation =
            validation.map(|(x, y)| PyResult::Ok((Values::of(py, &x)?, labels(py, &y)?))).transpose()?;
        let told = [request.on_begin, request.on_batch, request.on_epoch];
        let mut watch = Watch::new(told, request.every_batch);
        let run = json(&request.run)?;
        let (split, threads) = (request.validation_split, request.threads);
        let fitted = py.detach(|| self.train(&run, &train, validation.as_ref(), split, threads, &mut watch));
        if let Some(error) = watch.raised {
            return Err(error);
        }
        let Fitted { end, weights_sha256, id, restored_epoch } = fitted?;
        let told = PyDict::new(py);
        told.set_item("end", end_in_words(end.as_ref()))?;
        told.set_item("is_early", matches!(end, Some(End::Stopped { .. })))?;
        told.set_item("has_diverged", matches!(end, Some(End::Diverged { .. })))?;
        told.set_item("run_id", id)?;
        told.set_item("weights_sha256", weights_sha256)?;
        told.set_item("restored_epoch", restored_epoch)?;
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
        let model = self.model();
        py.detach(|| {
            let indices = all(labels.len());
            let examples = self.examples(&values, &labels, &indices)?;
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
        let model = self.model();
        let probabilities = py.detach(|| {
            let images = values.inputs(self.image).map_err(value_error)?;
            PyResult::Ok(toile_nn::predict(&model, images, threads))
        })?;
        Ok(PyBytes::new(py, &le_bytes(&probabilities)))
    }

    /// Name, shape and values (32-bit floats) of each tensor.
    fn weights<'py>(&self, py: Python<'py>) -> Vec<WrittenTensor<'py>> {
        written(py, &self.model().weights())
    }

    /// Sets all tensors, in the order of `weights`.
    fn set_weights(&self, py: Python<'_>, values: Vec<Bound<'_, PyAny>>) -> PyResult<()> {
        let mut tensors = self.model().weights();
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
        self.take(&tensors)
    }

    /// Forgets what the optimizer remembers: the next training begins with a fresh one.
    fn forget(&self) {
        self.lock().state = None;
    }

    /// The table of layers, by these names.
    fn summary(&self, name: &str, layer_names: Vec<String>) -> String {
        let mut summary = self.model().summary();
        summary.name = name.into();
        for (row, name) in summary.rows.iter_mut().zip(layer_names) {
            row.name = name;
        }
        summary.to_string()
    }

    /// SHA-256 of the file of weights, in hexadecimal: that of a run of a study with the same settings and data.
    fn weights_sha256(&self) -> String {
        sha256(&self.model())
    }

    /// The layers as JSON, as a study file writes them.
    #[getter]
    fn layers(&self) -> String {
        self.written.to_string()
    }
}

type Labelled = (Values, Vec<u8>);

/// What a training came to.
struct Fitted {
    /// `None` if Python stopped it.
    end: Option<End>,
    weights_sha256: String,
    /// The id of the training.
    id: String,
    /// The epoch that a callback went back to.
    restored_epoch: Option<usize>,
}

impl Network {
    fn examples<'a>(
        &self,
        values: &'a Values,
        labels: &'a [u8],
        indices: &'a [u32],
    ) -> PyResult<Examples<'a>> {
        let images = values.inputs(self.image).map_err(value_error)?;
        Ok(Examples { images, labels, indices, shape: self.image, classes: self.model().classes() })
    }

    /// Trains.
    fn train(
        &self,
        run: &Value,
        (values, labels): &Labelled,
        validation: Option<&Labelled>,
        validation_split: f64,
        threads: usize,
        watch: &mut Watch,
    ) -> PyResult<Fitted> {
        let (mut model, before) = {
            let standing = self.lock();
            (standing.model.clone(), standing.state.clone())
        };
        let classes = model.classes();
        let data = FitData {
            image: self.image,
            classes,
            train: labels.len(),
            validation: validation.map_or(0, |(_, labels)| labels.len()),
            validation_split,
        };
        let settings = checked(&self.written, run, data)?;
        let outline = ModelOutline::new(&self.layers, self.image).map_err(value_error)?;
        let batch_size = settings.batch_size.min(labels.len().max(1));
        let bytes = outline.training_memory(&settings.optimizer, batch_size, threads, false);
        room_for("training this model", bytes)?;
        let split = settings.validation_split;
        // What lies in arrays of its own takes no training examples.
        let fraction = if validation.is_some() { 0.0 } else { split.fraction };
        let parts = toile_data::split(labels, classes, fraction, SplitHow::Last, Seed::new(split.seed));
        let parts = parts.map_err(value_error)?;
        let own = validation.map(|(_, labels)| all(labels.len()));
        let train = self.examples(values, labels, &parts.train)?;
        let held_back = match (validation, &own) {
            (Some((values, labels)), Some(indices)) => Some(self.examples(values, labels, indices)?),
            _ => Some(train.with_indices(&parts.validation)).filter(|examples| !examples.is_empty()),
        };
        let config = toile_lab::fit_config(&settings, classes);
        let behind = before.as_ref().map_or(0, |state| state.facts.epoch);
        let config = FitConfig { epochs: behind + settings.epochs, ..config };
        let before = before.map(|state| state.followed(&config, &model));
        let updates = before.as_ref().map_or(0, |state| state.facts.step);
        let mut rates = GivenRates::new(updates, train.len().div_ceil(config.batch_size));
        let fingerprint = OnceCell::new();
        let so_far = |rates: &GivenRates, epoch| LastFit {
            settings: rates.recorded(&settings),
            fingerprint: fingerprint
                .get_or_init(|| fingerprint_of(self.image, values, labels, validation))
                .clone(),
            epoch,
            has_given_rates: rates.are_given(),
        };
        let mut observer = |event: FitEvent<'_>| match event {
            FitEvent::EpochBegin { epoch, learning_rate } => {
                let (flow, is_given) = watch.begin(epoch, learning_rate);
                rates.begins(learning_rate.get(), is_given);
                flow
            }
            FitEvent::Step { epoch, batch, n_batches, loss } => watch.batch(epoch, batch, n_batches, loss),
            FitEvent::EpochEnd(epoch, snapshot) => {
                // Callbacks of Python may ask the network what it is now; and whole epochs count: after a stop the next fit
                // goes on with the bits that this one would have had.
                let (model, state) = (Arc::new(snapshot.model().clone()), snapshot.take());
                let (learning_rate, updates) = (state.facts.learning_rate.0, state.facts.step);
                let last = so_far(&rates, Some(epoch.epoch));
                let mut standing = self.lock();
                *standing = Standing { model, state: Some(state), last: Some(last) };
                drop(standing);
                watch.epoch(epoch, learning_rate, updates)
            }
            FitEvent::TrainingEnd { .. } => Flow::Continue,
        };
        let held_back = held_back.as_ref();
        let trained = Arc::make_mut(&mut model);
        let fit = fit_in_memory(trained, &train, held_back, &config, before, threads, &mut observer)
            .map_err(refused)?;
        let mut standing = self.lock();
        if fit.end.is_some() {
            standing.model = model;
        }
        let trained = standing.state.as_ref().map(|state| state.facts.epoch);
        let last = so_far(&rates, fit.restored_epoch.or(trained));
        let (weights_sha256, id) = (sha256(&standing.model), last.id());
        standing.last = Some(last);
        Ok(Fitted { end: fit.end, weights_sha256, id, restored_epoch: fit.restored_epoch })
    }
}

fn refused(fault: MemoryFault) -> PyErr {
    match fault {
        MemoryFault::Examples(error) => value_error(error),
        MemoryFault::State(error) => {
            let help = "toile goes on with an optimizer's state only with the same optimizer and seed; `compile` again \
                        begins with a fresh optimizer";
            value_error(format!("this fit cannot go on from the one before: {error}; {help}"))
        }
    }
}

/// How a training ended, as `History.end` says it.
fn end_in_words(end: Option<&End>) -> String {
    match end {
        None => "stopped".into(),
        Some(End::Stopped { by, epoch }) => format!("stopped by {by} after epoch {epoch}"),
        Some(End::Diverged { epoch, batch }) => {
            format!("the loss was not a finite number in epoch {epoch}, batch {batch}")
        }
        // A training in memory ends in no other way.
        Some(_) => "finished".into(),
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

/// Tensors as Python takes them.
pub(crate) fn written<'py>(py: Python<'py>, tensors: &[Tensor]) -> Vec<WrittenTensor<'py>> {
    let one = |t: &Tensor| (t.name.clone(), t.shape.clone(), PyBytes::new(py, &le_bytes(&t.values)));
    tensors.iter().map(one).collect()
}

pub(crate) fn le_bytes(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

/// SHA-256 of the arrays of a fit and of the shape of an example.
fn fingerprint_of(
    image: ImageShape,
    values: &Values,
    labels: &[u8],
    validation: Option<&Labelled>,
) -> String {
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
