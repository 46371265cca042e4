//! Holm's correction for many comparisons, also with weights, and the weights of one report.

/// Holm's adjusted p values, in the order given (Holm 1979).
///
/// A comparison stands at level α exactly when its adjusted p is at most α; then the chance of any false one is at most
/// α, however they depend on each other. Never smaller than the p values themselves, and in the same order. A p that
/// is not a number stays one, and counts as 1 for the others.
pub fn holm(p: &[f64]) -> Vec<f64> {
    weighted_holm(p, &vec![1.0; p.len()]).unwrap_or_default()
}

/// Holm's procedure with weights: ordered by p / w, each p times the weights not yet passed over its own, at most 1,
/// and never below the one before. With equal weights it is [`holm`].
///
/// `None` for lists of different length, or a weight that is not above 0 and finite.
pub fn weighted_holm(p: &[f64], weights: &[f64]) -> Option<Vec<f64>> {
    if p.len() != weights.len() || !weights.iter().all(|w| *w > 0.0 && w.is_finite()) {
        return None;
    }
    let of = |i: usize| if p[i].is_nan() { 1.0 } else { p[i] };
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|a, b| (of(*a) / weights[*a]).total_cmp(&(of(*b) / weights[*b])));
    // The weights from each place to the end, summed from there: a ranking of 300 recipes has 44,850 places.
    let mut left: Vec<f64> = order.iter().map(|i| weights[*i]).collect();
    for place in (1..left.len()).rev() {
        left[place - 1] += left[place];
    }
    let (mut adjusted, mut largest) = (vec![f64::NAN; p.len()], 0.0f64);
    for (i, left) in order.iter().zip(left) {
        largest = largest.max((of(*i) * (left / weights[*i])).min(1.0));
        if !p[*i].is_nan() {
            adjusted[*i] = largest;
        }
    }
    Some(adjusted)
}

/// The weight of each claim and of each pair of the ranking in one report, so that together they sum to 1.
///
/// α is shared equally between the two lists if both exist: ½/claims and ½/pairs. A list without comparisons leaves all
/// of it to the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FamilyWeights {
    /// The weight of one claim; 0 without claims.
    pub claim: f64,
    /// The weight of one pair of the ranking; 0 without pairs.
    pub pair: f64,
}

/// The weights of a report of so many claims and so many pairs of a ranking.
pub fn family_weights(claims: usize, pairs: usize) -> FamilyWeights {
    let share = if claims > 0 && pairs > 0 { 0.5 } else { 1.0 };
    let each = |count: usize| if count > 0 { share / count as f64 } else { 0.0 };
    FamilyWeights { claim: each(claims), pair: each(pairs) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjusted_values_keep_the_order_and_never_shrink() {
        let p = [0.01, 0.04, 0.03, 0.005, 0.5, 0.04];
        let adjusted = holm(&p);
        for i in 0..p.len() {
            assert!(p[i] <= adjusted[i] && adjusted[i] <= 1.0);
            for j in 0..p.len() {
                assert!(p[i] > p[j] || adjusted[i] <= adjusted[j], "{i} {j}");
            }
        }
        let mut turned = p;
        turned.reverse();
        let mut back = holm(&turned);
        back.reverse();
        assert_eq!(back, adjusted, "the order of the list does not matter");
    }

    #[test]
    fn one_more_comparison_never_helps_the_others() {
        let p = [0.01, 0.04, 0.03];
        let more = holm(&[0.01, 0.04, 0.03, 0.02]);
        assert!(holm(&p).iter().zip(&more).all(|(few, many)| few <= many));
    }

    #[test]
    fn a_p_that_is_not_a_number_weighs_on_the_others_and_stays_one() {
        let adjusted = holm(&[0.01, f64::NAN]);
        assert_eq!(adjusted[0], 0.02);
        assert!(adjusted[1].is_nan());
    }

    #[test]
    fn weights_that_are_none_are_refused() {
        assert_eq!((weighted_holm(&[0.1], &[0.0]), weighted_holm(&[0.1], &[1.0, 1.0])), (None, None));
        assert_eq!((weighted_holm(&[0.1], &[f64::NAN]), weighted_holm(&[], &[])), (None, Some(vec![])));
    }

    #[test]
    fn claims_and_ranking_share_alpha_where_both_exist() {
        let both = family_weights(4, 10);
        assert!((4.0 * both.claim - 0.5).abs() < 1e-15 && (10.0 * both.pair - 0.5).abs() < 1e-15);
        assert_eq!(family_weights(0, 10), FamilyWeights { claim: 0.0, pair: 0.1 });
        assert_eq!(family_weights(2, 0), FamilyWeights { claim: 0.5, pair: 0.0 });
    }
}
