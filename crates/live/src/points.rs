//! Numbers and curves of a training: last, best, where; points over epochs, updates, seconds or operations.

use toile_record::{Direction, Epoch, Metric};

use crate::LiveTraining;

/// What a curve is drawn over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Axis {
    /// Epochs.
    #[default]
    Epoch,
    /// Updates of the weights.
    Updates,
    /// Seconds of training.
    Seconds,
    /// Floating-point operations of training.
    Operations,
}

impl Axis {
    /// All, in the order in which a key steps through them.
    pub const ALL: [Axis; 4] = [Axis::Epoch, Axis::Updates, Axis::Seconds, Axis::Operations];

    /// The word under the axis.
    pub fn name(self) -> &'static str {
        match self {
            Axis::Epoch => "epoch",
            Axis::Updates => "updates",
            Axis::Seconds => "seconds",
            Axis::Operations => "operations",
        }
    }
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Where, along the axis.
    pub x: f64,
    /// The metric.
    pub y: f64,
}

/// A metric of a training, so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MetricNumbers {
    /// Of the last epoch.
    pub last: f64,
    /// The best of all.
    pub best: f64,
    /// The epoch of the best, of equals the first.
    pub at: usize,
}

/// The numbers of a metric; `None` before there are any.
pub fn numbers(epochs: &[Epoch], metric: Metric) -> Option<MetricNumbers> {
    let direction: Direction = metric.direction();
    let mut found: Option<MetricNumbers> = None;
    for epoch in epochs {
        let Some(value) = metric.of(epoch).filter(|value| value.is_finite()) else { continue };
        found = Some(match found {
            Some(known) if !direction.is_better(value, known.best) => MetricNumbers { last: value, ..known },
            _ => MetricNumbers { last: value, best: value, at: epoch.epoch },
        });
    }
    found
}

/// The points of a metric; none where the axis is not known of the training. Values that are not finite are no points:
/// what is drawn ends before them.
pub fn points(training: &LiveTraining, epochs: &[Epoch], metric: Metric, axis: Axis) -> Vec<Point> {
    let each = match axis {
        Axis::Epoch | Axis::Seconds => Some(1.0),
        Axis::Updates => training.updates,
        Axis::Operations => training.operations,
    };
    let Some(each) = each else { return Vec::new() };
    let (mut seconds, mut points) = (0.0, Vec::new());
    for (place, epoch) in epochs.iter().enumerate() {
        seconds += Some(epoch.seconds).filter(|seconds| seconds.is_finite()).unwrap_or_default();
        // Counted on over repetitions.
        let step = if epoch.epoch == 0 { 0.0 } else { (place + 1) as f64 };
        let x = if axis == Axis::Seconds { seconds } else { step * each };
        if let Some(y) = metric.of(epoch).filter(|y| y.is_finite()) {
            points.push(Point { x, y });
        }
    }
    points
}

/// The curves of the seeds of a run in one: their mean, and the lowest and highest of them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeedBand {
    /// How many curves there are.
    pub n_seeds: usize,
    /// At each place the mean.
    pub mean: Vec<Point>,
    /// The lowest.
    pub low: Vec<Point>,
    /// The highest.
    pub high: Vec<Point>,
}

impl SeedBand {
    /// Of curves that have begun. It ends where the shortest of them does: a mean is over all of them, everywhere.
    pub fn of(curves: &[Vec<Point>]) -> SeedBand {
        let begun: Vec<&Vec<Point>> = curves.iter().filter(|curve| !curve.is_empty()).collect();
        let shortest = begun.iter().map(|curve| curve.len()).min().unwrap_or(0);
        let mut band = SeedBand { n_seeds: begun.len(), ..SeedBand::default() };
        for place in 0..shortest {
            let at = || begun.iter().map(|curve| curve[place]);
            let n = begun.len() as f64;
            let x = at().map(|point| point.x).sum::<f64>() / n;
            let point = |y| Point { x, y };
            band.mean.push(point(at().map(|point| point.y).sum::<f64>() / n));
            band.low.push(point(at().map(|point| point.y).fold(f64::INFINITY, f64::min)));
            band.high.push(point(at().map(|point| point.y).fold(f64::NEG_INFINITY, f64::max)));
        }
        band
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_band_is_over_all_seeds_that_have_begun_and_ends_with_the_shortest() {
        let curve = |values: &[f64]| {
            values.iter().enumerate().map(|(i, y)| Point { x: (i + 1) as f64, y: *y }).collect::<Vec<_>>()
        };
        let band = SeedBand::of(&[curve(&[0.5, 0.75, 0.9]), curve(&[]), curve(&[1.0, 0.25])]);
        assert_eq!(band.n_seeds, 2, "one has not begun");
        assert_eq!(band.mean, curve(&[0.75, 0.5]));
        assert_eq!(band.low, curve(&[0.5, 0.25]));
        assert_eq!(band.high, curve(&[1.0, 0.75]));
        assert_eq!(SeedBand::of(&[]), SeedBand::default());
    }
}
