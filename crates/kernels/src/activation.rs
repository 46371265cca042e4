//! Bias, activation functions and their derivatives, over slices.
//!
//! Keras' definitions: slope 0.2 for leaky ReLU, α = 1 for ELU, the exact GELU (no tanh in it); the derivative of ReLU and of
//! leaky ReLU at 0 is that of the left side, as TensorFlow has it.

use crate::lanes::{Lanes, TINY_GRADIENT, settle, vectors};
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
    ///
    /// # Safety
    /// The instruction set of `S`.
    unsafe fn value<S: Simd>(z: S::V) -> S::V;
    /// f′, from z where [`Act::reads_z`] says so, else from y = f(z).
    ///
    /// # Safety
    /// The instruction set of `S`.
    unsafe fn slope<S: Simd>(z_or_y: S::V) -> S::V;
}

struct Linear;
struct Sigmoid;
struct Tanh;
struct Relu;
struct LeakyRelu;
struct Elu;
struct Gelu;
struct Silu;

// SAFETY of every body below: the caller guarantees the instruction set.
impl Function for Linear {
    #[inline(always)]
    unsafe fn value<S: Simd>(z: S::V) -> S::V {
        z
    }
    #[inline(always)]
    unsafe fn slope<S: Simd>(_: S::V) -> S::V {
        unsafe { S::splat(1.0) }
    }
}

impl Function for Sigmoid {
    #[inline(always)]
    unsafe fn value<S: Simd>(z: S::V) -> S::V {
        unsafe { math::sigmoid::<S>(z) }
    }
    #[inline(always)]
    unsafe fn slope<S: Simd>(y: S::V) -> S::V {
        unsafe { S::mul(y, S::sub(S::splat(1.0), y)) }
    }
}

impl Function for Tanh {
    #[inline(always)]
    unsafe fn value<S: Simd>(z: S::V) -> S::V {
        unsafe { math::tanh::<S>(z) }
    }
    #[inline(always)]
    unsafe fn slope<S: Simd>(y: S::V) -> S::V {
        unsafe { S::fnma(y, y, S::splat(1.0)) }
    }
}

impl Function for Relu {
    #[inline(always)]
    unsafe fn value<S: Simd>(z: S::V) -> S::V {
        // This order of the arguments lets NaN through.
        unsafe { S::max(S::splat(0.0), z) }
    }
    #[inline(always)]
    unsafe fn slope<S: Simd>(y: S::V) -> S::V {
        unsafe { S::select(S::gt(y, S::splat(0.0)), S::splat(1.0), S::splat(0.0)) }
    }
}

const LEAK: f32 = 0.2;

impl Function for LeakyRelu {
    #[inline(always)]
    unsafe fn value<S: Simd>(z: S::V) -> S::V {
        unsafe { S::select(S::gt(z, S::splat(0.0)), z, S::mul(z, S::splat(LEAK))) }
    }
    #[inline(always)]
    unsafe fn slope<S: Simd>(y: S::V) -> S::V {
        unsafe { S::select(S::gt(y, S::splat(0.0)), S::splat(1.0), S::splat(LEAK)) }
    }
}

impl Function for Elu {
    #[inline(always)]
    unsafe fn value<S: Simd>(z: S::V) -> S::V {
        unsafe {
            let below = math::exp_minus_one::<S>(S::min(S::splat(0.0), z));
            S::select(S::gt(z, S::splat(0.0)), z, below)
        }
    }
    #[inline(always)]
    unsafe fn slope<S: Simd>(y: S::V) -> S::V {
        unsafe {
            let one = S::splat(1.0);
            S::select(S::gt(y, S::splat(0.0)), one, S::add(y, one))
        }
    }
}

impl Function for Gelu {
    #[inline(always)]
    unsafe fn value<S: Simd>(z: S::V) -> S::V {
        unsafe { S::mul(z, math::normal::<S>(z).0) }
    }
    /// Φ(z) + z φ(z), φ(z) = exp(−z² / 2) / √(2π).
    #[inline(always)]
    unsafe fn slope<S: Simd>(z: S::V) -> S::V {
        const INV_SQRT_TAU: f32 = 0.398_942_3;
        unsafe {
            let (cdf, bell) = math::normal::<S>(z);
            S::fma(S::mul(z, S::splat(INV_SQRT_TAU)), bell, cdf)
        }
    }
}

impl Function for Silu {
    #[inline(always)]
    unsafe fn value<S: Simd>(z: S::V) -> S::V {
        unsafe { S::mul(z, math::sigmoid::<S>(z)) }
    }
    /// σ(z) (1 + z (1 − σ(z))).
    #[inline(always)]
    unsafe fn slope<S: Simd>(z: S::V) -> S::V {
        unsafe {
            let (one, y) = (S::splat(1.0), math::sigmoid::<S>(z));
            S::mul(y, S::fma(z, S::sub(one, y), one))
        }
    }
}

