//! Sums, scalings and transposes of whole slices: elements are floats.
#![allow(missing_docs)]

mod common;

use common::{group, measure, numbers};
use criterion::{Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use toile_kernels::reduce::{axpy, clip, scale, sum_of_squares, transpose};

fn slices(criterion: &mut Criterion) {
    let mut group = group(criterion, "reduce");
    let n = 784 * 32;
    let (x, mut y) = (numbers(n, 1), numbers(n, 2));
    measure(&mut group, "sum_of_squares", n, || {
        black_box(sum_of_squares(&x));
    });
    measure(&mut group, "scale", n, || scale(&mut y, 1.0));
    measure(&mut group, "clip", n, || clip(&mut y, -1.0, 1.0));
    measure(&mut group, "axpy", n, || axpy(&mut y, 1e-9, &x));
    measure(&mut group, "transpose 784x32", n, || transpose(784, 32, &x, &mut y));
    group.finish();
}

criterion_group!(benches, slices);
criterion_main!(benches);
