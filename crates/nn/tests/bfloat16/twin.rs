//! A whole forward pass and a gradient as the definition says them, with nothing of the engine but its last layer.

use toile_nn::*;
use toile_rng::Seed;

use super::MIXED;
use crate::nets::{Noise, parse};

/// As `toile_kernels::bf16::round`, in words of its own: to eight digits, halves to the even one; magnitudes below
/// 2^−50 are zero.
fn rounded(x: f32) -> f32 {
    if x.abs() < 2f32.powi(-50) {
        return 0.0;
    }
    let unit = 2f64.powi(f64::from(x.abs()).log2().floor() as i32 - 7);
    ((f64::from(x) / unit).round_ties_even() * unit) as f32
}

/// Σ a b in blocks of 32: the chain of the even terms plus that of the odd ones. Products of eight digits are exact.
fn sum(terms: impl IntoIterator<Item = (f32, f32)>) -> f32 {
    let terms: Vec<_> = terms.into_iter().collect();
    let block = |block: &[(f32, f32)]| {
        let mut sums = [0.0f32; 2];
        block.iter().enumerate().for_each(|(k, (a, b))| sums[k % 2] += a * b);
        sums[0] + sums[1]
    };
    terms.chunks(32).map(block).fold(0.0, |c, block| c + block)
}

const SHAPE: ImageShape = ImageShape { height: 6, width: 5, channels: 1 };

/// What a convolution of 3 × 3 with 12 filters and ReLU, one of 2 × 2 with 40, ReLU and 2 × 2 pooling, and a dense
/// layer of 7 and ReLU make of an image.
fn features(tensors: &[Tensor], pixels: &[f32]) -> Vec<f32> {
    let value = |tensor: usize, at: usize| tensors[tensor].values[at];
    let (mut first, mut second) = (vec![[0.0f32; 12]; 12], vec![[0.0f32; 40]; 6]);
    for (at, first) in first.iter_mut().enumerate() {
        for (f, y) in first.iter_mut().enumerate() {
            let tap = |k: usize| rounded(pixels[(at / 3 + k / 3) * 5 + at % 3 + k % 3]);
            *y = (sum((0..9).map(|k| (tap(k), rounded(value(0, k * 12 + f))))) + value(1, f)).max(0.0);
        }
    }
    for (at, second) in second.iter_mut().enumerate() {
        for (f, y) in second.iter_mut().enumerate() {
            // A tap's channels fill a block of their own.
            let term = |k: usize| {
                let (tap, channel) = (k / 32, k % 32);
                if channel >= 12 {
                    return (0.0, 0.0);
                }
                let x = first[(at / 2 + tap / 2) * 3 + at % 2 + tap % 2][channel];
                (rounded(x), rounded(value(2, (tap * 12 + channel) * 40 + f)))
            };
            *y = (sum((0..128).map(term)) + value(3, f)).max(0.0);
        }
    }
    let pooled = (0..40).map(|f| [0, 1, 2, 3].map(|p| second[p][f]).into_iter().fold(0.0, f32::max));
    let pooled: Vec<f32> = pooled.collect();
    let unit =
        |u: usize| sum((0..40).map(|k| (rounded(pooled[k]), rounded(value(4, k * 7 + u))))) + value(5, u);
    (0..7).map(|u| unit(u).max(0.0)).collect()
}

#[test]
fn a_forward_pass_has_the_bits_of_the_definition() {
    let layers: Vec<Layer> = parse(
        r#"[{"conv2d":{"filters":12,"kernel_size":[3,3],"activation":"relu"}},
            {"conv2d":{"filters":40,"kernel_size":[2,2],"activation":"relu"}},{"max_pooling2d":{}},
            {"global_average_pooling2d":{}},{"dense":{"units":7,"activation":"relu"}},
            {"dense":{"units":3,"activation":"softmax"}}]"#,
    );
    let with_flatten = layers.iter().cloned().map(|layer| match layer {
        Layer::GlobalAveragePooling2D(_) => Layer::Flatten(Flatten {}),
        layer => layer,
    });
    // The mean of one pixel is that pixel: as rows it goes another way to the dense layer than as plates.
    for layers in [layers.clone(), with_flatten.collect()] {
        let mut model =
            Model::build(&layers, SHAPE, Seed::new(4)).expect("the layers fit").with_dtype_policy(MIXED);
        let shifted = |tensor: Tensor| {
            let values = tensor.values.iter().enumerate().map(|(i, v)| v + 0.01 * (i % 5) as f32).collect();
            Tensor { values, ..tensor }
        };
        model.set_weights(&model.weights().into_iter().map(shifted).collect::<Vec<_>>()).expect("its own");
        let (images, tensors) = (&Noise::new(2).images[..35 * 30], model.weights());
        let pixels: Vec<f32> = images.iter().map(|byte| f32::from(*byte) / 255.0).collect();
        let features: Vec<f32> =
            pixels.chunks_exact(30).flat_map(|image| features(&tensors, image)).collect();
        // The last layer, which rounds nothing, as a model of floats.
        let row = ImageShape { height: 1, width: 1, channels: 7 };
        let mut last = Model::build(&layers[layers.len() - 1..], row, Seed::new(1)).expect("one layer");
        let renamed = |(tensor, name): (&Tensor, &str)| Tensor { name: name.into(), ..tensor.clone() };
        let last_tensors: Vec<_> = tensors[6..].iter().zip(["0.kernel", "0.bias"]).map(renamed).collect();
        last.set_weights(&last_tensors).expect("the last layer's");
        let expected = predict(&last, Inputs::floats(&features, row).expect("finite"), 1);
        let bits = |floats: Vec<f32>| floats.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(predict(&model, images, 2)), bits(expected));
    }
}
