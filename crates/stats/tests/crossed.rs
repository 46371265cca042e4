//! What must hold of the crossed comparison for any runs: order, sign, ends, and where it is Welch's test.

use toile_rng::{Seed, Stream};
use toile_stats::{Basis, Crossed, CrossedFault, RunScores, welch};

/// Right or wrong of each run and image: images have a hardness, recipes add their own, runs add noise.
fn bits(stream: &mut Stream, runs: usize, images: usize, right: f64) -> Vec<Vec<bool>> {
    let hard: Vec<f64> = (0..images).map(|_| stream.uniform_f64()).collect();
    let own: Vec<f64> = (0..images).map(|_| 0.3 * (stream.uniform_f64() - 0.5)).collect();
    let is_right =
        |i: usize, stream: &mut Stream| hard[i] + own[i] + 0.2 * (stream.uniform_f64() - 0.5) < right;
    (0..runs).map(|_| (0..images).map(|i| is_right(i, stream)).collect()).collect()
}

fn scores(runs: &[Vec<bool>]) -> RunScores {
    RunScores::of_correct(runs.iter().map(|run| run.iter().copied())).expect("a table")
}

fn tables() -> impl Iterator<Item = (Vec<Vec<bool>>, Vec<Vec<bool>>)> {
    (0..40).map(|case| {
        let mut stream = Seed::new(case).stream("tables", 0);
        let seeds = |stream: &mut Stream| 2 + stream.below(5) as usize;
        let (a, b) = (seeds(&mut stream), seeds(&mut stream));
        (bits(&mut stream, a, 120, 0.8), bits(&mut stream, b, 120, 0.7 + 0.01 * case as f64 / 4.0))
    })
}

fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * b.abs().max(1e-3)
}

#[test]
fn exchanging_the_recipes_changes_the_sign_only() {
    for (a, b) in tables() {
        let one = Crossed::new(&scores(&a), &scores(&b)).expect("two recipes");
        let other = Crossed::new(&scores(&b), &scores(&a)).expect("two recipes");
        assert_eq!((one.difference, one.seed_part), (-other.difference, other.seed_part));
        assert!(close(one.image_part, other.image_part, 1e-12) && close(one.p(), other.p(), 1e-10));
        let (p, q) = (one.p_equivalent(0.05), other.p_equivalent(0.05));
        assert!(close(p.expect("a margin"), q.expect("a margin"), 1e-10));
    }
}

#[test]
fn the_order_of_runs_and_of_images_does_not_matter() {
    for (a, b) in tables() {
        let turned = |runs: &[Vec<bool>]| -> Vec<Vec<bool>> {
            runs.iter().rev().map(|run| run.iter().rev().copied().collect()).collect()
        };
        let one = Crossed::new(&scores(&a), &scores(&b)).expect("two recipes");
        let other = Crossed::new(&scores(&turned(&a)), &scores(&turned(&b))).expect("two recipes");
        assert_eq!(one.difference, other.difference);
        assert!(close(one.se(), other.se(), 1e-10) && close(one.p(), other.p(), 1e-9));
    }
}

#[test]
fn the_interval_holds_the_estimate_and_leaves_out_nothing_exactly_when_p_is_small() {
    for (a, b) in tables() {
        let found = Crossed::new(&scores(&a), &scores(&b)).expect("two recipes");
        for confidence in [0.5, 0.9, 0.95, 0.999] {
            let interval = found.interval(confidence).expect("a confidence");
            assert!(interval.contains(found.difference));
            assert_eq!(!interval.contains(0.0), found.p() < 1.0 - confidence, "{found:?} at {confidence}");
        }
    }
}

#[test]
fn equivalence_holds_exactly_when_the_wider_one_sided_interval_lies_within_the_margin() {
    for (a, b) in tables() {
        let found = Crossed::new(&scores(&a), &scores(&b)).expect("two recipes");
        for epsilon in [0.021, 0.051, 0.101, 0.201] {
            let inside = found.difference.abs() + found.reach(0.05) < epsilon;
            assert_eq!(found.p_equivalent(epsilon) < Some(0.05), inside, "{found:?} within {epsilon}");
        }
    }
}

#[test]
fn the_margin_makes_equivalence_easier_never_harder() {
    for (a, b) in tables() {
        let found = Crossed::new(&scores(&a), &scores(&b)).expect("two recipes");
        let p: Vec<_> = (1..50).map(|i| found.p_equivalent(0.005 * f64::from(i))).collect();
        assert!(p.windows(2).all(|pair| pair[0] >= pair[1]), "{p:?}");
    }
}

/// Runs that differ by a constant have no residual: R = 0, W = V, and no image counts more than another.
#[test]
fn without_residual_and_image_part_it_is_welchs_test() {
    let of = |levels: &[f64]| {
        RunScores::of_values(
            levels.iter().map(|level| (0..50).map(|i| level + 0.25 * f64::from(i % 4)).collect::<Vec<_>>()),
        )
    };
    let (a, b) = ([0.5, 0.625, 0.75, 0.5], [0.25, 0.5, 0.375]);
    let (table_a, table_b) = (of(&a).expect("a table"), of(&b).expect("a table"));
    let found = Crossed::new(&table_a, &table_b).expect("two recipes");
    let theirs = welch(&table_a.run_means(), &table_b.run_means(), 0.95).expect("samples");
    assert!(found.spreads.expect("per image").iter().all(|spread| spread.residual == 0.0));
    assert!(found.image_part < 1e-15, "{}", found.image_part);
    assert!(
        close(found.p(), theirs.p, 1e-10)
            && close(found.df.expect("spread"), theirs.df.expect("spread"), 1e-10)
    );
    let (ours, theirs) = (found.interval(0.95).expect("a confidence"), theirs.interval);
    assert!(close(ours.low, theirs.low, 1e-10) && close(ours.high, theirs.high, 1e-10));
}

