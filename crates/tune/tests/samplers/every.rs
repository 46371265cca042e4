//! What every sampler must do, whatever it proposes.

use super::*;

#[test]
fn a_sampler_is_found_by_its_name() {
    for name in Sampler::NAMES {
        assert_eq!(Sampler::named(name).map(|sampler| sampler.name()), Some(*name));
    }
    assert_eq!(Sampler::named("tpe"), Some(Sampler::default()));
    assert_eq!(Sampler::named("best"), None);
}

#[test]
fn proposals_lie_in_the_space() {
    for (name, sampler) in samplers() {
        for objectives in [1, 2] {
            let search = TestSearch { objectives, ..TestSearch::new(mixed()) };
            for trial in search.run(&sampler, 40, |number, params| search.complete(number, params)) {
                assert!(search.space.contains(&trial.params), "{name}: {:?}", trial.params);
            }
        }
    }
}

#[test]
fn proposals_lie_in_the_widest_and_the_narrowest_ranges() {
    for (name, sampler) in samplers() {
        let search = TestSearch::new(extreme());
        for trial in search.run(&sampler, 30, |number, params| search.complete(number, params)) {
            let misses = |param: &&Param| !param.distribution.contains(trial.params[&param.name]);
            let missed = search.space.params.iter().find(misses).map(|p| (&p.name, trial.params[&p.name]));
            assert_eq!(missed, None, "{name}, trial {}", trial.number);
            assert!(search.space.contains(&trial.params), "{name}: {:?}", trial.params);
        }
    }
}

#[test]
fn no_outcome_of_a_trial_stops_a_search() {
    for (name, sampler) in samplers() {
        for objectives in [1, 2] {
            for space in [mixed(), extreme()] {
                let search = TestSearch { objectives, ..TestSearch::new(space) };
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
        let search = TestSearch::new(mixed());
        let fail = |number, params| trial(number, State::Failed, params, Vec::new());
        for trial in search.run(&sampler, 30, fail) {
            assert!(search.space.contains(&trial.params), "{name}: {:?}", trial.params);
        }
    }
}

/// The history of another space under the same names: values out of range, of no category, missing, of unknown
/// parameters.
#[test]
fn a_history_of_another_space_is_taken_for_what_fits() {
    for (name, sampler) in samplers() {
        let search = TestSearch::new(mixed());
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
            let search = TestSearch { seed, ..TestSearch::new(mixed()) };
            search.run(&sampler, 30, |number, params| mishaps(&search, number, params))
        };
        let params = |trials: Vec<Trial>| trials.into_iter().map(|trial| trial.params).collect::<Vec<_>>();
        let first = params(run(7));
        assert_eq!(first, params(run(7)), "{name}");
        if !sampler.is_exhaustive() {
            assert_ne!(first, params(run(8)), "{name}");
        }
    }
}

#[test]
fn the_order_of_the_history_does_not_matter() {
    for (name, sampler) in samplers() {
        let search = TestSearch::new(mixed());
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
        let search = TestSearch::new(mixed());
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
        let search = TestSearch { fixed, ..TestSearch::new(mixed()) };
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
        let mut search = TestSearch::new(mixed());
        let free = search.run(&sampler, 20, |number, params| search.complete(number, params));
        search.fixed = free[3].params.clone();
        assert_eq!(search.suggest(&sampler, &free, 20), free[3].params, "{name}");
    }
}

#[test]
fn a_space_without_parameters_has_one_proposal() {
    for (name, sampler) in samplers() {
        let search = TestSearch::new(Space::default());
        let trials = search.run(&sampler, 20, |number, params| search.complete(number, params));
        assert!(trials.iter().all(|trial| trial.params.is_empty()), "{name}");
    }
}
