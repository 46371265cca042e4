//! Searches of a study file: the spaces that its ranges make, and the settings that come of their points.

use serde_json::{Value, json};
use toile_record::Metric;
use toile_rng::{Seed, Stream};
use toile_study::{Plan, PlanOptions, SearchPlan, Settings, built_in, check, plan};
use toile_tune::{
    Choice, Direction, Distribution, GridSampler, Nsga2Sampler, Params, RandomSampler, Sampler,
};

const HEAD: &str = r#"
[study]
name = "s"
data = "fashion-mnist"
validation_split = 0.1
seed = 7
[models.dense]
layers = [{ dense = { units = 10, activation = "softmax" } }]
[models.deep]
layers = [
  { dense = { units = { low = 16, high = 64, step = 16 }, activation = { choices = ["relu", "tanh"] } } },
  { repeat = { times = { low = 1, high = 3 }, layers = [
    { dense = { units = { low = 8, high = 32, log = true }, activation = "relu" } },
    { dropout = { rate = { low = 0.0, high = 0.5 } } },
  ] } },
  { dense = { units = 10, activation = "softmax" } },
]
[defaults]
model = "dense"
optimizer = "adam"
epochs = 3
[[searches]]
name = "one"
"#;

fn planned(text: &str) -> Plan {
    let study = check(text, "s.toml", None).unwrap_or_else(|faults| panic!("{faults}"));
    plan(&study, &PlanOptions::default(), &|_| Ok(b"weights".to_vec())).unwrap()
}

/// The search of these lines.
fn search(lines: &str) -> SearchPlan {
    planned(&format!("{HEAD}{lines}\n")).searches.remove(0)
}

fn names(search: &SearchPlan) -> Vec<&str> {
    search.space.params.iter().map(|param| param.name.as_str()).collect()
}

fn params(pairs: &[(&str, f64)]) -> Params {
    pairs.iter().map(|(name, value)| (name.to_string(), *value)).collect()
}

/// A point of a search's space, drawn evenly.
fn drawn(search: &SearchPlan, stream: &mut Stream) -> Params {
    search.space.assign(|param, _| match &param.distribution {
        Distribution::Float { low, high, .. } => {
            param.distribution.nearest(low + (high - low) * stream.uniform_f64())
        }
        Distribution::Int { low, high, .. } => {
            param.distribution.nearest(*low as f64 + (high - low) as f64 * stream.uniform_f64())
        }
        Distribution::Categorical { choices } => (stream.next_u32() as usize % choices.len()) as f64,
    })
}

#[test]
fn a_range_becomes_a_parameter_that_is_named_by_its_path() {
    let search = search(
        "batch_size = { low = 16, high = 128, step = 16 }\nlabel_smoothing = { low = 0.0, high = 0.2 }\n\
         optimizer = { sgd = { learning_rate = { low = 1e-5, high = 0.1, log = true } } }\n\
         callbacks = [{ early_stopping = { patience = { low = 1, high = 9 } } }]\nn_trials = 5",
    );
    let expected = [
        ("batch_size", Distribution::int(16, 128, false, 16).unwrap()),
        ("label_smoothing", Distribution::float(0.0, 0.2, false, None).unwrap()),
        ("optimizer.sgd.learning_rate", Distribution::float(1e-5, 0.1, true, None).unwrap()),
        ("callbacks.1.early_stopping.patience", Distribution::int(1, 9, false, 1).unwrap()),
    ];
    let found = search.space.params.iter().map(|p| (p.name.as_str(), p.distribution.clone()));
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert!(!search.space.is_conditional());
}

#[test]
fn the_parameters_of_a_choice_exist_where_it_is_chosen() {
    let search = search(
        "optimizer = { choices = [\"adam\", { sgd = { learning_rate = { low = 0.1, high = 1, log = true } } }, \
         { sgd = { momentum = { choices = [0, 0.5, 0.9] } } }] }\nn_trials = 5",
    );
    let [optimizer, rate, momentum] = &search.space.params[..] else { panic!("{:?}", names(&search)) };
    assert_eq!(names(&search), ["optimizer", "optimizer.sgd.learning_rate", "optimizer.sgd 2.momentum"]);
    let labels = ["adam", "sgd", "sgd 2"].map(|label| Choice::Text(label.into())).to_vec();
    assert_eq!(optimizer.distribution, Distribution::categorical(labels).unwrap());
    let momenta = [0.0, 0.5, 0.9].map(Choice::Float).to_vec();
    assert_eq!(momentum.distribution, Distribution::categorical(momenta).unwrap());
    let exists = |choice: f64| [rate, momentum].map(|p| p.is_active(&params(&[("optimizer", choice)])));
    assert_eq!([0.0, 1.0, 2.0].map(exists), [[false, false], [true, false], [false, true]]);
}

