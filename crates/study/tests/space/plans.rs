//! Plans of searches: defaults, samplers, fixed parameters, records and fingerprints.

use serde_json::json;
use toile_record::{Direction, Metric};
use toile_rng::Seed;
use toile_study::{Plan, PlanOptions, SearchPlan, Settings, built_in, check, plan};
use toile_tune::{GridSampler, Nsga2Sampler, RandomSampler, Sampler};

use super::{HEAD, drawn, params, planned, search};

#[test]
fn what_a_search_leaves_out_has_its_default() {
    let search = search("batch_size = { low = 8, high = 512, log = true }\nn_trials = 30");
    assert_eq!(search.sampler, Sampler::default());
    assert_eq!((search.lag, search.seeds, search.seed), (Some(3), 1, 7));
    assert_eq!((search.timeout, search.cpu_timeout, search.stagnation), (None, None, None));
    let [objective] = &search.objectives[..] else { panic!("{:?}", search.objectives) };
    assert_eq!((objective.metric, objective.direction), (Metric::ValAccuracy, Direction::Maximize));
    assert_eq!(search.best_name(), "one: best");
    let without = planned(
        &format!("{HEAD}batch_size = {{ choices = [8, 9] }}\n").replace("validation_split = 0.1", ""),
    );
    assert_eq!(without.searches[0].objectives[0].metric, Metric::Accuracy);
}

#[test]
fn the_metric_decides_the_direction_unless_the_file_does() {
    let lines = "batch_size = { low = 8, high = 512 }\nn_trials = 3\nmetric = [\"val_loss\", \"accuracy\", \"flops\"]\n";
    let directions = |lines: &str| search(lines).objectives.iter().map(|o| o.direction).collect::<Vec<_>>();
    assert_eq!(directions(lines), [Direction::Minimize, Direction::Maximize, Direction::Minimize]);
    let own = "direction = [\"minimize\", \"minimize\", \"maximize\"]";
    assert_eq!(
        directions(&format!("{lines}{own}")),
        [Direction::Minimize, Direction::Minimize, Direction::Maximize]
    );
    assert_eq!(search(lines).sampler, Sampler::Nsga2(Nsga2Sampler::default()));
}

/// A space with no more points than trials is tried as a whole, and once.
#[test]
fn a_small_space_is_searched_exhaustively() {
    let few = "batch_size = { choices = [32, 64, 128] }\nshuffle = { choices = [true, false] }\n";
    let grid = Sampler::Grid(GridSampler {});
    let found = |more: &str| {
        let search = search(&format!("{few}{more}"));
        (search.n_trials, search.sampler)
    };
    assert_eq!(found(""), (6, grid.clone()));
    assert_eq!(found("n_trials = 40"), (6, grid.clone()));
    assert_eq!(found("n_trials = 5"), (5, Sampler::default()));
    assert_eq!(found("n_trials = 5\nsampler = \"grid\""), (5, grid));
    let random = search(&format!("{few}n_trials = 40\nsampler = \"random\""));
    assert_eq!(random.n_trials, 40, "a sampler that is named does as it does");
    assert_eq!(search(&format!("{few}fixed = {{ batch_size = 64 }}")).n_trials, 2);
}

