//! Training that failed: it left the finite numbers, it blew up, or it never left chance.

use toile_record::Epoch;

use super::Severity;
use super::curve::{CurveFacts, Found};
use super::phrase::after;
use super::series::{EpochNumber, EpochSeries};
use crate::words::number;

/// Loss has blown up above so many times its start, …
const START_FACTOR: f64 = 3.0;
/// … and above chance, ln K, by more than this.
const ABOVE_CHANCE: f64 = 2.0;
/// Chance is a loss no more than this part below ln K.
const CHANCE_LOSS: f64 = 0.02;
/// Accuracy is at chance within so many standard errors of 1/K, …
const CHANCE_ERRORS: f64 = 3.0;
/// … or this part of 1/K.
const CHANCE_PART: f64 = 0.1;
/// An accuracy above so many times 1/K is of a network that has learned, whatever its loss.
const LEARNED: f64 = 2.0;
/// A network that was once below this part of ln K had learned.
const COLLAPSED: f64 = 0.9;

const DIVERGED_RULE: &str = "A loss at the end is not finite; or training loss at the end (the median of the \
    last three epochs) is above three times its start, and above the start and chance (ln K of K classes) by \
    more than 2. A start that is itself above ln K counts as ln K while accuracy is below 2/K.";
const CHANCE_RULE: &str = "At the end (the median of the last three epochs) loss is at most 2 % below ln K \
    of K classes, the loss of equal probabilities, and accuracy is not above 1/K by more than three standard \
    errors and a tenth of 1/K.";

/// `diverged`.
pub(crate) fn diverged(facts: &CurveFacts) -> Option<Found> {
    not_finite(facts).or_else(|| blown_up(facts))
}

const LOSSES: [(&str, EpochNumber); 3] = [
    ("Training loss", |row| row.loss),
    ("Training loss of the weights at the end of the epoch", |row| row.train_loss),
    ("Validation loss", |row| row.val_loss),
];

fn not_finite(facts: &CurveFacts) -> Option<Found> {
    let rows = &facts.run.epochs;
    let end = rows.last()?;
    let is_broken = |loss: Option<f64>| loss.is_some_and(|loss| !loss.is_finite());
    // A record keeps finite numbers only: a training loss that was there and is there no more was not finite.
    let is_missing = end.loss.is_none() && rows.iter().any(|row| row.loss.is_some());
    let broken = LOSSES.iter().find(|(_, of)| is_broken(of(end)));
    let (label, of) = broken.or(LOSSES.first().filter(|_| is_missing))?;
    let last_finite = rows.iter().rev().find(|row| of(row).is_some_and(f64::is_finite));
    let since = match last_finite {
        Some(row) => format!(
            "the last finite one is {} after epoch {}",
            number(of(row).unwrap_or(f64::NAN)),
            row.epoch
        ),
        None => "it never was".into(),
    };
    let mut numbers = vec![("end_epoch", end.epoch as f64)];
    numbers.extend(last_finite.map(|row| ("last_finite_epoch", row.epoch as f64)));
    Some(found(format!("{label} is not finite after epoch {}; {since}.", end.epoch), numbers))
}

fn blown_up(facts: &CurveFacts) -> Option<Found> {
    let rows = &facts.run.epochs;
    let of = |row: &Epoch| row.train_loss.or(row.loss);
    let chance = facts.results.classes.filter(|classes| *classes > 1).map(|classes| (classes as f64).ln());
    let end_row = rows.last()?;
    let end = match &facts.train_loss {
        Some(series) => series.end().min(series.last().value),
        None => of(end_row)?,
    };
    let first = of(rows.first()?).filter(|first| rows.len() > 1 && first.is_finite());
    let accuracy = end_row.train_accuracy.or(end_row.accuracy);
    let has_learned = accuracy
        .zip(facts.results.classes)
        .is_some_and(|(accuracy, classes)| accuracy > LEARNED / classes as f64);
    let start = match (first, chance) {
        (Some(first), Some(chance)) if first > chance && !has_learned => chance,
        (Some(first), _) => first,
        (None, Some(chance)) if !has_learned => chance,
        _ => return None,
    };
    let is_far = end > START_FACTOR * start && end > start + ABOVE_CHANCE;
    if !is_far || chance.is_some_and(|chance| end <= chance + ABOVE_CHANCE) {
        return None;
    }
    let against = match first {
        Some(first) if first <= start => format!("{} after epoch {}", number(first), rows[0].epoch),
        _ => format!("{} of equal probabilities for all classes", number(start)),
    };
    let statement =
        format!("Training loss is {} after epoch {}, far above {against}.", number(end), end_row.epoch);
    Some(found(statement, vec![("end", end), ("start", start)]))
}

