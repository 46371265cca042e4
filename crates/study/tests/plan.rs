//! The plan: what a study file spells out to, and what its runs' ids depend on.

use std::io;

use toile_data::SplitHow;
use toile_record::Seeds;
use toile_study::{DataShape, Plan, PlanError, PlanOptions, built_in, check, plan};

/// An example with every kind of setting.
const EXAMPLE: &str = r#"
[study]
name = "fashion-mnist"
data = "fashion-mnist"
validation_split = 0.1            # or { fraction = 0.1, how = "stratified" }
seed = 7                          # seeds = 5 repeats every run

[models.cnn]
layers = [
  { conv2d = { filters = 32, kernel_size = [3, 3], activation = "relu" } },     # strides, padding = "valid" | "same"
  { batch_normalization = {} }, { activation = "relu" }, { max_pooling2d = { pool_size = [2, 2] } },
  { global_average_pooling2d = {} }, { flatten = {} }, { dropout = { rate = 0.5 } },
  { dense = { units = 10, activation = "softmax" } },
]

[[runs]]
name = "Model 4"
model = "cnn"
optimizer = { sgd = { learning_rate = 0.1, momentum = 0.9, nesterov = true } }
schedule = { cosine = { steps = 400 } }
label_smoothing = 0.1
batch_size = 128
epochs = 50
shuffle = true
initial_weights = "start.safetensors"      # in the study file's folder
callbacks = [{ early_stopping = { monitor = "val_loss", patience = 5 } }]
published = { loss = 0.314, accuracy = 0.888, val_loss = 0.344, val_accuracy = 0.876, test_loss = 0.374, test_accuracy = 0.867 }
"#;

const SMALL: &str = r#"
[study]
name = "small"
data = "fashion-mnist"
[models.net]
layers = [{ dense = { units = 10, activation = "softmax" } }]
[[runs]]
name = "one"
model = "net"
optimizer = "adam"
epochs = 3
[[runs]]
name = "two"
model = "net"
optimizer = "sgd"
epochs = 4
"#;

fn planned_with(text: &str, options: &PlanOptions) -> Result<Plan, PlanError> {
    let study = check(text, "studies/s.toml", None).unwrap_or_else(|faults| panic!("{faults}"));
    plan(&study, options, &|file| match file {
        "start.safetensors" => Ok(b"weights".to_vec()),
        _ => Err(io::Error::new(io::ErrorKind::NotFound, "not found")),
    })
}

fn planned(text: &str) -> Plan {
    planned_with(text, &PlanOptions::default()).unwrap()
}

/// The id of the first run.
fn id(text: &str) -> String {
    planned(text).runs[0].settings.id("data")
}

#[test]
fn the_example_of_the_specification_is_planned_as_it_says() {
    let plan = planned(EXAMPLE);
    assert_eq!((plan.study.as_str(), plan.data.path()), ("fashion-mnist", "fashion-mnist"));
    assert_eq!((plan.split.fraction, plan.split.how, plan.split.seed), (0.1, SplitHow::Last, 7));
    assert_eq!((plan.file_text.as_str(), plan.file_name.as_str()), (EXAMPLE, "studies/s.toml"));
    let [run] = &plan.runs[..] else { panic!("{} runs", plan.runs.len()) };
    assert_eq!((run.name.as_str(), run.position), ("Model 4", 0));
    assert_eq!(run.published.unwrap().test_accuracy, Some(0.867));
    let weights = run.settings.initial_weights.as_ref().unwrap();
    // printf weights | sha256sum
    assert_eq!(weights.sha256, "9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c");
    assert_eq!(format!("{:#}\n", run.settings.to_json()), include_str!("example.settings.json"));
}

