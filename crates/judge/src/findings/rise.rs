//! Harm to what was not trained on: validation loss that rises, validation accuracy that falls.

use super::Severity;
use super::curve::{CurveFacts, Found};
use super::phrase::{after, percent};
use super::series::{EpochSeries, EpochValue};
use crate::words::{number, points};

/// Validation loss above its minimum by more is a rise: Prechelt's GL > 5.
const RISE: f64 = 0.05;
/// From here on it is a weak one: GL > 2.
pub(crate) const WEAK_RISE: f64 = 0.02;
/// A change must exceed so many standard deviations of single epochs: the least of 40 noisy numbers is low by luck.
pub(crate) const SCATTERS: f64 = 4.0;
/// The curve's level must change by so many of its standard errors, for the lowest of many levels is low by luck too.
const LEVEL_ERRORS: f64 = 4.5;
/// With so many it has changed, whatever the last epoch alone shows.
const SURE_ERRORS: f64 = 6.0;
/// Accuracy below its best by more is a fall: one point.
pub(crate) const POINT: f64 = 0.01;
/// A difference of accuracies must exceed so many standard errors of the images.
pub(crate) const ERRORS: f64 = 2.0;
/// The level of accuracies must fall by more; and weights within it of the best are as good as the best.
const HALF_POINT: f64 = 0.005;
/// Accuracy has not fallen with the loss if its level is lower by no more than so many standard errors of the
/// difference of two levels, or a tenth of a point; a whole point is a fall.
const UNCHANGED_ERRORS: f64 = 2.0;
const UNCHANGED: f64 = 0.001;

const RISE_RULE: &str = "Validation loss at the end is more than 5 % (weak: 2 to 5 %) above its minimum \
    (Prechelt 1998: GL = 100 (loss / least loss so far − 1)), by more than four times the scatter of single \
    epochs, and the minimum is not among the last three epochs. The median of neighbouring epochs (three, or \
    a tenth of all) must have risen too, by more than 2 % and 4.5 of its standard errors; six of them are \
    enough without the scatter of single epochs.";
const FALL_RULE: &str = "Validation accuracy at the end is below its best by more than one point, more than \
    four times the scatter of single epochs and, where the number of validation images is known, more than \
    two standard errors of the difference of two shares; the best is not among the last three epochs. The \
    median of neighbouring epochs (three, or a tenth of all) must have fallen too, by more than half a point \
    and 4.5 of its standard errors; six of them are enough without the scatter of single epochs.";
const CONFIDENCE_RULE: &str = "Validation loss has risen (as for val_loss_rising) while validation accuracy \
    is not below what it was at the loss's minimum, by more than two standard errors of the difference \
    (medians of neighbouring epochs: three, or a tenth of all), nor by a point (Guo et al. 2017: networks \
    overfit the loss without overfitting accuracy).";

/// A rise of validation loss since its minimum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct LossRise {
    pub(crate) least: EpochValue,
    pub(crate) end: EpochValue,
    /// End / minimum − 1.
    pub(crate) share: f64,
    /// The same of the curve's levels.
    level: f64,
    /// Standard deviation of single epochs.
    scatter: f64,
}

impl LossRise {
    /// The rise of a loss, if it is one by the rule.
    pub(crate) fn of(loss: &EpochSeries) -> Option<LossRise> {
        let (least, end, scatter, levels) = (loss.least(), loss.last(), loss.scatter(), loss.levels());
        if least.value <= 0.0 || loss.is_late(least.epoch) {
            return None;
        }
        let (raw, level) = (end.value - least.value, levels.end - levels.least);
        let rise = LossRise { least, end, share: raw / least.value, level: level / levels.least, scatter };
        (is_beyond_noise(raw, scatter, level, levels.error) && rise.share.min(rise.level) > WEAK_RISE)
            .then_some(rise)
    }

    /// Whether it is 5 % at most.
    pub(crate) fn is_weak(&self) -> bool {
        self.share <= RISE
    }
}

/// A fall of validation accuracy since its best epoch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AccuracyFall {
    best: EpochValue,
    end: EpochValue,
    /// Four times the scatter of single epochs, or two standard errors of the images if that is more.
    noise: f64,
}

impl AccuracyFall {
    /// The fall of an accuracy on so many images, if it is one by the rule.
    pub(crate) fn of(accuracy: &EpochSeries, images: Option<usize>) -> Option<AccuracyFall> {
        let (best, end, levels) = (accuracy.largest(), accuracy.last(), accuracy.levels());
        if accuracy.is_late(best.epoch) {
            return None;
        }
        let images = images.map_or(0.0, |n| ERRORS * standard_error((best.value, n), (end.value, n)));
        let (raw, level) = (best.value - end.value, levels.largest - levels.end);
        let scatter = accuracy.scatter();
        let is_fall = raw > POINT.max(images)
            && level > HALF_POINT.max(images)
            && is_beyond_noise(raw, scatter, level, levels.error);
        let noise = images.max(SCATTERS * scatter);
        is_fall.then_some(AccuracyFall { best, end, noise })
    }
}

/// Whether a change from the best epoch to the last exceeds four times the scatter of single epochs, and that of the
/// level 4.5 of its standard errors; or that of the level six of them, for the last epoch alone may hide what many
/// show.
fn is_beyond_noise(raw: f64, scatter: f64, level: f64, error: f64) -> bool {
    (raw > SCATTERS * scatter && level > LEVEL_ERRORS * error) || level > SURE_ERRORS * error
}

/// The standard error of the difference of two accuracies, each on so many images, as if these were different ones.
pub(crate) fn standard_error(a: (f64, usize), b: (f64, usize)) -> f64 {
    let variance = |(p, n): (f64, usize)| p * (1.0 - p) / n.max(1) as f64;
    (variance(a) + variance(b)).max(0.0).sqrt()
}

