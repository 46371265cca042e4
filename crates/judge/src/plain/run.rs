//! A run of plain records: its numbers, and what it makes of each image.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Map, Value};
use toile_record::Epoch;

use super::fault::{PlainFault, fault};
use super::{bytes, numbers};
use crate::quantity::Quantity;
use crate::results::{Images, Results, Run};

/// How much a share may lie above 1 by rounding in single precision.
const SLACK: f64 = 1e-6;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with `name` and numbers was expected")]
pub(super) struct PlainRun {
    pub(super) name: String,
    seed: Option<u64>,
    #[serde(default, deserialize_with = "settings")]
    pub(super) settings: Map<String, Value>,
    #[serde(default)]
    epochs: Vec<PlainEpoch>,
    kept_epoch: Option<usize>,
    #[serde(default)]
    test: PlainTest,
    test_correct: Option<String>,
    validation_correct: Option<String>,
    test_losses: Option<String>,
    validation_losses: Option<String>,
    #[serde(default, deserialize_with = "numbers::any")]
    train_seconds: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "an object with `accuracy`, `loss` or both was expected")]
struct PlainTest {
    #[serde(deserialize_with = "numbers::any")]
    accuracy: Option<f64>,
    #[serde(deserialize_with = "numbers::any")]
    loss: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields, expecting = "an object with `epoch` and numbers was expected")]
struct PlainEpoch {
    epoch: usize,
    #[serde(deserialize_with = "numbers::any")]
    loss: Option<f64>,
    #[serde(deserialize_with = "numbers::any")]
    accuracy: Option<f64>,
    #[serde(deserialize_with = "numbers::any")]
    train_loss: Option<f64>,
    #[serde(deserialize_with = "numbers::any")]
    train_accuracy: Option<f64>,
    #[serde(deserialize_with = "numbers::any")]
    val_loss: Option<f64>,
    #[serde(deserialize_with = "numbers::any")]
    val_accuracy: Option<f64>,
    #[serde(deserialize_with = "numbers::any")]
    learning_rate: Option<f64>,
}

/// Settings, each named once.
fn settings<'de, D: Deserializer<'de>>(input: D) -> Result<Map<String, Value>, D::Error> {
    struct UniqueSettings;
    impl<'de> Visitor<'de> for UniqueSettings {
        type Value = Map<String, Value>;

        fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
            write!(f, "an object with one value per setting")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut items: A) -> Result<Map<String, Value>, A::Error> {
            let mut all = Map::new();
            while let Some((key, value)) = items.next_entry::<String, Value>()? {
                if all.contains_key(&key) {
                    return Err(A::Error::custom(format!("the setting `{key}` stands there twice")));
                }
                all.insert(key, value);
            }
            Ok(all)
        }
    }
    input.deserialize_map(UniqueSettings)
}

impl PlainRun {
    /// The run, if its numbers agree with each other.
    pub(super) fn checked(self, results: &Results, place: &str) -> Result<Run, PlainFault> {
        let n = [results.n_validation, results.n_test];
        let correct = [("validation_correct", self.validation_correct), ("test_correct", self.test_correct)];
        let losses = [("validation_losses", self.validation_losses), ("test_losses", self.test_losses)];
        let mut parts = [Images::default(), Images::default()];
        for (k, (part, ((bits_key, bits), (losses_key, losses)))) in
            parts.iter_mut().zip(correct.into_iter().zip(losses)).enumerate()
        {
            part.correct = unpacked(place, bits_key, bits, n[k], bytes::bits)?;
            part.losses = unpacked(place, losses_key, losses, n[k], bytes::floats)?;
        }
        let [validation, test] = parts;
        let mut epochs = epochs(place, &self.epochs)?;
        let test_accuracy = share(&format!("{place}.test.accuracy"), self.test.accuracy)?;
        let test_accuracy = accuracy([place, "test.accuracy", "test_correct"], test_accuracy, &test.correct)?;
        let test_loss = loss([place, "test.loss", "test_losses"], self.test.loss, &test.losses)?;
        let kept = kept(place, &mut epochs, self.kept_epoch, &validation)?;
        if let Some(row) = kept.map(|kept| &mut epochs[kept]) {
            let keys = [place, "val_accuracy of the epoch that is kept", "validation_correct"];
            row.val_accuracy = accuracy(keys, row.val_accuracy, &validation.correct)?;
            // What is printed for validation may hold penalties, the losses of the images do not.
            row.val_loss = row.val_loss.or_else(|| mean(&validation.losses));
        }
        let is_broken = |value: Option<f64>| value.is_some_and(|value| !value.is_finite());
        let last = epochs.last();
        let has_failed = is_broken(test_accuracy)
            || is_broken(test_loss)
            || last.is_some_and(|row| is_broken(row.loss) || is_broken(row.val_loss));
        let run = Run {
            seed: self.seed,
            kept_epoch: self.kept_epoch,
            epochs,
            layers: Vec::new(),
            test_accuracy,
            test_loss,
            seconds: self.train_seconds,
            has_failed,
            validation,
            test,
        };
        if !run.has_failed && Quantity::all().all(|quantity| quantity.of(&run).is_none()) {
            let message = format!("{} has no number", self.name);
            return Err(fault(place, message, "give `epochs`, `test` or `test_correct`"));
        }
        Ok(run)
    }
}