/// A named sampler with enough trials for every point is replaced by a grid. The plan, and so the record, names the
/// grid; the fingerprint goes by the file, in which a search with fewer trials is the same search.
#[test]
fn the_record_names_the_grid_that_runs_in_place_of_a_named_sampler() {
    let few = "batch_size = { choices = [32, 64, 128] }\nshuffle = { choices = [true, false] }\n";
    let random = |n_trials: usize| search(&format!("{few}n_trials = {n_trials}\nsampler = \"random\""));
    let (exhausted, larger) = (random(40), random(5));
    assert_eq!((exhausted.sampler.name(), larger.sampler.name()), ("grid", "random"));
    assert_eq!(exhausted.named_sampler, Some(Sampler::Random(RandomSampler {})));
    assert_eq!((larger.named_sampler.clone(), exhausted.n_trials), (None, 40));

    let record = exhausted.to_record("data");
    assert_eq!((&record.sampler, &record.plan["sampler"]), (&json!({ "grid": {} }), &json!({ "grid": {} })));
    assert_eq!(record.plan["named_sampler"], json!({ "random": {} }));
    assert_eq!(record.space_fingerprint, larger.fingerprint("data"));
    assert_eq!(SearchPlan::from_record(&record), Some(exhausted.clone()));
    assert!(!larger.to_record("data").plan.as_object().unwrap().contains_key("named_sampler"));

    // As earlier versions recorded it.
    let mut earlier = record.clone();
    earlier.plan["sampler"] = json!({ "random": {} });
    earlier.plan.as_object_mut().unwrap().remove("named_sampler");
    assert_eq!(SearchPlan::from_record(&earlier), Some(exhausted));

    for kept in ["{ tpe = { numpy_compatible = true } }\nlag = 0", "\"nsga2\""] {
        let search = search(&format!("{few}n_trials = 40\nsampler = {kept}"));
        assert_eq!((search.sampler.name() == "grid", search.named_sampler), (false, None), "{kept}");
    }
}

#[test]
fn an_asynchronous_search_has_no_lag() {
    let lines = "batch_size = { low = 8, high = 512 }\nn_trials = 3\n";
    assert_eq!(search(&format!("{lines}asynchronous = true")).lag, None);
    assert_eq!(search(&format!("{lines}lag = 0")).lag, Some(0));
}

#[test]
fn fixed_and_first_values_are_given_by_name() {
    let space = "optimizer = { choices = [\"adam\", { sgd = { learning_rate = { low = 0.1, high = 1 } } }] }\n\
        batch_size = { choices = [32, 64] }\nn_trials = 9\n";
    let search = search(&format!(
        "{space}fixed = {{ optimizer.sgd.learning_rate = 0.5 }}\n\
         first = [{{ optimizer = \"adam\" }}, {{ optimizer = {{ sgd = {{}} }}, batch_size = 64 }}, {{ \"optimizer.sgd.learning_rate\" = 0.5 }}]"
    ));
    assert_eq!(search.fixed, params(&[("optimizer.sgd.learning_rate", 0.5)]), "adam may still be chosen");
    let sgd = params(&[("optimizer", 1.0), ("optimizer.sgd.learning_rate", 0.5)]);
    let first = [params(&[("optimizer", 0.0)]), params(&[("optimizer", 1.0), ("batch_size", 1.0)]), sgd];
    assert_eq!(search.first, first);
}

#[test]
fn weights_to_start_from_are_those_of_every_trial() {
    let search = search("batch_size = { choices = [32, 64] }\ninitial_weights = \"start.safetensors\"");
    let settings = search.settings(&params(&[("batch_size", 0.0)]), 0).unwrap();
    assert_eq!(settings.initial_weights.unwrap().file, "start.safetensors");
}

/// A template leaves nothing to be defaulted after the plan.
#[test]
fn the_record_of_a_search_has_every_setting_of_its_trials() {
    let search = search("optimizer = { sgd = { learning_rate = { low = 0.1, high = 1 } } }\nn_trials = 3");
    let record = search.to_record("data");
    let template = &record.plan["template"];
    assert_eq!(template["settings"]["batch_size"], 32);
    assert_eq!(template["settings"]["schedule"], "constant");
    assert_eq!(template["settings"]["optimizer"]["sgd"]["momentum"], 0.0);
    assert_eq!(
        template["settings"]["optimizer"]["sgd"]["learning_rate"],
        json!({ "$float": "optimizer.sgd.learning_rate" })
    );
    assert_eq!(template["models"]["dense"][0]["dense"]["kernel_initializer"], "glorot_uniform");
    assert_eq!((record.objectives[0].metric.as_str(), record.objectives[0].maximize), ("val_accuracy", true));
    assert_eq!(
        (record.sampler["tpe"]["n_startup_trials"].clone(), record.pruner.clone()),
        (json!(10), json!("none"))
    );
    assert_eq!(record.space["params"][0]["distribution"]["name"], "FloatDistribution");
    assert_eq!(SearchPlan::from_record(&record), Some(search));
}

