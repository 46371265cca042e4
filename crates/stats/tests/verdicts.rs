//! Which word a family of comparisons gets, and why.

use toile_stats::*;

/// Two recipes with this difference and these parts of its variance, five seeds each on 10,000 images.
fn pair(difference: f64, seed_part: f64, image_part: f64) -> Pairing {
    let crossed = Crossed {
        difference,
        seeds: [5, 5],
        images: Some(10_000),
        seed_part,
        seed_parts: [0.5 * seed_part; 2],
        image_part,
        df: Some(8.0),
        spreads: None,
        basis: Basis::Images,
    };
    Pairing::new(crossed)
}

/// Trained networks of this kind: the sd of runs .16 points, 7 % disagreement.
fn usual(difference: f64) -> Pairing {
    pair(difference, 1e-6, 2e-6)
}

fn with_rules(pair: Pairing, alpha: f64, epsilon: Option<f64>) -> Pairing {
    Pairing { rules: Rules { alpha, epsilon, ..pair.rules }, ..pair }
}

/// A pair of recipes that were not compared.
fn without(seeds: [usize; 2], failed: [usize; 2]) -> Pairing {
    Pairing { seeds, failed, crossed: None, rules: Rules::default() }
}

fn words(pairs: &[Pairing]) -> Vec<Verdict> {
    verdicts(pairs).into_iter().map(|judged| judged.verdict).collect()
}

#[test]
fn a_point_is_better_nothing_is_equivalent_and_between_is_undecided() {
    assert_eq!(words(&[usual(0.01)]), [Verdict::Better { ahead: Side::A }]);
    assert_eq!(words(&[usual(-0.01)]), [Verdict::Better { ahead: Side::B }]);
    assert_eq!(words(&[usual(0.0)]), [Verdict::Equivalent { within: 0.005, ahead: None }]);
    let [Verdict::Undecided { reason: UndecidedReason::Chance { outlook } }] = words(&[usual(0.0028)])[..]
    else {
        panic!("decided");
    };
    assert_eq!(outlook.at_most, 20);
}

/// Ahead for certain, but by less than the margin: equivalent, not better.
#[test]
fn equivalent_comes_before_better() {
    let sharp = pair(0.001, 1e-9, 1e-9);
    assert_eq!(words(&[sharp]), [Verdict::Equivalent { within: 0.005, ahead: Some(Side::A) }]);
    let judged = verdicts(&[with_rules(sharp, 0.05, None)])[0];
    assert_eq!(judged.verdict, Verdict::Better { ahead: Side::A }, "without a margin nothing is equivalent");
    assert_eq!((judged.p_equivalent, judged.p_equivalent_adjusted), (None, None));
}

#[test]
fn fewer_than_three_seeds_decide_nothing_however_far_apart() {
    for seeds in [[1, 1], [2, 2], [2, 20], [3, 1]] {
        let few = Pairing { seeds, ..pair(0.3, 1e-9, 1e-9) };
        let reason = UndecidedReason::TooFewSeeds { seeds };
        assert_eq!(words(&[few]), [Verdict::Undecided { reason }]);
    }
    let single = without([1, 1], [0, 0]);
    let judged = verdicts(&[single])[0];
    assert_eq!((judged.p, judged.p_adjusted, judged.interval), (None, None, None));
}

#[test]
fn a_run_that_failed_is_a_run() {
    let failed = Pairing { seeds: [4, 5], failed: [1, 0], ..pair(0.3, 1e-9, 1e-9) };
    let reason = UndecidedReason::FailedRuns { failed: [1, 0], of: [5, 5] };
    assert_eq!(words(&[failed]), [Verdict::Undecided { reason }]);
    assert_eq!(verdicts(&[failed])[0].p, Some(1.0), "it counts in the family");
    let unknown = without([5, 5], [0, 0]);
    assert_eq!(words(&[unknown]), [Verdict::Undecided { reason: UndecidedReason::NotMeasured }]);
}

#[test]
fn the_family_makes_a_verdict_harder_and_what_cannot_be_decided_does_not_count() {
    // Alone p is .011; among eight it is .09.
    let close = usual(0.0052);
    assert_eq!(words(&[close]), [Verdict::Better { ahead: Side::A }]);
    let mut many = vec![close];
    many.extend([usual(0.003); 7]);
    assert!(matches!(words(&many)[0], Verdict::Undecided { .. }));
    let mut single = vec![close];
    single.extend([without([1, 1], [0, 0]); 7]);
    assert_eq!(words(&single)[0], Verdict::Better { ahead: Side::A });
    let mut failed = vec![close];
    failed.extend([without([4, 5], [1, 0]); 7]);
    assert!(matches!(words(&failed)[0], Verdict::Undecided { .. }));
}

