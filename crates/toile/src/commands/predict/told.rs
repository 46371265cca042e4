//! Predictions as a table, as CSV and as JSON.

use serde_json::{Value, json};
use toile_report::Csv;

use super::Answer;
use crate::commands::trained::TrainedNetwork;
use crate::terminal::{Align, Table, safe_name};

/// The classes of an answer by probability, the most probable first; of equals the one with the lower number.
fn ranked(answer: &Answer) -> Vec<(usize, f32)> {
    let mut all: Vec<(usize, f32)> = answer.probabilities.iter().copied().enumerate().collect();
    all.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    all
}

/// A row for each picture.
pub(super) fn table(class_names: &[String], answers: &[Answer], top: usize) -> String {
    let mut table = Table::new(&[
        ("picture", Align::Left),
        ("class", Align::Left),
        ("probability", Align::Right),
        ("next", Align::Left),
    ]);
    for answer in answers {
        let ranked = ranked(answer);
        let next = ranked[1..top.max(1)].iter();
        let next: Vec<String> =
            next.map(|(class, p)| format!("{} {p:.4}", safe_name(&class_names[*class]))).collect();
        let (class, p) = ranked[0];
        table.row([
            safe_name(&answer.file),
            safe_name(&class_names[class]),
            format!("{p:.4}"),
            next.join(", "),
        ]);
    }
    table.render()
}

/// A line for each picture and class; numbers with the fewest digits that read back to the same bits.
pub(super) fn csv(class_names: &[String], answers: &[Answer], top: usize) -> String {
    let mut csv = Csv::default();
    ["file", "rank", "class", "class_name", "probability"].iter().for_each(|column| csv.text(column));
    csv.end_line();
    for answer in answers {
        for (rank, (class, p)) in ranked(answer).into_iter().take(top).enumerate() {
            csv.text(&answer.file);
            csv.count(Some(rank as u64 + 1));
            csv.count(Some(class as u64));
            csv.text(&class_names[class]);
            csv.single(Some(p));
            csv.end_line();
        }
    }
    csv.finish()
}

/// All classes of each picture, and which network it was.
pub(super) fn json(network: &TrainedNetwork, answers: &[Answer]) -> Value {
    let facts = network.facts();
    let images: Vec<Value> = answers
        .iter()
        .map(|answer| {
            let (class, p) = ranked(answer)[0];
            json!({
                "file": answer.file,
                "class": class,
                "class_name": facts.class_names[class],
                "probability": p,
                "probabilities": answer.probabilities,
                "notes": answer.notes,
            })
        })
        .collect();
    json!({
        "study": facts.study,
        "run": facts.run,
        "seed": facts.seed,
        "weights_sha256": facts.weights_sha256,
        "data_fingerprint": facts.data_fingerprint,
        "notice": facts.notice,
        "class_names": facts.class_names,
        "images": images,
    })
}