#[test]
fn a_fingerprint_depends_on_everything_that_decides_the_trials_and_on_nothing_else() {
    let lines =
        "optimizer = { sgd = { learning_rate = { low = 0.1, high = 1 } } }\nn_trials = 3\nbatch_size = 64\n";
    let of = |lines: &str| search(lines).fingerprint("data");
    let base = of(lines);
    let same = [
        ("n_trials = 3", "n_trials = 300\ntimeout = 9\nstagnation = 7\ncpu_timeout = 5.5"),
        ("n_trials = 3", "n_trials = 3\nnote = \"n\"\npublished = { test_accuracy = 0.8 }"),
        ("n_trials = 3", "n_trials = 3\nsampler = { tpe = { n_startup_trials = 10 } }\nlag = 3\nseeds = 1"),
    ];
    for (old, new) in same {
        assert_eq!(of(&lines.replace(old, new)), base, "{new}");
    }
    let different = [
        ("low = 0.1", "low = 0.2"),
        ("batch_size = 64", "batch_size = 65"),
        ("batch_size = 64", "batch_size = { low = 64, high = 65 }"),
        ("high = 1 }", "high = 1 }, momentum = 0.9"),
        ("n_trials = 3", "n_trials = 3\nsampler = \"random\""),
        ("n_trials = 3", "n_trials = 3\npruner = \"median\""),
        ("n_trials = 3", "n_trials = 3\nlag = 4"),
        ("n_trials = 3", "n_trials = 3\nasynchronous = true"),
        ("n_trials = 3", "n_trials = 3\nseed = 8"),
        ("n_trials = 3", "n_trials = 3\nseeds = 2"),
        ("n_trials = 3", "n_trials = 3\nmetric = \"val_loss\""),
        ("n_trials = 3", "n_trials = 3\nfirst = [{ \"optimizer.sgd.learning_rate\" = 0.5 }]"),
    ];
    let mut all: Vec<String> = different.iter().map(|(old, new)| of(&lines.replace(old, new))).collect();
    all.extend([base, search(lines).fingerprint("other data")]);
    let mut unique = all.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), all.len(), "{all:?}");
}

/// A search that was changed keeps the trials that would be the same today.
#[test]
fn trials_of_an_earlier_form_of_a_search_are_carried_over_where_they_fit() {
    let space = |choices: &str, high: f64| {
        search(&format!(
            "n_trials = 3\nbatch_size = {{ choices = [{choices}] }}\n\
             optimizer = {{ sgd = {{ learning_rate = {{ low = 0.01, high = {high:?} }} }} }}"
        ))
    };
    let rate = "optimizer.sgd.learning_rate";
    let (old, new) = (space("32, 64", 1.0), space("128, 64, 32", 0.5));
    let carried = |batch: f64, lr: f64| new.carried(&old, &params(&[("batch_size", batch), (rate, lr)]));
    assert_eq!(carried(0.0, 0.25), Some(params(&[("batch_size", 2.0), (rate, 0.25)])));
    assert_eq!(carried(0.0, 0.75), None, "above the new range");
    let other = search(
        "n_trials = 3\nbatch_size = { choices = [32, 64] }\nlabel_smoothing = 0.1\n\
         optimizer = { sgd = { learning_rate = { low = 0.01, high = 1.0 } } }",
    );
    assert_eq!(other.carried(&old, &params(&[("batch_size", 0.0), (rate, 0.25)])), None, "other settings");
    assert_eq!(old.base_fingerprint("data"), new.base_fingerprint("data"));
}

