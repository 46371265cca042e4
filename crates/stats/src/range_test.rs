//! Reading a learning-rate range test: one sweep of rates from far too small to far too large, one loss per batch.
//!
//! The sweep and two of the suggestions are Smith's (arXiv 1506.01186, 1803.09820); smoothing, the end and the three
//! suggestions are those of fastai's learning-rate finder.

use crate::{median, sample_sd};

/// β of the mean that smooths the losses: s = (1 − β) Σ β^k loss / (1 − β^n), the newest loss at k = 0.
const BETA: f64 = 0.98;
/// A sweep is over where the smoothed loss is so many times its smallest value.
const OVER: f64 = 4.0;
/// The first part of a sweep, in which no rate does anything: the level to fall from, and not read otherwise.
const START: f64 = 0.1;
/// Batches on each side of a running median.
const REACH: usize = 7;
/// The loss falls noticeably once it has come this part of the way down.
const NOTICEABLE: f64 = 0.1;
/// A curve is flat if it falls by less than this part of its level, …
const FLAT: f64 = 0.05;
/// … or by less than so many standard deviations of the single batches.
const FLAT_SDS: f64 = 1.5;

/// Smooths losses as they come, and knows when the sweep is over.
#[derive(Clone, Copy, Debug)]
pub struct LossSmoother {
    mean: f64,
    /// β^n
    left: f64,
    last: f64,
    least: f64,
}

impl Default for LossSmoother {
    fn default() -> LossSmoother {
        LossSmoother { mean: 0.0, left: 1.0, last: f64::NAN, least: f64::INFINITY }
    }
}

impl LossSmoother {
    /// Takes the loss of the next batch and gives the smoothed one.
    pub fn push(&mut self, loss: f64) -> f64 {
        self.mean = BETA * self.mean + (1.0 - BETA) * loss;
        self.left *= BETA;
        self.last = self.mean / (1.0 - self.left);
        self.least = self.least.min(self.last);
        self.last
    }

    /// Whether the smoothed loss is more than four times its smallest value.
    pub fn is_over(&self) -> bool {
        self.last > OVER * self.least
    }
}

/// What a sweep shows.
#[derive(Clone, Debug, PartialEq)]
pub struct SweepReading {
    /// The losses, smoothed by an exponential mean (β = 0.98, corrected for its beginning), which lags by fifty
    /// batches.
    pub smoothed: Vec<f64>,
    /// The median of each loss and its neighbours, seven on each side, which does not lag.
    pub medians: Vec<f64>,
    /// The level before any rate did anything: the median of the losses of the first tenth.
    pub start: f64,
    /// The least of the medians.
    pub least: f64,
    /// What the curve suggests; `None` if it is flat.
    pub rates: Option<SweepRates>,
}

/// Learning rates that a sweep suggests, and those between which training works.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SweepRates {
    /// Where the smoothed loss falls most steeply: the least d loss / d log rate, by central differences.
    pub steepest: f64,
    /// A tenth of the rate at which the smoothed loss is least.
    pub least_over_ten: f64,
    /// Half-way down the longest valley of the smoothed loss: its longest decreasing subsequence.
    pub valley: f64,
    /// From here on the loss falls noticeably: its running median stays below a tenth of its way down.
    pub low: f64,
    /// Up to here it does not rise: where the running median is least.
    pub high: f64,
    /// The loss had not begun to rise where the sweep ended: a larger rate may work too.
    pub high_is_open: bool,
}

