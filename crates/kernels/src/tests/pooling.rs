//! Pooling against a naive twin and TensorFlow's numbers.

use super::{assert_close, numbers, same_everywhere};
use crate::pooling::*;

/// TensorFlow's `SAME`: height and width 5, window 3 × 2, stride 2.
const SAME: PoolShape = PoolShape {
    height: 5,
    width: 5,
    channels: 1,
    pool: [3, 2],
    strides: [2, 2],
    pad_top: 1,
    pad_left: 0,
    out_height: 3,
    out_width: 3,
};

/// `tf.nn.pool(x, [3, 2], "MAX" | "AVG", strides=[2, 2], padding="SAME")` of x = 7 i mod 11, and the gradient of
/// Σ y d_y with d_y = 1 … 9.
#[test]
fn pooling_with_padding_is_tensorflow_s() {
    let x: Vec<f32> = (0..25).map(|i| (i * 7 % 11) as f32).collect();
    let d_y: Vec<f32> = (1..10).map(|i| i as f32).collect();
    let (mut y, mut d_x) = ([0.0; 9], [7.0; 25]);
    max_pool(&SAME, 1, &x, &mut y);
    assert_eq!(y, [9.0, 10.0, 8.0, 9.0, 9.0, 10.0, 8.0, 9.0, 3.0]);
    max_pool_backward(&SAME, 1, &x, &y, &d_y, &mut d_x);
    let expected = [
        0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 5.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 6.0, 0.0, 0.0, 13.0, 0.0, 0.0,
        7.0, 0.0, 0.0, 0.0, 9.0,
    ];
    assert_eq!(d_x, expected);
    average_pool(&SAME, 1, &x, &mut y);
    assert_close(&y, &[4.5, 4.75, 7.0, 3.8333333, 5.0, 6.3333335, 5.0, 5.25, 2.0], 1e-7);
    average_pool_backward(&SAME, 1, &d_y, &mut d_x);
    let expected = [
        0.25, 0.25, 0.5, 0.5, 1.5, 0.9166667, 0.9166667, 1.3333333, 1.3333333, 3.5, 0.6666667, 0.6666667,
        0.8333333, 0.8333333, 2.0, 2.4166667, 2.4166667, 2.8333333, 2.8333333, 6.5, 1.75, 1.75, 2.0, 2.0,
        4.5,
    ];
    assert_close(&d_x, &expected, 1e-7);
}

/// For each output float: its index, and those of the input floats under its window.
fn windows(s: &PoolShape, images: usize) -> Vec<Vec<usize>> {
    let mut out = Vec::new();
    for n in 0..images {
        for (oy, ox) in (0..s.out_height).flat_map(|y| (0..s.out_width).map(move |x| (y, x))) {
            for c in 0..s.channels {
                let mut window = Vec::new();
                for (ky, kx) in (0..s.pool[0]).flat_map(|y| (0..s.pool[1]).map(move |x| (y, x))) {
                    let y = (oy * s.strides[0] + ky).checked_sub(s.pad_top).filter(|&y| y < s.height);
                    let x = (ox * s.strides[1] + kx).checked_sub(s.pad_left).filter(|&x| x < s.width);
                    if let (Some(y), Some(x)) = (y, x) {
                        window.push(((n * s.height + y) * s.width + x) * s.channels + c);
                    }
                }
                out.push(window);
            }
        }
    }
    out
}

fn shapes() -> Vec<PoolShape> {
    let mut shapes = Vec::new();
    for (pool, strides, pad) in [
        ([2, 2], [2, 2], 0),
        ([2, 2], [1, 1], 0),
        ([3, 3], [2, 2], 1),
        ([1, 3], [1, 2], 0),
        ([3, 2], [1, 3], 1),
    ] {
        for (height, width) in [(3, 3), (4, 4), (5, 7), (6, 4)] {
            for channels in [1, 3, 8, 17, 33] {
                let out = |size: usize, k: usize, s: usize| (size + pad - k) / s + 1;
                let (out_height, out_width) =
                    (out(height, pool[0], strides[0]), out(width, pool[1], strides[1]));
                let (pad_top, pad_left) = (pad, pad);
                shapes.push(PoolShape {
                    height,
                    width,
                    channels,
                    pool,
                    strides,
                    pad_top,
                    pad_left,
                    out_height,
                    out_width,
                });
            }
        }
    }
    shapes
}

