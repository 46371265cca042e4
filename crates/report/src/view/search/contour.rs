//! How the value depends on two parameters together: a smooth estimate over a grid, and the trials it rests on.
//!
//! The estimate at a place is the mean of the complete trials, each weighted by a Gaussian of its distance (Nadaraya
//! and Watson). Distances are parts of the axes, so a logarithmic parameter is compared by ratios; a name is near to
//! itself only. Where no complete trial lies within [`REACH`], nothing is claimed. Pruned trials are marks, and the
//! estimate does not count them: their value is of an earlier epoch.

use toile_record::State;
use toile_stats::{quantile, sample_sd};

use super::analysis::SearchAnalysis;
use super::spots::{Range, Spot, range, spots, thin};
use super::{AxisKind, ParameterAxis};

/// Fewer complete trials with both parameters than these say nothing about a surface.
pub(super) const FEWEST: usize = 10;
/// Cells along a numeric axis.
const CELLS: usize = 32;
/// Shades of the estimate.
pub const BANDS: usize = 7;
/// Trials that the estimate uses at most.
const MOST: usize = 800;
/// Marks of trials at most.
const MOST_MARKS: usize = 300;
/// A cell whose nearest complete trial is further than this part of the axes stays empty.
pub(super) const REACH: f64 = 0.1;

/// One pair of parameters.
#[derive(Clone, Debug, PartialEq)]
pub struct Contour {
    /// Across.
    pub x: ParameterAxis,
    /// Up.
    pub y: ParameterAxis,
    /// Cells across and up.
    pub size: (usize, usize),
    /// Row by row from below: the band of each cell, from 0, the worst; `None` where no trial is near.
    pub cells: Vec<Option<usize>>,
    /// The values between which the bands lie: one more than there are bands.
    pub bounds: Vec<f64>,
    /// The complete trials, and the pruned ones.
    pub spots: Vec<Spot>,
    /// How many trials the estimate uses.
    pub n: usize,
}

/// The estimates for the pairs of `axes`, in their order; pairs that too few trials have are left out.
pub(super) fn contours(analysis: &SearchAnalysis, axes: &[usize]) -> Vec<Contour> {
    let pairs = (0..axes.len()).flat_map(|i| (i + 1..axes.len()).map(move |j| (axes[i], axes[j])));
    pairs.filter_map(|(x, y)| contour(analysis, x, y)).collect()
}

fn contour(analysis: &SearchAnalysis, x: usize, y: usize) -> Option<Contour> {
    let placed = placed(analysis, x, y);
    let is_complete = |&i: &usize| analysis.trials[i].value.is_some();
    let all: Vec<usize> = placed.iter().copied().filter(is_complete).collect();
    let used = thin(&all, MOST, analysis.best);
    let part =
        |axis: usize, i: usize| analysis.trials[i].params[axis].map(|value| analysis.axes[axis].part(value));
    let points: Vec<[f64; 3]> =
        used.iter().filter_map(|&i| Some([part(x, i)?, part(y, i)?, analysis.trials[i].value?])).collect();
    let varies = |k: usize| points.iter().any(|point| point[k] != points[0][k]);
    if points.len() < FEWEST || !varies(0) || !varies(1) {
        return None;
    }
    let shown = range(&points.iter().map(|point| point[2]).collect::<Vec<_>>(), analysis.metric())?;
    let (axis_x, axis_y) = (analysis.axes[x].clone(), analysis.axes[y].clone());
    let size = (cells_of(&axis_x), cells_of(&axis_y));
    let width = [bandwidth(&points, 0, &axis_x), bandwidth(&points, 1, &axis_y)];
    let middle = |i: usize, n: usize| (i as f64 + 0.5) / n as f64;
    let estimates: Vec<Option<f64>> = (0..size.0 * size.1)
        .map(|i| estimate(&points, [middle(i % size.0, size.0), middle(i / size.0, size.1)], width, &shown))
        .collect();
    let bounds = bounds(&estimates)?;
    let cells =
        estimates.iter().map(|value| value.map(|value| band(value, &bounds, analysis.metric().maximize)));
    Some(Contour {
        size,
        cells: cells.collect(),
        bounds,
        n: points.len(),
        spots: spots(analysis, &thin(&placed, MOST_MARKS, analysis.best), |i| part(x, i), |i| part(y, i)),
        x: axis_x,
        y: axis_y,
    })
}

/// The trials that are drawn: complete or pruned, with both parameters.
fn placed(analysis: &SearchAnalysis, x: usize, y: usize) -> Vec<usize> {
    let is_placed = |&i: &usize| {
        let trial = &analysis.trials[i];
        let is_drawn = trial.value.is_some() || trial.record.state == State::Pruned;
        is_drawn && trial.params[x].is_some() && trial.params[y].is_some()
    };
    (0..analysis.trials.len()).filter(is_placed).collect()
}

fn cells_of(axis: &ParameterAxis) -> usize {
    match &axis.kind {
        AxisKind::Bands(names) => names.len().clamp(1, 40),
        _ => CELLS,
    }
}

