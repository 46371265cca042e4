//! Wilcoxon's signed-rank test, exact also with ties. Shown, never the verdict.

use crate::ranks::mean_ranks;
use crate::sample::are_finite;

/// The rank sums of the positive and the negative differences.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wilcoxon {
    /// Sum of the ranks of positive differences.
    pub w_plus: f64,
    /// Sum of the ranks of negative differences.
    pub w_minus: f64,
    /// Pairs that remain when those without a difference are left out.
    pub n: usize,
    /// Two-sided p: the share of all 2ⁿ signs with min(W₊*, W₋*) ≤ min(W₊, W₋); 1 if no pair differs.
    pub p: f64,
}

/// The signed-rank test of paired differences (Wilcoxon 1945).
///
/// Zeros are left out; equal sizes share their mean rank. The distribution of the rank sum is counted exactly, in time
/// that grows with n³: a second for a thousand pairs. `None` without pairs, or for numbers that are not finite.
pub fn wilcoxon(differences: &[f64]) -> Option<Wilcoxon> {
    if !are_finite(differences) {
        return None;
    }
    let differing: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    let ranks = mean_ranks(&differing.iter().map(|d| d.abs()).collect::<Vec<_>>());
    let total: f64 = ranks.iter().sum();
    let w_plus: f64 = ranks.iter().zip(&differing).filter(|(_, d)| **d > 0.0).map(|(rank, _)| rank).sum();
    let smaller = w_plus.min(total - w_plus);
    // Both tails overlap only where the two sums are equal, and then every sign is at least as even.
    let p = if 2.0 * smaller >= total { 1.0 } else { (2.0 * share_up_to(&ranks, smaller)).min(1.0) };
    Some(Wilcoxon { w_plus, w_minus: total - w_plus, n: differing.len(), p })
}

/// The share of all choices of ranks whose sum is at most `most`. Ranks are whole or half numbers.
fn share_up_to(ranks: &[f64], most: f64) -> f64 {
    let places = (2.0 * most) as usize + 1;
    let mut share = vec![0.0; places];
    share[0] = 1.0;
    for rank in ranks.iter().map(|rank| (2.0 * rank) as usize) {
        for sum in (0..places).rev() {
            let with = if sum >= rank { share[sum - rank] } else { 0.0 };
            share[sum] = 0.5 * (share[sum] + with);
        }
    }
    share.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_order_nor_sign_matters() {
        let d = [1.0, 1.0, 2.0, -1.0, 2.0, 3.0, -2.0];
        let mut turned = d.map(|v| -v);
        turned.reverse();
        let (one, other) = (wilcoxon(&d).expect("pairs"), wilcoxon(&turned).expect("pairs"));
        assert_eq!((one.p, one.w_plus, one.w_minus), (other.p, other.w_minus, other.w_plus));
    }

    /// 2 / 2ⁿ: only all signs alike are as uneven.
    #[test]
    fn the_least_p_halves_with_each_pair() {
        for n in [1, 5, 20, 200] {
            let d: Vec<f64> = (1..=n).map(f64::from).collect();
            assert_eq!(wilcoxon(&d).expect("pairs").p, 2.0 * 0.5f64.powi(n));
        }
    }

    #[test]
    fn pairs_without_difference_leave_nothing_to_test() {
        let none = wilcoxon(&[0.0, -0.0]).expect("pairs");
        assert_eq!((none.n, none.p), (0, 1.0));
        assert_eq!((wilcoxon(&[]), wilcoxon(&[f64::NAN, 1.0])), (None, None));
    }
}
