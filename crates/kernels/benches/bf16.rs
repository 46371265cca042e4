//! Convolutions and dense layers on plates of bfloat16: elements are multiplications and additions, by definition.
//! `TOILE_PRODUCT_WAY` chooses another way of multiplying.
#![allow(missing_docs)]

mod common;

use common::{group, measure, numbers};
use criterion::{Criterion, criterion_group, criterion_main};
use toile_kernels::Buffer;
use toile_kernels::bf16::*;
use toile_kernels::conv::{ConvShape, Epilogue};

/// Images of a call.
const N: usize = 32;
const PLATES: PlateForms = PlateForms { input: ValueForm::Plates, output: ValueForm::Plates };

/// Numbers as the halves of floats.
fn plates(floats: usize) -> Buffer {
    let (numbers, mut buffer) = (numbers(2 * floats, 3), Buffer::new(floats));
    halves_mut(&mut buffer).iter_mut().zip(numbers.iter()).for_each(|(half, x)| *half = round(*x));
    buffer
}

fn choose_way() {
    if let Some(way) = std::env::var("TOILE_PRODUCT_WAY").ok().and_then(|name| ProductWay::from_name(&name)) {
        select_product_way(way).expect("a way of this machine");
    }
}

/// The study's convolutions: side, channels, filters, pooling.
const CONVOLUTIONS: [(usize, usize, usize, bool); 5] =
    [(28, 1, 32, false), (26, 32, 64, true), (12, 64, 64, false), (10, 64, 128, true), (4, 128, 50, true)];

fn convolutions(criterion: &mut Criterion) {
    choose_way();
    for (side, channels, filters, max_pool) in CONVOLUTIONS {
        let out = side - 2;
        let shape = ConvShape {
            height: side,
            width: side,
            channels,
            filters,
            kernel: [3, 3],
            strides: [1, 1],
            pad_top: 0,
            pad_left: 0,
            out_height: out,
            out_width: out,
        };
        let input = if channels > 1 { ValueForm::Plates } else { ValueForm::Rows };
        let conv = PlateConv::new(shape, Epilogue { relu: true, max_pool }, PlateForms { input, ..PLATES });
        let x = if channels > 1 { plates(conv.input_len(N)) } else { numbers(conv.input_len(N), 1) };
        let (kernel, bias) = (numbers(9 * channels * filters, 2), numbers(filters, 4));
        let [mut w, mut w_back] = conv.derived_lens().map(Buffer::new);
        conv.derive(0, &kernel, &mut w);
        conv.derive(1, &kernel, &mut w_back);
        let (mut y, d_y) = (Buffer::new(conv.output_len(N)), plates(conv.output_len(N)));
        let (mut masks, mut scratch) = (vec![0; N * conv.masks_len()], Buffer::new(conv.scratch_len()));
        let mut group = group(criterion, &format!("bf16/conv {side}x{side}x{channels} to {filters}"));
        let flops = 2 * N * out * out * 9 * channels * filters;
        measure(&mut group, "forward", flops, || {
            let (masks, scratch) = (&mut masks[..], &mut scratch[..]);
            conv.forward(PlateForward {
                images: N,
                x: &x,
                derived: &w,
                bias: Some(&bias),
                y: &mut y,
                masks,
                scratch,
            });
        });
        let [mut d_x, mut d_kernel, mut d_bias, mut sums] =
            [x.len(), kernel.len(), filters, conv.sums_len()].map(Buffer::new);
        measure(&mut group, "backward", flops * if channels > 1 { 2 } else { 1 }, || {
            conv.backward(PlateBackward {
                images: N,
                x: &x,
                masks: &masks,
                d_y: &d_y,
                derived: &w_back,
                d_x: (channels > 1).then_some(&mut d_x[..]),
                sums: &mut sums,
                d_kernel: &mut d_kernel,
                d_bias: Some(&mut d_bias),
                scratch: &mut scratch,
            });
        });
        group.finish();
    }
}

fn dense(criterion: &mut Criterion) {
    for (inputs, units) in [(784, 32), (50, 1024), (1024, 128)] {
        let dense = PlateDense::new(inputs, units, true, PLATES);
        let (kernel, bias, x) = (numbers(inputs * units, 2), numbers(units, 4), plates(dense.input_len(N)));
        let [mut w, mut w_back] = dense.derived_lens().map(Buffer::new);
        let (mut y, d_y) = (Buffer::new(dense.output_len(N)), plates(dense.output_len(N)));
        let (mut masks, mut scratch) = (vec![0; N * dense.masks_len()], Buffer::new(dense.scratch_len()));
        let mut group = group(criterion, &format!("bf16/dense {inputs} to {units}"));
        let flops = 2 * N * inputs * units;
        measure(&mut group, "derive", inputs * units, || {
            dense.derive(0, &kernel, &mut w);
            dense.derive(1, &kernel, &mut w_back);
        });
        measure(&mut group, "forward", flops, || {
            let (masks, scratch) = (&mut masks[..], &mut scratch[..]);
            dense.forward(PlateForward {
                images: N,
                x: &x,
                derived: &w,
                bias: Some(&bias),
                y: &mut y,
                masks,
                scratch,
            });
        });
        let [mut of_x, mut of_z] = dense.factor_lens().map(|len| Buffer::new(N * len));
        let [mut d_x, mut d_bias, mut gradient] = [x.len(), units, inputs * units].map(Buffer::new);
        measure(&mut group, "backward", flops, || {
            dense.backward(DenseBackward {
                images: N,
                x: &x,
                masks: &masks,
                d_y: &d_y,
                derived: &w_back,
                d_x: Some(&mut d_x),
                factors: [&mut of_x, &mut of_z],
                d_bias: Some(&mut d_bias),
                scratch: &mut scratch,
            });
        });
        measure(&mut group, "d_kernel of eight chunks", 8 * flops, || {
            let factors = std::iter::repeat_n(([&of_x[..], &of_z[..]], N), 8);
            dense.kernel_gradient(0..inputs, factors, &mut gradient);
        });
        group.finish();
    }
}

criterion_group!(benches, convolutions, dense);
criterion_main!(benches);
