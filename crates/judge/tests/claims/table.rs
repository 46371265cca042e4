//! A table with one published run per setting: the rules T1 to T10, with the numbers of a published study.

use serde_json::{Value, json};
use toile_judge::{ClaimVerdict, Results};

use crate::claims::{file, says, verdict, weigh};
use ClaimVerdict::{Confounded, Contradicted, NotTestable, Supported, UndecidedFromOneRun};

/// Name, optimizer, learning rate, batch size; loss, accuracy, val_loss, val_accuracy, test_loss, test_accuracy.
type Row = (&'static str, &'static str, f64, usize, [f64; 6]);

const TABLE: [Row; 8] = [
    ("M2", "sgd", 0.01, 128, [0.485, 0.832, 0.482, 0.829, 0.509, 0.822]),
    ("M3", "sgd", 0.01, 256, [0.576, 0.807, 0.567, 0.806, 0.595, 0.799]),
    ("M4", "sgd", 0.1, 128, [0.314, 0.888, 0.344, 0.876, 0.374, 0.867]),
    ("M5", "adam", 0.001, 128, [0.229, 0.919, 0.327, 0.883, 0.357, 0.876]),
    ("M6", "adam", 0.001, 256, [0.253, 0.910, 0.330, 0.883, 0.359, 0.875]),
    ("M7", "adam", 0.1, 256, [0.501, 0.830, 0.537, 0.825, 0.557, 0.814]),
    ("M8", "nadam", 0.001, 256, [0.250, 0.911, 0.325, 0.881, 0.353, 0.876]),
    ("M9", "rmsprop", 0.001, 256, [0.268, 0.905, 0.330, 0.880, 0.352, 0.877]),
];

fn table() -> Results {
    let run =
        |(name, optimizer, rate, batch, [loss, accuracy, val_loss, val_accuracy, test_loss, test]): Row| {
            json!({
                "name": name,
                "settings": { "model": "dense", "optimizer": optimizer, "learning_rate": rate, "batch_size": batch, "epochs": 50 },
                "epochs": [{ "epoch": 50, "loss": loss, "accuracy": accuracy, "val_loss": val_loss, "val_accuracy": val_accuracy }],
                "test": { "accuracy": test, "loss": test_loss },
            })
        };
    file(&json!(TABLE.map(run)))
}

fn of_runs(mut claim: Value) -> Value {
    claim["scope"] = json!("runs");
    claim
}

#[test]
fn t1_superlatives_orders_and_directions_are_arithmetic() {
    let table = table();
    let best = |run: &str, metric: &str| of_runs(json!({ "best": run, "metric": metric }));
    says(
        &table,
        best("M9", "test_accuracy"),
        Supported,
        "M9 has a test accuracy of 0.877; next is M5 with 0.876.",
    );
    says(
        &table,
        best("M4", "test_accuracy"),
        Contradicted,
        "M9 (0.877), M5 (0.876), M8 (0.876) and M6 (0.875) are higher",
    );
    says(&table, best("M8", "val_loss"), Supported, "next is M5 with 0.327");
    says(&table, best("M9", "val_loss"), Contradicted, "M8 (0.325) and M5 (0.327) are lower");
    says(&table, best("M5", "val_accuracy"), Supported, "which M6 has too: the place is shared");
    let ranked = |rank: usize| of_runs(json!({ "best": "M6", "rank": rank }));
    assert_eq!((verdict(&table, ranked(3)), verdict(&table, ranked(4))), (Contradicted, Supported));
    let among = of_runs(json!({ "best": "M4", "among": ["M2", "M3", "M4"] }));
    says(&table, among, Supported, "next is M2 with 0.822");
    let turned = of_runs(json!({ "better": "M3", "than": "M2" }));
    says(&table, turned, Contradicted, "the other way round");
}

/// .010 between .877 and .867 on 10,000 images each: z 2.1, and 1.9 to 2.3 within the rounding.
#[test]
fn t2_two_networks_differ_by_a_z_of_two_proportions() {
    let claim = of_runs(json!({ "better": "M9", "than": "M4" }));
    says(&table(), claim.clone(), Supported, "z 2.1 (1.9 to 2.3 within the rounding)");
    let weighed = weigh(&table(), claim);
    let numbers = &weighed.numbers["M9 - M4, test_accuracy"];
    let range: Vec<f64> =
        numbers["z_by_rounding"].as_array().expect("a range").iter().filter_map(Value::as_f64).collect();
    assert!((range[0] - 1.9047).abs() < 1e-3 && (range[1] - 2.3292).abs() < 1e-3, "{range:?}");
    assert_eq!(weighed.rules, ["T2"]);
    says(
        &table(),
        of_runs(json!({ "better": "M5", "than": "M6" })),
        UndecidedFromOneRun,
        "within the noise of the images, z 0.2",
    );
}

