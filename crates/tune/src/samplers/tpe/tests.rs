//! What a proposal is made of, number by number, against Optuna 5.0.0.

use serde_json::Value;

#[path = "../../../tests/common/cases.rs"]
mod cases;

use super::history::{TpeHistory, columns};
use super::parzen::{Parzen, ParzenAxis, falling_weights};
use super::*;
use crate::{Direction, Space, State, Trial};

fn numbers(value: &Value) -> Vec<f64> {
    serde_json::from_value(value.clone()).expect("numbers")
}

#[track_caller]
fn agree(found: &[f64], expected: &Value, what: &str) {
    let expected = numbers(expected);
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!((a - b).abs() <= 1e-12 * f64::max(1.0, b.abs()), "{what}: {a}, {b}");
    }
}

fn agree_kernels(found: &Parzen, params: &[&Param], expected: &Value) {
    agree(&found.weights, &expected["weights"], "weights");
    for (axis, param) in found.axes.iter().zip(params) {
        let expected = &expected["axes"][&param.name];
        match axis {
            ParzenAxis::Numeric(axis) => {
                let (means, deviations): (Vec<_>, Vec<_>) = axis.kernels.iter().copied().unzip();
                agree(&means, &expected["mean"], &param.name);
                agree(&deviations, &expected["deviation"], &param.name);
            }
            ParzenAxis::Categorical(axis) => {
                for (kernel, row) in expected["probability"].as_array().expect("rows").iter().enumerate() {
                    let choices = 0..numbers(row).len();
                    let found: Vec<f64> = choices.map(|choice| axis.probability(kernel, choice)).collect();
                    agree(&found, row, &param.name);
                }
            }
        }
    }
}

#[test]
fn every_number_of_a_proposal_is_optunas() {
    let mut explained = 0;
    for case in cases::all() {
        let Some(last) = &case.last else { continue };
        let context = case.context(case.trials.len() - 1);
        let history = TpeHistory::new(&context);
        let split = history.split(case.settings.constant_liar);
        let by_name = |trials: &[&Trial]| trials.iter().map(|trial| trial.number as f64).collect::<Vec<_>>();
        agree(&by_name(&split.below), &last["below"], "below");
        agree(&by_name(&split.above), &last["above"], "above");

        let mut params: Vec<&Param> = case.space.params.iter().collect();
        params.sort_by_key(|param| &param.name);
        let l = Parzen::new(&params, &columns(&split.below, &params), falling_weights);
        let g = Parzen::new(&params, &columns(&split.above, &params), falling_weights);
        agree_kernels(&l, &params, &last["l"]);
        agree_kernels(&g, &params, &last["g"]);

        let mut numpy = NumpyRandom::replayed(&case.settings, &context, &history);
        let candidates = l.sample(24, &mut || numpy.proposals.uniform());
        for (column, param) in candidates.iter().zip(&params) {
            agree(column, &last["candidates"][&param.name], &param.name);
        }
        agree(&l.ln_density(&candidates), &last["ln_l"], "ln l");
        agree(&g.ln_density(&candidates), &last["ln_g"], "ln g");
        explained += 1;
    }
    assert_eq!(explained, 2);
}

fn param(distribution: crate::Distribution) -> Param {
    Param { name: "x".into(), distribution, when: Vec::new() }
}

/// Integers finer than the digits of an `f64`, and real numbers whose range is wider than any `f64`.
#[test]
fn densities_are_numbers_in_the_widest_ranges() {
    let ranges = [
        crate::Distribution::int(i64::MIN, i64::MAX, false, 1),
        crate::Distribution::int(1, i64::MAX, true, 1),
        crate::Distribution::float(-f64::MAX, f64::MAX, false, None),
        crate::Distribution::float(f64::MIN_POSITIVE, f64::MAX, true, None),
        crate::Distribution::float(-1e300, 1e300, false, Some(1e-300)),
        crate::Distribution::float(1.0, 1.0 + 1e-15, false, None),
    ];
    for range in ranges {
        let param = param(range.expect("a range"));
        let ends = [0.0, 0.3, 1.0 - 1e-16].map(|u| random::at_fraction(&param.distribution, u));
        let parzen = Parzen::new(&[&param], &[ends.to_vec()], falling_weights);
        let mut u = 0.0;
        let candidates = parzen.sample(99, &mut || {
            u = (u + 0.618) % 1.0;
            u
        });
        assert!(candidates[0].iter().all(|&x| param.distribution.contains(x)), "{param:?}");
        let different = candidates[0].iter().filter(|x| **x != candidates[0][0]).count();
        assert!(different > 0, "{param:?}: {candidates:?}");
        assert!(parzen.ln_density(&candidates).iter().all(|x| x.is_finite()), "{param:?}");
    }
}
