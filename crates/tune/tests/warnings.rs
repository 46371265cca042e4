//! Findings about a search: each is found where it should be, and nowhere else.

use std::collections::BTreeMap;

use toile_tune::{
    Choice, Condition, Direction, Distribution, Edge, Finding, GpSampler, GridSampler, Is, Nsga2Sampler,
    Param, RandomSampler, Sampler, SearchResults, Space, State, TpeSampler, Trial, findings,
};

const RANDOM: Sampler = Sampler::Random(RandomSampler {});

fn param(name: &str, distribution: Distribution) -> Param {
    Param { name: name.into(), distribution, when: Vec::new() }
}

fn float(name: &str, low: f64, high: f64, log: bool) -> Param {
    param(name, Distribution::float(low, high, log, None).expect("a range"))
}

fn int(name: &str, low: i64, high: i64, log: bool) -> Param {
    param(name, Distribution::int(low, high, log, 1).expect("a range"))
}

fn choices(name: &str, choices: &[Choice]) -> Param {
    param(name, Distribution::categorical(choices.to_vec()).expect("choices"))
}

fn trial(number: usize, params: &[(&str, f64)], value: f64) -> Trial {
    Trial {
        number,
        state: State::Complete,
        params: params.iter().map(|&(name, value)| (name.to_string(), value)).collect(),
        values: vec![value],
        intermediate: BTreeMap::new(),
        rungs: Vec::new(),
        constraints: Vec::new(),
    }
}

/// Findings about a maximised search.
fn findings_of(params: &[Param], sampler: &Sampler, trials: &[Trial]) -> Vec<Finding> {
    let space = Space { params: params.to_vec() };
    let (directions, repeats) = (&[Direction::Maximize], &BTreeMap::new());
    findings(&SearchResults { space: &space, sampler, directions, trials, repeats })
}

/// The edge that is found when the best trial has this value.
fn edge(param: &Param, value: f64) -> Option<(Edge, Choice)> {
    let inner = param.distribution.nearest(value * 0.9 + 1e-9);
    let trials = [trial(0, &[(&param.name, inner)], 0.1), trial(1, &[(&param.name, value)], 0.2)];
    findings_of(std::slice::from_ref(param), &RANDOM, &trials).into_iter().find_map(|finding| match finding {
        Finding::BestAtEdge { edge, bound, trial: 1, .. } => Some((edge, bound)),
        _ => None,
    })
}

#[test]
fn a_value_within_a_hundredth_of_its_range_is_at_the_edge() {
    let linear = float("momentum", 0.0, 1.0, false);
    assert_eq!(edge(&linear, 0.009), Some((Edge::Low, Choice::Float(0.0))));
    assert_eq!(edge(&linear, 0.011), None);
    assert_eq!(edge(&linear, 0.989), None);
    assert_eq!(edge(&linear, 0.991), Some((Edge::High, Choice::Float(1.0))));
}

/// From 1e-4 to 1, a hundredth of the logarithmic range is a factor of 1.096.
#[test]
fn the_edge_of_a_logarithmic_range_is_measured_by_factors() {
    let rate = float("learning_rate", 1e-4, 1.0, true);
    assert_eq!(edge(&rate, 1.09e-4), Some((Edge::Low, Choice::Float(1e-4))));
    assert_eq!(edge(&rate, 1.11e-4), None);
    assert_eq!(edge(&rate, 0.9), None);
    assert_eq!(edge(&rate, 0.92), Some((Edge::High, Choice::Float(1.0))));
}

#[test]
fn the_first_and_the_last_step_are_edges() {
    let layers = int("layers", 1, 4, false);
    assert_eq!(edge(&layers, 1.0), Some((Edge::Low, Choice::Int(1))));
    assert_eq!(edge(&layers, 2.0), None);
    assert_eq!(edge(&layers, 4.0), Some((Edge::High, Choice::Int(4))));
    let rate = param("rate", Distribution::float(0.1, 0.5, false, Some(0.1)).expect("a range"));
    assert_eq!(edge(&rate, 0.5), Some((Edge::High, Choice::Float(0.5))));
    assert_eq!(edge(&rate, 0.4), None);
    assert_eq!(edge(&int("filters", 8, 256, true), 256.0), Some((Edge::High, Choice::Int(256))));
}