/// As settings, 4.5 points take seeds that spread by 1.6 points; one point is explained by the images and the seeds.
#[test]
fn t3_two_settings_are_undecided_unless_seeds_would_have_to_spread_widely() {
    let table = table();
    let claim = |a: &str, b: &str| json!({ "better": a, "than": b });
    says(&table, claim("M9", "M4"), UndecidedFromOneRun, "seeds that spread by 0.1 points can explain it");
    says(&table, claim("M5", "M4"), UndecidedFromOneRun, "the noise of the images alone can explain it");
    says(&table, claim("M4", "M2"), Supported, "seeds would have to spread by 1.6 points to explain it");
    says(&table, claim("M2", "M4"), Contradicted, "seeds would have to spread by 1.6 points");
    // 2.3 points: .73 points of spread would do, which is less than one.
    says(&table, claim("M2", "M3"), UndecidedFromOneRun, "seeds that spread by 0.7 points can explain it");
    let found = &weigh(&table, claim("M2", "M3")).numbers["M2 - M3, test_accuracy"];
    assert!((found["seed_sd_that_explains_it"].as_f64().expect("a spread") - 0.0073).abs() < 1e-4, "{found}");
}

/// From two runs on 10,000 images equality within half a point cannot be shown: the half width is .77 at 90 %.
#[test]
fn t4_equality_is_contradicted_or_open_never_shown_by_one_run_each() {
    let table = table();
    let alike = |a: &str, b: &str| of_runs(json!({ "similar": [a, b] }));
    says(&table, alike("M3", "M2"), Contradicted, "wholly beyond ±0.5 points");
    says(
        &table,
        alike("M5", "M8"),
        UndecidedFromOneRun,
        "neither a difference nor equality within 0.5 points is shown",
    );
    let wide = of_runs(json!({ "equivalent": ["M5", "M8"], "within": 0.02 }));
    says(&table, wide, Supported, "the one at 90 % within ±2.0 points");
    // As settings even 2.3 points are less than seeds may make.
    assert_eq!(verdict(&table, json!({ "similar": ["M3", "M2"] })), UndecidedFromOneRun);
    assert_eq!(verdict(&table, json!({ "similar": ["M7", "M6"] })), Contradicted);
}

#[test]
fn t5_a_gap_is_read_at_the_end_and_harm_needs_the_curve() {
    let table = table();
    let gap = "validation loss lies 0.098 above training loss and validation accuracy 3.6 points below training accuracy (z 8.3)";
    says(&table, json!({ "gap": "M5" }), Supported, gap);
    says(
        &table,
        json!({ "gap": "M4", "not": true }),
        Contradicted,
        "1.2 points below training accuracy (z 2.7)",
    );
    // Validation loss below, accuracy below as well: neither.
    says(
        &table,
        json!({ "gap": "M3" }),
        UndecidedFromOneRun,
        "validation loss lies 0.009 below training loss",
    );
    let early =
        json!([{ "epoch": 5, "loss": 1.026, "accuracy": 0.734, "val_loss": 0.97, "val_accuracy": 0.748 }]);
    let early = file(&json!([{ "name": "M1", "epochs": early }]));
    let none = "validation loss lies 0.056 below training loss and validation accuracy 1.4 points above training accuracy";
    says(&early, json!({ "gap": "M1" }), Contradicted, none);
    says(&table, json!({ "overfits": "M5" }), NotTestable, "needs the curve of M5");
    says(&table, json!({ "gap": "M5", "grows": true }), NotTestable, "told by its curve");
    says(&table, json!({ "shows": "oscillating", "of": "M7" }), NotTestable, "needs the curve of M7");
}

#[test]
fn t6_a_cause_needs_one_changed_setting_and_equal_updates() {
    let table = table();
    let because = |a: &str, b: &str, cause: &str| json!({ "better": a, "than": b, "because": cause });
    says(&table, because("M4", "M2", "learning_rate"), Supported, "z 8.8");
    let updates = "batch_size (256, 128) and the number of updates (10550, 21100)";
    says(&table, because("M3", "M2", "batch_size"), Confounded, updates);
    says(
        &table,
        because("M8", "M7", "optimizer"),
        Confounded,
        "optimizer (nadam, adam) and learning_rate (0.001, 0.1)",
    );
    says(
        &table,
        because("M4", "M2", "optimizer"),
        Confounded,
        "the results state no difference in optimizer",
    );
    says(&table, because("M9", "M8", "optimizer"), UndecidedFromOneRun, "z 0.2");
    // Not knowing how many images were trained on does not make a batch size the only change.
    let unknown = Results { n_train: None, ..table };
    says(
        &unknown,
        because("M3", "M2", "batch_size"),
        Confounded,
        "the number of updates that follows from it",
    );
}

