//! Training against validation at the end: a gap, with harm or without, or none because little was learned.

use super::Severity;
use super::curve::{CurveFacts, Found};
use super::phrase::{after, percent};
use super::rise::{ERRORS, POINT, WEAK_RISE, standard_error};
use super::series::EpochSeries;
use crate::quantity::Quantity;
use crate::results::Recipe;
use crate::words::{number, points};

/// Training and validation accuracy are both well below a reference if it is above them by more: three points.
const WELL_BELOW: f64 = 0.03;
/// And by more than so many standard errors of the validation images, where their number is known.
const WELL_BELOW_ERRORS: f64 = 3.0;
/// A running mean of training may lie so far below validation, and both are still alike: three points.
const MEAN_LAG: f64 = 0.03;

const WITHOUT_HARM_RULE: &str = "Training accuracy at the end is above validation accuracy by more than one \
    point and more than two standard errors of the difference of two shares (the medians of the last three \
    epochs must agree), while the level of validation loss (the median of neighbouring epochs) is at most 2 \
    % above its lowest and validation accuracy is not falling: a gap is not harm.";
const GAP_RULE: &str = "Training accuracy at the end is above validation accuracy by more than one point and \
    more than two standard errors of the difference of two shares. Harm is something unseen that got worse, \
    which one row cannot show, nor a curve whose rise is within four times its scatter. A running mean of \
    training makes a gap look too small, with dropout much too small.";
const UNDERFITTING_RULE: &str = "Training accuracy is not above validation accuracy by more than one point \
    or two standard errors (a running mean may lie up to three points below it), and another recipe of the \
    study reaches a validation accuracy more than three points above both, and more than three standard \
    errors.";

/// Training accuracy above validation accuracy at the end, by more than a point and more than noise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct EndGap {
    epoch: usize,
    train: f64,
    val: f64,
    /// Standard error of their difference.
    error: f64,
    /// Whether the training number is a mean over the epoch.
    is_running: bool,
}

/// The last accuracies, and whether the training one is a running mean.
struct EndPair {
    epoch: usize,
    train: f64,
    val: f64,
    is_running: bool,
    /// Training above validation: the smaller of that of the last row and of the medians of the last three epochs.
    gap: f64,
}

impl EndPair {
    fn of(facts: &CurveFacts) -> Option<EndPair> {
        if let (Some(train), Some(val)) = (&facts.train_accuracy, &facts.val_accuracy) {
            let is_running = facts.run.epochs.iter().all(|row| row.train_accuracy.is_none());
            let end = val.last();
            let train_end = train.at(end.epoch).unwrap_or(train.last().value);
            let gap = (train_end - end.value).min(train.end() - val.end());
            return Some(EndPair { epoch: end.epoch, train: train_end, val: end.value, is_running, gap });
        }
        let row = facts.run.epochs.last()?;
        let train = finite(row.train_accuracy).or(finite(row.accuracy))?;
        let val = finite(row.val_accuracy)?;
        let is_running = finite(row.train_accuracy).is_none();
        Some(EndPair { epoch: row.epoch, train, val, is_running, gap: train - val })
    }

    /// The standard error of the difference, if the number of validation images is known.
    ///
    /// The end-of-epoch number may be of a part of the training images only, and their number may be unknown: then no
    /// more than the validation images are counted, which is on the careful side.
    fn error(&self, facts: &CurveFacts) -> Option<f64> {
        let val = facts.results.n_validation?;
        let train = facts.results.n_train.filter(|_| self.is_running).unwrap_or(val);
        Some(standard_error((self.train, train), (self.val, val)))
    }
}

impl EndGap {
    pub(crate) fn of(facts: &CurveFacts) -> Option<EndGap> {
        let pair = EndPair::of(facts)?;
        let error = pair.error(facts)?;
        let EndPair { epoch, train, val, is_running, gap } = pair;
        (gap > POINT.max(ERRORS * error)).then_some(EndGap { epoch, train, val, error, is_running })
    }

    fn statement(&self) -> String {
        let means = if self.is_running { " (a mean over the epoch)" } else { "" };
        format!(
            "After epoch {} training accuracy{means} is {}, {} above validation accuracy, {}.",
            self.epoch,
            number(self.train),
            points(self.train - self.val),
            number(self.val)
        )
    }

    fn numbers(&self) -> Vec<(&'static str, f64)> {
        let gap = self.train - self.val;
        let mut numbers = vec![
            ("train_accuracy", self.train),
            ("val_accuracy", self.val),
            ("gap", gap),
            ("error", self.error),
        ];
        numbers.extend((self.error > 0.0).then(|| ("z", gap / self.error)));
        numbers
    }
}

/// A number that is one.
pub(crate) fn finite(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite())
}

/// What the curve of validation loss says of harm, where neither loss nor accuracy got worse by the rules.
enum HarmShown {
    /// No more than 2 % above its minimum, by its level.
    No,
    /// Further above it, but not beyond its noise.
    Hidden(f64),
    /// There is no such curve.
    NoCurve,
    /// It got worse.
    Yes,
}

