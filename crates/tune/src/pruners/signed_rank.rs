//! Wilcoxon's signed-rank test, one-sided, as SciPy's `wilcoxon(d, alternative="greater", zero_method="zsplit")`.

use crate::tail;

/// The probability of a rank sum as large as that of the positive differences, or larger, if all signs were tossed.
///
/// A difference of zero has a rank too, half of which counts as positive. Exact for up to 13 differences, and up to 50
/// if no two are equal in size and none is zero; by the normal distribution otherwise. 1 without any difference.
pub(super) fn p_greater(differences: &[f64]) -> f64 {
    let n = differences.len();
    let ranks = SignedRanks::of(differences);
    let plain = ranks.ties == 0 && ranks.zeros == 0;
    if n <= 13 || n <= 50 && plain { ranks.exact() } else { ranks.normal(n as f64) }
}

/// Ranks of the sizes, doubled, so that the mean rank of equal ones is whole.
struct SignedRanks {
    /// Of the differences that are not zero.
    signed: Vec<usize>,
    /// The sum of those that are positive.
    positive: usize,
    /// The sum of those of the zeros.
    zeros: usize,
    /// Σ (t³ − t) over the groups of t equal sizes.
    ties: usize,
}

impl SignedRanks {
    fn of(differences: &[f64]) -> SignedRanks {
        let mut sorted = differences.to_vec();
        sorted.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut ranks = SignedRanks { signed: Vec::new(), positive: 0, zeros: 0, ties: 0 };
        let mut before = 0;
        for group in sorted.chunk_by(|a, b| a.abs() == b.abs()) {
            let (t, doubled) = (group.len(), 2 * before + group.len() + 1);
            ranks.ties += t * t * t - t;
            if group[0] == 0.0 {
                ranks.zeros = t * doubled;
            } else {
                ranks.signed.extend(group.iter().map(|_| doubled));
                ranks.positive += doubled * group.iter().filter(|&&d| d > 0.0).count();
            }
            before += t;
        }
        ranks
    }

    /// Counts the assignments of signs by their sum. All counts stay below 2⁵⁰.
    fn exact(&self) -> f64 {
        let mut counts = vec![0u64; self.signed.iter().sum::<usize>() + 1];
        counts[0] = 1;
        let mut largest = 0;
        for &rank in &self.signed {
            for sum in (0..=largest).rev() {
                counts[sum + rank] += counts[sum];
            }
            largest += rank;
        }
        let as_large: u64 = counts[self.positive..].iter().sum();
        as_large as f64 / (1u64 << self.signed.len()) as f64
    }

    fn normal(&self, n: f64) -> f64 {
        let sum = self.positive as f64 / 2.0 + self.zeros as f64 / 4.0;
        let mean = n * (n + 1.0) / 4.0;
        let variance = (n * (n + 1.0) * (2.0 * n + 1.0) - self.ties as f64 / 2.0) / 24.0;
        tail::upper((sum - mean) / variance.sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::p_greater;

    /// Differences whose sizes run through the residues of 101; every so many are zero.
    fn differences(n: i64, step: i64, zero_every: i64) -> Vec<f64> {
        let sign = |i: i64| if (i * i + i / 3) % 5 < 3 { 1.0 } else { -1.0 };
        let one =
            |i: i64| if i % zero_every == 0 { 0.0 } else { sign(i) * (((i * step) % 101) as f64 + 0.5) };
        (1..=n).map(one).collect()
    }

    /// `scipy.stats.wilcoxon(d, alternative="greater", zero_method="zsplit").pvalue` of SciPy 1.17.1.
    #[test]
    fn p_values_are_scipy_s() {
        let check = |differences: &[f64], scipy: f64| {
            let p = p_greater(differences);
            assert!((p - scipy).abs() <= 1e-14, "{p} for {scipy}");
        };
        check(&[1.0, 2.0, 3.0], 0.125);
        check(&[1.0, 1.0, -1.0, 2.0, 0.0, 0.0], 0.25);
        check(&[0.0; 3], 1.0);
        check(&[0.0; 20], 0.5);
        check(&differences(13, 37, 99), 0.4730224609375);
        check(&differences(13, 20, 4), 0.68359375);
        check(&differences(30, 37, 99), 0.2645525922998786);
        check(&differences(50, 37, 99), 0.09384195208670754);
        check(&differences(51, 37, 99), 0.1283575356183041);
        check(&differences(30, 20, 5), 0.2821564695829359);
        check(&differences(60, 37, 7), 0.20896812759263556);
        check(&differences(200, 29, 999), 0.14201294466606484);
        check(&differences(14, 90, 3), 0.4874490176771713);
    }
}