#[test]
fn what_is_left_out_is_as_in_keras() {
    let plan = planned(SMALL);
    let settings = &plan.runs[0].settings;
    assert_eq!((settings.batch_size, settings.shuffle, settings.label_smoothing), (32, true, 0.0));
    assert_eq!((plan.split.fraction, plan.split.how), (0.0, SplitHow::Last));
    assert_eq!((settings.seed, settings.train_evaluation), (0, 0.1));
    assert!(settings.callbacks.is_empty() && settings.class_weight.is_empty());
    let json = settings.to_json();
    assert_eq!(json["optimizer"]["adam"]["learning_rate"], 0.001);
    assert_eq!(json["optimizer"]["adam"]["epsilon"], 1e-7);
    assert_eq!(json["schedule"], "constant");
    assert_eq!(json["layers"][0]["dense"]["kernel_initializer"], "glorot_uniform");
}

#[test]
fn a_plan_survives_being_written_and_read() {
    for text in [EXAMPLE, SMALL, built_in("fashion-mnist").unwrap()] {
        let plan = planned(text);
        let json = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<Plan>(&json).unwrap(), plan);
    }
}

#[test]
fn a_run_takes_its_own_setting_before_the_shared_one() {
    let defaults = "[defaults]\nepochs = 9\nbatch_size = 64\nseed = 3\n[models.net]";
    let plan = planned(&SMALL.replace("[models.net]", defaults).replace("epochs = 4\n", ""));
    let of = |index: usize| (plan.runs[index].settings.epochs, plan.runs[index].settings.batch_size);
    assert_eq!((of(0), of(1)), ((3, 64), (9, 64)));
    assert_eq!(plan.runs[0].settings.seed, 3);
    assert_eq!(plan.split.seed, 0, "the split has the study's seed");
}

#[test]
fn repetitions_have_consecutive_seeds_and_share_name_place_and_split() {
    let text = SMALL.replace("name = \"small\"", "name = \"small\"\nseed = 7\nseeds = 5");
    let plan = planned(&text.replace("epochs = 4", "epochs = 4\nseeds = 2\nseed = 20"));
    let found: Vec<_> = plan.runs.iter().map(|r| (r.name.as_str(), r.position, r.settings.seed)).collect();
    let one = (7..12).map(|seed| ("one", 0, seed));
    let two = (20..22).map(|seed| ("two", 1, seed));
    assert_eq!(found, one.chain(two).collect::<Vec<_>>());
    assert!(plan.runs.iter().all(|run| run.settings.validation_split.seed == 7));
}

#[test]
fn the_command_line_may_repeat_every_run_and_choose_some() {
    let only = |names: &[&str]| Some(names.iter().map(|name| name.to_string()).collect());
    let options = PlanOptions { seeds: Some(Seeds::Fixed(3)), only: only(&["two"]) };
    let plan = planned_with(SMALL, &options).unwrap();
    let found: Vec<_> = plan.runs.iter().map(|r| (r.position, r.settings.seed)).collect();
    assert_eq!(found, [(1, 0), (1, 1), (1, 2)]);
    let unknown = planned_with(SMALL, &PlanOptions { seeds: None, only: only(&["tow"]) }).unwrap_err();
    assert_eq!(unknown.to_string(), "no run is named `tow`\n  help: did you mean `two`? (known: one; two)");
    assert_eq!(
        planned_with(SMALL, &PlanOptions { seeds: Some(Seeds::Fixed(0)), only: None }),
        Err(PlanError::Seeds(0))
    );
}

#[test]
fn weights_that_cannot_be_read_are_named_with_their_run() {
    let text = EXAMPLE.replace("start.safetensors", "gone.safetensors");
    let error = planned_with(&text, &PlanOptions::default()).unwrap_err().to_string();
    assert!(
        error.starts_with("run `Model 4` starts from `gone.safetensors`, which cannot be read"),
        "{error}"
    );
}

