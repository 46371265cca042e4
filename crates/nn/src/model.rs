//! A model: layers whose shapes fit, and their weights.

use std::fmt;

use toile_kernels::Buffer;
use toile_rng::Seed;

use crate::compile::ProgramChoices;
use crate::engine::{KernelProduct, Workspace};
use crate::parameters::{Parameter, lay_out};
use crate::shape::ShapeError;
use crate::{DtypePolicy, ImageShape, Layer, Shape, Tensor, shapes};

/// A sequential model with its weights, built for images of one shape.
///
/// ```
/// use toile_nn::{Activation, Dense, ImageShape, Layer, Model};
/// use toile_rng::Seed;
/// let dense = |units, activation| Layer::Dense(Dense { activation, ..Dense::new(units) });
/// let layers = [dense(32, Activation::Sigmoid), dense(10, Activation::Softmax)];
/// let model = Model::build(&layers, ImageShape { height: 28, width: 28, channels: 1 }, Seed::new(7)).unwrap();
/// assert_eq!(model.summary().total(), 25_450);
/// ```
#[derive(Clone)]
pub struct Model {
    pub(crate) image: ImageShape,
    pub(crate) layers: Vec<Layer>,
    pub(crate) shapes: Vec<Shape>,
    pub(crate) parameters: Vec<Vec<Parameter>>,
    pub(crate) weights: Buffer,
    pub(crate) dtype_policy: DtypePolicy,
}

/// Why a model cannot be built: which layer, what does not fit, how to fix it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError {
    /// Position of the layer, from 0.
    pub layer: usize,
    /// The layer's name in the study file.
    pub name: &'static str,
    /// What does not fit.
    pub error: ShapeError,
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "layer {} (`{}`): {}", self.layer, self.name, self.error)
    }
}

impl std::error::Error for BuildError {}

/// Why weights cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeightsError {
    /// A tensor of the model was not given.
    #[error("tensor `{name}` of shape {shape:?} is missing")]
    Missing {
        /// Its name.
        name: String,
        /// Its shape.
        shape: Vec<usize>,
    },
    /// A tensor was given that the model does not have.
    #[error("tensor `{name}` is not one of the model's: {known}")]
    Unknown {
        /// Its name.
        name: String,
        /// The model's tensors.
        known: String,
    },
    /// A tensor has another shape than the model's.
    #[error("tensor `{name}` has shape {found:?}, expected {expected:?}")]
    Shape {
        /// Its name.
        name: String,
        /// The shape given.
        found: Vec<usize>,
        /// The model's.
        expected: Vec<usize>,
    },
}

impl Model {
    /// Checks that the layers fit each other and the images, and starts the weights from the seed.
    ///
    /// # Errors
    /// The first layer that does not fit. A model must end with a softmax (of a `dense` layer, or as an `activation`)
    /// over a row of 2 to 256 classes.
    pub fn build(layers: &[Layer], input: ImageShape, seed: Seed) -> Result<Model, BuildError> {
        let (mut model, len) = Model::laid_out(layers, input)?;
        let mut weights = Buffer::new(len);
        for parameter in model.parameters.iter().flatten() {
            let values = &mut weights[parameter.range.clone()];
            parameter.wanted.initializer.fill(&parameter.name, &parameter.wanted.shape, seed, values);
        }
        model.weights = weights;
        Ok(model)
    }

    /// A model without weights, and how many numbers they are.
    fn laid_out(layers: &[Layer], input: ImageShape) -> Result<(Model, usize), BuildError> {
        let at = |layer: usize, error: ShapeError| BuildError {
            layer,
            name: layers.get(layer).map_or("", |l| l.name()),
            error,
        };
        let shapes = shapes(layers, input).map_err(|(layer, error)| at(layer, error))?;
        check_end(layers, &shapes).map_err(|error| at(layers.len().saturating_sub(1), error))?;
        let wanted: Vec<_> = layers.iter().zip(&shapes).map(|(layer, shape)| layer.wanted(*shape)).collect();
        for (layer, wanted) in wanted.iter().enumerate() {
            for tensor in wanted {
                check_size(&tensor.shape).map_err(|error| at(layer, error))?;
            }
        }
        let (parameters, len) = lay_out(&wanted);
        let weights = Buffer::new(0);
        let dtype_policy = DtypePolicy::Float32;
        let model =
            Model { image: input, layers: layers.to_vec(), shapes, parameters, weights, dtype_policy };
        model.try_program(1, ProgramChoices::default()).map_err(|(layer, error)| at(layer, error))?;
        Ok((model, len))
    }

