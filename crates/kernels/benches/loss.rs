//! Softmax and crossentropy in one: elements are logits.
#![allow(missing_docs)]

mod common;

use common::{group, measure, numbers};
use criterion::{Criterion, criterion_group, criterion_main};
use toile_kernels::Buffer;
use toile_kernels::loss::{CrossentropyResults, CrossentropyTargets, softmax_crossentropy};

fn crossentropy(criterion: &mut Criterion) {
    let mut group = group(criterion, "softmax_crossentropy");
    for (rows, classes) in [(32, 10), (256, 10), (32, 100)] {
        let z = numbers(rows * classes, 1);
        let labels: Vec<u8> = (0..rows).map(|row| (row * 7 % classes) as u8).collect();
        let (mut d, mut loss, mut predicted) =
            (Buffer::new(rows * classes), Buffer::new(rows), vec![0; rows]);
        let targets = CrossentropyTargets { classes, smoothing: 0.0, class_weights: None, scale: 1.0 };
        for (name, wanted) in [("", true), (", no gradient", false)] {
            measure(&mut group, &format!("{rows}x{classes}{name}"), rows * classes, || {
                let results = CrossentropyResults {
                    loss: &mut loss,
                    predicted: &mut predicted,
                    confidence: None,
                    d_logits: wanted.then_some(&mut d[..]),
                };
                softmax_crossentropy(&z, &labels, targets, results);
            });
        }
    }
    group.finish();
}

criterion_group!(benches, crossentropy);
criterion_main!(benches);
