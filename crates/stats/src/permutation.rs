//! Permutation tests of means: all rearrangements, or so many that were drawn. Shown, never the verdict.

use crate::mean;
use crate::sample::are_finite;

/// Most rearrangements that the exact tests go through.
pub const MOST_ARRANGEMENTS: u64 = 1 << 24;

/// The two-sided result of a permutation test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Permutation {
    /// The statistic of the numbers as they are: the mean difference.
    pub difference: f64,
    /// The share of rearrangements whose mean difference is at least as large in size.
    pub p: f64,
    /// How many rearrangements were compared: all of them, or the drawn ones.
    pub arrangements: u64,
}

/// The exact test of a mean paired difference: all 2ⁿ changes of sign.
///
/// A mean that is equal but for rounding counts as at least as large. With n pairs p cannot be below 2^(1 − n).
/// `None` without pairs, for numbers that are not finite, or for more than 24 pairs: see
/// [`paired_permutation_by_draws`].
pub fn paired_permutation(differences: &[f64]) -> Option<Permutation> {
    let n = differences.len();
    let limit = limit(differences)?;
    let arrangements = 1u64.checked_shl(n as u32).filter(|all| *all <= MOST_ARRANGEMENTS)?;
    // Both ways round have the same size, so that the last sign can stay.
    let half = arrangements / 2;
    let signed = |signs: u64| sum(differences, |i| signs >> i & 1 == 1);
    let hits = (0..half).filter(|signs| signed(*signs).abs() >= limit).count();
    Some(Permutation { difference: mean(differences)?, p: hits as f64 / half as f64, arrangements })
}

/// The same test from `draws` random changes of sign: p = (1 + hits) / (1 + draws), so that it is never 0.
///
/// `bits` gives 64 independent fair bits at each call, such as `|| stream.next_u64()`; one call for every 64 pairs.
/// `None` without pairs or draws, or for numbers that are not finite.
pub fn paired_permutation_by_draws(
    differences: &[f64],
    draws: u64,
    mut bits: impl FnMut() -> u64,
) -> Option<Permutation> {
    let limit = limit(differences).filter(|_| draws > 0)?;
    let mut hits = 0;
    for _ in 0..draws {
        let total: f64 = differences.chunks(64).map(|part| signed_sum(part, bits())).sum();
        hits += u64::from(total.abs() >= limit);
    }
    let p = (1 + hits) as f64 / (1 + draws) as f64;
    Some(Permutation { difference: mean(differences)?, p, arrangements: draws })
}

/// The exact test of mean(a) − mean(b) of two independent samples: all ways to choose which numbers are A's.
///
/// `None` for an empty sample, numbers that are not finite, or more than 2²⁴ ways: see [`permutation_by_draws`].
pub fn permutation(a: &[f64], b: &[f64]) -> Option<Permutation> {
    let (all, observed, limit) = pooled(a, b)?;
    let arrangements = choose(all.len() as u64, a.len() as u64).filter(|ways| *ways <= MOST_ARRANGEMENTS)?;
    let mut chosen: Vec<usize> = (0..a.len()).collect();
    let mut hits = 0u64;
    loop {
        let total: f64 = chosen.iter().map(|i| all[*i]).sum();
        hits += u64::from(total.abs() >= limit);
        if !next_choice(&mut chosen, all.len()) {
            break;
        }
    }
    Some(Permutation { difference: observed, p: hits as f64 / arrangements as f64, arrangements })
}

/// The same test from `draws` random choices: p = (1 + hits) / (1 + draws).
///
/// `below(n)` gives an unbiased random number of 0..n, such as `|n| stream.below(n)`. `None` for an empty sample, no
/// draws, or numbers that are not finite.
pub fn permutation_by_draws(
    a: &[f64],
    b: &[f64],
    draws: u64,
    mut below: impl FnMut(u32) -> u32,
) -> Option<Permutation> {
    let (mut all, observed, limit) = pooled(a, b).filter(|_| draws > 0)?;
    let mut hits = 0;
    for _ in 0..draws {
        for i in 0..a.len() {
            let j = i + below((all.len() - i) as u32) as usize;
            all.swap(i, j);
        }
        hits += u64::from(all[..a.len()].iter().sum::<f64>().abs() >= limit);
    }
    let p = (1 + hits) as f64 / (1 + draws) as f64;
    Some(Permutation { difference: observed, p, arrangements: draws })
}

/// The size of the sum from which on a rearrangement counts; `None` without numbers.
fn limit(x: &[f64]) -> Option<f64> {
    are_finite(x).then(|| x.iter().sum::<f64>().abs() - tolerance(x))
}