fn found(statement: String, numbers: Vec<(&'static str, f64)>) -> Found {
    Found {
        name: super::DIVERGED,
        severity: Severity::Alarm,
        statement,
        rule: DIVERGED_RULE,
        numbers,
        advice: "Lower the learning rate (three to ten times), warm it up, or clip the gradient; check that inputs and \
                 targets are finite. Do not compare this run."
            .into(),
    }
}

/// `chance_level`.
pub(crate) fn chance_level(facts: &CurveFacts) -> Option<Found> {
    let classes = facts.results.classes.filter(|classes| *classes > 1)?;
    let end = facts.run.epochs.last()?;
    let level = |series: &Option<EpochSeries>, row: Option<f64>| {
        series.as_ref().map(EpochSeries::end).or(row.filter(|value| value.is_finite()))
    };
    let train = level(&facts.train_loss, end.train_loss.or(end.loss));
    let val = || level(&facts.val_loss, end.val_loss);
    let (part, loss, accuracy, images) = match train {
        Some(loss) => {
            let accuracy = level(&facts.train_accuracy, end.train_accuracy.or(end.accuracy));
            ("Training", loss, accuracy, facts.results.n_train)
        }
        None => {
            ("Validation", val()?, level(&facts.val_accuracy, end.val_accuracy), facts.results.n_validation)
        }
    };
    let (chance_loss, chance) = ((classes as f64).ln(), 1.0 / classes as f64);
    let noise = images.map_or(0.0, |n| CHANCE_ERRORS * (chance * (1.0 - chance) / n.max(1) as f64).sqrt());
    let is_at_chance = |accuracy: f64| accuracy <= chance + noise.max(CHANCE_PART * chance);
    let is_near = loss >= (1.0 - CHANCE_LOSS) * chance_loss;
    // Without an accuracy only a loss close to ln K on both sides tells.
    let fits = accuracy.map_or(loss <= (1.0 + CHANCE_LOSS) * chance_loss, is_at_chance);
    if !is_near || !fits {
        return None;
    }
    let mut numbers = vec![("loss", loss), ("chance_loss", chance_loss), ("chance_accuracy", chance)];
    numbers.extend(accuracy.map(|accuracy| ("accuracy", accuracy)));
    let and = accuracy.map_or(String::new(), |value| format!(" and accuracy {}", number(value)));
    Some(Found {
        name: super::CHANCE_LEVEL,
        severity: Severity::Alarm,
        statement: format!(
            "{part} loss is {}{and} at the end: no better than guessing among {classes} classes (loss {}, accuracy \
             {}).",
            number(loss),
            number(chance_loss),
            number(chance)
        ),
        rule: CHANCE_RULE,
        numbers,
        advice: match facts.train_loss.as_ref().map(EpochSeries::least) {
            Some(least) if least.value < COLLAPSED * chance_loss => format!(
                "It had learned, to a loss of {}, and lost that: lower the learning rate, let it fall \
                 during training, or clip the gradient. Keep the weights of the lowest validation loss.",
                after(least.value, least.epoch)
            ),
            _ => "Nothing was learned. Try a learning rate ten times smaller, then ten times larger; check that labels \
                 belong to their images, that inputs are scaled, and that units are not dead."
                .into(),
        },
    })
}
