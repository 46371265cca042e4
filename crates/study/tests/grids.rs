//! Grids: the same runs as those of a file in which they are written out one by one.

use toile_study::{CheckedStudy, Plan, PlanOptions, check, plan};

const HEAD: &str = r#"
[study]
name = "s"
data = "fashion-mnist"
validation_split = 0.1
[models.small]
layers = ["flatten", { dense = { units = 10, activation = "softmax" } }]
[models.large]
layers = ["flatten", { dense = { units = 64, activation = "relu" } }, { dense = { units = 10, activation = "softmax" } }]
[defaults]
model = "small"
epochs = 3
"#;

fn checked(text: &str) -> CheckedStudy {
    check(text, "s.toml", None).unwrap_or_else(|faults| panic!("{faults}"))
}

fn planned(text: &str) -> Plan {
    plan(&checked(text), &PlanOptions::default(), &|_| Ok(b"weights".to_vec())).unwrap()
}

/// Name, position, id and settings of each run.
fn runs(text: &str) -> Vec<(String, usize, String, String)> {
    let of = |run: &toile_study::RunPlan| {
        (run.name.clone(), run.position, run.settings.id("data"), run.settings.to_json().to_string())
    };
    planned(text).runs.iter().map(of).collect()
}

fn names(grid: &str) -> Vec<String> {
    checked(&format!("{HEAD}[[grid]]\n{grid}")).runs.into_iter().map(|run| run.name).collect()
}

fn faults(grid: &str) -> String {
    check(&format!("{HEAD}[[grid]]\n{grid}"), "s.toml", None).expect_err("a fault").to_string()
}

/// The table of the guide: the settings stand in another order than that of the loops.
#[test]
fn a_grid_is_the_runs_that_it_writes_out() {
    let grid = "[[runs]]\nname = \"first\"\noptimizer = \"adam\"\n\
                [[grid]]\nbatch_size = [32, 128]\nlearning_rate = [0.1, 0.01, 0.001]\n\
                optimizer = [\"sgd\", { adam = { beta_1 = 0.8 } }]\nepochs = 20\nnote = \"n\"\n\
                [[runs]]\nname = \"second\"\noptimizer = \"sgd\"\n";
    let mut written = String::from(
        "[[runs]]\nname = \"first\"\noptimizer = \"adam\"\n[[runs]]\nname = \"second\"\noptimizer = \"sgd\"\n",
    );
    for (optimizer, others) in [("sgd", ""), ("adam", ", beta_1 = 0.8")] {
        for rate in ["0.1", "0.01", "0.001"] {
            for batch in ["32", "128"] {
                written += &format!(
                    "[[runs]]\nname = \"{optimizer}, learning_rate {rate}, batch_size {batch}\"\nnote = \"n\"\n\
                     epochs = 20\noptimizer = {{ {optimizer} = {{ learning_rate = {rate}{others} }} }}\n\
                     batch_size = {batch}\n"
                );
            }
        }
    }
    let [grid, written] = [grid, written.as_str()].map(|text| format!("{HEAD}{text}"));
    assert_eq!(runs(&grid).len(), 14);
    assert_eq!(runs(&grid), runs(&written));
    assert_eq!(checked(&grid).runs, checked(&written).runs);
}

#[test]
fn every_setting_may_be_a_list() {
    for (grid, pair) in [
        ("model = [\"small\", \"large\"]", ["model = \"small\"", "model = \"large\""]),
        (
            "schedule = [\"constant\", { cosine = { decay_steps = 9 } }]",
            ["schedule = \"constant\"", "schedule = { cosine = { decay_steps = 9 } }"],
        ),
        ("epochs = [1, 2]", ["epochs = 1", "epochs = 2"]),
        ("shuffle = [true, false]", ["shuffle = true", "shuffle = false"]),
        (
            "loss = [\"categorical_crossentropy\", { categorical_focal_crossentropy = { gamma = 1.0 } }]",
            [
                "loss = \"categorical_crossentropy\"",
                "loss = { categorical_focal_crossentropy = { gamma = 1.0 } }",
            ],
        ),
        ("label_smoothing = [0, 0.1]", ["label_smoothing = 0", "label_smoothing = 0.1"]),
        ("class_weight = [{}, { 6 = 2.0 }]", ["class_weight = {}", "class_weight = { 6 = 2.0 }"]),
        (
            "callbacks = [[], [{ early_stopping = { patience = 1 } }]]",
            ["callbacks = []", "callbacks = [{ early_stopping = { patience = 1 } }]"],
        ),
        (
            "initial_weights = [\"a.safetensors\", \"b.safetensors\"]",
            ["initial_weights = \"a.safetensors\"", "initial_weights = \"b.safetensors\""],
        ),
        ("seed = [1, 2]", ["seed = 1", "seed = 2"]),
        ("seeds = [1, 2]", ["seeds = 1", "seeds = 2"]),
    ] {
        let of_grid = runs(&format!("{HEAD}[[grid]]\noptimizer = \"adam\"\n{grid}\n"));
        let alone =
            |(at, one): (usize, &str)| format!("[[runs]]\noptimizer = \"adam\"\n{one}\nname = \"{at}\"\n");
        let written: String = pair.into_iter().enumerate().map(alone).collect();
        let written = runs(&format!("{HEAD}{written}"));
        let without_names = |runs: Vec<(String, usize, String, String)>| -> Vec<_> {
            runs.into_iter().map(|(_, position, id, settings)| (position, id, settings)).collect()
        };
        assert_eq!(without_names(of_grid), without_names(written), "{grid}");
    }
}

