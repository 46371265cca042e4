//! What the check says about searches that are wrong: one test for each kind of fault.

use toile_study::check;

/// A right file, to be made wrong in one place.
const RIGHT: &str = r#"
[study]
name = "s"
data = "fashion-mnist"
validation_split = 0.1

[models.net]
layers = [{ dense = { units = 10, activation = "softmax" } }]

[models.open]
layers = [
  { conv2d = { filters = { low = 2, high = 8 }, kernel_size = [3, 3] } },
  { repeat = { times = { low = 1, high = 3 }, layers = ["max_pooling2d"] } },
  "flatten",
  { dense = { units = 10, activation = "softmax" } },
]

[[searches]]
name = "one"
model = "net"
optimizer = { choices = ["adam", { sgd = { learning_rate = { low = 0.001, high = 0.1, log = true } } }] }
batch_size = { choices = [32, 64] }
epochs = 3
n_trials = 20
"#;

fn faults_of(text: &str) -> Vec<(String, String, String)> {
    let found = check(text, "s.toml", None).expect_err("the file is wrong");
    let marked = |span: &std::ops::Range<usize>| text[span.clone()].to_string();
    let fault =
        |f: &toile_study::Fault| (f.message.clone(), marked(&f.span), f.help.clone().unwrap_or_default());
    found.faults.iter().map(fault).collect()
}

/// The one fault of the right file with one piece replaced: its message, marked text and help.
#[track_caller]
fn expect(old: &str, new: &str, message: &str, marked: &str, help: &str) {
    assert!(RIGHT.contains(old), "{old} is not in the right file");
    let found = faults_of(&RIGHT.replacen(old, new, 1));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), (message, marked));
    assert!(found[0].2.contains(help), "{} does not contain {help}", found[0].2);
}

/// The same for a line that is added to the search.
#[track_caller]
fn expect_with(line: &str, message: &str, marked: &str, help: &str) {
    expect("n_trials = 20\n", &format!("n_trials = 20\n{line}\n"), message, marked, help);
}

/// The same for another range of batch sizes.
#[track_caller]
fn expect_range(range: &str, message: &str, marked: &str, help: &str) {
    expect("{ choices = [32, 64] }", range, message, marked, help);
}

#[test]
fn the_right_file_is_right() {
    check(RIGHT, "s.toml", None).unwrap_or_else(|faults| panic!("{faults}"));
}

#[test]
fn many_faults_get_as_many_messages() {
    let text = RIGHT
        .replace("low = 0.001", "low = 0")
        .replace("[32, 64]", "[32]")
        .replace("\"adam\"", "\"adma\"")
        .replace("filters = { low = 2, high = 8 }", "filters = { low = 8, high = 2 }")
        .replace("n_trials = 20", "n_trails = 20");
    let messages: Vec<String> = faults_of(&text).into_iter().map(|fault| fault.0).collect();
    assert_eq!(
        messages,
        [
            "`high` must be above `low`, found 2 and 8",
            "unknown optimizer `adma`",
            "with `log`, `low` must be above 0, found 0",
            "a choice of one is no choice: write the value itself",
            "unknown key `n_trails` in `[[searches]]`",
        ]
    );
}

#[test]
fn a_range_is_shown_with_a_caret() {
    let text = RIGHT.replace("[32, 64]", "[32]");
    let shown = check(&text, "s.toml", None).unwrap_err().to_string();
    let expected = "error: a choice of one is no choice: write the value itself\n  s.toml:22:26\n   \
                    22 | batch_size = { choices = [32] }\n      |                          ^^^^\n  \
                    help: write `batch_size = 32`";
    assert_eq!(shown, expected);
}

#[test]
fn a_range_has_two_bounds_in_order() {
    expect_range("{ low = 16 }", "a range lacks `high`", "{ low = 16 }", "{ low = 16, high = 128 }");
    expect_range("{ high = 16 }", "a range lacks `low`", "{ high = 16 }", "");
    expect_range("{ low = 64, high = 32 }", "`high` must be above `low`, found 32 and 64", "32", "");
    let one = "a range of one value is no range: write the value itself";
    expect_range("{ low = 64, high = 64 }", one, "{ low = 64, high = 64 }", "write 64");
    let message = "the range is shorter than its step of 32: only 16 is left";
    expect_range("{ low = 16, high = 40, step = 32 }", message, "32", "");
}

