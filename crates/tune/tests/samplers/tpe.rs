//! TPE against random search.

use super::*;

/// A bowl in three dimensions: after as many trials, TPE's best is better than random search's, summed over seeds.
#[test]
fn tpe_learns() {
    let space = Space {
        params: vec![
            param("x", float(-1.0, 1.0, false, None), &[]),
            param("y", float(1e-4, 1.0, true, None), &[]),
            param("z", int(0, 100, false, 1), &[]),
        ],
    };
    let loss = |p: &Params| {
        (p["x"] - 0.3).powi(2) + (p["y"].log10() + 2.0).powi(2) / 4.0 + (p["z"] / 100.0 - 0.6).powi(2)
    };
    let best = |sampler: &Sampler, seed| {
        let search = TestSearch { seed, ..TestSearch::new(space.clone()) };
        let end = |number, params: Params| {
            let value = loss(&params);
            trial(number, State::Complete, params, vec![value])
        };
        let trials = search.run(sampler, 60, end);
        trials.iter().map(|trial| trial.values[0]).fold(f64::INFINITY, f64::min)
    };
    let sum = |sampler: Sampler| (0..10).map(|seed| best(&sampler, seed)).sum::<f64>();
    let random = sum(Sampler::Random(RandomSampler {}));
    for settings in [TpeSampler::default(), TpeSampler { multivariate: false, ..TpeSampler::default() }] {
        let tpe = sum(Sampler::Tpe(settings.clone()));
        assert!(tpe < random / 2.0, "{settings:?}: {tpe}, random {random}");
    }
}
