//! Plain records: what is refused and in which words, what hostile files come to, and what is answered.

mod answers;
mod faults;
mod hostile;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};
use toile_judge::plain::{PlainRecords, answer, read};
use toile_judge::{Judgement, judge, ranked_quantity};

/// A file of these runs, on 16 test images and 8 validation images.
fn file(runs: Value) -> Value {
    json!({ "format": 1, "n_train": 100, "n_validation": 8, "n_test": 16, "classes": 10, "runs": runs })
}

/// The file with other keys.
fn with(mut file: Value, keys: Value) -> Value {
    for (key, value) in keys.as_object().expect("keys") {
        file[key] = value.clone();
    }
    file
}

/// Bits as base64.
fn bits(correct: impl IntoIterator<Item = bool>) -> String {
    let correct: Vec<bool> = correct.into_iter().collect();
    let byte = |eight: &[bool]| eight.iter().enumerate().map(|(i, right)| u8::from(*right) << i).sum::<u8>();
    BASE64_STANDARD.encode(correct.chunks(8).map(byte).collect::<Vec<u8>>())
}

/// Numbers of single precision as base64.
fn floats(values: impl IntoIterator<Item = f32>) -> String {
    BASE64_STANDARD.encode(values.into_iter().flat_map(f32::to_le_bytes).collect::<Vec<u8>>())
}

fn accepted(file: &Value) -> PlainRecords {
    read(&file.to_string()).unwrap_or_else(|fault| panic!("{fault}"))
}

fn judged(file: &Value) -> (PlainRecords, Judgement) {
    let records = accepted(file);
    let judgement = judge(&records.results, &records.claims, ranked_quantity(&records.results));
    (records, judgement)
}

/// The answer as JSON.
fn answered(file: &Value) -> Value {
    let (records, judgement) = judged(file);
    answer(&records.results, &judgement).to_json()
}
