//! Bias, activation functions and their derivatives, over slices.
//!
//! Keras' definitions: slope 0.2 for leaky ReLU, α = 1 for ELU, the exact GELU (no tanh in it); the derivative of
//! ReLU and of leaky ReLU at 0 is that of the left side, as TensorFlow has it.

use crate::lanes::{TINY_GRADIENT, each_vector, settle};
use crate::math;
use crate::simd::{Simd, dispatch};
pub use crate::softmax::{softmax_backward_rows, softmax_rows};

/// An element-wise activation function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// z
    Linear,
    /// 1 / (1 + e⁻ᶻ)
    Sigmoid,
    /// tanh z
    Tanh,
    /// max(z, 0)
    Relu,
    /// z if z > 0, else 0.2 z
    LeakyRelu,
    /// z if z > 0, else eᶻ − 1
    Elu,
    /// z Φ(z), Φ being the normal distribution function
    Gelu,
    /// z / (1 + e⁻ᶻ)
    Silu,
}

impl Act {
    /// Every activation function.
    pub const ALL: [Act; 8] =
        [Act::Linear, Act::Sigmoid, Act::Tanh, Act::Relu, Act::LeakyRelu, Act::Elu, Act::Gelu, Act::Silu];

    /// Whether [`activation_backward`] needs z; the others do with y.
    pub fn reads_z(self) -> bool {
        matches!(self, Act::Gelu | Act::Silu)
    }
}

/// A function and its derivative, on vectors.
trait Function {
    /// f(z).
    fn value<S: Simd>(s: S, z: S::V) -> S::V;
    /// f′, from z where [`Act::reads_z`] says so, else from y = f(z).
    fn slope<S: Simd>(s: S, z_or_y: S::V) -> S::V;
}

struct Linear;
struct Sigmoid;
struct Tanh;
struct Relu;
struct LeakyRelu;
struct Elu;
struct Gelu;
struct Silu;

impl Function for Linear {
    #[inline(always)]
    fn value<S: Simd>(_: S, z: S::V) -> S::V {
        z
    }
    #[inline(always)]
    fn slope<S: Simd>(s: S, _: S::V) -> S::V {
        s.splat(1.0)
    }
}

impl Function for Sigmoid {
    #[inline(always)]
    fn value<S: Simd>(s: S, z: S::V) -> S::V {
        math::sigmoid(s, z)
    }
    #[inline(always)]
    fn slope<S: Simd>(s: S, y: S::V) -> S::V {
        s.mul(y, s.sub(s.splat(1.0), y))
    }
}

impl Function for Tanh {
    #[inline(always)]
    fn value<S: Simd>(s: S, z: S::V) -> S::V {
        math::tanh(s, z)
    }
    #[inline(always)]
    fn slope<S: Simd>(s: S, y: S::V) -> S::V {
        s.fnma(y, y, s.splat(1.0))
    }
}

impl Function for Relu {
    #[inline(always)]
    fn value<S: Simd>(s: S, z: S::V) -> S::V {
        // This order of the arguments lets NaN through.
        s.max(s.splat(0.0), z)
    }
    #[inline(always)]
    fn slope<S: Simd>(s: S, y: S::V) -> S::V {
        s.select(s.gt(y, s.splat(0.0)), s.splat(1.0), s.splat(0.0))
    }
}

const LEAK: f32 = 0.2;

impl Function for LeakyRelu {
    #[inline(always)]
    fn value<S: Simd>(s: S, z: S::V) -> S::V {
        s.select(s.gt(z, s.splat(0.0)), z, s.mul(z, s.splat(LEAK)))
    }
    #[inline(always)]
    fn slope<S: Simd>(s: S, y: S::V) -> S::V {
        s.select(s.gt(y, s.splat(0.0)), s.splat(1.0), s.splat(LEAK))
    }
}

impl Function for Elu {
    #[inline(always)]
    fn value<S: Simd>(s: S, z: S::V) -> S::V {
        let below = math::exp_minus_one(s, s.min(s.splat(0.0), z));
        s.select(s.gt(z, s.splat(0.0)), z, below)
    }
    #[inline(always)]
    fn slope<S: Simd>(s: S, y: S::V) -> S::V {
        let one = s.splat(1.0);
        s.select(s.gt(y, s.splat(0.0)), one, s.add(y, one))
    }
}

impl Function for Gelu {
    #[inline(always)]
    fn value<S: Simd>(s: S, z: S::V) -> S::V {
        s.mul(z, math::normal(s, z).0)
    }
    /// Φ(z) + z φ(z), φ(z) = exp(−z² / 2) / √(2π).
    #[inline(always)]
    fn slope<S: Simd>(s: S, z: S::V) -> S::V {
        const INV_SQRT_TAU: f32 = 0.398_942_3;
        let (cdf, bell) = math::normal(s, z);
        s.fma(s.mul(z, s.splat(INV_SQRT_TAU)), bell, cdf)
    }
}

impl Function for Silu {
    #[inline(always)]
    fn value<S: Simd>(s: S, z: S::V) -> S::V {
        s.mul(z, math::sigmoid(s, z))
    }
    /// σ(z) (1 + z (1 − σ(z))).
    #[inline(always)]
    fn slope<S: Simd>(s: S, z: S::V) -> S::V {
        let (one, y) = (s.splat(1.0), math::sigmoid(s, z));
        s.mul(y, s.fma(z, s.sub(one, y), one))
    }
}