/// What a value may not be, a bound may not be, nor a choice.
#[test]
fn bounds_and_choices_are_held_against_their_place() {
    let message = "`batch_size` must be from 1 to 1000000, found 0";
    expect_range("{ low = 0, high = 64 }", message, "0", "");
    expect_range("{ choices = [32, 0] }", message, "0", "");
    expect_range("{ low = 1.5, high = 64 }", "`batch_size` must be a whole number, found 1.5", "1.5", "");
    expect_range(
        "{ low = 1, high = \"64\" }",
        "`batch_size` must be a whole number, found the string \"64\"",
        "\"64\"",
        "",
    );
    expect_range(
        "{ choices = [32, \"a\"] }",
        "`batch_size` must be a whole number, found the string \"a\"",
        "\"a\"",
        "",
    );
    let sgd = "`learning_rate` must be at least 0, found -1.0";
    expect("low = 0.001", "low = -1.0", sgd, "-1.0", "");
    expect("high = 0.1", "high = inf", "`learning_rate` must be a finite number, found inf", "inf", "");
    expect(
        "\"adam\"",
        "{ adam = { beta_1 = { low = 0.5, high = 1.5 } } }",
        "`beta_1` must be from 0 to 1, found 1.5",
        "1.5",
        "",
    );
    expect("\"adam\"", "{ adam = { rate = 1 } }", "unknown key `rate` in `adam`", "rate", "learning_rate");
}

#[test]
fn a_logarithm_needs_numbers_above_zero_and_has_no_steps() {
    expect("low = 0.001", "low = 0", "with `log`, `low` must be above 0, found 0", "0", "");
    let step = "{ low = 1, high = 64, log = true, step = 2 }";
    expect_range(step, "`log` and `step` exclude each other", "step", "keep one");
    expect_range("{ low = 1, high = 64, log = 1 }", "`log` must be true or false, found 1", "1", "");
}

#[test]
fn a_step_is_positive_and_whole_where_its_place_is() {
    expect_range("{ low = 1, high = 64, step = 0 }", "`step` must be above 0, found 0", "0", "");
    expect_range("{ low = 1, high = 64, step = 0.5 }", "`step` must be a whole number, found 0.5", "0.5", "");
    expect("log = true", "step = -0.1", "`step` must be above 0, found -0.1", "-0.1", "");
    expect("log = true", "step = nan", "`step` must be a number, found NaN", "nan", "");
}

#[test]
fn choices_are_several_and_different() {
    expect_range("{ choices = [] }", "`choices` is empty", "[]", "list what may be chosen");
    expect_range("{ choices = 32 }", "`choices` must be a list, found 32", "32", "");
    expect_range("{ choices = [32, 64, 32] }", "choices 1 and 3 are the same", "32", "once");
    expect("\"adam\"", "{ adam = {} }, \"adam\"", "choices 1 and 2 are the same", "\"adam\"", "");
    expect(
        "\"adam\"",
        "{ adam = { beta_1 = 0.9 } }, \"adam\"",
        "choices 1 and 2 are the same",
        "\"adam\"",
        "",
    );
    let sgd = "{ sgd = { learning_rate = { low = 0.001, high = 0.1, log = true } } }";
    expect("\"adam\"", sgd, "choices 1 and 2 are the same", sgd, "");
    let many: Vec<String> = (1..=101).map(|n| n.to_string()).collect();
    let many = format!("[{}]", many.join(", "));
    expect_range(
        &format!("{{ choices = {many} }}"),
        "at most 100 choices are possible, found 101",
        &many,
        "`step`",
    );
    let inner = "{ low = 1, high = 9 }";
    expect_range(&format!("{{ choices = [32, {inner}] }}"), "a choice cannot be a range itself", inner, "");
}

