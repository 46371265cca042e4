//! The twin where nothing is trained: moving averages in place of the batch's, and no dropout.

use toile_nn::Layer;

use super::{Batch, Tensors, forward, product};

/// The values before the softmax, in inference mode, from what comes out of layer `after - 1`: of each image a row.
pub fn logits(layers: &[Layer], tensors: &Tensors, after: usize, x: Batch) -> Batch {
    let last = layers.len() - 1;
    let rest = layers.iter().enumerate().skip(after).take_while(|(i, _)| *i < last);
    let x = rest.fold(x, |x, (i, layer)| inference(i, layer, tensors, x));
    product(last, tensors, &x)
}

/// What layer `i` makes of a batch where nothing is trained.
pub fn inference(i: usize, layer: &Layer, tensors: &Tensors, x: Batch) -> Batch {
    let of = |role: &str| tensors[&format!("{i}.{role}")].1.clone();
    match layer {
        Layer::Dropout(_) => x,
        Layer::BatchNormalization(norm) => {
            let (gamma, beta) = (of("gamma"), of("beta"));
            let (mean, variance) = (of("moving_mean"), of("moving_variance"));
            let scaled = x.values.iter().enumerate().map(|(at, v)| {
                let c = at % x.shape[2];
                gamma[c] * (v - mean[c]) / (variance[c] + norm.epsilon as f64).sqrt() + beta[c]
            });
            Batch { values: scaled.collect(), ..x }
        }
        layer => forward(i, layer, tensors, x),
    }
}
