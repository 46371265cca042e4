//! The optimizers' updates, one pass over a parameter each: Keras' arithmetic in f32.
//!
//! w = weights, g = gradient, m, v = first and second moment. What depends on the step alone comes in as an argument.
//! Products and sums are fused where the formula has them, which differs from Keras in the last place at most.
//!
//! The moments of a weight whose gradient has become 0 decay into the subnormal numbers within some hundred steps, and
//! there an update takes twelve times as long (measured). The processor's flush-to-zero mode would give other bits on
//! other machines; so the update itself sets moments below 2⁻¹⁰⁰ to 0, which are too small to move a weight.

use crate::lanes::{each_vector, settle};
use crate::simd::{Simd, dispatch};

/// Moments below 2^−100 are settled.
const TINY_MOMENT: u32 = 100;

/// Panics unless all slices are as long as the first.
macro_rules! assert_same_length {
    ($w:ident $(, $other:ident)+) => {
        $(assert_eq!($w.len(), $other.len(), "{} and {} differ in length", stringify!($w), stringify!($other));)+
    };
}

/// What Adam keeps per weight.
#[derive(Debug)]
pub struct AdamMoments<'a> {
    /// First moment.
    pub m: &'a mut [f32],
    /// Second moment.
    pub v: &'a mut [f32],
    /// The greatest second moment so far, for AMSGrad.
    pub vhat: Option<&'a mut [f32]>,
}

/// The numbers of one step of Adam.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep {
    /// η √(1 − β₂ᵗ) / (1 − β₁ᵗ).
    pub alpha: f32,
    /// 1 − β₁.
    pub one_minus_beta_1: f32,
    /// 1 − β₂.
    pub one_minus_beta_2: f32,
    /// ε.
    pub epsilon: f32,
}

/// What Nadam keeps per weight.
#[derive(Debug)]
pub struct NadamMoments<'a> {
    /// First moment.
    pub m: &'a mut [f32],
    /// Second moment.
    pub v: &'a mut [f32],
}

/// The numbers of one step of Nadam, with u(t) = β₁ (1 − ½ 0.96ᵗ) and P(t) = u(1) … u(t).
#[derive(Clone, Copy, Debug)]
pub struct NadamStep {
    /// η.
    pub learning_rate: f32,
    /// 1 − β₁.
    pub one_minus_beta_1: f32,
    /// 1 − β₂.
    pub one_minus_beta_2: f32,
    /// u(t+1) / (1 − P(t+1)).
    pub m_factor: f32,
    /// (1 − u(t)) / (1 − P(t)).
    pub g_factor: f32,
    /// 1 − β₂ᵗ.
    pub v_divisor: f32,
    /// ε.
    pub epsilon: f32,
}

/// What RMSprop keeps per weight.
#[derive(Debug)]
pub struct RmspropMoments<'a> {
    /// v, the moving average of the squared gradient.
    pub square: &'a mut [f32],
    /// a, that of the gradient, if the variance is to be centered.
    pub mean: Option<&'a mut [f32]>,
    /// b, the speed, if there is momentum.
    pub speed: Option<&'a mut [f32]>,
}

/// The numbers of one step of RMSprop.
#[derive(Clone, Copy, Debug)]
pub struct RmspropStep {
    /// η.
    pub learning_rate: f32,
    /// ρ.
    pub rho: f32,
    /// 1 − ρ.
    pub one_minus_rho: f32,
    /// μ; read where there is a speed.
    pub momentum: f32,
    /// ε.
    pub epsilon: f32,
}

/// w ← w − η g.
///
/// # Panics
/// If the lengths differ.
pub fn sgd(w: &mut [f32], g: &[f32], lr: f32) {
    assert_same_length!(w, g);
    sgd_dispatch(w, g, lr);
}

