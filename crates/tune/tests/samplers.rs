//! What every sampler must do, whatever it proposes.

use toile_rng::Seed;
use toile_tune::{
    Ask, Choice, CmaEsSampler, Condition, Direction, Distribution, GpSampler, GridSampler, Is, Nsga2Sampler,
    Param, Params, RandomSampler, Sampler, SobolSampler, Space, State, TpeSampler, Trial,
};

/// Every variant, and every setting that takes another path. The match makes a new variant come here.
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
    for (_, sampler) in &all {
        match sampler {
            Sampler::Random(_) | Sampler::Grid(_) | Sampler::Sobol(_) | Sampler::Tpe(_) => {}
            Sampler::CmaEs(_) | Sampler::Gp(_) | Sampler::Nsga2(_) => {}
        }
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

struct Search {
    space: Space,
    objectives: usize,
    seed: u64,
    fixed: Params,
}

impl Search {
    fn new(space: Space) -> Search {
        Search { space, objectives: 1, seed: 7, fixed: Params::new() }
    }

    fn suggest(&self, sampler: &Sampler, history: &[Trial], number: usize) -> Params {
        sampler.suggest(&Ask {
            space: &self.space,
            directions: &DIRECTIONS[..self.objectives],
            history,
            number,
            seed: Seed::new(self.seed),
            n_trials: Some(100),
            fixed: &self.fixed,
        })
    }

    /// Asks for trial after trial; `end` says what becomes of each.
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
fn mishaps(search: &Search, number: usize, params: Params) -> Trial {
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

#[test]
fn proposals_lie_in_the_space() {
    for (name, sampler) in samplers() {
        for objectives in [1, 2] {
            let search = Search { objectives, ..Search::new(mixed()) };
            for trial in search.run(&sampler, 40, |number, params| search.complete(number, params)) {
                assert!(search.space.contains(&trial.params), "{name}: {:?}", trial.params);
            }
        }
    }
}

#[test]
fn proposals_lie_in_the_widest_and_the_narrowest_ranges() {
    for (name, sampler) in samplers() {
        let search = Search::new(extreme());
        for trial in search.run(&sampler, 30, |number, params| search.complete(number, params)) {
            let misses = |param: &&Param| !param.distribution.contains(trial.params[&param.name]);
            let missed = search.space.params.iter().find(misses).map(|p| (&p.name, trial.params[&p.name]));
            assert_eq!(missed, None, "{name}, trial {}", trial.number);
            assert!(search.space.contains(&trial.params), "{name}: {:?}", trial.params);
        }
    }
}

#[test]
fn nothing_that_happened_stops_a_search() {
    for (name, sampler) in samplers() {
        for objectives in [1, 2] {
            for space in [mixed(), extreme()] {
                let search = Search { objectives, ..Search::new(space) };
                for trial in search.run(&sampler, 45, |number, params| mishaps(&search, number, params)) {
                    assert!(search.space.contains(&trial.params), "{name}: {:?}", trial.params);
                }
            }
        }
    }
}

#[test]
fn a_search_of_failures_only_goes_on() {
    for (name, sampler) in samplers() {
        let search = Search::new(mixed());
        let fail = |number, params| trial(number, State::Failed, params, Vec::new());
        for trial in search.run(&sampler, 30, fail) {
            assert!(search.space.contains(&trial.params), "{name}: {:?}", trial.params);
        }
    }
}

/// The history of another space under the same names: values out of range, of no category, missing, of unknown parameters.
#[test]
fn a_history_of_another_space_is_taken_for_what_fits() {
    for (name, sampler) in samplers() {
        let search = Search::new(mixed());
        let strange = |number: usize| {
            let mut params: Params = search.suggest(&Sampler::Random(RandomSampler {}), &[], number);
            match number % 6 {
                0 => drop(params.insert("optimizer".into(), 17.0)),
                1 => drop(params.insert("lr".into(), -3.0)),
                2 => drop(params.remove("units 1")),
                3 => drop(params.insert("dropout".into(), f64::NAN)),
                4 => drop(params.insert("gone".into(), 1.0)),
                _ => drop(params.insert("layers".into(), 2.5)),
            }
            search.complete(number, params)
        };
        let history: Vec<Trial> = (0..30).map(strange).collect();
        for number in 30..36 {
            let params = search.suggest(&sampler, &history, number);
            assert!(search.space.contains(&params), "{name}: {params:?}");
        }
    }
}

#[test]
fn the_same_seed_repeats_a_search_and_another_does_not() {
    for (name, sampler) in samplers() {
        let run = |seed| {
            let search = Search { seed, ..Search::new(mixed()) };
            search.run(&sampler, 30, |number, params| mishaps(&search, number, params))
        };
        let params = |trials: Vec<Trial>| trials.into_iter().map(|trial| trial.params).collect::<Vec<_>>();
        let first = params(run(7));
        assert_eq!(first, params(run(7)), "{name}");
        if !matches!(sampler, Sampler::Grid(_)) {
            assert_ne!(first, params(run(8)), "{name}");
        }
    }
}

#[test]
fn the_order_in_which_the_history_is_told_does_not_matter() {
    for (name, sampler) in samplers() {
        let search = Search::new(mixed());
        let history = search.run(&sampler, 30, |number, params| mishaps(&search, number, params));
        let mut shuffled = history.clone();
        Seed::new(1).stream("shuffle", 0).shuffle(&mut shuffled);
        for number in 30..33 {
            assert_eq!(
                search.suggest(&sampler, &history, number),
                search.suggest(&sampler, &shuffled, number),
                "{name}"
            );
        }
    }
}

/// A trial that is taken over may find itself among the running ones.
#[test]
fn a_trial_is_not_its_own_history() {
    for (name, sampler) in samplers() {
        let search = Search::new(mixed());
        let mut history = search.run(&sampler, 20, |number, params| search.complete(number, params));
        let alone = search.suggest(&sampler, &history, 20);
        history.push(trial(20, State::Running, alone.clone(), Vec::new()));
        assert_eq!(search.suggest(&sampler, &history, 20), alone, "{name}");
    }
}

#[test]
fn what_is_fixed_stays_and_the_rest_is_searched() {
    for (name, sampler) in samplers() {
        let fixed =
            Params::from([("optimizer".into(), 0.0), ("dropout".into(), 0.2), ("units 2".into(), 9.0)]);
        let search = Search { fixed, ..Search::new(mixed()) };
        let trials = search.run(&sampler, 30, |number, params| search.complete(number, params));
        for trial in &trials {
            assert!(search.space.contains(&trial.params), "{name}: {:?}", trial.params);
            assert_eq!((trial.params["optimizer"], trial.params["dropout"]), (0.0, 0.2), "{name}");
            assert_eq!(trial.params.get("units 2").copied(), (trial.params["layers"] >= 2.0).then_some(9.0));
        }
        assert!(trials.iter().any(|trial| trial.params["lr"] != trials[0].params["lr"]), "{name}");
    }
}

#[test]
fn everything_may_be_fixed() {
    for (name, sampler) in samplers() {
        let mut search = Search::new(mixed());
        let free = search.run(&sampler, 20, |number, params| search.complete(number, params));
        search.fixed = free[3].params.clone();
        assert_eq!(search.suggest(&sampler, &free, 20), free[3].params, "{name}");
    }
}

#[test]
fn a_space_without_parameters_has_one_proposal() {
    for (name, sampler) in samplers() {
        let search = Search::new(Space::default());
        let trials = search.run(&sampler, 20, |number, params| search.complete(number, params));
        assert!(trials.iter().all(|trial| trial.params.is_empty()), "{name}");
    }
}

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
            let search = Search::new(Space { params: vec![param("x", range.clone(), &[])] });
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
        let search = Search::new(Space { params: vec![param("x", range.clone(), &[])] });
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
        let [all, some] = [&all, &some].map(|space| Search::new(space.clone()).suggest(&sampler, &[], 3));
        assert_eq!(all["lr"], some["lr"]);
        assert_eq!(all["layers"], some["layers"]);
    }
}

#[test]
fn a_grid_meets_every_point_once_and_starts_over() {
    let mut space = mixed();
    space.params.retain(|param| param.name != "lr" && param.name != "momentum" && param.name != "units 2");
    let search = Search::new(space);
    let points = search.space.points().expect("countable") as usize;
    assert_eq!(points, (4 + 4 + 4 + 2) * 4 * 6);
    let grid = Sampler::Grid(GridSampler {});
    let trials = search.run(&grid, points + 6, |number, params| search.complete(number, params));
    let all: Vec<String> = trials.iter().map(|trial| format!("{:?}", trial.params)).collect();
    assert_eq!(all[..points].iter().collect::<std::collections::BTreeSet<_>>().len(), points);
    assert_eq!(all[points..], all[..6], "it starts over");
}

#[test]
fn a_space_smaller_than_the_budget_is_exhausted() {
    let space = Space { params: vec![param("a", choices(4), &[]), param("b", int(1, 5, false, 1), &[])] };
    for (name, sampler) in samplers() {
        let keeps = name.contains("numpy") || name == "nsga-ii";
        assert_eq!(sampler.exhausts(&space, 20), (!keeps).then_some(20), "{name}");
        assert_eq!(sampler.effective(&space, 20) == Sampler::Grid(GridSampler {}), !keeps || name == "grid");
        assert_eq!(sampler.exhausts(&space, 19), None, "{name}");
        assert_eq!(sampler.effective(&space, 19), sampler, "{name}");
        assert_eq!(sampler.exhausts(&mixed(), usize::MAX), None, "{name}");
    }
}

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
        let search = Search { seed, ..Search::new(space.clone()) };
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