/// Reads a sweep of `planned` batches, of which the first `rates.len()` were measured, each at its rate.
///
/// `None` if there are fewer losses than the first tenth and two running medians need, if a number is not finite, or if
/// the rates do not rise from above 0.
pub fn read_sweep(rates: &[f64], losses: &[f64], planned: usize) -> Option<SweepReading> {
    let begun = ((START * planned as f64) as usize).max(2);
    let rise = rates.windows(2).all(|two| two[0] < two[1]) && rates.first().is_some_and(|rate| *rate > 0.0);
    let are_finite = rates.iter().chain(losses).all(|value| value.is_finite());
    let n = losses.len();
    if rates.len() != n || n < begun + 2 * (2 * REACH + 1) || !rise || !are_finite {
        return None;
    }
    let mut smoother = LossSmoother::default();
    let smoothed: Vec<f64> = losses.iter().map(|loss| smoother.push(*loss)).collect();
    let medians = running_medians(losses);
    let (start, noise) = (median(&losses[..begun])?, sample_sd(&losses[..begun])?);
    let (bottom, least) = least_of(&medians);
    let fall = start - least;
    let is_flat = fall < (FLAT * start).max(FLAT_SDS * noise) || bottom < begun;
    let rates = (!is_flat).then(|| {
        let above = medians[..bottom].iter().rposition(|median| *median > start - NOTICEABLE * fall);
        let (later, smooth) = (&rates[begun..], &smoothed[begun..]);
        SweepRates {
            steepest: later[steepest(later, smooth)],
            least_over_ten: later[least_of(smooth).0] / 10.0,
            valley: later[valley(smooth)],
            low: rates[above.map_or(0, |above| above + 1)],
            high: rates[bottom],
            high_is_open: n == planned && bottom + REACH >= n,
        }
    });
    Some(SweepReading { smoothed, medians, start, least, rates })
}

/// The median of each loss and its neighbours, seven on each side where there are as many.
fn running_medians(losses: &[f64]) -> Vec<f64> {
    let around = |i: usize| &losses[i.saturating_sub(REACH)..(i + REACH + 1).min(losses.len())];
    (0..losses.len()).map(|i| median(around(i)).unwrap_or(losses[i])).collect()
}

/// The first place of the least value, and it.
fn least_of(values: &[f64]) -> (usize, f64) {
    let first = (0, f64::INFINITY);
    values.iter().enumerate().fold(first, |best, (i, value)| if *value < best.1 { (i, *value) } else { best })
}

/// Where d loss / d log rate is least. The rates are evenly spaced by their logarithm, so that central differences are
/// NumPy's `gradient`.
fn steepest(rates: &[f64], losses: &[f64]) -> usize {
    let slope = |a: usize, b: usize| (losses[b] - losses[a]) / (rates[b] / rates[a]).ln();
    let last = losses.len() - 1;
    let slopes: Vec<f64> = (0..losses.len()).map(|i| slope(i.saturating_sub(1), (i + 1).min(last))).collect();
    least_of(&slopes).0
}