/// Adjusted by hand: Holm of (p, 1) for two comparisons of a list, half of α for each list.
#[test]
fn claims_and_ranking_share_alpha_and_a_shared_comparison_takes_its_smaller_p() {
    let (close, even) = (usual(0.0052), usual(0.0));
    let alone = verdicts(&[close])[0].p.expect("tested");
    let report = report_verdicts(&[close], &[close, even], &[]);
    let adjusted = |judged: &Judged| judged.p_adjusted.expect("a member");
    let (claim, ranked) = (adjusted(&report.claims[0]), adjusted(&report.ranking[0]));
    assert!((claim - 2.0 * alone).abs() < 1e-12, "weight ½ of 1: {claim} {alone}");
    assert!((ranked - alone * 0.5 / 0.25).abs() < 1e-12, "weights ¼ and ¼ are left: {ranked}");
    let only = report_verdicts(&[close], &[], &[]);
    assert_eq!(only.claims[0].p_adjusted, Some(alone), "without a ranking the claims have all of it");
    let report = report_verdicts(&[close], &[close, even, even, even], &[(0, 0), (9, 9)]);
    assert_eq!(report.claims[0].p_adjusted, report.ranking[0].p_adjusted);
    assert_eq!((report.claims.len(), report.ranking.len()), (1, 4));
}

#[test]
fn levels_of_a_race_are_each_their_own() {
    let close = usual(0.0052);
    let judged = verdicts(&[close, with_rules(close, 0.0005, Some(0.005))]);
    assert_eq!(judged[0].verdict, Verdict::Better { ahead: Side::A });
    assert!(matches!(judged[1].verdict, Verdict::Undecided { .. }));
    assert!(judged[0].interval.expect("measured").low > judged[1].interval.expect("measured").low);
}

/// A claim about losses without a margin weighs on the *better* of the others, not on their *equivalent*.
#[test]
fn margins_are_each_comparisons_own() {
    let (even, loss) = (usual(0.0), with_rules(usual(0.02), 0.05, None));
    let judged = verdicts(&[even, loss, with_rules(even, 0.05, Some(0.001))]);
    assert_eq!(judged[0].verdict, Verdict::Equivalent { within: 0.005, ahead: None });
    assert_eq!((judged[1].verdict, judged[1].p_equivalent), (Verdict::Better { ahead: Side::A }, None));
    assert!(matches!(judged[2].verdict, Verdict::Undecided { .. }), "too small a margin");
    let alone = judged[0].p_equivalent.expect("a margin");
    assert!((judged[0].p_equivalent_adjusted.expect("a margin") - 2.0 * alone).abs() < 1e-12, "two have one");
}

#[test]
fn weights_and_lists_that_do_not_fit_are_refused() {
    let close = usual(0.0052);
    assert_eq!((weighted_verdicts(&[close], &[0.0]), weighted_verdicts(&[close], &[1.0, 1.0])), (None, None));
    assert_eq!((verdicts(&[]), report_verdicts(&[], &[], &[]).claims), (vec![], vec![]));
}

#[test]
fn numbers_that_are_none_decide_nothing() {
    for broken in [pair(f64::NAN, 1e-6, 2e-6), pair(0.01, f64::NAN, 2e-6), pair(0.01, 1e-6, f64::NAN)] {
        assert!(matches!(words(&[broken])[..], [Verdict::Undecided { .. }]), "{broken:?}");
    }
}

/// Two looks at .015 and .035. With p = .004, .02 and .03 of equal weights, the first stopped at the first look and the
/// others at the second: 3 × .004 ≤ .015 is rejected; of the two that are left 2 × .02 = .04 > .035 is not.
#[test]
fn comparisons_that_stopped_at_different_looks_are_corrected_look_by_look() {
    let at = |pair: Pairing, look: usize, alpha: f64| {
        let rules = Rules { alpha, epsilon: None, look, ..pair.rules };
        Pairing { rules, ..pair }
    };
    let p = |pair: Pairing| pair.crossed.expect("compared").p();
    let close = |wanted: f64| {
        let (mut low, mut high) = (0.0, 0.05);
        for _ in 0..80 {
            let middle = 0.5 * (low + high);
            if p(usual(middle)) > wanted { low = middle } else { high = middle }
        }
        usual(low)
    };
    let pairs = [at(close(0.004), 0, 0.015), at(close(0.02), 1, 0.035), at(close(0.03), 1, 0.035)];
    let adjusted: Vec<f64> =
        verdicts(&pairs).iter().map(|judged| judged.p_adjusted.expect("tested")).collect();
    let expected = [0.012, 0.04, 0.04];
    assert!(adjusted.iter().zip(expected).all(|(p, q)| (p - q).abs() < 1e-9), "{adjusted:?}");
    // Were the first not rejected, it would weigh on the others: 3 × .02.
    let pairs = [at(close(0.006), 0, 0.015), pairs[1], pairs[2]];
    let adjusted: Vec<f64> =
        verdicts(&pairs).iter().map(|judged| judged.p_adjusted.expect("tested")).collect();
    assert!(adjusted.iter().zip([0.018, 0.06, 0.06]).all(|(p, q)| (p - q).abs() < 1e-9), "{adjusted:?}");
}
