//! The updates against naive twins and Keras' numbers over three steps.

use super::{assert_close, numbers, same_everywhere};
use crate::optimizer::*;

/// The numbers of a step of Adam, in the order of its formula.
fn adam_step(alpha: f32, one_minus_beta_1: f32, one_minus_beta_2: f32) -> AdamStep {
    AdamStep { alpha, one_minus_beta_1, one_minus_beta_2, epsilon: 1e-7 }
}

/// The numbers of a step of RMSprop with this momentum.
fn rmsprop_step(one_minus_rho: f32, momentum: f32) -> RmspropStep {
    RmspropStep { learning_rate: 0.01, rho: 0.9, one_minus_rho, momentum, epsilon: 1e-7 }
}

/// Adam without AMSGrad.
fn plain_adam(w: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32], step: AdamStep) {
    adam(w, g, AdamMoments { m, v, vhat: None }, step);
}

/// RMSprop without mean and speed.
fn plain_rmsprop(w: &mut [f32], square: &mut [f32], g: &[f32], step: RmspropStep) {
    rmsprop(w, g, RmspropMoments { square, mean: None, speed: None }, step);
}

/// RMSprop with both.
fn full_rmsprop(w: &mut [f32], g: &[f32], [square, mean, speed]: [&mut [f32]; 3], step: RmspropStep) {
    rmsprop(w, g, RmspropMoments { square, mean: Some(mean), speed: Some(speed) }, step);
}

const START: [f32; 4] = [1.0, -2.0, 0.5, 0.0];

/// The gradients of three steps.
fn gradients() -> [[f32; 4]; 3] {
    [1.0, -0.5, 2.0].map(|k| [0.5, -0.1, 1e-3, 0.0].map(|g: f32| g * k))
}

/// f32 powers of the betas, but 1 − β rounded from f64: Keras' mixture.
const BETA: [f32; 2] = [0.9, 0.999];
const REST: [f32; 2] = [(1.0 - 0.9f64) as f32, (1.0 - 0.999f64) as f32];

fn alpha(lr: f32, t: i32) -> f32 {
    lr * (1.0 - BETA[1].powi(t)).sqrt() / (1.0 - BETA[0].powi(t))
}

/// Runs `step(w, state, g, t)` for the three steps, t from 1; `state` is three zeroed moments.
fn train(mut step: impl FnMut(&mut [f32], &mut [[f32; 4]; 3], &[f32], i32)) -> [f32; 4] {
    let (mut w, mut state) = (START, [[0.0; 4]; 3]);
    for (t, g) in (1..).zip(gradients()) {
        step(&mut w, &mut state, &g, t);
    }
    w
}

// The expected weights are those of Keras on TensorFlow after three steps:
//
//     w = keras.Variable([1, -2, .5, 0]); opt.build([w])
//     for k in (1, -.5, 2): opt.apply([tf.constant(np.array([.5, -.1, 1e-3, 0], "f") * k)], [w])

#[test]
fn sgd_follows_keras_with_and_without_momentum() {
    let w = train(|w, _, g, _| sgd(w, g, 0.1));
    assert_close(&w, &[0.87499994, -1.975, 0.49975002, 0.0], 1.5e-7);
    let w = train(|w, s, g, _| sgd_momentum(w, &mut s[0], g, 0.1, 0.9, false));
    assert_close(&w, &[0.81200004, -1.9624001, 0.499624, 0.0], 1.5e-7);
    let w = train(|w, s, g, _| sgd_momentum(w, &mut s[0], g, 0.1, 0.9, true));
    assert_close(&w, &[0.7058, -1.94116, 0.4994116, 0.0], 1.5e-7);
}

#[test]
fn adam_amsgrad_and_adamw_follow_keras() {
    let w = train(|w, [m, v, _], g, t| plain_adam(w, m, v, g, adam_step(alpha(0.01, t), REST[0], REST[1])));
    assert_close(&w, &[0.98075575, -1.9807562, 0.48080376, 0.0], 1.5e-7);
    let w = train(|w, [m, v, vhat], g, t| {
        adam(w, g, AdamMoments { m, v, vhat: Some(vhat) }, adam_step(alpha(0.01, t), REST[0], REST[1]));
    });
    assert_close(&w, &[0.98075575, -1.9807562, 0.48080376, 0.0], 1.5e-7);
    let w = train(|w, [m, v, _], g, t| {
        decay(w, 0.1 * 0.01);
        plain_adam(w, m, v, g, adam_step(alpha(0.01, t), REST[0], REST[1]));
    });
    assert_close(&w, &[0.9777814, -1.9747847, 0.47932786, 0.0], 1.5e-7);
}