/// An id is a promise to stores that exist: if this test fails, results that are on disk are no longer found. The
/// values are those of Python's `json.dumps(…, sort_keys=True, separators=(",", ":"))` and `hashlib.sha256`, so an id
/// can be made from a record without toile.
#[test]
fn ids_stay_what_they_are() {
    assert_eq!(id(SMALL), "31297e260df09901");
    assert_eq!(id(EXAMPLE), "737a3e8b9f4d5c0e");
    let plan = planned(built_in("fashion-mnist").unwrap());
    let model_4 = plan.runs.iter().find(|run| run.name == "Model 4" && run.settings.seed == 7);
    let id = model_4.expect("it is in the study").settings.id("data");
    assert_eq!(id, "83c0ef1acb10a1a5", "Model 4 of the built-in study");
}

#[test]
fn an_id_does_not_depend_on_names_remarks_or_white_space() {
    let same = [
        ("name = \"one\"", "name = \"renamed\""),
        ("name = \"small\"", "name = \"renamed\"\nquestion = \"why?\""),
        ("epochs = 3", "epochs   =   3 # three\nnote = \"n\"\npublished = { loss = 1.0 }"),
        ("optimizer = \"adam\"", "optimizer = { adam = { learning_rate = 0.001, beta_1 = 0.9 } }"),
        ("epochs = 3", "epochs = 3\nbatch_size = 32\nschedule = \"constant\""),
        ("epochs = 3", "epochs = 3\nloss = \"categorical_crossentropy\""),
        ("data = \"fashion-mnist\"", "data = \"./the-same-images\""),
    ];
    for (old, new) in same {
        assert_eq!(id(&SMALL.replacen(old, new, 1)), id(SMALL), "{new}");
    }
    let renamed = SMALL.replace("models.net", "models.other").replace("model = \"net\"", "model = \"other\"");
    assert_eq!(id(&renamed), id(SMALL));
}

#[test]
fn an_id_is_the_same_by_the_earlier_names_of_settings() {
    for (earlier, now) in [
        ("cosine = { steps = 9 }", "cosine = { decay_steps = 9 }"),
        ("exponential = { steps = 9, rate = 0.5 }", "exponential = { decay_steps = 9, decay_rate = 0.5 }"),
        (
            "polynomial = { steps = 9, end = 0.1 }",
            "polynomial = { decay_steps = 9, end_learning_rate = 0.1 }",
        ),
    ] {
        let with = |schedule: &str| {
            let text = SMALL.replacen("epochs = 3", &format!("epochs = 3\nschedule = {{ {schedule} }}"), 1);
            planned(&text).runs[0].settings.clone()
        };
        assert_eq!(with(earlier), with(now));
        assert_eq!(with(earlier).id("data"), with(now).id("data"));
        let json = with(earlier).to_json()["schedule"].to_string();
        assert!(
            now.split(['{', ',', '}']).skip(1).all(|part| {
                let key = part.split('=').next().unwrap_or("").trim();
                json.contains(key)
            }),
            "records have the names of today: {json}"
        );
    }
}

#[test]
fn an_id_depends_on_everything_that_decides_the_bits() {
    let different = [
        ("optimizer = \"adam\"", "optimizer = { adam = { learning_rate = 0.0010000001 } }"),
        ("units = 10,", "units = 10, l2 = 0.001,"),
        ("epochs = 3", "epochs = 4"),
        ("epochs = 3", "epochs = 3\nbatch_size = 33"),
        ("epochs = 3", "epochs = 3\nshuffle = false"),
        ("epochs = 3", "epochs = 3\nlabel_smoothing = 0.1"),
        ("epochs = 3", "epochs = 3\nclass_weight = { 1 = 2.0 }"),
        ("epochs = 3", "epochs = 3\nloss = \"categorical_focal_crossentropy\""),
        ("epochs = 3", "epochs = 3\nloss = { categorical_focal_crossentropy = { gamma = 1.0 } }"),
        ("epochs = 3", "epochs = 3\nschedule = { cosine = { steps = 9 } }"),
        ("epochs = 3", "epochs = 3\ncallbacks = [{ best_weights = { monitor = \"loss\" } }]"),
        ("epochs = 3", "epochs = 3\ninitial_weights = \"start.safetensors\""),
        ("epochs = 3", "epochs = 3\nseed = 1"),
        ("name = \"small\"", "name = \"small\"\nvalidation_split = 0.1"),
        ("name = \"small\"", "name = \"small\"\nvalidation_split = 0.2"),
        ("name = \"small\"", "name = \"small\"\nvalidation_split = { fraction = 0.1, how = \"random\" }"),
        ("name = \"small\"", "name = \"small\"\ntrain_evaluation = 0.5"),
    ];
    let mut ids = vec![id(SMALL), planned(SMALL).runs[0].settings.id("other data")];
    ids.extend(different.map(|(old, new)| id(&SMALL.replacen(old, new, 1))));
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "{ids:?}");
}