fn harm(facts: &CurveFacts) -> HarmShown {
    let levels = facts.val_loss.as_ref().map(EpochSeries::levels);
    match levels.map(|levels| levels.end / levels.least - 1.0) {
        _ if facts.rise.is_some() || facts.fall.is_some() => HarmShown::Yes,
        None => HarmShown::NoCurve,
        Some(rise) if rise <= WEAK_RISE => HarmShown::No,
        Some(rise) => HarmShown::Hidden(rise),
    }
}

/// `gap_without_harm`.
pub(crate) fn gap_without_harm(facts: &CurveFacts) -> Option<Found> {
    let gap = facts.gap.filter(|_| matches!(harm(facts), HarmShown::No))?;
    let loss = facts.val_loss.as_ref()?;
    let (least, end) = (loss.least(), loss.last());
    let mut numbers = gap.numbers();
    numbers.extend([("val_loss", end.value), ("val_loss_minimum", least.value)]);
    let minimum = match end.value > least.value {
        true => format!(", where its minimum is {}", after(least.value, least.epoch)),
        false => ", its minimum".into(),
    };
    Some(Found {
        name: super::GAP_WITHOUT_HARM,
        severity: Severity::Note,
        statement: format!(
            "{} Validation loss has not risen: it is {} at the end{minimum}.",
            gap.statement(),
            number(end.value)
        ),
        rule: WITHOUT_HARM_RULE,
        numbers,
        advice: "Call it a gap, not overfitting: nothing that was measured got worse. Regularising may still help; \
                 judge it by validation."
            .into(),
    })
}

/// `gap`: from a last row alone, a curve without validation loss, or one whose noise hides what it does.
pub(crate) fn gap(facts: &CurveFacts) -> Option<Found> {
    let gap = facts.gap?;
    let unknown = match harm(facts) {
        HarmShown::NoCurve => {
            "Whether that does harm cannot be told without the curve of validation loss.".into()
        }
        HarmShown::Hidden(rise) => format!(
            "Whether that does harm cannot be told: validation loss ends {} above its lowest level, but \
             not beyond its noise.",
            percent(rise)
        ),
        HarmShown::No | HarmShown::Yes => return None,
    };
    let larger = match gap.is_running {
        true => {
            " A mean over the epoch makes the gap look too small: measure the weights at the end of the epoch too."
        }
        false => "",
    };
    Some(Found {
        name: super::GAP,
        severity: Severity::Note,
        statement: format!("{} {unknown}", gap.statement()),
        rule: GAP_RULE,
        numbers: gap.numbers(),
        advice: format!(
            "Do not call it overfitting: keep validation loss and accuracy of every epoch, and see whether they get \
             worse.{larger}"
        ),
    })
}

/// The recipe with the best validation accuracy that is well above that of this run: of the same model, where both
/// say theirs and there is one; else of any. And whether its model is the same, if both say.
fn better_recipe<'a>(facts: &CurveFacts<'a>, pair: &EndPair) -> Option<(&'a Recipe, f64, Option<bool>)> {
    let is_same = |other: &Recipe| Some(facts.recipe.settings.get("model")? == other.settings.get("model")?);
    let reached = pair.train.max(pair.val);
    let noise = |reference: f64| {
        let error = |n| standard_error((pair.val, n), (reference, n));
        facts.results.n_validation.map_or(0.0, |n| WELL_BELOW_ERRORS * error(n))
    };
    let others = facts.results.recipes.iter().filter(|other| other.name != facts.recipe.name);
    others
        .filter_map(|other| Some((other, other.mean(Quantity::ValAccuracy)?, is_same(other))))
        .filter(|(_, reference, _)| reference - reached > WELL_BELOW.max(noise(*reference)))
        .max_by(|a, b| (a.2 == Some(true)).cmp(&(b.2 == Some(true))).then(a.1.total_cmp(&b.1)))
}

/// `underfitting`.
pub(crate) fn underfitting(facts: &CurveFacts) -> Option<Found> {
    let pair = EndPair::of(facts)?;
    let error = pair.error(facts);
    let is_alike = pair.gap <= error.map_or(POINT, |error| POINT.max(ERRORS * error))
        && pair.val - pair.train <= if pair.is_running { MEAN_LAG } else { POINT };
    if !is_alike {
        return None;
    }
    let reached = pair.train.max(pair.val);
    let (best, reference, is_same_model) = better_recipe(facts, &pair)?;
    let advice = match is_same_model {
        Some(true) => format!("Train it as {} was trained: the same model reaches more.", best.quoted()),
        Some(false) => format!(
            "{} is another model: try that one, or find out whether a tuned learning rate or more epochs \
             lift this one.",
            best.quoted()
        ),
        None => "Train it better before anything else: tune the learning rate, add epochs while validation loss falls, \
                 regularise less, or widen the network."
            .into(),
    };
    Some(Found {
        name: super::UNDERFITTING,
        severity: Severity::Warning,
        statement: format!(
            "Training accuracy, {}, and validation accuracy, {}, are alike and both low: {} reaches {} on the same \
             validation images.",
            number(pair.train),
            number(pair.val),
            best.quoted(),
            number(reference)
        ),
        rule: UNDERFITTING_RULE,
        numbers: vec![
            ("train_accuracy", pair.train),
            ("val_accuracy", pair.val),
            ("reference", reference),
            ("below", reference - reached),
        ],
        advice,
    })
}
