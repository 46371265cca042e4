//! MetricNumbers and curves of a training: last, best, where; points over epochs, updates, seconds or operations.

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