#[test]
fn choices_have_edges_if_they_are_numbers_and_more_than_two() {
    let batch = choices("batch_size", &[64, 32, 256, 128].map(Choice::Int));
    assert_eq!(edge(&batch, 1.0), Some((Edge::Low, Choice::Int(32))));
    assert_eq!(edge(&batch, 2.0), Some((Edge::High, Choice::Int(256))));
    assert_eq!(edge(&batch, 0.0), None);
    assert_eq!(edge(&choices("batch_size", &[32, 64].map(Choice::Int)), 1.0), None);
    let names = ["sgd", "adam", "nadam"].map(|name| Choice::Text(name.into()));
    assert_eq!(edge(&choices("optimizer", &names), 2.0), None);
    assert_eq!(edge(&int("layers", 1, 2, false), 2.0), None);
}

#[test]
fn edges_are_those_of_the_best_trial_and_of_one_objective_only() {
    let linear = float("momentum", 0.0, 1.0, false);
    let mut trials = vec![trial(0, &[("momentum", 0.0)], 0.1), trial(1, &[("momentum", 0.5)], 0.2)];
    let is_edge = |finding: &Finding| matches!(finding, Finding::BestAtEdge { .. });
    let found =
        |trials: &[Trial]| findings_of(std::slice::from_ref(&linear), &RANDOM, trials).iter().any(is_edge);
    assert!(!found(&trials));
    trials[1].constraints = vec![1.0];
    assert!(found(&trials));
    trials.iter_mut().for_each(|trial| trial.values.push(0.0));
    let (space, repeats) = (Space { params: vec![linear.clone()] }, BTreeMap::new());
    let directions = &[Direction::Maximize, Direction::Minimize];
    let several =
        SearchResults { space: &space, sampler: &RANDOM, directions, trials: &trials, repeats: &repeats };
    assert!(!findings(&several).iter().any(is_edge));
}

fn one_factor(params: &[Param], trials: &[Trial]) -> Option<Vec<String>> {
    findings_of(params, &RANDOM, trials).into_iter().find_map(|finding| match finding {
        Finding::OneFactor { params } => Some(params),
        _ => None,
    })
}

#[test]
fn one_parameter_alone_or_one_after_the_other_is_one_factor_at_a_time() {
    let params = [float("x", 0.0, 1.0, false), float("y", 0.0, 1.0, false), float("z", 0.0, 1.0, false)];
    let at = |number, x, y| trial(number, &[("x", x), ("y", y), ("z", 0.5)], 0.1);
    let alone = [at(0, 0.1, 0.5), at(1, 0.2, 0.5), at(2, 0.3, 0.5)];
    assert_eq!(one_factor(&params, &alone), Some(vec!["x".into()]));
    let star = [at(0, 0.1, 0.5), at(1, 0.2, 0.5), at(2, 0.2, 0.6), at(3, 0.2, 0.7)];
    assert_eq!(one_factor(&params, &star), Some(vec!["x".into(), "y".into()]));
    let joint = [at(0, 0.1, 0.5), at(1, 0.2, 0.5), at(2, 0.2, 0.6), at(3, 0.1, 0.7)];
    assert_eq!(one_factor(&params, &joint), None);
    assert_eq!(one_factor(&params, &[at(0, 0.1, 0.5), at(1, 0.1, 0.5)]), None);
    assert_eq!(one_factor(&params, &[]), None);
}

/// Another optimizer with another rate is two factors, although the rates have two names.
#[test]
fn a_rate_per_optimizer_is_a_second_factor() {
    let names = ["sgd", "adam"].map(|name| Choice::Text(name.into()));
    let rate = |name: &str, choice| Param {
        when: vec![Condition { parent: "optimizer".into(), is: Is::Choice(choice) }],
        ..float(name, 1e-4, 1.0, true)
    };
    let params = [choices("optimizer", &names), rate("sgd.learning_rate", 0), rate("adam.learning_rate", 1)];
    let sgd = |number, rate| trial(number, &[("optimizer", 0.0), ("sgd.learning_rate", rate)], 0.1);
    let adam = |number, rate| trial(number, &[("optimizer", 1.0), ("adam.learning_rate", rate)], 0.1);
    let joint = [sgd(0, 0.1), sgd(1, 0.01), adam(2, 0.1), adam(3, 0.01)];
    assert_eq!(one_factor(&params, &joint), None);
    assert_eq!(one_factor(&params, &[sgd(0, 0.1), adam(1, 0.001)]), Some(vec!["optimizer".into()]));
}

