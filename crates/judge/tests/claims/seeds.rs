//! Claims about recipes of which several seeds were trained, with a bit per run and image.

use serde_json::{Value, json};
use toile_judge::{ClaimVerdict, Images, Recipe, Results, Run};
use toile_rng::{Seed, Stream};

use crate::claims::{file, says, verdict, weigh};
use ClaimVerdict::{Confounded, Contradicted, NotTestable, Supported, Undecided, UndecidedFromOneRun};

const IMAGES: usize = 10_000;

/// A run that is right about the first images, and by chance about 600 others.
fn run(right: usize, seed: u64, stream: &mut Stream) -> Run {
    let mut correct: Vec<bool> = (0..IMAGES).map(|i| i < right).collect();
    correct[IMAGES - 600..].fill_with(|| stream.next_u32() & 1 == 1);
    let accuracy = correct.iter().filter(|right| **right).count() as f64 / IMAGES as f64;
    let test = Images { correct, ..Images::default() };
    Run { seed: Some(seed), test_accuracy: Some(accuracy), test, ..Run::default() }
}

/// Four recipes: Good, and Twin of the same accuracy, are two points above Poor; Near lies .2 points below Good.
fn study(seeds: u64) -> Results {
    let stream = &mut Seed::new(2).stream("claims", 0);
    let recipes = [
        (
            "Good",
            8_500,
            json!({ "optimizer": "adam", "learning_rate": 0.001, "batch_size": 100, "epochs": 10 }),
        ),
        (
            "Twin",
            8_500,
            json!({ "optimizer": "nadam", "learning_rate": 0.001, "batch_size": 100, "epochs": 10 }),
        ),
        (
            "Near",
            8_480,
            json!({ "optimizer": "rmsprop", "learning_rate": 0.001, "batch_size": 200, "epochs": 10 }),
        ),
        (
            "Poor",
            8_300,
            json!({ "optimizer": "adam", "learning_rate": 0.1, "batch_size": 100, "epochs": 10 }),
        ),
    ];
    let recipe = |(name, right, settings): (&str, usize, Value)| Recipe {
        name: name.to_string(),
        settings: settings.as_object().expect("settings").clone(),
        runs: (0..seeds).map(|seed| run(right, seed, stream)).collect(),
        ..Recipe::default()
    };
    Results {
        n_train: Some(54_000),
        n_test: Some(IMAGES),
        recipes: recipes.map(recipe).into(),
        ..Results::default()
    }
}

#[test]
fn better_is_supported_contradicted_or_undecided() {
    let study = study(5);
    let claim = |a: &str, b: &str| json!({ "better": a, "than": b });
    says(&study, claim("Good", "Poor"), Supported, "Good is better than Poor in test accuracy: +0.0");
    says(&study, claim("Poor", "Good"), Contradicted, "Poor is worse than Good in test accuracy: −0.0");
    says(&study, claim("Good", "Twin"), Contradicted, "Good and Twin are equivalent within 0.5 points");
    assert_eq!(weigh(&study, claim("Good", "Poor")).rules, ["seeds"]);
    let all = json!({ "better": "Good", "than": ["Poor", "Twin"] });
    says(&study, all, Contradicted, "equivalent");
    let narrow = Results { equivalence: 0.001, ..study };
    says(&narrow, claim("Good", "Twin"), Undecided, "Good and Twin in test accuracy: undecided");
}

#[test]
fn a_denial_turns_supported_and_contradicted_and_nothing_else() {
    let study = study(5);
    let claim = |a: &str, b: &str| json!({ "better": a, "than": b, "not": true });
    assert_eq!(verdict(&study, claim("Good", "Poor")), Contradicted);
    assert_eq!(verdict(&study, claim("Twin", "Good")), Supported, "no improvement: they are equivalent");
    let narrow = Results { equivalence: 0.001, ..study };
    assert_eq!(verdict(&narrow, claim("Twin", "Good")), Undecided);
}