    /// Number of classes.
    pub fn classes(&self) -> usize {
        self.shapes.last().map_or(0, |shape| shape.values())
    }

    /// All weight tensors, in the order of the layers.
    pub fn weights(&self) -> Vec<Tensor> {
        self.tensors("", &self.weights)
    }

    /// Numbers that lie as the weights do, as tensors whose names begin with `group`.
    pub(crate) fn tensors(&self, group: &str, values: &[f32]) -> Vec<Tensor> {
        let tensor = |parameter: &Parameter| Tensor {
            name: format!("{group}{}", parameter.name),
            shape: parameter.wanted.shape.clone(),
            values: values[parameter.range.clone()].to_vec(),
        };
        self.parameters.iter().flatten().map(tensor).collect()
    }

    /// The reverse: puts the tensors of `group`, which may stand among others, where the weights lie.
    pub(crate) fn fill(
        &self,
        group: &str,
        tensors: &[Tensor],
        values: &mut [f32],
    ) -> Result<(), WeightsError> {
        for parameter in self.parameters.iter().flatten() {
            let (name, shape) = (format!("{group}{}", parameter.name), &parameter.wanted.shape);
            let Some(tensor) = tensors.iter().find(|t| t.name == name) else {
                return Err(WeightsError::Missing { name, shape: shape.clone() });
            };
            if tensor.shape != *shape || tensor.values.len() != parameter.range.len() {
                let (found, expected) = (tensor.shape.clone(), shape.clone());
                return Err(WeightsError::Shape { name, found, expected });
            }
            values[parameter.range.clone()].copy_from_slice(&tensor.values);
        }
        Ok(())
    }

    /// Replaces all weights by these, found by their names.
    ///
    /// # Errors
    /// If one is missing, unknown or of another shape; the model is unchanged then.
    pub fn set_weights(&mut self, tensors: &[Tensor]) -> Result<(), WeightsError> {
        let known = |name: &str| self.parameters.iter().flatten().any(|p| p.name == name);
        if let Some(stranger) = tensors.iter().find(|t| !known(&t.name)) {
            let names: Vec<_> = self.parameters.iter().flatten().map(|p| p.name.as_str()).collect();
            return Err(WeightsError::Unknown { name: stranger.name.clone(), known: names.join(", ") });
        }
        let mut weights = self.weights.clone();
        self.fill("", tensors, &mut weights)?;
        self.weights = weights;
        Ok(())
    }

    /// Σ l2 w² over all kernels, the penalty that the loss carries.
    pub(crate) fn penalty(&self, weights: &[f32]) -> f64 {
        let penalised = self.parameters.iter().flatten().filter(|p| p.wanted.l2 != 0.0);
        penalised
            .map(|p| p.wanted.l2 as f64 * toile_kernels::reduce::sum_of_squares(&weights[p.range.clone()]))
            .sum()
    }

    /// Floating-point operations of one image: (forward, forward and backward).
    pub fn flops(&self) -> (u64, u64) {
        let (mut forward, mut training) = (0, 0);
        for (_, flops) in self.program(1).flops() {
            forward += flops[0];
            training += flops.iter().sum::<u64>();
        }
        (forward, training)
    }

    /// Numbers in all weights.
    pub fn n_weights(&self) -> usize {
        self.parameters.iter().flatten().map(|parameter| parameter.range.len()).sum()
    }
}

/// What is known of a model before it is built: its layers are checked, its weights are not made.
pub struct ModelOutline {
    model: Model,
}

