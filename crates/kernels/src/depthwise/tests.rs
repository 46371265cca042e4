//! The depthwise convolution against a naive twin, bit for bit, and against Keras' numbers, on every
//! instruction set.

use super::*;
use crate::isa::on_each_isa;

/// Uniform in −1 .. 1, from a plain linear congruence.
fn numbers(n: usize, salt: u64) -> Vec<f32> {
    let mut state = salt.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

/// Without padding.
fn valid(size: [usize; 2], channels: [usize; 2], kernel: [usize; 2], strides: [usize; 2]) -> ConvShape {
    let [out_height, out_width] = [0, 1].map(|i| (size[i] - kernel[i]) / strides[i] + 1);
    let [height, width] = size;
    let [channels, filters] = [channels[0], channels[0] * channels[1]];
    let (pad_top, pad_left) = (0, 0);
    ConvShape { height, width, channels, filters, kernel, strides, pad_top, pad_left, out_height, out_width }
}

/// TensorFlow's rule for `same`: ⌈size / stride⌉ outputs, and the smaller half of the padding before.
fn same(size: [usize; 2], channels: [usize; 2], kernel: [usize; 2], strides: [usize; 2]) -> ConvShape {
    let out = [0, 1].map(|i| size[i].div_ceil(strides[i]));
    let pad = [0, 1].map(|i| ((out[i] - 1) * strides[i] + kernel[i]).saturating_sub(size[i]) / 2);
    let [height, width] = size;
    let [channels, filters] = [channels[0], channels[0] * channels[1]];
    let ([pad_top, pad_left], [out_height, out_width]) = (pad, out);
    ConvShape { height, width, channels, filters, kernel, strides, pad_top, pad_left, out_height, out_width }
}

/// Everything that one layer computes.
#[derive(Clone, Debug, PartialEq)]
struct DepthwiseResults {
    y: Vec<f32>,
    d_x: Vec<f32>,
    d_kernel: Vec<f32>,
    d_bias: Vec<f32>,
}

/// Calls `f(y pixel, x pixel, tap)` for each output pixel and tap inside of the image: both in ascending order.
fn each_tap(s: &ConvShape, images: usize, mut f: impl FnMut(usize, usize, usize)) {
    for image in 0..images {
        for (i, j) in (0..s.out_height).flat_map(|i| (0..s.out_width).map(move |j| (i, j))) {
            for (a, b) in (0..s.kernel[0]).flat_map(|a| (0..s.kernel[1]).map(move |b| (a, b))) {
                let row = (i * s.strides[0] + a).checked_sub(s.pad_top).filter(|&row| row < s.height);
                let column =
                    (j * s.strides[1] + b).checked_sub(s.pad_left).filter(|&column| column < s.width);
                if let (Some(row), Some(column)) = (row, column) {
                    f(
                        (image * s.out_height + i) * s.out_width + j,
                        (image * s.height + row) * s.width + column,
                        a * s.kernel[1] + b,
                    );
                }
            }
        }
    }
}

struct DepthwiseCase {
    shape: ConvShape,
    images: usize,
    bias: bool,
    relu: bool,
    x: Vec<f32>,
    kernel: Vec<f32>,
    biases: Vec<f32>,
    d_y: Vec<f32>,
}

impl DepthwiseCase {
    fn new(shape: ConvShape, images: usize, bias: bool, relu: bool) -> DepthwiseCase {
        let s = &shape;
        DepthwiseCase {
            shape,
            images,
            bias,
            relu,
            x: numbers(images * s.height * s.width * s.channels, 1),
            kernel: numbers(s.kernel[0] * s.kernel[1] * s.filters, 2),
            biases: numbers(s.filters, 3),
            d_y: numbers(images * s.out_height * s.out_width * s.filters, 4),
        }
    }

    /// The definition, in the order of sums that the module promises.
    fn naive(&self) -> DepthwiseResults {
        let (s, f) = (&self.shape, self.shape.filters);
        let d = f / s.channels;
        let start = if self.bias { self.biases.clone() } else { vec![0.0; f] };
        let mut y: Vec<f32> = start.into_iter().cycle().take(self.d_y.len()).collect();
        // The chains of the multiples, one after the other.
        let mut spread = vec![0.0f32; self.x.len() * d];
        let mut d_kernel = vec![0.0f32; self.kernel.len()];
        each_tap(s, self.images, |to, from, tap| {
            for k in 0..f {
                let (x, w) = (self.x[from * s.channels + k / d], self.kernel[tap * f + k]);
                let d_y = self.d_y[to * f + k];
                y[to * f + k] = x.mul_add(w, y[to * f + k]);
                spread[from * f + k] = d_y.mul_add(w, spread[from * f + k]);
                d_kernel[tap * f + k] = x.mul_add(d_y, d_kernel[tap * f + k]);
            }
        });
        if self.relu {
            y.iter_mut().for_each(|y| *y = y.max(0.0));
        }
        let d_x = spread.chunks_exact(d).map(|m| m[1..].iter().fold(m[0], |sum, m| sum + m)).collect();
        DepthwiseResults { y, d_x, d_kernel, d_bias: self.naive_bias() }
    }

    /// Four chains per image, pixel by pixel, whose sum is added to those of the images before.
    fn naive_bias(&self) -> Vec<f32> {
        let (s, f) = (&self.shape, self.shape.filters);
        let mut d_bias = vec![0.0f32; f];
        for image in self.d_y.chunks_exact(s.out_height * s.out_width * f) {
            for (k, d_bias) in d_bias.iter_mut().enumerate() {
                let (pixels, mut parts) = (image.len() / f, [0.0f32; 4]);
                for pixel in 0..pixels {
                    let chain = if pixel < pixels / 4 * 4 { pixel % 4 } else { 0 };
                    parts[chain] += image[pixel * f + k];
                }
                *d_bias += (parts[0] + parts[1]) + (parts[2] + parts[3]);
            }
        }
        d_bias
    }

    /// Runs the layer forward, then backward over pieces of so many images, with memory full of garbage.
    fn run(&self, pieces: &[usize], garbage: f32) -> DepthwiseResults {
        let (s, layer) = (&self.shape, Depthwise::new(self.shape));
        let mut scratch = vec![garbage; layer.scratch_len()];
        let mut r = DepthwiseResults {
            y: vec![garbage; self.d_y.len()],
            d_x: vec![garbage; self.x.len()],
            d_kernel: vec![garbage; self.kernel.len()],
            d_bias: vec![garbage; s.filters],
        };
        layer.forward(DepthwiseForward {
            images: self.images,
            x: &self.x,
            kernel: &self.kernel,
            bias: self.bias.then_some(&self.biases[..]),
            relu: self.relu,
            y: &mut r.y,
            scratch: &mut scratch,
        });
        let mut first = 0;
        for (i, &images) in pieces.iter().enumerate() {
            scratch.fill(garbage);
            let part = |len: usize| len / self.images * first..len / self.images * (first + images);
            layer.backward(DepthwiseBackward {
                images,
                piece: Piece { first: i == 0, last: i + 1 == pieces.len() },
                x: &self.x[part(self.x.len())],
                d_y: &self.d_y[part(self.d_y.len())],
                kernel: &self.kernel,
                d_x: Some(&mut r.d_x[part(self.x.len())]),
                d_kernel: &mut r.d_kernel,
                d_bias: Some(&mut r.d_bias),
                scratch: &mut scratch,
            });
            first += images;
        }
        r
    }

    fn check(&self) {
        let expected = self.naive();
        on_each_isa(|isa| {
            let found = self.run(&[self.images], f32::NAN);
            assert!(found == expected, "{isa:?}, {} images of {:?}", self.images, self.shape);
        });
    }
}

/// Keras 3.15 on JAX: `DepthwiseConv2D((3, 2), strides=2, padding="same", depth_multiplier=2)` of 5 × 4 pixels with 2
/// channels, and the gradients of Σ y d_y. All numbers are whole and small, so every order of sums gives the same.
#[test]
fn outputs_and_gradients_are_those_of_keras() {
    let pattern = |n: usize, factor: usize, modulus: usize, minus: f32| -> Vec<f32> {
        (0..n).map(|i| (i * factor % modulus) as f32 - minus).collect()
    };
    let mut case = DepthwiseCase::new(same([5, 4], [2, 2], [3, 2], [2, 2]), 1, true, false);
    case.x = pattern(40, 7, 11, 5.0);
    case.kernel = pattern(24, 5, 7, 3.0);
    case.biases = vec![1.0, -2.0, 3.0, -4.0];
    case.d_y = pattern(24, 3, 5, 2.0);
    let floats = |whole: &[i32]| -> Vec<f32> { whole.iter().map(|x| *x as f32).collect() };
    let y =
        [-10, 11, -17, 15, 2, -25, 5, -15, 3, -10, 21, 14, 15, 16, 4, -2, 10, -7, 22, -24, -16, 5, -14, -2];
    let d_x = [
        -4, 8, -3, 7, 0, -5, 2, -5, -8, -3, 5, -3, 11, 6, 5, 8, 4, 7, 2, 8, -2, -6, -3, -4, -5, -5, 0, -6, 4,
        -6, -10, -5, 2, -4, 2, -6, -4, 8, -3, 7,
    ];
    let d_kernel =
        [-20, 10, 4, 7, 2, 5, 1, -1, -10, 5, -24, 15, 17, -25, -5, 10, 0, 0, -15, 13, 8, -19, 12, -20];
    let expected = DepthwiseResults {
        y: floats(&y),
        d_x: floats(&d_x),
        d_kernel: floats(&d_kernel),
        d_bias: floats(&[-2, 1, -1, 2]),
    };
    on_each_isa(|isa| assert_eq!(case.run(&[1], f32::NAN), expected, "{isa:?}"));
}

/// Channels and multipliers: less than a vector, whole ones, and in between.
const CHANNELS: [[usize; 2]; 9] = [[1, 1], [3, 1], [8, 1], [16, 1], [17, 1], [37, 1], [1, 8], [5, 2], [9, 3]];

#[test]
fn every_small_shape_equals_the_naive_twin_bit_for_bit() {
    let mut i = 0;
    let mut case = |shape: &dyn Fn([usize; 2]) -> ConvShape| {
        i += 1;
        DepthwiseCase::new(shape(CHANNELS[i % 9]), [1, 2][i % 2], i % 3 > 0, i % 5 < 2).check();
    };
    for kernel in [[1, 1], [2, 3], [3, 3], [5, 5], [7, 7], [1, 4]] {
        for strides in [[1, 1], [2, 2], [3, 3], [1, 2], [3, 1]] {
            for height in 1..=9 {
                for width in [height, 10 - height, 11] {
                    case(&|channels| same([height, width], channels, kernel, strides));
                    if height >= kernel[0] && width >= kernel[1] {
                        case(&|channels| valid([height, width], channels, kernel, strides));
                    }
                }
            }
        }
    }
}

#[test]
fn every_number_of_channels_equals_the_naive_twin_bit_for_bit() {
    for channels in 1..=50 {
        for multiplier in 1..=4 {
            DepthwiseCase::new(same([6, 5], [channels, multiplier], [3, 3], [1, 1]), 2, true, true).check();
        }
    }
}

#[test]
fn padding_may_be_wider_than_the_kernel() {
    let narrow = valid([5, 5], [17, 1], [3, 3], [1, 1]);
    DepthwiseCase::new(
        ConvShape { pad_top: 4, pad_left: 3, out_height: 11, out_width: 12, ..narrow },
        2,
        true,
        false,
    )
    .check();
    let strided =
        ConvShape { strides: [7, 9], pad_top: 8, pad_left: 3, out_height: 4, out_width: 3, ..narrow };
    DepthwiseCase::new(strided, 2, true, false).check();
}

#[test]
fn an_output_may_leave_the_last_pixels_unused_and_their_gradient_is_zero() {
    let shape = ConvShape { out_height: 3, out_width: 4, ..valid([9, 9], [17, 2], [3, 3], [1, 1]) };
    let case = DepthwiseCase::new(shape, 2, true, false);
    case.check();
    assert!(case.run(&[2], f32::NAN).d_x[8 * 9 * 17..9 * 9 * 17].iter().all(|d| *d == 0.0));
}

#[test]
fn the_gradients_do_not_show_where_the_images_were_cut() {
    for channels in CHANNELS {
        let case = DepthwiseCase::new(same([7, 6], channels, [3, 3], [1, 1]), 7, true, true);
        let whole = case.run(&[7], f32::NAN);
        for pieces in [&[1, 6][..], &[3, 3, 1], &[1; 7]] {
            assert!(case.run(pieces, 1e30) == whole, "{channels:?} {pieces:?}");
        }
    }
}

#[test]
fn the_kernel_s_gradient_does_not_depend_on_whether_the_others_are_wanted() {
    for channels in CHANNELS {
        let case = DepthwiseCase::new(same([6, 7], channels, [3, 3], [1, 1]), 3, true, true);
        let layer = Depthwise::new(case.shape);
        let mut d_kernel = vec![f32::NAN; case.kernel.len()];
        layer.backward(DepthwiseBackward {
            images: 3,
            piece: Piece::ALL,
            x: &case.x,
            d_y: &case.d_y,
            kernel: &[],
            d_x: None,
            d_kernel: &mut d_kernel,
            d_bias: None,
            scratch: &mut vec![f32::NAN; layer.scratch_len()],
        });
        assert_eq!(d_kernel, case.naive().d_kernel, "{channels:?}");
    }
}

#[test]
fn no_images_give_zero_gradients() {
    let layer = Depthwise::new(same([5, 5], [16, 2], [3, 3], [1, 1]));
    let (mut d_kernel, mut d_bias) = ([7.0; 9 * 32], [7.0; 32]);
    let mut scratch = vec![0.0; layer.scratch_len()];
    layer.backward(DepthwiseBackward {
        images: 0,
        piece: Piece::ALL,
        x: &[],
        d_y: &[],
        kernel: &[0.0; 9 * 32],
        d_x: Some(&mut []),
        d_kernel: &mut d_kernel,
        d_bias: Some(&mut d_bias),
        scratch: &mut scratch,
    });
    assert_eq!((d_kernel, d_bias), ([0.0; 9 * 32], [0.0; 32]));
}

#[test]
fn a_nan_in_the_input_stays_one_through_relu() {
    let shape = same([4, 4], [3, 1], [3, 3], [1, 1]);
    let mut case = DepthwiseCase::new(shape, 1, true, true);
    case.x[(4 + 1) * 3 + 2] = f32::NAN;
    on_each_isa(|isa| {
        let y = case.run(&[1], 0.0).y;
        for (i, y) in y.iter().enumerate() {
            let (row, column, channel) = (i / 12, i / 3 % 4, i % 3);
            assert_eq!(y.is_nan(), channel == 2 && row <= 2 && column <= 2, "{isa:?} {i}");
        }
    });
}

#[test]
#[should_panic(expected = "each of the 3 channels needs as many filters, but there are 7 of them")]
fn filters_are_a_multiple_of_the_channels() {
    Depthwise::new(ConvShape { filters: 7, ..same([4, 4], [3, 1], [3, 3], [1, 1]) });
}

#[test]
#[should_panic(expected = "output: 47 elements, 48 expected")]
fn a_wrong_length_is_refused() {
    Depthwise::new(same([4, 4], [3, 1], [3, 3], [1, 1])).forward(DepthwiseForward {
        images: 1,
        x: &[0.0; 48],
        kernel: &[0.0; 27],
        bias: None,
        relu: false,
        y: &mut [0.0; 47],
        scratch: &mut [],
    });
}