/// With one number per run only, it is Welch's test to the letter.
#[test]
fn on_these_images_it_is_welchs_test() {
    let (a, b) = ([0.8751, 0.8763, 0.8739, 0.8770, 0.8748], [0.8663, 0.8671, 0.8644]);
    let found = Crossed::on_these_images(&a, &b).expect("runs");
    let theirs = welch(&a, &b, 0.95).expect("samples");
    assert!(
        close(found.p(), theirs.p, 1e-12) && (found.image_part, found.basis) == (0.0, Basis::TheseImages)
    );
    assert_eq!(found.df, theirs.df);
}

#[test]
fn more_seeds_lessen_the_seed_part_and_never_the_image_part() {
    let mut stream = Seed::new(5).stream("seeds", 0);
    let (a, b) = (bits(&mut stream, 60, 400, 0.8), bits(&mut stream, 60, 400, 0.8));
    let at = |seeds: usize| Crossed::new(&scores(&a[..seeds]), &scores(&b[..seeds])).expect("two recipes");
    let (few, many) = (at(4), at(60));
    assert!(few.seed_part > 8.0 * many.seed_part, "{} {}", few.seed_part, many.seed_part);
    assert!(close(few.image_part, many.image_part, 0.25), "{} {}", few.image_part, many.image_part);
    assert!(many.least_margin(0.05) > 1.6 * many.image_part.sqrt());
}

#[test]
fn recipes_that_never_vary_are_equal_or_different_and_nothing_between() {
    let copies = |bit: bool| RunScores::of_correct([[bit; 8]; 3]).expect("a table");
    let same = Crossed::new(&copies(true), &copies(true)).expect("two recipes");
    assert_eq!((same.p(), same.p_equivalent(0.1), same.se(), same.df), (1.0, Some(0.0), 0.0, None));
    let apart = Crossed::new(&copies(true), &copies(false)).expect("two recipes");
    assert_eq!((apart.p(), apart.p_equivalent(0.1), apart.difference), (0.0, Some(1.0), 1.0));
    let interval = apart.interval(0.95).expect("a confidence");
    assert_eq!((interval.low, interval.high), (1.0, 1.0));
}

#[test]
fn what_cannot_be_compared_says_why() {
    let table =
        |runs: usize, images: usize| RunScores::of_correct(vec![vec![true; images]; runs]).expect("a table");
    let fault = |a: &RunScores, b: &RunScores| Crossed::new(a, b).expect_err("not comparable");
    assert_eq!(fault(&table(1, 4), &table(3, 4)), CrossedFault::TooFewRuns { seeds: [1, 3] });
    assert_eq!(fault(&table(3, 4), &table(3, 5)), CrossedFault::OtherImages { images: [4, 5] });
    assert_eq!(Crossed::of_accuracies(&[0.5, 0.6], &[0.5, 1.5], 10), Err(CrossedFault::NotMeasured));
    assert_eq!(Crossed::of_accuracies(&[0.5, 0.6], &[0.5, 0.6], 0), Err(CrossedFault::NotMeasured));
    assert_eq!(Crossed::on_these_images(&[0.5, f64::NAN], &[0.5, 0.6]), Err(CrossedFault::NotMeasured));
    assert_eq!(Crossed::on_these_images(&[0.5], &[]), Err(CrossedFault::TooFewRuns { seeds: [1, 0] }));
    assert_eq!(Crossed::of_splits(&[0.1, 0.2], 6000, 0), Err(CrossedFault::NotMeasured));
    let text = fault(&table(1, 4), &table(3, 4)).to_string();
    assert_eq!(text, "there are 1 and 3 runs; at least 2 of each were expected, train more seeds");
}

#[test]
fn what_is_no_margin_and_no_confidence_has_no_answer() {
    let found = Crossed::on_these_images(&[0.5, 0.6], &[0.5, 0.7]).expect("runs");
    for wrong in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert_eq!((found.p_equivalent(wrong), found.interval(wrong)), (None, None), "{wrong}");
    }
    assert_eq!((found.reach(0.0), found.reach(0.5)), (f64::INFINITY, 0.0));
}

/// A difference so large that its p is smaller than any number, and one so small that it is nearly 1.
#[test]
fn extreme_differences_keep_their_p_within_nothing_and_one() {
    let of = |difference: f64, image_part: f64| Crossed {
        difference,
        seeds: [5, 5],
        images: Some(10_000),
        seed_part: 1e-12,
        seed_parts: [5e-13; 2],
        image_part,
        df: Some(8.0),
        spreads: None,
        basis: Basis::Images,
    };
    for image_part in [0.0, 1e-30, 1e-12, 1e-3] {
        let p: Vec<f64> = [1e-12, 1e-9, 1e-6, 1e-3, 1.0, 1e6].map(|d| of(d, image_part).p()).to_vec();
        assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{p:?}");
        assert!(p.windows(2).all(|pair| pair[0] >= pair[1]), "{p:?}");
    }
}