/// `$call::<S, F>(...)` with the function F that `$act` names.
macro_rules! with_function {
    ($act:expr, $call:ident::<$S:ident>($($arg:expr),*)) => {
        match $act {
            Act::Linear => $call::<$S, Linear>($($arg),*),
            Act::Sigmoid => $call::<$S, Sigmoid>($($arg),*),
            Act::Tanh => $call::<$S, Tanh>($($arg),*),
            Act::Relu => $call::<$S, Relu>($($arg),*),
            Act::LeakyRelu => $call::<$S, LeakyRelu>($($arg),*),
            Act::Elu => $call::<$S, Elu>($($arg),*),
            Act::Gelu => $call::<$S, Gelu>($($arg),*),
            Act::Silu => $call::<$S, Silu>($($arg),*),
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
    act_each(act, z.as_ptr(), y.as_mut_ptr(), y.len());
}

/// y = f(y).
pub fn activate_in_place(act: Act, y: &mut [f32]) {
    let y_start = y.as_mut_ptr();
    act_each(act, y_start, y_start, y.len());
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
dispatch! { fn act_each(act: Act, z: *const f32, y: *mut f32, n: usize) = act_loops }
dispatch! { fn act_backward(act: Act, source: &[f32], d_y: &mut [f32]) = backward_loops }

/// # Safety
/// The instruction set of `S`; `y` of whole rows.
#[inline(always)]
unsafe fn bias_loops<S: Simd>(act: Act, y: &mut [f32], bias: &[f32]) {
    unsafe { with_function!(act, bias_loop::<S>(y, bias)) }
}

/// The bias is repeated until it fills whole vectors, if that makes a table of at most so many floats.
const TABLE: usize = 1024;

/// # Safety
/// As above.
#[inline(always)]
unsafe fn bias_loop<S: Simd, F: Function>(y: &mut [f32], bias: &[f32]) {
    let period = bias.len() * (S::LANES >> bias.len().trailing_zeros().min(S::LANES.trailing_zeros()));
    // SAFETY: the rows of `y`, or groups of them, are as long as the bias, repeated.
    unsafe {
        if period > bias.len() && period <= TABLE && y.len() > period {
            // A row that ends within a vector would have the next one wait until it is written.
            let mut table = [0.0; TABLE];
            for row in table[..period].chunks_exact_mut(bias.len()) {
                row.copy_from_slice(bias);
            }
            for rows in y.chunks_mut(period) {
                bias_row::<S, F>(rows, &table[..rows.len()]);
            }
        } else {
            for row in y.chunks_exact_mut(bias.len()) {
                bias_row::<S, F>(row, bias);
            }
        }
    }
}

/// # Safety
/// As above; equal lengths.
#[inline(always)]
unsafe fn bias_row<S: Simd, F: Function>(y: &mut [f32], bias: &[f32]) {
    let (from, to) = (bias.as_ptr(), y.as_mut_ptr());
    vectors!(S, y.len(), |i, lanes| {
        // SAFETY: `i` and the lanes lie within both.
        unsafe {
            let z = S::add(lanes.load::<S>(to.add(i)), lanes.load::<S>(from.add(i)));
            lanes.store::<S>(to.add(i), F::value::<S>(z));
        }
    });
}

/// # Safety
/// The instruction set of `S`; `n` floats behind the pointers, which are the same or lie apart.
#[inline(always)]
unsafe fn act_loops<S: Simd>(act: Act, z: *const f32, y: *mut f32, n: usize) {
    unsafe { with_function!(act, act_loop::<S>(z, y, n)) }
}

/// # Safety
/// As above.
#[inline(always)]
unsafe fn act_loop<S: Simd, F: Function>(z: *const f32, y: *mut f32, n: usize) {
    vectors!(S, n, |i, lanes| {
        // SAFETY: `i` and the lanes lie within the n floats.
        unsafe { lanes.store::<S>(y.add(i), F::value::<S>(lanes.load::<S>(z.add(i)))) }
    });
}

/// # Safety
/// The instruction set of `S`; equal lengths.
#[inline(always)]
unsafe fn backward_loops<S: Simd>(act: Act, source: &[f32], d_y: &mut [f32]) {
    unsafe { with_function!(act, backward_loop::<S>(source, d_y)) }
}

/// # Safety
/// As above.
#[inline(always)]
unsafe fn backward_loop<S: Simd, F: Function>(source: &[f32], d_y: &mut [f32]) {
    let (from, to) = (source.as_ptr(), d_y.as_mut_ptr());
    vectors!(S, d_y.len(), |i, lanes| {
        // SAFETY: `i` and the lanes lie within both slices.
        unsafe {
            let slope = F::slope::<S>(lanes.load::<S>(from.add(i)));
            let d_z = S::mul(lanes.load::<S>(to.add(i)), slope);
            lanes.store::<S>(to.add(i), settle::<S, TINY_GRADIENT>(d_z));
        }
    });
}
