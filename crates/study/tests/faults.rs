//! What the check says about files that are wrong: one test for each kind of fault, and one for many at once.

use toile_study::{DataShape, Faults, check};

/// A right file, to be made wrong in one place.
const RIGHT: &str = r#"
[study]
name = "s"
data = "fashion-mnist"
validation_split = 0.1

[models.net]
layers = [
  { conv2d = { filters = 4, kernel_size = [3, 3], activation = "relu" } },
  "flatten",
  { dense = { units = 10, activation = "softmax" } },
]

[[runs]]
name = "one"
model = "net"
optimizer = "adam"
epochs = 3
"#;

/// The faults of the right file with one piece replaced, as (message, marked text, help).
fn faults(old: &str, new: &str) -> Vec<(String, String, String)> {
    assert!(RIGHT.contains(old), "{old} is not in the right file");
    faults_of(&RIGHT.replacen(old, new, 1))
}

fn faults_of(text: &str) -> Vec<(String, String, String)> {
    let found = check(text, "s.toml", None).expect_err("the file is wrong");
    let marked = |span: &std::ops::Range<usize>| text[span.clone()].to_string();
    found
        .faults
        .iter()
        .map(|f| (f.message.clone(), marked(&f.span), f.help.clone().unwrap_or_default()))
        .collect()
}

/// The one fault of the right file with one piece replaced: its message, marked text and help.
#[track_caller]
fn expect(old: &str, new: &str, message: &str, marked: &str, help: &str) {
    let found = faults(old, new);
    assert_eq!(found.len(), 1, "{found:#?}");
    assert_eq!(found[0].0, message);
    assert_eq!(found[0].1, marked);
    assert!(found[0].2.contains(help), "{} does not contain {help}", found[0].2);
}

/// The same for a line that is added to the run.
#[track_caller]
fn expect_in_run(line: &str, message: &str, marked: &str, help: &str) {
    expect("epochs = 3\n", &format!("epochs = 3\n{line}\n"), message, marked, help);
}

#[test]
fn the_right_file_is_right() {
    check(RIGHT, "s.toml", None).unwrap_or_else(|faults| panic!("{faults}"));
}

#[test]
fn ten_faults_get_ten_messages() {
    let text = include_str!("faults/ten.toml");
    let found = check(text, "studies/ten.toml", None).unwrap_err();
    assert_eq!(found.faults.len(), 10);
    assert_eq!(format!("{found}\n"), include_str!("faults/ten.txt"));
}

#[test]
fn an_unknown_key_is_named_with_the_one_that_was_meant() {
    expect_in_run(
        "batchsize = 3",
        "unknown key `batchsize` in `[[runs]]`",
        "batchsize",
        "did you mean `batch_size`?",
    );
    expect("[study]", "[study]\nsede = 1", "unknown key `sede` in `[study]`", "sede", "did you mean `seed`?");
    expect(
        "epochs = 3",
        "epochs = 3\n[extra]",
        "unknown table `extra`",
        "extra",
        "known: study, defaults, models, runs",
    );
    expect(
        "[3, 3],",
        "[3, 3], stride = 2,",
        "unknown key `stride` in `conv2d`",
        "stride",
        "did you mean `strides`?",
    );
    expect(
        "\"flatten\"",
        "{ flatten = { x = 1 } }",
        "unknown key `x` in `flatten`",
        "x",
        "`flatten` has no settings",
    );
}

#[test]
fn a_misspelt_name_is_told_the_near_one() {
    expect("\"adam\"", "\"adma\"", "unknown optimizer `adma`", "\"adma\"", "did you mean `adam`?");
    expect("\"adam\"", "{ Adam = {} }", "unknown optimizer `Adam`", "Adam", "did you mean `adam`?");
    expect("dense = {", "linear = {", "unknown layer `linear`", "linear", "did you mean `dense`?");
    expect("\"relu\"", "\"swish\"", "unknown activation `swish`", "\"swish\"", "did you mean `silu`?");
    expect("\"net\"", "\"ent\"", "no model is named `ent`", "\"ent\"", "did you mean `net`? (known: net)");
    expect_in_run("schedule = \"warp\"", "unknown schedule `warp`", "\"warp\"", "known: constant, cosine");
    let split = "{ fraction = 0.1, how = \"stratify\" }";
    expect(
        "= 0.1",
        &format!("= {split}"),
        "unknown split `stratify`",
        "\"stratify\"",
        "did you mean `stratified`?",
    );
}