#[test]
fn a_misspelt_range_is_told_its_keys() {
    expect_range("{ lo = 1, high = 64 }", "unknown key `lo` in a range", "lo", "did you mean `low`?");
    expect_range(
        "{ low = 1, high = 64, logs = true }",
        "unknown key `logs` in a range",
        "logs",
        "did you mean `log`?",
    );
    expect_range(
        "{ min = 1, high = 64, log = true }",
        "unknown key `min` in a range",
        "min",
        "did you mean `low`?",
    );
}

#[test]
fn what_a_range_cannot_mix_is_told() {
    let message = "a range with `choices` has no `low`";
    expect_range("{ choices = [1, 2], low = 1 }", message, "low", "keep either");
    expect_range("{}", "`batch_size` must be a value or a range, found a table", "{}", "`low` and `high`");
    expect(
        "{ choices = [\"adam\",",
        "{ choice = [\"adam\",",
        "unknown key `choice` in a range",
        "choice",
        "did you mean `choices`?",
    );
    let range = "{ low = 1, high = 2 }";
    expect_with(
        &format!("shuffle = {range}"),
        "`shuffle` is no number, and cannot have `low` and `high`",
        range,
        "choices",
    );
    expect_with(
        &format!("schedule = {range}"),
        "`schedule` is no number, and cannot have `low` and `high`",
        range,
        "choices",
    );
}

#[test]
fn a_range_stands_where_trials_may_differ_and_nowhere_else() {
    let range = "{ choices = [1, 2] }";
    let help = "in the settings of `[[searches]]`";
    for key in ["note", "seeds", "seed", "lag", "stagnation", "sampler", "metric"] {
        expect_with(&format!("{key} = {range}"), &format!("`{key}` cannot be a range here"), range, help);
    }
    expect("n_trials = 20", &format!("n_trials = {range}"), "`n_trials` cannot be a range here", range, help);
    let defaults = format!("[defaults]\nshuffle = {range}\n[[searches]]");
    expect("[[searches]]", &defaults, "`shuffle` cannot be a range here", range, help);
    let run = "[[runs]]\nname = \"r\"\nmodel = \"net\"\nepochs = 1\noptimizer = { sgd = { momentum = { low = 0, high = 0.9 } } }\n";
    let message = "`momentum` cannot be a range here";
    expect("[[searches]]", &format!("{run}[[searches]]"), message, "{ low = 0, high = 0.9 }", help);
    let split = "{ low = 0.1, high = 0.2 }";
    expect("= 0.1", &format!("= {split}"), "`validation_split` cannot be a range here", split, help);
}

#[test]
fn a_search_without_a_range_has_nothing_to_search() {
    let text = RIGHT.replace("{ choices = [32, 64] }", "32");
    let text = text
        .replace(RIGHT.lines().find(|line| line.starts_with("optimizer")).unwrap(), "optimizer = \"adam\"");
    let found = faults_of(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "the search `one` has no range: there is nothing to search");
    assert!(found[0].2.contains("`batch_size = { choices = [32, 64, 128] }`"));
    let held = "fixed = { batch_size = 32, optimizer.sgd.learning_rate = 0.01, \"optimizer\" = \"sgd\" }";
    let held = held.replace("optimizer.sgd.learning_rate", "\"optimizer.sgd.learning_rate\"");
    expect_with(
        &held,
        "the search `one` has no range: there is nothing to search",
        "\"one\"",
        "`fixed` holds every",
    );
}

#[test]
fn a_model_with_ranges_belongs_to_searches() {
    let run = "[[runs]]\nname = \"r\"\nmodel = \"open\"\noptimizer = \"adam\"\nepochs = 1\n[[searches]]";
    let message = "the model `open` has ranges, and a run trains one model";
    expect("[[searches]]", run, message, "\"open\"", "search it in `[[searches]]`");
    let by_default =
        run.replace("model = \"open\"\n", "").replace("[[runs]]", "[defaults]\nmodel = \"open\"\n[[runs]]");
    expect("[[searches]]", &by_default, message, "[[runs]]", "");
}