/// Nothing but the values of its ranges distinguishes a trial from a run.
#[test]
fn a_trial_is_what_a_run_of_the_same_values_is() {
    let run = "\n[[runs]]\nname = \"run\"\nbatch_size = 64\nlabel_smoothing = 0.1\nschedule = { cosine = { steps = 9 } }\n\
        optimizer = { sgd = { learning_rate = 0.25, nesterov = true } }\ncallbacks = [\"best_weights\"]\nseed = 3\n";
    let plan = planned(&format!(
        "{HEAD}n_trials = 2\nbatch_size = {{ low = 32, high = 64 }}\nlabel_smoothing = {{ low = 0.0, high = 0.2 }}\n\
         schedule = {{ choices = [\"constant\", {{ cosine = {{ steps = 9 }} }}] }}\ncallbacks = [\"best_weights\"]\n\
         optimizer = {{ choices = [\"adam\", {{ sgd = {{ learning_rate = {{ low = 0.1, high = 1.0 }}, nesterov = true }} }}] }}{run}"
    ));
    let point = params(&[
        ("batch_size", 64.0),
        ("label_smoothing", 0.1),
        ("schedule", 1.0),
        ("optimizer", 1.0),
        ("optimizer.sgd.learning_rate", 0.25),
    ]);
    let trial = plan.searches[0].settings(&point, 3).unwrap();
    assert_eq!(trial, plan.runs[0].settings);
    assert_eq!(trial.id("data"), plan.runs[0].settings.id("data"));
}

#[test]
fn every_repetition_of_layers_has_parameters_of_its_own() {
    let search = search("model = \"deep\"\nn_trials = 5");
    assert_eq!(
        names(&search),
        [
            "layers.1.dense.units",
            "layers.1.dense.activation",
            "layers.2.repeat.times",
            "layers.2.repeat.1.1.dense.units",
            "layers.2.repeat.1.2.dropout.rate",
            "layers.2.repeat.2.1.dense.units",
            "layers.2.repeat.2.2.dropout.rate",
            "layers.2.repeat.3.1.dense.units",
            "layers.2.repeat.3.2.dropout.rate",
        ]
    );
    let point = params(&[
        ("layers.1.dense.units", 48.0),
        ("layers.1.dense.activation", 1.0),
        ("layers.2.repeat.times", 2.0),
        ("layers.2.repeat.1.1.dense.units", 20.0),
        ("layers.2.repeat.1.2.dropout.rate", 0.25),
        ("layers.2.repeat.2.1.dense.units", 10.0),
        ("layers.2.repeat.2.2.dropout.rate", 0.5),
    ]);
    let settings = search.settings(&point, 0).unwrap();
    let told: Vec<Value> = settings.layers.iter().map(toile_study::told_layer).collect();
    assert_eq!(
        told,
        [
            json!({ "dense": { "units": 48, "activation": "tanh" } }),
            json!({ "dense": { "units": 20, "activation": "relu" } }),
            json!({ "dropout": { "rate": 0.25 } }),
            json!({ "dense": { "units": 10, "activation": "relu" } }),
            json!({ "dropout": { "rate": 0.5 } }),
            json!({ "dense": { "units": 10, "activation": "softmax" } }),
        ]
    );
    let mut third = point.clone();
    third.insert("layers.2.repeat.3.1.dense.units".into(), 8.0);
    assert!(search.settings(&third, 0).is_err(), "there is no third repetition among two");
}

#[test]
fn the_parameters_of_a_model_exist_where_it_is_chosen() {
    let search = search(
        "model = { choices = [\"dense\", \"deep\"] }\nbatch_size = { choices = [8, 16] }\nn_trials = 5",
    );
    assert_eq!(names(&search)[..3], ["model", "batch_size", "deep.layers.1.dense.units"]);
    let space = &search.space;
    let times = space.get("deep.layers.2.repeat.times").unwrap();
    assert!(times.is_active(&params(&[("model", 1.0)])) && !times.is_active(&params(&[("model", 0.0)])));
    let settings = search.settings(&params(&[("model", 0.0), ("batch_size", 1.0)]), 5).unwrap();
    assert_eq!((settings.model.as_str(), settings.layers.len(), settings.batch_size), ("dense", 1, 16));
    assert_eq!(settings.seed, 5);
}

/// A number of repetitions that is no range is written out, in any model.
#[test]
fn a_plain_repetition_is_what_it_says() {
    let layers = "{ repeat = { times = 2, layers = [{ dense = { units = 8 } }, { repeat = { times = 2, layers = [{ dropout = { \
                  rate = 0.1 } }] } }] } },";
    let text = HEAD.replacen("layers = [{", &format!("layers = [{layers} {{"), 1);
    let plan = planned(&text.replace("[[searches]]", "[[runs]]"));
    let names: Vec<&str> = plan.runs[0].settings.layers.iter().map(|layer| layer.name()).collect();
    assert_eq!(names, ["dense", "dropout", "dropout", "dense", "dropout", "dropout", "dense"]);
}

