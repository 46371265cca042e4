//! How many runs a plan needs, before any was made.

use crate::distribution::normal_quantile;
use crate::interval::is_level;

/// Runs that a test needs to see P(A > B) = γ.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlannedRuns {
    /// Runs *of each recipe* for a one-sided rank-sum test of independent runs, as computed.
    pub rank_sum: f64,
    /// The same, rounded up.
    pub rank_sum_runs: u64,
    /// Pairs of runs for a sign test of paired seeds, as computed.
    pub sign: f64,
    /// The same, rounded up.
    pub sign_runs: u64,
}

/// Noether's numbers of runs (1987, equal groups) to find P(A > B) = `gamma` at level `alpha`, missing it with
/// probability `beta`: ((z_{1−α} + z_{1−β}) / (√6 (γ − ½)))², and for signs (z_{1−α} + z_{1−β})² / (4 (γ − ½)²).
///
/// 29 and 44 runs for γ = .75, α = β = .05. `None` for γ = ½, which no number of runs finds, or if one of the three is
/// not a probability strictly between 0 and 1 (γ may be 0 or 1).
pub fn noether(gamma: f64, alpha: f64, beta: f64) -> Option<PlannedRuns> {
    if !(is_level(alpha) && is_level(beta) && (0.0..=1.0).contains(&gamma) && gamma != 0.5) {
        return None;
    }
    let z = -normal_quantile(alpha) - normal_quantile(beta);
    let distance = gamma - 0.5;
    let rank_sum = (z / (6f64.sqrt() * distance)).powi(2);
    let sign = z * z / (4.0 * distance * distance);
    let up = |runs: f64| runs.ceil() as u64;
    Some(PlannedRuns { rank_sum, rank_sum_runs: up(rank_sum), sign, sign_runs: up(sign) })
}

/// The image part G that a comparison on `images` images will have, from the shares of images on which runs disagree:
/// two runs of different recipes, two runs of A, two runs of B.
///
/// (between − (within A + within B) / 2) / n, at least 0. Then z_{1−α} √G is the least margin of equivalence that can
/// be promised: .23 points of accuracy for 7 % and twice 5 % on 10,000 images, .30 on 6,000. `None` without images, or
/// for shares outside 0 to 1.
pub fn image_part_of_disagreement(between: f64, within: [f64; 2], images: usize) -> Option<f64> {
    let are_shares = [between, within[0], within[1]].iter().all(|share| (0.0..=1.0).contains(share));
    let excess = (between - 0.5 * (within[0] + within[1])).max(0.0);
    (images > 0 && are_shares).then(|| excess / images as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_images_settle_a_quarter_of_a_point_and_six_thousand_a_third() {
        let margin = |images| {
            let part = image_part_of_disagreement(0.07, [0.05, 0.05], images).expect("images");
            -normal_quantile(0.05) * part.sqrt()
        };
        assert!((margin(10_000) - 0.0023).abs() < 5e-5 && (margin(6_000) - 0.0030).abs() < 5e-5);
        assert_eq!(image_part_of_disagreement(0.04, [0.05, 0.05], 10), Some(0.0), "by luck");
        assert_eq!(image_part_of_disagreement(0.1, [0.0, 0.0], 0), None);
        assert_eq!(image_part_of_disagreement(f64::NAN, [0.0, 0.0], 1), None);
    }

    #[test]
    fn the_published_plan_takes_twenty_nine_runs_of_each() {
        let plan = noether(0.75, 0.05, 0.05).expect("a plan");
        assert_eq!((plan.rank_sum_runs, plan.sign_runs), (29, 44));
        assert_eq!(noether(0.25, 0.05, 0.05), Some(plan), "B above A is as far from even");
    }

    #[test]
    fn what_no_number_of_runs_finds_has_no_plan() {
        assert_eq!((noether(0.5, 0.05, 0.05), noether(1.5, 0.05, 0.05)), (None, None));
        assert_eq!((noether(0.75, 0.0, 0.05), noether(f64::NAN, 0.05, 0.05)), (None, None));
    }
}
