//! Bias, activation functions and their derivatives: elements are floats.
#![allow(missing_docs)]

mod common;

use common::{group, measure, numbers};
use criterion::{Criterion, criterion_group, criterion_main};
use toile_kernels::Buffer;
use toile_kernels::activation::{
    Act, activate, activation_backward, add_bias_activate, softmax_backward_rows, softmax_rows,
};

/// Each function forward and backward on a batch of 256 by 32.
fn functions(criterion: &mut Criterion) {
    let mut group = group(criterion, "activation");
    let n = 256 * 32;
    let (z, mut y, mut d_y) = (numbers(n, 1), Buffer::new(n), numbers(n, 2));
    for act in Act::ALL {
        measure(&mut group, &format!("{act:?}"), n, || activate(act, &z, &mut y));
        measure(&mut group, &format!("{act:?}, backward"), n, || activation_backward(act, &z, &y, &mut d_y));
    }
    group.finish();
}

/// With a bias, at the widths of the study's layers.
fn biased(criterion: &mut Criterion) {
    let mut group = group(criterion, "bias");
    for (rows, units) in [(256, 10), (256, 32), (32, 1024)] {
        let (bias, mut y) = (numbers(units, 1), numbers(rows * units, 2));
        for act in [Act::Linear, Act::Sigmoid, Act::Relu] {
            measure(&mut group, &format!("{act:?} {rows}x{units}"), rows * units, || {
                add_bias_activate(act, &mut y, &bias);
            });
            y.fill(0.5);
        }
    }
    group.finish();
}

/// The layer of its own.
fn softmax(criterion: &mut Criterion) {
    let mut group = group(criterion, "softmax");
    let (rows, classes) = (256, 10);
    let (z, mut y, mut d_y) =
        (numbers(rows * classes, 1), Buffer::new(rows * classes), numbers(rows * classes, 2));
    measure(&mut group, "forward", rows * classes, || softmax_rows(&z, classes, &mut y));
    measure(&mut group, "backward", rows * classes, || softmax_backward_rows(&y, classes, &mut d_y));
    group.finish();
}

criterion_group!(benches, functions, biased, softmax);
criterion_main!(benches);
