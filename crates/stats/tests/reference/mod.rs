//! Every statistic against reference values from SciPy, statsmodels and scikit-learn.
//!
//! `cases.json` is made by `make_cases.py` in this folder, which says what it needs. A second file of the same form is
//! read too where `TOILE_STATISTICS_CASES` names it.

#![allow(clippy::print_stderr)] // a test may say that it was skipped

mod answers;
mod numbers;

use serde_json::Value;

/// The tolerance: relative, and absolute for what lies near 0.
const RELATIVE: f64 = 1e-10;
const ABSOLUTE: f64 = 1e-15;

#[test]
fn every_case_of_our_own_is_answered() {
    let counted = check(include_str!("cases.json"));
    assert_eq!(counted, (35, 252), "groups and cases");
}

#[test]
fn every_case_of_another_file_is_answered() {
    let Some(path) = std::env::var_os("TOILE_STATISTICS_CASES") else {
        eprintln!("skipped: TOILE_STATISTICS_CASES is not set, no further reference values were read");
        return;
    };
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (groups, cases) = check(&text);
    assert!(groups > 0 && cases > 0, "{} holds no cases", path.display());
    eprintln!("{cases} cases in {groups} groups of {}", path.display());
}

/// Holds all answers against the file; fails with every number that differs. Returns the numbers of groups and cases.
fn check(text: &str) -> (usize, usize) {
    let file: Value = serde_json::from_str(text).expect("JSON");
    let groups = file["groups"].as_object().expect("groups");
    let (mut faults, mut count) = (Vec::new(), 0);
    for (group, cases) in groups {
        for case in cases["cases"].as_array().expect("cases") {
            let place = format!("{group}, {}", case["name"]);
            let ours =
                answers::answer(group, &case["in"]).unwrap_or_else(|| panic!("nobody answers {place}"));
            compare(&place, &ours, &case["out"], &mut faults);
            count += 1;
        }
    }
    assert!(faults.is_empty(), "{} of the numbers differ:\n{}", faults.len(), faults.join("\n"));
    (groups.len(), count)
}

/// Whatever the reference says must be said; ours may say more. No value at all is as good as none of each.
fn compare(place: &str, ours: &Value, reference: &Value, faults: &mut Vec<String>) {
    match (ours, reference) {
        (Value::Null, Value::Object(fields)) if fields.values().all(Value::is_null) => {}
        (_, Value::Object(fields)) => {
            for (name, value) in fields {
                compare(&format!("{place}, {name}"), &ours[name], value, faults);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            for (i, (a, b)) in a.iter().zip(b).enumerate() {
                compare(&format!("{place}[{i}]"), a, b, faults);
            }
        }
        (Value::Number(a), Value::Number(b)) if are_close(a.as_f64(), b.as_f64()) => {}
        (a, b) if !a.is_number() && a == b => {}
        _ => faults.push(format!("{place}: {ours}, the reference says {reference}")),
    }
}

fn are_close(a: Option<f64>, b: Option<f64>) -> bool {
    let (Some(a), Some(b)) = (a, b) else { return false };
    (a - b).abs() <= (RELATIVE * b.abs()).max(ABSOLUTE)
}

#[test]
fn the_comparison_can_fail() {
    use serde_json::json;
    let differs = |a: Value, b: Value| {
        let mut faults = Vec::new();
        compare("here", &a, &b, &mut faults);
        !faults.is_empty()
    };
    assert!(differs(json!(1.0), json!(1.000001)) && differs(json!(null), json!(0.0)));
    assert!(differs(json!("inf"), json!(1.0)) && differs(json!([1.0]), json!([1.0, 2.0])));
    assert!(
        differs(json!({"a": 1.0}), json!({"a": 1.0, "b": 2.0})) && differs(json!({"a": 1.0}), json!(null))
    );
    assert!(
        !differs(json!({"a": 1.0, "b": 3}), json!({"a": 1.0})) && !differs(json!(null), json!({"a": null}))
    );
}
