//! Reading the numbers of a case, and writing those of an answer.

use serde_json::{Value, json};
use toile_stats::Interval;

pub fn number(given: &Value, name: &str) -> f64 {
    given[name].as_f64().unwrap_or_else(|| panic!("{name} is no number in {given}"))
}

pub fn whole(given: &Value, name: &str) -> usize {
    given[name].as_u64().unwrap_or_else(|| panic!("{name} is no whole number in {given}")) as usize
}

pub fn list(given: &Value, name: &str) -> Vec<f64> {
    row(&given[name])
}

pub fn row(value: &Value) -> Vec<f64> {
    let items = value.as_array().unwrap_or_else(|| panic!("{value} is no list"));
    items.iter().map(|v| v.as_f64().expect("a number")).collect()
}

pub fn wholes(given: &Value, name: &str) -> Vec<usize> {
    list(given, name).into_iter().map(|v| v as usize).collect()
}

pub fn labels(given: &Value, name: &str) -> Vec<u8> {
    list(given, name).into_iter().map(|v| v as u8).collect()
}

/// Rows of numbers, one after the other, and how many stand in each.
pub fn table(given: &Value, name: &str) -> (Vec<f64>, usize) {
    let rows: Vec<Vec<f64>> = rows(given, name);
    let width = rows.first().map_or(0, Vec::len);
    (rows.concat(), width)
}

pub fn rows(given: &Value, name: &str) -> Vec<Vec<f64>> {
    given[name].as_array().expect("rows").iter().map(row).collect()
}

/// A number as the files write it: null for what does not exist, a string for what is infinite.
pub fn out(x: impl Into<Option<f64>>) -> Value {
    match x.into() {
        Some(x) if x == f64::INFINITY => json!("inf"),
        Some(x) if x == f64::NEG_INFINITY => json!("-inf"),
        x => json!(x),
    }
}

pub fn ends(interval: Option<Interval>) -> Value {
    interval.map_or(Value::Null, |interval| json!({"low": interval.low, "high": interval.high}))
}

/// An object with the ends of an interval added.
pub fn with_ends(mut object: Value, interval: Interval) -> Value {
    object["low"] = json!(interval.low);
    object["high"] = json!(interval.high);
    object
}