/// Equivalent recipes may differ all the same: *higher* is not contradicted by it, *better* is.
#[test]
fn higher_asks_for_less_than_better() {
    let study = study(5);
    assert_eq!(verdict(&study, json!({ "higher": "Good", "than": "Twin" })), Undecided);
    assert_eq!(verdict(&study, json!({ "lower": "Poor", "than": "Good" })), Supported);
    assert_eq!(verdict(&study, json!({ "higher": "Poor", "than": "Good" })), Contradicted);
    // A wide margin makes the two groups equivalent, and Good is ahead for all that.
    let wide = Results { equivalence: 0.05, ..study };
    says(&wide, json!({ "higher": "Good", "than": "Poor" }), Supported, "Good is larger, by less than that.");
    assert_eq!(verdict(&wide, json!({ "lower": "Good", "than": "Poor" })), Contradicted);
    assert_eq!(verdict(&wide, json!({ "better": "Good", "than": "Poor" })), Contradicted);
}

#[test]
fn likeness_has_a_margin_of_its_own() {
    let study = study(5);
    let alike = |within: Option<f64>| json!({ "similar": ["Good", "Poor"], "within": within });
    assert_eq!(verdict(&study, alike(None)), Contradicted, "two points are more than half a point");
    says(&study, alike(Some(0.05)), Supported, "equivalent within 5.0 points");
    assert_eq!(verdict(&study, json!({ "equivalent": ["Good", "Twin"] })), Supported);
    assert_eq!(verdict(&study, json!({ "equivalent": ["Good", "Twin"], "within": 0.0005 })), Undecided);
    assert_eq!(verdict(&study, json!({ "equivalent": ["Good", "Twin", "Poor"] })), Contradicted);
}

#[test]
fn a_cause_must_be_the_only_change() {
    let study = study(5);
    let claim = |a: &str, b: &str, cause: &str| json!({ "better": a, "than": b, "because": cause });
    assert_eq!(verdict(&study, claim("Good", "Poor", "learning_rate")), Supported);
    says(
        &study,
        claim("Twin", "Poor", "optimizer"),
        Confounded,
        "optimizer (nadam, adam) and learning_rate (0.001, 0.1)",
    );
    says(&study, claim("Good", "Near", "optimizer"), Confounded, "the number of updates (5400, 2700)");
    assert_eq!(verdict(&study, json!({ "worst_value": 0.1, "because": "learning_rate" })), Supported);
    assert_eq!(verdict(&study, json!({ "best_value": 0.001, "because": "learning_rate" })), Supported);
    assert_eq!(verdict(&study, json!({ "best_value": 0.1, "because": "learning_rate" })), Contradicted);
    assert_eq!(verdict(&study, json!({ "best_value": "sgd", "because": "optimizer" })), NotTestable);
    assert_eq!(
        verdict(&study, json!({ "worst_value": 200, "because": "batch_size" })),
        NotTestable,
        "two changes"
    );
}

#[test]
fn the_best_recipe_is_better_than_all_others() {
    let study = study(5);
    let best = |run: &str, among: &[&str]| json!({ "best": run, "among": among });
    assert_eq!(verdict(&study, best("Good", &["Good", "Poor"])), Supported);
    assert_eq!(verdict(&study, best("Good", &[])), Contradicted, "Twin is equivalent");
    assert_eq!(verdict(&study, best("Poor", &[])), Contradicted);
    let runs = |run: &str| json!({ "best": run, "among": ["Good", "Poor"], "scope": "runs" });
    says(&study, runs("Good"), Supported, "Good has a mean test accuracy of");
}

/// Among the first two of four: better than two of the others. By the means alone it would be said of any second.
#[test]
fn being_among_the_first_takes_verdicts_too() {
    let study = study(5);
    let ranked = |run: &str, rank: usize| json!({ "best": run, "rank": rank });
    let says_open = "better than 1 of 3 others and worse than 0; of the rest no order is shown";
    says(&study, ranked("Good", 2), Undecided, says_open);
    assert_eq!(verdict(&study, ranked("Good", 3)), Supported);
    assert_eq!(verdict(&study, ranked("Poor", 2)), Contradicted);
    assert_eq!(verdict(&study, ranked("Poor", 4)), Supported, "any of four is among the first four");
}