#[test]
fn a_missing_key_is_named_with_an_example() {
    expect("units = 10, ", "", "`dense` lacks `units`", "{ activation = \"softmax\" }", "`units = 10`");
    expect("name = \"s\"\n", "", "`[study]` lacks `name`", "[study]", "the report's title");
    expect("name = \"one\"\n", "", "`[[runs]]` lacks `name`", "[[runs]]", "`name = \"Model 1\"`");
    expect("epochs = 3\n", "", "run \"one\" lacks `epochs`", "[[runs]]", "or in `[defaults]`");
    expect("model = \"net\"\n", "", "run \"one\" lacks `model`", "[[runs]]", "`model = \"net\"`");
    expect(
        "\"flatten\"",
        "\"dropout\"",
        "`dropout` needs settings",
        "\"dropout\"",
        "`{ dropout = { rate = 0.5 } }`",
    );
}

#[test]
fn a_missing_table_is_named() {
    let found = faults_of("");
    let messages: Vec<&str> = found.iter().map(|f| f.0.as_str()).collect();
    assert_eq!(messages, ["the file lacks `study`", "the file lacks `models`", "the file lacks `runs`"]);
}

#[test]
fn a_wrong_type_is_told_what_was_found() {
    expect("= 3\n", "= 2.5\n", "`epochs` must be a whole number, found 2.5", "2.5", "");
    expect(
        "= 3\n",
        "= \"3\"\n",
        "`epochs` must be a whole number, found the string \"3\"",
        "\"3\"",
        "without quotes: 3",
    );
    expect("= 0.1", "= true", "`validation_split` must be a number or a table, found true", "true", "");
    expect("name = \"s\"", "name = 7", "`name` must be a string, found 7", "7", "in quotes: \"7\"");
    expect("\"adam\"", "3", "an optimizer must be a name, found 3", "3", "known: sgd, adam");
    expect("[3, 3]", "3", "`kernel_size` must be a list, found 3", "3", "`kernel_size = [3, 3]`");
    expect("[3, 3]", "[3]", "`kernel_size` must have 2 items, found 1", "[3]", "`kernel_size = [3, 3]`");
    expect_in_run("shuffle = 1", "`shuffle` must be true or false, found 1", "1", "");
    expect_in_run(
        "callbacks = 1979-05-27",
        "`callbacks` must be a list, found a date",
        "1979-05-27",
        "for example",
    );
    expect("= 3\n", "= 3\n[runs.published]\nloss = {}\n", "`loss` must be a number, found a table", "{}", "");
    expect("[study]", "defaults = 1\n[study]", "`[defaults]` must be a table, found 1", "1", "");
}

#[test]
fn a_number_out_of_range_is_told_the_range() {
    expect("= 3\n", "= 0\n", "`epochs` must be from 1 to 1000000, found 0", "0", "");
    expect("= 0.1", "= 1.0", "`validation_split` must be from 0 to below 1, found 1.0", "1.0", "");
    expect("= 0.1", "= -0.1", "`validation_split` must be from 0 to below 1, found -0.1", "-0.1", "");
    expect_in_run("batch_size = 0", "`batch_size` must be from 1 to 1000000, found 0", "0", "");
    expect_in_run("seeds = 0", "`seeds` must be from 1 to 1000, found 0", "0", "");
    expect_in_run("seed = -1", "`seed` must be from 0 to 4294967295, found -1", "-1", "");
    let percent = "published = { test_accuracy = 87.6 }";
    expect_in_run(
        percent,
        "`test_accuracy` must be from 0 to 1, found 87.6",
        "87.6",
        "a fraction, not a percentage: 0.876",
    );
}

#[test]
fn numbers_that_are_not_finite_are_refused() {
    for number in ["nan", "inf", "-inf"] {
        let message =
            format!("`learning_rate` must be a finite number, found {}", number.replace("nan", "NaN"));
        expect("\"adam\"", &format!("{{ adam = {{ learning_rate = {number} }} }}"), &message, number, "");
    }
    expect("units = 10", "units = 10, l2 = 1e39", "`l2` must be a finite number, found 1e39", "1e39", "");
}

#[test]
fn absurd_sizes_are_refused_without_overflow() {
    let huge = "99999999999999999999999";
    let message = "`units` must be from 1 to 2147483648, found a number too large for 64 bits";
    expect("units = 10", &format!("units = {huge}"), message, huge, "");
    let largest = "9223372036854775807";
    let message = format!("`filters` must be from 1 to 2147483648, found {largest}");
    expect("filters = 4", &format!("filters = {largest}"), &message, largest, "");
    let found = faults("filters = 4", "filters = 2147483648");
    assert!(found[0].0.contains("values per image"), "{found:?}");
    let many = "{ dense = { units = 200000 } }, { dense = { units = 200000 } }, { dense = { units = 10,";
    let found = faults("{ dense = { units = 10,", many);
    assert_eq!(found[0].0, "the model has more than 1000000000 parameters with this layer");
}