#[test]
fn lists_and_tables_of_several_keys_are_choices_too() {
    let search = search(
        "class_weight = { choices = [{}, { 6 = 2.0, 4 = 1.5 }] }\ncallbacks = { choices = [[], [\"best_weights\"]] }",
    );
    let labels = |index: usize| match &search.space.params[index].distribution {
        Distribution::Categorical { choices } => choices.iter().map(Choice::to_string).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (labels(0), labels(1)),
        (vec!["{}".into(), "{6 = 2.0, 4 = 1.5}".into()], vec!["[]".into(), "[best_weights]".into()])
    );
    let settings = search.settings(&params(&[("class_weight", 1.0), ("callbacks", 1.0)]), 0).unwrap();
    assert_eq!((settings.class_weight[&4], settings.callbacks.len()), (1.5, 1));
    assert_eq!(search.n_trials, 4);
}

#[test]
fn what_is_not_said_of_a_search_has_its_default() {
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
fn the_metric_decides_where_better_lies_unless_the_file_does() {
    let lines = "batch_size = { low = 8, high = 512 }\nn_trials = 3\nmetric = [\"val_loss\", \"accuracy\", \"flops\"]\n";
    let directions = |lines: &str| search(lines).objectives.iter().map(|o| o.direction).collect::<Vec<_>>();
    assert_eq!(directions(lines), [Direction::Minimize, Direction::Maximize, Direction::Minimize]);
    let said = "direction = [\"minimize\", \"minimize\", \"maximize\"]";
    assert_eq!(
        directions(&format!("{lines}{said}")),
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

/// A named sampler with enough trials for every point is replaced by a grid. The plan, and so the record, names the grid;
/// the fingerprint goes by the file, in which a search with fewer trials is the same search.
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
fn parameters_are_held_and_begun_with_by_name() {
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

#[test]
fn parameters_of_another_space_are_refused() {
    let search = search("batch_size = { low = 8, high = 64 }\nn_trials = 3");
    for wrong in [params(&[]), params(&[("batch_size", 7.0)]), params(&[("batch_size", 8.0), ("lr", 1.0)])] {
        let error = search.settings(&wrong, 0).unwrap_err().to_string();
        assert!(error.contains("do not belong to the search `one`"), "{error}");
    }
    assert!(search.settings(&params(&[("batch_size", 8.5)]), 0).is_err());
}

/// Whatever a sampler proposes within an accepted file's space can be trained.
#[test]
fn every_point_of_every_accepted_space_has_settings_that_fit() {
    let everything = "model = { choices = [\"deep\", \"dense\"] }\nn_trials = 9\nbatch_size = { low = 1, high = 999, log = true }\n\
        shuffle = { choices = [true, false] }\nlabel_smoothing = { low = 0, high = 1, step = 0.05 }\n\
        epochs = { low = 1, high = 40, step = 3 }\nclass_weight = { 3 = { low = 0.1, high = 4.0, log = true } }\n\
        schedule = { choices = [{ cosine = { steps = { low = 10, high = 100 }, alpha = { choices = [0, 0.1] } } }, \"constant\"] }\n\
        optimizer = { choices = [{ adam = { beta_1 = { low = 0.5, high = 0.99 }, amsgrad = { choices = [true, false] } } }, \
        { sgd = { momentum = { choices = [0.0, 0.9] }, learning_rate = { low = 1e-5, high = 1.0, log = true } } }] }\n\
        callbacks = { choices = [[], [{ early_stopping = { patience = { low = 0, high = 5 } } }, \"best_weights\"]] }";
    let mut searches = planned(built_in("fashion-mnist").unwrap()).searches;
    searches.push(search(everything));
    let image = toile_nn::ImageShape { height: 28, width: 28, channels: 1 };
    for search in &searches {
        let mut stream = Seed::new(1).stream("points", 0);
        for number in 0..500 {
            let point = drawn(search, &mut stream);
            let settings = search.settings(&point, number).unwrap_or_else(|error| panic!("{error}"));
            let shapes = toile_nn::shapes(&settings.layers, image).unwrap();
            assert_eq!(shapes.last().unwrap().values(), 10);
            assert!(search.space.contains(&point));
        }
    }
}

/// A template leaves nothing to be defaulted after the plan.
#[test]
fn the_record_of_a_search_says_every_setting_of_its_trials() {
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

/// The appendix of the document: one factor at a time.
#[test]
fn the_fashion_mnist_study_holds_the_published_searches() {
    let plan = planned(built_in("fashion-mnist").unwrap());
    assert_eq!(plan.runs.len(), 13);
    let found: Vec<_> = plan
        .searches
        .iter()
        .map(|s| (s.name.as_str(), s.n_trials, s.published.and_then(|p| p.test_accuracy)))
        .collect();
    assert_eq!(
        found,
        [
            ("Trial 1: learning rate", 20, Some(0.819)),
            ("Trial 2: batch size", 4, Some(0.853)),
            ("Trial 3: optimizer", 4, Some(0.858)),
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
