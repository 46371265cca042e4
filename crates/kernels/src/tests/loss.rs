//! The loss against an f64 twin and Keras' numbers.

use super::{assert_close, numbers, same_everywhere};
use crate::loss::{CrossentropyResults, CrossentropyTargets, softmax_crossentropy};

struct LossOutputs {
    d: Vec<f32>,
    loss: Vec<f32>,
    predicted: Vec<u8>,
    confidence: Vec<f32>,
}

fn run(z: &[f32], classes: usize, labels: &[u8], s: f32, weights: Option<&[f32]>, scale: f32) -> LossOutputs {
    let n = labels.len();
    let mut out = LossOutputs {
        d: vec![7.0; z.len()],
        loss: vec![7.0; n],
        predicted: vec![99; n],
        confidence: vec![7.0; n],
    };
    let targets = CrossentropyTargets { classes, smoothing: s, class_weights: weights, scale };
    let results = CrossentropyResults {
        loss: &mut out.loss,
        predicted: &mut out.predicted,
        confidence: Some(&mut out.confidence),
        d_logits: Some(&mut out.d),
    };
    softmax_crossentropy(z, labels, targets, results);
    out
}

impl LossOutputs {
    fn floats(&self) -> Vec<f32> {
        let predicted = self.predicted.iter().map(|&p| f32::from(p));
        self.d.iter().chain(&self.loss).chain(&self.confidence).copied().chain(predicted).collect()
    }
}

/// Keras: `CategoricalCrossentropy(from_logits=True, label_smoothing=0.1, reduction="none")(onehot, z,
/// sample_weight=weights[labels])`, and the gradient of half its sum by `tf.GradientTape`.
#[test]
fn loss_and_gradient_are_those_of_keras() {
    let z = [1.0, 2.0, 0.5, -1.0, 3.0, 3.0];
    let out = run(&z, 3, &[2, 1], 0.1, Some(&[1.0, 2.0, 0.5]), 0.5);
    assert_close(&out.loss, &[0.94885105, 1.6711936], 2e-7);
    let d = [0.04947264, 0.14879958, -0.19827224, -0.024258621, -0.43787074, 0.46212927];
    assert_close(&out.d, &d, 1e-7);
    assert_eq!(out.predicted, [1, 1], "the first of equals");
    assert_close(&out.confidence, &[0.6285317, 0.4954626], 1e-7);
}

/// The naive twin, in f64: the loss of a row and its gradient.
fn naive(z: &[f32], label: usize, s: f64) -> (f64, Vec<f64>) {
    let max = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let sum: f64 = z.iter().map(|&z| f64::from(z - max).exp()).sum();
    let target = |c| s / z.len() as f64 + if c == label { 1.0 - s } else { 0.0 };
    let log_p: Vec<f64> = z.iter().map(|&z| f64::from(z - max) - sum.ln()).collect();
    let loss = -log_p.iter().enumerate().map(|(c, l)| target(c) * l).sum::<f64>();
    (loss, log_p.iter().enumerate().map(|(c, l)| l.exp() - target(c)).collect())
}

#[test]
fn equals_the_naive_twin_for_every_number_of_classes_and_rows() {
    for classes in (1..40).chain([255, 256]) {
        for (rows, s) in [(1, 0.0), (15, 0.1), (16, 0.0), (17, 0.25), (33, 0.0)] {
            let z: Vec<f32> = numbers(rows * classes, classes).iter().map(|x| x * 8.0).collect();
            let labels: Vec<u8> = (0..rows).map(|r| (r * 5 % classes) as u8).collect();
            let all = same_everywhere(|| run(&z, classes, &labels, s, None, 1.0).floats());
            let out = run(&z, classes, &labels, s, None, 1.0);
            assert_eq!(out.floats(), all);
            for r in 0..rows {
                let row = &z[r * classes..][..classes];
                let (loss, d) = naive(row, labels[r].into(), s.into());
                assert_close(&[out.loss[r]], &[loss as f32], 1e-6);
                let d: Vec<f32> = d.iter().map(|&d| d as f32).collect();
                assert_close(&out.d[r * classes..][..classes], &d, 5e-7);
                let best = (0..classes).rev().max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
                assert_eq!(usize::from(out.predicted[r]), best);
            }
            let (mut loss, mut predicted) = (vec![0.0; rows], vec![0; rows]);
            let targets = CrossentropyTargets { classes, smoothing: s, class_weights: None, scale: 1.0 };
            let (confidence, d_logits) = (None, None);
            let results =
                CrossentropyResults { loss: &mut loss, predicted: &mut predicted, confidence, d_logits };
            softmax_crossentropy(&z, &labels, targets, results);
            assert_eq!(
                (loss, predicted),
                (out.loss, out.predicted),
                "the loss does not depend on what else is wanted"
            );
        }
    }
}

#[test]
fn a_logit_that_is_not_finite_shows_in_the_loss() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for position in 0..20 {
            for (label, s) in [(0, 0.0), (3, 0.0), (19, 0.1)] {
                let mut z = numbers(20, 1);
                z[position] = bad;
                let all = same_everywhere(|| run(&z, 20, &[label], s, None, 1.0).floats());
                assert!(!all[20].is_finite(), "{bad} at {position}, label {label}: loss {}", all[20]);
                if bad != f32::NEG_INFINITY {
                    assert!(all[21].is_nan());
                    assert_eq!(all[22], 0.0, "the prediction is defined");
                }
            }
        }
    }
    let out = run(&[f32::NEG_INFINITY; 4], 4, &[1], 0.0, None, 1.0);
    assert!(!out.loss[0].is_finite());
}

#[test]
fn great_logits_neither_overflow_nor_lose_their_loss() {
    let out = run(&[0.0, 1e38, -2e38, 0.0, 0.0, 200.0], 3, &[1, 0], 0.0, None, 1.0);
    assert_eq!((out.loss[0], out.loss[1]), (0.0, 200.0));
    let out = run(&[0.0, 500.0, 1.0], 3, &[0], 0.0, None, 1.0);
    assert_eq!((out.loss[0], &out.d[..]), (500.0, &[-1.0, 1.0, 0.0][..]), "no clipping at 16.1");
}

#[test]
#[should_panic(expected = "a label is not below 3")]
fn a_label_beyond_the_classes_is_refused() {
    run(&[0.0; 3], 3, &[3], 0.0, None, 1.0);
}
