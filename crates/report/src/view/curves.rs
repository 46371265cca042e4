//! Learning curves: one line per metric, over the epochs, the mean over the seeds with their range.

use toile_record::{Epoch, Metric};

/// At most this many points per line; a longer training is drawn in stretches, each with its whole range.
const MAX_POINTS: usize = 400;

/// One epoch (or stretch of epochs) of one line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// The epoch, from 1.
    pub epoch: usize,
    /// The mean over the seeds that reached it.
    pub mean: f64,
    /// The smallest seed.
    pub low: f64,
    /// The largest seed.
    pub high: f64,
}

/// The lines of one group: one per metric of an epoch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curves {
    /// In the order of [`Metric::of_epoch`]; a line is empty where there are no numbers.
    pub lines: Vec<(Metric, Vec<CurvePoint>)>,
    /// From which epoch on a seed has no finite number of a metric, where that is so.
    pub not_finite: Vec<(Metric, usize)>,
    /// How many seeds the means are over.
    pub seeds: usize,
    /// Whether the seeds ended after different numbers of epochs.
    pub is_ragged: bool,
    /// How many epochs one point stands for.
    pub stretch: usize,
}

impl Curves {
    /// The line of a metric; empty where there are no numbers.
    pub fn of(&self, metric: Metric) -> &[CurvePoint] {
        self.lines.iter().find(|line| line.0 == metric).map_or(&[], |line| &line.1)
    }

    /// From which epoch on a seed has no finite number of a metric.
    pub fn not_finite(&self, metric: Metric) -> Option<usize> {
        self.not_finite.iter().find(|(of, _)| *of == metric).map(|(_, epoch)| *epoch)
    }
}

/// The curves over runs: of each its epochs, and the epoch in which it diverged, of which there is no row.
pub(crate) fn seed_curves<'a>(runs: impl Iterator<Item = (&'a [Epoch], Option<usize>)>) -> Curves {
    let runs: Vec<(&[Epoch], Option<usize>)> = runs
        .map(|(epochs, diverged)| (Epoch::trained(epochs), diverged))
        .filter(|(epochs, _)| !epochs.is_empty())
        .collect();
    let not_finite = Metric::of_epoch().filter_map(|metric| Some((metric, first_not_finite(&runs, metric)?)));
    let not_finite = not_finite.collect();
    let runs: Vec<&[Epoch]> = runs.into_iter().map(|(epochs, _)| epochs).collect();
    let longest = runs.iter().map(|epochs| epochs.len()).max().unwrap_or(0);
    let stretch = longest.div_ceil(MAX_POINTS).max(1);
    Curves {
        lines: Metric::of_epoch().map(|metric| (metric, line(&runs, longest, stretch, metric))).collect(),
        not_finite,
        seeds: runs.len(),
        is_ragged: runs.iter().any(|epochs| epochs.len() != longest),
        stretch,
    }
}

/// The first epoch at which a run that has numbers of the metric has one that is not finite, or diverged.
fn first_not_finite(runs: &[(&[Epoch], Option<usize>)], metric: Metric) -> Option<usize> {
    let of_run = |(epochs, diverged): &(&[Epoch], Option<usize>)| {
        let is_measured = epochs.iter().any(|row| metric.of(row).is_some());
        Epoch::first_not_finite(epochs, metric).or(diverged.filter(|epoch| is_measured && *epoch > 0))
    };
    runs.iter().filter_map(of_run).min()
}

fn line(runs: &[&[Epoch]], longest: usize, stretch: usize, metric: Metric) -> Vec<CurvePoint> {
    (0..longest).step_by(stretch).filter_map(|start| point(runs, start, stretch, metric)).collect()
}

/// The stretch that begins at row `start`: its range over all its epochs, its mean at its last one.
fn point(runs: &[&[Epoch]], start: usize, stretch: usize, metric: Metric) -> Option<CurvePoint> {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    let (mut sum, mut n, mut epoch) = (0.0, 0usize, 0);
    for epochs in runs {
        let end = (start + stretch).min(epochs.len());
        let rows = epochs.get(start..end).unwrap_or_default();
        let values = rows
            .iter()
            .filter_map(|row| Some((row.epoch, metric.of(row).filter(|value| value.is_finite())?)));
        let mut last = None;
        for (at, value) in values {
            (low, high) = (low.min(value), high.max(value));
            last = Some(value);
            epoch = epoch.max(at);
        }
        if let Some(value) = last {
            sum += value;
            n += 1;
        }
    }
    let mean = sum / n as f64;
    mean.is_finite().then_some(CurvePoint { epoch, mean, low, high })
}