/// fastai's `valley`: a third and half a third into the longest decreasing subsequence, counted in its own length.
fn valley(losses: &[f64]) -> usize {
    let mut lengths = vec![1usize; losses.len()];
    let (mut from, mut to) = (0isize, 0usize);
    for i in 1..losses.len() {
        for j in 0..i {
            if losses[i] < losses[j] {
                lengths[i] = lengths[i].max(lengths[j] + 1);
            }
        }
        if lengths[to] < lengths[i] {
            to = i;
            from = to as isize - lengths[to] as isize;
        }
    }
    let section = (to as isize - from) as f64 / 3.0;
    let place = from + section as isize + (section / 2.0) as isize;
    usize::try_from(place).unwrap_or(0).min(losses.len() - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLANNED: usize = 300;

    fn rates() -> Vec<f64> {
        (0..PLANNED).map(|i| 1e-6 * 10f64.powf(7.0 * i as f64 / 299.0)).collect()
    }

    /// From 2.3 down to 0.5 around the rate `at`, up again beyond the rate `end`.
    fn curve(at: f64, end: f64) -> Vec<f64> {
        let down = |rate: f64| 0.5 + 1.8 / (1.0 + (rate / at).powi(2));
        rates().iter().map(|rate| down(*rate) + (rate / end).powi(3)).collect()
    }

    /// d/d ln r of 1 / (1 + (r/at)²) is least at r = at. The exponential mean lags by β / (1 − β) = 49 batches, in
    /// which the rate grows 14 times.
    #[test]
    fn the_steepest_descent_is_found_where_the_curve_has_it_but_for_the_lag() {
        for at in [1e-4, 1e-3, 1e-2] {
            let found = read_sweep(&rates(), &curve(at, 1e3), PLANNED).unwrap().rates.unwrap();
            let lag = found.steepest / at;
            assert!((1.0..14.0).contains(&lag), "{at}: {}", found.steepest);
            let other = read_sweep(&rates(), &curve(at * 3.0, 1e3), PLANNED).unwrap().rates.unwrap();
            let moved = other.steepest / found.steepest;
            assert!((2.6..3.4).contains(&moved), "three times the rate, {moved} times the suggestion");
        }
    }

    /// A tenth of the way down: 1 / (1 + x²) = 0.9 at x = 1/3. The least of the sum of both terms, by derivative:
    /// 3.6 x⁄at² / (1 + (x/at)²)² = 3 x² / end³, for x far beyond at: x = (1.2 at² end³)^(1/5).
    #[test]
    fn the_interval_ends_where_the_curve_begins_to_fall_and_to_rise() {
        let (at, end) = (1e-3, 0.5);
        let found = read_sweep(&rates(), &curve(at, end), PLANNED).unwrap().rates.unwrap();
        let rise = (1.2 * at * at * end.powi(3)).powf(0.2);
        assert!((0.8..1.25).contains(&(found.low * 3.0 / at)), "{found:?}");
        assert!((0.8..1.25).contains(&(found.high / rise)), "{found:?}, {rise}");
        assert!(!found.high_is_open);
    }

    #[test]
    fn a_curve_without_a_valley_suggests_nothing() {
        let noise = |i: usize| ((i * 7919) % 101) as f64 / 101.0 - 0.5;
        for curve in [
            vec![2.3; PLANNED],
            (0..PLANNED).map(|i| 2.3 + noise(i)).collect(),
            (0..PLANNED).map(|i| 2.3 + i as f64 / 100.0).collect(),
        ] {
            assert_eq!(read_sweep(&rates(), &curve, PLANNED).unwrap().rates, None);
        }
    }

    #[test]
    fn a_curve_that_still_falls_at_its_end_says_so() {
        let found = read_sweep(&rates(), &curve(1.0, 1e6), PLANNED).unwrap().rates.unwrap();
        assert!(found.high_is_open, "{found:?}");
    }

    #[test]
    fn a_sweep_is_over_at_four_times_its_smallest_loss() {
        let mut smoother = LossSmoother::default();
        assert!(!smoother.is_over());
        for _ in 0..100 {
            assert_eq!((smoother.push(1.0) * 1e9).round(), 1e9);
        }
        // After k losses of 100 the mean is 1 + 99 (1 − 0.98^k) / (1 − 0.98^(100 + k)): above 4 from the second on.
        smoother.push(100.0);
        assert!(!smoother.is_over());
        smoother.push(100.0);
        assert!(smoother.is_over());
    }

    #[test]
    fn what_is_no_sweep_is_not_read() {
        let (rates, losses) = (rates(), curve(1e-3, 0.5));
        assert_eq!(read_sweep(&rates[..40], &losses[..40], PLANNED), None, "too short");
        assert_eq!(read_sweep(&rates, &losses[..299], PLANNED), None, "a loss is missing");
        assert_eq!(read_sweep(&vec![0.1; PLANNED], &losses, PLANNED), None, "the rates stand still");
        let broken: Vec<f64> = losses.iter().map(|loss| if *loss < 1.0 { f64::NAN } else { *loss }).collect();
        assert_eq!(read_sweep(&rates, &broken, PLANNED), None);
        assert_eq!(read_sweep(&[], &[], 0), None);
    }
}
