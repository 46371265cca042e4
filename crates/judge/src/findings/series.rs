//! One number of a run over its epochs: where it ends, how it moves there, and how much single epochs scatter.

use toile_record::Epoch;
use toile_stats::{mean, median};

use crate::results::Run;

/// Epochs with a number below which there is no curve to speak of.
pub(crate) const FEWEST_EPOCHS: usize = 5;
/// Epochs over which an end is smoothed, and among which a minimum is no minimum yet (verdicts 11).
pub(crate) const LAST_EPOCHS: usize = 3;
/// Epochs at the end, if there are so many, by which the scatter of a slope is measured at least.
const END_EPOCHS: usize = 10;
/// From so many epochs on, scatter is also taken from numbers three epochs apart, if that is more: where neighbouring
/// epochs are alike (as with averaged weights), their own differences are too small.
const LONG_CURVE: usize = 24;
const WIDE_LAG: usize = 3;
/// Second differences are cut at so many times their median: 4 medians are 2.7 standard deviations of normal noise.
const CUT: f64 = 4.0;
/// Of m second differences the scatter is taken for larger by this part of it over m: few may be small by luck.
const FEW: f64 = 2.5;
/// Second differences from which on a few of them can be told to be outliers.
const ENOUGH_TO_CUT: usize = 8;

/// A level is the median of so many epochs at most, and a slope is that of so many at most: curves of a hundred
/// thousand epochs take no longer than they must.
const WIDEST_LEVEL: usize = 101;
const MOST_OF_A_SLOPE: usize = 400;

/// A number of an epoch's row.
pub(crate) type EpochNumber = fn(&Epoch) -> Option<f64>;

/// A number and the epoch after which it was measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct EpochValue {
    pub(crate) epoch: usize,
    pub(crate) value: f64,
}

/// One number over the epochs, where it was measured: finite, from five epochs on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct EpochSeries {
    points: Vec<EpochValue>,
}

/// Where a series lies, by medians of neighbouring epochs: three of them, and a tenth of a long curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Levels {
    /// The lowest median.
    pub(crate) least: f64,
    /// The highest one.
    pub(crate) largest: f64,
    /// That of the end.
    pub(crate) end: f64,
    /// The standard error of each.
    pub(crate) error: f64,
}

/// How a loss moves at the end: the slope of its logarithm.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LogSlope {
    /// Change of the logarithm per epoch (Theil–Sen: the median of all slopes of pairs).
    pub(crate) slope: f64,
    /// Its standard error, by the scatter of single epochs.
    pub(crate) error: f64,
    /// Epochs that it spans.
    pub(crate) epochs: usize,
}

impl EpochSeries {
    /// A number of the curve of a run; `None` without a curve, or if it ends long before the curve does.
    pub(crate) fn of(run: &Run, number: impl Fn(&Epoch) -> Option<f64>) -> Option<EpochSeries> {
        if !run.has_curve() {
            return None;
        }
        let value = |row: &Epoch| {
            number(row).filter(|value| value.is_finite()).map(|value| EpochValue { epoch: row.epoch, value })
        };
        let points: Vec<EpochValue> = run.epochs.iter().filter_map(value).collect();
        let widest = points.windows(2).map(|pair| pair[1].epoch - pair[0].epoch).max()?;
        let left = run.epochs.len() - points.last()?.epoch;
        (points.len() >= FEWEST_EPOCHS && left <= widest).then_some(EpochSeries { points })
    }

    /// How many numbers it has.
    pub(crate) fn len(&self) -> usize {
        self.points.len()
    }

    /// The numbers alone.
    pub(crate) fn values(&self) -> Vec<f64> {
        self.points.iter().map(|point| point.value).collect()
    }

    /// Its points in the order of the epochs.
    pub(crate) fn points(&self) -> &[EpochValue] {
        &self.points
    }

    /// The first one.
    pub(crate) fn first(&self) -> EpochValue {
        self.points[0]
    }

    /// The last one.
    pub(crate) fn last(&self) -> EpochValue {
        self.points[self.len() - 1]
    }

    /// The smallest one, the earliest of equal ones.
    pub(crate) fn least(&self) -> EpochValue {
        let smaller = |a: EpochValue, b: EpochValue| if b.value < a.value { b } else { a };
        self.points.iter().copied().fold(self.first(), smaller)
    }

    /// The largest one, the earliest of equal ones.
    pub(crate) fn largest(&self) -> EpochValue {
        let larger = |a: EpochValue, b: EpochValue| if b.value > a.value { b } else { a };
        self.points.iter().copied().fold(self.first(), larger)
    }

    /// The number after this epoch.
    pub(crate) fn at(&self, epoch: usize) -> Option<f64> {
        self.points.iter().find(|point| point.epoch == epoch).map(|point| point.value)
    }

    /// Whether this epoch is among the last three of it.
    pub(crate) fn is_late(&self, epoch: usize) -> bool {
        self.points.iter().rev().take(LAST_EPOCHS).any(|point| point.epoch == epoch)
    }