#[test]
fn every_shape_equals_the_naive_twin_bit_for_bit() {
    for s in shapes() {
        let windows = windows(&s, 2);
        // Few different values, so that there are many ties.
        let x: Vec<f32> = numbers(2 * s.in_len(), 1).iter().map(|x| (x * 3.0).round()).collect();
        let d_y = numbers(windows.len(), 2);
        let (n, m) = (x.len(), windows.len());
        let (mut max, mut mean) = (vec![0.0f32; m], vec![0.0f32; m]);
        let (mut d_max, mut d_mean) = (vec![0.0f32; n], vec![0.0f32; n]);
        for (o, window) in windows.iter().enumerate() {
            max[o] = window.iter().map(|&i| x[i]).fold(f32::NEG_INFINITY, f32::max);
            mean[o] = window.iter().fold(0.0, |sum, &i| sum + x[i]) / window.len() as f32;
            d_max[*window.iter().find(|&&i| x[i] == max[o]).unwrap()] += d_y[o];
            window.iter().for_each(|&i| d_mean[i] += d_y[o] / window.len() as f32);
        }
        let all = same_everywhere(|| {
            let (mut y, mut d) = (vec![7.0; m], vec![7.0; n]);
            max_pool(&s, 2, &x, &mut y);
            max_pool_backward(&s, 2, &x, &y, &d_y, &mut d);
            let mut all = [y.clone(), d.clone()].concat();
            average_pool(&s, 2, &x, &mut y);
            average_pool_backward(&s, 2, &d_y, &mut d);
            all.extend(y);
            all.extend(d);
            all
        });
        assert_eq!(all, [max, d_max, mean, d_mean].concat(), "{s:?}");
    }
}

#[test]
fn nan_under_the_window_shows_wherever_it_lies() {
    for s in shapes().into_iter().filter(|s| s.channels == 3) {
        for position in 0..s.in_len() {
            let mut x = numbers(s.in_len(), 1);
            x[position] = f32::NAN;
            let y = same_everywhere(|| {
                let mut y = vec![0.0; s.out_len()];
                max_pool(&s, 1, &x, &mut y);
                y
            });
            for (y, window) in y.iter().zip(windows(&s, 1)) {
                assert_eq!(y.is_nan(), window.contains(&position), "{s:?}");
            }
        }
    }
}

#[test]
fn the_global_average_is_the_mean_over_all_positions_and_shares_its_gradient() {
    for channels in [1, 3, 16, 35] {
        for positions in [1, 4, 65] {
            let x = numbers(2 * positions * channels, 1);
            let y = same_everywhere(|| {
                let mut y = vec![7.0; 2 * channels];
                global_average_pool(positions, channels, 2, &x, &mut y);
                y
            });
            for (i, y) in y.iter().enumerate() {
                let (image, c) = (i / channels, i % channels);
                let sum: f64 =
                    (0..positions).map(|p| f64::from(x[(image * positions + p) * channels + c])).sum();
                assert_close(&[*y], &[(sum / positions as f64) as f32], 3e-7);
            }
            let mut d_x = vec![7.0; x.len()];
            global_average_pool_backward(positions, channels, 2, &y, &mut d_x);
            for (i, d) in d_x.iter().enumerate() {
                let (image, c) = (i / channels / positions, i % channels);
                assert_eq!(*d, y[image * channels + c] / positions as f32);
            }
        }
    }
}

/// 2⁶³ × 2 is 0 in 64 bits.
#[test]
#[should_panic(expected = "is no size")]
fn an_image_whose_size_overflows_is_refused() {
    let one = PoolShape {
        pool: [1, 1],
        strides: [1, 1],
        pad_top: 0,
        pad_left: 0,
        out_height: 1,
        out_width: 1,
        ..SAME
    };
    max_pool(&PoolShape { height: usize::MAX / 2 + 1, width: 2, channels: 1, ..one }, 1, &[], &mut [0.0]);
}

#[test]
#[should_panic(expected = "a window lies outside the image")]
fn a_window_that_sees_nothing_is_refused() {
    max_pool(&PoolShape { out_height: 5, ..SAME }, 1, &[0.0; 25], &mut [0.0; 15]);
}
