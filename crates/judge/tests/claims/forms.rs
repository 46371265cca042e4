//! Claims about data, models, single runs and the way a study was made.

use serde_json::{Value, json};
use toile_judge::{ClaimVerdict, Quantity, Results, reproductions};
use toile_stats::Printed;

use crate::claims::{file, says, verdict};
use ClaimVerdict::{Contradicted, NotTestable, Supported, Undecided, UndecidedFromOneRun};

fn one(run: Value) -> Results {
    file(&json!([run]))
}

/// One run of one epoch: loss, accuracy, val_loss, val_accuracy, test_loss, test_accuracy.
fn numbers([loss, accuracy, val_loss, val_accuracy, test_loss, test_accuracy]: [f64; 6]) -> Results {
    one(json!({
        "name": "A",
        "epochs": [{ "epoch": 5, "loss": loss, "accuracy": accuracy, "val_loss": val_loss, "val_accuracy": val_accuracy }],
        "test": { "loss": test_loss, "accuracy": test_accuracy },
    }))
}

#[test]
fn facts_are_compared_with_what_is_known() {
    let mut results = one(json!({ "name": "A", "test": { "accuracy": 0.5 } }));
    let fact = |fact: Value| json!({ "scope": "fact", "fact": fact });
    says(
        &results,
        fact(json!({ "train_images": 60_000 })),
        Supported,
        "The number of training images is 60000.",
    );
    says(
        &results,
        fact(json!({ "test_images": 9_000 })),
        Contradicted,
        "The number of test images is 10000, not 9000.",
    );
    says(&results, fact(json!({ "classes": 10 })), NotTestable, "do not state the number of classes");
    says(&results, fact(json!({ "parameters": { "A": 7 } })), NotTestable, "number of parameters of A");
    assert_eq!(verdict(&results, fact(json!({}))), NotTestable);
    results.image_shape = Some([28, 28, 1]);
    results.recipes[0].parameters = vec![3, 4];
    says(
        &results,
        fact(json!({ "image_shape": [28, 28, 1] })),
        Supported,
        "The shape of an image is 28 × 28 × 1.",
    );
    says(&results, fact(json!({ "image_shape": [32, 32, 3] })), Contradicted, "28 × 28 × 1, not 32 × 32 × 3");
    says(&results, fact(json!({ "parameters": { "A": 7 } })), Supported, "parameters of A is 7");
    // 54,000 images and a validation part of unknown size are not less than 60,000.
    results.n_validation = None;
    assert_eq!(verdict(&results, fact(json!({ "train_images": 60_000 }))), NotTestable);
    assert_eq!(verdict(&results, fact(json!({ "train_images": 54_000 }))), Supported);
}

#[test]
fn losses_agree_with_accuracies_where_they_order_the_parts_alike() {
    let claim = || json!({ "scope": "runs", "fact": { "losses_agree": "A" } });
    says(
        &numbers([0.3, 0.9, 0.4, 0.85, 0.5, 0.8]),
        claim(),
        Supported,
        "order its parts as the accuracies do",
    );
    // Test has the lower loss and the lower accuracy: by five points that is no chance, by half a point it may be.
    says(
        &numbers([0.5, 0.85, 0.4, 0.9, 0.45, 0.8]),
        claim(),
        Contradicted,
        "A has a lower test loss than training loss (0.450, 0.500), and yet a lower test accuracy than training accuracy (0.800, 0.850, z −",
    );
    says(
        &numbers([1.026, 0.734, 0.97, 0.748, 0.992, 0.729]),
        claim(),
        UndecidedFromOneRun,
        "within the noise",
    );
    let alone = one(json!({ "name": "A", "test": { "accuracy": 0.5, "loss": 1.0 } }));
    assert_eq!(verdict(&alone, claim()), NotTestable);
}

