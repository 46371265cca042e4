//! A naive f64 twin of the engine's forward pass: one plain loop per layer, no regard for speed.
//!
//! It shares nothing with the engine but the layers' settings. Its loss, differentiated numerically, is what the
//! engine's gradients are held against.

#![allow(dead_code)] // each test program uses a part

// n = batch, h × w = height × width, c = channels, k = kernel or window, s = stride

mod inference;

use std::collections::BTreeMap;

#[allow(unused_imports)] // likewise
pub use inference::{inference, logits};

use toile_nn::{Activation, Layer, Loss, Padding};

/// Parameters by name (`0.kernel`), with their shapes.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f64>)>;

/// A batch of images, or of rows (height and width 1).
#[derive(Clone)]
pub struct Batch {
    pub n: usize,
    pub shape: [usize; 3],
    pub values: Vec<f64>,
}

impl Batch {
    fn map(mut self, f: impl Fn(f64) -> f64) -> Batch {
        self.values.iter_mut().for_each(|v| *v = f(*v));
        self
    }

    fn at(&self, n: usize, y: usize, x: usize, c: usize) -> f64 {
        let [h, w, channels] = self.shape;
        self.values[((n * h + y) * w + x) * channels + c]
    }
}

/// What besides the model makes a loss.
#[derive(Clone, Default)]
pub struct Target {
    pub loss: Loss,
    pub labels: Vec<usize>,
    pub label_smoothing: f64,
    /// None if empty.
    pub class_weight: Vec<f64>,
}

/// The training loss: weighted mean loss of the softmax (which the last layer must have), and L2.
pub fn loss(layers: &[Layer], tensors: &Tensors, input: &Batch, target: &Target) -> f64 {
    let (last, hidden) = layers.split_last().expect("a model has layers");
    let Layer::Dense(dense) = last else { panic!("the last layer must be dense") };
    assert_eq!(dense.activation, Activation::Softmax);
    let x = outputs(layers, tensors, input).pop().unwrap_or_else(|| input.clone());
    let logits = product(hidden.len(), tensors, &x);
    mean_loss(&logits, target) + penalty(layers, tensors)
}

/// What each layer but the last makes of a batch.
pub fn outputs(layers: &[Layer], tensors: &Tensors, input: &Batch) -> Vec<Batch> {
    let (_, hidden) = layers.split_last().expect("a model has layers");
    let mut all: Vec<Batch> = Vec::new();
    for (i, layer) in hidden.iter().enumerate() {
        let x = all.last().unwrap_or(input).clone();
        all.push(forward(i, layer, tensors, x));
    }
    all
}

/// (L(w + h) − L(w − h)) / 2h for one element of a parameter; with h = 10⁻⁵ its error is near 10⁻¹⁰.
pub fn central_difference(
    layers: &[Layer],
    tensors: &mut Tensors,
    name: &str,
    place: usize,
    input: &Batch,
    target: &Target,
) -> f64 {
    // Small, so that hardly any ReLU or maximum changes sides on the way.
    const H: f64 = 1e-6;
    let start = tensors[name].1[place];
    let mut loss_at = |w: f64| {
        tensors.get_mut(name).expect("a parameter of the model").1[place] = w;
        loss(layers, tensors, input, target)
    };
    let difference = (loss_at(start + H) - loss_at(start - H)) / (2.0 * H);
    tensors.get_mut(name).expect("a parameter of the model").1[place] = start;
    difference
}

fn mean_loss(logits: &Batch, target: &Target) -> f64 {
    let classes = logits.shape[2];
    let mut sum = 0.0;
    for (row, &label) in logits.values.chunks(classes).zip(&target.labels) {
        let log_sum = row.iter().map(|z| z.exp()).sum::<f64>().ln();
        let wanted = |c| {
            (1.0 - target.label_smoothing) * f64::from(c == label) + target.label_smoothing / classes as f64
        };
        let of_class = |c: usize| match &target.loss {
            Loss::CategoricalCrossentropy => log_sum - row[c],
            Loss::CategoricalFocalCrossentropy(focal) => {
                let p = (row[c] - log_sum).exp();
                assert!(
                    (1e-6..1.0 - 1e-6).contains(&p),
                    "{p} is too near to where probabilities are clipped"
                );
                focal.alpha as f64 * (1.0 - p).powf(focal.gamma as f64) * (log_sum - row[c])
            }
        };
        let loss: f64 = (0..classes).map(|c| wanted(c) * of_class(c)).sum();
        sum += loss * target.class_weight.get(label).copied().unwrap_or(1.0);
    }
    sum / logits.n as f64
}

fn penalty(layers: &[Layer], tensors: &Tensors) -> f64 {
    let of = |(i, layer): (usize, &Layer)| {
        let l2 = match layer {
            Layer::Dense(dense) => dense.l2,
            Layer::Conv2D(conv) => conv.l2,
            _ => return 0.0,
        };
        l2 as f64 * tensors[&format!("{i}.kernel")].1.iter().map(|w| w * w).sum::<f64>()
    };
    layers.iter().enumerate().map(of).sum()
}

