//! Initialisers: where weights start.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_rng::{Seed, Stream};

/// How a weight tensor is filled before training. `fan_in` and `fan_out` are counted as in Keras: inputs and outputs of
/// a dense layer; kernel height × width × channels (filters) of a convolution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Initializer {
    /// Uniform on ±√(6 / (fan_in + fan_out)) (Glorot and Bengio 2010)
    #[default]
    GlorotUniform,
    /// Normal cut at two standard deviations, variance 2 / (fan_in + fan_out) after the cut
    GlorotNormal,
    /// Uniform on ±√(6 / fan_in) (He et al. 2015)
    HeUniform,
    /// Normal cut at two standard deviations, variance 2 / fan_in after the cut
    HeNormal,
    /// All 0
    Zeros,
    /// All 1
    Ones,
    /// All this value: `{ constant = 0.1 }`
    Constant(f32),
}

impl Initializer {
    /// Fills a tensor: uniform or cut normal numbers from the stream `initializer/<name>` of the seed.
    ///
    /// Limits and deviations as in Keras' `VarianceScaling`, with fans by [`fans`].
    pub(crate) fn fill(self, name: &str, shape: &[usize], seed: Seed, values: &mut [f32]) {
        let (fan_in, fan_out) = fans(shape);
        let mut stream = seed.stream(&format!("initializer/{name}"), 0);
        match self {
            Initializer::GlorotUniform => uniform(&mut stream, values, (fan_in + fan_out) / 2.0, 1.0),
            Initializer::HeUniform => uniform(&mut stream, values, fan_in, 2.0),
            Initializer::GlorotNormal => normal(&mut stream, values, (fan_in + fan_out) / 2.0, 1.0),
            Initializer::HeNormal => normal(&mut stream, values, fan_in, 2.0),
            Initializer::Zeros => values.fill(0.0),
            Initializer::Ones => values.fill(1.0),
            Initializer::Constant(value) => values.fill(value),
        }
    }
}

/// Uniform numbers of variance scale / n.
fn uniform(stream: &mut Stream, values: &mut [f32], n: f64, scale: f64) {
    let limit = (3.0 * scale / n.max(1.0)).sqrt();
    values.iter_mut().for_each(|v| *v = ((2.0 * stream.uniform_f64() - 1.0) * limit) as f32);
}

/// Cut normal numbers of variance scale / n.
fn normal(stream: &mut Stream, values: &mut [f32], n: f64, scale: f64) {
    let deviation = (scale / n.max(1.0)).sqrt() / DEVIATION_OF_CUT_NORMAL;
    values.iter_mut().for_each(|v| *v = (stream.truncated_normal_f64() * deviation) as f32);
}

/// Standard deviation of a standard normal number that was cut at ±2.
const DEVIATION_OF_CUT_NORMAL: f64 = 0.879_625_661_034_239_8;

/// Inputs and outputs of one output and one input value: (fan_in, fan_out), as Keras' `compute_fans`.
fn fans(shape: &[usize]) -> (f64, f64) {
    match shape {
        [] => (1.0, 1.0),
        [n] => (*n as f64, *n as f64),
        [receptive @ .., channels, filters] => {
            let field: usize = receptive.iter().product();
            ((field * channels) as f64, (field * filters) as f64)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(initializer: Initializer, shape: &[usize]) -> Vec<f32> {
        let mut values = vec![0.0; shape.iter().product()];
        initializer.fill("0.kernel", shape, Seed::new(7), &mut values);
        values
    }

    /// Limits by the formulas of Glorot and Bengio (2010) and He et al. (2015).
    #[test]
    fn uniform_initialisers_fill_their_range() {
        for (initializer, shape, limit) in [
            (Initializer::GlorotUniform, vec![784, 32], (6.0f32 / 816.0).sqrt()),
            (Initializer::GlorotUniform, vec![3, 3, 32, 64], (6.0f32 / (9.0 * 96.0)).sqrt()),
            (Initializer::HeUniform, vec![3, 3, 32, 64], (6.0f32 / (9.0 * 32.0)).sqrt()),
        ] {
            let largest = filled(initializer, &shape).iter().fold(0f32, |a, v| a.max(v.abs()));
            assert!(largest <= limit && largest > 0.99 * limit, "{initializer:?}: {largest} of {limit}");
        }
    }

    #[test]
    fn normal_initialisers_have_their_deviation_and_are_cut() {
        for (initializer, deviation) in [
            (Initializer::GlorotNormal, (2.0f64 / 816.0).sqrt()),
            (Initializer::HeNormal, (2.0f64 / 784.0).sqrt()),
        ] {
            let values = filled(initializer, &[784, 32]);
            let sd = (values.iter().map(|v| (*v as f64).powi(2)).sum::<f64>() / values.len() as f64).sqrt();
            assert!((sd / deviation - 1.0).abs() < 0.02, "{initializer:?}: {sd} for {deviation}");
            let cut = 2.0 * deviation / DEVIATION_OF_CUT_NORMAL;
            assert!(values.iter().all(|v| (*v as f64).abs() <= cut * 1.000_001));
        }
    }
}
