//! Dropout on the widest dense layer of the study, 32 images by 1024 units: elements are floats.
#![allow(missing_docs)]

mod common;

use common::{group, measure, numbers};
use criterion::{Criterion, criterion_group, criterion_main};
use toile_kernels::Buffer;
use toile_kernels::dropout::dropout_apply;

fn dropout(criterion: &mut Criterion) {
    let mut group = group(criterion, "dropout");
    let n = 32 * 1024;
    let words: Vec<u32> = (0..n as u32).map(|i| i.wrapping_mul(2_654_435_761)).collect();
    let (x, mut y) = (numbers(n, 1), Buffer::new(n));
    measure(&mut group, "dropout_apply", n, || dropout_apply(&x, &words, 1 << 30, 0.75, &mut y));
    group.finish();
}

criterion_group!(benches, dropout);
criterion_main!(benches);