/// v ← μ v − η g; then w ← w + v, or with `nesterov` w ← w + μ v − η g.
///
/// # Panics
/// If the lengths differ.
pub fn sgd_momentum(w: &mut [f32], v: &mut [f32], g: &[f32], lr: f32, mu: f32, nesterov: bool) {
    assert_same_length!(w, v, g);
    momentum_dispatch(w, v, g, lr, mu, nesterov);
}

/// m ← m + (g − m)(1 − β₁); v ← v + (g² − v)(1 − β₂); w ← w − α m / (√v + ε).
///
/// With v̂ (AMSGrad) v̂ ← max(v̂, v) takes the place of v in the last step.
///
/// # Panics
/// If the lengths differ.
pub fn adam(w: &mut [f32], g: &[f32], moments: AdamMoments, step: AdamStep) {
    let AdamMoments { m, v, vhat } = moments;
    assert_same_length!(w, m, v, g);
    if let Some(vhat) = &vhat {
        assert_same_length!(w, vhat);
    }
    adam_dispatch(w, g, AdamMoments { m, v, vhat }, step);
}

/// m, v as in [`adam`]; m̂ = `m_factor` m + `g_factor` g; w ← w − η m̂ / (√(v / `v_divisor`) + ε).
///
/// # Panics
/// If the lengths differ.
pub fn nadam(w: &mut [f32], g: &[f32], moments: NadamMoments, step: NadamStep) {
    let NadamMoments { m, v } = moments;
    assert_same_length!(w, m, v, g);
    nadam_dispatch(w, g, NadamMoments { m, v }, step);
}

/// v ← ρ v + (1 − ρ) g²; step = η g / √(v + ε); w ← w − step.
///
/// With a (centered): a ← ρ a + (1 − ρ) g and max(v − a², 0) takes the place of v under the root; Keras has no such
/// maximum, and NaN where rounding makes the variance less than −ε. With b (momentum): b ← μ b + step; w ← w − b.
///
/// # Panics
/// If the lengths differ.
pub fn rmsprop(w: &mut [f32], g: &[f32], moments: RmspropMoments, step: RmspropStep) {
    let RmspropMoments { square, mean, speed } = moments;
    assert_same_length!(w, square, g);
    if let Some(mean) = &mean {
        assert_same_length!(w, mean);
    }
    if let Some(speed) = &speed {
        assert_same_length!(w, speed);
    }
    rmsprop_dispatch(w, g, RmspropMoments { square, mean, speed }, step);
}

/// Decoupled weight decay: w ← w − `factor` w.
pub fn decay(w: &mut [f32], factor: f32) {
    decay_dispatch(w, factor);
}

dispatch! { fn sgd_dispatch(w: &mut [f32], g: &[f32], lr: f32) = sgd_loop }
dispatch! {
    fn momentum_dispatch(w: &mut [f32], v: &mut [f32], g: &[f32], lr: f32, mu: f32, nesterov: bool) = momentum_loop
}
dispatch! { fn adam_dispatch(w: &mut [f32], g: &[f32], moments: AdamMoments, step: AdamStep) = adam_loop }
dispatch! { fn nadam_dispatch(w: &mut [f32], g: &[f32], moments: NadamMoments, step: NadamStep) = nadam_loop }
dispatch! { fn rmsprop_dispatch(w: &mut [f32], g: &[f32], moments: RmspropMoments, step: RmspropStep) = rmsprop_loop }
dispatch! { fn decay_dispatch(w: &mut [f32], factor: f32) = decay_loop }

#[inline(always)]
fn sgd_loop<S: Simd>(s: S, w: &mut [f32], g: &[f32], lr: f32) {
    each_vector!(s, [slope in g], [weight in w], {
        weight = s.fnma(s.splat(lr), slope, weight);
    });
}

#[inline(always)]
fn momentum_loop<S: Simd>(s: S, w: &mut [f32], v: &mut [f32], g: &[f32], lr: f32, mu: f32, nesterov: bool) {
    let mu = s.splat(mu);
    each_vector!(s, [slope in g], [weight in w, speed in v], {
        let step = s.mul(s.splat(lr), slope);
        speed = settle::<S, TINY_MOMENT>(s, s.sub(s.mul(mu, speed), step));
        let ahead = if nesterov { s.sub(s.mul(mu, speed), step) } else { speed };
        weight = s.add(weight, ahead);
    });
}

