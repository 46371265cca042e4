//! Sums, scaling and transposes against naive twins.

use super::{numbers, same_everywhere, shifted};
use crate::isa::on_each_isa;
use crate::reduce::*;

/// The order of the sum, one float at a time.
fn naive_squares(x: &[f32]) -> f64 {
    let block = |x: &[f32]| {
        let mut lanes = [0.0f32; 16];
        for (i, x) in x.iter().enumerate() {
            lanes[i % 16] = x.mul_add(*x, lanes[i % 16]);
        }
        for half in [8, 4, 2, 1] {
            for i in 0..half {
                lanes[i] += lanes[i + half];
            }
        }
        f64::from(lanes[0])
    };
    x.chunks(1024).map(block).fold(0.0, |sum, b| sum + b)
}

#[test]
fn the_sum_of_squares_has_one_order_for_every_length() {
    for n in (0..70).chain([1023, 1024, 1025, 5000]) {
        let x = numbers(n, 2);
        on_each_isa(|isa| {
            assert_eq!(sum_of_squares(&x).to_bits(), naive_squares(&x).to_bits(), "{isa:?}, {n} floats");
        });
    }
    let x = vec![0.1f32; 1_000_000];
    assert!((sum_of_squares(&x) / 1e4 - 1.0).abs() < 1e-6, "long sums stay exact");
}

#[test]
fn scaling_clipping_and_adding_equal_their_naive_twins() {
    for n in 0..70 {
        let (x, y) = (numbers(n, 1), numbers(n, 2));
        let run = |f: &dyn Fn(&mut [f32])| {
            same_everywhere(|| {
                let mut out = shifted(&y);
                f(&mut out[1..]);
                out[1..].to_vec()
            })
        };
        let each = |f: &dyn Fn(usize) -> f32| (0..n).map(f).collect::<Vec<f32>>();
        assert_eq!(run(&|y| scale(y, 0.3)), each(&|i| y[i] * 0.3));
        assert_eq!(run(&|y| clip(y, -0.5, 0.25)), each(&|i| y[i].clamp(-0.5, 0.25)));
        assert_eq!(run(&|y| axpy(y, 0.3, &x)), each(&|i| 0.3f32.mul_add(x[i], y[i])));
    }
}

#[test]
fn clipping_does_not_hide_nan() {
    assert!(
        same_everywhere(|| {
            let mut x = vec![f32::NAN; 19];
            clip(&mut x, -1.0, 1.0);
            x
        })
        .iter()
        .all(|x| x.is_nan())
    );
}

#[test]
fn a_transpose_swaps_rows_and_columns_for_all_small_shapes() {
    for rows in 0..36 {
        for columns in 0..36 {
            let x = numbers(rows * columns, 1);
            let y = same_everywhere(|| {
                let mut y = vec![7.0; rows * columns];
                transpose(rows, columns, &x, &mut y);
                y
            });
            for r in 0..rows {
                for c in 0..columns {
                    assert_eq!(y[c * rows + r], x[r * columns + c]);
                }
            }
        }
    }
}
