//! Sweeps of a learning-rate range test, read by plain NumPy: `make_cases.py` in this folder makes `cases.json`.

use serde_json::Value;
use toile_stats::{LossSmoother, read_sweep};

/// The cases, each with the rates of its losses.
/// A case: what is expected of it, its rates, its losses.
type Case = (Value, Vec<f64>, Vec<f64>);

fn cases() -> (usize, Vec<Case>) {
    let file: Value = serde_json::from_str(include_str!("cases.json")).expect("JSON");
    let planned = file["planned"].as_u64().expect("a number") as usize;
    let rate = |i: usize| 1e-6 * 1e7f64.powf(i as f64 / (planned - 1) as f64);
    let case = |case: &Value| {
        let losses = case["losses"].as_array().expect("losses");
        let losses: Vec<f64> = losses.iter().map(|loss| loss.as_f64().expect("a loss")).collect();
        (case.clone(), (0..losses.len()).map(rate).collect(), losses)
    };
    (planned, file["cases"].as_array().expect("cases").iter().map(case).collect())
}

fn agree(ours: f64, theirs: &Value, what: &str) {
    let theirs = theirs.as_f64().expect("a number");
    assert!((ours - theirs).abs() <= 1e-10 * theirs.abs(), "{what}: {ours}, NumPy {theirs}");
}

#[test]
fn every_sweep_is_read_as_numpy_reads_it() {
    let (planned, cases) = cases();
    assert_eq!(cases.len(), 6);
    for (case, rates, losses) in cases {
        let (name, out) = (&case["name"], &case["out"]);
        let read = read_sweep(&rates, &losses, planned).expect("a sweep");
        agree(read.start, &out["start"], &format!("{name}, start"));
        agree(read.least, &out["least"], &format!("{name}, least"));
        for (i, theirs) in out["smoothed"].as_array().expect("numbers").iter().enumerate() {
            agree(read.smoothed[50 * i], theirs, &format!("{name}, smoothed {i}"));
        }
        assert_eq!(read.rates.is_none(), out["rates"].is_null(), "{name}");
        let Some(found) = read.rates else { continue };
        for (what, ours) in [
            ("steepest", found.steepest),
            ("least_over_ten", found.least_over_ten),
            ("valley", found.valley),
            ("low", found.low),
            ("high", found.high),
        ] {
            agree(ours, &out["rates"][what], &format!("{name}, {what}"));
        }
        assert_eq!(out["rates"]["high_is_open"], found.high_is_open, "{name}");
    }
}

/// The cases end at the first batch that is over; none is over before.
#[test]
fn a_sweep_is_over_where_numpy_ends_it() {
    let (planned, cases) = cases();
    for (case, _, losses) in cases {
        let mut smoother = LossSmoother::default();
        let over = losses.iter().position(|loss| {
            smoother.push(*loss);
            smoother.is_over()
        });
        let expected = (losses.len() < planned).then(|| losses.len() - 1);
        assert_eq!(over, expected, "{}", case["name"]);
    }
}