#[test]
fn a_choice_has_exactly_one_name() {
    expect("\"flatten\"", "{}", "a layer needs a name, found an empty table", "{}", "known: dense, conv2d");
    let two = "{ flatten = {}, dropout = { rate = 0.5 } }";
    expect(
        "\"flatten\"",
        two,
        "a layer has exactly one name, found `flatten`, `dropout`",
        "dropout",
        "one table for each layer",
    );
    let outside = "{ dense = { units = 9 }, activation = \"relu\" }";
    let message = "a layer has exactly one name, found `dense`, `activation`";
    let found = faults("\"flatten\"", outside);
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), (message, "activation"));
    assert!(found[0].2.contains("`{ dense = { activation = … } }`"), "{found:?}");
}

#[test]
fn a_setting_in_place_of_its_name_is_explained() {
    let message = "an optimizer must begin with its name, found its setting `learning_rate`";
    expect(
        "\"adam\"",
        "{ learning_rate = 0.1 }",
        message,
        "learning_rate",
        "`{ sgd = { learning_rate = … } }`",
    );
}

#[test]
fn an_unknown_data_set_is_told_the_known_ones() {
    expect("\"fashion-mnist\"", "\"fashion\"", "unknown data set `fashion`", "\"fashion\"", "`./fashion`");
    let found = check(&RIGHT.replace("fashion-mnist", "./mine"), "s.toml", None);
    assert!(found.is_ok(), "a folder is not looked up");
}

#[test]
fn a_split_that_leaves_a_part_empty_is_refused() {
    let message = "a fraction of 0.99999 leaves no image for training";
    expect("= 0.1", "= 0.99999", message, "0.99999", "60000 training images");
}

#[test]
fn a_window_larger_than_its_map_is_refused_with_both_sizes() {
    let message = "the kernel of 29 x 3 is larger than its map of 28 x 28";
    let layer = "{ conv2d = { filters = 4, kernel_size = [29, 3], activation = \"relu\" } }";
    expect("[3, 3]", "[29, 3]", message, layer, "padding = \"same\"");
    let pool = "{ max_pooling2d = { pool_size = [27, 27] } }";
    let found = faults("\"flatten\"", &format!("{pool}, \"flatten\""));
    assert!(found[0].0.contains("27 x 27 is larger than its map of 26 x 26"), "{found:?}");
    assert_eq!(found[0].1, pool);
}

#[test]
fn a_dense_layer_behind_an_image_asks_for_flatten() {
    let found = faults("  \"flatten\",\n", "");
    assert_eq!(found.len(), 1);
    assert!(found[0].0.starts_with("`dense` needs a row of values"), "{found:?}");
    assert!(found[0].2.contains("flatten"));
}

#[test]
fn a_model_ends_in_softmax_and_only_there() {
    let dense = "{ dense = { units = 10, activation = \"sigmoid\" } }";
    expect(
        "softmax",
        "sigmoid",
        "the last layer of `net` must end in softmax",
        dense,
        "activation = \"softmax\"",
    );
    let found = faults("\"relu\"", "\"softmax\"");
    assert_eq!(found[0].0, "softmax stands at the end of a model, here another layer follows");
}

#[test]
fn a_model_has_one_output_for_each_class() {
    let layer = "{ dense = { units = 12, activation = \"softmax\" } }";
    expect(
        "units = 10",
        "units = 12",
        "the model gives 12 values, but the data has 10 classes",
        layer,
        "`units = 10`",
    );
    let text = RIGHT.replace("fashion-mnist", "./mine");
    let image = toile_nn::ImageShape { height: 32, width: 32, channels: 3 };
    let shape = DataShape { image, classes: 5, images: 100 };
    let found = check(&text, "s.toml", Some(shape)).unwrap_err();
    assert_eq!(found.faults[0].message, "the model gives 10 values, but the data has 5 classes");
}

#[test]
fn two_runs_of_one_name_are_refused() {
    let second = "epochs = 3\n[[runs]]\nname = \"one\"\nmodel = \"net\"\noptimizer = \"sgd\"\nepochs = 1\n";
    expect("epochs = 3\n", second, "run 1 and run 2 are both named `one`", "\"one\"", "a name of its own");
}

