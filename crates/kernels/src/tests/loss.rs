//! The loss against an f64 twin and Keras' numbers.

use super::{assert_close, numbers, same_everywhere};
use crate::loss::{
    CrossentropyResults, CrossentropyTargets, Focal, softmax_crossentropy, softmax_focal_crossentropy,
};

struct LossOutputs {
    d: Vec<f32>,
    loss: Vec<f32>,
    predicted: Vec<u8>,
    confidence: Vec<f32>,
}

fn run(z: &[f32], classes: usize, labels: &[u8], s: f32, weights: Option<&[f32]>, scale: f32) -> LossOutputs {
    run_either(None, z, labels, CrossentropyTargets { classes, smoothing: s, class_weights: weights, scale })
}

fn run_either(focal: Option<Focal>, z: &[f32], labels: &[u8], targets: CrossentropyTargets) -> LossOutputs {
    let n = labels.len();
    let mut out = LossOutputs {
        d: vec![7.0; z.len()],
        loss: vec![7.0; n],
        predicted: vec![99; n],
        confidence: vec![7.0; n],
    };
    let results = CrossentropyResults {
        loss: &mut out.loss,
        predicted: &mut out.predicted,
        confidence: Some(&mut out.confidence),
        d_logits: Some(&mut out.d),
    };
    match focal {
        None => softmax_crossentropy(z, labels, targets, results),
        Some(focal) => softmax_focal_crossentropy(focal, z, labels, targets, results),
    }
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

/// Keras 3.15 on JAX: `CategoricalFocalCrossentropy(alpha, gamma, from_logits=True, label_smoothing,
/// reduction=None)(onehot, z, sample_weight=weights[labels])`, and the gradient of half its sum by `jax.grad`. In the
/// third row the probabilities are so near to 0 and 1 that all are clipped.
#[test]
fn focal_loss_and_gradient_are_those_of_keras() {
    let z = [1.0, 2.0, 0.5, -1.0, 3.0, 3.0, 0.0, 30.0, -5.0];
    let weights = [1.0, 2.0, 0.5];
    let check = |alpha: f32, gamma: f32, smoothing: f32, loss: [f32; 3], d: [f32; 6]| {
        let targets =
            CrossentropyTargets { classes: 3, smoothing, class_weights: Some(&weights), scale: 0.5 };
        let out = run_either(Some(Focal { alpha, gamma }), &z, &[2, 1, 1], targets);
        assert_close(&out.loss, &loss, 3e-7);
        assert_close(&out.d[..6], &d, 1e-7);
        assert_eq!(out.d[6..], [0.0; 3]);
        assert_eq!(out.predicted, [1, 1, 1]);
    };
    check(
        0.25,
        2.0,
        0.0,
        [0.18150269, 0.08938335, 0.0],
        [0.017528087, 0.047646277, -0.065_174_36, 0.0013740493, -0.0763946, 0.07502055],
    );
    check(
        0.6,
        1.5,
        0.1,
        [0.44939587, 0.47747898, 1.2894475],
        [0.03447723, 0.10646665, -0.14094388, -0.016974622, -0.1883695, 0.20534412],
    );
    check(
        0.25,
        0.0,
        0.0,
        [0.24554609, 0.35113165, 5.9604645e-8],
        [0.01445149, 0.039283235, -0.05373473, 0.0022686787, -0.12613434, 0.12386566],
    );
}

/// The naive twin of the focal form, in f64, where no probability is clipped.
fn naive_focal(z: &[f32], label: usize, s: f64, focal: Focal) -> (f64, Vec<f64>) {
    let (alpha, gamma, classes) = (f64::from(focal.alpha), f64::from(focal.gamma), z.len());
    let loss = |z: &[f64]| {
        let sum: f64 = z.iter().map(|z| z.exp()).sum();
        let part = |(c, z): (usize, &f64)| {
            let (p, y) = (z.exp() / sum, s / classes as f64 + if c == label { 1.0 - s } else { 0.0 });
            -y * alpha * (1.0 - p).powf(gamma) * p.ln()
        };
        z.iter().enumerate().map(part).sum::<f64>()
    };
    let z: Vec<f64> = z.iter().map(|&z| z.into()).collect();
    let moved = |class: usize, by: f64| {
        let mut z = z.clone();
        z[class] += by;
        loss(&z)
    };
    let slope = |class: usize| (moved(class, 1e-5) - moved(class, -1e-5)) / 2e-5;
    (loss(&z), (0..classes).map(slope).collect())
}

#[test]
fn the_focal_form_equals_its_naive_twin_for_every_number_of_classes_and_rows() {
    for classes in (2..24).chain([255, 256]) {
        for (rows, s, alpha, gamma) in [(1, 0.0, 0.25, 2.0), (17, 0.1, 1.0, 0.5), (33, 0.0, 0.25, 0.0)] {
            let z: Vec<f32> = numbers(rows * classes, classes).iter().map(|x| x * 4.0).collect();
            let labels: Vec<u8> = (0..rows).map(|r| (r * 5 % classes) as u8).collect();
            let focal = Focal { alpha, gamma };
            let targets = CrossentropyTargets { classes, smoothing: s, class_weights: None, scale: 1.0 };
            let out = run_either(Some(focal), &z, &labels, targets);
            assert_eq!(
                out.floats(),
                same_everywhere(|| run_either(Some(focal), &z, &labels, targets).floats())
            );
            for r in (0..rows).step_by(4) {
                let row = &z[r * classes..][..classes];
                let (loss, d) = naive_focal(row, labels[r].into(), s.into(), focal);
                assert_close(&[out.loss[r]], &[loss as f32], 2e-6);
                let d: Vec<f32> = d.iter().map(|&d| d as f32).collect();
                assert_close(&out.d[r * classes..][..classes], &d, 2e-6);
            }
        }
    }
}

#[test]
fn a_logit_that_is_not_finite_shows_in_the_focal_loss() {
    for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        for (position, label) in [(0, 0), (3, 0), (19, 2)] {
            let mut z = numbers(20, 1);
            z[position] = bad;
            let targets =
                CrossentropyTargets { classes: 20, smoothing: 0.0, class_weights: None, scale: 1.0 };
            let focal = Focal { alpha: 0.25, gamma: 2.0 };
            let all = same_everywhere(|| run_either(Some(focal), &z, &[label], targets).floats());
            assert!(!all[20].is_finite(), "{bad} at {position}, label {label}: loss {}", all[20]);
        }
    }
}