fn spread(count: usize) -> Vec<Trial> {
    (0..count).map(|i| trial(i, &[("x", 0.3 + 0.01 * i as f64)], i as f64)).collect()
}

#[test]
fn fewer_than_thirty_complete_trials_are_too_few() {
    let params = [float("x", 0.0, 1.0, false)];
    let too_few = |trials: &[Trial]| {
        let all = findings_of(&params, &RANDOM, trials);
        all.into_iter().find(|finding| matches!(finding, Finding::TooFewTrials { .. }))
    };
    let mut trials = spread(30);
    assert_eq!(too_few(&trials), None);
    trials[4].state = State::Pruned;
    assert_eq!(too_few(&trials), Some(Finding::TooFewTrials { complete: 29, needed: 30 }));
}

#[test]
fn a_small_space_that_was_tried_out_is_enough() {
    let params = [choices("batch_size", &[32, 64, 128].map(Choice::Int)), int("layers", 1, 2, false)];
    let all =
        (0..6).map(|i| trial(i, &[("batch_size", (i % 3) as f64), ("layers", (1 + i / 3) as f64)], 0.1));
    let all: Vec<Trial> = all.collect();
    let too_few = |trials: &[Trial]| {
        let found = findings_of(&params, &Sampler::Grid(GridSampler {}), trials);
        found.iter().any(|finding| matches!(finding, Finding::TooFewTrials { .. }))
    };
    assert!(!too_few(&all));
    assert!(too_few(&all[..5]));
}

/// Momentum exists with one optimizer of two only: three points, not four.
#[test]
fn a_small_conditional_space_that_was_tried_out_is_enough() {
    let mut params = [choices("optimizer", &[0, 1].map(Choice::Int)), int("momentum", 0, 1, false)];
    params[1].when = vec![Condition { parent: "optimizer".into(), is: Is::Choice(0) }];
    let all = [
        trial(0, &[("optimizer", 0.0), ("momentum", 0.0)], 0.1),
        trial(1, &[("optimizer", 0.0), ("momentum", 1.0)], 0.2),
        trial(2, &[("optimizer", 1.0)], 0.3),
    ];
    let too_few = |trials: &[Trial]| {
        let found = findings_of(&params, &Sampler::Grid(GridSampler {}), trials);
        found.iter().any(|finding| matches!(finding, Finding::TooFewTrials { .. }))
    };
    assert!(!too_few(&all));
    assert!(too_few(&all[..2]));
}

#[test]
fn a_sampler_that_never_came_to_propose_is_found() {
    let startup = |sampler: Sampler, count: usize| {
        let found = findings_of(&[float("x", 0.0, 1.0, false)], &sampler, &spread(count));
        found.into_iter().find_map(|finding| match finding {
            Finding::OnlyStartup { trials, startup } => Some((trials, startup)),
            _ => None,
        })
    };
    let tpe = || Sampler::Tpe(TpeSampler { n_startup_trials: 5, ..TpeSampler::default() });
    assert_eq!(startup(tpe(), 5), Some((5, 5)));
    assert_eq!(startup(tpe(), 6), None);
    assert_eq!(startup(tpe(), 0), None);
    assert_eq!(startup(Sampler::Gp(GpSampler::default()), 9), Some((9, 10)));
    assert_eq!(startup(Sampler::Nsga2(Nsga2Sampler::default()), 50), Some((50, 50)));
    assert_eq!(startup(RANDOM, 5), None);
}

fn undecided(trials: &[Trial], repeats: &BTreeMap<usize, Vec<f64>>) -> Option<(usize, usize, f64, f64)> {
    let space = Space { params: vec![float("x", 0.0, 1.0, false)] };
    let directions = &[Direction::Minimize];
    let all = findings(&SearchResults { space: &space, sampler: &RANDOM, directions, trials, repeats });
    all.into_iter().find_map(|finding| match finding {
        Finding::Undecided { best, runner_up, difference, standard_error } => {
            Some((best, runner_up, difference, standard_error))
        }
        _ => None,
    })
}