/// What the sum of the numbers may be off by rounding, taken generously.
fn tolerance(x: &[f64]) -> f64 {
    1e-12 * x.iter().map(|v| v.abs()).sum::<f64>()
}

/// All numbers less their common mean, the difference of the means, and the size from which on A's sum counts.
///
/// The difference of means is A's centred sum times 1/n_A + 1/n_B, so that the sum is enough.
fn pooled(a: &[f64], b: &[f64]) -> Option<(Vec<f64>, f64, f64)> {
    let observed = mean(a)? - mean(b)?;
    let all: Vec<f64> = a.iter().chain(b).copied().collect();
    let centre = mean(&all).filter(|_| are_finite(&all))?;
    let centred: Vec<f64> = all.iter().map(|v| v - centre).collect();
    let limit = centred[..a.len()].iter().sum::<f64>().abs() - tolerance(&all);
    Some((centred, observed, limit))
}

fn sum(x: &[f64], is_negative: impl Fn(usize) -> bool) -> f64 {
    x.iter().enumerate().map(|(i, v)| if is_negative(i) { -v } else { *v }).sum()
}

fn signed_sum(x: &[f64], signs: u64) -> f64 {
    sum(x, |i| signs >> i & 1 == 1)
}

/// C(n, k), unless it is too large to be counted.
fn choose(n: u64, k: u64) -> Option<u64> {
    (1..=k.min(n - k)).try_fold(1u64, |ways, i| Some(ways.checked_mul(n - i + 1)? / i))
}

/// The next choice of indices below `n` in lexicographic order; false after the last.
fn next_choice(chosen: &mut [usize], n: usize) -> bool {
    let k = chosen.len();
    let Some(place) = (0..k).rev().find(|i| chosen[*i] < n - k + i) else { return false };
    chosen[place] += 1;
    for i in place + 1..k {
        chosen[i] = chosen[i - 1] + 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator of its own, so that the test needs no other crate (Steele, Lea and Flood's SplitMix64).
    fn words() -> impl FnMut() -> u64 {
        let mut state = 7u64;
        move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            z ^ (z >> 31)
        }
    }

    const D: [f64; 8] = [0.004, -0.002, 0.003, -0.001, 0.005, 0.0, 0.002, 0.001];

    #[test]
    fn draws_come_near_the_exact_p() {
        let exact = paired_permutation(&D).expect("eight pairs");
        let drawn = paired_permutation_by_draws(&D, 40_000, words()).expect("draws");
        assert!((exact.p - drawn.p).abs() < 4.0 * (exact.p / 40_000.0).sqrt(), "{} {}", exact.p, drawn.p);
        let (a, b) = ([0.71, 0.74, 0.72, 0.75], [0.715, 0.70, 0.705, 0.69]);
        let exact = permutation(&a, &b).expect("samples");
        let mut words = words();
        let below = |n: u32| (words() % u64::from(n)) as u32;
        let drawn = permutation_by_draws(&a, &b, 40_000, below).expect("draws");
        assert_eq!((exact.arrangements, drawn.arrangements), (70, 40_000));
        assert!((exact.p - drawn.p).abs() < 4.0 * (exact.p / 40_000.0).sqrt(), "{} {}", exact.p, drawn.p);
    }

    #[test]
    fn neither_order_nor_sign_matters() {
        let p = |d: &[f64]| paired_permutation(d).expect("pairs").p;
        let (turned, mirrored) = (
            {
                let mut d = D;
                d.reverse();
                d
            },
            D.map(|d| -d),
        );
        assert_eq!((p(&turned), p(&mirrored)), (p(&D), p(&D)));
        let (a, b) = (&D[..3], &D[3..]);
        assert_eq!(permutation(a, b).expect("samples").p, permutation(b, a).expect("samples").p);
    }

    #[test]
    fn more_pairs_than_can_be_gone_through_are_drawn() {
        assert_eq!(paired_permutation(&[0.1; 25]), None);
        let many = paired_permutation_by_draws(&[0.1; 100], 99, words()).expect("draws");
        assert_eq!(many.p, 0.01, "the least that 99 draws can give");
        assert_eq!(permutation(&[0.1; 40], &[0.2; 40]), None);
    }

    #[test]
    fn no_numbers_are_no_test() {
        assert_eq!((paired_permutation(&[]), permutation(&[], &[1.0])), (None, None));
        assert_eq!((paired_permutation(&[f64::NAN]), permutation(&[1.0], &[f64::INFINITY])), (None, None));
        assert_eq!(paired_permutation_by_draws(&D, 0, words()), None);
        assert_eq!(permutation(&[1.0], &[1.0]).map(|found| found.p), Some(1.0));
    }
}
