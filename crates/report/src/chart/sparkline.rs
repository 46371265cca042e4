//! A line of a few points without axes: how one run went, in a few hundred bytes.

use super::epochs::{tenth, thinned};
use super::svg::Svg;
use crate::format;
use crate::view::CurvePoint;

const WIDTH: f64 = 120.0;
const HEIGHT: f64 = 34.0;
const EDGE: f64 = 3.0;
/// More points than these are thinned out; the last one stays.
const MOST_POINTS: usize = 24;

/// The line through the means; `None` for fewer than two points, which make no line.
pub(crate) fn sparkline(points: &[CurvePoint], title: &str, procedural: bool) -> Option<String> {
    let ([first, _, ..], Some(last)) = (points, points.last()) else { return None };
    let description = format!("{} → {}", format::metric(first.mean), format::metric(last.mean));
    let line = places(&thinned(points, MOST_POINTS));
    let height = if procedural { HEIGHT + 12.0 } else { HEIGHT };
    let mut svg = Svg::new("sparkline", WIDTH, height, title, &description);
    svg.path("line val", &line, false);
    svg.notice(procedural, WIDTH, height - 2.0);
    Some(svg.finish())
}

/// Epochs across, means upwards between the lowest and the highest, to a tenth of a unit.
fn places(points: &[CurvePoint]) -> Vec<(f64, f64)> {
    let means = || points.iter().map(|point| point.mean);
    let (low, high) = (means().fold(f64::INFINITY, f64::min), means().fold(f64::NEG_INFINITY, f64::max));
    let ends = points.first().zip(points.last());
    let (from, to) = ends.map_or((0.0, 1.0), |(first, last)| (first.epoch as f64, last.epoch as f64));
    let part = |value: f64, low: f64, high: f64| if high > low { (value - low) / (high - low) } else { 0.5 };
    let place = |point: &CurvePoint| {
        let x = EDGE + part(point.epoch as f64, from, to) * (WIDTH - 2.0 * EDGE);
        let y = HEIGHT - EDGE - part(point.mean, low, high) * (HEIGHT - 2.0 * EDGE);
        (tenth(x), tenth(y))
    };
    points.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(means: &[f64]) -> Vec<CurvePoint> {
        let point =
            |(i, mean): (usize, &f64)| CurvePoint { epoch: i + 1, mean: *mean, low: *mean, high: *mean };
        means.iter().enumerate().map(point).collect()
    }

    /// By hand: 114 units across and 28 upwards, between edges of 3.
    #[test]
    fn the_line_fills_its_picture() {
        let svg =
            sparkline(&line(&[0.5, 0.75, 1.0]), "Validation accuracy of A", false).expect("three points");
        assert!(
            svg.starts_with("<svg class=\"sparkline\"")
                && svg.contains("<title>Validation accuracy of A</title>\n<desc>0.5000 → 1.0000</desc>"),
            "{svg}"
        );
        assert!(svg.contains("d=\"M3 31L60 17L117 3\""), "{svg}");
        assert!(sparkline(&line(&[0.5, 0.5]), "A", false).expect("two").contains("M3 17L117 17"));
    }

    #[test]
    fn many_points_are_thinned_and_one_makes_no_line() {
        let means: Vec<f64> = (0..1_000).map(f64::from).collect();
        let svg = sparkline(&line(&means), "A", true).expect("many points");
        assert!(svg.len() < 700 && svg.contains(crate::PROCEDURAL_NOTICE), "{}", svg.len());
        assert!(svg.matches('L').count() <= MOST_POINTS && svg.contains("117 3\""), "{svg}");
        assert_eq!((sparkline(&line(&[0.5]), "A", false), sparkline(&[], "A", false)), (None, None));
    }
}