    /// The median of each number and its two neighbours; at the ends of the three outermost.
    pub(crate) fn smoothed(&self) -> EpochSeries {
        let middle = |i: usize| i.clamp(1, self.len() - 2);
        let value = |i: usize| {
            let mut three = [-1, 0, 1].map(|step| self.points[middle(i).wrapping_add_signed(step)].value);
            three.sort_by(f64::total_cmp);
            three[1]
        };
        let points = self.points.iter().enumerate();
        EpochSeries { points: points.map(|(i, point)| EpochValue { value: value(i), ..*point }).collect() }
    }

    /// The median of the last three numbers.
    pub(crate) fn end(&self) -> f64 {
        self.smoothed().last().value
    }

    /// How many epochs a level is the median of.
    pub(crate) fn level_width(&self) -> usize {
        (self.len() / 10).clamp(LAST_EPOCHS, WIDEST_LEVEL) | 1
    }

    /// The level about this epoch.
    pub(crate) fn level_about(&self, epoch: usize) -> Option<f64> {
        let width = self.level_width();
        let place = self.points.iter().position(|point| point.epoch >= epoch)?;
        let start = place.saturating_sub(width / 2).min(self.len() - width);
        median(&self.values()[start..start + width])
    }

    /// Its levels. A median of w normal numbers scatters by 1.25/√w of them.
    pub(crate) fn levels(&self) -> Levels {
        let width = self.level_width();
        let levels: Vec<f64> = self.values().windows(width).filter_map(median).collect();
        Levels {
            least: levels.iter().copied().fold(f64::INFINITY, f64::min),
            largest: levels.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            end: levels[levels.len() - 1],
            error: median_error(self.scatter(), width),
        }
    }

    /// The standard deviation of single epochs about the curve, without its first fifth, where it is most bent.
    pub(crate) fn scatter(&self) -> f64 {
        let values = self.values();
        let values = &values[self.len().div_ceil(5)..];
        let wide = if self.len() >= LONG_CURVE { lagged_scatter(values, WIDE_LAG) } else { 0.0 };
        scatter(values).max(wide)
    }

    /// The same of all of it.
    pub(crate) fn plain_scatter(&self) -> f64 {
        scatter(&self.values())
    }

    /// The second half of it, at least five points.
    pub(crate) fn second_half(&self) -> EpochSeries {
        let start = (self.len() / 2).min(self.len() - FEWEST_EPOCHS);
        EpochSeries { points: self.points[start..].to_vec() }
    }

    /// The medians of the five fifths of it, and their standard error. Of the epochs, those that five do not divide
    /// are left to the middle fifth.
    pub(crate) fn fifths(&self) -> ([f64; 5], f64) {
        let (values, width) = (self.values(), self.len() / 5);
        let rest = values.len() - 5 * width;
        let start = |fifth: usize| fifth * width + if fifth > 2 { rest } else { 0 };
        let end = |fifth: usize| (fifth + 1) * width + if fifth >= 2 { rest } else { 0 };
        let level = |fifth: usize| median(&values[start(fifth)..end(fifth)]).unwrap_or(f64::NAN);
        ([0, 1, 2, 3, 4].map(level), median_error(self.scatter(), width))
    }

    /// The slope of the logarithm over the last fifth of the epochs: five at least, but not over half of them.
    ///
    /// `None` where a number is not above 0.
    pub(crate) fn log_slope(&self) -> Option<LogSlope> {
        let n = self.len();
        let width = n.div_ceil(5).max(FEWEST_EPOCHS).min(n.div_ceil(2));
        let log = |point: &EpochValue| {
            (point.value > 0.0).then(|| EpochValue { value: point.value.ln(), ..*point })
        };
        // The scatter is that of the end, but of enough epochs to be one.
        let late: Vec<EpochValue> = self.points[n.saturating_sub((2 * width).max(END_EPOCHS))..]
            .iter()
            .map(log)
            .collect::<Option<_>>()?;
        let window = &late[late.len() - width..];
        let scatter = scatter(&late.iter().map(|point| point.value).collect::<Vec<_>>());
        let epochs: Vec<f64> = window.iter().map(|point| point.epoch as f64).collect();
        let centre = mean(&epochs)?;
        let spread: f64 = epochs.iter().map(|epoch| (epoch - centre) * (epoch - centre)).sum();
        let spanned = window[width - 1].epoch - window[0].epoch + 1;
        Some(LogSlope { slope: theil_sen(window)?, error: scatter / spread.sqrt(), epochs: spanned })
    }
}

/// The standard error of the median of so many normal numbers: √(π/2n) of their standard deviation.
fn median_error(sd: f64, n: usize) -> f64 {
    sd * (0.5 * std::f64::consts::PI / n as f64).sqrt()
}

