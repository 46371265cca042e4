//! Sums over channels and batch normalization, on 32 images of 12 x 12 x 64 and on a dense layer: elements are floats.
#![allow(missing_docs)]

mod common;

use common::{group, measure, numbers};
use criterion::{Criterion, criterion_group, criterion_main};
use toile_kernels::Buffer;
use toile_kernels::norm::{
    batch_norm_backward, batch_norm_backward_sums, column_sum, column_sum_squared_deviation, normalize,
};

fn channels(criterion: &mut Criterion) {
    let mut group = group(criterion, "norm");
    for (rows, channels) in [(32 * 12 * 12, 64), (256, 32)] {
        let n = rows * channels;
        let (x, mut y, mut d_y) = (numbers(n, 1), Buffer::new(n), numbers(n, 2));
        let (mean, inv) = (numbers(channels, 3), numbers(channels, 4));
        let (mut a, mut b) = (Buffer::new(channels), Buffer::new(channels));
        let name = |of: &str| format!("{of} {rows}x{channels}");
        measure(&mut group, &name("column_sum"), n, || column_sum(&x, channels, &mut a));
        measure(&mut group, &name("column_sum_squared_deviation"), n, || {
            column_sum_squared_deviation(&x, channels, &mean, &mut a);
        });
        measure(&mut group, &name("normalize"), n, || normalize(&x, channels, &inv, &mean, &mut y));
        measure(&mut group, &name("backward_sums"), n, || {
            batch_norm_backward_sums(&x, &mean, &inv, &d_y, channels, &mut a, &mut b);
        });
        a.fill(0.0);
        b.fill(0.0);
        let gamma = numbers(channels, 5);
        measure(&mut group, &name("backward"), n, || {
            batch_norm_backward(&x, &mean, &inv, &gamma, &a, &b, &mut d_y);
            d_y.fill(0.5);
        });
    }
    group.finish();
}

criterion_group!(benches, channels);
criterion_main!(benches);
