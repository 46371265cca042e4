//! The samplers: what each of them must do, and what some of them promise.

mod every;
mod grid;
mod random;
mod tpe;

use toile_record::{Direction, State};
use toile_rng::Seed;
use toile_tune::{
    Choice, CmaEsSampler, Condition, Distribution, GpSampler, GridSampler, Is, Nsga2Sampler, Param, Params,
    RandomSampler, Sampler, SamplingContext, SobolSampler, Space, TpeSampler, Trial,
};

/// Every sampler, and every setting that takes another path.
fn samplers() -> Vec<(&'static str, Sampler)> {
    let tpe = |change: fn(&mut TpeSampler)| {
        let mut settings = TpeSampler { n_startup_trials: 4, ..TpeSampler::default() };
        change(&mut settings);
        Sampler::Tpe(settings)
    };
    let all = vec![
        ("random", Sampler::Random(RandomSampler::default())),
        ("grid", Sampler::Grid(GridSampler::default())),
        ("sobol", Sampler::Sobol(SobolSampler::default())),
        ("tpe", tpe(|_| ())),
        ("tpe one by one", tpe(|tpe| tpe.multivariate = false)),
        ("tpe by groups", tpe(|tpe| tpe.group = true)),
        ("tpe without the liar", tpe(|tpe| tpe.constant_liar = false)),
        ("tpe as with numpy", tpe(|tpe| tpe.numpy_compatible = true)),
        ("tpe by groups as with numpy", tpe(|tpe| (tpe.group, tpe.numpy_compatible) = (true, true))),
        ("cma-es", Sampler::CmaEs(CmaEsSampler::default())),
        ("gp", Sampler::Gp(GpSampler { n_startup_trials: 4 })),
        ("nsga-ii", Sampler::Nsga2(Nsga2Sampler { population_size: 6, ..Nsga2Sampler::default() })),
    ];
    for name in Sampler::NAMES {
        assert!(all.iter().any(|(_, sampler)| sampler.name() == *name), "`{name}` is not tested");
    }
    all
}

fn param(name: &str, distribution: Distribution, when: &[(&str, Is)]) -> Param {
    let when = when.iter().map(|&(parent, is)| Condition { parent: parent.into(), is }).collect();
    Param { name: name.into(), distribution, when }
}

fn float(low: f64, high: f64, log: bool, step: Option<f64>) -> Distribution {
    Distribution::float(low, high, log, step).expect("a range")
}

fn int(low: i64, high: i64, log: bool, step: i64) -> Distribution {
    Distribution::int(low, high, log, step).expect("a range")
}

fn choices(n: i64) -> Distribution {
    Distribution::categorical((0..n).map(Choice::Int).collect()).expect("choices")
}

/// One parameter of each kind, some under conditions, one with a single value.
fn mixed() -> Space {
    Space {
        params: vec![
            param("optimizer", choices(3), &[]),
            param("lr", float(1e-5, 0.1, true, None), &[]),
            param("momentum", float(0.0, 0.99, false, None), &[("optimizer", Is::Choice(0))]),
            param("layers", int(1, 4, false, 1), &[]),
            param("units 1", int(32, 128, false, 32), &[]),
            param("units 2", int(1, 300, true, 1), &[("layers", Is::AtLeast(2.0))]),
            param("dropout", float(0.0, 0.5, false, Some(0.1)), &[]),
            param("batch", choices(1), &[]),
            param("nesterov", choices(2), &[("optimizer", Is::Choice(0)), ("layers", Is::AtLeast(3.0))]),
        ],
    }
}

/// Ranges at the edges of what numbers can say.
fn extreme() -> Space {
    Space {
        params: vec![
            param("all integers", int(i64::MIN, i64::MAX, false, 1), &[]),
            param("every third", int(i64::MIN, i64::MAX, false, 3), &[]),
            param("large", int(i64::MAX - 2, i64::MAX, false, 1), &[]),
            param("by size", int(1, i64::MAX, true, 1), &[]),
            param("all reals", float(-f64::MAX, f64::MAX, false, None), &[]),
            param("all sizes", float(f64::from_bits(1), f64::MAX, true, None), &[]),
            param("fine steps", float(-1e300, 1e300, false, Some(1e-300)), &[]),
            param("neighbours", float(1.0, 1.0f64.next_up(), false, None), &[]),
            param("small steps", float(0.0, 1e-300, false, Some(1e-301)), &[]),
            param("single", float(3.5, 3.5, true, None), &[]),
            param("many", choices(1000), &[]),
        ],
    }
}

const DIRECTIONS: [Direction; 2] = [Direction::Minimize, Direction::Maximize];

struct TestSearch {
    space: Space,
    objectives: usize,
    seed: u64,
    fixed: Params,
}

impl TestSearch {
    fn new(space: Space) -> TestSearch {
        TestSearch { space, objectives: 1, seed: 7, fixed: Params::new() }
    }

    fn suggest(&self, sampler: &Sampler, history: &[Trial], number: usize) -> Params {
        sampler.suggest(&SamplingContext {
            space: &self.space,
            directions: &DIRECTIONS[..self.objectives],
            history,
            number,
            seed: Seed::new(self.seed),
            n_trials: Some(100),
            fixed: &self.fixed,
        })
    }

    /// Proposes trial after trial; `end` gives the outcome of each.
    fn run(&self, sampler: &Sampler, n: usize, end: impl Fn(usize, Params) -> Trial) -> Vec<Trial> {
        let mut history = Vec::new();
        for number in 0..n {
            let params = self.suggest(sampler, &history, number);
            history.push(end(number, params));
        }
        history
    }

    /// Values that depend on every parameter.
    fn complete(&self, number: usize, params: Params) -> Trial {
        let sum: f64 = params.values().enumerate().map(|(i, x)| ((x / 7.0).sin() + i as f64).cos()).sum();
        let values = [sum, -sum * sum][..self.objectives].to_vec();
        trial(number, State::Complete, params, values)
    }
}

fn trial(number: usize, state: State, params: Params, values: Vec<f64>) -> Trial {
    let (intermediate, rungs, constraints) = Default::default();
    Trial { number, state, params, values, intermediate, rungs, constraints }
}

/// Every third trial complete; between them failures, prunings, values that are no numbers, trials under way.
fn mishaps(search: &TestSearch, number: usize, params: Params) -> Trial {
    let mut trial = search.complete(number, params);
    match number % 9 {
        1 => trial.state = State::Failed,
        2 => trial.values = vec![f64::NAN; search.objectives],
        4 => trial.values[0] = f64::INFINITY,
        5 => (trial.state, trial.values) = (State::Running, Vec::new()),
        7 => {
            trial.state = State::Pruned;
            trial.values.clear();
            trial.intermediate = [(i64::MIN, 0.5), (0, f64::NAN), (3, f64::NEG_INFINITY)].into();
        }
        8 => trial.constraints = vec![0.5, f64::NAN, -1.0],
        _ => {}
    }
    trial
}
