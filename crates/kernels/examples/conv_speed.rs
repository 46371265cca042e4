//! Speed of the convolutions of the study's network, per layer and pass, one thread; then of other shapes.
//!
//! `cargo run --release -p toile-kernels --example conv_speed [images per call [images per sum [repetitions
//! [instruction set]]]]`. Gradients are summed over as many images as the second number says. GFLOP/s are those of the
//! definition, whatever the algorithm needs; times are for a batch of 256 images.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use toile_kernels::conv::{Conv, ConvAlgorithm, ConvBackward, ConvForward, ConvShape, Epilogue, Piece};
use toile_kernels::{Buffer, Isa};

fn valid(size: usize, channels: usize, filters: usize, kernel: usize, stride: usize) -> ConvShape {
    let out = (size - kernel) / stride + 1;
    ConvShape {
        height: size,
        width: size,
        channels,
        filters,
        kernel: [kernel, kernel],
        strides: [stride, stride],
        pad_top: 0,
        pad_left: 0,
        out_height: out,
        out_width: out,
    }
}

fn same(size: usize, channels: usize, filters: usize, kernel: usize) -> ConvShape {
    let pad = (kernel - 1) / 2;
    let out = (size, size);
    ConvShape {
        pad_top: pad,
        pad_left: pad,
        out_height: out.0,
        out_width: out.1,
        ..valid(size, channels, filters, kernel, 1)
    }
}

/// Numbers of both signs, none of them special.
fn buffer(len: usize, salt: u32) -> Buffer {
    let mut buffer = Buffer::new(len);
    let mut state = salt | 1;
    for x in buffer.iter_mut() {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *x = (state >> 8) as f32 / (1u32 << 23) as f32 - 1.0;
    }
    buffer
}

/// Seconds of one pass over all chunks, each counted at its fastest of `repetitions` passes: neighbours on the machine
/// disturb a chunk less often than a pass.
fn best(chunks: usize, repetitions: usize, mut f: impl FnMut(usize)) -> f64 {
    let mut fastest = vec![f64::INFINITY; chunks];
    for _ in 0..repetitions {
        for (chunk, seconds) in fastest.iter_mut().enumerate() {
            let start = Instant::now();
            f(chunk);
            *seconds = seconds.min(start.elapsed().as_secs_f64());
        }
    }
    fastest.iter().sum()
}

/// Where the activations of a batch lie.
#[derive(Clone, Copy, PartialEq)]
enum Activations {
    /// In buffers for one call, which each call overwrites, as when a network runs a few images at a time.
    OfACall,
    /// In buffers for the whole batch, so that every call's come from memory.
    OfTheBatch,
}

/// How to measure.
#[derive(Clone, Copy)]
struct SpeedSetting {
    /// Per call.
    images: usize,
    /// Per sum of the kernel's gradient.
    summed: usize,
    repetitions: usize,
    activations: Activations,
}

const BATCH: usize = 256;

const RELU: Epilogue = Epilogue { relu: true, max_pool: false };
const POOLED: Epilogue = Epilogue { relu: true, max_pool: true };

