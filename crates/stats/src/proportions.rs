//! Two accuracies without their images: what a published table allows to be said.

use crate::distribution::{normal_two_sided, two_sided_quantile};
use crate::{Interval, wilson};

/// The difference of two independent proportions, A less B.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TwoProportions {
    /// Share of A less share of B.
    pub difference: f64,
    /// Its unpooled standard error, √(p_A(1 − p_A)/n_A + p_B(1 − p_B)/n_B).
    pub se: f64,
    /// `difference / se`; `None` if neither varies.
    pub z: Option<f64>,
    /// Two-sided p of z; `None` if neither varies.
    pub p: Option<f64>,
    /// Newcombe's hybrid of the two Wilson intervals (1998, method 10).
    pub interval: Interval,
}

/// Compares `hits_a` of `n_a` with `hits_b` of `n_b`, as if they were of different images.
///
/// If they are of the same images, z is too small, because networks err on the same ones: McNemar's test or the crossed
/// comparison is the right one, and this is for tables that keep no bits. `None` without trials, for more hits than
/// trials, or a `confidence` that is not strictly between 0 and 1.
pub fn two_proportions(a: (usize, usize), b: (usize, usize), confidence: f64) -> Option<TwoProportions> {
    let (wilson_a, wilson_b) = (wilson(a.0, a.1, confidence)?, wilson(b.0, b.1, confidence)?);
    let (p_a, p_b) = (a.0 as f64 / a.1 as f64, b.0 as f64 / b.1 as f64);
    let difference = p_a - p_b;
    let se = standard_error((p_a, a.1), (p_b, b.1));
    let z = (se > 0.0).then(|| difference / se);
    // Not `hypot`, which is the system's: its last bit depends on the version.
    let length = |x: f64, y: f64| (x * x + y * y).sqrt();
    let low = difference - length(p_a - wilson_a.low, wilson_b.high - p_b);
    let high = difference + length(wilson_a.high - p_a, p_b - wilson_b.low);
    Some(TwoProportions { difference, se, z, p: z.map(normal_two_sided), interval: Interval { low, high } })
}

/// A printed number: what stands there, and half a unit of its last digit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Printed {
    /// The number as printed.
    pub value: f64,
    /// Half a unit of its last digit: 0.0005 for .877; 0 for a number that was not rounded.
    pub half_unit: f64,
}

impl Printed {
    /// A number with so many digits after the point.
    pub fn rounded(value: f64, decimals: i32) -> Printed {
        Printed { value, half_unit: 0.5 * 10f64.powi(-decimals) }
    }
}

/// The z of two printed accuracies on `n_a` and `n_b` images, from its least to its largest within their rounding.
///
/// .877 and .867 on 10,000 images each: 1.9 to 2.3. `None` without images, for shares outside 0 to 1, or where the
/// standard error is 0.
pub fn printed_z(a: (Printed, usize), b: (Printed, usize)) -> Option<Interval> {
    let z = |side: f64| {
        let p = |x: Printed, side: f64| (x.value + side * x.half_unit).clamp(0.0, 1.0);
        let (p_a, p_b) = (p(a.0, side), p(b.0, -side));
        Some((p_a - p_b) / standard_error((p_a, a.1), (p_b, b.1))).filter(|z| z.is_finite())
    };
    let is_share = |(x, n): (Printed, usize)| n > 0 && (0.0..=1.0).contains(&x.value) && x.half_unit >= 0.0;
    if !is_share(a) || !is_share(b) {
        return None;
    }
    Some(Interval { low: z(-1.0)?, high: z(1.0)? })
}

fn standard_error(a: (f64, usize), b: (f64, usize)) -> f64 {
    let part = |(p, n): (f64, usize)| p * (1.0 - p) / n as f64;
    (part(a) + part(b)).sqrt()
}

/// The spread of seeds that would explain the difference of two single runs: √(((d / 1.96)² − se²) / 2), at least 0.
///
/// `se` is the standard error of the difference over images. If runs of one recipe vary by this standard deviation, the
/// difference lies at the edge of what chance gives at 95 %. Compare it with the spread that trained networks show (a
/// few tenths of a point of accuracy): only if it is far above that does one run each speak about the settings.
/// `None` if `d` or `se` is not finite.
pub fn explaining_seed_sd(difference: f64, se: f64) -> Option<f64> {
    let scaled = difference / two_sided_quantile(0.95);
    let sd = (0.5 * (scaled * scaled - se * se)).max(0.0).sqrt();
    (difference.is_finite() && se.is_finite()).then_some(sd)
}