fn forward(i: usize, layer: &Layer, tensors: &Tensors, x: Batch) -> Batch {
    match layer {
        Layer::Dense(dense) => activation(dense.activation, product(i, tensors, &x)),
        Layer::Conv2D(conv) => {
            let sums = convolution(&tensors[&format!("{i}.kernel")], conv.strides, conv.padding, &x);
            activation(conv.activation, with_bias(i, tensors, sums))
        }
        Layer::DepthwiseConv2D(conv) => {
            let sums = depthwise(&tensors[&format!("{i}.kernel")], conv.strides, conv.padding, &x);
            activation(conv.activation, with_bias(i, tensors, sums))
        }
        Layer::SeparableConv2D(conv) => {
            let kernel = |kind: &str| &tensors[&format!("{i}.{kind}_kernel")];
            let between = depthwise(kernel("depthwise"), conv.strides, conv.padding, &x);
            let sums = convolution(kernel("pointwise"), [1, 1], Padding::Valid, &between);
            activation(conv.activation, with_bias(i, tensors, sums))
        }
        Layer::MaxPooling2D(pool) => {
            let strides = pool.strides.unwrap_or(pool.pool_size);
            pooling(pool.pool_size, strides, pool.padding, &x, |window| {
                window.iter().copied().fold(f64::NEG_INFINITY, f64::max)
            })
        }
        Layer::AveragePooling2D(pool) => {
            let strides = pool.strides.unwrap_or(pool.pool_size);
            pooling(pool.pool_size, strides, pool.padding, &x, |window| {
                window.iter().sum::<f64>() / window.len() as f64
            })
        }
        Layer::GlobalAveragePooling2D(_) => {
            let [h, w, _] = x.shape;
            pooling([h, w], [1, 1], Padding::Valid, &x, |window| {
                window.iter().sum::<f64>() / window.len() as f64
            })
        }
        Layer::Flatten(_) => Batch { shape: [1, 1, x.shape.iter().product()], ..x },
        Layer::BatchNormalization(norm) => normalization(i, tensors, norm.epsilon as f64, x),
        Layer::Activation(function) => activation(*function, x),
        Layer::Dropout(_) => panic!("dropout is random: its mask has tests of its own"),
    }
}

fn bias(i: usize, tensors: &Tensors, units: usize) -> Vec<f64> {
    tensors.get(&format!("{i}.bias")).map_or(vec![0.0; units], |(_, bias)| bias.clone())
}

fn product(i: usize, tensors: &Tensors, x: &Batch) -> Batch {
    let (shape, kernel) = &tensors[&format!("{i}.kernel")];
    let (inputs, units) = (shape[0], shape[1]);
    assert_eq!(x.shape, [1, 1, inputs]);
    let bias = bias(i, tensors, units);
    let mut values = Vec::with_capacity(x.n * units);
    for row in x.values.chunks(inputs) {
        for u in 0..units {
            values.push(bias[u] + (0..inputs).map(|k| row[k] * kernel[k * units + u]).sum::<f64>());
        }
    }
    Batch { n: x.n, shape: [1, 1, units], values }
}

/// Number of places of a window along one side, and how far the first starts before the edge.
fn places(size: usize, k: usize, s: usize, padding: Padding) -> (usize, usize) {
    match padding {
        Padding::Valid => ((size - k) / s + 1, 0),
        Padding::Same => {
            let n = size.div_ceil(s);
            (n, ((n - 1) * s + k).saturating_sub(size) / 2)
        }
    }
}

/// Calls `f` for every (example, place down, place across) with the pixels (window's y, x; image's y, x) that exist.
fn windows(
    x: &Batch,
    k: [usize; 2],
    s: [usize; 2],
    padding: Padding,
    mut f: impl FnMut(usize, &[[usize; 4]]),
) -> [usize; 2] {
    let [h, w, _] = x.shape;
    let ((rows, top), (columns, left)) = (places(h, k[0], s[0], padding), places(w, k[1], s[1], padding));
    let inside = |place: usize, offset: usize, before: usize, size: usize| {
        (place + offset).checked_sub(before).filter(|&position| position < size)
    };
    for n in 0..x.n {
        for row in 0..rows {
            for column in 0..columns {
                let mut pixels = Vec::new();
                for dy in 0..k[0] {
                    for dx in 0..k[1] {
                        let (y, x) = (inside(row * s[0], dy, top, h), inside(column * s[1], dx, left, w));
                        if let (Some(y), Some(x)) = (y, x) {
                            pixels.push([dy, dx, y, x]);
                        }
                    }
                }
                f(n, &pixels);
            }
        }
    }
    [rows, columns]
}

