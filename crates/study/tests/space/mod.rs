//! Searches of a study file: the spaces that its ranges make, and the settings that come of their points.

mod plans;

use serde_json::{Value, json};
use toile_nn::DtypePolicy;
use toile_rng::{Seed, Stream};
use toile_study::{Plan, PlanOptions, SearchPlan, built_in, check, plan};
use toile_tune::{Choice, Distribution, Params};

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

/// In which numbers a trial computes can be searched, and its fingerprint says which arithmetic of bfloat16 it had.
#[test]
fn a_search_may_vary_the_dtype_policy() {
    let search = search("dtype_policy = { choices = [\"float32\", \"mixed_bfloat16\"] }\nn_trials = 5");
    let of = |value: f64| search.settings(&params(&[("dtype_policy", value)]), 3).unwrap();
    assert_eq!([of(0.0), of(1.0)].map(|settings| settings.dtype_policy), DtypePolicy::ALL);
    assert_ne!(of(0.0).id("data"), of(1.0).id("data"));
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
    let layers: Vec<Value> = settings.layers.iter().map(toile_study::non_default_layer).collect();
    assert_eq!(
        layers,
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