#[test]
fn parts_of_a_run_are_compared_with_each_other() {
    let results = numbers([1.026, 0.734, 0.97, 0.748, 0.992, 0.729]);
    let claim = |way: &str, metric: &str, than: Value| json!({ way: metric, "than": than, "of": "A", "scope": "runs" });
    let lower = claim("lower", "test_accuracy", json!("val_accuracy"));
    says(
        &results,
        lower,
        Supported,
        "A has a test accuracy of 0.729 and a validation accuracy of 0.748, z −2.7",
    );
    assert_eq!(verdict(&results, claim("higher", "test_accuracy", json!(["val_accuracy"]))), Contradicted);
    assert_eq!(verdict(&results, claim("better", "val_accuracy", json!("test_accuracy"))), Supported);
    assert_eq!(
        verdict(&results, claim("better", "val_loss", json!("loss"))),
        Supported,
        "of losses the lower"
    );
    let within_noise = claim("lower", "test_accuracy", json!("accuracy"));
    says(&results, within_noise, UndecidedFromOneRun, "within the noise of the images");
    // The reason is another matter: validation images are unseen as well.
    let mut unseen = claim("lower", "test_accuracy", json!(["val_accuracy", "accuracy"]));
    unseen["because"] = json!("unseen");
    says(&results, unseen, Contradicted, "The validation images of A are unseen too");
}

#[test]
fn a_search_has_left_open_what_it_does_not_fix() {
    let search = |name: &str, settings: Value| json!({ "name": name, "settings": settings, "test": { "accuracy": 0.8 } });
    let claim =
        || json!({ "scope": "method", "procedure": { "searches_together": ["optimizer", "batch_size"] } });
    let both = file(&json!([
        search("S1", json!({ "optimizer": "sgd" })),
        search("S2", json!({ "batch_size": 128 }))
    ]));
    says(
        &both,
        claim(),
        Contradicted,
        "S1 fixes optimizer and S2 fixes batch_size: no combination was searched.",
    );
    // What is not stated was not therefore searched.
    let mut silent = file(&json!([search("S1", json!({}))]));
    says(&silent, claim(), NotTestable, "do not say what the searches left open");
    silent.recipes[0].searched = vec!["optimizer".into(), "batch_size".into()];
    says(&silent, claim(), Supported, "A search leaves optimizer and batch_size open together.");
}

#[test]
fn the_settings_of_the_best_are_those_of_the_best() {
    let run = |name: &str, model: &str, rate: f64, accuracy: f64| {
        let settings = json!({ "model": model, "learning_rate": rate });
        json!({ "name": name, "settings": settings, "test": { "accuracy": accuracy } })
    };
    let table = |rate: f64| {
        file(&json!([
            run("M1", "dense", 0.1, 0.86),
            run("M2", "dense", 0.01, 0.88),
            run("M3", "dense", 0.001, 0.88),
            run("Deep", "deep", rate, 0.89),
        ]))
    };
    let claim = || json!({ "scope": "method", "procedure": { "settings_of_the_best": "Deep" }, "among": ["M1", "M2", "M3"] });
    says(
        &table(0.001),
        claim(),
        Supported,
        "Deep has the settings of M3, the best by test accuracy (0.880).",
    );
    says(
        &table(0.1),
        claim(),
        Contradicted,
        "The best by test accuracy is M2 (0.880); Deep differs from it in learning_rate (0.01, 0.1).",
    );
}