/// Keras: an optimizer made with a schedule has no learning rate that can be set.
#[test]
fn a_rate_has_one_master() {
    let lines = "schedule = { cosine = { steps = 100 } }\ncallbacks = [\"reduce_lr_on_plateau\"]";
    let message = "`reduce_lr_on_plateau` cannot reduce a learning rate that a `schedule` sets";
    expect_in_run(lines, message, "[\"reduce_lr_on_plateau\"]", "keep one of the two");
    let constant = lines.replace("{ cosine = { steps = 100 } }", "\"constant\"");
    let text = RIGHT.replace("epochs = 3\n", &format!("epochs = 3\n{constant}\n"));
    assert!(check(&text, "s.toml", None).is_ok());
}

#[test]
fn a_callback_cannot_watch_what_is_not_measured() {
    let text = RIGHT.replace("validation_split = 0.1\n", "");
    let text = text.replace("epochs = 3", "epochs = 3\ncallbacks = [\"best_weights\"]");
    let found = faults_of(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].0, "the callback watches val_loss, but the study holds back no validation images");
    assert_eq!(found[0].1, "\"best_weights\"");
    let training = text.replace("\"best_weights\"", "{ best_weights = { monitor = \"loss\" } }");
    assert!(check(&training, "s.toml", None).is_ok());
}

