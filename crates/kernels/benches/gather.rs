//! Batches of 256 out of 54,000 images of 28 x 28 in random order: elements are pixels.
#![allow(missing_docs)]

mod common;

use common::{group, measure};
use criterion::{Criterion, criterion_group, criterion_main};
use toile_kernels::Buffer;
use toile_kernels::gather::{ImageValues, gather_columns, gather_images};

const IMAGES: usize = 54_000;
const SIZE: usize = 784;
const BATCH: usize = 256;

/// Every index once.
fn shuffled() -> Vec<u32> {
    let mut order: Vec<u32> = (0..IMAGES as u32).collect();
    let mut state = 1u64;
    for i in (1..IMAGES).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        order.swap(i, (state >> 33) as usize % (i + 1));
    }
    order
}

/// The next batch at each call, so that its images come from memory.
fn batches(criterion: &mut Criterion) {
    let mut group = group(criterion, "gather");
    let bytes: Vec<u8> = (0..IMAGES * SIZE).map(|i| (i * 37 % 251) as u8).collect();
    let floats: Vec<f32> = bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect();
    let order = shuffled();
    let mut out = Buffer::new(BATCH * SIZE);
    let mut batch = order.chunks_exact(BATCH).cycle();
    for (kind, images) in [("", ImageValues::Bytes(&bytes)), (" of floats", ImageValues::Floats(&floats))] {
        measure(&mut group, &format!("whole images{kind}"), BATCH * SIZE, || {
            let indices = batch.next().expect("a batch");
            gather_images(images, SIZE, indices, &mut out);
        });
        measure(&mut group, &format!("a quarter of the columns{kind}"), BATCH * SIZE / 4, || {
            let indices = batch.next().expect("a batch");
            gather_columns(images, SIZE, indices, BATCH, 196..392, &mut out, 208);
        });
    }
    group.finish();
}

criterion_group!(benches, batches);
criterion_main!(benches);
