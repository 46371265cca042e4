//! Whether training has come to its end: still falling, flat, too slow, or going up and down.

use toile_stats::median;

use super::curve::{CurveFacts, Found};
use super::phrase::{after, percent, percent_of_log};
use super::series::{EpochSeries, LogSlope, theil_sen};
use super::{Severity, layers};
use crate::words::number;

/// A loss that falls by more per epoch has not converged: 1 %.
const FALLS: f64 = 0.01;
/// A loss that changes by less per epoch lies flat: 0.2 %.
const FLAT: f64 = 0.002;
/// Training that falls by more per epoch, while validation lies flat, makes a plateau: 0.5 %.
const STILL_FALLS: f64 = 0.005;
/// A slope must exceed so many standard errors.
const SLOPE_ERRORS: f64 = 3.0;
/// A plateau spans so many epochs at least.
const PLATEAU_EPOCHS: usize = 5;
/// Epochs with a number below which a rhythm cannot be seen.
const FEWEST_TO_OSCILLATE: usize = 16;
/// A loss goes up and down if it turns in so large a part of the epochs; noise alone turns in two of three.
const TURNS: f64 = 0.4;
/// Scatter of single epochs relative to the level: of running means, …
const RUNNING_SCATTER: f64 = 0.01;
/// … and of the weights at the ends of the epochs, which no mean smooths.
const WEIGHTS_SCATTER: f64 = 0.025;
/// Either is three times as much where the number of training images is not known: few images scatter more.
const UNKNOWN_IMAGES: f64 = 3.0;
/// Of n images a mean loss scatters by about half of itself over √n, where dropout and augmentation draw anew: three
/// times that.
const IMAGE_SCATTER: f64 = 1.5;
/// And scatter relative to the loss after the first epoch: what is next to nothing may double.
const START_SCATTER: f64 = 0.005;
/// Loss has no trend if it moves over the second half by no more than so many times its scatter.
const TREND_SCATTERS: f64 = 4.0;
/// A fall has no bend if that of the second half of the epochs, by the medians of fifths, is at least this part of
/// that of the first.
const EVEN: f64 = 0.5;
/// It is slow if more than this part of the loss after the first epoch is left at the end.
const LEFT: f64 = 0.5;
/// A fall before the end of the first epoch is a bend if it is more than so many times the mean fall per epoch after
/// it, …
const FIRST_FALLS: f64 = 5.0;
/// … and more than this part of ln K, by which the loss of first weights may miss that.
const FIRST_FALL: f64 = 0.1;

const CONVERGED_RULE: &str = "The logarithm of the loss falls by more than 0.01 per epoch (1 %) and more \
    than three standard errors over the last fifth of the epochs (at least five, at most half of them; \
    median of the slopes of all pairs). Longer training is advised only while validation loss falls too.";
const PLATEAU_RULE: &str = "Over the last fifth of the epochs (at least five) validation loss changes by \
    less than 0.2 % per epoch, training loss falls by more than 0.5 % per epoch, and their slopes differ by \
    more than three standard errors.";
const OSCILLATING_RULE: &str = "In the second half of sixteen or more epochs training loss turns in at least \
    40 % of them, has no trend beyond four times the scatter of single epochs, and that scatter is above 1 % \
    of its level (2.5 % for weights at the end of the epoch; three times as much if the number n of training \
    images is not known), above 1.5/√n of it and above 0.5 % of the loss after the first epoch.";
const TOO_LOW_RULE: &str = "Training loss falls from each fifth of the epochs to the next (medians) without \
    a bend: from the third to the last by at least half of its fall from the first to the third, and more \
    than four standard errors; more than half of the loss after the first epoch is left, and before that it \
    did not fall from ln K by a tenth and five times the mean fall per epoch.";

/// How validation loss moves at the end.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trend {
    Falling,
    /// It does not fall: it lies flat, or its noise hides what it does.
    Flat,
    Rising,
    Unknown,
}

fn is_falling(slope: LogSlope, by: f64) -> bool {
    slope.slope < -by && slope.slope < -SLOPE_ERRORS * slope.error
}

fn val_trend(facts: &CurveFacts) -> Trend {
    if facts.rise.is_some() {
        return Trend::Rising;
    }
    match facts.val_loss.as_ref().and_then(EpochSeries::log_slope) {
        None => Trend::Unknown,
        Some(slope) if is_falling(slope, FLAT) => Trend::Falling,
        Some(slope) if slope.slope > FLAT.max(SLOPE_ERRORS * slope.error) => Trend::Rising,
        Some(_) => Trend::Flat,
    }
}