/// `$call::<_, F>(...)` with the function F that `$act` names.
macro_rules! with_function {
    ($act:expr, $call:ident($($arg:expr),*)) => {
        match $act {
            Act::Linear => $call::<_, Linear>($($arg),*),
            Act::Sigmoid => $call::<_, Sigmoid>($($arg),*),
            Act::Tanh => $call::<_, Tanh>($($arg),*),
            Act::Relu => $call::<_, Relu>($($arg),*),
            Act::LeakyRelu => $call::<_, LeakyRelu>($($arg),*),
            Act::Elu => $call::<_, Elu>($($arg),*),
            Act::Gelu => $call::<_, Gelu>($($arg),*),
            Act::Silu => $call::<_, Silu>($($arg),*),
        }
    };
}

/// y += bias, `y` being rows of `bias.len()` floats.
///
/// # Panics
/// If `y` does not consist of whole rows.
pub fn add_bias(y: &mut [f32], bias: &[f32]) {
    add_bias_activate(Act::Linear, y, bias);
}

/// y = f(y + bias), `y` being rows of `bias.len()` floats.
///
/// # Panics
/// If `y` does not consist of whole rows.
pub fn add_bias_activate(act: Act, y: &mut [f32], bias: &[f32]) {
    assert_rows(y.len(), bias.len());
    if !y.is_empty() {
        bias_act(act, y, bias);
    }
}

/// y = f(z).
///
/// # Panics
/// If the lengths differ.
pub fn activate(act: Act, z: &[f32], y: &mut [f32]) {
    assert_eq!(z.len(), y.len(), "z and y differ in length");
    act_each(act, z, y);
}

/// y = f(y).
pub fn activate_in_place(act: Act, y: &mut [f32]) {
    act_in_place(act, y);
}

/// Turns the gradient with respect to y = f(z) into that with respect to z: d_y ← d_y f′.
///
/// Only GELU and SiLU read `z` ([`Act::reads_z`]) and only the others read `y`; what is not read may be empty.
///
/// # Panics
/// If what is read differs from `d_y` in length.
pub fn activation_backward(act: Act, z: &[f32], y: &[f32], d_y: &mut [f32]) {
    if act == Act::Linear {
        return;
    }
    let source = if act.reads_z() { z } else { y };
    assert_eq!(source.len(), d_y.len(), "{act:?}: the values and their gradients differ in length");
    act_backward(act, source, d_y);
}

/// Panics unless `floats` is a whole number of rows of `row` floats.
#[track_caller]
pub(crate) fn assert_rows(floats: usize, row: usize) {
    assert!(floats.is_multiple_of(row), "{floats} floats are no rows of {row}");
}

dispatch! { fn bias_act(act: Act, y: &mut [f32], bias: &[f32]) = bias_loops }
dispatch! { fn act_each(act: Act, z: &[f32], y: &mut [f32]) = act_loops }
dispatch! { fn act_in_place(act: Act, y: &mut [f32]) = in_place_loops }
dispatch! { fn act_backward(act: Act, source: &[f32], d_y: &mut [f32]) = backward_loops }

#[inline(always)]
fn bias_loops<S: Simd>(s: S, act: Act, y: &mut [f32], bias: &[f32]) {
    with_function!(act, bias_loop(s, y, bias))
}

/// The bias is repeated until it fills whole vectors, if that makes a table of at most so many floats.
const TABLE: usize = 1024;

#[inline(always)]
fn bias_loop<S: Simd, F: Function>(s: S, y: &mut [f32], bias: &[f32]) {
    let period = bias.len() * (S::LANES >> bias.len().trailing_zeros().min(S::LANES.trailing_zeros()));
    if period > bias.len() && period <= TABLE && y.len() > period {
        // A row that ends within a vector would have the next one wait until it is written.
        let mut table = [0.0; TABLE];
        for row in table[..period].chunks_exact_mut(bias.len()) {
            row.copy_from_slice(bias);
        }
        for rows in y.chunks_mut(period) {
            bias_row::<S, F>(s, rows, &table[..rows.len()]);
        }
    } else {
        for row in y.chunks_exact_mut(bias.len()) {
            bias_row::<S, F>(s, row, bias);
        }
    }
}

#[inline(always)]
fn bias_row<S: Simd, F: Function>(s: S, y: &mut [f32], bias: &[f32]) {
    each_vector!(s, [b in bias], [value in y], {
        value = F::value(s, s.add(value, b));
    });
}

#[inline(always)]
fn act_loops<S: Simd>(s: S, act: Act, z: &[f32], y: &mut [f32]) {
    with_function!(act, act_loop(s, z, y))
}

#[inline(always)]
fn act_loop<S: Simd, F: Function>(s: S, z: &[f32], y: &mut [f32]) {
    each_vector!(s, [v in z], [value in y], {
        value = F::value(s, v);
    });
}

#[inline(always)]
fn in_place_loops<S: Simd>(s: S, act: Act, y: &mut [f32]) {
    with_function!(act, in_place_loop(s, y))
}

#[inline(always)]
fn in_place_loop<S: Simd, F: Function>(s: S, y: &mut [f32]) {
    each_vector!(s, [], [value in y], {
        value = F::value(s, value);
    });
}

#[inline(always)]
fn backward_loops<S: Simd>(s: S, act: Act, source: &[f32], d_y: &mut [f32]) {
    with_function!(act, backward_loop(s, source, d_y))
}

#[inline(always)]
fn backward_loop<S: Simd, F: Function>(s: S, source: &[f32], d_y: &mut [f32]) {
    each_vector!(s, [v in source], [d in d_y], {
        d = settle::<S, TINY_GRADIENT>(s, s.mul(d, F::slope(s, v)));
    });
}