#[test]
fn a_split_with_a_fault_is_not_taken_for_none() {
    let text = RIGHT
        .replace("= 0.1", "= \"0.1\"")
        .replace("epochs = 3", "epochs = 3\ncallbacks = [\"best_weights\"]");
    let found = faults_of(&text);
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn only_one_way_of_clipping_is_possible() {
    let sgd = "{ sgd = { clipnorm = 1.0, global_clipnorm = 1.0 } }";
    let message = "only one way of clipping is possible, found clipnorm and global_clipnorm";
    expect("\"adam\"", sgd, message, "global_clipnorm", "keep one of");
}

#[test]
fn a_piecewise_schedule_has_one_value_more_than_boundaries() {
    let schedule = "{ piecewise = { boundaries = [10, 20], values = [0.1, 0.01] } }";
    let message = "`values` must be one more than `boundaries`, found 2 and 2";
    expect_in_run(&format!("schedule = {schedule}"), message, schedule, "boundaries = [1000, 2000]");
    let schedule = "{ piecewise = { boundaries = [20, 20], values = [0.1, 0.01, 0.001] } }";
    expect_in_run(&format!("schedule = {schedule}"), "`boundaries` must increase", schedule, "[20, 20]");
}

#[test]
fn class_weights_are_given_by_label() {
    expect_in_run("class_weight = { 10 = 2.0 }", "`10` is no label of the data", "10", "from 0 to 9");
    expect_in_run(
        "class_weight = { shirt = 2.0 }",
        "`shirt` is no label of the data",
        "shirt",
        "from 0 to 9",
    );
    expect_in_run("class_weight = { 1 = -2.0 }", "`1` must be from 0 to 1000000, found -2.0", "-2.0", "");
}

#[test]
fn initial_weights_lie_beside_the_study_file() {
    for file in ["/etc/passwd", "../up.safetensors", "a/../../b", "C:\\\\x"] {
        let found = faults("epochs = 3\n", &format!("epochs = 3\ninitial_weights = \"{file}\"\n"));
        assert_eq!(found[0].0, "`initial_weights` must lie beside the study file, or in a folder there");
    }
}

#[test]
fn a_study_has_a_bounded_number_of_runs() {
    let run = "[[runs]]\nname = \"N\"\nmodel = \"net\"\noptimizer = \"sgd\"\nepochs = 1\nseeds = 1000\n";
    let runs: String = (0..11).map(|n| run.replace('N', &n.to_string())).collect();
    let found = faults_of(&format!("{RIGHT}{runs}"));
    assert!(found[0].0.contains("at most 10000 runs"), "{found:?}");
}

#[test]
fn a_syntax_error_has_a_place_and_says_that_it_may_hide_others() {
    expect(
        "\"adam\"",
        "adam",
        "`adam` must stand in quotes",
        "adam",
        "the rest is checked once the file is valid TOML",
    );
    expect("epochs = 3", "epochs =", "a value is missing", "", "write a number");
    expect(
        "epochs = 3",
        "epochs = 3\nepochs = 4",
        "`epochs` stands here for the second time",
        "epochs",
        "once",
    );
}

#[test]
fn a_file_too_large_for_a_study_is_not_read() {
    let found = check(&"# x\n".repeat(300_000), "s.toml", None).unwrap_err();
    assert_eq!(found.faults[0].message, "a study file has at most 1048576 bytes, this one has 1200000");
}

#[test]
fn a_large_file_full_of_faults_is_answered_in_bounded_time_and_text() {
    for line in
        ["x = 1", "[[a]]", "=", "[models.x]\n", "layers = [[[[[[[[[[[[[[[[[[[[", "a.b.c.d.e.f.g.h = 1"]
    {
        let text: String =
            (0..(1 << 20) / (line.len() + 8)).map(|n| line.replace('x', &format!("x{n}")) + "\n").collect();
        let found: Faults = check(&text, "s.toml", None).unwrap_err();
        assert!(found.faults.len() <= 1000);
        assert!(found.to_string().len() < 100_000, "{line}");
    }
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_faults() {
    let text = format!("\u{feff}{}", RIGHT.trim_start().replace('\n', "\r\n"));
    check(&text, "s.toml", None).unwrap_or_else(|faults| panic!("{faults}"));
    let found = check(&text.replacen("[study]", "[study]x", 1), "s.toml", None).unwrap_err();
    assert_eq!(found.place(&found.faults[0]), (1, 8), "the mark takes no column");
}

#[test]
fn a_window_has_a_size_and_a_step() {
    expect("[3, 3]", "[3, 0]", "`kernel_size` must be from 1 to 2147483648, found 0", "0", "");
    let pooling = "{ max_pooling2d = { strides = [0, 1] } }, \"flatten\"";
    expect("\"flatten\"", pooling, "`strides` must be from 1 to 2147483648, found 0", "0", "");
}

#[test]
fn a_setting_beside_its_choice_is_told_where_it_belongs() {
    let help = "`learning_rate` is a setting of `optimizer`: `optimizer = { sgd = { learning_rate = … } }`";
    let message = "unknown key `learning_rate` in `[[runs]]`";
    expect_in_run("learning_rate = 0.1", message, "learning_rate", help);
    let help = "`callbacks = [{ early_stopping = { patience = … } }]`";
    expect_in_run("patience = 3", "unknown key `patience` in `[[runs]]`", "patience", help);
}

#[test]
fn a_name_written_as_in_other_tools_is_told_how_it_is_written_here() {
    let optimizer = "{ name = \"adam\", learning_rate = 0.1 }";
    let message = "an optimizer begins with its name, found `name`";
    expect("\"adam\"", optimizer, message, "name", "write `{ adam = { learning_rate = … } }`");
    expect("\"adam\"", "{ name = \"Adam\" }", message, "name", "write \"adam\"");
    let layer = "{ type = \"dropout\" }";
    expect("\"flatten\"", layer, "a layer begins with its name, found `type`", "type", "`{ dropout = … }`");
}

#[test]
fn a_misspelt_table_is_one_fault() {
    expect("[models.net]", "[model.net]", "unknown table `model`", "model", "did you mean `models`?");
    expect("[study]", "[Study]", "unknown table `Study`", "Study", "did you mean `study`?");
}

#[test]
fn a_model_of_an_empty_table_is_asked_for() {
    let text = RIGHT.split("[models.net]").next().unwrap().to_string()
        + "[models]\n[[runs]]\n"
        + RIGHT.split("[[runs]]").nth(1).unwrap();
    let found = faults_of(&text);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!((found[0].0.as_str(), found[0].1.as_str()), ("no model is named `net`", "\"net\""));
    assert!(found[0].2.contains("`[models.net]` with `layers = […]`"));
}

#[test]
fn what_is_written_as_in_yaml_or_by_a_word_processor_is_told_how_toml_writes_it() {
    expect("name = \"one\"", "name: \"one\"", "`:` stands where `=` belongs", ":", "write `name = …`");
    expect("\"adam\"", "“adam”", "`“adam”` has typographic quotes", "“adam”", "write \"adam\"");
    expect("\"adam\"", "\"adam\"; seed = 1", "something stands behind the value", "", "a line of its own");
}

/// A cosine that ends above its start, a negative rate, a curve that is none.
#[test]
fn the_numbers_of_a_schedule_have_ranges() {
    for (settings, name, range, found) in [
        ("cosine = { steps = 100, alpha = 1.5 }", "alpha", "from 0 to 1", "1.5"),
        ("cosine = { steps = 100, alpha = -0.1 }", "alpha", "from 0 to 1", "-0.1"),
        (
            "cosine = { steps = 100, warmup_steps = 5, warmup_target = -1.0 }",
            "warmup_target",
            "at least 0",
            "-1.0",
        ),
        ("polynomial = { steps = 100, power = 0.0 }", "power", "above 0", "0.0"),
    ] {
        let message = format!("`{name}` must be {range}, found {found}");
        expect_in_run(&format!("schedule = {{ {settings} }}"), &message, found, "");
    }
}