fn falling_statement(label: &str, series: &EpochSeries, slope: LogSlope) -> String {
    let end = series.last();
    format!(
        "{label} is {} and still falls by {} an epoch over the last {} epochs.",
        after(end.value, end.epoch),
        percent_of_log(slope.slope),
        slope.epochs
    )
}

fn slope_numbers(slope: LogSlope) -> Vec<(&'static str, f64)> {
    vec![("slope", slope.slope), ("slope_error", slope.error), ("epochs", slope.epochs as f64)]
}

/// `not_converged`.
pub(crate) fn not_converged(facts: &CurveFacts) -> Option<Found> {
    let loss = facts.train_loss.as_ref()?;
    let slope = loss.log_slope().filter(|slope| is_falling(*slope, FALLS))?;
    let (severity, advice) = match val_trend(facts) {
        Trend::Falling => (
            Severity::Warning,
            "Train longer, or raise the learning rate: validation loss falls too. Do not compare this run with one \
             that has converged.",
        ),
        Trend::Flat => (
            Severity::Note,
            "More epochs alone are not the answer: validation loss shows no fall. Lower the learning rate, \
             or regularise.",
        ),
        Trend::Rising => (
            Severity::Note,
            "Do not add epochs: validation loss rises, so that more of them do harm. Stop earlier or regularise.",
        ),
        Trend::Unknown => (
            Severity::Note,
            "Measure validation loss after every epoch before adding epochs: whether they would help cannot be told \
             from training.",
        ),
    };
    Some(Found {
        name: super::NOT_CONVERGED,
        severity,
        statement: falling_statement("Training loss", loss, slope),
        rule: CONVERGED_RULE,
        numbers: slope_numbers(slope),
        advice: advice.into(),
    })
}

/// `not_converged_val`.
pub(crate) fn not_converged_val(facts: &CurveFacts) -> Option<Found> {
    let loss = facts.val_loss.as_ref().filter(|_| facts.rise.is_none())?;
    let slope = loss.log_slope().filter(|slope| is_falling(*slope, FALLS))?;
    Some(Found {
        name: super::NOT_CONVERGED_VAL,
        severity: Severity::Warning,
        statement: falling_statement("Validation loss", loss, slope),
        rule: CONVERGED_RULE,
        numbers: slope_numbers(slope),
        advice: "Train longer, or raise the learning rate: this is not yet what the recipe can do, and it compares \
                 badly with one that has converged."
            .into(),
    })
}

/// `plateau`.
pub(crate) fn plateau(facts: &CurveFacts) -> Option<Found> {
    let (train, val) =
        (facts.train_loss.as_ref()?, facts.val_loss.as_ref().filter(|_| facts.rise.is_none())?);
    let (falling, flat) = (train.log_slope()?, val.log_slope()?);
    let is_long = val.len() >= 2 * PLATEAU_EPOCHS;
    let error = (flat.error * flat.error + falling.error * falling.error).sqrt();
    let is_apart = flat.slope - falling.slope > SLOPE_ERRORS * error;
    if !is_long || !is_falling(falling, STILL_FALLS) || flat.slope.abs() >= FLAT || !is_apart {
        return None;
    }
    let end = val.last();
    Some(Found {
        name: super::PLATEAU,
        severity: Severity::Note,
        statement: format!(
            "Validation loss lies flat over the last {} epochs ({}), while training loss still falls by {} an epoch.",
            flat.epochs,
            after(end.value, end.epoch),
            percent_of_log(falling.slope)
        ),
        rule: PLATEAU_RULE,
        numbers: vec![
            ("val_slope", flat.slope),
            ("val_slope_error", flat.error),
            ("train_slope", falling.slope),
            ("train_slope_error", falling.error),
            ("epochs", flat.epochs as f64),
        ],
        advice: "Stop here, or change something: lower the learning rate once validation lies flat, or regularise. \
                 More epochs of this kind fit the training images only."
            .into(),
    })
}

/// The part of the inner points at which a series turns from up to down or from down to up.
fn turns(values: &[f64]) -> f64 {
    let inner = values.len().saturating_sub(2).max(1);
    let turned = values.windows(3).filter(|three| (three[1] - three[0]) * (three[2] - three[1]) < 0.0);
    turned.count() as f64 / inner as f64
}

