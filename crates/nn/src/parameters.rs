//! Weight tensors: their names, shapes and places in one long buffer, and how they start.

use std::ops::Range;

use toile_rng::Seed;

use crate::Initializer;

/// A named tensor with its values, in Keras' layout.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    /// `<layer index>.<kernel|bias|gamma|beta|moving_mean|moving_variance>`
    pub name: String,
    /// Dense kernel (inputs, units); convolution kernel (kh, kw, channels, filters); others (n).
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

/// What a layer asks for: a tensor and how it starts.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    pub kind: &'static str,
    pub shape: Vec<usize>,
    pub initializer: Initializer,
    pub trainable: bool,
    pub l2: f32,
}

impl Wanted {
    pub(crate) fn trainable(kind: &'static str, shape: &[usize], initializer: Initializer) -> Wanted {
        Wanted { kind, shape: shape.to_vec(), initializer, trainable: true, l2: 0.0 }
    }
}

/// A tensor of a model: what was asked for, and where it lies.
#[derive(Clone, Debug)]
pub(crate) struct Parameter {
    pub name: String,
    pub wanted: Wanted,
    pub range: Range<usize>,
}

/// Tensors start on a cache line.
const ALIGNMENT: usize = 16;

/// Lays the tensors of all layers out in one buffer; gives them and the buffer's length.
pub(crate) fn lay_out(layers: &[Vec<Wanted>]) -> (Vec<Vec<Parameter>>, usize) {
    let mut end = 0;
    let place = |layer: usize, wanted: &Wanted, end: &mut usize| {
        let start = end.next_multiple_of(ALIGNMENT);
        *end = start + wanted.shape.iter().product::<usize>();
        Parameter { name: format!("{layer}.{}", wanted.kind), wanted: wanted.clone(), range: start..*end }
    };
    let all = layers
        .iter()
        .enumerate()
        .map(|(layer, wanted)| wanted.iter().map(|w| place(layer, w, &mut end)).collect())
        .collect();
    (all, end.next_multiple_of(ALIGNMENT))
}

impl Initializer {
    /// Fills a tensor: uniform or cut normal numbers from the stream `initializer/<name>` of the seed.
    ///
    /// Limits and deviations as in Keras' `VarianceScaling`, with fans by [`fans`].
    pub(crate) fn fill(self, name: &str, shape: &[usize], seed: Seed, values: &mut [f32]) {
        let (fan_in, fan_out) = fans(shape);
        let mut stream = seed.stream(&format!("initializer/{name}"), 0);
        let mut uniform = |values: &mut [f32], n: f64, scale: f64| {
            let limit = (3.0 * scale / n.max(1.0)).sqrt();
            values.iter_mut().for_each(|v| *v = ((2.0 * stream.uniform_f64() - 1.0) * limit) as f32);
        };
        match self {
            Initializer::GlorotUniform => uniform(values, (fan_in + fan_out) / 2.0, 1.0),
            Initializer::HeUniform => uniform(values, fan_in, 2.0),
            Initializer::GlorotNormal | Initializer::HeNormal => {
                let (scale, n) = if self == Initializer::HeNormal {
                    (2.0, fan_in)
                } else {
                    (1.0, (fan_in + fan_out) / 2.0)
                };
                let deviation = (scale / n.max(1.0)).sqrt() / DEVIATION_OF_CUT_NORMAL;
                values.iter_mut().for_each(|v| *v = (stream.truncated_normal_f64() * deviation) as f32);
            }
            Initializer::Zeros => values.fill(0.0),
            Initializer::Ones => values.fill(1.0),
            Initializer::Constant(value) => values.fill(value),
        }
    }
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

    #[test]
    fn tensors_are_laid_out_on_cache_lines() {
        let dense = vec![
            Wanted::trainable("kernel", &[3, 5], Initializer::Zeros),
            Wanted::trainable("bias", &[5], Initializer::Zeros),
        ];
        let (all, len) = lay_out(&[vec![], dense]);
        assert_eq!((all[1][0].range.clone(), all[1][1].range.clone(), len), (0..15, 16..21, 32));
        assert_eq!(all[1][1].name, "1.bias");
    }
}
