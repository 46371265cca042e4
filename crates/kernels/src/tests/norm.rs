//! Batch normalisation against naive twins and TensorFlow's numbers.

use super::{assert_close, numbers, same_everywhere};
use crate::norm::*;

/// The order of the sums, one float at a time: chains of 64 rows.
fn naive_sum(channels: usize, rows: usize, add: impl Fn(f32, usize, usize) -> f32) -> Vec<f32> {
    (0..channels)
        .map(|c| {
            (0..rows)
                .step_by(64)
                .map(|first| (first..rows.min(first + 64)).fold(0.0, |sum, r| add(sum, r * channels + c, c)))
                .fold(0.0, |total, sum: f32| total + sum)
        })
        .collect()
}

#[test]
fn sums_down_the_columns_equal_the_naive_twin_bit_for_bit() {
    for channels in (1..36).chain([64, 70, 150]) {
        for rows in [0, 1, 3, 63, 64, 65, 130] {
            let n = rows * channels;
            let (x, d_y) = (numbers(n, 1), numbers(n, 2));
            let (mean, inv) = (numbers(channels, 3), numbers(channels, 4));
            let all = same_everywhere(|| {
                let mut out = vec![7.0; 4 * channels];
                let (sum, rest) = out.split_at_mut(channels);
                let (deviation, rest) = rest.split_at_mut(channels);
                let (d_gamma, d_beta) = rest.split_at_mut(channels);
                column_sum(&x, channels, sum);
                column_sum_squared_deviation(&x, channels, &mean, deviation);
                batch_norm_backward_sums(&x, &mean, &inv, &d_y, channels, d_gamma, d_beta);
                out
            });
            let mut naive = naive_sum(channels, rows, |sum, i, _| sum + x[i]);
            naive
                .extend(naive_sum(channels, rows, |sum, i, c| (x[i] - mean[c]).mul_add(x[i] - mean[c], sum)));
            let products = naive_sum(channels, rows, |sum, i, c| d_y[i].mul_add(x[i] - mean[c], sum));
            naive.extend(products.iter().zip(&inv).map(|(sum, inv)| sum * inv));
            naive.extend(naive_sum(channels, rows, |sum, i, _| sum + d_y[i]));
            assert_eq!(all, naive, "{rows} rows of {channels}");
        }
    }
}

#[test]
fn normalisation_and_its_gradient_equal_the_naive_twin_bit_for_bit() {
    for channels in 1..70 {
        let [x, d_y] = [1, 2].map(|salt| numbers(3 * channels, salt));
        let [mean, inv, gamma, d_gamma, d_beta] = [3, 4, 5, 6, 7].map(|salt| numbers(channels, salt));
        let all = same_everywhere(|| {
            let mut y = vec![7.0; 3 * channels];
            normalize(&x, channels, &gamma, &d_beta, &mut y);
            let mut d = d_y.clone();
            batch_norm_backward(&x, &mean, &inv, &gamma, &d_gamma, &d_beta, &mut d);
            y.extend(d);
            y
        });
        for i in 0..3 * channels {
            let c = i % channels;
            assert_eq!(all[i], x[i].mul_add(gamma[c], d_beta[c]));
            let hat = (x[i] - mean[c]) * inv[c];
            let d = (-hat).mul_add(d_gamma[c], d_y[i] - d_beta[c]);
            assert_eq!(all[3 * channels + i], gamma[c] * inv[c] * d);
        }
    }
}

/// `tf.GradientTape` over y = (x − mean(x)) / sqrt(var(x) + 1e-3) · gamma + beta, L = Σ y d_y.
#[test]
fn a_batch_is_normalised_forward_and_backward_as_tensorflow_does() {
    let x = [1.0, 2.0, 3.0, -1.0, 0.0, 0.5, 2.0, 2.5];
    let (gamma, beta) = ([1.5, 0.5], [0.1, -0.2]);
    let (mut mean, mut inv) = ([0.0; 2], [0.0; 2]);
    column_sum(&x, 2, &mut mean);
    mean = mean.map(|sum| sum / 4.0);
    column_sum_squared_deviation(&x, 2, &mean, &mut inv);
    inv = inv.map(|sum| 1.0 / (sum / 4.0 + 1e-3).sqrt());
    let scale = [0, 1].map(|c| gamma[c] * inv[c]);
    let shift = [0, 1].map(|c| beta[c] - mean[c] * scale[c]);
    let mut y = [0.0; 8];
    normalize(&x, 2, &scale, &shift, &mut y);
    let expected =
        [-0.5705522, 0.16505103, 2.1116564, -0.93010205, -1.9116565, -0.3825255, 0.7705522, 0.34757656];
    assert_close(&y, &expected, 3e-7);

    let mut d = [1.0, 0.5, -1.0, 2.0, 0.25, 0.0, 0.5, -1.0];
    let (mut d_gamma, mut d_beta) = ([0.0; 2], [0.0; 2]);
    batch_norm_backward_sums(&x, &mean, &inv, &d, 2, &mut d_gamma, &mut d_beta);
    assert_close(&d_gamma, &[-1.8998978, -3.6505103], 2e-7);
    assert_eq!(d_beta, [0.75, 1.5]);
    batch_norm_backward(&x, &mean, &inv, &gamma, &d_gamma.map(|d| d / 4.0), &d_beta.map(|d| d / 4.0), &mut d);
    let expected =
        [0.8048904, 0.288869, -0.7382909, 0.10673267, -0.77045155, -0.25851294, 0.70385194, -0.13708872];
    assert_close(&d, &expected, 3e-7);
}
