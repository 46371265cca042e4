//! Pooling by 2 x 2 of 32 images of 24 x 24 x 64, and global: elements are floats of the input.
#![allow(missing_docs)]

mod common;

use common::{group, measure, numbers};
use criterion::{Criterion, criterion_group, criterion_main};
use toile_kernels::Buffer;
use toile_kernels::pooling::{
    PoolShape, average_pool, average_pool_backward, global_average_pool, max_pool, max_pool_backward,
};

const IMAGES: usize = 32;
const SHAPE: PoolShape = PoolShape {
    height: 24,
    width: 24,
    channels: 64,
    pool: [2, 2],
    strides: [2, 2],
    pad_top: 0,
    pad_left: 0,
    out_height: 12,
    out_width: 12,
};

fn windows(criterion: &mut Criterion) {
    let mut group = group(criterion, "pooling");
    let n = IMAGES * SHAPE.in_len();
    let (x, mut d_x) = (numbers(n, 1), Buffer::new(n));
    let (mut y, d_y) = (Buffer::new(IMAGES * SHAPE.out_len()), numbers(IMAGES * SHAPE.out_len(), 2));
    measure(&mut group, "average", n, || average_pool(&SHAPE, IMAGES, &x, &mut y));
    measure(&mut group, "average, backward", n, || average_pool_backward(&SHAPE, IMAGES, &d_y, &mut d_x));
    measure(&mut group, "max", n, || max_pool(&SHAPE, IMAGES, &x, &mut y));
    measure(&mut group, "max, backward", n, || max_pool_backward(&SHAPE, IMAGES, &x, &y, &d_y, &mut d_x));
    let mut means = Buffer::new(IMAGES * 64);
    measure(&mut group, "global average", n, || global_average_pool(24 * 24, 64, IMAGES, &x, &mut means));
    group.finish();
}

criterion_group!(benches, windows);
criterion_main!(benches);
