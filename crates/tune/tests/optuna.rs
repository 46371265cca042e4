//! TPE against Optuna 5.0.0: every suggestion of whole studies, from the seed.

#[path = "common/cases.rs"]
mod cases;

use toile_tune::{Direction, Params, Sampler, SamplingContext, Space, State, TpeSampler, Trial};

/// Relative to the larger of 1 and the number.
fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance * f64::max(1.0, b.abs())
}

#[test]
fn every_suggestion_is_optunas() {
    let cases = cases::all();
    assert!(cases.len() > 30);
    for case in cases {
        for trial in &case.trials {
            let found = Sampler::Tpe(case.settings.clone()).suggest(&case.context(trial.number));
            let expected = &trial.params;
            let same = found.len() == expected.len()
                && found.iter().all(|(name, &x)| expected.get(name).is_some_and(|&y| close(x, y, 1e-9)));
            assert!(same, "{}, trial {}: {found:?} is not {expected:?}", case.name, trial.number);
        }
    }
}