#[test]
#[should_panic(expected = "a label is not below 3")]
fn a_label_beyond_the_classes_is_refused() {
    run(&[0.0; 3], 3, &[3], 0.0, None, 1.0);
}

/// For few and many classes, whole and broken blocks: softmax in f64, and the loss kernel's own bits.
#[test]
fn probabilities_are_those_behind_the_loss() {
    use crate::probabilities::softmax_probabilities;
    for (classes, n) in [(1, 3), (2, 1), (10, 16), (10, 37), (17, 20), (256, 5)] {
        let z: Vec<f32> = numbers(n * classes, 11).iter().map(|v| v * 9.0).collect();
        let mut p = vec![7.0; z.len()];
        softmax_probabilities(&z, classes, &mut p);
        let out = run(&z, classes, &vec![0; n], 0.0, None, 1.0);
        for (i, (z, p)) in z.chunks(classes).zip(p.chunks(classes)).enumerate() {
            let max = z.iter().fold(f64::MIN, |max, z| max.max(f64::from(*z)));
            let e: Vec<f64> = z.iter().map(|z| (f64::from(*z) - max).exp()).collect();
            let sum: f64 = e.iter().sum();
            let expected: Vec<f32> = e.iter().map(|e| (e / sum) as f32).collect();
            assert_close(p, &expected, 1e-6);
            assert_eq!(p[usize::from(out.predicted[i])].to_bits(), out.confidence[i].to_bits());
        }
        same_everywhere(|| {
            softmax_probabilities(&z, classes, &mut p);
            p.clone()
        });
    }
    let mut p = [0.0; 2];
    softmax_probabilities(&[f32::NAN, 1.0], 2, &mut p);
    assert!(p.iter().all(|p| p.is_nan()));
}