impl ModelOutline {
    /// As [`Model::build`], without the weights: cheap for a model of any size.
    ///
    /// # Errors
    /// As [`Model::build`].
    pub fn new(layers: &[Layer], input: ImageShape) -> Result<ModelOutline, BuildError> {
        Ok(ModelOutline { model: Model::laid_out(layers, input)?.0 })
    }

    /// As [`Model::with_dtype_policy`].
    #[must_use]
    pub fn with_dtype_policy(self, policy: DtypePolicy) -> ModelOutline {
        ModelOutline { model: self.model.with_dtype_policy(policy) }
    }

    /// As [`Model::summary`].
    pub fn summary(&self) -> crate::ModelSummary {
        self.model.summary()
    }

    /// As [`Model::flops`].
    pub fn flops(&self) -> (u64, u64) {
        self.model.flops()
    }

    /// As [`Model::n_weights`].
    pub fn n_weights(&self) -> usize {
        self.model.n_weights()
    }

    /// Bytes that training on batches of this size takes on this many threads, without the data set (its images take
    /// [`Inputs::n_bytes`](crate::Inputs::n_bytes), and are never copied as a whole): weights and what belongs to them,
    /// the chunks' gradients, and the workspaces of training and evaluation. With
    /// [`crate::FitConfig::measures_layers`] the weights are there once more.
    pub fn training_memory(
        &self,
        optimizer: &crate::Optimizer,
        batch_size: usize,
        threads: usize,
        measures_layers: bool,
    ) -> usize {
        let model = &self.model;
        let (program, inference) = (model.program(batch_size), model.program(crate::evaluate::BATCH));
        let chunks = batch_size.div_ceil(program.chunk);
        let per_phase = if program.train.len() > 1 { chunks } else { threads.min(chunks) };
        let workspaces =
            per_phase * Workspace::bytes(&program, true) + threads * Workspace::bytes(&inference, false);
        let products: Vec<_> = program.ops.iter().filter_map(|op| op.product()).collect();
        let sliced = |p: &KernelProduct| if p.slices.len() > 1 { p.slices.len() * p.units } else { 0 };
        let of_batch =
            |p: &&KernelProduct| p.factor_lens(batch_size).iter().sum::<usize>() + batch_size * sliced(p);
        let factors: usize = products.iter().map(of_batch).sum();
        // The weights themselves, their gradient and the optimizer's memory, one gradient per chunk, what the weights
        // were before the last update, and the dense layers' inputs and gradients of the whole batch.
        let n_weights = model.n_weights();
        let weights = (2 + optimizer.n_slots() + chunks + usize::from(measures_layers)) * n_weights;
        4 * (weights + factors + program.derived_len + inference.derived_len) + workspaces
    }
}

fn check_end(layers: &[Layer], shapes: &[Shape]) -> Result<(), ShapeError> {
    let help = "end with `{ dense = { units = 10, activation = \"softmax\" } }`, or with `{ activation = \"softmax\" }`";
    let (Some(last), Some(shape)) = (layers.last(), shapes.last()) else {
        return Err(ShapeError::new("the model has no layers", help));
    };
    let Shape::Flat(classes) = shape else {
        let message = format!("the model ends with an image of shape {shape}, not with a row of classes");
        return Err(ShapeError::new(
            message,
            "end with `flatten` and `{ dense = { units = 10, activation = \"softmax\" } }`",
        ));
    };
    if !last.can_be_last() {
        return Err(ShapeError::new("the model does not end with a softmax", help));
    }
    if !(2..=256).contains(classes) {
        let message = format!("the model ends with {classes} classes");
        return Err(ShapeError::new(message, "between 2 and 256 classes are possible"));
    }
    Ok(())
}

/// A tensor must not be larger than the activations may be.
fn check_size(shape: &[usize]) -> Result<(), ShapeError> {
    let values = shape.iter().try_fold(1usize, |product, n| product.checked_mul(*n));
    match values {
        Some(values) if values <= crate::MOST_VALUES => Ok(()),
        _ => Err(ShapeError::new(
            format!("a weight tensor of shape {shape:?} is too large"),
            format!("at most {} values are possible", crate::MOST_VALUES),
        )),
    }
}
