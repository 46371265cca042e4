//! The binomial distribution: of a fair coin, and its exact interval.

use crate::Interval;
use crate::interval::is_level;
use crate::root::root;
use crate::special::beta_incomplete;

/// P(X = k) and P(X ≤ k) for the heads X of `n` fair coins; `k` at most `n / 2`, so that P(X = k) is the largest term.
pub(crate) fn fair_coins(k: u64, n: u64) -> (f64, f64) {
    let point = point_of(k, n);
    // Downwards from k each probability is a ratio of the one above: P(i − 1) = P(i) i / (n − i + 1).
    let (mut term, mut below) = (point, 0.0);
    for i in (1..=k).rev() {
        term *= i as f64 / (n - i + 1) as f64;
        below += term;
    }
    (point, point + below)
}

/// C(n, k) / 2ⁿ as a product in which growing and halving take turns, so that nothing overflows.
fn point_of(k: u64, n: u64) -> f64 {
    let (mut point, mut halvings) = (1.0, n);
    for i in 1..=k {
        point *= (n - k + i) as f64 / i as f64;
        while point > 1.0 && halvings > 0 {
            point *= 0.5;
            halvings -= 1;
        }
    }
    point * 0.5f64.powi(halvings.min(2_000) as i32)
}

/// The exact interval of a proportion of `hits` among `n` trials, at `confidence` (Clopper and Pearson 1934).
///
/// It covers at least as often as it says, at the price of being wider than [`wilson`](crate::wilson()). `None` without
/// trials, for more hits than trials, or a `confidence` that is not strictly between 0 and 1.
pub fn clopper_pearson(hits: usize, n: usize, confidence: f64) -> Option<Interval> {
    if n == 0 || hits > n || !is_level(confidence) {
        return None;
    }
    let tail = 0.5 - 0.5 * confidence;
    let (k, misses) = (hits as f64, (n - hits) as f64);
    let low = if hits == 0 { 0.0 } else { beta_quantile(tail, k, misses + 1.0)? };
    // From the other side, so that the tail is a small number and not 1 minus one.
    let high = if hits == n { 1.0 } else { 1.0 - beta_quantile(tail, misses, k + 1.0)? };
    Some(Interval { low, high })
}

/// The value below which a beta-distributed number lies with probability `p`.
fn beta_quantile(p: f64, a: f64, b: f64) -> Option<f64> {
    root(|x| beta_incomplete(a, b, x) - p, 0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pascal's triangle: 1, 5, 10, 10, 5, 1 of 32.
    #[test]
    fn five_coins_are_pascals_row() {
        let below: Vec<f64> = (0..=2).map(|k| 32.0 * fair_coins(k, 5).1).collect();
        assert_eq!(below, [1.0, 6.0, 16.0]);
        assert_eq!((fair_coins(2, 5).0, fair_coins(0, 0)), (10.0 / 32.0, (1.0, 1.0)));
    }

    #[test]
    fn many_coins_neither_overflow_nor_lose_their_sum() {
        // Of an odd number of coins, exactly half of all outcomes have fewer heads than tails.
        for n in [101, 1_001, 20_001] {
            let half = fair_coins(n / 2, n).1;
            assert!((half - 0.5).abs() < 1e-11, "{n}: {half}");
        }
        assert_eq!(fair_coins(0, 100_000), (0.0, 0.0), "smaller than any number");
    }

    #[test]
    fn what_is_no_proportion_has_no_interval() {
        assert_eq!((clopper_pearson(0, 0, 0.95), clopper_pearson(3, 2, 0.95)), (None, None));
        assert_eq!((clopper_pearson(1, 2, 1.0), clopper_pearson(1, 2, f64::NAN)), (None, None));
    }
}