#[test]
fn t6_a_comparison_of_values_needs_a_pair_of_runs_for_each_two() {
    let table = table();
    let compares = |setting: &str| json!({ "procedure": { "compares": setting }, "scope": "method" });
    says(
        &table,
        compares("learning_rate"),
        Confounded,
        "Of 3 pairs of values of learning_rate, 1 has no two runs",
    );
    says(&table, compares("optimizer"), Confounded, "adam with sgd, nadam with sgd and rmsprop with sgd");
    assert_eq!(verdict(&table, compares("model")), NotTestable, "one value");
    let three = json!({ "procedure": { "compares": "optimizer" }, "among": ["M6", "M8", "M9"] });
    says(&table, three, Supported, "Each two values of optimizer have two runs that differ in nothing else.");
}

#[test]
fn t7_what_is_not_published_cannot_be_tested() {
    let table = table();
    says(
        &table,
        json!({ "lower": "M3", "than": "M2", "metric": "train_seconds" }),
        NotTestable,
        "training time of M3",
    );
    says(
        &table,
        json!({ "lower": "M4", "than": "M2", "metric": "epochs_to_loss" }),
        NotTestable,
        "M4 has none",
    );
    says(
        &table,
        json!({ "better": "M4", "than": "M2", "metric": "train_accuracy" }),
        NotTestable,
        "final weights of M4",
    );
    says(
        &table,
        json!({ "rests_on": ["which patterns are learnt"] }),
        NotTestable,
        "No number of the results measures",
    );
    says(&table, json!({ "reproduces": "M4" }), NotTestable, "Nothing was published for M4");
}

#[test]
fn t8_capacity_is_not_established_in_either_direction() {
    for not in [false, true] {
        let claim = json!({ "capacity": "dense", "not": not });
        says(&table(), claim, NotTestable, "The highest training accuracy of dense is 0.919");
    }
}

#[test]
fn t9_choosing_by_test_is_told_with_the_number_of_scores() {
    let choice = |metric: &str| json!({ "id": "best", "best": "M9", "scope": "runs", "metric": metric });
    let chooses = |part: &str| json!({ "id": "by", "procedure": { "chooses_by": part }, "scope": "method" });
    let weighed = |metric: &str, part: &str| {
        let table = table();
        let claims =
            [choice(metric), chooses(part)].map(|claim| serde_json::from_value(claim).expect("a claim"));
        toile_judge::judge(&table, &claims, None).claims.remove(1)
    };
    let by_test = weighed("test_accuracy", "validation");
    assert_eq!(by_test.verdict, Contradicted);
    assert_eq!(
        by_test.why,
        "8 test scores are known, and one choice was made by them: the best of 8 equal runs would be too high by about 1.4 standard errors."
    );
    assert_eq!(weighed("test_accuracy", "test").verdict, Supported);
    assert_eq!(weighed("val_accuracy", "validation").verdict, Supported);
    assert_eq!(weighed("val_accuracy", "test").verdict, Contradicted);
    assert_eq!(
        weighed("loss", "validation").verdict,
        NotTestable,
        "nothing is chosen by what was trained on"
    );
}

#[test]
fn t10_losses_have_a_direction_only() {
    let table = table();
    let losses = json!(["loss", "val_loss", "test_loss"]);
    says(
        &table,
        of_runs(json!({ "lower": "M4", "than": ["M2", "M3"], "metrics": losses })),
        Supported,
        "Test loss is 0.374 for M4 and 0.509 for M2.",
    );
    says(
        &table,
        of_runs(json!({ "higher": "M4", "than": "M2", "metric": "loss" })),
        Contradicted,
        "the other way round",
    );
    let settings = json!({ "lower": "M4", "than": "M2", "metric": "test_loss" });
    says(&table, settings, UndecidedFromOneRun, "as the claim says; without a spread that decides nothing");
    // Beside accuracies that decide, losses that go along do not hinder.
    let both = json!({ "better": "M6", "than": "M7", "metrics": ["test_accuracy", "test_loss"] });
    assert_eq!(verdict(&table, both), Supported);
    let alike = json!({ "similar": ["M5", "M6"], "metric": "test_loss" });
    says(&table, alike, NotTestable, "A loss has no margin of its own: the claim must say `within`.");
}

/// Two accuracies on who knows how many images: what one run each shows is not even known as far as the images go.
#[test]
fn without_the_number_of_images_nothing_is_decided() {
    let unknown = || Results { n_test: None, ..table() };
    let claim = json!({ "better": "M4", "than": "M3" });
    says(
        &unknown(),
        claim.clone(),
        UndecidedFromOneRun,
        "how many images they were measured on is not known",
    );
    says(
        &unknown(),
        of_runs(claim),
        UndecidedFromOneRun,
        "how many images they were measured on is not known",
    );
    assert_eq!(verdict(&unknown(), of_runs(json!({ "better": "M3", "than": "M4" }))), Contradicted);
}