/// `val_loss_rising`, `val_loss_rising_weak`.
pub(crate) fn val_loss_rising(facts: &CurveFacts) -> Option<Found> {
    let rise = facts.rise?;
    let (least, end) = (rise.least, rise.end);
    let kept_loss =
        facts.kept().and_then(|row| Some((row.epoch, row.val_loss.filter(|loss| loss.is_finite())?)));
    let is_avoided = kept_loss.is_some_and(|(_, loss)| loss <= (1.0 + WEAK_RISE) * least.value);
    let advice = match kept_loss {
        Some((epoch, loss)) if is_avoided => format!(
            "The weights that were kept are those of epoch {epoch}, with a validation loss of {}: the harm was \
             avoided. Fewer epochs would do.",
            number(loss)
        ),
        Some((epoch, loss)) => format!(
            "The weights that were kept are those of epoch {epoch}, with a validation loss of {}: keep those of \
             the lowest validation loss instead, about epoch {}.",
            number(loss),
            least.epoch
        ),
        None => format!(
            "Stop at about epoch {}, or keep the weights of the lowest validation loss (early stopping). To train \
             longer, regularise first: dropout, weight decay or augmentation.",
            least.epoch
        ),
    };
    let mut numbers = vec![
        ("end", end.value),
        ("end_epoch", end.epoch as f64),
        ("minimum", least.value),
        ("minimum_epoch", least.epoch as f64),
        ("rise", rise.share),
        ("rise_of_level", rise.level),
        ("scatter", rise.scatter),
    ];
    numbers.extend(kept_loss.map(|(epoch, _)| ("kept_epoch", epoch as f64)));
    Some(Found {
        name: if rise.is_weak() { super::VAL_LOSS_RISING_WEAK } else { super::VAL_LOSS_RISING },
        severity: if is_avoided || rise.is_weak() { Severity::Note } else { Severity::Warning },
        statement: format!(
            "Validation loss is {}, {} above its minimum of {}.",
            after(end.value, end.epoch),
            percent(rise.share),
            after(least.value, least.epoch)
        ),
        rule: RISE_RULE,
        numbers,
        advice,
    })
}

/// `val_accuracy_falling`.
pub(crate) fn val_accuracy_falling(facts: &CurveFacts) -> Option<Found> {
    let AccuracyFall { best, end, noise } = facts.fall?;
    let kept =
        facts.kept().and_then(|row| Some((row.epoch, row.val_accuracy.filter(|value| value.is_finite())?)));
    let is_avoided = kept.is_some_and(|(_, accuracy)| accuracy >= best.value - HALF_POINT);
    let advice = match kept {
        Some((epoch, accuracy)) if is_avoided => format!(
            "The weights that were kept are those of epoch {epoch}, with a validation accuracy of {}: the harm was \
             avoided. Fewer epochs would do.",
            number(accuracy)
        ),
        _ => format!(
            "Keep the weights of an earlier epoch, about {} (early stopping), or regularise: dropout, \
             weight decay or augmentation. If training loss rises as well, lower the learning rate.",
            best.epoch
        ),
    };
    let mut numbers = vec![
        ("end", end.value),
        ("end_epoch", end.epoch as f64),
        ("best", best.value),
        ("best_epoch", best.epoch as f64),
        ("fall", best.value - end.value),
        ("noise", noise),
    ];
    numbers.extend(kept.map(|(epoch, _)| ("kept_epoch", epoch as f64)));
    Some(Found {
        name: super::VAL_ACCURACY_FALLING,
        severity: if is_avoided { Severity::Note } else { Severity::Warning },
        statement: format!(
            "Validation accuracy is {}, {} below its best of {}.",
            after(end.value, end.epoch),
            points(best.value - end.value),
            after(best.value, best.epoch)
        ),
        rule: FALL_RULE,
        numbers,
        advice,
    })
}

/// `over_confidence`.
pub(crate) fn over_confidence(facts: &CurveFacts) -> Option<Found> {
    let rise = facts.rise.filter(|_| facts.fall.is_none())?;
    let accuracy = facts.val_accuracy.as_ref()?;
    let (then, levels) = (accuracy.level_about(rise.least.epoch)?, accuracy.levels());
    let error = std::f64::consts::SQRT_2 * levels.error;
    let allowance = (UNCHANGED_ERRORS * error).clamp(UNCHANGED, POINT);
    if levels.end < then - allowance {
        return None;
    }
    let is_avoided = facts
        .kept()
        .and_then(|row| row.val_loss)
        .is_some_and(|loss| loss <= (1.0 + WEAK_RISE) * rise.least.value);
    Some(Found {
        name: super::OVER_CONFIDENCE,
        severity: if is_avoided || rise.is_weak() { Severity::Note } else { Severity::Warning },
        statement: format!(
            "Validation loss has risen by {} since epoch {}, while validation accuracy has not fallen by more than \
             its noise: {} about that epoch, {} at the end (medians of {} epochs). The decisions are as good, \
             the probabilities are too sure.",
            percent(rise.share),
            rise.least.epoch,
            number(then),
            number(levels.end),
            accuracy.level_width()
        ),
        rule: CONFIDENCE_RULE,
        numbers: vec![
            ("rise", rise.share),
            ("minimum_epoch", rise.least.epoch as f64),
            ("accuracy_then", then),
            ("accuracy_end", levels.end),
            ("allowance", allowance),
        ],
        advice: match is_avoided {
            true => "The weights that were kept are from about the lowest loss: the harm was avoided.".into(),
            false => {
                "Where only the decisions count, these weights will do. Where the probabilities count, fit a \
                      temperature on the validation part, smooth the labels, or stop earlier."
                    .into()
            }
        },
    })
}
