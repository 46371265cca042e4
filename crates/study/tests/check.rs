//! The check as a whole: files that pass it, and files that are made to be difficult.

use std::fs;
use std::path::Path;

use toile_study::{DataShape, check};

const RUN: &str = include_str!("valid/run.toml");
const SEARCH: &str = include_str!("valid/search.toml");

/// The valid study with a search, with one piece replaced.
fn with(old: &str, new: &str) -> String {
    assert!(SEARCH.contains(old), "{old} is not in the valid file");
    SEARCH.replacen(old, new, 1)
}

#[test]
fn every_valid_file_passes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/valid");
    let mut checked = 0;
    for entry in fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        let text = fs::read_to_string(&path).expect("a study file");
        check(&text, &path.to_string_lossy(), None).unwrap_or_else(|faults| panic!("{faults}"));
        checked += 1;
    }
    assert!(checked >= 6, "only {checked} files");
}

#[test]
fn the_layers_are_checked_against_the_shape_of_the_users_own_data() {
    let text = RUN.replace("fashion-mnist", "./mine");
    let image = toile_nn::ImageShape { height: 32, width: 32, channels: 3 };
    let shape = DataShape { image, classes: 5, images: 100, first_label: 0, own_validation: 0 };
    let found = check(&text, "s.toml", Some(shape)).unwrap_err();
    assert_eq!(found.faults[0].message, "the model gives 10 values, but the data has 5 classes");
}

/// EMNIST's letters have the labels 1 to 26: who adds an output trains one for a class without an image.
#[test]
fn labels_from_1_are_told_where_the_outputs_do_not_fit() {
    let text = RUN.replace("fashion-mnist", "./mine");
    let image = toile_nn::ImageShape { height: 28, width: 28, channels: 1 };
    let of = |classes, first_label| DataShape { image, classes, images: 100, first_label, own_validation: 0 };
    let found = check(&text, "s.toml", Some(of(11, 1))).unwrap_err();
    let expected = "the model gives 10 values, but the labels of the data are 1 to 10, none is below 1";
    assert_eq!(found.faults[0].message, expected);
    let help = found.faults[0].help.as_ref().unwrap();
    assert!(help.starts_with("labels count from 0: subtract 1 from all of them"), "{help}");
    assert!(help.contains("`units = 10`") && help.contains("class 0 has no image"), "{help}");
    // Where the outputs fit, nothing is refused.
    check(&text, "s.toml", Some(of(10, 1))).unwrap();
    let two = check(&text.replace("units = 10", "units = 1"), "s.toml", Some(of(2, 0))).unwrap_err();
    assert!(
        two.faults[0]
            .help
            .as_ref()
            .unwrap()
            .contains("`{ dense = { units = 2, activation = \"softmax\" } }`")
    );
}

/// As in Keras: `Conv2D(8, 3)`, `MaxPooling2D(2)`.
#[test]
fn one_number_is_both_sides_of_a_window() {
    const CONV: &str = "  { conv2d = { filters = 4, kernel_size = [3, 3], activation = \"relu\" } },";
    let with_layers = |layers: &str| {
        let text = RUN.replacen(CONV, layers, 1);
        assert_ne!(text, RUN);
        check(&text, "s.toml", None).unwrap_or_else(|faults| panic!("{faults}")).models
    };
    let model = |conv: &str, pool: &str| {
        with_layers(&format!(
            "{{ conv2d = {{ filters = 2, kernel_size = {conv}, strides = {pool} }} }}, \
             {{ max_pooling2d = {{ pool_size = {pool}, strides = {pool} }} }}, \
             {{ depthwise_conv2d = {{ kernel_size = {conv} }} }},"
        ))
    };
    assert_eq!(model("3", "2"), model("[3, 3]", "[2, 2]"));
    let searched = with("kernel_size = [3, 3]", "kernel_size = { choices = [3, 5, [1, 3]] }");
    check(&searched, "s.toml", None).unwrap_or_else(|faults| panic!("{faults}"));
}