#[test]
fn models_among_choices_must_exist() {
    let choices = "{ choices = [\"net\", \"opne\"] }";
    expect("\"net\"", choices, "no model is named `opne`", "\"opne\"", "did you mean `open`?");
    expect("\"net\"", "\"nte\"", "no model is named `nte`", "\"nte\"", "did you mean `net`?");
}

#[test]
fn what_a_search_must_say_is_asked_for() {
    expect("epochs = 3\n", "", "search \"one\" lacks `epochs`", "[[searches]]", "in `[defaults]`");
    expect("name = \"one\"\n", "", "`[[searches]]` lacks `name`", "[[searches]]", "");
    let help = "`optimizer.sgd.learning_rate` has any value between its bounds";
    expect("n_trials = 20\n", "", "search \"one\" lacks `n_trials`", "[[searches]]", help);
    let large = "{ low = 1, high = 1000000 }";
    let text = RIGHT.replace("{ choices = [32, 64] }", large).replace(", log = true", ", step = 0.001");
    let found = faults_of(&text.replace("n_trials = 20\n", ""));
    assert_eq!(found[0].0, "search \"one\" lacks `n_trials`: its space has more than 100000 points");
}

#[test]
fn searches_and_runs_have_names_of_their_own() {
    let run = |name: &str| {
        format!(
            "[[runs]]\nname = \"{name}\"\nmodel = \"net\"\noptimizer = \"adam\"\nepochs = 1\n[[searches]]"
        )
    };
    expect(
        "[[searches]]",
        &run("one"),
        "run 1 and search 1 are both named `one`",
        "\"one\"",
        "a name of its own",
    );
    let message = "run 1 has the name `one: best`, which belongs to the best of search 1";
    expect("[[searches]]", &run("one: best"), message, "\"one\"", "rename");
    let search = RIGHT.split("[[searches]]").nth(1).unwrap();
    let found = faults_of(&format!("{RIGHT}[[searches]]{search}"));
    assert_eq!(found[0].0, "search 1 and search 2 are both named `one`");
}

#[test]
fn a_metric_is_one_that_is_measured() {
    expect_with(
        "metric = \"val_acc\"",
        "unknown metric `val_acc`",
        "\"val_acc\"",
        "did you mean `val_accuracy`?",
    );
    expect_with("metric = [\"loss\", \"loss\"]", "`loss` stands twice", "\"loss\"", "");
    let text =
        RIGHT.replace("validation_split = 0.1\n", "").replace("n_trials", "metric = \"val_loss\"\nn_trials");
    let found = faults_of(&text);
    assert_eq!(found[0].0, "the search goes by val_loss, but the study holds back no validation images");
    assert_eq!(found[0].1, "\"val_loss\"");
}

#[test]
fn every_metric_has_one_direction() {
    expect_with("direction = \"up\"", "unknown direction `up`", "\"up\"", "known: minimize, maximize");
    let lines = "metric = [\"loss\", \"flops\"]\ndirection = \"minimize\"";
    expect_with(lines, "each metric has a direction: expected 2, found 1", "\"minimize\"", "direction = [");
}

#[test]
fn a_sampler_must_fit_the_space_and_the_metrics() {
    let two = "metric = [\"val_accuracy\", \"parameters\"]\nsampler";
    for sampler in ["gp", "cma_es"] {
        let message = "the sampler goes by one metric, but the search has 2";
        expect_with(&format!("{two} = \"{sampler}\""), message, &format!("\"{sampler}\""), "`nsga2`");
    }
    let range = "{ low = 0.001, high = 0.1, log = true }";
    expect_with(
        "sampler = \"grid\"",
        "a grid needs ranges whose values can be counted",
        range,
        "add a `step`",
    );
    expect_with("sampler = \"tep\"", "unknown sampler `tep`", "\"tep\"", "did you mean `tpe`?");
    let settings = "{ tpe = { n_startup_trails = 5 } }";
    expect_with(
        &format!("sampler = {settings}"),
        "unknown key `n_startup_trails` in `tpe`",
        "n_startup_trails",
        "`n_startup_trials`",
    );
    let numpy = "{ tpe = { numpy_compatible = true } }";
    let message = "`numpy_compatible` repeats a search of one worker, which has `lag = 0`";
    expect_with(&format!("sampler = {numpy}"), message, numpy, "add `lag = 0`");
    expect_with("lag = 3\nasynchronous = true", "an asynchronous search has no `lag`", "3", "keep one");
}

