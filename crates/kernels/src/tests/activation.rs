//! Activations against naive twins, Keras' numbers, and each other on every instruction set.

use super::{assert_close, numbers, same_everywhere, shifted};
use crate::activation::*;

const Z: [f32; 9] = [-6.0, -2.5, -1.0, -0.3, 0.0, 0.1, 0.7, 1.5, 4.0];

/// `keras.activations.get(name)(Z)` and its gradient by `tf.GradientTape`, TensorFlow backend.
const KERAS: [(Act, [f32; 9], [f32; 9]); 7] = [
    (
        Act::Sigmoid,
        [0.002472623, 0.07585817, 0.2689414, 0.4255574, 0.5, 0.5249792, 0.66818774, 0.81757444, 0.98201376],
        [
            0.0024665091,
            0.070103705,
            0.19661193,
            0.24445832,
            0.25,
            0.24937604,
            0.22171289,
            0.14914647,
            0.017662734,
        ],
    ),
    (
        Act::Tanh,
        [-0.9999877, -0.98661435, -0.7615942, -0.29131263, 0.0, 0.099668, 0.60436773, 0.9051483, 0.99932927],
        [
            2.4557114e-5,
            0.026592135,
            0.41997433,
            0.91513693,
            1.0,
            0.9900663,
            0.63473964,
            0.1807065,
            0.0013409853,
        ],
    ),
    (Act::Relu, [0.0, 0.0, 0.0, 0.0, 0.0, 0.1, 0.7, 1.5, 4.0], [0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 1.0]),
    (
        Act::LeakyRelu,
        [-1.2, -0.5, -0.2, -0.060000002, 0.0, 0.1, 0.7, 1.5, 4.0],
        [0.2, 0.2, 0.2, 0.2, 0.2, 1.0, 1.0, 1.0, 1.0],
    ),
    (
        Act::Elu,
        [-0.9975212, -0.917915, -0.63212055, -0.2591818, 0.0, 0.1, 0.7, 1.5, 4.0],
        [0.0024787784, 0.08208501, 0.36787945, 0.7408182, 1.0, 1.0, 1.0, 1.0, 1.0],
    ),
    (
        Act::Gelu,
        [
            -5.9195355e-9,
            -0.015524164,
            -0.15865526,
            -0.11462658,
            0.0,
            0.053982783,
            0.5306254,
            1.3997892,
            3.9998734,
        ],
        [-3.546878e-8, -0.03761109, -0.08331549, 0.2676722, 0.5, 0.5795231, 0.97661406, 1.1274692, 1.0005037],
    ),
    (
        Act::Silu,
        [
            -0.014835738,
            -0.18964542,
            -0.2689414,
            -0.12766723,
            0.0,
            0.05249792,
            0.46773142,
            1.2263616,
            3.928055,
        ],
        [-0.012326431, -0.09940109, 0.07232948, 0.3522199, 0.5, 0.54991674, 0.8233867, 1.0412942, 1.0526646],
    ),
];

fn value(act: Act, z: &[f32]) -> Vec<f32> {
    let mut y = vec![7.0; z.len()];
    activate(act, z, &mut y);
    y
}

#[test]
fn values_and_derivatives_are_those_of_keras() {
    for (act, y, slope) in KERAS {
        let ours = value(act, &Z);
        assert_close(&ours, &y, 2e-7);
        let mut d = [1.0; 9];
        activation_backward(act, &Z, &ours, &mut d);
        assert_close(&d, &slope, 3e-7);
    }
}

/// `z * scipy.stats.norm.cdf(z)` and `norm.cdf(z) + z * norm.pdf(z)` (TensorFlow is 2e-6 off here).
#[test]
fn gelu_keeps_its_digits_in_the_left_tail() {
    let (y, mut d) = (value(Act::Gelu, &[-6.0]), [1.0]);
    activation_backward(Act::Gelu, &[-6.0], &[], &mut d);
    assert!((f64::from(y[0]) / -5.919525870226167e-9 - 1.0).abs() < 4e-7, "{:e}", y[0]);
    assert!((f64::from(d[0]) / -3.546870945390202e-8 - 1.0).abs() < 4e-7, "{:e}", d[0]);
}

#[test]
fn every_length_and_address_gives_what_each_float_alone_gives() {
    for act in Act::ALL {
        for n in 0..70 {
            let z: Vec<f32> = numbers(n, 3).iter().map(|x| x * 6.0).collect();
            let (alone, moved) = (z.iter().flat_map(|&z| value(act, &[z])).collect::<Vec<_>>(), shifted(&z));
            assert_eq!(same_everywhere(|| value(act, &moved[1..])), alone);
            let in_place = same_everywhere(|| {
                let mut y = moved.clone();
                activate_in_place(act, &mut y[1..]);
                y[1..].to_vec()
            });
            assert_eq!(in_place, alone);
            let d_y = numbers(n, 4);
            let together = same_everywhere(|| {
                let mut d = shifted(&d_y);
                activation_backward(act, &z, &alone, &mut d[1..]);
                d[1..].to_vec()
            });
            for i in 0..n {
                let mut d = [d_y[i]];
                activation_backward(act, &[z[i]], &[alone[i]], &mut d);
                assert_eq!(d[0], together[i], "{act:?}");
            }
        }
    }
}

