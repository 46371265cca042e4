//! Every algorithm against the naive twin in f64, and the promises about bits.

mod fused;

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
struct Results {
    y: Vec<f32>,
    d_x: Vec<f32>,
    d_kernel: Vec<f32>,
    d_bias: Vec<f32>,
}

struct Case {
    shape: ConvShape,
    images: usize,
    bias: bool,
    relu: bool,
    x: Vec<f32>,
    kernel: Vec<f32>,
    biases: Vec<f32>,
    d_y: Vec<f32>,
}

impl Case {
    fn new(shape: ConvShape, images: usize, bias: bool, relu: bool) -> Case {
        let [x_len, y_len, kernel_len] = shape.lens(Epilogue::default());
        Case {
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
    fn conv(&self, algorithm: Algorithm) -> Conv {
        Conv::with_algorithm(self.shape, Epilogue { relu: self.relu, max_pool: false }, algorithm)
    }

    /// Runs the layer with scratch and outputs full of `garbage`.
    fn run(&self, algorithm: Algorithm, garbage: f32) -> Results {
        self.run_pieces(&self.conv(algorithm), &[self.images], garbage)
    }

    /// Runs the layer forward, then backward over pieces of so many images.
    fn run_pieces(&self, conv: &Conv, pieces: &[usize], garbage: f32) -> Results {
        let [mut forward, mut backward] = conv.derived_lens().map(|len| vec![garbage; len]);
        conv.derive_forward(&self.kernel, &mut forward);
        conv.derive_backward(&self.kernel, &mut backward);
        let (n, x, w) = (self.images, &self.x, &self.kernel);
        let [x_len, y_len, _] = self.shape.lens(conv.epilogue);
        let mut scratch = vec![garbage; conv.scratch_len(n)];
        let mut sums = vec![garbage; conv.sums_len()];
        let mut masks = vec![0x5a; n * conv.masks_len()];
        let mut r = Results {
            y: vec![garbage; n * y_len],
            d_x: vec![garbage; x.len()],
            d_kernel: vec![garbage; w.len()],
            d_bias: vec![garbage; self.biases.len()],
        };
        conv.forward(n, x, w, &forward, self.bias(), &mut r.y, &mut masks, &mut scratch);
        let mut first = 0;
        for (i, &count) in pieces.iter().enumerate() {
            scratch.fill(garbage);
            let piece = Piece { first: i == 0, last: i + 1 == pieces.len() };
            let part = |len: usize| first * len..(first + count) * len;
            let (x, y, masks) = (&x[part(x_len)], &r.y[part(y_len)], &masks[part(conv.masks_len())]);
            let d_x = Some(&mut r.d_x[part(x_len)]);
            let y = if self.relu && !conv.epilogue.max_pool { y } else { &[] };
            let (d_y, d_kernel, d_bias) = (&self.d_y[part(y_len)], &mut r.d_kernel, Some(&mut r.d_bias[..]));
            conv.backward(
                count,
                piece,
                x,
                y,
                masks,
                d_y,
                w,
                &backward,
                d_x,
                &mut sums,
                d_kernel,
                d_bias,
                &mut scratch,
            );
            first += count;
        }
        r
    }

    /// Holds the results against the naive twin: rms error relative to the size of each tensor.
    fn check(&self, algorithm: Algorithm, bound: f64) {
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
fn relative_error(found: &[f32], expected: &[naive::Sum]) -> f64 {
    let error: f64 = found.iter().zip(expected).map(|(f, e)| (*f as f64 - e.value).powi(2)).sum();
    let scale: f64 = expected.iter().map(|e| e.size().powi(2)).sum();
    if error == 0.0 { 0.0 } else { (error / scale).sqrt() }
}

fn bound(algorithm: Algorithm) -> f64 {
    match algorithm {
        Algorithm::Direct => 1e-6,
        Algorithm::Winograd { tile: 2 } => 2e-6,
        Algorithm::Winograd { .. } => 1e-5,
    }
}

const WINOGRAD: [Algorithm; 3] =
    [Algorithm::Winograd { tile: 2 }, Algorithm::Winograd { tile: 4 }, Algorithm::Winograd { tile: 5 }];

const CHANNELS: [usize; 7] = [1, 3, 5, 16, 17, 33, 50];

/// Channels, filters, images, bias and relu, running through their values side by side.
struct Mix(usize);

impl Mix {
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

#[test]
fn direct_equals_the_naive_twin_for_all_small_shapes() {
    let mut mix = Mix(0);
    for kernel in [[1, 1], [2, 3], [3, 3], [5, 5], [7, 7]] {
        for strides in [[1, 1], [2, 2], [3, 3], [1, 2], [3, 1]] {
            for size in 1..=9 {
                for size in [[size, size], [size, 10 - size]] {
                    let (c, f, images, bias, relu) = mix.next();
                    Case::new(same(size, c, f, kernel, strides), images, bias, relu)
                        .check(Algorithm::Direct, bound(Algorithm::Direct));
                    if size[0] >= kernel[0] && size[1] >= kernel[1] {
                        let (c, f, images, bias, relu) = mix.next();
                        Case::new(strided(size, c, f, kernel, strides), images, bias, relu)
                            .check(Algorithm::Direct, bound(Algorithm::Direct));
                    }
                }
            }
        }
    }
}

#[test]
fn direct_equals_the_naive_twin_for_all_pairs_of_channel_counts() {
    for c in CHANNELS {
        for f in CHANNELS {
            Case::new(valid([6, 7], c, f, [3, 3]), 2, true, true).check(Algorithm::Direct, 1e-6);
            Case::new(same([5, 4], c, f, [1, 1], [1, 1]), 2, false, false).check(Algorithm::Direct, 1e-6);
        }
    }
}

#[test]
fn winograd_equals_the_naive_twin_for_all_small_shapes() {
    let mut mix = Mix(0);
    for algorithm in WINOGRAD {
        for height in 1..=9 {
            for width in 1..=9 {
                let (c, f, images, bias, relu) = mix.next();
                Case::new(same([height, width], c, f, [3, 3], [1, 1]), images, bias, relu)
                    .check(algorithm, bound(algorithm));
                if height >= 3 && width >= 3 {
                    let (c, f, images, bias, relu) = mix.next();
                    Case::new(valid([height, width], c, f, [3, 3]), images, bias, relu)
                        .check(algorithm, bound(algorithm));
                }
            }
        }
    }
}

#[test]
fn winograd_equals_the_naive_twin_for_all_pairs_of_channel_counts() {
    for algorithm in WINOGRAD {
        for c in CHANNELS {
            for f in CHANNELS {
                Case::new(valid([8, 7], c, f, [3, 3]), 2, true, true).check(algorithm, bound(algorithm));
            }
        }
    }
}

#[test]
fn the_blocks_of_a_large_call_add_up() {
    for algorithm in WINOGRAD {
        Case::new(valid([12, 12], 32, 32, [3, 3]), 30, true, true).check(algorithm, bound(algorithm));
    }
    for shape in [valid([40, 40], 16, 16, [3, 3]), same([40, 40], 16, 16, [3, 3], [1, 1])] {
        // Sums of 8000 terms in one chain.
        Case::new(shape, 5, true, true).check(Algorithm::Direct, 2e-6);
    }
}

#[test]
fn padding_may_be_wider_than_the_kernel() {
    let shape =
        ConvShape { pad_top: 4, pad_left: 3, out_height: 11, out_width: 12, ..valid([5, 5], 17, 18, [3, 3]) };
    for algorithm in [Algorithm::Direct].into_iter().chain(WINOGRAD) {
        Case::new(shape, 2, true, false).check(algorithm, bound(algorithm));
    }
}

#[test]
fn an_output_may_leave_the_last_pixels_unused() {
    let shape = ConvShape { out_height: 3, out_width: 4, ..valid([9, 9], 17, 18, [3, 3]) };
    for algorithm in [Algorithm::Direct].into_iter().chain(WINOGRAD) {
        Case::new(shape, 2, true, false).check(algorithm, bound(algorithm));
    }
}

/// The measured errors are 3e-7 for direct, 3e-7 for tiles of 2, 1e-6 for 4 and 2e-6 for 5.
#[test]
fn many_channels_keep_the_error_of_the_transforms_small() {
    let shapes = [valid([14, 14], 64, 64, [3, 3]), same([11, 11], 128, 64, [3, 3], [1, 1])];
    for shape in shapes {
        for (algorithm, bound) in
            [(Algorithm::Direct, 6e-7)].into_iter().chain(WINOGRAD.into_iter().zip([6e-7, 2e-6, 5e-6]))
        {
            Case::new(shape, 2, true, false).check(algorithm, bound);
        }
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits_also_with_garbage_in_the_scratch() {
    let shapes = [
        valid([9, 8], 17, 33, [3, 3]),
        same([7, 9], 50, 16, [3, 3], [1, 1]),
        valid([7, 7], 1, 32, [3, 3]),
        same([8, 8], 3, 20, [5, 5], [2, 2]),
        valid([6, 5], 40, 24, [1, 1]),
        valid([12, 12], 16, 48, [3, 3]),
    ];
    for shape in shapes {
        let three = shape.kernel == [3, 3];
        for algorithm in [Algorithm::Direct].into_iter().chain(WINOGRAD.into_iter().filter(|_| three)) {
            let case = Case::new(shape, 5, true, true);
            let mut first = None;
            on_each_isa(|isa| {
                for garbage in [0.0, f32::NAN, 1e30] {
                    let results = case.run(algorithm, garbage);
                    let first = first.get_or_insert_with(|| results.clone());
                    assert_eq!(*first, results, "{isa:?} {algorithm:?} {shape:?}");
                }
            });
        }
    }
}

#[test]
fn the_other_gradients_do_not_depend_on_whether_d_x_and_d_bias_are_wanted() {
    for channels in [1, 20] {
        for algorithm in [Algorithm::Direct].into_iter().chain(WINOGRAD) {
            let case = Case::new(same([9, 9], channels, 40, [3, 3], [1, 1]), 3, true, true);
            let all = case.run(algorithm, 7.0);
            let conv = case.conv(algorithm);
            let mut d_kernel = vec![0.0; case.kernel.len()];
            let (mut sums, mut scratch) = (vec![0.0; conv.sums_len()], vec![0.0; conv.scratch_len(3)]);
            let (x, y, d_y, w) = (&case.x, &all.y, &case.d_y, &case.kernel);
            let (sums, d) = (&mut sums, &mut d_kernel);
            conv.backward(3, Piece::ALL, x, y, &[], d_y, w, &[], None, sums, d, None, &mut scratch);
            assert_eq!(d_kernel, all.d_kernel, "{algorithm:?}, {channels} channels");
        }
    }
}

fn last(values: &[f32], n: usize) -> &[f32] {
    &values[values.len() - n..]
}

#[test]
fn an_image_is_computed_alike_alone_and_among_others() {
    for algorithm in [Algorithm::Direct].into_iter().chain(WINOGRAD) {
        let shape = same([6, 7], 19, 21, [3, 3], [1, 1]);
        let many = Case::new(shape, 40, true, true);
        let mut one = Case::new(shape, 1, true, true);
        one.x = last(&many.x, one.x.len()).to_vec();
        one.d_y = last(&many.d_y, one.d_y.len()).to_vec();
        let (many, one) = (many.run(algorithm, 0.0), one.run(algorithm, 0.0));
        assert_eq!(last(&many.y, one.y.len()), one.y, "{algorithm:?}");
        assert_eq!(last(&many.d_x, one.d_x.len()), one.d_x, "{algorithm:?}");
    }
}

#[test]
fn scratch_for_many_images_is_enough_for_fewer() {
    for channels in [16, 64, 128] {
        for algorithm in [Algorithm::Direct].into_iter().chain(WINOGRAD) {
            let shape = same([9, 9], channels, 64, [3, 3], [1, 1]);
            let conv = Conv::with_algorithm(shape, Epilogue::default(), algorithm);
            let lens: Vec<usize> = (1..=64).map(|images| conv.scratch_len(images)).collect();
            assert!(lens.is_sorted(), "{algorithm:?} {lens:?}");
        }
    }
}

#[test]
fn no_images_give_no_output_and_zero_gradients() {
    for algorithm in [Algorithm::Direct].into_iter().chain(WINOGRAD) {
        let results = Case::new(same([5, 5], 16, 16, [3, 3], [1, 1]), 0, true, true).run(algorithm, f32::NAN);
        assert_eq!(results.d_kernel, vec![0.0; 9 * 256]);
        assert_eq!(results.d_bias, vec![0.0; 16]);
    }
}

#[test]
fn the_algorithm_follows_from_the_shape() {
    let of = |shape: ConvShape| Conv::new(shape, Epilogue::default()).algorithm();
    assert_eq!(of(valid([28, 28], 1, 32, [3, 3])), Algorithm::Direct);
    assert_eq!(of(valid([26, 26], 32, 64, [3, 3])), Algorithm::Winograd { tile: 4 });
    assert_eq!(of(valid([12, 12], 64, 64, [3, 3])), Algorithm::Winograd { tile: 5 });
    assert_eq!(of(valid([10, 10], 64, 128, [3, 3])), Algorithm::Winograd { tile: 4 });
    assert_eq!(of(valid([4, 4], 128, 50, [3, 3])), Algorithm::Winograd { tile: 2 });
    assert_eq!(of(valid([3, 3], 64, 64, [3, 3])), Algorithm::Direct);
    assert_eq!(of(same([8, 8], 64, 64, [3, 3], [2, 2])), Algorithm::Direct);
    assert_eq!(of(same([8, 8], 64, 64, [5, 5], [1, 1])), Algorithm::Direct);
}

#[test]
fn a_nan_is_not_hidden_by_relu() {
    for algorithm in [Algorithm::Direct].into_iter().chain(WINOGRAD) {
        let mut case = Case::new(valid([5, 5], 16, 16, [3, 3]), 1, true, true);
        case.biases[3] = f32::NAN;
        assert!(case.run(algorithm, 0.0).y[3].is_nan(), "{algorithm:?}");
    }
}

#[test]
#[should_panic(expected = "input: 12 elements, 9 expected")]
fn a_slice_of_the_wrong_length_is_refused() {
    let conv = Conv::new(valid([3, 3], 1, 1, [3, 3]), Epilogue::default());
    let mut scratch = vec![0.0; conv.scratch_len(1)];
    conv.forward(1, &[0.0; 12], &[0.0; 9], &[], None, &mut [0.0], &mut [], &mut scratch);
}
