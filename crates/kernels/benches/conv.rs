//! The convolutions of the study's network, 16 images at a time: elements are multiplications and additions of the
//! definition, whatever the algorithm needs.
#![allow(missing_docs)]

mod common;

use common::{group, measure, numbers};
use criterion::{Criterion, criterion_group, criterion_main};
use toile_kernels::Buffer;
use toile_kernels::conv::{Conv, ConvBackward, ConvForward, ConvShape, Epilogue, Piece};

const IMAGES: usize = 16;

/// Without padding, one pixel at a time.
fn valid(size: usize, channels: usize, filters: usize) -> ConvShape {
    ConvShape {
        height: size,
        width: size,
        channels,
        filters,
        kernel: [3, 3],
        strides: [1, 1],
        pad_top: 0,
        pad_left: 0,
        out_height: size - 2,
        out_width: size - 2,
    }
}

fn layers(criterion: &mut Criterion) {
    let shapes = [
        (valid(28, 1, 32), false),
        (valid(26, 32, 64), true),
        (valid(12, 64, 64), false),
        (valid(10, 64, 128), true),
        (valid(4, 128, 50), true),
    ];
    for (shape, max_pool) in shapes {
        layer(criterion, shape, Epilogue { relu: true, max_pool });
    }
}

fn layer(criterion: &mut Criterion, s: ConvShape, epilogue: Epilogue) {
    let name = format!("conv/{}x{}x{} to {}", s.height, s.width, s.channels, s.filters);
    let mut group = group(criterion, &name);
    let conv = Conv::new(s, epilogue);
    let side = if epilogue.max_pool { 2 } else { 1 };
    let x_len = IMAGES * s.height * s.width * s.channels;
    let y_len = IMAGES * (s.out_height / side) * (s.out_width / side) * s.filters;
    let kernel = numbers(9 * s.channels * s.filters, 1);
    let flops = 2 * kernel.len() * IMAGES * s.out_height * s.out_width;
    let [mut u, mut u_back] = conv.derived_lens().map(Buffer::new);
    conv.derive_forward(&kernel, &mut u);
    conv.derive_backward(&kernel, &mut u_back);
    let (x, bias, d_y) = (numbers(x_len, 2), numbers(s.filters, 3), numbers(y_len, 4));
    let (mut y, mut d_x) = (Buffer::new(y_len), Buffer::new(x_len));
    let (mut d_kernel, mut d_bias) = (Buffer::new(kernel.len()), Buffer::new(s.filters));
    let (mut sums, mut scratch) = (Buffer::new(conv.sums_len()), Buffer::new(conv.scratch_len(IMAGES)));
    let mut masks = vec![0; IMAGES * conv.masks_len()];
    measure(&mut group, "forward", flops, || {
        conv.forward(ConvForward {
            images: IMAGES,
            x: &x,
            kernel: &kernel,
            derived: &u,
            bias: Some(&bias),
            y: &mut y,
            masks: &mut masks,
            scratch: &mut scratch,
        });
    });
    let y: &[f32] = if epilogue.max_pool { &[] } else { &y };
    for (name, products, with_d_x) in [("backward", 2, true), ("backward, weights only", 1, false)] {
        measure(&mut group, name, products * flops, || {
            conv.backward(ConvBackward {
                images: IMAGES,
                piece: Piece::ALL,
                x: &x,
                y,
                masks: &masks,
                d_y: &d_y,
                derived: &u_back,
                d_x: with_d_x.then_some(&mut d_x[..]),
                sums: &mut sums,
                d_kernel: &mut d_kernel,
                d_bias: Some(&mut d_bias),
                scratch: &mut scratch,
            });
        });
    }
    group.finish();
}

criterion_group!(benches, layers);
criterion_main!(benches);
