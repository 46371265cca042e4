//! What limits a network: recipes of several widths, made so that one answer is right.

use serde_json::{Value, json};
use toile_judge::{
    Capacity, CapacityLimit, ClaimTable, ClaimVerdict, Images, Recipe, Results, Run, capacity, judge,
};
use toile_record::Epoch;
use toile_rng::{Seed, Stream};

use crate::claims::{says, verdict};

const VALIDATION: usize = 6_000;
const UNITS: [usize; 4] = [16, 32, 64, 128];

/// How one width comes out.
#[derive(Clone, Copy)]
struct Outcome {
    /// Its accuracy on training images.
    train: f64,
    /// Validation images that it is wrong about, but for some by chance.
    wrong: usize,
    /// By how many more its runs differ.
    spread: usize,
    /// By how much its validation loss falls in each epoch.
    fall: f64,
}

fn run(outcome: Outcome, seed: u64, stream: &mut Stream) -> Run {
    let wrong = outcome.wrong + outcome.spread * (seed % 3) as usize;
    let mut correct: Vec<bool> = (0..VALIDATION).map(|i| i >= wrong).collect();
    correct[VALIDATION - 20..].fill_with(|| stream.next_u32() & 1 == 1);
    let accuracy = correct.iter().filter(|right| **right).count() as f64 / VALIDATION as f64;
    let train = outcome.train + 1e-4 * (seed % 3) as f64;
    let row = |epoch: usize| {
        let wave = 1e-3 * ((epoch * 7) % 3) as f64;
        Epoch {
            epoch,
            loss: Some(0.3 + wave),
            train_accuracy: Some(train),
            val_loss: Some(0.4 * (-outcome.fall * epoch as f64).exp() + wave),
            val_accuracy: Some(accuracy),
            ..Epoch::default()
        }
    };
    let validation = Images { correct, ..Images::default() };
    Run { seed: Some(seed), epochs: (1..=20).map(row).collect(), validation, ..Run::default() }
}

/// A study of four widths, each the best of a search over five rates; 32 units is the model `dense`.
fn study(outcomes: [Outcome; 4]) -> Results {
    let stream = &mut Seed::new(5).stream("capacity", 0);
    let recipe = |(units, outcome): (usize, Outcome)| {
        let model = if units == 32 { "dense".to_string() } else { format!("dense x{}", units as f64 / 32.0) };
        let settings = json!({
            "model": model, "layers.1.dense.units": units, "layers.1.dense.activation": "relu",
            "layers.2.dense.units": 10, "optimizer": "adam", "learning_rate": 0.003, "batch_size": 128, "epochs": 20,
        });
        let Value::Object(settings) = settings else { unreachable!() };
        Recipe {
            name: format!("{model}, best"),
            settings,
            runs: (1..=3).map(|seed| run(outcome, seed, stream)).collect(),
            tried: [("learning_rate".to_string(), vec![3e-4, 1e-3, 3e-3, 1e-2, 3e-2])].into(),
            best_of: Some(5),
            ..Recipe::default()
        }
    };
    let recipes = UNITS.into_iter().zip(outcomes).map(recipe).collect();
    Results { n_train: Some(54_000), n_validation: Some(VALIDATION), recipes, ..Results::default() }
}

fn claim() -> ClaimTable {
    ClaimTable { id: "it".into(), capacity: Some("dense".into()), ..ClaimTable::default() }
}

fn found(results: &Results) -> Capacity {
    capacity(results, "dense", &judge(results, &[claim()], None).pairs)
}

const fn outcome(train: f64, wrong: usize) -> Outcome {
    Outcome { train, wrong, spread: 0, fall: 0.0 }
}

const LIMITED: [Outcome; 4] =
    [outcome(0.84, 1_000), outcome(0.88, 800), outcome(0.91, 650), outcome(0.94, 600)];
const DATA: [Outcome; 4] = [outcome(0.90, 600), outcome(0.94, 600), outcome(0.97, 600), outcome(0.999, 600)];

#[test]
fn a_network_is_limited_by_capacity_where_a_wider_one_is_better_on_both_parts() {
    let results = study(LIMITED);
    let found = found(&results);
    assert_eq!(found.limit, CapacityLimit::Capacity, "{:?}", found.sentences);
    assert!(
        found.sentences[0].starts_with("dense is capacity-limited: “dense x2, best” is better on training")
    );
    let widths: Vec<&str> = found.widths.iter().map(|width| width.model.as_str()).collect();
    assert_eq!(widths, ["dense x0.5", "dense", "dense x2", "dense x4"]);
    let wider = found.widths[2].val.expect("a comparison");
    assert_eq!(wider.word, "better");
    assert!((wider.difference - 0.025).abs() < 0.003 && wider.low > 0.0, "{wider:?}");
    assert_eq!(found.widths[0].val, None, "narrower ones are shown, and decide nothing");
    let claim = json!({ "capacity": "dense" });
    says(&results, claim, ClaimVerdict::Supported, "dense is capacity-limited");
    assert_eq!(verdict(&results, json!({ "capacity": "dense", "not": true })), ClaimVerdict::Contradicted);
}