#[test]
fn a_pruner_must_have_something_to_go_by() {
    let message = "a pruner goes by one metric, but the search has several";
    expect_with("metric = [\"loss\", \"flops\"]\npruner = \"median\"", message, "\"median\"", "");
    let message = "a pruner goes by values after each epoch, which `parameters` does not have";
    expect_with(
        "metric = \"parameters\"\npruner = \"median\"",
        message,
        "\"median\"",
        "val_accuracy, val_loss",
    );
    let message = "`wilcoxon` compares repetitions of a trial, but each is trained once";
    expect_with("pruner = \"wilcoxon\"", message, "\"wilcoxon\"", "add `seeds = 5`");
    let patient = "{ patient = { patience = 2, pruner = \"wilcoxon\" } }";
    expect_with(&format!("pruner = {patient}"), message, patient, "");
    expect_with("pruner = \"threshold\"", "`threshold` needs `lower` or `upper`", "\"threshold\"", "");
    let range = "{ threshold = { lower = 2.0, upper = 1.0 } }";
    expect_with(
        &format!("pruner = {range}"),
        "`upper` must not be below `lower`, found 1.0 and 2.0",
        range,
        "",
    );
    let hyperband = "{ hyperband = { min_resource = 9, max_resource = 3 } }";
    let message = "`max_resource` must not be below `min_resource`, found 3 and 9";
    expect_with(&format!("pruner = {hyperband}"), message, hyperband, "");
    let factor = "{ hyperband = { reduction_factor = 1 } }";
    expect_with(&format!("pruner = {factor}"), "`reduction_factor` must be from 2 to 1000, found 1", "1", "");
}

#[test]
fn stop_rules_are_positive() {
    expect_with("timeout = 0", "`timeout` must be above 0, found 0", "0", "");
    expect_with("stagnation = 0", "`stagnation` must be from 1 to 100000, found 0", "0", "");
    expect("= 20", "= 0", "`n_trials` must be from 1 to 100000, found 0", "0", "");
}

#[test]
fn parameters_are_called_by_their_names() {
    let known = "known: optimizer, optimizer.sgd.learning_rate, batch_size";
    expect_with(
        "fixed = { batchsize = 32 }",
        "the search has no parameter `batchsize`",
        "batchsize",
        "did you mean `batch_size`?",
    );
    expect_with("first = [{ lr = 32 }]", "the search has no parameter `lr`", "lr", known);
    expect_with("fixed = { batch_size = 33 }", "33 is no choice of `batch_size`", "33", "known: 32, 64");
    expect_with(
        "first = [{ optimizer = \"sgdd\" }]",
        "the string \"sgdd\" is no choice of `optimizer`",
        "\"sgdd\"",
        "did you mean `sgd`?",
    );
    let rate = "fixed = { optimizer.sgd.learning_rate = 1.0 }";
    expect_with(
        rate,
        "1.0 does not lie in the range of `optimizer.sgd.learning_rate`",
        "1.0",
        "0.001 to 0.1",
    );
    let both = "first = [{ optimizer = \"adam\", \"optimizer.sgd.learning_rate\" = 0.01 }]";
    let message = "there is no `optimizer.sgd.learning_rate` where `optimizer` is adam";
    expect_with(both, message, "0.01", "leave one");
    let held = "fixed = { batch_size = 32 }\nfirst = [{ batch_size = 64 }]";
    expect_with(held, "the parameter `batch_size` is held at another value by `fixed`", "64", "leave one");
    expect_with("fixed = 3", "`fixed` must be a table, found 3", "3", "");
    expect_with("first = {}", "`first` must be a list, found a table", "{}", "");
}