/// Adds the bias of layer `i`, if it has one, to each pixel.
fn with_bias(i: usize, tensors: &Tensors, mut x: Batch) -> Batch {
    let bias = bias(i, tensors, x.shape[2]);
    for pixel in x.values.chunks_mut(bias.len()) {
        pixel.iter_mut().zip(&bias).for_each(|(value, bias)| *value += bias);
    }
    x
}

/// Kernel (kh, kw, channels, filters).
fn convolution(
    (shape, kernel): &(Vec<usize>, Vec<f64>),
    s: [usize; 2],
    padding: Padding,
    x: &Batch,
) -> Batch {
    let (k, channels, filters) = ([shape[0], shape[1]], shape[2], shape[3]);
    let mut values = Vec::new();
    let [rows, columns] = windows(x, k, s, padding, |n, pixels| {
        for f in 0..filters {
            let mut sum = 0.0;
            for &[dy, dx, y, column] in pixels {
                for c in 0..channels {
                    sum += x.at(n, y, column, c) * kernel[((dy * k[1] + dx) * channels + c) * filters + f];
                }
            }
            values.push(sum);
        }
    });
    Batch { n: x.n, shape: [rows, columns, filters], values }
}

/// Kernel (kh, kw, channels, multiples): channel c gives the channels c × multiples and following.
fn depthwise((shape, kernel): &(Vec<usize>, Vec<f64>), s: [usize; 2], padding: Padding, x: &Batch) -> Batch {
    let (k, channels, multiples) = ([shape[0], shape[1]], shape[2], shape[3]);
    let mut values = Vec::new();
    let [rows, columns] = windows(x, k, s, padding, |n, pixels| {
        for (c, m) in (0..channels).flat_map(|c| (0..multiples).map(move |m| (c, m))) {
            let weight = |dy: usize, dx: usize| kernel[((dy * k[1] + dx) * channels + c) * multiples + m];
            values
                .push(pixels.iter().map(|&[dy, dx, y, column]| x.at(n, y, column, c) * weight(dy, dx)).sum());
        }
    });
    Batch { n: x.n, shape: [rows, columns, channels * multiples], values }
}

fn pooling(
    k: [usize; 2],
    s: [usize; 2],
    padding: Padding,
    x: &Batch,
    reduce: impl Fn(&[f64]) -> f64,
) -> Batch {
    let channels = x.shape[2];
    let mut values = Vec::new();
    let [rows, columns] = windows(x, k, s, padding, |n, pixels| {
        for c in 0..channels {
            let window: Vec<f64> = pixels.iter().map(|&[_, _, y, column]| x.at(n, y, column, c)).collect();
            values.push(reduce(&window));
        }
    });
    Batch { n: x.n, shape: [rows, columns, channels], values }
}

/// With the batch's own mean and (biased) variance, as while training.
fn normalization(i: usize, tensors: &Tensors, epsilon: f64, mut x: Batch) -> Batch {
    let channels = x.shape[2];
    let (gamma, beta) = (&tensors[&format!("{i}.gamma")].1, &tensors[&format!("{i}.beta")].1);
    for c in 0..channels {
        let values: Vec<f64> = x.values.iter().skip(c).step_by(channels).copied().collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
        for v in x.values.iter_mut().skip(c).step_by(channels) {
            *v = gamma[c] * (*v - mean) / (variance + epsilon).sqrt() + beta[c];
        }
    }
    x
}

fn activation(function: Activation, mut x: Batch) -> Batch {
    match function {
        Activation::Linear => x,
        Activation::Sigmoid => x.map(|v| 1.0 / (1.0 + (-v).exp())),
        Activation::Tanh => x.map(f64::tanh),
        Activation::Relu => x.map(|v| v.max(0.0)),
        Activation::LeakyRelu => x.map(|v| if v > 0.0 { v } else { 0.2 * v }),
        Activation::Elu => x.map(|v| if v > 0.0 { v } else { v.exp_m1() }),
        Activation::Gelu => x.map(|v| 0.5 * v * (1.0 + erf(v / std::f64::consts::SQRT_2))),
        Activation::Silu => x.map(|v| v / (1.0 + (-v).exp())),
        Activation::Softmax => {
            for row in x.values.chunks_mut(x.shape[2]) {
                let sum: f64 = row.iter().map(|v| v.exp()).sum();
                row.iter_mut().for_each(|v| *v = v.exp() / sum);
            }
            x
        }
    }
}

/// The error function by its everywhere convergent series 2/√π e^(-x²) Σ 2ⁿ x^(2n+1) / (1·3·5···(2n+1)).
fn erf(x: f64) -> f64 {
    if x.abs() > 6.0 {
        return x.signum();
    }
    let (mut term, mut sum, mut n) = (x, x, 1.0);
    while term.abs() > 1e-17 * sum.abs() {
        term *= 2.0 * x * x / (2.0 * n + 1.0);
        sum += term;
        n += 1.0;
    }
    2.0 / std::f64::consts::PI.sqrt() * (-x * x).exp() * sum
}