#[test]
fn a_network_is_limited_by_the_data_where_wider_ones_only_learn_the_training_images_better() {
    let results = study(DATA);
    let found = found(&results);
    assert_eq!(found.limit, CapacityLimit::Data, "{:?}", found.sentences);
    says(
        &results,
        json!({ "capacity": "dense" }),
        ClaimVerdict::Contradicted,
        "dense is data-limited: wider ones",
    );
    let learnt = study(DATA.map(|outcome| Outcome { train: 0.998, ..outcome }));
    let found = self::found(&learnt);
    assert_eq!(found.limit, CapacityLimit::Data);
    assert!(found.sentences[0].contains("the training images are learnt"), "{:?}", found.sentences);
}

#[test]
fn a_network_that_still_improves_is_limited_by_its_training() {
    let mut outcomes = LIMITED;
    outcomes[1].fall = 0.04;
    let found = found(&study(outcomes));
    assert_eq!(found.limit, CapacityLimit::Optimisation, "{:?}", found.sentences);
    assert!(found.sentences[0].contains("in 3 of 3 runs of “dense, best” validation loss still falls"));
    assert_eq!(found.widths[1].still_improving, 3);
    // Wider ones that have not come to their end cannot show that width is of no use.
    let mut outcomes = DATA;
    outcomes[3].fall = 0.04;
    assert_eq!(self::found(&study(outcomes)).limit, CapacityLimit::Optimisation);
}

#[test]
fn what_is_not_decided_is_not_established() {
    // 25 to 30 images of 6,000 fewer, and runs that differ by up to 60.
    let near = [outcome(0.90, 600), outcome(0.94, 600), outcome(0.97, 575), outcome(0.98, 570)];
    let results = study(near.map(|outcome| Outcome { spread: 30, ..outcome }));
    let found = found(&results);
    assert_eq!(found.limit, CapacityLimit::NotEstablished, "{:?}", found.sentences);
    assert_eq!(verdict(&results, json!({ "capacity": "dense" })), ClaimVerdict::Undecided);
    // Equivalent in both: width does not limit, and that is all.
    let same = study([outcome(0.94, 600); 4]);
    let found = self::found(&same);
    assert_eq!(found.limit, CapacityLimit::NotEstablished);
    assert!(found.sentences[0].contains("width does not limit it"), "{:?}", found.sentences);
}

#[test]
fn rates_that_are_not_tuned_establish_nothing() {
    let refused = |results: &Results, words: &str| {
        let found = found(results);
        assert_eq!(found.limit, CapacityLimit::NotEstablished);
        assert!(found.sentences[0].contains(words), "{:?}", found.sentences);
    };
    let mut at_end = study(LIMITED);
    at_end.recipes[3].settings["learning_rate"] = json!(0.03);
    refused(&at_end, "that of “dense x4, best” is the largest that was tried (0.03)");
    let mut untuned = study(LIMITED);
    untuned.recipes.iter_mut().for_each(|recipe| recipe.tried.clear());
    refused(&untuned, "have a tuned learning rate");
    says(&untuned, json!({ "capacity": "dense" }), ClaimVerdict::NotTestable, "Not established");
    let mut two = study(LIMITED);
    two.recipes.truncate(2);
    refused(&two, "none wider");
    let mut other = study(LIMITED);
    for (recipe, batch) in other.recipes.iter_mut().zip(1..) {
        recipe.settings["batch_size"] = json!(batch);
    }
    refused(&other, "no other widths of dense were trained");
}

/// Rates that were trained as runs of their own, three of each width: the best on validation stands for the width.
#[test]
fn rates_may_be_runs_of_their_own() {
    let mut results = study(LIMITED);
    let tuned = std::mem::take(&mut results.recipes);
    for recipe in tuned {
        for (rate, worse) in [(0.001, 400), (0.003, 0), (0.01, 300)] {
            let mut other = Recipe { tried: Default::default(), best_of: None, ..recipe.clone() };
            other.name = format!("{} {rate}", recipe.name);
            other.settings["learning_rate"] = json!(rate);
            for run in &mut other.runs {
                run.validation.correct[2_000..2_000 + worse].fill(false);
                run.epochs
                    .iter_mut()
                    .for_each(|row| row.val_accuracy = row.val_accuracy.map(|a| a - worse as f64 / 6_000.0));
            }
            results.recipes.push(other);
        }
    }
    let found = found(&results);
    assert_eq!(found.limit, CapacityLimit::Capacity, "{:?}", found.sentences);
    assert!(found.widths.iter().all(|width| width.learning_rate == Some(0.003) && width.rates_tried == 3));
}

/// Two rates of one more width tune nothing, and hinder nothing.
#[test]
fn a_wider_one_that_is_not_tuned_has_no_say() {
    let mut results = study(LIMITED);
    for rate in [0.001, 0.003] {
        let mut other = Recipe { tried: Default::default(), best_of: None, ..results.recipes[3].clone() };
        (other.name, other.settings["learning_rate"]) = (format!("dense x8 {rate}"), json!(rate));
        other.settings["model"] = json!("dense x8");
        other.settings["layers.1.dense.units"] = json!(256);
        results.recipes.push(other);
    }
    let found = found(&results);
    assert_eq!((found.limit, found.widths.len()), (CapacityLimit::Capacity, 5), "{:?}", found.sentences);
}