/// What runs may not say together, no point of a search may say.
#[test]
fn the_rules_of_runs_hold_in_every_corner_of_a_space() {
    let piecewise = "{ piecewise = { boundaries = [10], values = [0.1] } }";
    let schedule = format!("schedule = {{ choices = [\"constant\", {piecewise}] }}");
    expect_with(&schedule, "`values` must be one more than `boundaries`, found 1 and 1", piecewise, "");
    let callbacks = "[\"reduce_lr_on_plateau\"]";
    let both = format!(
        "schedule = {{ choices = [\"constant\", {{ cosine = {{ steps = 9 }} }}] }}\ncallbacks = {{ choices = [[], {callbacks}] }}"
    );
    let message = "`reduce_lr_on_plateau` cannot reduce a learning rate that a `schedule` sets";
    expect_with(&both, message, callbacks, "keep one of the two");
    let clipping = "{ adam = { clipnorm = { low = 0.5, high = 1.0 }, clipvalue = 0.5 } }";
    expect(
        "\"adam\"",
        clipping,
        "only one way of clipping is possible, found clipnorm and clipvalue",
        "clipvalue",
        "",
    );
    let weights = "class_weight = { choices = [{ 1 = 2.0 }, { shirt = 2.0 }] }";
    expect_with(weights, "`shirt` is no label of the data", "shirt", "from 0 to 9");
    let boundaries = "{ piecewise = { boundaries = [{ low = 1, high = 9 }, 5], values = [1, 2, 3] } }";
    let found = faults_of(&RIGHT.replace("n_trials", &format!("schedule = {boundaries}\nn_trials")));
    assert_eq!(found[0].0, "`boundaries` must increase");
}

#[test]
fn the_shapes_of_a_model_are_checked_in_every_corner_of_its_space() {
    let found = faults_of(&RIGHT.replace("high = 3 }", "high = 5 }"));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "the window of 2 x 2 is larger than its map of 1 x 1");
    assert_eq!(found[0].1, "\"max_pooling2d\"");
    assert!(
        found[0].2.contains("found with `layers.1.conv2d.filters` = 8, `layers.2.repeat.times` = 5"),
        "{found:?}"
    );
    let end = "{ dense = { units = { low = 10, high = 20 }, activation = \"softmax\" } }";
    let open = RIGHT.find("[models.open]").unwrap();
    let (head, tail) = RIGHT.split_at(open);
    let text =
        format!("{head}{}", tail.replacen("{ dense = { units = 10, activation = \"softmax\" } }", end, 1));
    assert_eq!(faults_of(&text)[0].0, "the model gives 20 values, but the data has 10 classes");
    let activation = "units = 10, activation = { choices = [\"softmax\", \"relu\"] }";
    let text = format!("{head}{}", tail.replacen("units = 10, activation = \"softmax\"", activation, 1));
    assert_eq!(faults_of(&text)[0].0, "the last layer of `open` must end in softmax");
    let kernel = RIGHT.replace("kernel_size = [3, 3]", "kernel_size = [{ choices = [3, 29] }, 3]");
    assert_eq!(faults_of(&kernel)[0].0, "the kernel of 29 x 3 is larger than its map of 28 x 28");
}

#[test]
fn repetitions_have_a_number() {
    let times = "times = { low = 1, high = 3 }";
    expect(times, "times = -1", "`times` must be from 0 to 100, found -1", "-1", "");
    expect(
        times,
        "times = { choices = [1, 2] }",
        "`times` has no choices",
        "[1, 2]",
        "`{ low = 1, high = 4 }`",
    );
}

#[test]
fn weights_to_start_from_fit_one_model() {
    let line = "initial_weights = \"w.safetensors\"";
    let message = "`initial_weights` fit one model, but the search has ranges in it";
    expect("model = \"net\"", &format!("model = \"open\"\n{line}"), message, "\"w.safetensors\"", "");
    let both = format!("model = {{ choices = [\"net\", \"open\"] }}\n{line}");
    expect("model = \"net\"", &both, message, "\"w.safetensors\"", "");
}