/// `oscillating`.
pub(crate) fn oscillating(facts: &CurveFacts) -> Option<Found> {
    // The mean over the epoch where there is one: it does not see the last batch of the epoch only.
    let running = EpochSeries::of(facts.run, |row| row.loss);
    let is_running = running.is_some();
    let loss =
        running.or_else(|| facts.train_loss.clone()).filter(|series| series.len() >= FEWEST_TO_OSCILLATE)?;
    let late = loss.second_half();
    let values = late.values();
    let (level, scatter, turned) = (median(&values)?, late.plain_scatter(), turns(&values));
    let usual = if is_running { RUNNING_SCATTER } else { WEIGHTS_SCATTER };
    let least = match facts.results.n_train {
        Some(n) => usual.max(IMAGE_SCATTER / (n.max(1) as f64).sqrt()),
        None => UNKNOWN_IMAGES * usual,
    };
    let moved = theil_sen(late.points())? * (late.last().epoch - late.first().epoch) as f64;
    let is_far = scatter > least * level && scatter > START_SCATTER * loss.first().value;
    if turned < TURNS || !is_far || moved.abs() > TREND_SCATTERS * scatter {
        return None;
    }
    Some(Found {
        name: super::OSCILLATING,
        severity: Severity::Warning,
        statement: format!(
            "Training loss goes up and down without trend in the last {} epochs: it turns in {} of them \
             and scatters by {} of its level of {}.",
            values.len(),
            percent(turned),
            percent(scatter / level),
            number(level)
        ),
        rule: OSCILLATING_RULE,
        numbers: vec![("turns", turned), ("scatter", scatter), ("level", level), ("moved", moved)],
        advice:
            "The learning rate is probably too high: try a third and a tenth of it, or let it fall during \
                 training. A larger batch or an average of the weights helps as well."
                .into(),
    })
}

/// `learning_rate_too_low`.
pub(crate) fn learning_rate_too_low(facts: &CurveFacts) -> Option<Found> {
    let loss = facts.train_loss.as_ref()?;
    let (fifths, error) = loss.fifths();
    let (first, end) = (loss.first(), loss.last());
    let (early, late) = (fifths[0] - fifths[2], fifths[2] - fifths[4]);
    let is_even = late >= EVEN * early && late > super::rise::SCATTERS * error * std::f64::consts::SQRT_2;
    let falls_all_along = fifths.windows(2).all(|pair| pair[1] < pair[0]);
    let epochs = |from: usize, to: usize| (to - from) as f64;
    let pace = (first.value - end.value) / epochs(first.epoch, end.epoch);
    let start = facts.results.classes.filter(|classes| *classes > 1).map(|classes| (classes as f64).ln());
    let has_bent_before = start.is_some_and(|start| {
        start - first.value > (FIRST_FALLS * pace * first.epoch as f64).max(FIRST_FALL * start)
    });
    if !is_even || !falls_all_along || end.value <= LEFT * first.value || has_bent_before {
        return None;
    }
    // It supports what the curve says; alone it says nothing.
    let update = layers::update_ratio(facts.run).filter(|ratio| *ratio < layers::LITTLE);
    let little = update.map(|ratio| {
        format!(
            " The last updates of the epochs moved the weights by {ratio:.1e} of their size (the median over layers), less \
             than 1e-4."
        )
    });
    Some(Found {
        name: super::LEARNING_RATE_TOO_LOW,
        severity: Severity::Warning,
        statement: format!(
            "Training loss falls slowly and evenly, from {} to {}, without a bend: by {} from the first fifth of the \
             epochs to the third, by {} from there to the last.{}",
            after(first.value, first.epoch),
            after(end.value, end.epoch),
            number(early),
            number(late),
            little.unwrap_or_default()
        ),
        rule: TOO_LOW_RULE,
        numbers: vec![
            ("first", first.value),
            ("end", end.value),
            ("early_fall", early),
            ("late_fall", late),
            ("error", error),
        ]
        .into_iter()
        .chain(update.map(|ratio| ("update_ratio", ratio)))
        .collect(),
        advice: "Raise the learning rate three to ten times (a learning-rate range test finds where it breaks) before \
                 adding epochs."
            .into(),
    })
}
