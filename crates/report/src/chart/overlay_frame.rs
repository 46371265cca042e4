//! Which part of the values a picture of all runs shows, and lines that end at its edges.

use super::overlay::OverlayLine;
use crate::view::CurvePoint;

/// Runs of fewer epochs are shown whole.
const FEWEST: usize = 8;

/// The values that are shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct ShownRange {
    pub low: f64,
    pub high: f64,
    /// Where the first epochs are cut off.
    pub cut_at: Option<f64>,
}

/// The values of all lines; without the bad ones of the first quarter of their epochs, if these take more than half of
/// the room. Then the ends, which are to be compared, lie apart.
pub(super) fn window(lines: &[&OverlayLine], higher_is_better: bool) -> Option<ShownRange> {
    let all = range(lines, |_| 0)?;
    let later = range(lines, |n| if n < FEWEST { 0 } else { n / 4 })?;
    let (low, high) = if higher_is_better { (later.0, all.1) } else { (all.0, later.1) };
    let is_cut = 2.0 * (high - low) < all.1 - all.0 && high > low;
    let cut_at = is_cut.then_some(if higher_is_better { low } else { high });
    let (low, high) = if is_cut { (low, high) } else { all };
    Some(ShownRange { low, high, cut_at })
}

/// The smallest and the largest value, of each line from the point on that `from` says of its number of points.
fn range(lines: &[&OverlayLine], from: impl Fn(usize) -> usize) -> Option<(f64, f64)> {
    let points = || {
        lines.iter().flat_map(|line| line.points[from(line.points.len())..].iter().map(move |p| (line, p)))
    };
    // The range of the seeds is drawn of lines in colour only.
    let ends = |(line, point): (&&OverlayLine, &CurvePoint)| match line.colour {
        Some(_) => (point.low, point.high),
        None => (point.mean, point.mean),
    };
    let low = points().map(|one| ends(one).0).reduce(f64::min)?;
    let high = points().map(|one| ends(one).1).reduce(f64::max)?;
    Some((low, high))
}

/// The parts of a line that lie between two heights, each ending where the line crosses the edge.
pub(super) fn inside(places: &[(f64, f64)], (a, b): (f64, f64)) -> Vec<Vec<(f64, f64)>> {
    let (top, bottom) = (a.min(b), a.max(b));
    let is_inside = |y: f64| (top..=bottom).contains(&y);
    let mut parts: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut part: Vec<(f64, f64)> = places.first().filter(|p| is_inside(p.1)).copied().into_iter().collect();
    for pair in places.windows(2) {
        let (from, to) = (pair[0], pair[1]);
        let crossing = |edge: f64| (from.0 + (edge - from.1) / (to.1 - from.1) * (to.0 - from.0), edge);
        let is_crossed = |edge: &f64| (from.1 - edge) * (to.1 - edge) < 0.0;
        let mut met: Vec<(f64, f64)> = [top, bottom].into_iter().filter(is_crossed).map(crossing).collect();
        // In the order in which the line meets them.
        met.sort_by(|a, b| a.0.total_cmp(&b.0));
        for edge in met {
            part.push(edge);
            if part.len() > 1 {
                parts.push(std::mem::take(&mut part));
            }
        }
        if is_inside(to.1) {
            part.push(to);
        } else if part.len() > 1 {
            parts.push(std::mem::take(&mut part));
        } else {
            part.clear();
        }
    }
    parts.extend((part.len() > 1).then_some(part));
    parts
}

#[cfg(test)]
mod tests {
    use super::super::choices::EpochCost;
    use super::*;

    fn line(means: &[f64]) -> Vec<CurvePoint> {
        let point =
            |(i, mean): (usize, &f64)| CurvePoint { epoch: i + 1, mean: *mean, low: *mean, high: *mean };
        means.iter().enumerate().map(point).collect()
    }

    fn shown(means: &[f64], higher_is_better: bool) -> ShownRange {
        let points = line(means);
        let cost = EpochCost::default();
        let line =
            OverlayLine { name: "a", anchor: "run-1", points: &points, seeds: 1, colour: Some(0), cost };
        window(&[&line], higher_is_better).expect("points")
    }

    #[test]
    fn bad_first_epochs_are_cut_off_only_where_they_take_most_of_the_room() {
        let rising = [0.1, 0.5, 0.80, 0.82, 0.84, 0.86, 0.88, 0.9];
        assert_eq!(shown(&rising, true), ShownRange { low: 0.8, high: 0.9, cut_at: Some(0.8) });
        assert_eq!(
            shown(&rising[..7], true),
            ShownRange { low: 0.1, high: 0.88, cut_at: None },
            "few epochs"
        );
        let even = [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8];
        assert_eq!(shown(&even, true), ShownRange { low: 0.1, high: 0.8, cut_at: None });
        let falling = rising.map(|value| 1.0 - value);
        let cut = shown(&falling, false).cut_at.expect("the mirror image");
        assert!((cut - 0.2).abs() < 1e-12);
        assert_eq!(shown(&[0.5; 9], true), ShownRange { low: 0.5, high: 0.5, cut_at: None });
    }

    #[test]
    fn a_line_ends_where_it_crosses_the_edge() {
        let from_below = [(0.0, 20.0), (10.0, 10.0), (20.0, 0.0)];
        assert_eq!(inside(&from_below, (15.0, 0.0)), [[(5.0, 15.0), (10.0, 10.0), (20.0, 0.0)].to_vec()]);
        let through = [(0.0, 20.0), (10.0, -20.0), (20.0, 20.0)];
        assert_eq!(
            inside(&through, (10.0, -10.0)),
            [[(2.5, 10.0), (7.5, -10.0)].to_vec(), [(12.5, -10.0), (17.5, 10.0)].to_vec()]
        );
        assert!(inside(&[(0.0, 20.0), (10.0, 30.0)], (15.0, 0.0)).is_empty(), "outside throughout");
        assert!(inside(&[(0.0, 5.0)], (15.0, 0.0)).is_empty() && inside(&[], (1.0, 0.0)).is_empty());
    }
}
