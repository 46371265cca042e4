//! `toile bench`, as a user and a program see it. No number is held against a clock: only against the other numbers.

use crate::common;

use std::fs;

use common::{Place, STUDY};
use serde_json::Value;

/// As many pieces as there are, each a number of the document.
fn numbers(values: &Value, key: &str) -> Vec<f64> {
    values.as_array().unwrap().iter().map(|value| value[key].as_f64().unwrap()).collect()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

fn bench(place: &Place, more: &[&str]) -> Value {
    let args = [&["bench", "--seconds", "0", "--threads", "2", "--json", "-"], more].concat();
    let said = place.run(&args).ok();
    assert_eq!(said.err, "", "no noise in a pipe");
    serde_json::from_str(&said.out).unwrap()
}

fn peak(document: &Value, threads: u64) -> f64 {
    let all = document["machine"]["multiply_add"].as_array().unwrap();
    all.iter().find(|one| one["threads"] == threads).unwrap()["gflops"].as_f64().unwrap()
}

#[test]
fn the_numbers_of_a_study_fit_each_other() {
    let place = Place::new();
    let document = bench(&place, &["study.toml"]);
    assert_eq!((&document["format"], &document["threads"]), (&1.into(), &2.into()));
    assert_eq!((&document["study"], &document["data"]["procedural"]), (&"small".into(), &false.into()));
    assert!(document["data"]["instead_of"].is_null());
    let reads = document["machine"]["read"].as_array().unwrap();
    assert_eq!(reads.len(), 4 * 2);
    assert!(numbers(&document["machine"]["read"], "gigabytes_per_second").iter().all(|speed| *speed > 0.0));
    let start = &document["start"];
    assert!(start["seconds_to_first_update"].as_f64() > start["seconds_to_data"].as_f64());
    let configurations = document["configurations"].as_array().unwrap();
    assert_eq!(configurations.len(), 2);
    configurations.iter().for_each(|one| check_configuration(&document, one));
    let [dense, conv] = [&configurations[0], &configurations[1]];
    assert_eq!((&dense["name"], &dense["runs"][0]), (&"dense, adam, 32".into(), &"Dense".into()));
    assert_eq!((&dense["side_by_side"]["runs"], &dense["side_by_side"]["threads"]), (&2.into(), &2.into()));
    assert!(conv["side_by_side"].is_null(), "only dense models are run side by side");
    assert_eq!(conv["step"]["layers"][0]["algorithm"], "direct");
    assert_eq!(conv["step"]["layers"][0]["input_gradient_flops"], 0);
}

/// 320 training images in batches of 32.
fn check_configuration(document: &Value, configuration: &Value) {
    assert_eq!(configuration["diverges"], false);
    for how in ["all_threads", "one_thread", "side_by_side"] {
        let epochs = &configuration[how];
        if epochs.is_null() {
            continue;
        }
        let number = |key: &str| epochs[key].as_f64().unwrap();
        let [median, min, max] =
            ["seconds_per_epoch", "seconds_per_epoch_min", "seconds_per_epoch_max"].map(number);
        assert!(0.0 < min && min <= median && median <= max, "{epochs}");
        assert!(number("epochs_timed") >= 2.0 * number("runs"), "{epochs}");
        assert_eq!((&epochs["batches_timed"], &epochs["batches_per_epoch"]), (&10.into(), &10.into()));
        let gflops = configuration["training_flops"].as_f64().unwrap() * 320.0 / median / 1e9;
        assert!(close(gflops, number("gflops")), "{epochs}");
        let peak = peak(document, epochs["threads"].as_u64().unwrap());
        assert!(close(100.0 * gflops / peak, number("percent_of_peak")), "{epochs}");
    }
    assert_eq!(configuration["evaluation"]["images_timed"], 80);
    let memory = configuration["peak_memory_bytes"].as_u64();
    assert!(memory.is_none_or(|bytes| (1_000_000..10_000_000_000).contains(&bytes)), "{memory:?}");
    check_step(&configuration["step"]);
}

fn check_step(step: &Value) {
    assert!(close(numbers(&step["parts"], "percent").iter().sum(), 100.0), "{step}");
    let seconds: f64 = numbers(&step["parts"], "seconds").iter().sum();
    assert!(close(seconds, step["seconds"].as_f64().unwrap()), "{step}");
    let parts = step["parts"].as_array().unwrap();
    let told = |pass: &str, layer: &Value| {
        let found = parts.iter().filter(|part| part["pass"] == pass && part["layer"] == *layer);
        found.count()
    };
    for pass in ["gather", "loss", "update"] {
        assert_eq!(told(pass, &Value::Null), 1, "{pass}");
    }
    for (i, layer) in step["layers"].as_array().unwrap().iter().enumerate() {
        // A pooling that the convolution takes in has no time of its own.
        let taken_in = layer["algorithm"].as_str().is_some_and(|how| how.starts_with("with "));
        let works = layer["name"].as_str().unwrap() != "flatten" && !taken_in;
        assert_eq!(told("forward", &i.into()), usize::from(works), "{layer}");
    }
    assert!(parts.iter().all(|part| part["gflops"].as_f64().is_none_or(f64::is_finite)));
}

#[test]
fn a_table_is_printed_and_a_file_is_written_beside_it() {
    let place = Place::new();
    let args = ["bench", "study.toml", "--only", "Conv", "--seconds", "0", "--threads", "1"];
    let said = place.run(&[&args[..], &["--json", "bench.json"]].concat()).ok();
    assert_eq!(said.err, "");
    for word in
        ["multiply-add in registers", "memory", "conv, sgd, 32", "GFLOP/s", "max_pooling2d", "in an epoch"]
    {
        assert!(said.out.contains(word), "{word} is not in\n{}", said.out);
    }
    assert!(!said.out.contains("dense, adam") && !said.out.contains('\u{1b}'), "{}", said.out);
    let document: Value =
        serde_json::from_str(&fs::read_to_string(place.path("bench.json")).unwrap()).unwrap();
    let one = &document["configurations"][0];
    assert!(one["one_thread"].is_null() && one["side_by_side"].is_null(), "all threads are one");
    assert_eq!(document["machine"]["multiply_add"].as_array().unwrap().len(), 1);
}

#[test]
fn images_are_drawn_where_a_named_set_is_not_at_hand_and_nothing_is_fetched() {
    let place = Place::new();
    let document = bench(&place, &["--only", "Model 1", "--only", "Model 2"]);
    assert_eq!(document["data"]["procedural"], true);
    assert_eq!(document["data"]["instead_of"], "fashion-mnist");
    assert_eq!(document["data"]["train_images"], 54_000);
    let configurations = document["configurations"].as_array().unwrap();
    assert_eq!(configurations.len(), 1, "they differ in their epochs only");
    assert_eq!(configurations[0]["runs"], serde_json::json!(["Model 1", "Model 2"]));
    assert!(!place.path("cache").exists(), "nothing is kept");
}

#[test]
fn a_model_that_diverges_says_so_and_has_no_numbers() {
    let wild = STUDY.replace("learning_rate = 0.1", "learning_rate = 1e30");
    let place = Place::with_study(&wild);
    let document = bench(&place, &["study.toml", "--only", "Conv"]);
    let one = &document["configurations"][0];
    assert_eq!(one["diverges"], true);
    for key in ["all_threads", "one_thread", "evaluation", "step", "peak_memory_bytes"] {
        assert!(one[key].is_null(), "{key}");
    }
}

#[test]
fn shapes_are_held_against_the_best_of_their_family() {
    let document = bench(&Place::new(), &["--shapes"]);
    let families = document["shapes"].as_array().unwrap();
    let names: Vec<_> = families.iter().map(|family| family["family"].as_str().unwrap()).collect();
    assert_eq!(names, ["convolution_3x3", "convolution_other", "dense_width", "dense_batch"]);
    for family in families {
        let ratios = numbers(&family["rows"], "ratio_to_best");
        assert_eq!(ratios.iter().copied().fold(0.0, f64::max), 1.0, "{family}");
        let gflops = numbers(&family["rows"], "gflops");
        let (forward, backward) =
            (numbers(&family["rows"], "forward_gflops"), numbers(&family["rows"], "backward_gflops"));
        for (i, both) in gflops.iter().enumerate() {
            let (low, high) = (forward[i].min(backward[i]), forward[i].max(backward[i]));
            assert!(low <= both * 1.000_001 && *both <= high * 1.000_001, "row {i} of {family}");
        }
    }
}

#[test]
fn what_cannot_be_measured_is_refused_before_anything_is() {
    let place = Place::new();
    place.run(&["bench", "study.toml", "--only", "Dence"]).refused(&["Dence", "did you mean `Dense`?"]);
    place.run(&["bench", "fashion-mnits"]).refused(&["did you mean `fashion-mnist`?"]);
    place.run(&["bench", "study.toml", "--json", "gone/b.json"]).refused(&["gone/b.json", "--json"]);
    place.run(&["bench", "study.toml", "--json", "data"]).refused(&["data", "--json"]);
    let wrong: [&[&str]; 5] = [
        &["--threads", "0"],
        &["--seconds", "-1"],
        &["--seconds", "soon"],
        &["--shapes", "--only", "Dense"],
        &["study.toml", "--shapes"],
    ];
    for args in wrong {
        let said = place.run(&[&["bench"], args].concat());
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{args:?}: {}", said.err);
    }
}
