//! Random search and Sobol's sequence: how their values are distributed.

use super::*;

/// Steps, whole numbers and choices: each value as often as any other, the ends too (chi-square, 0.999 quantiles).
#[test]
fn at_random_every_discrete_value_is_as_likely() {
    let ranges = [
        (int(0, 9, false, 1), 10, 27.9),
        (int(-5, 40, false, 5), 10, 27.9),
        (int(1 << 40, (1 << 40) + 2, false, 1), 3, 13.9),
        (float(0.0, 0.5, false, Some(0.1)), 6, 20.6),
        (choices(4), 4, 16.3),
    ];
    for sampler in [Sampler::Random(RandomSampler {}), Sampler::Sobol(SobolSampler {})] {
        for (range, values, limit) in ranges.clone() {
            let search = TestSearch::new(Space { params: vec![param("x", range.clone(), &[])] });
            let mut counts = vec![0f64; values];
            for number in 0..20_000 {
                let x = search.suggest(&sampler, &[], number)["x"];
                let index = (0..values as u64).min_by(|&a, &b| {
                    let distance = |k| (range.at(k) - x).abs();
                    distance(a).total_cmp(&distance(b))
                });
                counts[index.expect("a value") as usize] += 1.0;
            }
            let each = 20_000.0 / values as f64;
            let chi_square: f64 = counts.iter().map(|count| (count - each).powi(2) / each).sum();
            assert!(chi_square < limit, "{sampler:?}, {range:?}: {counts:?}");
        }
    }
}

/// Mean and variance of the uniform distribution, of the logarithm where it is that; within four standard errors.
#[test]
fn at_random_real_numbers_are_uniform() {
    let n = 20_000;
    let ranges = [
        (float(-3.0, 5.0, false, None), -3.0, 5.0),
        (float(1e-5, 0.1, true, None), 1e-5f64.ln(), 0.1f64.ln()),
        (int(1, 1_000_000_000, true, 1), 0.5f64.ln(), 1_000_000_000.5f64.ln()),
    ];
    for (range, low, high) in ranges {
        let log = range != float(-3.0, 5.0, false, None);
        let search = TestSearch::new(Space { params: vec![param("x", range.clone(), &[])] });
        let draw = |number| search.suggest(&Sampler::Random(RandomSampler {}), &[], number)["x"];
        let values: Vec<f64> = (0..n).map(draw).map(|x| if log { x.ln() } else { x }).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n as f64;
        let width: f64 = high - low;
        let error = (width * width / 12.0 / n as f64).sqrt();
        // Small integers stand for an interval of logarithms, whose middle they are not quite.
        let rounding = if matches!(range, Distribution::Int { .. }) { 0.01 * width } else { 0.0 };
        assert!((mean - (low + high) / 2.0).abs() < 4.0 * error + rounding, "{range:?}: mean {mean}");
        let spread = (1.0f64 / 180.0 / n as f64).sqrt() * width * width;
        assert!((variance - width * width / 12.0).abs() < 4.0 * spread + rounding, "{range:?}: {variance}");
    }
}

/// Another parameter, or none, does not move what is drawn for this one.
#[test]
fn at_random_parameters_do_not_disturb_each_other() {
    let (all, mut some) = (mixed(), mixed());
    some.params.retain(|param| param.name != "optimizer" && param.name != "dropout");
    for sampler in [Sampler::Random(RandomSampler {}), Sampler::Tpe(TpeSampler::default())] {
        let [all, some] = [&all, &some].map(|space| TestSearch::new(space.clone()).suggest(&sampler, &[], 3));
        assert_eq!(all["lr"], some["lr"]);
        assert_eq!(all["layers"], some["layers"]);
    }
}