/// A trial names the plain value that it had, and of a table only the key: so the tables among the choices are part of
/// what decides a trial's value. A name that stands for a table, as `"sgd"` does, is one.
#[test]
fn the_tables_among_choices_are_part_of_the_fingerprint_and_plain_values_are_not() {
    let of = |setting: &str, choices: &str| {
        let lines = format!("n_trials = 3\n{setting} = {{ choices = [{choices}] }}");
        search(&lines).value_fingerprint("data")
    };
    assert_eq!(of("batch_size", "32, 64"), of("batch_size", "128, 64, 32"));
    assert_eq!(of("label_smoothing", "0, 0.1"), of("label_smoothing", "0, 0.1, 0.2"));
    let optimizers = |choices: &str| of("optimizer", choices);
    assert_ne!(optimizers("\"adam\", \"sgd\""), optimizers("\"adam\", \"sgd\", \"nadam\""));
    let base = optimizers("\"adam\", { sgd = { learning_rate = 0.1 } }");
    assert_ne!(optimizers("\"adam\", { sgd = { learning_rate = 0.2 } }"), base);
    assert_ne!(optimizers("\"adam\", { sgd = { learning_rate = 0.1, momentum = 0.9 } }"), base);
    let range = |low: f64| {
        optimizers(&format!("\"adam\", {{ sgd = {{ learning_rate = {{ low = {low}, high = 1 }} }} }}"))
    };
    assert_eq!(range(0.1), range(0.2));
}

/// The appendix of the document: one factor at a time.
#[test]
fn the_fashion_mnist_study_holds_the_published_searches() {
    let plan = planned(built_in("fashion-mnist").unwrap());
    assert_eq!(plan.runs.len(), 53, "ten runs of five seeds, three of one");
    let found: Vec<_> = plan
        .searches
        .iter()
        .map(|s| (s.name.as_str(), s.n_trials, s.published.and_then(|p| p.test_accuracy)))
        .collect();
    assert_eq!(
        found,
        [
            ("Search 1: learning rate", 20, Some(0.819)),
            ("Search 2: batch size", 4, Some(0.853)),
            ("Search 3: optimizer", 4, Some(0.858)),
            ("joint", 40, None),
            ("joint at random", 40, None),
        ]
    );
    let settings: Vec<Settings> = plan
        .searches
        .iter()
        .map(|search| search.settings(&drawn(search, &mut Seed::new(0).stream("points", 0)), 7).unwrap())
        .collect();
    assert!(
        settings.iter().all(|s| s.epochs == 50 && s.model == "dense" && s.validation_split.fraction == 0.1)
    );
    assert_eq!((settings[0].batch_size, settings[2].batch_size), (128, 256));
    assert_eq!(settings[2].optimizer.learning_rate(), 0.1);
    assert_eq!(plan.searches[3].space, plan.searches[4].space);
    assert_eq!(plan.searches[1].sampler, Sampler::Grid(GridSampler {}));
}

#[test]
fn a_search_is_chosen_by_its_name_as_a_run_is() {
    let text = format!("{HEAD}batch_size = {{ choices = [8, 16] }}\n[[runs]]\nname = \"two\"\n");
    let study = check(&text, "s.toml", None).unwrap();
    let of = |name: &str| {
        let options = PlanOptions { seeds: None, only: Some(vec![name.into()]) };
        plan(&study, &options, &|_| unreachable!()).map(|plan| (plan.runs.len(), plan.searches.len()))
    };
    assert_eq!((of("one"), of("two")), (Ok((0, 1)), Ok((1, 0))));
    assert!(of("tow").unwrap_err().to_string().contains("did you mean `two`? (known: two; one)"));
}

#[test]
fn a_plan_with_searches_survives_being_written_and_read() {
    let plan = planned(built_in("fashion-mnist").unwrap());
    let json = serde_json::to_string(&plan).unwrap();
    assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
}