#[test]
fn few_or_failed_runs_decide_nothing() {
    let claim = || json!({ "better": "Good", "than": "Near" });
    says(&study(2), claim(), Undecided, "(means of their runs)");
    assert_eq!(verdict(&study(1), claim()), UndecidedFromOneRun);
    let mut failed = study(5);
    failed.recipes[0].runs[2] = Run { seed: Some(2), has_failed: true, ..Run::default() };
    says(&failed, json!({ "better": "Good", "than": "Poor" }), Undecided, "1 of 5 runs of Good failed");
}

/// Runs with a curve of so many epochs each, that falls to this loss and needs so many epochs to come near.
fn curves(slow: usize) -> Value {
    let rows = |slow: usize, seed: usize| -> Vec<Value> {
        let loss = |epoch: usize| 0.2 + 0.001 * seed as f64 + 1.0 / (1.0 + epoch as f64 / slow as f64);
        (1..=40).map(|epoch| json!({ "epoch": epoch, "loss": loss(epoch), "accuracy": 0.9 })).collect()
    };
    let run = |name: &str, slow: usize, seed: usize| json!({ "name": name, "seed": seed, "epochs": rows(slow, seed) });
    json!((0..3).flat_map(|seed| [run("Quick", 2, seed), run("Slow", slow, seed)]).collect::<Vec<_>>())
}

/// The slower recipe ends higher; each of its runs reaches the highest end of all, and none is left out.
#[test]
fn speed_is_told_by_the_epochs_to_the_same_loss() {
    let claim = json!({ "lower": "Quick", "than": "Slow", "metric": "epochs_to_loss" });
    let results = file(&curves(8));
    says(&results, claim.clone(), Supported, "3 runs each");
    says(&results, claim, Supported, "Only the spread over seeds was weighed.");
    let best = json!({ "best": "Quick", "metric": "epochs_to_loss", "scope": "runs" });
    says(&results, best, Supported, "Quick is better than 1 of 1 others");
    let same = json!({ "higher": "Quick", "than": "Slow", "metric": "epochs_to_loss" });
    assert_eq!(verdict(&results, same), Contradicted);
}

/// What a curve does not hold it does not show: a training loss says nothing of validation.
#[test]
fn a_finding_is_absent_only_where_it_could_have_been_seen() {
    let training = file(&curves(8));
    says(&training, json!({ "overfits": "Quick" }), NotTestable, "needs the curve of Quick");
    says(&training, json!({ "shows": "lucky_epoch", "of": "Quick" }), NotTestable, "needs the curve");
    let layers = "That needs what was measured of the layers of Quick, and the results do not have it.";
    says(&training, json!({ "shows": "dead_units", "of": "Quick" }), NotTestable, layers);
    let rows = (1..=40)
        .map(|epoch| json!({ "epoch": epoch, "val_loss": 1.0 / f64::from(epoch) }))
        .collect::<Vec<_>>();
    let falling = file(&json!([{ "name": "A", "epochs": rows }]));
    says(&falling, json!({ "overfits": "A" }), Contradicted, "The run of A does not show it.");
}

#[test]
fn a_gap_grows_by_the_order_of_its_epochs() {
    let rows = |step: f64| -> Vec<Value> {
        (1..=10).map(|e| json!({ "epoch": e, "loss": 0.5, "val_loss": 0.5 + step * f64::from(e) })).collect()
    };
    let results = |steps: &[f64]| {
        let run = |(seed, step): (usize, &f64)| json!({ "name": "A", "seed": seed, "epochs": rows(*step) });
        file(&json!(steps.iter().enumerate().map(run).collect::<Vec<_>>()))
    };
    let claim = || json!({ "gap": "A", "grows": true });
    says(&results(&[0.01, 0.02]), claim(), Supported, "grows with the epochs in 2 of 2 runs");
    says(
        &results(&[0.01, -0.02]),
        claim(),
        Undecided,
        "in 1 of 2 runs: their rank correlation is −1.000 to 1.000",
    );
    assert_eq!(verdict(&results(&[-0.01]), claim()), Contradicted);
}
