//! The products of dense layers: elements are multiplications and additions.
#![allow(missing_docs)]

mod common;

use common::{group, measure, numbers};
use criterion::{Criterion, criterion_group, criterion_main};
use toile_kernels::{Buffer, Matrix, gemm};

/// [m, n, k] of one product, and the row of A: of its columns where it is transposed.
type GemmShape = ([usize; 3], usize);

fn products(criterion: &mut Criterion, name: &str, transposed: bool, shapes: &[GemmShape]) {
    let mut group = group(criterion, name);
    for &([m, n, k], row) in shapes {
        let a = numbers(if transposed { k } else { m } * row, 1);
        let a = if transposed { Matrix::transposed(&a, row) } else { Matrix::rows(&a, row) };
        let (b, mut c) = (numbers(k * n, 2), Buffer::new(m * n));
        measure(&mut group, &format!("{m}x{n}x{k}"), 2 * m * n * k, || {
            gemm([m, n, k], a, &b, n, &mut c, n, false);
        });
    }
    group.finish();
}

/// Images by units by inputs, all at once and some rows at a time.
fn forward(criterion: &mut Criterion) {
    let shapes = [
        ([24, 32, 196], 208),
        ([256, 32, 784], 784),
        ([256, 10, 32], 32),
        ([32, 1024, 50], 50),
        ([32, 128, 1024], 1024),
        ([32, 10, 128], 128),
        ([64, 512, 784], 784),
        ([1, 512, 128], 128),
    ];
    products(criterion, "gemm/forward", false, &shapes);
}

/// Images by inputs by units.
fn inputs(criterion: &mut Criterion) {
    let shapes = [([64, 32, 10], 10), ([32, 128, 10], 10), ([32, 1024, 128], 128), ([32, 50, 1024], 1024)];
    products(criterion, "gemm/d_inputs", false, &shapes);
}

/// Inputs by units by images.
fn weights(criterion: &mut Criterion) {
    let shapes = [
        ([196, 32, 256], 208),
        ([784, 32, 256], 784),
        ([32, 10, 256], 32),
        ([50, 1024, 256], 50),
        ([1024, 128, 256], 1024),
        ([128, 10, 256], 128),
        ([784, 512, 256], 784),
    ];
    products(criterion, "gemm/d_weights", true, &shapes);
}

criterion_group!(benches, forward, inputs, weights);
criterion_main!(benches);