/// Scott's rule for two dimensions, in parts of the axis, and never so narrow that trials stand alone.
fn bandwidth(points: &[[f64; 3]], k: usize, axis: &ParameterAxis) -> f64 {
    if matches!(axis.kind, AxisKind::Bands(_)) {
        return 0.0;
    }
    let places: Vec<f64> = points.iter().map(|point| point[k]).collect();
    let scott = sample_sd(&places).unwrap_or(0.3) * (points.len() as f64).powf(-1.0 / 6.0);
    scott.clamp(0.04, 0.25)
}

/// The weighted mean at a place; values beyond the range count as its end, so that one of them does not colour all.
fn estimate(points: &[[f64; 3]], at: [f64; 2], width: [f64; 2], range: &Range) -> Option<f64> {
    let (mut sum, mut weights, mut nearest) = (0.0, 0.0, f64::INFINITY);
    for point in points {
        let away = [point[0] - at[0], point[1] - at[1]];
        let weight = (-0.5 * squared(away, width)).exp();
        // A name has no width, and is at no distance from itself.
        nearest = f64::min(nearest, squared(away, width.map(|width| if width > 0.0 { 1.0 } else { 0.0 })));
        sum += weight * point[2].clamp(range.low, range.high);
        weights += weight;
    }
    let mean = sum / weights;
    (nearest <= REACH * REACH && mean.is_finite()).then_some(mean)
}

/// The squared distance in units of `width`; between names, which have no width, it is 0 or endless.
fn squared(away: [f64; 2], width: [f64; 2]) -> f64 {
    let one = |k: usize| match width[k] {
        0.0 if away[k].abs() < 1e-6 => 0.0,
        0.0 => f64::INFINITY,
        width => (away[k] / width).powi(2),
    };
    one(0) + one(1)
}

/// Even steps over the middle of the estimates.
fn bounds(estimates: &[Option<f64>]) -> Option<Vec<f64>> {
    let found: Vec<f64> = estimates.iter().flatten().copied().collect();
    let (low, high) = (quantile(&found, 0.02)?, quantile(&found, 1.0)?);
    let low = if high > low { low } else { found.iter().copied().fold(f64::INFINITY, f64::min) };
    Some((0..=BANDS).map(|i| low + (high - low) * i as f64 / BANDS as f64).collect())
}

/// The band of a value, counted from the worst.
fn band(value: f64, bounds: &[f64], maximize: bool) -> usize {
    let above = bounds[1..BANDS].iter().filter(|&&bound| value >= bound).count();
    if maximize { above } else { BANDS - 1 - above }
}

impl Contour {
    /// The two ends of a band, counted from the worst.
    pub fn ends(&self, band: usize, maximize: bool) -> (f64, f64) {
        let place = if maximize { band } else { BANDS - 1 - band };
        (self.bounds[place], self.bounds[place + 1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RANGE: Range = Range { low: 0.0, high: 10.0, outside: 0 };

    /// By hand: two trials at equal distance count the same; one at the place and one far away give the near one.
    #[test]
    fn the_estimate_is_the_mean_of_what_is_near() {
        let points = [[0.4, 0.5, 1.0], [0.6, 0.5, 3.0]];
        assert_eq!(estimate(&points, [0.5, 0.5], [0.1, 0.1], &RANGE), Some(2.0));
        let near = estimate(&points, [0.4, 0.5], [0.02, 0.1], &RANGE).expect("near");
        assert!((near - 1.0).abs() < 1e-9, "{near}");
        assert_eq!(estimate(&points, [0.0, 0.0], [0.1, 0.1], &RANGE), None, "nothing is near");
    }

    /// However wide the bandwidth: 9 % of the axis from the nearest trial there is an estimate, at 11 % there is none.
    #[test]
    fn nothing_is_claimed_further_than_a_tenth_of_the_axes_from_every_trial() {
        let points = [[0.4, 0.5, 2.0]];
        for width in [0.04, 0.25] {
            assert_eq!(estimate(&points, [0.49, 0.5], [width; 2], &RANGE), Some(2.0), "{width}");
            assert_eq!(estimate(&points, [0.51, 0.5], [width; 2], &RANGE), None, "{width}");
            assert_eq!(estimate(&points, [0.48, 0.58], [width; 2], &RANGE), None, "{width}: 11 % aslant");
            assert_eq!(estimate(&points, [0.4, 0.61], [0.0, width], &RANGE), None, "{width}");
        }
    }

    #[test]
    fn a_name_is_near_to_itself_only() {
        let points = [[0.25, 0.5, 1.0], [0.75, 0.5, 3.0]];
        assert_eq!(estimate(&points, [0.25, 0.5], [0.0, 0.1], &RANGE), Some(1.0));
        assert_eq!(estimate(&points, [0.75, 0.5], [0.0, 0.1], &RANGE), Some(3.0));
    }

    #[test]
    fn the_best_band_is_the_last_whichever_way_is_better() {
        let bounds: Vec<f64> = (0..=BANDS).map(|i| i as f64).collect();
        assert_eq!([band(0.0, &bounds, true), band(6.9, &bounds, true), band(9.0, &bounds, true)], [0, 6, 6]);
        assert_eq!([band(0.0, &bounds, false), band(6.9, &bounds, false)], [6, 0]);
    }
}