#[test]
fn nadam_follows_keras() {
    let u = |t: i32| BETA[0] * (1.0 - 0.5 * 0.96f32.powi(t));
    let mut product = 1.0;
    let w = train(|w, [m, v, _], g, t| {
        product *= u(t);
        let (m_factor, g_factor) = (u(t + 1) / (1.0 - product * u(t + 1)), (1.0 - u(t)) / (1.0 - product));
        let step = NadamStep {
            learning_rate: 0.01,
            one_minus_beta_1: 1.0 - BETA[0],
            one_minus_beta_2: 1.0 - BETA[1],
            m_factor,
            g_factor,
            v_divisor: 1.0 - BETA[1].powi(t),
            epsilon: 1e-7,
        };
        nadam(w, g, NadamMoments { m, v }, step);
    });
    assert_close(&w, &[0.9838192, -1.9838192, 0.4838205, 0.0], 3e-7);
}

#[test]
fn rmsprop_follows_keras_plain_and_centered_with_momentum() {
    let rest = (1.0 - 0.9f64) as f32;
    let w = train(|w, s, g, _| plain_rmsprop(w, &mut s[0], g, rmsprop_step(rest, 0.0)));
    assert_close(&w, &[0.95493567, -1.9549369, 0.4626777, 0.0], 1.5e-7);
    let w = train(|w, [v, a, b], g, _| full_rmsprop(w, g, [v, a, b], rmsprop_step(rest, 0.5)));
    assert_close(&w, &[0.9340513, -1.9340538, 0.4490657, 0.0], 2e-7);
}

#[test]
fn amsgrad_holds_on_to_the_greatest_second_moment() {
    let (mut w, mut m, mut v, mut vhat) = ([0.0; 3], [0.0; 3], [0.5; 3], [0.1, 0.5, 2.0]);
    let moments = AdamMoments { m: &mut m, v: &mut v, vhat: Some(&mut vhat) };
    adam(&mut w, &[0.0; 3], moments, adam_step(0.1, 0.1, 0.5));
    assert_eq!((v, vhat), ([0.25; 3], [0.25, 0.5, 2.0]));
}

#[test]
fn a_constant_gradient_does_not_make_centered_rmsprop_nan() {
    let (mut w, mut v, mut a) = ([0.0], [0.0], [0.0]);
    for _ in 0..500 {
        let moments = RmspropMoments { square: &mut v, mean: Some(&mut a), speed: None };
        rmsprop(&mut w, &[1234.5], moments, rmsprop_step(0.1, 0.0));
        assert!(w[0].is_finite());
    }
}

/// An update of weights by three moments.
type Update<'a> = &'a dyn Fn(&mut [f32], &mut [f32], &mut [f32], &mut [f32]);

const NADAM_STEP: NadamStep = NadamStep {
    learning_rate: 0.01,
    one_minus_beta_1: 0.1,
    one_minus_beta_2: 0.001,
    m_factor: 0.7,
    g_factor: 0.4,
    v_divisor: 0.2,
    epsilon: 1e-7,
};

/// Every update on `n` floats: all weights and moments after it.
fn all_updates(n: usize) -> Vec<f32> {
    let g = numbers(n, 1);
    let mut out = Vec::new();
    let mut run = |step: Update| {
        let (mut w, mut a) = (numbers(n, 2), numbers(n, 3));
        let [mut b, mut c] = [4, 5].map(|salt| numbers(n, salt).iter().map(|x| x * x).collect::<Vec<_>>());
        step(&mut w, &mut a, &mut b, &mut c);
        out.extend([w, a, b, c].concat());
    };
    run(&|w, _, _, _| sgd(w, &g, 0.1));
    run(&|w, _, _, _| decay(w, 0.1));
    run(&|w, v, _, _| sgd_momentum(w, v, &g, 0.1, 0.9, false));
    run(&|w, v, _, _| sgd_momentum(w, v, &g, 0.1, 0.9, true));
    run(&|w, m, v, _| plain_adam(w, m, v, &g, adam_step(0.01, 0.1, 0.001)));
    run(&|w, m, v, vhat| {
        adam(w, &g, AdamMoments { m, v, vhat: Some(vhat) }, adam_step(0.01, 0.1, 0.001));
    });
    run(&|w, m, v, _| nadam(w, &g, NadamMoments { m, v }, NADAM_STEP));
    run(&|w, _, v, _| plain_rmsprop(w, v, &g, rmsprop_step(0.1, 0.0)));
    run(&|w, a, v, b| full_rmsprop(w, &g, [v, a, b], rmsprop_step(0.1, 0.5)));
    out
}