#[test]
fn a_study_of_searches_needs_no_run_and_one_without_both_is_told() {
    check(&RIGHT.replacen("[[searches]]", "runs = []\n[[searches]]", 0), "s.toml", None).unwrap();
    let found = faults_of(RIGHT.split("[[searches]]").next().unwrap());
    assert_eq!(found[0].0, "the file lacks `runs`");
    assert!(found[0].2.contains("or a search"), "{found:?}");
}

#[test]
fn the_number_of_trials_is_bounded() {
    let message = "a study has at most 100000 trials, repetitions counted; with this search it has 200000";
    expect("n_trials = 20\n", "n_trials = 1000\nseeds = 200\n", message, "\"one\"", "lower `n_trials`");
}

#[test]
fn the_number_of_ranges_and_layers_is_bounded() {
    let units = "{ dense = { units = { low = 1, high = 9 } } }";
    let layers = |inner: &str| {
        format!("layers = [\n  \"flatten\", {{ repeat = {{ times = 100, layers = [{inner}] }} }},")
    };
    let three = format!("{units}, {units}, {units}");
    let found = faults_of(&RIGHT.replacen("layers = [\n", &layers(&three), 1));
    assert_eq!(found[0].0, "a model has at most 200 ranges, repetitions counted; this one has 302");
    let deep =
        "{ repeat = { times = 100, layers = [{ repeat = { times = 100, layers = [\"flatten\"] } }] } }";
    let found = faults_of(&RIGHT.replacen("layers = [\n", &layers(deep), 1));
    assert_eq!(found[0].0, "a model has at most 1000 layers, repetitions counted");
}

/// However a file is made to be large, it is answered.
#[test]
fn hostile_files_are_answered_in_bounded_time() {
    let range = "{ low = 1, high = 2 }";
    let thousands: String = (0..20_000).map(|n| format!("{n} = {range}, ")).collect();
    let nested = |depth: usize, inner: &str| {
        let (open, close) = ("{ repeat = { times = { low = 0, high = 100 }, layers = [", "] } }");
        format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
    };
    let choices = |depth: usize| format!("{}1{}", "{ choices = [1, ".repeat(depth), "] }".repeat(depth));
    let model = |layers: &str| RIGHT.replacen("layers = [\n", &format!("layers = [\n{layers},\n"), 1);
    let unknown: String = (0..20_000).map(|n| format!("x{n} = 1, ")).collect();
    let searches: String = (0..1000)
        .map(|n| {
            RIGHT
                .split("[[searches]]")
                .nth(1)
                .unwrap()
                .replace("one", &format!("s{n}"))
                .replace("\"net\"", "\"open\"")
                .replacen("name", "[[searches]]\nname", 1)
        })
        .collect();
    for text in [
        RIGHT.replace("n_trials", &format!("class_weight = {{ {thousands} }}\nn_trials")),
        RIGHT
            .replace("n_trials", &format!("callbacks = [{}]\nn_trials", format!("{range}, ").repeat(20_000))),
        RIGHT.replace("{ choices = [32, 64] }", &choices(25)),
        model(&nested(20, "\"flatten\"")),
        model(&nested(20, "{ dense = { units = { low = 1, high = 2 } } }")),
        model(&nested(20, "")),
        model(&nested(2, &format!("{{ dense = {{ {unknown} units = 3 }} }}"))),
        model(&format!(
            "{}\"flatten\"",
            "{ repeat = { times = 100, layers = [\"flatten\"] } }, ".repeat(5000)
        )),
        format!("{}{searches}", RIGHT.split("[[searches]]").next().unwrap()),
    ] {
        if let Err(faults) = check(&text, "s.toml", None) {
            assert!(faults.faults.len() <= 1000 && faults.to_string().len() < 100_000);
        }
    }
}
