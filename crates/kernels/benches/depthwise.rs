//! Depthwise convolutions, 16 images at a time: elements are multiplications and additions of the definition.
#![allow(missing_docs)]

mod common;

use common::{group, measure, numbers};
use criterion::{Criterion, criterion_group, criterion_main};
use toile_kernels::Buffer;
use toile_kernels::conv::{ConvShape, Piece};
use toile_kernels::depthwise::{Depthwise, DepthwiseBackward, DepthwiseForward};

const IMAGES: usize = 16;

/// 3 × 3 taps at each pixel, with zeros around the image.
fn same(size: usize, channels: usize, depth_multiplier: usize, stride: usize) -> ConvShape {
    let out = size.div_ceil(stride);
    ConvShape {
        height: size,
        width: size,
        channels,
        filters: channels * depth_multiplier,
        kernel: [3, 3],
        strides: [stride; 2],
        pad_top: ((out - 1) * stride + 3).saturating_sub(size) / 2,
        pad_left: ((out - 1) * stride + 3).saturating_sub(size) / 2,
        out_height: out,
        out_width: out,
    }
}

fn layers(criterion: &mut Criterion) {
    for shape in
        [same(28, 1, 8, 1), same(28, 32, 1, 1), same(28, 64, 1, 2), same(14, 128, 1, 1), same(14, 32, 2, 1)]
    {
        layer(criterion, shape);
    }
}

fn layer(criterion: &mut Criterion, s: ConvShape) {
    let name = format!(
        "depthwise/{}x{}x{} to {}, stride {}",
        s.height, s.width, s.channels, s.filters, s.strides[0]
    );
    let mut group = group(criterion, &name);
    let layer = Depthwise::new(s);
    let x = numbers(IMAGES * s.height * s.width * s.channels, 1);
    let (kernel, bias) = (numbers(9 * s.filters, 2), numbers(s.filters, 3));
    let d_y = numbers(IMAGES * s.out_height * s.out_width * s.filters, 4);
    let (mut y, mut d_x) = (Buffer::new(d_y.len()), Buffer::new(x.len()));
    let (mut d_kernel, mut d_bias) = (Buffer::new(kernel.len()), Buffer::new(s.filters));
    let mut scratch = Buffer::new(layer.scratch_len());
    let flops = 2 * 9 * d_y.len();
    measure(&mut group, "forward", flops, || {
        layer.forward(DepthwiseForward {
            images: IMAGES,
            x: &x,
            kernel: &kernel,
            bias: Some(&bias),
            relu: true,
            y: &mut y,
            scratch: &mut scratch,
        });
    });
    for (name, passes, with_d_x) in [("backward", 2, true), ("backward, weights only", 1, false)] {
        measure(&mut group, name, passes * flops, || {
            layer.backward(DepthwiseBackward {
                images: IMAGES,
                piece: Piece::ALL,
                x: &x,
                d_y: &d_y,
                kernel: &kernel,
                d_x: with_d_x.then_some(&mut d_x[..]),
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
