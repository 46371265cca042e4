//! What is answered, by what the file gives: bits, losses, accuracies only, one run each, failed runs.

use serde_json::{Value, json};
use toile_judge::{PairWord, Quantity};
use toile_rng::{Seed, Stream};

use crate::plain::{accepted, answered, bits, file, floats, judged, with};

const IMAGES: usize = 2_000;

/// On so many test images: right on a share of them, two thirds of the rest and a hundred by chance.
fn correct(share: f64, stream: &mut Stream) -> Vec<bool> {
    (0..IMAGES)
        .map(|i| (i as f64) < share * IMAGES as f64 || (i > IMAGES - 100 && stream.next_u32() & 1 == 1))
        .collect()
}

/// Two recipes, A right on a share of images and B on another, each with so many seeds, and these keys in each run.
fn two(shares: [f64; 2], seeds: usize, run: impl Fn(&str, Vec<bool>, &mut Stream) -> Value) -> Value {
    let stream = &mut Seed::new(11).stream("runs", 0);
    let mut runs = Vec::new();
    for (name, share) in ["A", "B"].into_iter().zip(shares) {
        for seed in 0..seeds {
            let correct = correct(share, stream);
            runs.push(with(run(name, correct, stream), json!({ "name": name, "seed": seed })));
        }
    }
    with(file(json!(runs)), json!({ "n_test": IMAGES, "n_validation": IMAGES }))
}

fn share(correct: &[bool]) -> f64 {
    correct.iter().filter(|right| **right).count() as f64 / correct.len() as f64
}

fn test_bits(_: &str, correct: Vec<bool>, _: &mut Stream) -> Value {
    json!({ "test_correct": bits(correct) })
}

fn accuracies(_: &str, correct: Vec<bool>, _: &mut Stream) -> Value {
    json!({ "test": { "accuracy": share(&correct) } })
}

fn why(verdict: &Value) -> &str {
    verdict["why"].as_str().expect("a sentence")
}

#[test]
fn three_seeds_with_their_bits_are_judged_over_seeds_and_images() {
    let answer = answered(&two([0.85, 0.75], 3, test_bits));
    let verdict = &answer["verdicts"][0];
    assert_eq!(
        (&verdict["a"], &verdict["b"], &verdict["verdict"]),
        (&json!("A"), &json!("B"), &json!("better"))
    );
    assert_eq!((&verdict["metric"], &verdict["seeds"]), (&json!("test_accuracy"), &json!([3, 3])));
    assert!(verdict["image_part"].as_f64() > Some(0.0) && verdict["seed_part"].as_f64() > Some(0.0));
    assert_eq!(answer["groups"], json!([["A"], ["B"]]));
    let said = why(verdict);
    assert!(said.starts_with("A is better than B in test accuracy: +0.1"), "{said}");
    assert!(said.contains("3 runs each") && said.ends_with("after Holm's correction."), "{said}");
}

#[test]
fn the_word_speaks_of_a() {
    let answer = answered(&two([0.75, 0.85], 3, test_bits));
    assert_eq!(answer["verdicts"][0]["verdict"], "worse");
    assert_eq!(answer["groups"], json!([["B"], ["A"]]));
    let same = answered(&with(two([0.85, 0.85], 5, test_bits), json!({ "equivalence": 0.001 })));
    assert_eq!(same["verdicts"][0]["verdict"], "undecided");
    let wide = answered(&with(two([0.85, 0.85], 5, test_bits), json!({ "equivalence": 0.03 })));
    assert_eq!(wide["verdicts"][0]["verdict"], "equivalent");
    assert!(why(&wide["verdicts"][0]).starts_with("A and B are equivalent within 3.0 points"), "{wide}");
}

#[test]
fn without_bits_the_images_are_an_upper_bound_and_it_says_so() {
    let (with_bits, without) =
        (answered(&two([0.85, 0.83], 3, test_bits)), answered(&two([0.85, 0.83], 3, accuracies)));
    let part = |answer: &Value| answer["verdicts"][0]["image_part"].as_f64().expect("a part");
    assert!(part(&without) > part(&with_bits), "{} {}", part(&without), part(&with_bits));
    assert_eq!(without["verdicts"][0]["verdict"], "undecided");
    assert!(
        why(&without["verdicts"][0]).contains("Without the images one by one, their noise is an upper bound")
    );
    assert!(!why(&with_bits["verdicts"][0]).contains("upper bound"));
}

/// Bits that one run of a recipe lacks are of no use for the others.
#[test]
fn bits_of_some_runs_only_are_as_good_as_none() {
    let file = two([0.85, 0.83], 3, |name, correct, stream| match stream.below(2) {
        0 if name == "A" => accuracies(name, correct, stream),
        _ => test_bits(name, correct, stream),
    });
    let answer = answered(&file);
    assert!(why(&answer["verdicts"][0]).contains("upper bound"), "{}", why(&answer["verdicts"][0]));
}