/// What two numbers of a table say about an equivalence that somebody states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableEquivalence {
    /// The 95 % interval lies wholly outside ± ε.
    Contradicted,
    /// The 90 % interval lies inside ± ε.
    Shown,
    /// Neither.
    Open,
}

/// Whether a difference with standard error `se` shows or contradicts that two numbers are equal within `epsilon`.
///
/// `None` if a number is not finite, or `se` or `epsilon` is negative.
pub fn table_equivalence(difference: f64, se: f64, epsilon: f64) -> Option<TableEquivalence> {
    if !(difference.is_finite() && se.is_finite() && epsilon.is_finite() && se >= 0.0 && epsilon >= 0.0) {
        return None;
    }
    let (d, wide, narrow) = (difference.abs(), two_sided_quantile(0.95) * se, two_sided_quantile(0.90) * se);
    Some(if d - wide > epsilon {
        TableEquivalence::Contradicted
    } else if d + narrow < epsilon {
        TableEquivalence::Shown
    } else {
        TableEquivalence::Open
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// .010 between .877 and .867 on 10,000 images each, worked by hand: z from .009/.00473 to .011/.00472.
    #[test]
    fn printed_digits_leave_a_range_of_z() {
        let z = printed_z((Printed::rounded(0.877, 3), 10_000), (Printed::rounded(0.867, 3), 10_000));
        let z = z.expect("images");
        assert!((z.low - 1.9047).abs() < 1e-3 && (z.high - 2.3292).abs() < 1e-3, "{z:?}");
        let exact = Printed { value: 0.877, half_unit: 0.0 };
        let z =
            printed_z((exact, 10_000), (Printed { value: 0.867, half_unit: 0.0 }, 10_000)).expect("images");
        assert!(z.low == z.high && (z.low - 2.116754138046843).abs() < 1e-12, "{z:?}");
    }

    #[test]
    fn what_is_no_share_has_no_z() {
        let p = |value| Printed { value, half_unit: 0.0 };
        assert_eq!(printed_z((p(0.5), 0), (p(0.5), 10)), None);
        assert_eq!(printed_z((p(1.2), 10), (p(0.5), 10)), None);
        assert_eq!(printed_z((p(1.0), 10), (p(1.0), 10)), None, "no spread");
        assert_eq!(printed_z((p(f64::NAN), 10), (p(0.5), 10)), None);
    }

    /// .012 with a standard error of .0047: by hand √((.006123² − .0047²)/2) = .00277.
    #[test]
    fn a_difference_of_two_runs_is_explained_by_a_spread_of_seeds() {
        let sd = explaining_seed_sd(0.012, 0.0047).expect("finite");
        assert!((sd - 0.002774).abs() < 1e-6, "{sd}");
        assert_eq!(explaining_seed_sd(0.001, 0.0047), Some(0.0), "images alone explain it");
        assert_eq!(explaining_seed_sd(f64::NAN, 0.1), None);
    }

    #[test]
    fn two_accuracies_on_ten_thousand_images_cannot_show_half_a_point() {
        assert_eq!(table_equivalence(0.0, 0.0047, 0.005), Some(TableEquivalence::Open));
        assert_eq!(table_equivalence(0.0, 0.002, 0.005), Some(TableEquivalence::Shown));
        assert_eq!(table_equivalence(-0.03, 0.0047, 0.005), Some(TableEquivalence::Contradicted));
        assert_eq!(table_equivalence(0.0, f64::NAN, 0.005), None);
    }

    #[test]
    fn exchanging_the_two_changes_the_sign_only() {
        let (one, other) =
            (two_proportions((87, 100), (80, 90), 0.95), two_proportions((80, 90), (87, 100), 0.95));
        let (one, other) = (one.expect("trials"), other.expect("trials"));
        assert_eq!((one.difference, one.se, one.p), (-other.difference, other.se, other.p));
        assert_eq!((one.interval.low, one.interval.high), (-other.interval.high, -other.interval.low));
        assert_eq!(two_proportions((1, 0), (1, 2), 0.95), None);
    }
}
