//! Findings that only our own records can show: what the data are like, classes that are never predicted, batches that
//! no part can fill.

use serde_json::{Map, Value, json};
use toile_judge::{NamedFinding, Severity};
use toile_record::{Records, RunRecord};

use crate::text::sentence_case;
use crate::view::run_warnings;

/// The names of these findings.
pub const OWN_FINDINGS: [&str; 3] = [DATA, UNPREDICTED, BATCH];
const DATA: &str = "data_warning";
const UNPREDICTED: &str = "class_never_predicted";
const BATCH: &str = "batch_larger_than_data";

/// All of them, those of the data first.
pub(super) fn findings(records: &Records) -> Vec<NamedFinding> {
    let data = records.study.data.warnings.iter().map(|warning| of_data(warning));
    data.chain(records.runs.iter().flat_map(|run| of_run(records, run))).collect()
}

fn of_data(warning: &str) -> NamedFinding {
    NamedFinding {
        run: None,
        seed: None,
        finding: DATA,
        severity: Severity::Warning,
        statement: format!("{}.", sentence_case(warning.trim_end_matches('.'))),
        rule: "what `toile data check` looks for: balance, duplicates, order, leaks between the parts, constant images",
        numbers: Map::new(),
        advice: "Look at the data with `toile data check` before believing a number measured on them.".into(),
    }
}

fn of_run(records: &Records, run: &RunRecord) -> Vec<NamedFinding> {
    let warnings = run_warnings(records, run);
    let finding = |name, severity, sentence: &String, rule, advice: &str| NamedFinding {
        run: Some(run.name.clone()),
        seed: Some(run.seed),
        finding: name,
        severity,
        statement: format!("{}.", sentence_case(sentence)),
        rule,
        numbers: numbers(run),
        advice: advice.into(),
    };
    let unpredicted = warnings.unpredicted.iter().map(|sentence| {
        let rule = "no test image is taken for a class of which there are test images";
        let advice =
            "Look at the class's images and their number; weigh it with `class_weight`, or train longer.";
        finding(UNPREDICTED, Severity::Alarm, sentence, rule, advice)
    });
    let batch = warnings.batch.iter().map(|sentence| {
        let rule = "batch_size above the number of training images";
        finding(BATCH, Severity::Warning, sentence, rule, "Take a smaller batch: an epoch is one update now.")
    });
    unpredicted.chain(batch).collect()
}

fn numbers(run: &RunRecord) -> Map<String, Value> {
    let mut numbers = Map::new();
    numbers.insert("batch_size".into(), json!(run.plan.get("batch_size")));
    numbers.insert("test_accuracy".into(), json!(run.test.as_ref().map(|test| test.accuracy)));
    numbers
}