/// Published .876 and .95 against five of our runs at .874 to .878: one comes out again, the other does not.
#[test]
fn published_numbers_come_out_again_or_not() {
    let run = |seed: usize| json!({ "name": "A", "seed": seed, "test": { "accuracy": 0.874 + 0.001 * seed as f64 } });
    let runs = |n: usize| file(&json!((0..n).map(run).collect::<Vec<_>>()));
    let published = |n: usize, value: f64| {
        let mut results = runs(n);
        results.recipes[0].published.insert(Quantity::TestAccuracy, Printed::rounded(value, 3));
        results
    };
    let claim = || json!({ "reproduces": "A" });
    says(
        &published(5, 0.876),
        claim(),
        Supported,
        "All 1 published numbers of A lie within what our runs predict.",
    );
    says(
        &published(5, 0.950),
        claim(),
        Contradicted,
        "test accuracy: 0.950 published, 0.876 here over 5 seeds",
    );
    says(&published(1, 0.876), claim(), UndecidedFromOneRun, "One run of A has no spread");
    assert_eq!(verdict(&runs(5), claim()), NotTestable);
    let mut half = published(5, 0.876);
    half.recipes[0].published.insert(Quantity::ValLoss, Printed::rounded(0.3, 3));
    assert_eq!(verdict(&half, claim()), Undecided, "validation loss was not measured here");
    assert_eq!(reproductions(&published(5, 0.876))[0].comes_out, Some(true));
}

/// Whatever a claim needs, all of it must hold: one part that is contradicted contradicts it.
#[test]
fn all_parts_of_a_claim_must_hold() {
    let run = |name: &str, test: f64, val: f64| json!({ "name": name, "epochs": [{ "epoch": 9, "val_accuracy": val }], "test": { "accuracy": test } });
    let results = file(&json!([run("A", 0.9, 0.8), run("B", 0.8, 0.9), run("C", 0.7, 0.7)]));
    let claim = |than: Value, metrics: Value| json!({ "better": "A", "than": than, "metrics": metrics, "scope": "runs" });
    assert_eq!(verdict(&results, claim(json!(["B", "C"]), json!(["test_accuracy"]))), Supported);
    assert_eq!(
        verdict(&results, claim(json!(["B", "C"]), json!(["test_accuracy", "val_accuracy"]))),
        Contradicted
    );
    assert_eq!(verdict(&results, claim(json!("C"), json!(["test_accuracy", "test_loss"]))), NotTestable);
}

/// Twenty comparisons are not twenty sentences: their numbers are all there.
#[test]
fn a_long_list_of_comparisons_is_cut_short_in_words_only() {
    let run = |i: usize| json!({ "name": format!("R{i}"), "test": { "accuracy": 0.9 - 0.03 * i as f64 } });
    let results = file(&json!((0..21).map(run).collect::<Vec<_>>()));
    let weighed = crate::claims::weigh(&results, json!({ "best": "R0" }));
    assert_eq!((weighed.verdict, weighed.numbers.len()), (Supported, 20));
    assert!(weighed.why.ends_with("14 more comparisons come to the same."), "{}", weighed.why);
}

/// A name that stands there twice is compared once.
#[test]
fn a_comparison_is_told_once() {
    let run = |name: &str, test: f64| json!({ "name": name, "test": { "accuracy": test } });
    let results = file(&json!([run("A", 0.9), run("B", 0.7)]));
    for claim in [
        json!({ "better": "A", "than": ["B", "A", "B"] }),
        json!({ "better": "A", "than": "B", "metric": "test_accuracy", "metrics": ["test_accuracy"] }),
        json!({ "similar": ["A", "B", "A"] }),
        json!({ "best": "A", "among": ["B", "A", "B"] }),
    ] {
        let why = crate::claims::weigh(&results, claim.clone()).why;
        assert_eq!(why.matches("0.900 for A and 0.700 for B").count(), 1, "{claim}: {why}");
    }
}

/// On sixteen images .991 and 1 are both all of them: no certain difference.
#[test]
fn a_difference_smaller_than_one_image_is_none() {
    let run = |name: &str, test: f64| json!({ "name": name, "test": { "accuracy": test } });
    let few = |a: f64, b: f64| Results { n_test: Some(16), ..file(&json!([run("A", a), run("B", b)])) };
    let claim = || json!({ "better": "A", "than": "B", "scope": "runs" });
    says(&few(1.0, 0.991), claim(), UndecidedFromOneRun, "z 0.0");
    assert_eq!(verdict(&few(1.0, 0.0), claim()), Supported, "all of them, and none");
}
