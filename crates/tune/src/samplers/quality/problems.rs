//! Well-known functions and where they are searched; `tests/golden/make_quality.py` has the same ones.

use std::f64::consts::PI;

use crate::{Choice, Distribution, Param, Params, Space};

/// A function and where it is searched.
pub(super) struct TestProblem {
    pub(super) name: &'static str,
    pub(super) space: Space,
    pub(super) objectives: usize,
    pub(super) function: fn(&Params) -> Vec<f64>,
}

pub(super) fn param(name: &str, distribution: Distribution) -> Param {
    Param { name: name.into(), distribution, when: Vec::new() }
}

pub(super) fn floats(ranges: &[(f64, f64)]) -> Space {
    let float = |(i, range): (usize, &(f64, f64))| {
        param(&format!("x{i}"), Distribution::float(range.0, range.1, false, None).unwrap())
    };
    Space { params: ranges.iter().enumerate().map(float).collect() }
}

pub(super) fn names(names: &[&str]) -> Distribution {
    Distribution::categorical(names.iter().map(|&name| Choice::Text(name.into())).collect()).unwrap()
}

/// `x0`, `x1`, … in this order.
pub(super) fn xs(params: &Params) -> Vec<f64> {
    params.values().copied().collect()
}

fn sphere(params: &Params) -> Vec<f64> {
    vec![xs(params).iter().map(|x| x * x).sum()]
}

pub(super) fn branin(params: &Params) -> Vec<f64> {
    let (x, y) = (params["x0"], params["x1"]);
    let valley = y - 5.1 / (4.0 * PI * PI) * x * x + 5.0 / PI * x - 6.0;
    vec![valley * valley + 10.0 * (1.0 - 1.0 / (8.0 * PI)) * x.cos() + 10.0]
}

fn hartmann6(params: &Params) -> Vec<f64> {
    const ROWS: [(f64, [f64; 6], [f64; 6]); 4] = [
        (1.0, [10.0, 3.0, 17.0, 3.5, 1.7, 8.0], [1312.0, 1696.0, 5569.0, 124.0, 8283.0, 5886.0]),
        (1.2, [0.05, 10.0, 17.0, 0.1, 8.0, 14.0], [2329.0, 4135.0, 8307.0, 3736.0, 1004.0, 9991.0]),
        (3.0, [3.0, 3.5, 1.7, 10.0, 17.0, 8.0], [2348.0, 1451.0, 3522.0, 2883.0, 3047.0, 6650.0]),
        (3.2, [17.0, 8.0, 0.05, 10.0, 0.1, 14.0], [4047.0, 8828.0, 8732.0, 5743.0, 1091.0, 381.0]),
    ];
    let x = xs(params);
    let hill = |(height, widths, at): &(f64, [f64; 6], [f64; 6])| {
        let far: f64 = (0..6).map(|i| widths[i] * (x[i] - at[i] / 1e4) * (x[i] - at[i] / 1e4)).sum();
        height * (-far).exp()
    };
    vec![-ROWS.iter().map(hill).sum::<f64>()]
}

fn rosenbrock(params: &Params) -> Vec<f64> {
    let x = xs(params);
    let bend = |a: f64, b: f64| 100.0 * (b - a * a) * (b - a * a) + (1.0 - a) * (1.0 - a);
    vec![x.windows(2).map(|pair| bend(pair[0], pair[1])).sum()]
}

/// Shaped like the tuning of a network: a logarithm, steps, integers, names.
pub(super) fn mixed(params: &Params) -> Vec<f64> {
    let kind = params["optimizer"] as usize;
    let (best, cost) = ([-1.0, -3.0, -2.5][kind], [0.2, 0.0, 0.1][kind]);
    let square = |x: f64| x * x;
    let units = square((params["units"] - 256.0) / 256.0);
    vec![square(params["lr"].log10() - best) + units + 0.1 * square(params["layers"] - 3.0) + cost]
}

fn zdt1(params: &Params) -> Vec<f64> {
    let x = xs(params);
    let g = 1.0 + 9.0 * x[1..].iter().sum::<f64>() / 5.0;
    vec![x[0], g * (1.0 - (x[0] / g).sqrt())]
}

pub(super) fn problems() -> Vec<TestProblem> {
    let tuning = vec![
        param("lr", Distribution::float(1e-5, 1.0, true, None).unwrap()),
        param("units", Distribution::int(16, 512, false, 16).unwrap()),
        param("layers", Distribution::int(1, 5, false, 1).unwrap()),
        param("optimizer", names(&["sgd", "adam", "rmsprop"])),
    ];
    let one = |name, space, function| TestProblem { name, space, objectives: 1, function };
    vec![
        one("sphere", floats(&[(-5.0, 5.0); 5]), sphere),
        one("branin", floats(&[(-5.0, 10.0), (0.0, 15.0)]), branin),
        one("hartmann6", floats(&[(0.0, 1.0); 6]), hartmann6),
        one("rosenbrock", floats(&[(-2.0, 2.0); 4]), rosenbrock),
        one("mixed", Space { params: tuning }, mixed),
        TestProblem { name: "zdt1", space: floats(&[(0.0, 1.0); 6]), objectives: 2, function: zdt1 },
    ]
}