/// The naive twin of each update, one float at a time, with the same products and sums fused.
fn naive(w: f32, a: f32, b: f32, c: f32, g: f32) -> Vec<[f32; 4]> {
    let momentum = 0.9 * a - 0.1 * g;
    let m = (g - a).mul_add(0.1, a);
    let v = (-((-g).mul_add(g, b))).mul_add(0.001, b);
    let greatest = if c > v { c } else { v };
    let nadam = m.mul_add(0.7, g * 0.4) * 0.01 / ((v / 0.2).sqrt() + 1e-7);
    let square = 0.9f32.mul_add(b, 0.1 * (g * g));
    let mean = 0.9f32.mul_add(a, 0.1 * g);
    let variance = (-mean).mul_add(mean, square).max(0.0);
    let speed = 0.5f32.mul_add(c, 0.01 * g / (variance + 1e-7).sqrt());
    vec![
        [(-0.1f32).mul_add(g, w), a, b, c],
        [(-w).mul_add(0.1, w), a, b, c],
        [w + momentum, momentum, b, c],
        [w + (0.9 * momentum - 0.1 * g), momentum, b, c],
        [w - m * 0.01 / (v.sqrt() + 1e-7), m, v, c],
        [w - m * 0.01 / (greatest.sqrt() + 1e-7), m, v, greatest],
        [w - nadam, m, v, c],
        [w - 0.01 * g / (square + 1e-7).sqrt(), a, square, c],
        [w - speed, mean, square, speed],
    ]
}

#[test]
fn every_update_equals_its_naive_twin_bit_for_bit_for_every_length() {
    for n in 0..70 {
        let all = same_everywhere(|| all_updates(n));
        let [g, w, a, b, c] = [1, 2, 3, 4, 5].map(|salt| numbers(n, salt));
        for i in 0..n {
            for (k, expected) in naive(w[i], a[i], b[i] * b[i], c[i] * c[i], g[i]).iter().enumerate() {
                let ours = [0, 1, 2, 3].map(|array| all[(4 * k + array) * n + i]);
                assert_eq!(ours, *expected, "update {k}, float {i} of {n}");
            }
        }
    }
}

/// 0.9ᵗ would reach the subnormal numbers after 830 steps, and stay there.
#[test]
fn moments_whose_gradient_has_gone_come_to_rest_at_zero() {
    let all = same_everywhere(|| {
        let (mut w, mut s) = (vec![0.5; 5], vec![vec![0.0; 5]; 7]);
        for t in 0..1000 {
            let g = [if t == 0 { 1e-3 } else { 0.0 }; 5];
            let [adam_m, adam_v, speed, square, a, b, w_2] = &mut s[..] else { unreachable!() };
            plain_adam(&mut w, adam_m, adam_v, &g, adam_step(0.01, 0.1, 0.1));
            sgd_momentum(w_2, speed, &g, 0.01, 0.9, false);
            full_rmsprop(w_2, &g, [square, a, b], rmsprop_step(0.1, 0.9));
        }
        s[..6].concat()
    });
    assert_eq!(all, [0.0; 30]);
    let (mut w, mut m, mut v) = ([0.5; 2], [f32::NAN, 1e-30], [1e-29, f32::NAN]);
    plain_adam(&mut w, &mut m, &mut v, &[0.0; 2], adam_step(0.01, 0.1, 0.1));
    assert!(m[0].is_nan() && v[1].is_nan() && w[0].is_nan() && w[1].is_nan(), "NaN is not put to rest");
}

#[test]
fn a_zero_gradient_leaves_a_fresh_weight_alone() {
    let (mut w, mut m, mut v) = ([0.25; 5], [0.0; 5], [0.0; 5]);
    plain_adam(&mut w, &mut m, &mut v, &[0.0; 5], adam_step(0.1, 0.1, 0.001));
    nadam(&mut w, &[0.0; 5], NadamMoments { m: &mut m, v: &mut v }, NADAM_STEP);
    plain_rmsprop(&mut w, &mut v, &[0.0; 5], rmsprop_step(0.1, 0.0));
    assert_eq!(w, [0.25; 5]);
}

#[test]
#[should_panic(expected = "w and g differ in length")]
fn a_gradient_of_another_length_is_refused() {
    sgd(&mut [0.0; 3], &[0.0; 4], 0.1);
}