/// One thing per image of a part, as long as the part.
fn unpacked<T>(
    place: &str,
    key: &str,
    text: Option<String>,
    n: Option<usize>,
    unpack: fn(&str, usize) -> Result<Vec<T>, String>,
) -> Result<Vec<T>, PlainFault> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let place = format!("{place}.{key}");
    let count = if key.starts_with("test") { "n_test" } else { "n_validation" };
    let Some(n) = n else {
        let help = format!("add `\"{count}\": …` beside `runs`, the images of that part");
        return Err(fault(place, format!("the file does not say `{count}`"), help));
    };
    let help = format!("one per image of the part, in its order, as base64; or mend `{count}`");
    unpack(&text, n).map_err(|message| fault(place, message, help))
}

/// The place in the epochs of the weights that are kept: the last one, or the one that is named.
fn kept(
    place: &str,
    epochs: &mut Vec<Epoch>,
    named: Option<usize>,
    validation: &Images,
) -> Result<Option<usize>, PlainFault> {
    if let Some(named) = named {
        let found = epochs.iter().position(|row| row.epoch == named);
        let message = format!("no row of `epochs` has the epoch {named}");
        let help = "`kept_epoch` is the epoch whose weights were tested, if not the last one";
        return found.map(Some).ok_or_else(|| fault(format!("{place}.kept_epoch"), message, help));
    }
    // What is known of the images says something even without a row of numbers.
    if epochs.is_empty() && !(validation.correct.is_empty() && validation.losses.is_empty()) {
        epochs.push(Epoch { epoch: 1, learning_rate: f64::NAN, ..Epoch::default() });
    }
    Ok(epochs.len().checked_sub(1))
}

/// An accuracy is a share, or no number at all.
fn share(place: &str, stated: Option<f64>) -> Result<Option<f64>, PlainFault> {
    match stated {
        Some(stated) if stated.is_finite() && !(0.0..=1.0 + SLACK).contains(&stated) => {
            let message = format!("an accuracy is a share between 0 and 1, found {stated}");
            Err(fault(place, message, "87.6 % is 0.876"))
        }
        stated => Ok(stated.map(|stated| if stated > 1.0 && stated.is_finite() { 1.0 } else { stated })),
    }
}

/// The accuracy that is stated must be the share of ones, as far as its digits go.
fn accuracy(
    [place, stated_key, key]: [&str; 3],
    stated: Option<f64>,
    correct: &[bool],
) -> Result<Option<f64>, PlainFault> {
    if correct.is_empty() {
        return Ok(stated);
    }
    let found = correct.iter().filter(|right| **right).count() as f64 / correct.len() as f64;
    let is_same = |stated: f64| (stated - found).abs() <= f64::max(1e-6, half_unit(stated));
    match stated {
        Some(stated) if !is_same(stated) => {
            let message = format!("{stated_key} is {stated}, but {found} of the bits are ones");
            let help = "both must speak of the same images and the same weights";
            Err(fault(format!("{place}.{key}"), message, help))
        }
        _ => Ok(Some(found)),
    }
}

/// The loss that is stated must be the mean of the images', within a hundredth: what is printed may be rounded.
fn loss(
    [place, stated_key, key]: [&str; 3],
    stated: Option<f64>,
    losses: &[f32],
) -> Result<Option<f64>, PlainFault> {
    let Some(found) = mean(losses) else { return Ok(stated) };
    let is_same = |stated: f64| {
        let both_broken = !stated.is_finite() && !found.is_finite();
        both_broken || (stated - found).abs() <= 0.01 * found.abs() + half_unit(stated)
    };
    match stated {
        Some(stated) if !is_same(stated) => {
            let message =
                format!("{stated_key} is {stated}, but the losses of the images have the mean {found}");
            let help = "both must speak of the same images and weights, without penalties";
            Err(fault(format!("{place}.{key}"), message, help))
        }
        _ => Ok(Some(found)),
    }
}

/// Half a unit of the last digit, of which two are expected at least.
fn half_unit(value: f64) -> f64 {
    let digits = format!("{value}").split_once('.').map_or(0, |(_, digits)| digits.len() as i32);
    0.5001 * 10f64.powi(-digits.max(2))
}

fn mean(losses: &[f32]) -> Option<f64> {
    toile_stats::mean(&losses.iter().map(|loss| f64::from(*loss)).collect::<Vec<_>>())
}

fn epochs(place: &str, plain: &[PlainEpoch]) -> Result<Vec<Epoch>, PlainFault> {
    let mut last = 0;
    let mut all = Vec::with_capacity(plain.len());
    for (i, row) in plain.iter().enumerate() {
        let place = format!("{place}.epochs[{i}]");
        if row.epoch <= last {
            let message = match i {
                0 => format!("the first epoch is {}", row.epoch),
                _ => format!("epoch {} follows epoch {last}", row.epoch),
            };
            return Err(fault(format!("{place}.epoch"), message, "epochs are counted from 1, and rise"));
        }
        last = row.epoch;
        let share = |key: &str, stated: Option<f64>| share(&format!("{place}.{key}"), stated);
        all.push(Epoch {
            epoch: row.epoch,
            loss: row.loss,
            accuracy: share("accuracy", row.accuracy)?,
            train_loss: row.train_loss,
            train_accuracy: share("train_accuracy", row.train_accuracy)?,
            val_loss: row.val_loss,
            val_accuracy: share("val_accuracy", row.val_accuracy)?,
            learning_rate: row.learning_rate.unwrap_or(f64::NAN),
            ..Epoch::default()
        });
    }
    Ok(all)
}
