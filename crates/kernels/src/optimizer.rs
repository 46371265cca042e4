//! The optimizers' updates, one pass over a parameter each: Keras' arithmetic in f32.
//!
//! w = weights, g = gradient, m, v = first and second moment. What depends on the step alone comes in as an argument.
//! Products and sums are fused where the formula has them, which differs from Keras in the last place at most.
//!
//! The moments of a weight whose gradient has become 0 decay into the subnormal numbers within some hundred steps, and
//! there an update takes twelve times as long (measured). The processor's flush-to-zero mode would give other bits on
//! other machines; so the update itself sets moments below 2⁻¹⁰⁰ to 0, which are too small to move a weight.

use crate::lanes::{Lanes, settle, vectors};
use crate::simd::{Simd, dispatch};

/// Panics unless all slices are as long as the first.
macro_rules! assert_same_length {
    ($w:ident $(, $other:ident)+) => {
        $(assert_eq!($w.len(), $other.len(), "{} and {} differ in length", stringify!($w), stringify!($other));)+
    };
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
/// `alpha` is η √(1 − β₂ᵗ) / (1 − β₁ᵗ). With `vhat` (AMSGrad) v̂ ← max(v̂, v) takes the place of v in the last step.
///
/// # Panics
/// If the lengths differ.
pub fn adam(
    w: &mut [f32],
    m: &mut [f32],
    v: &mut [f32],
    vhat: Option<&mut [f32]>,
    g: &[f32],
    alpha: f32,
    one_minus_b1: f32,
    one_minus_b2: f32,
    eps: f32,
) {
    assert_same_length!(w, m, v, g);
    let vhat = vhat.map(|vhat| {
        assert_same_length!(w, vhat);
        vhat.as_mut_ptr()
    });
    adam_dispatch(w, m, v, vhat, g, [alpha, one_minus_b1, one_minus_b2, eps]);
}

/// m, v as in [`adam`]; m̂ = `m_factor` m + `g_factor` g; w ← w − η m̂ / (√(v / `v_divisor`) + ε).
///
/// With u(t) = β₁ (1 − ½ 0.96ᵗ) and P(t) = u(1) … u(t): `m_factor` is u(t+1) / (1 − P(t+1)), `g_factor`
/// (1 − u(t)) / (1 − P(t)), `v_divisor` 1 − β₂ᵗ.
///
/// # Panics
/// If the lengths differ.
pub fn nadam(
    w: &mut [f32],
    m: &mut [f32],
    v: &mut [f32],
    g: &[f32],
    lr: f32,
    one_minus_b1: f32,
    one_minus_b2: f32,
    m_factor: f32,
    g_factor: f32,
    v_divisor: f32,
    eps: f32,
) {
    assert_same_length!(w, m, v, g);
    nadam_dispatch(w, m, v, g, [lr, one_minus_b1, one_minus_b2, m_factor, g_factor, v_divisor, eps]);
}

/// v ← ρ v + (1 − ρ) g²; step = η g / √(v + ε); w ← w − step.
///
/// With `a` (centered): a ← ρ a + (1 − ρ) g and max(v − a², 0) takes the place of v under the root; Keras has no such
/// maximum, and NaN where rounding makes the variance less than −ε. With `b` (momentum): b ← μ b + step; w ← w − b.
///
/// # Panics
/// If the lengths differ.
pub fn rmsprop(
    w: &mut [f32],
    v: &mut [f32],
    a: Option<&mut [f32]>,
    b: Option<&mut [f32]>,
    g: &[f32],
    lr: f32,
    rho: f32,
    one_minus_rho: f32,
    momentum: f32,
    eps: f32,
) {
    assert_same_length!(w, v, g);
    let a = a.map(|a| {
        assert_same_length!(w, a);
        a.as_mut_ptr()
    });
    let b = b.map(|b| {
        assert_same_length!(w, b);
        b.as_mut_ptr()
    });
    rmsprop_dispatch(w, v, a, b, g, [lr, rho, one_minus_rho, momentum, eps]);
}

/// Decoupled weight decay: w ← w − `factor` w.
pub fn decay(w: &mut [f32], factor: f32) {
    decay_dispatch(w, factor);
}

dispatch! { fn sgd_dispatch(w: &mut [f32], g: &[f32], lr: f32) = sgd_loop }
dispatch! {
    fn momentum_dispatch(w: &mut [f32], v: &mut [f32], g: &[f32], lr: f32, mu: f32, nesterov: bool) = momentum_loop
}
dispatch! {
    fn adam_dispatch(w: &mut [f32], m: &mut [f32], v: &mut [f32], vhat: Option<*mut f32>, g: &[f32], c: [f32; 4]) = adam_loops
}
dispatch! {
    fn nadam_dispatch(w: &mut [f32], m: &mut [f32], v: &mut [f32], g: &[f32], c: [f32; 7]) = nadam_loop
}
dispatch! {
    fn rmsprop_dispatch(w: &mut [f32], v: &mut [f32], a: Option<*mut f32>, b: Option<*mut f32>, g: &[f32], c: [f32; 5]) = rmsprop_loops
}
dispatch! { fn decay_dispatch(w: &mut [f32], factor: f32) = decay_loop }

// SAFETY of every loop below: the caller guarantees the instruction set and equal lengths (the pointers in `Option` have
// that length too); `vectors!` keeps `i` and the lanes within them.

#[inline(always)]
unsafe fn sgd_loop<S: Simd>(w: &mut [f32], g: &[f32], lr: f32) {
    let (n, w, g) = (w.len(), w.as_mut_ptr(), g.as_ptr());
    vectors!(S, n, |i, lanes| {
        unsafe {
            let x = S::fnma(S::splat(lr), lanes.load::<S>(g.add(i)), lanes.load::<S>(w.add(i)));
            lanes.store::<S>(w.add(i), x);
        }
    });
}

#[inline(always)]
unsafe fn momentum_loop<S: Simd>(w: &mut [f32], v: &mut [f32], g: &[f32], lr: f32, mu: f32, nesterov: bool) {
    let (n, w, v, g) = (w.len(), w.as_mut_ptr(), v.as_mut_ptr(), g.as_ptr());
    let mu = unsafe { S::splat(mu) };
    vectors!(S, n, |i, lanes| {
        unsafe {
            let step = S::mul(S::splat(lr), lanes.load::<S>(g.add(i)));
            let speed = settle::<S, 100>(S::sub(S::mul(mu, lanes.load::<S>(v.add(i))), step));
            lanes.store::<S>(v.add(i), speed);
            let ahead = if nesterov { S::sub(S::mul(mu, speed), step) } else { speed };
            lanes.store::<S>(w.add(i), S::add(lanes.load::<S>(w.add(i)), ahead));
        }
    });
}

/// The moments of Adam and Nadam: m + (g − m) c₁ and v + (g² − v) c₂.
#[inline(always)]
unsafe fn moments<S: Simd>(m: S::V, v: S::V, g: S::V, c1: f32, c2: f32) -> (S::V, S::V) {
    unsafe {
        (
            settle::<S, 100>(S::fma(S::sub(g, m), S::splat(c1), m)),
            // v − g² ≤ v even when rounded, and c₂ ≤ 1: so v stays at least 0.
            settle::<S, 100>(S::fnma(S::fnma(g, g, v), S::splat(c2), v)),
        )
    }
}

#[inline(always)]
unsafe fn adam_loops<S: Simd>(
    w: &mut [f32],
    m: &mut [f32],
    v: &mut [f32],
    vhat: Option<*mut f32>,
    g: &[f32],
    [alpha, c1, c2, eps]: [f32; 4],
) {
    let (n, w, m, v, g) = (w.len(), w.as_mut_ptr(), m.as_mut_ptr(), v.as_mut_ptr(), g.as_ptr());
    vectors!(S, n, |i, lanes| {
        unsafe {
            let (old_m, old_v) = (lanes.load::<S>(m.add(i)), lanes.load::<S>(v.add(i)));
            let (new_m, new_v) = moments::<S>(old_m, old_v, lanes.load::<S>(g.add(i)), c1, c2);
            lanes.store::<S>(m.add(i), new_m);
            lanes.store::<S>(v.add(i), new_v);
            let mut second = new_v;
            if let Some(vhat) = vhat {
                second = S::max(lanes.load::<S>(vhat.add(i)), new_v);
                lanes.store::<S>(vhat.add(i), second);
            }
            let step = S::div(S::mul(new_m, S::splat(alpha)), S::add(S::sqrt(second), S::splat(eps)));
            lanes.store::<S>(w.add(i), S::sub(lanes.load::<S>(w.add(i)), step));
        }
    });
}

#[inline(always)]
unsafe fn nadam_loop<S: Simd>(
    w: &mut [f32],
    m: &mut [f32],
    v: &mut [f32],
    g: &[f32],
    [lr, c1, c2, m_factor, g_factor, v_divisor, eps]: [f32; 7],
) {
    let (n, w, m, v, g) = (w.len(), w.as_mut_ptr(), m.as_mut_ptr(), v.as_mut_ptr(), g.as_ptr());
    vectors!(S, n, |i, lanes| {
        unsafe {
            let slope = lanes.load::<S>(g.add(i));
            let (old_m, old_v) = (lanes.load::<S>(m.add(i)), lanes.load::<S>(v.add(i)));
            let (new_m, new_v) = moments::<S>(old_m, old_v, slope, c1, c2);
            lanes.store::<S>(m.add(i), new_m);
            lanes.store::<S>(v.add(i), new_v);
            let first = S::fma(new_m, S::splat(m_factor), S::mul(slope, S::splat(g_factor)));
            let root = S::sqrt(S::div(new_v, S::splat(v_divisor)));
            let step = S::div(S::mul(first, S::splat(lr)), S::add(root, S::splat(eps)));
            lanes.store::<S>(w.add(i), S::sub(lanes.load::<S>(w.add(i)), step));
        }
    });
}

#[inline(always)]
unsafe fn rmsprop_loops<S: Simd>(
    w: &mut [f32],
    v: &mut [f32],
    a: Option<*mut f32>,
    b: Option<*mut f32>,
    g: &[f32],
    [lr, rho, one_minus_rho, momentum, eps]: [f32; 5],
) {
    let (n, w, v, g) = (w.len(), w.as_mut_ptr(), v.as_mut_ptr(), g.as_ptr());
    let (rho, rest) = unsafe { (S::splat(rho), S::splat(one_minus_rho)) };
    vectors!(S, n, |i, lanes| {
        unsafe {
            let slope = lanes.load::<S>(g.add(i));
            let square = S::mul(slope, slope);
            let new_v = settle::<S, 100>(S::fma(rho, lanes.load::<S>(v.add(i)), S::mul(rest, square)));
            lanes.store::<S>(v.add(i), new_v);
            let mut variance = new_v;
            if let Some(a) = a {
                let mean = settle::<S, 100>(S::fma(rho, lanes.load::<S>(a.add(i)), S::mul(rest, slope)));
                lanes.store::<S>(a.add(i), mean);
                variance = S::max(S::splat(0.0), S::fnma(mean, mean, new_v));
            }
            let root = S::sqrt(S::add(variance, S::splat(eps)));
            let mut step = S::div(S::mul(S::splat(lr), slope), root);
            if let Some(b) = b {
                step = settle::<S, 100>(S::fma(S::splat(momentum), lanes.load::<S>(b.add(i)), step));
                lanes.store::<S>(b.add(i), step);
            }
            lanes.store::<S>(w.add(i), S::sub(lanes.load::<S>(w.add(i)), step));
        }
    });
}

#[inline(always)]
unsafe fn decay_loop<S: Simd>(w: &mut [f32], factor: f32) {
    let (n, w) = (w.len(), w.as_mut_ptr());
    vectors!(S, n, |i, lanes| {
        unsafe {
            let x = lanes.load::<S>(w.add(i));
            lanes.store::<S>(w.add(i), S::fnma(x, S::splat(factor), x));
        }
    });
}
