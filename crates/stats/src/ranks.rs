//! Ranks of numbers, and Spearman's correlation of them.

use crate::mean;
use crate::sample::are_finite;

/// The rank of each number, from 1; equal numbers share their mean rank.
pub(crate) fn mean_ranks(x: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|a, b| x[*a].total_cmp(&x[*b]));
    let mut ranks = vec![0.0; x.len()];
    let mut first = 0;
    for equal in order.chunk_by(|a, b| x[*a] == x[*b]) {
        let rank = first as f64 + 0.5 * (equal.len() + 1) as f64;
        equal.iter().for_each(|i| ranks[*i] = rank);
        first += equal.len();
    }
    ranks
}

/// Spearman's rank correlation of pairs, from −1 to 1; ties share their mean rank.
///
/// `None` for fewer than two pairs, lists of different length, a side that does not vary, or numbers that are not
/// finite.
pub fn spearman(x: &[f64], y: &[f64]) -> Option<f64> {
    if x.len() != y.len() || !are_finite(x) || !are_finite(y) {
        return None;
    }
    let (rx, ry) = (mean_ranks(x), mean_ranks(y));
    let (mx, my) = (mean(&rx)?, mean(&ry)?);
    let product = |a: &[f64], ma: f64, b: &[f64], mb: f64| -> f64 {
        a.iter().zip(b).map(|(a, b)| (a - ma) * (b - mb)).sum()
    };
    let scale = (product(&rx, mx, &rx, mx) * product(&ry, my, &ry, my)).sqrt();
    (scale > 0.0).then(|| (product(&rx, mx, &ry, my) / scale).clamp(-1.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `scipy.stats.rankdata([2, 0, 2, 3, 2])`, SciPy 1.17.1.
    #[test]
    fn equal_numbers_share_their_mean_rank() {
        assert_eq!(mean_ranks(&[2.0, 0.0, 2.0, 3.0, 2.0]), [3.0, 1.0, 3.0, 5.0, 3.0]);
        assert_eq!(mean_ranks(&[0.0, -0.0]), [1.5, 1.5], "the two zeros are equal");
    }

    #[test]
    fn only_the_order_counts() {
        let x: [f64; 5] = [0.3, 0.1, 0.9, 0.5, 0.2];
        let y = [1.0, 3.0, 2.0, 5.0, 0.0];
        assert_eq!(spearman(&x.map(f64::exp), &y), spearman(&x, &y));
        assert_eq!(spearman(&x.map(|v| -v), &y), spearman(&x, &y).map(|rho| -rho));
        assert_eq!(spearman(&x, &x), Some(1.0));
    }

    #[test]
    fn what_does_not_vary_has_no_correlation() {
        assert_eq!((spearman(&[1.0; 3], &[1.0, 2.0, 3.0]), spearman(&[1.0], &[1.0])), (None, None));
        assert_eq!((spearman(&[], &[]), spearman(&[1.0, 2.0], &[1.0])), (None, None));
        assert_eq!(spearman(&[1.0, f64::NAN], &[1.0, 2.0]), None);
    }
}