/// The median of the slopes of all pairs (Theil 1950, Sen 1968): an outlier does not turn it.
///
/// Of a long row evenly spaced points stand for all.
pub(crate) fn theil_sen(points: &[EpochValue]) -> Option<f64> {
    let step = points.len().div_ceil(MOST_OF_A_SLOPE).max(1);
    let points: Vec<EpochValue> = points.iter().copied().step_by(step).collect();
    let later = |i: usize| points[i + 1..].iter().map(move |b| (i, b));
    let slopes: Vec<f64> = (0..points.len())
        .flat_map(later)
        .map(|(i, b)| (b.value - points[i].value) / (b.epoch - points[i].epoch) as f64)
        .collect();
    median(&slopes)
}

/// The standard deviation of noise about a smooth curve, from second differences: those of noise alone have a
/// variance of 6 (von Neumann 1941 takes first ones; second ones do not see a straight trend).
///
/// What is bent counts as noise, and few numbers count for more (1 + 2.5/m with m differences): it errs on the large
/// side, so that little is claimed. Outliers are cut where there are enough differences to know them by.
pub(crate) fn scatter(values: &[f64]) -> f64 {
    lagged_scatter(values, 1)
}

/// The same from numbers so many epochs apart.
fn lagged_scatter(values: &[f64], lag: usize) -> f64 {
    let second = |window: &[f64]| (window[0] - 2.0 * window[lag] + window[2 * lag]).abs();
    let differences: Vec<f64> = values.windows(2 * lag + 1).map(second).collect();
    scatter_of_differences(&differences)
}

/// The same of the second differences' sizes.
pub(crate) fn scatter_of_differences(differences: &[f64]) -> f64 {
    let m = differences.len();
    let cut = match median(differences) {
        Some(middle) if m >= ENOUGH_TO_CUT && middle > 0.0 => CUT * middle,
        _ => f64::INFINITY,
    };
    let squares: Vec<f64> = differences.iter().map(|d| d.min(cut) * d.min(cut)).collect();
    mean(&squares).map_or(f64::INFINITY, |square| (square / 6.0).sqrt() * (1.0 + FEW / m as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(values: &[f64]) -> EpochSeries {
        let row = |(i, value): (usize, &f64)| Epoch { epoch: i + 1, loss: Some(*value), ..Epoch::default() };
        let run = Run { epochs: values.iter().enumerate().map(row).collect(), ..Run::default() };
        EpochSeries::of(&run, |row| row.loss).expect("a curve")
    }

    #[test]
    fn a_straight_line_has_no_scatter_and_its_slope() {
        let line: Vec<f64> = (0..20).map(|t| (1.0 - 0.02 * t as f64).exp()).collect();
        let slope = series(&line).log_slope().expect("above 0");
        assert!((slope.slope + 0.02).abs() < 1e-12 && slope.error < 1e-12, "{slope:?}");
        assert_eq!(slope.epochs, 5);
    }

    /// By hand: the differences of 0, 1, 0, 1, 0 are 2 in size, so that the scatter is √(4/6), times 1 + 2.5/3.
    #[test]
    fn scatter_is_that_of_second_differences() {
        let expected = (4.0f64 / 6.0).sqrt() * (1.0 + 2.5 / 3.0);
        assert!((scatter(&[0.0, 1.0, 0.0, 1.0, 0.0]) - expected).abs() < 1e-12);
        assert_eq!(scatter(&[1.0, 2.0]), f64::INFINITY, "two numbers do not scatter");
    }

    #[test]
    fn one_outlier_moves_neither_the_smoothed_curve_nor_the_slope() {
        let mut values = vec![1.0; 12];
        values[10] = 9.0;
        let curve = series(&values);
        assert_eq!((curve.end(), curve.log_slope().map(|slope| slope.slope)), (1.0, Some(0.0)));
    }

    #[test]
    fn fifths_leave_the_rest_to_the_middle() {
        let values: Vec<f64> = (1..=12).map(f64::from).collect();
        assert_eq!(series(&values).fifths().0, [1.5, 3.5, 6.5, 9.5, 11.5]);
        assert_eq!(series(&values[..5]).fifths().0, [1.0, 2.0, 3.0, 4.0, 5.0]);
    }

    #[test]
    fn numbers_of_some_epochs_make_a_curve_if_they_reach_its_end() {
        let run = |measured: fn(usize) -> bool| {
            let row = |epoch| Epoch { epoch, loss: measured(epoch).then_some(1.0), ..Epoch::default() };
            Run { epochs: (1..=20).map(row).collect(), ..Run::default() }
        };
        let len = |run: &Run| EpochSeries::of(run, |row| row.loss).map(|series| series.len());
        assert_eq!(len(&run(|epoch| epoch % 3 == 0)), Some(6), "every third epoch");
        assert_eq!(len(&run(|epoch| epoch <= 12)), None, "it ends before the curve does");
        assert_eq!(len(&run(|epoch| epoch % 5 == 0)), None, "four numbers are no curve");
    }
}