/// The moments of Adam and Nadam: m + (g − m) c₁ and v + (g² − v) c₂.
#[inline(always)]
fn next_moments<S: Simd>(s: S, m: S::V, v: S::V, g: S::V, c1: f32, c2: f32) -> (S::V, S::V) {
    (
        settle::<S, TINY_MOMENT>(s, s.fma(s.sub(g, m), s.splat(c1), m)),
        // v − g² ≤ v even when rounded, and c₂ ≤ 1: so v stays at least 0.
        settle::<S, TINY_MOMENT>(s, s.fnma(s.fnma(g, g, v), s.splat(c2), v)),
    )
}

#[inline(always)]
fn adam_loop<S: Simd>(s: S, w: &mut [f32], g: &[f32], moments: AdamMoments, step: AdamStep) {
    let AdamMoments { m, v, mut vhat } = moments;
    let (c1, c2) = (step.one_minus_beta_1, step.one_minus_beta_2);
    each_vector!(s, [slope in g], [weight in w, first in m, second in v], [largest in vhat], {
        (first, second) = next_moments(s, first, second, slope, c1, c2);
        let mut under_root = second;
        if let Some(largest) = &mut largest {
            under_root = s.max(*largest, second);
            *largest = under_root;
        }
        let root = s.add(s.sqrt(under_root), s.splat(step.epsilon));
        weight = s.sub(weight, s.div(s.mul(first, s.splat(step.alpha)), root));
    });
}

#[inline(always)]
fn nadam_loop<S: Simd>(s: S, w: &mut [f32], g: &[f32], moments: NadamMoments, step: NadamStep) {
    let NadamMoments { m, v } = moments;
    let (c1, c2) = (step.one_minus_beta_1, step.one_minus_beta_2);
    each_vector!(s, [slope in g], [weight in w, first in m, second in v], {
        (first, second) = next_moments(s, first, second, slope, c1, c2);
        let ahead = s.fma(first, s.splat(step.m_factor), s.mul(slope, s.splat(step.g_factor)));
        let root = s.sqrt(s.div(second, s.splat(step.v_divisor)));
        let change = s.div(s.mul(ahead, s.splat(step.learning_rate)), s.add(root, s.splat(step.epsilon)));
        weight = s.sub(weight, change);
    });
}

#[inline(always)]
fn rmsprop_loop<S: Simd>(s: S, w: &mut [f32], g: &[f32], moments: RmspropMoments, step: RmspropStep) {
    let RmspropMoments { square, mut mean, mut speed } = moments;
    let (rho, rest) = (s.splat(step.rho), s.splat(step.one_minus_rho));
    each_vector!(s, [slope in g], [weight in w, second in square], [first in mean, velocity in speed], {
        second = settle::<S, TINY_MOMENT>(s, s.fma(rho, second, s.mul(rest, s.mul(slope, slope))));
        let mut variance = second;
        if let Some(first) = &mut first {
            *first = settle::<S, TINY_MOMENT>(s, s.fma(rho, *first, s.mul(rest, slope)));
            variance = s.max(s.splat(0.0), s.fnma(*first, *first, second));
        }
        let root = s.sqrt(s.add(variance, s.splat(step.epsilon)));
        let mut change = s.div(s.mul(s.splat(step.learning_rate), slope), root);
        if let Some(velocity) = &mut velocity {
            change = settle::<S, TINY_MOMENT>(s, s.fma(s.splat(step.momentum), *velocity, change));
            *velocity = change;
        }
        weight = s.sub(weight, change);
    });
}

#[inline(always)]
fn decay_loop<S: Simd>(s: S, w: &mut [f32], factor: f32) {
    each_vector!(s, [], [weight in w], {
        weight = s.fnma(weight, s.splat(factor), weight);
    });
}
