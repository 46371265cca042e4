//! The files for programs: what they hold, and that nothing in a name can break them.

use crate::common;

use serde_json::Value;
use toile_record::{End, Records};
use toile_report::{PROCEDURAL_NOTICE, history_csv, results_csv, results_json};

fn parsed(records: &Records) -> Value {
    serde_json::from_str(&results_json(records, &toile_report::view(records))).expect("results.json is JSON")
}

/// Lines of cells, after RFC 4180.
fn cells(csv: &str) -> Vec<Vec<String>> {
    let (mut rows, mut row, mut cell, mut quoted) = (Vec::new(), Vec::new(), String::new(), false);
    let mut chars = csv.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, quoted) {
            ('"', true) if chars.peek() == Some(&'"') => cell.extend(chars.next()),
            ('"', _) => quoted = !quoted,
            (',', false) => row.push(std::mem::take(&mut cell)),
            ('\r', false) => {}
            ('\n', false) => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            (c, _) => cell.push(c),
        }
    }
    assert!(!quoted && cell.is_empty() && row.is_empty(), "the file ends with a line break");
    rows
}

fn column(rows: &[Vec<String>], name: &str) -> usize {
    rows[0]
        .iter()
        .position(|cell| cell == name)
        .unwrap_or_else(|| panic!("no column {name} in {:?}", rows[0]))
}

#[test]
fn results_json_has_the_keys_that_its_page_documents_and_no_others() {
    let documented = include_str!("../../../docs/results-json.md");
    let mut keys = Vec::new();
    collect_keys(&parsed(&common::procedural(common::records(1))), "", &mut keys);
    for key in keys {
        assert!(documented.contains(&format!("`{key}`")), "docs/results-json.md does not name `{key}`");
    }
}

/// All keys but those of `plan`, which are the study file's, and of `numbers`, which are each rule's own.
fn collect_keys(value: &Value, under: &str, keys: &mut Vec<String>) {
    match value {
        Value::Object(map) if under != "plan" && under != "numbers" => map.iter().for_each(|(key, value)| {
            keys.push(key.clone());
            collect_keys(value, key, keys);
        }),
        Value::Array(items) => items.iter().for_each(|item| collect_keys(item, under, keys)),
        _ => {}
    }
}

#[test]
fn results_json_gives_every_run_with_its_epochs_and_its_final_numbers() {
    let records = common::records(2);
    let json = parsed(&records);
    assert_eq!((json["format"].as_u64(), json["toile"].as_str()), (Some(2), Some("0.1.0")));
    assert_eq!(json["notice"], Value::Null);
    assert_eq!(json["data"]["fingerprint"], records.study.data.fingerprint);
    let (run, record) = (&json["runs"][4], &records.runs[4]);
    let last = record.epochs.last().expect("trained");
    assert_eq!((run["name"].as_str(), run["seed"].as_u64()), (Some("Model 3"), Some(7)));
    assert_eq!(run["epochs"].as_array().map(Vec::len), Some(50));
    assert_eq!(run["final"]["val_loss"].as_f64(), last.val_loss);
    assert_eq!(run["final"]["test_accuracy"].as_f64(), record.test.as_ref().map(|test| test.accuracy));
    assert_eq!(run["published"]["test_accuracy"], 0.799);
    assert_eq!(run["plan"]["optimizer"]["sgd"]["learning_rate"], 0.01);
    let matrix = run["confusion_matrix"].as_array().expect("tested");
    let counted: u64 =
        matrix.iter().flat_map(|row| row.as_array().expect("a row")).filter_map(Value::as_u64).sum();
    assert_eq!((matrix.len(), counted), (10, 10_000));
}

#[test]
fn a_run_that_is_not_over_has_no_final_numbers() {
    let json = parsed(&common::interrupted(1));
    let of = |name: &str| {
        let runs = json["runs"].as_array().expect("runs");
        runs.iter().find(|run| run["name"] == name).unwrap_or_else(|| panic!("no {name}")).clone()
    };
    let (running, waiting, failed) = (of("CNN, 23 epochs"), of("CNN with dropout"), of("Model 7"));
    assert_eq!((running["state"].as_str(), &running["final"]), (Some("running"), &Value::Null));
    assert_eq!(running["epochs"].as_array().map(Vec::len), Some(9));
    assert_eq!((waiting["state"].as_str(), &waiting["final"]), (Some("waiting"), &Value::Null));
    assert_eq!((failed["state"].as_str(), failed["final"]["epoch"].as_u64()), (Some("failed"), Some(1)));
    assert_eq!(
        (&failed["final"]["test_accuracy"], &failed["confusion_matrix"]),
        (&Value::Null, &Value::Null)
    );
    assert!(failed["failure"].as_str().is_some_and(|why| why.contains("not finite")));
}

#[test]
fn results_csv_has_one_line_per_run_and_the_differences_from_the_published_numbers() {
    let records = common::records(2);
    let rows = cells(&results_csv(&records));
    assert_eq!(rows.len(), 1 + 26);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()), "every line has every column");
    let at = |row: usize, name: &str| rows[row][column(&rows, name)].clone();
    assert_eq!((at(1, "name"), at(1, "seed"), at(2, "seed")), ("Model 1".into(), "7".into(), "8".into()));
    assert_eq!(
        (at(1, "optimizer"), at(1, "optimizer.learning_rate"), at(1, "optimizer.rho")),
        ("sgd".into(), "0.01".into(), String::new())
    );
    let number = |name: &str| at(1, name).parse::<f64>().expect("a number");
    assert_eq!(number("val_loss_difference"), number("val_loss") - number("published_val_loss"));
    assert_eq!(number("test_accuracy"), records.runs[0].test.as_ref().expect("tested").accuracy);
    assert_eq!(number("training_flops"), 3.0 * 50_816.0 * 54_000.0 * 5.0);
}

#[test]
fn history_csv_has_one_line_per_epoch() {
    let records = common::records(1);
    let rows = cells(&history_csv(&records.study, &records.runs[0]));
    assert_eq!(rows.len(), 1 + 5);
    let loss: f64 = rows[5][column(&rows, "val_loss")].parse().expect("a number");
    assert_eq!(Some(loss), records.runs[0].epochs[4].val_loss);
}

#[test]
fn no_name_can_become_a_formula_or_break_a_line() {
    let mut records = common::records(1);
    records.runs[0].name = "=HYPERLINK(\"http://x\",\"y\")".into();
    records.runs[1].name = "two\nlines, \"quoted\"".into();
    records.runs[2].end = Some(End::Other { words: "@SUM(A1)".into() });
    let rows = cells(&results_csv(&records));
    assert_eq!(rows[1][0], "'=HYPERLINK(\"http://x\",\"y\")");
    assert_eq!(rows[2][0], "two\nlines, \"quoted\"");
    assert_eq!(rows[3][column(&rows, "failure")], "'@SUM(A1)");
}

#[test]
fn procedural_data_is_named_in_every_file() {
    let records = common::procedural(common::records(1));
    assert_eq!(parsed(&records)["notice"], PROCEDURAL_NOTICE);
    for csv in [results_csv(&records), history_csv(&records.study, &records.runs[0])] {
        let rows = cells(&csv);
        assert!(rows[1..].iter().all(|row| row[column(&rows, "data_note")] == PROCEDURAL_NOTICE));
    }
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let (one, other) = (common::interrupted(2), common::interrupted(2));
    assert_eq!(
        results_json(&one, &toile_report::view(&one)),
        results_json(&other, &toile_report::view(&other))
    );
    assert_eq!(results_csv(&one), results_csv(&other));
}