#[test]
fn one_run_each_gets_a_remark_about_the_networks_and_no_verdict() {
    let answer = answered(&two([0.85, 0.75], 1, test_bits));
    let verdict = &answer["verdicts"][0];
    assert_eq!(verdict["verdict"], "undecided");
    assert!(
        verdict["mcnemar_mid_p"].as_f64() < Some(1e-4) && verdict["p"].is_null() && verdict["low"].is_null()
    );
    let said = why(verdict);
    assert!(
        said.starts_with("A and B in test accuracy: undecided, +0.") && said.contains("; one run each."),
        "{said}"
    );
    assert!(
        said.contains("The two networks differ on 2") && said.contains("says nothing about other seeds"),
        "{said}"
    );
    let bare = answered(&two([0.85, 0.75], 1, accuracies));
    assert!(bare["verdicts"][0]["mcnemar_mid_p"].is_null());
    let two_seeds = answered(&two([0.85, 0.75], 2, test_bits));
    assert!(why(&two_seeds["verdicts"][0]).contains("three of each are the fewest that decide"));
}

#[test]
fn losses_per_image_are_judged_and_the_lower_one_is_better() {
    let losses = |name: &str, _: Vec<bool>, stream: &mut Stream| {
        let centre = if name == "A" { 0.3 } else { 0.4 };
        json!({ "test_losses": floats((0..IMAGES).map(|i| centre + 0.1 * (i % 7) as f32 + 0.05 * stream.uniform_f32())) })
    };
    let answer = answered(&two([0.5, 0.5], 3, losses));
    assert_eq!(answer["ranked_by"], "test_loss");
    let verdict = &answer["verdicts"][0];
    assert_eq!(verdict["verdict"], "better", "A's loss is lower");
    assert!(
        verdict["difference"].as_f64() < Some(-0.09) && verdict["p_equivalent"].is_null(),
        "no margin for losses"
    );
    assert_eq!(answer["groups"], json!([["A"], ["B"]]));
    assert!(why(verdict).starts_with("A is better than B in test loss: −0.10"), "{}", why(verdict));
}

/// Losses without the images: the runs speak of these images only.
#[test]
fn losses_of_runs_only_speak_of_these_images() {
    let losses = |name: &str, _: Vec<bool>, stream: &mut Stream| {
        let centre = if name == "A" { 0.3 } else { 0.4 };
        json!({ "test": { "loss": centre + 0.01 * stream.uniform_f64() } })
    };
    let answer = answered(&two([0.5, 0.5], 3, losses));
    assert_eq!(
        (answer["verdicts"][0]["image_part"].as_f64(), &answer["verdicts"][0]["verdict"]),
        (Some(0.0), &json!("better"))
    );
    assert!(why(&answer["verdicts"][0]).ends_with("This speaks of these images only."));
}

#[test]
fn validation_bits_are_judged_where_there_is_no_test() {
    let validation =
        |_: &str, correct: Vec<bool>, _: &mut Stream| json!({ "validation_correct": bits(correct) });
    let answer = answered(&two([0.85, 0.75], 3, validation));
    assert_eq!(
        (&answer["ranked_by"], &answer["verdicts"][0]["verdict"]),
        (&json!("val_accuracy"), &json!("better"))
    );
    assert!(!why(&answer["verdicts"][0]).contains("upper bound"));
}

#[test]
fn validation_losses_alone_are_numbers_too() {
    let losses = |_: &str, _: Vec<bool>, stream: &mut Stream| json!({ "validation_losses": floats((0..IMAGES).map(|_| stream.uniform_f32())) });
    assert_eq!(answered(&two([0.5, 0.5], 3, losses))["ranked_by"], "val_loss");
}

/// The weights of an earlier epoch were kept: its row is the one that the images belong to.
#[test]
fn bits_may_belong_to_an_epoch_that_was_kept() {
    let epochs = json!([{ "epoch": 1, "val_accuracy": 1.0 }, { "epoch": 2, "val_accuracy": 0.5 }]);
    let run =
        json!({ "name": "A", "epochs": epochs, "kept_epoch": 1, "validation_correct": bits([true; 8]) });
    let records = accepted(&file(json!([run])));
    assert_eq!(records.results.recipes[0].mean(Quantity::ValAccuracy), Some(1.0));
}

#[test]
fn failed_runs_count_as_runs() {
    let mut file = two([0.85, 0.75], 3, test_bits);
    file["runs"][0] = json!({ "name": "A", "seed": 0, "test": { "accuracy": null, "loss": "nan" } });
    let answer = answered(&file);
    let verdict = &answer["verdicts"][0];
    assert_eq!((&verdict["verdict"], &verdict["p_adjusted"]), (&json!("undecided"), &json!(1.0)));
    assert!(why(verdict).contains("; 1 of 3 runs of A failed."), "{}", why(verdict));
    // A run that was not tested is missing, but did not fail.
    file["runs"][0] = json!({ "name": "A", "seed": 0, "test": { "loss": 0.5 } });
    let lacking = answered(&file);
    assert!(why(&lacking["verdicts"][0]).contains("; 1 of 3 runs of A has no test accuracy."), "{lacking}");
    // A recipe of which nothing is left has no rank, and is not forgotten.
    for seed in 0..3 {
        file["runs"][seed] = json!({ "name": "A", "seed": seed, "test": { "accuracy": "nan" } });
    }
    let answer = answered(&file);
    assert_eq!((&answer["groups"], &answer["unranked"]), (&json!([["B"]]), &json!(["A"])));
}