#[test]
fn a_fault_of_the_data_is_shown_where_they_are_named() {
    let study = check(RUN, "s.toml", None).unwrap();
    let shown = study.fault_of_data("there is no folder".into(), "make one".into()).to_string();
    let line = RUN.lines().position(|line| line.starts_with("data = ")).unwrap() + 1;
    assert!(shown.starts_with(&format!("error: there is no folder\n  s.toml:{line}:8\n")), "{shown}");
    assert!(shown.ends_with("help: make one"), "{shown}");
}

/// The caret below a long line is cut, so it cannot show where the marked text ends.
#[test]
fn a_list_of_too_many_choices_is_marked_as_a_whole() {
    let numbers: Vec<String> = (1..=101).map(|n| n.to_string()).collect();
    let list = format!("[{}]", numbers.join(", "));
    let text = with("[32, 64]", &list);
    let found = check(&text, "s.toml", None).unwrap_err();
    assert_eq!(found.faults.len(), 1);
    assert_eq!(found.faults[0].message, "at most 100 choices are possible, found 101");
    assert_eq!(text[found.faults[0].span.clone()], list);
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_are_no_faults() {
    let text = format!("\u{feff}{}", RUN.trim_start().replace('\n', "\r\n"));
    check(&text, "s.toml", None).unwrap_or_else(|faults| panic!("{faults}"));
    let marked = "\u{feff}[study]x\r\n";
    let found = check(marked, "s.toml", None).unwrap_err();
    assert_eq!(found.place(&found.faults[0]), (1, 8), "the mark takes no column");
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
        let lines = (1 << 20) / (line.len() + 8);
        let text: String = (0..lines).map(|n| line.replace('x', &format!("x{n}")) + "\n").collect();
        let found = check(&text, "s.toml", None).unwrap_err();
        assert!(found.faults.len() <= 1000);
        assert!(found.to_string().len() < 100_000, "{line}");
    }
}

/// However a file is made to be large, it is answered.
#[test]
fn hostile_files_are_answered_in_bounded_time() {
    let range = "{ low = 1, high = 2 }";
    let weights: String = (0..20_000).map(|n| format!("{n} = {range}, ")).collect();
    let callbacks = format!("{range}, ").repeat(20_000);
    let unknown: String = (0..20_000).map(|n| format!("x{n} = 1, ")).collect();
    let blocks = "{ repeat = { times = 100, layers = [\"flatten\"] } }, ".repeat(5000);
    let model = |layers: &str| with("layers = [\n", &format!("layers = [\n{layers},\n"));
    for text in [
        with("n_trials", &format!("class_weight = {{ {weights} }}\nn_trials")),
        with("n_trials", &format!("callbacks = [{callbacks}]\nn_trials")),
        with("{ choices = [32, 64] }", &nested_choices(25)),
        model(&nested_blocks(20, "\"flatten\"")),
        model(&nested_blocks(20, "{ dense = { units = { low = 1, high = 2 } } }")),
        model(&nested_blocks(20, "")),
        model(&nested_blocks(2, &format!("{{ dense = {{ {unknown} units = 3 }} }}"))),
        model(&format!("{blocks}\"flatten\"")),
        thousand_searches(),
    ] {
        if let Err(faults) = check(&text, "s.toml", None) {
            assert!(faults.faults.len() <= 1000 && faults.to_string().len() < 100_000);
        }
    }
}

fn nested_blocks(depth: usize, inner: &str) -> String {
    let (open, close) = ("{ repeat = { times = { low = 0, high = 100 }, layers = [", "] } }");
    format!("{}{inner}{}", open.repeat(depth), close.repeat(depth))
}

fn nested_choices(depth: usize) -> String {
    format!("{}1{}", "{ choices = [1, ".repeat(depth), "] }".repeat(depth))
}

/// A study of 1000 searches, each of the model with ranges.
fn thousand_searches() -> String {
    let (head, search) = SEARCH.split_once("[[searches]]").expect("a search");
    let of_model = search.replace("\"net\"", "\"open\"");
    let searches = (0..1000).map(|n| format!("[[searches]]{}", of_model.replace("one", &format!("s{n}"))));
    format!("{head}{}", searches.collect::<String>())
}
