//! What layers want of a file of weights.

use toile_nn::{BuildError, ImageShape, Layer, Model, ModelDescription, ModelOutline, Tensor};
use toile_rng::Seed;

use crate::ExchangeError;

/// So many faults are told.
const MOST_TOLD: usize = 20;

/// A model of so many weights is made in any case, to say which of them a file has not.
const FEW: usize = 1 << 22;

/// The layers with the names and shapes of their tensors. Before a large model is made: layers that want more numbers
/// than the file can hold are not those of the file.
pub(crate) fn wanted(
    layers: &[Layer],
    image: ImageShape,
    most: usize,
) -> Result<ModelDescription, ExchangeError> {
    let n = ModelOutline::new(layers, image).map_err(unfit)?.n_weights();
    if n > most.max(FEW) {
        let message = format!("the layers want {n} weights, and the file has room for {most}");
        return Err(ExchangeError::new(message));
    }
    Ok(Model::build(layers, image, Seed::new(0)).map_err(unfit)?.describe())
}

fn unfit(error: BuildError) -> ExchangeError {
    let message = format!("the layers cannot be trained here: {error}");
    ExchangeError::new(message).help(error.error.help)
}

/// The tensors, or everything that is wrong with them.
pub(crate) fn all_or_faults(all: Vec<Tensor>, faults: Vec<String>) -> Result<Vec<Tensor>, ExchangeError> {
    if faults.is_empty() {
        return Ok(all);
    }
    let mut lines = faults[..faults.len().min(MOST_TOLD)].join("\n  ");
    if faults.len() > MOST_TOLD {
        lines += &format!("\n  and {} more", faults.len() - MOST_TOLD);
    }
    let message = format!("the weights are not those of the layers:\n  {lines}");
    Err(ExchangeError::new(message)
        .help("the layers must be those of the network that was saved, in their order"))
}