/// A last epoch with a loss that is not finite is a run that failed, whatever was measured afterwards.
#[test]
fn a_run_that_ends_with_a_loss_that_is_no_number_has_failed() {
    for loss in [json!(null), json!("nan"), json!("inf")] {
        let run =
            json!({ "name": "A", "epochs": [{ "epoch": 1, "loss": loss }], "test": { "accuracy": 0.1 } });
        assert!(accepted(&file(json!([run]))).results.recipes[0].runs[0].has_failed);
    }
    let run = json!({ "name": "A", "epochs": [{ "epoch": 1, "loss": 0.1 }], "test": { "accuracy": 0.1 } });
    assert!(!accepted(&file(json!([run]))).results.recipes[0].runs[0].has_failed);
}

#[test]
fn recipes_with_the_same_settings_differ_in_nothing() {
    let file = two(
        [0.85, 0.85],
        3,
        |_, correct, _| json!({ "settings": { "optimizer": "adam" }, "test_correct": bits(correct) }),
    );
    let answer = answered(&with(
        file,
        json!({ "claims": [{ "id": "c", "better": "A", "than": "B", "because": "optimizer" }] }),
    ));
    let verdict = &answer["verdicts"][0];
    assert_eq!((&verdict["differ_in"], &verdict["confounded"]), (&json!([]), &json!(false)));
    assert_eq!(answer["claims"][0]["verdict"], "not testable");
    assert_eq!(answer["claims"][0]["why"], "The results state no setting in which A and B differ.");
}

#[test]
fn what_recipes_differ_in_is_told_with_the_updates_that_follow() {
    let file = two([0.85, 0.75], 3, |name, correct, _| {
        let batch = if name == "A" { 32 } else { 50 };
        json!({ "settings": { "batch_size": batch, "epochs": 2.0, "seedless": 1.0 }, "test_correct": bits(correct) })
    });
    let answer = answered(&with(file, json!({ "n_train": 100 })));
    // 100 images are ⌈100/32⌉ = 4 or 2 batches an epoch; an `epochs` of 2.0 is 2.
    assert_eq!(answer["verdicts"][0]["differ_in"], json!(["batch_size", "updates"]));
    assert_eq!(answer["verdicts"][0]["confounded"], true);
}

/// Three times the same network is no three seeds: it is asked whether the seed was used.
#[test]
fn runs_that_do_not_differ_at_all_are_told() {
    let same = |name: &str, correct: Vec<bool>, _: &mut Stream| {
        let right = correct.iter().enumerate().map(|(i, right)| if name == "A" { i % 5 > 0 } else { *right });
        json!({ "test_correct": bits(right.collect::<Vec<_>>()) })
    };
    let answer = answered(&two([0.5, 0.75], 3, same));
    let said = why(&answer["verdicts"][0]);
    assert!(said.ends_with("The runs of A do not differ at all: is the seed used?"), "{said}");
}

#[test]
fn the_same_file_gives_the_same_answer() {
    let claims = json!([{ "id": "c", "best": "A" }, { "id": "d", "similar": ["A", "B"] }]);
    let file = with(two([0.85, 0.75], 3, test_bits), json!({ "claims": claims }));
    assert_eq!(answered(&file).to_string(), answered(&file).to_string());
}

/// As Keras prints it, in single precision; and as a table prints it, to three digits.
#[test]
fn a_rounded_accuracy_agrees_with_its_bits() {
    let correct: Vec<bool> = (0..16).map(|i| i < 11).collect();
    for stated in [0.6875, 0.688, 0.69, 0.687_500_02] {
        let run =
            json!({ "name": "A", "test": { "accuracy": stated }, "test_correct": bits(correct.clone()) });
        assert_eq!(accepted(&file(json!([run]))).results.recipes[0].runs[0].test_accuracy, Some(0.6875));
    }
}

/// A claim and the ranking share the level; what stands in both has one verdict.
#[test]
fn a_claimed_pair_of_the_ranking_has_one_verdict() {
    let claims = json!([{ "id": "c", "better": "B", "than": "A" }]);
    let (records, judgement) = judged(&with(two([0.85, 0.75], 3, test_bits), json!({ "claims": claims })));
    assert_eq!(judgement.pairs.len(), 2);
    assert!(judgement.pairs.iter().all(|pair| pair.word() == PairWord::Better));
    assert_eq!(judgement.pairs[0].judged.p_adjusted, judgement.pairs[1].judged.p_adjusted);
    let claim = &judgement.claims[0];
    assert_eq!(claim.verdict.name(), "contradicted");
    assert!(claim.why.starts_with("B is worse than A in test accuracy: −0."), "{}", claim.why);
    assert_eq!(records.claims.len(), 1);
}