#[test]
fn one_list_of_callbacks_is_one_value() {
    let text = "name = \"one\"\noptimizer = \"sgd\"\ncallbacks = [{ early_stopping = { patience = 1 } }]";
    let study = checked(&format!("{HEAD}[[grid]]\n{text}"));
    assert_eq!(study.runs.len(), 1);
    assert_eq!(study.runs[0].settings.callbacks.as_ref().map(Vec::len), Some(1));
}

#[test]
fn names_are_made_of_what_varies() {
    let two =
        "optimizer = [{ sgd = { momentum = 0.9 } }, \"adam\", { sgd = { nesterov = true, momentum = 0.9 } }]";
    assert_eq!(names(two), ["sgd momentum 0.9", "adam", "sgd nesterov true momentum 0.9"]);
    assert_eq!(
        names("optimizer = \"sgd\"\nmodel = [\"small\", \"large\"]\nseed = [7, 8]"),
        ["small, seed 7", "small, seed 8", "large, seed 7", "large, seed 8"]
    );
    assert_eq!(
        names("optimizer = \"sgd\"\ncallbacks = [[], [{ early_stopping = { patience = 1 } }]]"),
        ["callbacks []", "callbacks [early_stopping]"]
    );
    assert_eq!(
        names(
            "name = \"{optimizer}@{learning_rate}, {epochs} epochs\"\noptimizer = \"sgd\"\nlearning_rate = [1e-1, 1]\nepochs = 2"
        ),
        ["sgd@0.1, 2 epochs", "sgd@1, 2 epochs"]
    );
}

#[test]
fn a_learning_rate_is_that_of_the_shared_optimizer_too() {
    let text = HEAD.replace("[defaults]", "[defaults]\noptimizer = { sgd = { momentum = 0.9 } }");
    let study = checked(&format!("{text}[[grid]]\nlearning_rate = [0.5, 0.25]"));
    let rates: Vec<f64> =
        study.runs.iter().map(|run| run.settings.optimizer.as_ref().unwrap().learning_rate()).collect();
    assert_eq!(rates, [0.5, 0.25]);
}

#[test]
fn claims_may_name_runs_of_a_grid() {
    let claim = "[[claims]]\nid = \"c\"\nsays = \"Adam is better.\"\nbetter = \"adam\"\nthan = \"sgd\"\n";
    let study = checked(&format!("{HEAD}[[grid]]\noptimizer = [\"sgd\", \"adam\"]\n{claim}"));
    assert_eq!(study.claims.len(), 1);
}

#[test]
fn a_thousand_runs_are_possible_and_one_more_is_not() {
    let list = |n: usize| (0..n).map(|at| at.to_string()).collect::<Vec<_>>().join(", ");
    assert_eq!(names(&format!("optimizer = \"sgd\"\nseed = [{}]", list(1000))).len(), 1000);
    let said = faults(&format!("optimizer = \"sgd\"\nseed = [{}]", list(1001)));
    assert!(said.contains("a grid has at most 1000 runs, this one has 1001"), "{said}");
    let grids = (0..11)
        .map(|seed| format!("[[grid]]\nname = \"{seed} {{epochs}}\"\nepochs = [{}]\n", &list(1001)[3..]));
    let text = HEAD.replace("epochs = 3", "optimizer = \"sgd\"");
    let said = check(&(text + &grids.collect::<String>()), "s.toml", None).expect_err("too many").to_string();
    assert!(said.contains("the grids of a study have at most 10000 runs together"), "{said}");
}

/// A megabyte of remark times a thousand runs would be a gigabyte.
#[test]
fn values_that_would_fill_the_memory_are_refused() {
    let list = (0..1000).map(|at| at.to_string()).collect::<Vec<_>>().join(", ");
    let said = faults(&format!("optimizer = \"sgd\"\nseed = [{list}]\nnote = \"{}\"", "x".repeat(100_000)));
    assert!(said.contains("the runs of the grids, written out, have more than 8 MiB"), "{said}");
}
