//! Reading plain records: their form is checked, and what contradicts itself is refused with its place.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};
use toile_record::Epoch;

use super::{bytes, numbers};
use crate::claim::ClaimTable;
use crate::results::{EQUIVALENCE, Images, Recipe, Results, Run};

/// The version of the form.
const FORMAT: u64 = 1;

/// The most images of a part: what is larger is no file of plain records.
const MOST_IMAGES: usize = 100_000_000;

/// Results of any program, and the claims about them.
#[derive(Clone, Debug, PartialEq)]
pub struct PlainRecords {
    /// The results.
    pub results: Results,
    /// The claims.
    pub claims: Vec<ClaimTable>,
}

/// Why a file holds no plain records. `Display` gives place and message, then a line `  help: …`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainFault {
    /// Where: `line 3 column 7`, or `runs[2].test_correct`.
    pub place: String,
    /// What was found, and what was expected.
    pub message: String,
    /// How to mend it.
    pub help: String,
}

impl std::fmt::Display for PlainFault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.message)?;
        if self.help.is_empty() { Ok(()) } else { write!(f, "\n  help: {}", self.help) }
    }
}

impl std::error::Error for PlainFault {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainFile {
    format: u64,
    n_train: Option<usize>,
    n_validation: Option<usize>,
    n_test: Option<usize>,
    classes: Option<usize>,
    equivalence: Option<f64>,
    runs: Vec<PlainRun>,
    #[serde(default)]
    claims: Vec<ClaimTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainRun {
    name: String,
    seed: Option<u64>,
    #[serde(default)]
    settings: Map<String, Value>,
    #[serde(default)]
    epochs: Vec<PlainEpoch>,
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
#[serde(default, deny_unknown_fields)]
struct PlainTest {
    #[serde(deserialize_with = "numbers::any")]
    accuracy: Option<f64>,
    #[serde(deserialize_with = "numbers::any")]
    loss: Option<f64>,
}

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
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

/// Reads a file of plain records.
///
/// # Errors
/// What is not of the form, or contradicts itself: the first fault, with its place.
pub fn read(text: &str) -> Result<PlainRecords, PlainFault> {
    let file: PlainFile = serde_json::from_str(text).map_err(|error| {
        let place = format!("line {} column {}", error.line(), error.column());
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_string();
        PlainFault { place, message, help: "the form is described in docs/judge.md".into() }
    })?;
    if file.format != FORMAT {
        return Err(fault(
            "format",
            format!("{} was found, {FORMAT} is the version that is read", file.format),
            "",
        ));
    }
    for (name, n) in [("n_train", file.n_train), ("n_validation", file.n_validation), ("n_test", file.n_test)]
    {
        if n.is_some_and(|n| n > MOST_IMAGES) {
            return Err(fault(name, format!("at most {MOST_IMAGES} images are read"), ""));
        }
    }
    if file.runs.is_empty() {
        return Err(fault("runs", "there is no run", "give at least one, with `name` and a number"));
    }
    let equivalence = file.equivalence.unwrap_or(EQUIVALENCE);
    if !(0.0..=1.0).contains(&equivalence) {
        return Err(fault("equivalence", "a share between 0 and 1 is expected", "half a point is 0.005"));
    }
    let mut results = Results {
        n_train: file.n_train,
        n_validation: file.n_validation,
        n_test: file.n_test,
        classes: file.classes,
        equivalence,
        ..Results::default()
    };
    for (i, run) in file.runs.into_iter().enumerate() {
        add(&mut results, &format!("runs[{i}]"), run)?;
    }
    check_claims(&file.claims)?;
    Ok(PlainRecords { results, claims: file.claims })
}

fn fault(place: impl Into<String>, message: impl Into<String>, help: impl Into<String>) -> PlainFault {
    PlainFault { place: place.into(), message: message.into(), help: help.into() }
}

/// Adds a run to its recipe: runs of one name differ in their seeds only.
fn add(results: &mut Results, place: &str, plain: PlainRun) -> Result<(), PlainFault> {
    if plain.name.trim().is_empty() {
        return Err(fault(format!("{place}.name"), "the name is empty", "runs of one recipe share a name"));
    }
    let (name, settings) = (plain.name.clone(), plain.settings.clone());
    let run = run(results, place, plain)?;
    let Some(known) = results.place(&name) else {
        results.recipes.push(Recipe { name, settings, runs: vec![run], ..Recipe::default() });
        return Ok(());
    };
    let recipe = &mut results.recipes[known];
    let keys: BTreeSet<&String> = recipe.settings.keys().chain(settings.keys()).collect();
    if let Some(key) = keys.into_iter().find(|key| recipe.settings.get(*key) != settings.get(*key)) {
        return Err(fault(
            format!("{place}.settings.{key}"),
            format!("another run of {name} has another value"),
            "runs of one name differ in their seeds only; give another name",
        ));
    }
    let seed = |run: &Run| run.seed;
    if run.seed.is_some() && recipe.runs.iter().map(seed).any(|known| known == run.seed) {
        return Err(fault(
            format!("{place}.seed"),
            format!("{name} has two runs with the seed {}", run.seed.unwrap_or_default()),
            "one run counts once; give the second its own seed",
        ));
    }
    recipe.runs.push(run);
    Ok(())
}

fn run(results: &Results, place: &str, plain: PlainRun) -> Result<Run, PlainFault> {
    let n = [results.n_validation, results.n_test];
    let correct = [("validation_correct", plain.validation_correct), ("test_correct", plain.test_correct)];
    let losses = [("validation_losses", plain.validation_losses), ("test_losses", plain.test_losses)];
    let mut parts = [Images::default(), Images::default()];
    for (k, (part, ((bits_key, bits), (losses_key, losses)))) in
        parts.iter_mut().zip(correct.into_iter().zip(losses)).enumerate()
    {
        part.correct = unpacked(place, bits_key, bits, n[k], bytes::bits)?;
        part.losses = unpacked(place, losses_key, losses, n[k], bytes::floats)?;
    }
    let [validation, test] = parts;
    let epochs = epochs(place, &plain.epochs)?;
    let test_accuracy = accuracy(place, plain.test.accuracy, &test)?;
    let mean =
        |losses: &[f32]| toile_stats::mean(&losses.iter().map(|loss| f64::from(*loss)).collect::<Vec<_>>());
    let test_loss = plain.test.loss.or_else(|| mean(&test.losses));
    let is_broken = |value: Option<f64>| value.is_some_and(|value| !value.is_finite());
    let last = epochs.last();
    let has_failed = is_broken(test_accuracy)
        || is_broken(test_loss)
        || last.is_some_and(|row| is_broken(row.loss) || is_broken(row.val_loss));
    if epochs.is_empty() && test_accuracy.is_none() && test_loss.is_none() && validation.correct.is_empty() {
        return Err(fault(
            place,
            format!("{} has no number", plain.name),
            "give `epochs`, `test` or `test_correct`",
        ));
    }
    let mut run = Run {
        seed: plain.seed,
        epochs,
        test_accuracy,
        test_loss,
        seconds: plain.train_seconds,
        has_failed,
        validation,
        test,
        ..Run::default()
    };
    // Bits without a row of numbers still say what the validation accuracy is.
    if run.epochs.is_empty() && !run.validation.correct.is_empty() {
        let val_accuracy = Some(share(&run.validation.correct));
        run.epochs.push(Epoch { epoch: 1, val_accuracy, ..Epoch::default() });
    }
    Ok(run)
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
    let count = if key.starts_with("test") { "n_test" } else { "n_validation" };
    let Some(n) = n else {
        return Err(fault(format!("{place}.{key}"), format!("the file does not say `{count}`"), "add it"));
    };
    unpack(&text, n).map_err(|message| fault(format!("{place}.{key}"), message, ""))
}

fn share(correct: &[bool]) -> f64 {
    correct.iter().filter(|right| **right).count() as f64 / correct.len().max(1) as f64
}

/// The accuracy that is stated must be the share of ones, as far as its digits go.
fn accuracy(place: &str, stated: Option<f64>, test: &Images) -> Result<Option<f64>, PlainFault> {
    if test.correct.is_empty() {
        return match stated {
            Some(stated) if stated.is_finite() && !(0.0..=1.0).contains(&stated) => {
                let message = format!("an accuracy is a share between 0 and 1, found {stated}");
                Err(fault(format!("{place}.test.accuracy"), message, "87.6 % is 0.876"))
            }
            stated => Ok(stated),
        };
    }
    let found = share(&test.correct);
    let decimals =
        |value: f64| format!("{value}").split_once('.').map_or(0, |(_, digits)| digits.len() as i32);
    match stated {
        Some(stated) if (stated - found).abs() > f64::max(1e-6, 0.5001 * 10f64.powi(-decimals(stated))) => {
            let message =
                format!("test.accuracy is {stated}, but {found} of the bits of test_correct are ones");
            let help = "both must speak of the same images and the same weights";
            Err(fault(format!("{place}.test_correct"), message, help))
        }
        _ => Ok(Some(found)),
    }
}

fn epochs(place: &str, plain: &[PlainEpoch]) -> Result<Vec<Epoch>, PlainFault> {
    let mut last = 0;
    let mut all = Vec::with_capacity(plain.len());
    for (i, row) in plain.iter().enumerate() {
        if row.epoch <= last {
            let message = format!("epoch {} follows epoch {last}", row.epoch);
            return Err(fault(
                format!("{place}.epochs[{i}].epoch"),
                message,
                "epochs are counted from 1, and rise",
            ));
        }
        last = row.epoch;
        all.push(Epoch {
            epoch: row.epoch,
            loss: row.loss,
            accuracy: row.accuracy,
            train_loss: row.train_loss,
            train_accuracy: row.train_accuracy,
            val_loss: row.val_loss,
            val_accuracy: row.val_accuracy,
            learning_rate: row.learning_rate.unwrap_or(f64::NAN),
            ..Epoch::default()
        });
    }
    Ok(all)
}

fn check_claims(claims: &[ClaimTable]) -> Result<(), PlainFault> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, claim) in claims.iter().enumerate() {
        let place = format!("claims[{i}]");
        if claim.id.trim().is_empty() {
            return Err(fault(place, "the claim has no `id`", "give it a name of its own"));
        }
        if let Some(first) = places.insert(&claim.id, i) {
            return Err(fault(place, format!("claims[{first}] has the id `{}` too", claim.id), ""));
        }
        claim.form().map_err(|wrong| {
            let place = wrong.key.map_or(place.clone(), |key| format!("{place}.{key}"));
            fault(place, wrong.message, wrong.help)
        })?;
    }
    Ok(())
}
