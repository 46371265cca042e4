//! Files that are made to break the program end in bounded time and memory, with a fault or a sensible answer.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use toile_judge::plain::{PlainFault, answer, read};
use toile_judge::{judge, ranked_quantity};
use toile_rng::Seed;

use crate::plain::{bits, file, with};

/// What each of these files may take, on a slow and busy machine.
const LONGEST: Duration = Duration::from_secs(60);

/// Reads and, if it can be read, judges and answers.
fn outcome(text: &str) -> Result<Value, PlainFault> {
    let begun = Instant::now();
    let outcome = read(text).map(|records| {
        let judgement = judge(&records.results, &records.claims, ranked_quantity(&records.results));
        answer(&records.results, &judgement).to_json()
    });
    assert!(begun.elapsed() < LONGEST, "{:?} for {:.60}", begun.elapsed(), text);
    outcome
}

fn fault(text: &str) -> String {
    match outcome(text) {
        Ok(_) => panic!("accepted: {text:.200}"),
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn deep_nesting_is_refused() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
    for text in [
        deep("[", "]"),
        deep("{\"a\":", "}"),
        format!(
            "{{\"format\": 1, \"runs\": [{{\"name\": \"A\", \"settings\": {{\"a\": {}}}}}]}}",
            deep("[", "]")
        ),
        format!("{{\"format\": 1, \"runs\": [], \"claims\": {}}}", deep("[", "]")),
    ] {
        let fault = fault(&text);
        assert!(fault.len() < 1_000 && fault.starts_with("line 1 column "), "{fault}");
    }
}

#[test]
fn a_hundred_million_images_take_no_room_before_they_are_there() {
    let text = with(file(json!([{ "name": "A", "test_correct": "AAAA" }])), json!({ "n_test": 100_000_000 }));
    assert!(fault(&text.to_string()).contains("3 bytes, 12500000 were expected for 100000000 images"));
    let losses = json!([{ "name": "A", "test_losses": "AAAA" }]);
    let text = with(file(losses), json!({ "n_test": 100_000_000 }));
    assert!(fault(&text.to_string()).contains("400000000 were expected"));
}

#[test]
fn too_many_runs_names_claims_and_comparisons_are_refused() {
    let run = "{\"name\":\"A\",\"test\":{\"loss\":1}}";
    let runs = format!("{{\"format\":1,\"runs\":[{}{run}]}}", format!("{run},").repeat(1_000_000));
    assert!(fault(&runs).contains("at most 100000 runs are read"));
    let runs: Vec<Value> =
        (0..501).map(|i| json!({ "name": format!("R{i}"), "test": { "loss": 1 } })).collect();
    assert!(fault(&file(json!(runs)).to_string()).contains("at most 500 names are read"));
    let claims: Vec<Value> = (0..10_001).map(|i| json!({ "id": i.to_string(), "gap": "A" })).collect();
    let one = file(json!([{ "name": "A", "test": { "loss": 1 } }]));
    assert!(
        fault(&with(one.clone(), json!({ "claims": claims })).to_string()).contains("claims are too many")
    );
    let everything = json!([{ "id": "c", "equivalent": vec!["A"; 100_000] }]);
    let fault = fault(&with(one, json!({ "claims": everything })).to_string());
    assert!(fault.contains("more than 200000 comparisons"), "{fault}");
}

#[test]
fn settings_that_would_fill_the_memory_pair_by_pair_are_refused() {
    let settings: serde_json::Map<String, Value> =
        (0..200).map(|i| (format!("s{i}"), json!("x".repeat(200)))).collect();
    let run = |i: usize| json!({ "name": format!("R{i}"), "settings": settings, "test": { "loss": 1 } });
    let runs: Vec<Value> = (0..300).map(run).collect();
    let fault = fault(&file(json!(runs)).to_string());
    assert!(fault.contains("300 names have too many settings to compare each with each"), "{fault}");
}

/// A hundred thousand runs of one name are read once each, not once for each other.
#[test]
fn many_runs_of_one_recipe_are_read_in_linear_time() {
    let run = |seed: usize| json!({ "name": "A", "seed": seed, "test": { "accuracy": 0.5 + 1e-6 * (seed % 7) as f64 } });
    let runs: Vec<Value> = (0..100_000).map(run).collect();
    let answer = outcome(&file(json!(runs)).to_string()).expect("one recipe");
    assert_eq!(answer["groups"], json!([["A"]]));
}

#[test]
fn numbers_at_the_ends_of_their_range_are_answered() {
    let numbers =
        ["1e308", "-1e308", "5e-324", "0", "null", "\"nan\"", "\"inf\"", "\"-inf\"", "9007199254740993"];
    let mut all = Vec::new();
    for name in ["A", "B"] {
        for (i, a) in numbers.iter().enumerate() {
            let row = format!("{{\"epoch\":1,\"loss\":{a},\"val_loss\":{a},\"learning_rate\":{a}}}");
            let numbers = format!("\"test\":{{\"loss\":{a}}},\"train_seconds\":{a}");
            all.push(format!("{{\"name\":\"{name}\",\"seed\":{i},\"epochs\":[{row}],{numbers}}}"));
        }
    }
    let claims = "[{\"id\":\"c\",\"better\":\"A\",\"than\":\"B\",\"metrics\":[\"test_loss\",\"train_seconds\",\"val_loss\"]}]";
    let text = format!("{{\"format\":1,\"n_test\":16,\"runs\":[{}],\"claims\":{claims}}}", all.join(","));
    let answer = outcome(&text).expect("odd numbers are numbers");
    assert_eq!(answer["verdicts"][0]["verdict"], "undecided", "runs have failed");
    assert!(answer["verdicts"][0]["why"].as_str().expect("a sentence").contains("4 of 9 runs of A failed"));
}

#[test]
fn claims_about_what_is_not_there_are_not_testable() {
    let claims = json!([
        { "id": "run", "better": "A", "than": "Nobody" },
        { "id": "among", "best": "A", "among": ["A", "Nobody"] },
        { "id": "metric", "lower": "A", "than": "B", "metric": "epochs_to_loss" },
        { "id": "setting", "best_value": "adam", "because": "optimizer" },
        { "id": "itself", "better": "A", "than": "A" },
        { "id": "facts", "fact": { "image_shape": [28, 28, 1] } },
    ]);
    let runs =
        json!([{ "name": "A", "test": { "accuracy": 0.5 } }, { "name": "B", "test": { "accuracy": 0.6 } }]);
    let answer =
        outcome(&with(file(runs), json!({ "claims": claims })).to_string()).expect("claims with forms");
    for claim in answer["claims"].as_array().expect("claims") {
        assert_eq!(claim["verdict"], "not testable", "{claim}");
    }
    let why = |i: usize| answer["claims"][i]["why"].as_str().expect("a sentence").to_string();
    assert_eq!(why(0), "The results have no run named Nobody.");
    assert_eq!(why(2), "How fast a training goes is told by its curve, and A has none in the results.");
    assert_eq!(why(3), "No two runs differ in optimizer alone, one of them with this value.");
    assert_eq!(why(4), "There is nothing to compare.");
    assert_eq!(why(5), "The results do not state the shape of an image.");
}

/// Bytes of a good file, each changed in turn, and the file cut off at each place: never a panic.
#[test]
fn no_byte_makes_it_panic() {
    let runs = json!([
        { "name": "A", "seed": 1, "settings": { "a": 1 }, "test": { "accuracy": 0.5, "loss": 0.7 },
          "epochs": [{ "epoch": 1, "loss": 0.5 }], "test_correct": bits((0..16).map(|i| i % 2 == 0)) },
        { "name": "B", "seed": 1, "settings": { "a": 2.5 }, "test": { "accuracy": 0.75 }, "train_seconds": 7 },
    ]);
    let claims = json!([{ "id": "c", "better": "A", "than": ["B"], "because": "a", "not": true }]);
    let text = with(file(runs), json!({ "claims": claims })).to_string();
    let stream = &mut Seed::new(3).stream("bytes", 0);
    for place in 0..text.len() {
        let _ = outcome(&text[..place]);
        let mut bytes = text.clone().into_bytes();
        bytes[place] = b" 0123456789-+.eE\"\\{}[]:,nulltrfa"[stream.below(32) as usize];
        let changed = String::from_utf8(bytes).expect("ASCII");
        let _ = outcome(&changed);
    }
}

/// As many names as are read, all with the same settings, or each with its own: the answer is large, and no larger.
#[test]
fn five_hundred_names_are_answered() {
    for same in [true, false] {
        let run = |i: usize| {
            let rate = if same { 1 } else { i };
            let settings =
                json!({ "learning_rate": rate, "batch_size": rate, "epochs": 5, "model": "dense" });
            json!({ "name": format!("R{i}"), "settings": settings, "test": { "accuracy": 1e-3 * i as f64, "loss": 1 } })
        };
        let claims = json!([
            { "id": "best", "best": "R499" },
            { "id": "compares", "procedure": { "compares": "learning_rate" } },
        ]);
        let text =
            with(file(json!((0..500).map(run).collect::<Vec<_>>())), json!({ "claims": claims })).to_string();
        let answer = outcome(&text).expect("five hundred names").to_string();
        assert!(answer.len() < 150_000_000, "{} bytes", answer.len());
    }
}

/// Ten thousand images, three seeds, 300 recipes: 44,850 comparisons.
#[test]
fn three_hundred_recipes_of_three_seeds_are_answered_within_seconds() {
    let stream = &mut Seed::new(5).stream("many", 0);
    let runs: Vec<Value> = (0..900)
        .map(|k| {
            // Right on every image but one of about eight.
            let correct = bits((0..10_000).map(|_| stream.next_u32() >> 29 != 0));
            json!({ "name": format!("R{:03}", k / 3), "seed": k % 3, "settings": { "width": k / 3 }, "test_correct": correct })
        })
        .collect();
    let text = with(file(json!(runs)), json!({ "n_test": 10_000 })).to_string();
    let answer = outcome(&text).expect("300 recipes");
    assert_eq!(answer["verdicts"].as_array().expect("verdicts").len(), 44_850);
    let ranked =
        answer["groups"].as_array().expect("groups").iter().map(|group| group.as_array().map_or(0, Vec::len));
    assert_eq!(ranked.sum::<usize>(), 300);
}
