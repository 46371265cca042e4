//! `toile predict`: what a trained network makes of pictures.

mod files;
mod picture;
mod told;

use std::collections::BTreeMap;

use toile_nn::predict;

use self::files::picture_files;
use self::picture::{AskedPicture, Expected};
use crate::args::PredictArgs;
use crate::commands::trained::TrainedNetwork;
use crate::failure::Failure;
use crate::terminal::{note, plural, safe_name};
use crate::{Completion, machine, terminal};

/// So many faults are told.
const MOST_TOLD: usize = 8;

/// What is known of one picture.
struct Answer {
    /// Its file, as it was named or found.
    file: String,
    /// What was done to it, or is odd about it.
    notes: Vec<&'static str>,
    /// The probability of each class.
    probabilities: Vec<f32>,
}

/// Prints the most probable classes of each picture.
pub(crate) fn run(args: &PredictArgs) -> Result<Completion, Failure> {
    let network = TrainedNetwork::find(&args.trained, "predict")?;
    let expected = Expected::of(&network.records);
    let answers = answers(args, &network, &expected)?;
    let class_names = &network.records.study.data.class_names;
    let top = usize::from(args.top).min(class_names.len());
    if network.records.study.data.procedural {
        note(toile_record::PROCEDURAL_NOTICE);
    }
    notes(&answers);
    match (args.json, args.csv) {
        (true, _) => terminal::out_json(&told::json(&network, &answers))?,
        (_, true) => terminal::out(&told::csv(class_names, &answers, top))?,
        _ => terminal::out(&told::table(class_names, &answers, top))?,
    }
    Ok(Completion::Done)
}

/// All pictures are read before anything is said; all that cannot be taken are named at once.
fn answers(
    args: &PredictArgs,
    network: &TrainedNetwork,
    expected: &Expected,
) -> Result<Vec<Answer>, Failure> {
    let files = picture_files(&args.images)?;
    let (mut taken, mut faults) = (Vec::new(), Vec::new());
    for path in files {
        match AskedPicture::read(&path, expected) {
            Ok(picture) => taken.push((path.display().to_string(), picture)),
            Err(what) => faults.push(format!("{}: {what}", safe_name(&path.display().to_string()))),
        }
    }
    if !faults.is_empty() {
        let more = faults.len().saturating_sub(MOST_TOLD);
        let mut lines = faults[..faults.len().min(MOST_TOLD)].join("\n  ");
        if more > 0 {
            lines += &format!("\n  and {more} more");
        }
        let what = plural(faults.len(), "picture", "pictures");
        return Err(Failure::new(format!("{what} cannot be taken:\n  {lines}")).help(expected.help()));
    }
    let images: Vec<u8> = taken.iter().flat_map(|(_, picture)| picture.pixels.iter().copied()).collect();
    let probabilities = predict(&network.model, &images, machine::cores());
    let rows = probabilities.chunks(network.model.classes());
    let answer = |((file, picture), row): ((String, AskedPicture), &[f32])| Answer {
        file,
        notes: picture.notes,
        probabilities: row.to_vec(),
    };
    Ok(taken.into_iter().zip(rows).map(answer).collect())
}

/// What was done to pictures, said once for all of them.
fn notes(answers: &[Answer]) {
    let mut counts: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for answer in answers {
        answer.notes.iter().for_each(|note| counts.entry(note).or_default().push(&answer.file));
    }
    for (what, files) in counts {
        let first = safe_name(files[0]);
        match files.len() {
            1 => note(&format!("{first}: {what}")),
            n => note(&format!("{} ({first} is the first): {what}", plural(n, "picture", "pictures"))),
        }
    }
}