#[test]
fn the_seed_of_a_split_counts_only_if_the_split_draws() {
    let with = |split: &str, seed: u64| {
        let study = format!("name = \"small\"\nseed = {seed}\nvalidation_split = {split}");
        id(&SMALL.replace("name = \"small\"", &study).replace("epochs = 3", "epochs = 3\nseed = 5"))
    };
    assert_eq!(with("0.1", 1), with("0.1", 2));
    let random = "{ fraction = 0.1, how = \"random\" }";
    assert_ne!(with(random, 1), with(random, 2));
}

/// A search goes on at 0 after the largest seed, and so does a run.
#[test]
fn after_the_largest_seed_comes_0() {
    let text =
        include_str!("valid/run.toml").replacen("[[runs]]", "[[runs]]\nseed = 4294967294\nseeds = 3", 1);
    let study = check(&text, "s.toml", None).unwrap_or_else(|faults| panic!("{faults}"));
    let plan = plan(&study, &PlanOptions::default(), &|_| Ok(Vec::new())).unwrap();
    let seeds: Vec<u64> = plan.runs.iter().take(3).map(|run| run.settings.seed).collect();
    assert_eq!(seeds, [4294967294, 4294967295, 0]);
}

/// How data are read decides their fingerprint, and nothing else of an id.
#[test]
fn a_table_of_data_is_recorded_and_moves_no_id() {
    let table =
        SMALL.replace("data = \"fashion-mnist\"", "data = { path = \"./mine\", size = 28, channels = 1 }");
    let settings = planned(&table).runs[0].settings.clone();
    let expected = serde_json::json!({ "path": "./mine", "size": [28, 28], "channels": 1 });
    assert_eq!(settings.to_json()["data"], expected);
    let text = SMALL.replace("fashion-mnist", "./mine");
    assert_eq!(planned(&text).runs[0].settings.to_json()["data"], "./mine");
    assert_eq!(id(&table), id(&text));
    assert_eq!(id(&table), id(SMALL));
    let again: toile_study::Settings = serde_json::from_value(settings.to_json()).unwrap();
    assert_eq!(again, settings);
}

#[test]
fn an_own_validation_part_is_a_split_of_its_own_without_chance() {
    let own = |seed| {
        let data = format!("seed = {seed}\ndata = {{ path = \"./mine\", validation = \"own\" }}");
        let text = SMALL.replace("data = \"fashion-mnist\"", &data);
        let image = toile_nn::ImageShape { height: 28, width: 28, channels: 1 };
        let shape = DataShape { image, classes: 10, images: 90, first_label: 0, own_validation: 30 };
        let study = check(&text, "s.toml", Some(shape)).unwrap();
        plan(&study, &PlanOptions::default(), &|_| unreachable!()).unwrap()
    };
    let split = own(7).split;
    assert_eq!((split.fraction, split.how), (30.0 / 90.0, SplitHow::Own));
    let id = |seed| {
        let mut settings = own(seed).runs[0].settings.clone();
        settings.seed = 1;
        settings.id("data")
    };
    assert_eq!(id(7), id(8));
}