#[test]
fn bias_and_activation_in_one_pass_are_those_of_two() {
    for act in Act::ALL {
        for channels in 1..40 {
            let (z, bias) = (numbers(3 * channels, 1), numbers(channels, 2));
            let fused = same_everywhere(|| {
                let mut y = z.clone();
                add_bias_activate(act, &mut y, &bias);
                y
            });
            let mut sums = z.clone();
            add_bias(&mut sums, &bias);
            let naive: Vec<f32> = z.iter().enumerate().map(|(i, z)| z + bias[i % channels]).collect();
            assert_eq!(sums, naive);
            assert_eq!(fused, value(act, &sums));
        }
    }
}

#[test]
fn nan_passes_through_every_activation() {
    for act in Act::ALL {
        assert!(same_everywhere(|| value(act, &[f32::NAN; 19])).iter().all(|y| y.is_nan()), "{act:?}");
    }
}

#[test]
fn only_what_is_read_must_be_there() {
    for act in Act::ALL {
        let (z, y) = if act.reads_z() { (&Z[..], &[][..]) } else { (&[][..], &Z[..]) };
        activation_backward(act, z, y, &mut [1.0; 9]);
    }
}

#[test]
#[should_panic(expected = "7 floats are no rows of 3")]
fn a_bias_that_does_not_fit_is_refused() {
    add_bias(&mut [0.0; 7], &[0.0; 3]);
}

/// The naive softmax, in f64.
fn softmax64(z: &[f32]) -> Vec<f64> {
    let max = z.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let e: Vec<f64> = z.iter().map(|z| f64::from(z - max).exp()).collect();
    let sum: f64 = e.iter().sum();
    e.iter().map(|e| e / sum).collect()
}

#[test]
fn softmax_and_its_gradient_equal_the_naive_twin_for_every_number_of_classes() {
    for classes in 1..70 {
        let z: Vec<f32> = numbers(2 * classes, 5).iter().map(|x| x * 9.0).collect();
        let d_y = numbers(2 * classes, 6);
        let y = same_everywhere(|| {
            let mut y = vec![7.0; z.len()];
            softmax_rows(&z, classes, &mut y);
            y
        });
        let d = same_everywhere(|| {
            let mut d = d_y.clone();
            softmax_backward_rows(&y, classes, &mut d);
            d
        });
        for row in 0..2 {
            let at = row * classes..(row + 1) * classes;
            let p = softmax64(&z[at.clone()]);
            let dot: f64 = p.iter().zip(&d_y[at.clone()]).map(|(p, d)| p * f64::from(*d)).sum();
            let naive: Vec<f32> =
                p.iter().zip(&d_y[at.clone()]).map(|(p, d)| (p * (f64::from(*d) - dot)) as f32).collect();
            assert_close(&y[at.clone()], &p.iter().map(|&p| p as f32).collect::<Vec<_>>(), 3e-7);
            assert_close(&d[at], &naive, 5e-7);
        }
    }
}

#[test]
fn softmax_is_the_same_far_from_zero_and_shows_what_is_not_finite() {
    let mut y = [0.0; 3];
    softmax_rows(&[-300.0, -301.0, -300.0], 3, &mut y);
    assert_close(&y, &[0.42231882, 0.15536241, 0.42231882], 1e-7);
    softmax_rows(&[1.0, f32::INFINITY, 0.0], 3, &mut y);
    assert!(y[1].is_nan());
    softmax_rows(&[1.0, f32::NAN, 0.0], 3, &mut y);
    assert!(y.iter().all(|y| y.is_nan()));
}

/// Subnormal gradients made an epoch of saturated sigmoids (Adam at a learning rate of 0.1) ten times longer.
#[test]
fn a_gradient_comes_to_rest_at_zero_before_it_turns_subnormal() {
    let (y, mut d_y) = ([1e-20f32, 0.5, 1e-20], [1.0f32, 1e-17, f32::NAN]);
    activation_backward(Act::Sigmoid, &[], &y, &mut d_y);
    assert_eq!(d_y[..2], [0.0, 2.5e-18]);
    assert!(d_y[2].is_nan());
}

/// Rows that do not fill whole vectors are taken several at a time.
#[test]
fn the_bias_is_added_alike_for_every_width_and_number_of_rows() {
    for width in (1..=40).chain([50, 63, 65, 100, 1030]) {
        let bias = numbers(width, 2);
        for rows in [1, 2, 5, 37] {
            let z = numbers(rows * width, 1);
            let sums: Vec<f32> = z.iter().enumerate().map(|(i, z)| z + bias[i % width]).collect();
            let mut naive = vec![0.0; sums.len()];
            activate(Act::Tanh, &sums, &mut naive);
            let y = same_everywhere(|| {
                let mut y = z.clone();
                add_bias_activate(Act::Tanh, &mut y, &bias);
                y
            });
            assert_eq!(y, naive, "{rows} rows of {width}");
        }
    }
}