/// Three seeds each, pooled variance (0.5 + 0.5 + 2) / 6 = 0.5 of the means 1, 2 and 9: the standard error of the
/// difference of the best two is √(0.5 · 2/3).
#[test]
fn the_best_is_undecided_if_seeds_differ_by_more() {
    let trials = [trial(0, &[("x", 0.2)], 2.0), trial(1, &[("x", 0.4)], 1.0), trial(2, &[("x", 0.6)], 9.0)];
    let seeds = |spread: [f64; 3]| {
        let one = |mean: f64, spread: f64| vec![mean - spread, mean, mean + spread];
        BTreeMap::from([(0, one(2.0, spread[0])), (1, one(1.0, spread[1])), (2, one(9.0, spread[2]))])
    };
    let (best, runner_up, difference, error) =
        undecided(&trials, &seeds([0.5, 0.5, 1.0])).expect("1 < 2 · 0.577");
    assert_eq!((best, runner_up, difference), (1, 0, 1.0));
    assert!((error - (1.0f64 / 3.0).sqrt()).abs() < 1e-15);
    assert_eq!(undecided(&trials, &seeds([0.1, 0.1, 0.1])), None);
    assert_eq!(undecided(&trials, &BTreeMap::new()), None);
}

/// The same parameters again are another seed of the same configuration.
#[test]
fn repeated_trials_are_seeds_of_one_configuration() {
    let at = |number, x, value| trial(number, &[("x", x)], value);
    let trials = [at(0, 0.2, 1.0), at(1, 0.4, 1.1), at(2, 0.2, 2.0), at(3, 0.4, 2.1)];
    let (best, runner_up, difference, error) = undecided(&trials, &BTreeMap::new()).expect("0.1 < 2 · 0.707");
    assert_eq!((best, runner_up), (0, 1));
    assert!(
        (difference - 0.1).abs() < 1e-12 && (error - 0.5f64.sqrt()).abs() < 1e-12,
        "{difference} ± {error}"
    );
    assert_eq!(undecided(&trials[..2], &BTreeMap::new()), None);
}

#[test]
fn a_learning_rate_over_more_than_two_decades_should_be_logarithmic() {
    let linear = |params: &[Param]| -> Vec<String> {
        let all = findings_of(params, &RANDOM, &[]).into_iter();
        let names = all.filter_map(|finding| match finding {
            Finding::LinearRate { param, .. } => Some(param),
            _ => None,
        });
        names.collect()
    };
    let stepped = |low, step| Distribution::float(low, 0.1, false, Some(step)).expect("a range");
    let found = linear(&[
        float("learning_rate", 1e-4, 0.1, false),
        float("optimizer.adam.lr", 0.0, 0.1, false),
        float("schedule.initial_learning_rate", 1e-5, 0.01, false),
        param("sgd.learning_rate", stepped(0.0, 0.0005)),
    ]);
    assert_eq!(
        found,
        ["learning_rate", "optimizer.adam.lr", "schedule.initial_learning_rate", "sgd.learning_rate"]
    );
    let fine = linear(&[
        float("learning_rate", 1e-4, 0.1, true),
        float("adam.lr", 0.01, 1.0, false),
        param("sgd.learning_rate", stepped(0.0, 0.01)),
        float("dropout", 0.0, 0.5, false),
        float("color", 0.001, 1.0, false),
        float("learning_rate.decay", 0.001, 1.0, false),
    ]);
    assert_eq!(fine, [] as [&str; 0]);
}

#[test]
fn a_sound_search_has_no_findings() {
    let params = [float("x", 0.0, 1.0, false), float("learning_rate", 1e-4, 1e-1, true)];
    let one = |i: usize| {
        let (x, rate) = (0.1 + 0.02 * i as f64, 1e-3 * 1.05f64.powi(i as i32));
        trial(i, &[("x", x), ("learning_rate", rate)], -(x - 0.5).abs())
    };
    let trials: Vec<Trial> = (0..40).map(one).collect();
    assert_eq!(findings_of(&params, &Sampler::default(), &trials), []);
}

#[test]
fn without_trials_the_only_finding_is_that_they_are_too_few() {
    let found = findings_of(&[float("x", 0.0, 1.0, false)], &Sampler::default(), &[]);
    assert_eq!(found, [Finding::TooFewTrials { complete: 0, needed: 30 }]);
    let empty = SearchResults {
        space: &Space::default(),
        sampler: &RANDOM,
        directions: &[],
        trials: &[],
        repeats: &BTreeMap::new(),
    };
    assert_eq!(findings(&empty), [Finding::TooFewTrials { complete: 0, needed: 30 }]);
}