/// Milliseconds per batch: forward, backward with d_x, backward without, and deriving weights for each.
fn measure(conv: &Conv, s: &ConvShape, epilogue: Epilogue, setting: SpeedSetting) -> [f64; 5] {
    let SpeedSetting { images, summed, repetitions, activations } = setting;
    let side = if epilogue.max_pool { 2 } else { 1 };
    let x_len = s.height * s.width * s.channels;
    let y_len = (s.out_height / side) * (s.out_width / side) * s.filters;
    let kernel = buffer(s.kernel[0] * s.kernel[1] * s.channels * s.filters, 1);
    let [mut u, mut u_back] = conv.derived_lens().map(Buffer::new);
    let bias = buffer(s.filters, 2);
    let calls = BATCH / images;
    let kept = if activations == Activations::OfTheBatch { calls } else { 1 };
    let (x, d_y) = (buffer(kept * images * x_len, 3), buffer(kept * images * y_len, 4));
    let (mut y, mut d_x) = (Buffer::new(d_y.len()), Buffer::new(x.len()));
    let mut masks = vec![0; kept * images * conv.masks_len()];
    let (mut d_kernel, mut d_bias) = (Buffer::new(kernel.len()), Buffer::new(s.filters));
    let (mut sums, mut scratch) = (Buffer::new(conv.sums_len()), Buffer::new(conv.scratch_len(images)));

    let derive = best(1, repetitions, |_| conv.derive_forward(&kernel, &mut u));
    let derive_back = best(1, repetitions, |_| conv.derive_backward(&kernel, &mut u_back));
    let part = |call: usize, len: usize| call % kept * images * len..(call % kept + 1) * images * len;
    let forward = best(calls, repetitions, |i| {
        let (x, y, masks) =
            (&x[part(i, x_len)], &mut y[part(i, y_len)], &mut masks[part(i, conv.masks_len())]);
        conv.forward(ConvForward {
            images,
            x,
            kernel: &kernel,
            derived: &u,
            bias: Some(&bias),
            y,
            masks,
            scratch: &mut scratch,
        });
    });
    let mut backward = |with_d_x: bool| {
        best(calls, repetitions, |i| {
            let (x, y, d_y) = (&x[part(i, x_len)], &y[part(i, y_len)], &d_y[part(i, y_len)]);
            let y = if epilogue.max_pool { &[] } else { y };
            let masks = &masks[part(i, conv.masks_len())];
            let d_x = with_d_x.then_some(&mut d_x[part(i, x_len)]);
            let piece = Piece {
                first: i * images % summed == 0,
                last: (i + 1) * images % summed == 0 || i + 1 == calls,
            };
            conv.backward(ConvBackward {
                images,
                piece,
                x,
                y,
                masks,
                d_y,
                derived: &u_back,
                d_x,
                sums: &mut sums,
                d_kernel: &mut d_kernel,
                d_bias: Some(&mut d_bias),
                scratch: &mut scratch,
            });
        })
    };
    [forward, backward(true), backward(false), derive, derive_back].map(|seconds| seconds * 1e3)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let number = |i: usize, default: usize| args.get(i).and_then(|arg| arg.parse().ok()).unwrap_or(default);
    let images = number(0, 16);
    let setting = SpeedSetting {
        images,
        summed: number(1, 16).max(images),
        repetitions: number(2, 15),
        activations: Activations::OfACall,
    };
    if let Some(isa) = args.get(3).and_then(|name| Isa::from_name(name)) {
        toile_kernels::select(isa).expect("an instruction set of this processor");
    }
    println!(
        "{}, one thread, {} images per call, {} per sum; ms per batch of {BATCH} (GFLOP/s)",
        toile_kernels::isa().name(),
        setting.images,
        setting.summed
    );
    println!(
        "layer                             algorithm         forward        backward       without d_x    derive U, U'"
    );
    study(setting);
    println!("activations of the whole batch in memory:");
    study(SpeedSetting { activations: Activations::OfTheBatch, ..setting });
    println!("the study's shapes otherwise:");
    let conv2 = valid(26, 32, 64, 3, 1);
    let conv3 = valid(12, 64, 64, 3, 1);
    line(&Conv::new(conv2, RELU), &conv2, RELU, setting);
    for tile in [2, 4, 5] {
        line(&Conv::with_algorithm(conv3, RELU, ConvAlgorithm::Winograd { tile }), &conv3, RELU, setting);
    }
    println!("other shapes:");
    for shape in [
        valid(28, 1, 32, 5, 1),
        same(28, 1, 16, 3),
        same(32, 3, 32, 3),
        same(32, 32, 32, 3),
        same(32, 7, 24, 3),
        same(32, 24, 24, 3),
        same(16, 64, 64, 3),
        valid(14, 16, 32, 5, 1),
        same(16, 32, 64, 5),
        valid(17, 32, 64, 3, 2),
        valid(33, 3, 64, 7, 2),
        valid(16, 64, 128, 1, 1),
        valid(16, 64, 50, 1, 2),
    ] {
        line(&Conv::new(shape, RELU), &shape, RELU, setting);
        if Conv::can_pool(&shape) {
            line(&Conv::new(shape, POOLED), &shape, POOLED, setting);
        }
    }
    println!("direct:");
    for shape in [conv2, conv3, valid(10, 64, 128, 3, 1), valid(5, 32, 64, 3, 1)] {
        line(&Conv::with_algorithm(shape, RELU, ConvAlgorithm::Direct), &shape, RELU, setting);
    }
}

/// The five layers of the study's network; the first needs no input gradient, and the others are pooled but the third.
fn study(setting: SpeedSetting) {
    let layers = [
        (28, 1, 32, RELU),
        (26, 32, 64, POOLED),
        (12, 64, 64, RELU),
        (10, 64, 128, POOLED),
        (4, 128, 50, POOLED),
    ];
    let mut total = 0.0;
    for (i, (size, channels, filters, epilogue)) in layers.into_iter().enumerate() {
        let shape = valid(size, channels, filters, 3, 1);
        let times = line(&Conv::new(shape, epilogue), &shape, epilogue, setting);
        let [forward, backward, without, derive, derive_back] = times;
        total += forward + derive + if i == 0 { without } else { backward + derive_back };
    }
    println!("together: {total:.1} ms");
}

/// Measures and prints one layer.
fn line(conv: &Conv, s: &ConvShape, epilogue: Epilogue, setting: SpeedSetting) -> [f64; 5] {
    let times = measure(conv, s, epilogue, setting);
    let pass =
        (2 * BATCH * s.out_height * s.out_width * s.filters * s.channels * s.kernel[0] * s.kernel[1]) as f64;
    let rate = |ms: f64, passes: f64| format!("{ms:6.2} ({:4.0})", passes * pass / ms / 1e6);
    let algorithm = match conv.algorithm() {
        ConvAlgorithm::Direct => "direct".to_string(),
        ConvAlgorithm::Winograd { tile } => format!("winograd {tile}"),
    };
    let algorithm = if epilogue.max_pool { algorithm + ", pool" } else { algorithm };
    let name = format!("{}x{}x{}", s.height, s.width, s.channels);
    let name = format!("{name:>9} -> {:3}, {}x{} / {}", s.filters, s.kernel[0], s.kernel[1], s.strides[0]);
    let [forward, backward, without, derive, derive_back] = times;
    println!(
        "{name:32}  {algorithm:16}  {}  {}  {}  {derive:.3} {derive_back:.3}",
        rate(forward, 1.0),
        rate(backward, 2.0),
        rate(without, 1.0)
    );
    times
}
