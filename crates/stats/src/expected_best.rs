//! The best of n configurations: what a random search of that budget would have found, and what luck alone adds.

use crate::distribution::normal_cdf;
use crate::sample::are_finite;

/// The expected largest of n values, drawn from those that a random search gave.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestOfDraws {
    /// Drawn with replacement: biased low, with less error (Dodge et al. 2019, 2021).
    pub with_replacement: f64,
    /// Drawn without: unbiased (Tang et al. 2020); `None` for more draws than values.
    pub without_replacement: Option<f64>,
}

/// The expected largest of `n` draws from `values`, the expected validation performance of a budget of n trials.
///
/// Σ v₍ᵢ₎ ((i/B)ⁿ − ((i − 1)/B)ⁿ) with replacement, and Σ v₍ᵢ₎ C(i − 1, n − 1) / C(B, n) without, over the B values in
/// ascending order. For a loss give the negated values. It holds for independent trials, those of a random search that
/// ran to their end: a value at which a pruner stopped a trial is not the one that it would have reached, so leave such
/// trials out and say so. `None` without values or draws, or for values that are not finite.
pub fn expected_best(values: &[f64], n: u32) -> Option<BestOfDraws> {
    if !are_finite(values) || n == 0 {
        return None;
    }
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    Some(BestOfDraws {
        with_replacement: with_replacement(&sorted, n),
        without_replacement: (n as usize <= sorted.len()).then(|| without_replacement(&sorted, n as usize)),
    })
}

fn with_replacement(sorted: &[f64], n: u32) -> f64 {
    let below = |i: usize| (i as f64 / sorted.len() as f64).powf(f64::from(n));
    sorted.iter().enumerate().map(|(i, v)| v * (below(i + 1) - below(i))).sum()
}

/// From the largest down: it is the best with probability n/B, and each next with (i + 1 − n)/i of the one before.
fn without_replacement(sorted: &[f64], n: usize) -> f64 {
    let mut weight = n as f64 / sorted.len() as f64;
    let mut expected = 0.0;
    for i in (n..=sorted.len()).rev() {
        expected += weight * sorted[i - 1];
        weight *= (i - n) as f64 / (i - 1).max(1) as f64;
    }
    expected
}

/// The expected largest of `k` independent standard normal numbers, in standard errors: by how much the best of `k`
/// equal configurations looks better than it is. 0 for one, 1.16, 1.63, 1.74 for 5, 12, 15.
///
/// ∫ x k φ(x) Φ(x)^(k − 1) dx, by the trapezoidal rule, which for so smooth and narrow a function is exact but for
/// rounding. [`maximum_of_noise_bound`] is far above it for small `k`. `None` for no configurations.
pub fn expected_maximum_of_noise(k: u64) -> Option<f64> {
    const STEP: f64 = 1.0 / 64.0;
    if k <= 1 {
        return (k == 1).then_some(0.0);
    }
    let density = |x: f64| (-0.5 * x * x).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let at = |i: i32| {
        let x = f64::from(i) * STEP;
        x * k as f64 * density(x) * normal_cdf(x).powf((k - 1) as f64)
    };
    let most = (14.0 / STEP) as i32;
    Some(STEP * (-most..=most).map(at).sum::<f64>())
}

/// √(2 ln k), above the expected largest of `k` standard normal numbers; `None` for no configurations.
pub fn maximum_of_noise_bound(k: u64) -> Option<f64> {
    (k > 0).then(|| (2.0 * (k as f64).ln()).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_draw_is_the_mean_and_all_draws_the_best() {
        let v = [0.81, 0.86, 0.85, 0.90];
        let one = expected_best(&v, 1).expect("values");
        assert!((one.with_replacement - 0.855).abs() < 1e-15);
        assert!((one.without_replacement.expect("enough values") - 0.855).abs() < 1e-15);
        assert_eq!(expected_best(&v, 4).and_then(|best| best.without_replacement), Some(0.90));
        assert_eq!(expected_best(&v, 5).and_then(|best| best.without_replacement), None);
    }

    #[test]
    fn more_draws_never_expect_less_and_order_does_not_matter() {
        let v: Vec<f64> = (0..300).map(|i| f64::from(i * 7919 % 1009)).collect();
        let turned: Vec<f64> = v.iter().rev().copied().collect();
        let all: Vec<BestOfDraws> = (1..=300).map(|n| expected_best(&v, n).expect("values")).collect();
        for pair in all.windows(2) {
            assert!(pair[0].with_replacement <= pair[1].with_replacement);
            assert!(pair[0].without_replacement <= pair[1].without_replacement);
            assert!(Some(pair[1].with_replacement) <= pair[1].without_replacement, "biased low");
        }
        assert_eq!(expected_best(&turned, 17), expected_best(&v, 17));
    }

    #[test]
    fn no_values_and_no_draws_have_no_best() {
        assert_eq!((expected_best(&[], 1), expected_best(&[1.0], 0)), (None, None));
        assert_eq!(expected_best(&[1.0, f64::NAN], 1), None);
        assert_eq!((expected_maximum_of_noise(0), maximum_of_noise_bound(0)), (None, None));
    }

    /// In closed form: 1/√π of two, 3/(2√π) of three.
    #[test]
    fn the_largest_of_two_and_of_three_are_known() {
        let root = std::f64::consts::PI.sqrt();
        for (k, known) in [(1, 0.0), (2, 1.0 / root), (3, 1.5 / root)] {
            let ours = expected_maximum_of_noise(k).expect("configurations");
            assert!((ours - known).abs() < 1e-14, "{k}: {ours}");
        }
    }

    #[test]
    fn the_bound_is_never_below() {
        for k in [1, 2, 10, 1_000, 1_000_000] {
            assert!(expected_maximum_of_noise(k) <= maximum_of_noise_bound(k), "{k}");
        }
    }
}
