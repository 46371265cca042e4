//! A single epoch's validation accuracy far above its neighbours.

use toile_stats::median;

use super::Severity;
use super::curve::{CurveFacts, Found};
use super::rise::{POINT, SCATTERS};
use super::series::{EpochSeries, EpochValue, scatter_of_differences};
use crate::words::{number, points};

/// Epochs with a validation accuracy below which luck cannot be told from a trend.
const FEWEST: usize = 10;
/// Neighbours to each side that it must stand above.
const NEIGHBOURS: usize = 2;
/// What stands out must exceed so many times the usual step from epoch to epoch: a curve that climbs has a last epoch
/// that is its best.
const STEPS: f64 = 2.0;

const RULE: &str = "The best validation accuracy is above each of its two neighbours on either side by more \
    than one point, four times the scatter of single epochs (measured without it) and twice the usual step \
    between epochs.";

/// `lucky_epoch`.
pub(crate) fn lucky_epoch(facts: &CurveFacts) -> Option<Found> {
    let series = facts.val_accuracy.as_ref().filter(|series| series.len() >= FEWEST)?;
    let (best, level, noise) = lucky(series)?;
    let is_reported = facts.run.last().is_some_and(|row| row.epoch == best.epoch);
    let advice = match is_reported {
        true => format!(
            "The weights of this run are those of epoch {}: do not report its validation accuracy, nor select by it. \
             The level of its neighbours is {}; the test part, read once, says what the weights are worth.",
            best.epoch,
            number(level)
        ),
        false => format!(
            "Neither select nor report epoch {}: the level of its neighbours is {}. Choose by a smoothed \
             curve, or by validation loss.",
            best.epoch,
            number(level)
        ),
    };
    Some(Found {
        name: super::LUCKY_EPOCH,
        severity: if is_reported { Severity::Alarm } else { Severity::Note },
        statement: format!(
            "Validation accuracy after epoch {}, {}, is {} above the level of its neighbours, {}: a single epoch.",
            best.epoch,
            number(best.value),
            points(best.value - level),
            number(level)
        ),
        rule: RULE,
        numbers: vec![
            ("best", best.value),
            ("best_epoch", best.epoch as f64),
            ("neighbours", level),
            ("excess", best.value - level),
            ("noise", noise),
        ],
        advice,
    })
}

/// The best epoch if it is a lucky one, the level of its neighbours and what it had to exceed.
fn lucky(series: &EpochSeries) -> Option<(EpochValue, f64, f64)> {
    let (points, best) = (series.points(), series.largest());
    let place = points.iter().position(|point| point.epoch == best.epoch)?;
    // At an end all four neighbours stand on one side.
    let first = place.saturating_sub(NEIGHBOURS).min(points.len() - 2 * NEIGHBOURS - 1);
    let window = first..first + 2 * NEIGHBOURS + 1;
    let neighbours: Vec<f64> = window.filter(|i| *i != place).map(|i| points[i].value).collect();
    let highest = neighbours.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let values = series.values();
    let without = |i: &usize| place + 1 < *i || *i + 1 < place;
    let start = points.len() / 5;
    let second = |i: usize| (values[i - 1] - 2.0 * values[i] + values[i + 1]).abs();
    let differences: Vec<f64> = (start + 1..values.len() - 1).filter(without).map(second).collect();
    let step = |i: usize| (values[i] - values[i - 1]).abs();
    let steps: Vec<f64> =
        (start + 1..values.len()).filter(|i| *i != place && *i != place + 1).map(step).collect();
    let noise = (SCATTERS * scatter_of_differences(&differences)).max(STEPS * median(&steps)?);
    let level = median(&neighbours)?;
    (best.value - highest > POINT.max(noise)).then_some((best, level, noise))
}
