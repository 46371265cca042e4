//! The tests of the element-wise kernels: each against a naive twin for all small lengths, at odd addresses, with the
//! same bits from every instruction set; and against numbers of Keras 3.15, TensorFlow 2.21 and SciPy 1.17.

mod activation;
mod gather;
mod loss;
mod math;
mod norm;
mod optimizer;
mod pooling;
mod reduce;

use crate::isa::on_each_isa;

/// Floats in −1 .. 1, different for each `salt`.
fn numbers(n: usize, salt: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919 + salt * 104_729) % 1009) as f32 / 504.5 - 1.0).collect()
}

/// The same floats at an address that is no multiple of a vector: the first float is to be cut off.
fn shifted(x: &[f32]) -> Vec<f32> {
    std::iter::once(f32::NAN).chain(x.iter().copied()).collect()
}

/// Runs `f` on every instruction set, demands the same bits (any NaN equals any other), and gives them.
#[track_caller]
fn same_everywhere(mut f: impl FnMut() -> Vec<f32>) -> Vec<f32> {
    let bits = |x: &f32| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() };
    let mut first: Option<Vec<f32>> = None;
    on_each_isa(|isa| {
        let now = f();
        let expected = first.get_or_insert_with(|| now.clone());
        assert_eq!(expected.len(), now.len());
        for (i, (a, b)) in expected.iter().zip(&now).enumerate() {
            assert_eq!(bits(a), bits(b), "{isa:?}, float {i}: {a:e} and {b:e}");
        }
    });
    first.expect("an instruction set")
}

/// Demands |a − b| ≤ `tolerance` max(1, |b|) for each pair.
#[track_caller]
fn assert_close(a: &[f32], b: &[f32], tolerance: f32) {
    assert_eq!(a.len(), b.len());
    for (i, (x, y)) in a.iter().zip(b).enumerate() {
        assert!((x - y).abs() <= tolerance * y.abs().max(1.0), "float {i}: {x:e}, not {y:e}");
    }
}
