//! The tests of the convolutions: what they share.

mod against_naive;
mod fused;
mod naive;
mod promises;

use super::*;

/// Uniform in −1 .. 1, from a plain linear congruence.
fn numbers(n: usize, salt: u64) -> Vec<f32> {
    let mut state = salt.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

fn valid([height, width]: [usize; 2], channels: usize, filters: usize, kernel: [usize; 2]) -> ConvShape {
    strided([height, width], channels, filters, kernel, [1, 1])
}

fn strided(
    [height, width]: [usize; 2],
    channels: usize,
    filters: usize,
    kernel: [usize; 2],
    strides: [usize; 2],
) -> ConvShape {
    ConvShape {
        height,
        width,
        channels,
        filters,
        kernel,
        strides,
        pad_top: 0,
        pad_left: 0,
        out_height: (height - kernel[0]) / strides[0] + 1,
        out_width: (width - kernel[1]) / strides[1] + 1,
    }
}

/// TensorFlow's rule for `same`: ⌈size / stride⌉ outputs, and the smaller half of the padding before.
fn same(
    size: [usize; 2],
    channels: usize,
    filters: usize,
    kernel: [usize; 2],
    strides: [usize; 2],
) -> ConvShape {
    let out = |i: usize| size[i].div_ceil(strides[i]);
    let before = |i: usize| ((out(i) - 1) * strides[i] + kernel[i]).saturating_sub(size[i]) / 2;
    ConvShape {
        height: size[0],
        width: size[1],
        channels,
        filters,
        kernel,
        strides,
        pad_top: before(0),
        pad_left: before(1),
        out_height: out(0),
        out_width: out(1),
    }
}

/// Everything that one layer computes.
#[derive(Clone, Debug, PartialEq)]
struct ConvResults {
    y: Vec<f32>,
    d_x: Vec<f32>,
    d_kernel: Vec<f32>,
    d_bias: Vec<f32>,
}

struct ConvCase {
    shape: ConvShape,
    images: usize,
    bias: bool,
    relu: bool,
    x: Vec<f32>,
    kernel: Vec<f32>,
    biases: Vec<f32>,
    d_y: Vec<f32>,
}

impl ConvCase {
    fn new(shape: ConvShape, images: usize, bias: bool, relu: bool) -> ConvCase {
        let [x_len, y_len, kernel_len] = shape.lens(Epilogue::default());
        ConvCase {
            shape,
            images,
            bias,
            relu,
            x: numbers(images * x_len, 1),
            kernel: numbers(kernel_len, 2),
            biases: numbers(shape.filters, 3),
            d_y: numbers(images * y_len, 4),
        }
    }

    fn bias(&self) -> Option<&[f32]> {
        self.bias.then_some(&self.biases[..])
    }

    /// The layer without pooling.
    fn conv(&self, algorithm: ConvAlgorithm) -> Conv {
        Conv::with_algorithm(self.shape, Epilogue { relu: self.relu, max_pool: false }, algorithm)
    }

    /// Runs the layer with scratch and outputs full of `garbage`.
    fn run(&self, algorithm: ConvAlgorithm, garbage: f32) -> ConvResults {
        self.run_pieces(&self.conv(algorithm), &[self.images], garbage)
    }

    /// Runs the layer forward, then backward over pieces of so many images.
    fn run_pieces(&self, conv: &Conv, pieces: &[usize], garbage: f32) -> ConvResults {
        let [mut forward, mut backward] = conv.derived_lens().map(|len| vec![garbage; len]);
        conv.derive_forward(&self.kernel, &mut forward);
        conv.derive_backward(&self.kernel, &mut backward);
        let n = self.images;
        let [x_len, y_len, _] = self.shape.lens(conv.epilogue);
        let mut scratch = vec![garbage; conv.scratch_len(n)];
        let mut sums = vec![garbage; conv.sums_len()];
        let mut masks = vec![0x5a; n * conv.masks_len()];
        let mut r = ConvResults {
            y: vec![garbage; n * y_len],
            d_x: vec![garbage; self.x.len()],
            d_kernel: vec![garbage; self.kernel.len()],
            d_bias: vec![garbage; self.biases.len()],
        };
        conv.forward(ConvForward {
            images: n,
            x: &self.x,
            kernel: &self.kernel,
            derived: &forward,
            bias: self.bias(),
            y: &mut r.y,
            masks: &mut masks,
            scratch: &mut scratch,
        });
        let mut first = 0;
        for (i, &count) in pieces.iter().enumerate() {
            scratch.fill(garbage);
            let part = |len: usize| first * len..(first + count) * len;
            let reads_y = self.relu && !conv.epilogue.max_pool;
            conv.backward(ConvBackward {
                images: count,
                piece: Piece { first: i == 0, last: i + 1 == pieces.len() },
                x: &self.x[part(x_len)],
                y: if reads_y { &r.y[part(y_len)] } else { &[] },
                masks: &masks[part(conv.masks_len())],
                d_y: &self.d_y[part(y_len)],
                derived: &backward,
                d_x: Some(&mut r.d_x[part(x_len)]),
                sums: &mut sums,
                d_kernel: &mut r.d_kernel,
                d_bias: Some(&mut r.d_bias),
                scratch: &mut scratch,
            });
            first += count;
        }
        r
    }

    /// Holds the results against the naive twin: rms error relative to the size of each tensor.
    fn check(&self, algorithm: ConvAlgorithm, bound: f64) {
        let r = self.run(algorithm, f32::NAN);
        let y = naive::forward(&self.shape, self.images, &self.x, &self.kernel, self.bias(), self.relu);
        let masked_by = self.relu.then_some(&r.y[..]);
        let [d_x, d_kernel, d_bias] =
            naive::backward(&self.shape, self.images, &self.x, masked_by, &self.d_y, &self.kernel);
        let tensors = [
            ("y", &r.y, y),
            ("d_x", &r.d_x, d_x),
            ("d_kernel", &r.d_kernel, d_kernel),
            ("d_bias", &r.d_bias, d_bias),
        ];
        for (what, found, expected) in tensors {
            let error = relative_error(found, &expected);
            // NaN fails too.
            assert!(
                error <= bound,
                "{what} is off by {error:e} with {algorithm:?}, {} images of {:?}",
                self.images,
                self.shape
            );
        }
    }
}

/// The rms error relative to the rms of the sums' sizes.
fn relative_error(found: &[f32], expected: &[naive::NaiveSum]) -> f64 {
    let error: f64 = found.iter().zip(expected).map(|(f, e)| (*f as f64 - e.value).powi(2)).sum();
    let scale: f64 = expected.iter().map(|e| e.size().powi(2)).sum();
    if error == 0.0 { 0.0 } else { (error / scale).sqrt() }
}

fn bound(algorithm: ConvAlgorithm) -> f64 {
    match algorithm {
        ConvAlgorithm::Direct => 1e-6,
        ConvAlgorithm::Winograd { tile: 2 } => 2e-6,
        ConvAlgorithm::Winograd { .. } => 1e-5,
    }
}

const WINOGRAD: [ConvAlgorithm; 3] = [
    ConvAlgorithm::Winograd { tile: 2 },
    ConvAlgorithm::Winograd { tile: 4 },
    ConvAlgorithm::Winograd { tile: 5 },
];

const CHANNELS: [usize; 7] = [1, 3, 5, 16, 17, 33, 50];

/// Channels, filters, images, bias and relu, running through their values side by side.
struct ShapeMix(usize);

impl ShapeMix {
    fn next(&mut self) -> (usize, usize, usize, bool, bool) {
        self.0 += 1;
        let i = self.0;
        (
            CHANNELS[i % 7],
            CHANNELS[(i / 7 + i * 3) % 7],
            [1, 2, 5][i % 3],
            [true, false, true][i % 3],
            i % 5 < 3,
        )
    }
}
