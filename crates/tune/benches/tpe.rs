//! One proposal of the TPE sampler in a long search: `cargo bench -p toile-tune`. Elements are proposals.
#![allow(missing_docs)]

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use toile_rng::Seed;
use toile_tune::{
    Choice, Direction, Distribution, Param, Params, RandomSampler, Sampler, SamplingContext, Space, State,
    TpeSampler, Trial,
};

fn space(ranges: Vec<Distribution>) -> Space {
    let param = |(i, distribution)| Param { name: format!("x{i}"), distribution, when: Vec::new() };
    Space { params: ranges.into_iter().enumerate().map(param).collect() }
}

/// A learning rate, a batch size, an optimizer, a dropout rate.
fn usual() -> Space {
    let optimizers = ["sgd", "adam", "nadam", "rmsprop"].map(|name| Choice::Text(name.into())).to_vec();
    let ranges = [
        Distribution::float(1e-5, 0.1, true, None),
        Distribution::int(16, 512, true, 1),
        Distribution::categorical(optimizers),
        Distribution::float(0.0, 0.5, false, Some(0.05)),
    ];
    space(ranges.into_iter().map(|range| range.expect("a range")).collect())
}

/// Four integers of which no two trials have the same: nothing is computed once for many.
fn fine() -> Space {
    space((0..4).map(|_| Distribution::int(1, 1_000_000, false, 1).expect("a range")).collect())
}

fn history(space: &Space, n: usize, directions: &[Direction]) -> Vec<Trial> {
    let fixed = Params::new();
    let trial = |number: usize| {
        let seed = Seed::new(3);
        let context =
            SamplingContext { space, directions, history: &[], number, seed, n_trials: None, fixed: &fixed };
        let params = Sampler::Random(RandomSampler {}).suggest(&context);
        let values = (0..directions.len()).map(|k| params.values().map(|x| (x + k as f64).sin()).sum());
        let (intermediate, rungs, constraints) = Default::default();
        let values = values.collect();
        Trial { number, state: State::Complete, params, values, intermediate, rungs, constraints }
    };
    (0..n).map(trial).collect()
}

fn proposals(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("tpe");
    group.warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(2)).sample_size(20);
    let (fixed, one, two) =
        (Params::new(), [Direction::Minimize], [Direction::Minimize, Direction::Maximize]);
    let numpy = TpeSampler { numpy_compatible: true, ..TpeSampler::default() };
    let alone = TpeSampler { multivariate: false, ..TpeSampler::default() };
    let cases = [
        ("100 trials", usual(), 100, &one[..], TpeSampler::default()),
        ("1000 trials", usual(), 1000, &one[..], TpeSampler::default()),
        ("10000 trials", usual(), 10_000, &one[..], TpeSampler::default()),
        ("10000 trials, one by one", usual(), 10_000, &one[..], alone),
        ("10000 trials, as with numpy", usual(), 10_000, &one[..], numpy),
        ("10000 trials, two objectives", usual(), 10_000, &two[..], TpeSampler::default()),
        ("10000 trials, fine integers", fine(), 10_000, &one[..], TpeSampler::default()),
    ];
    for (name, space, n, directions, settings) in cases {
        let (history, sampler) = (history(&space, n, directions), Sampler::Tpe(settings));
        let seed = Seed::new(7);
        let context = SamplingContext {
            space: &space,
            directions,
            history: &history,
            number: n,
            seed,
            n_trials: None,
            fixed: &fixed,
        };
        group.throughput(Throughput::Elements(1));
        group.bench_function(name, |bencher| bencher.iter(|| black_box(sampler.suggest(&context))));
    }
    group.finish();
}

criterion_group!(benches, proposals);
criterion_main!(benches);
