//! Every fault has its place, says what is wrong, and how to mend it.

use serde_json::{Value, json};
use toile_judge::plain::{PlainFault, read};

use crate::plain::{bits, file, floats, with};

fn refused(text: &str) -> PlainFault {
    match read(text) {
        Ok(_) => panic!("accepted: {text}"),
        Err(fault) => fault,
    }
}

/// The file is refused at this place, the message has these words, and there is a help.
fn refuses(file: &Value, place: &str, words: &str) {
    let fault = refused(&file.to_string());
    assert_eq!(fault.place, place, "{fault}");
    assert!(fault.message.contains(words), "{fault}");
    assert!(!fault.help.is_empty(), "{fault}");
    assert_eq!(fault.to_string(), format!("{place}: {}\n  help: {}", fault.message, fault.help));
}

fn one(run: Value) -> Value {
    file(json!([run]))
}

/// A run with these keys beside its name and one number.
fn run(keys: Value) -> Value {
    one(with(json!({ "name": "A", "test": { "accuracy": 0.5 } }), keys))
}

#[test]
fn what_is_no_json_or_not_of_the_form_is_placed_by_line_and_column() {
    for (text, words) in [
        ("", "EOF"),
        ("{", "EOF"),
        ("hello", "expected value"),
        ("[]", "an object with `format` and `runs` was expected"),
        ("3", "an object with `format` and `runs` was expected"),
        ("{\"runs\": []}", "missing field `format`"),
        ("{\"format\": 1}", "missing field `runs`"),
        ("{\"format\": \"one\", \"runs\": []}", "expected a whole number"),
        ("{\"format\": 1, \"runs\": {}}", "expected a list of runs"),
        ("{\"format\": 1, \"runs\": [{}]}", "missing field `name`"),
        ("{\"format\": 1, \"runs\": [7]}", "an object with `name` and numbers was expected"),
        ("{\"format\": 1, \"runs\": [], \"tests\": 3}", "unknown field `tests`, expected one of `format`"),
        ("{\"format\": 1, \"format\": 1, \"runs\": []}", "duplicate field `format`"),
        ("{\"format\": 1, \"n_test\": -1, \"runs\": []}", "expected a whole number, 0 or above"),
        ("{\"format\": 1, \"n_test\": 1e400, \"runs\": []}", "number out of range"),
    ] {
        let fault = refused(text);
        assert!(fault.place.starts_with("line ") && fault.place.contains(" column "), "{fault}");
        assert!(fault.message.contains(words), "{text}: {fault}");
        assert!(fault.help.contains("docs/judge.md"), "{fault}");
    }
    let fault = refused("{\"format\": 1,\n \"runs\": [{\"name\": \"A\",\n \"acuracy\": 0.5}]}");
    assert_eq!(fault.place, "line 3 column 10", "{fault}");
}

/// Python's `json` writes them unless it is told not to.
#[test]
fn a_nan_that_python_wrote_is_told() {
    for word in ["NaN", "Infinity", "-Infinity"] {
        let text =
            format!("{{\"format\": 1, \"runs\": [{{\"name\": \"A\", \"test\": {{\"loss\": {word}}}}}]}}");
        let fault = refused(&text);
        assert_eq!(fault.message, "NaN and Infinity are no JSON", "{fault}");
        assert!(fault.place.starts_with("line 1 column 5") && fault.help.contains("`null`"), "{fault}");
    }
    assert!(!refused("{\"format\": 1, \"NaN\": x}").message.contains("NaN and"), "the fault is another");
}

#[test]
fn no_message_names_a_type_of_the_program() {
    for text in [
        json!({ "format": 1, "runs": [{ "name": 3 }] }),
        json!({ "format": 1, "runs": [{ "name": "A", "seed": -1 }] }),
        json!({ "format": 1, "runs": [{ "name": "A", "epochs": [{ "epoch": -1 }] }] }),
        json!({ "format": 1, "runs": [{ "name": "A", "test": 0.5 }] }),
        json!({ "format": 1, "equivalence": "half", "runs": [] }),
        json!({ "format": 1, "runs": [], "claims": [{ "id": "c", "best_value": [] }] }),
        json!({ "format": 1, "runs": [], "claims": [{ "id": "c", "better": "A", "than": 3 }] }),
    ] {
        let message = refused(&text.to_string()).message;
        for word in ["usize", "u64", "f64", "Plain", "enum", "struct", "SettingValue", "Names"] {
            assert!(!message.contains(word), "{message}");
        }
    }
}

#[test]
fn the_document_is_checked() {
    let good = || run(json!({}));
    refuses(&with(good(), json!({ "format": 2 })), "format", "2 was found, 1 is the version that is read");
    refuses(&with(good(), json!({ "runs": [] })), "runs", "there is no run");
    for part in ["n_train", "n_validation", "n_test"] {
        refuses(&with(good(), json!({ part: 0 })), part, "a part has 1 to 100000000 images");
        refuses(&with(good(), json!({ part: 100_000_001 })), part, "a part has 1 to 100000000 images");
    }
    refuses(&with(good(), json!({ "classes": 1 })), "classes", "two classes or more");
    for equivalence in [-0.1, 1.5] {
        let file = with(good(), json!({ "equivalence": equivalence }));
        refuses(&file, "equivalence", "a share between 0 and 1 is expected");
    }
}

#[test]
fn a_run_has_a_name_and_a_number() {
    refuses(&one(json!({ "name": " ", "test": { "loss": 1 } })), "runs[0].name", "the name is empty");
    refuses(&one(json!({ "name": "A" })), "runs[0]", "A has no number");
    refuses(&one(json!({ "name": "A", "epochs": [{ "epoch": 5 }] })), "runs[0]", "A has no number");
    let name = "A\u{1b}[2J";
    refuses(&one(json!({ "name": name, "test": { "loss": 1 } })), "runs[0].name", "control character U+001B");
    let name = "x".repeat(201);
    refuses(
        &one(json!({ "name": name, "test": { "loss": 1 } })),
        "runs[0].name",
        "201 characters are too many",
    );
}

#[test]
fn settings_are_checked() {
    let place = "runs[0].settings";
    refuses(&run(json!({ "settings": { "a\nb": 1 } })), place, "control character U+000A");
    refuses(&run(json!({ "settings": { "a": "x\u{7}" } })), "runs[0].settings.a", "control character U+0007");
    refuses(&run(json!({ "settings": { "a": "x".repeat(300) } })), "runs[0].settings.a", "300 characters");
    let many: serde_json::Map<String, Value> = (0..201).map(|i| (format!("s{i}"), json!(i))).collect();
    refuses(&run(json!({ "settings": many })), place, "201 settings are too many, 200 are the most");
    let twice = "{\"format\": 1, \"runs\": [{\"name\": \"A\", \"settings\": {\"lr\": 0.1, \"lr\": 0.01}}]}";
    assert!(refused(twice).message.contains("the setting `lr` stands there twice"));
}

#[test]
fn runs_of_one_name_differ_in_their_seeds_only() {
    let named = |seed: u64, settings: Value| json!({ "name": "A", "seed": seed, "settings": settings, "test": { "loss": 1 } });
    let another = file(json!([named(1, json!({ "batch_size": 32 })), named(2, json!({ "batch_size": 64 }))]));
    refuses(&another, "runs[1].settings.batch_size", "another run of A has another value");
    let missing = file(json!([named(1, json!({})), named(2, json!({ "optimizer": "adam" }))]));
    refuses(&missing, "runs[1].settings.optimizer", "another run of A has another value");
    let twice = file(json!([named(1, json!({})), named(2, json!({})), named(1, json!({}))]));
    refuses(&twice, "runs[2].seed", "A has two runs with the seed 1");
    // A run that was copied, and states no seed, is no second run.
    let copy = || json!({ "name": "A", "test_correct": bits((0..16).map(|i| i % 3 == 0)) });
    let words = "another run of A is right and wrong about the very same images";
    refuses(&file(json!([copy(), copy()])), "runs[1].test_correct", words);
}

/// 87.6 in place of 0.876 is the commonest mistake of all: it is told wherever an accuracy stands.
#[test]
fn accuracies_are_shares() {
    let words = "an accuracy is a share between 0 and 1, found 87.6";
    refuses(&one(json!({ "name": "A", "test": { "accuracy": 87.6 } })), "runs[0].test.accuracy", words);
    let with_bits = json!({ "name": "A", "test": { "accuracy": 87.6 }, "test_correct": bits([true; 16]) });
    refuses(&one(with_bits), "runs[0].test.accuracy", words);
    for key in ["accuracy", "train_accuracy", "val_accuracy"] {
        let epochs = json!([{ "epoch": 1, key: 0.5 }, { "epoch": 2, key: 87.6 }]);
        refuses(&run(json!({ "epochs": epochs })), &format!("runs[0].epochs[1].{key}"), words);
    }
    let negative = "found -0.1";
    refuses(&one(json!({ "name": "A", "test": { "accuracy": -0.1 } })), "runs[0].test.accuracy", negative);
}

#[test]
fn epochs_rise_from_one() {
    let epochs =
        |numbers: [usize; 2]| run(json!({ "epochs": numbers.map(|n| json!({ "epoch": n, "loss": 1 })) }));
    refuses(&epochs([0, 1]), "runs[0].epochs[0].epoch", "the first epoch is 0");
    refuses(&epochs([2, 2]), "runs[0].epochs[1].epoch", "epoch 2 follows epoch 2");
    refuses(&epochs([3, 1]), "runs[0].epochs[1].epoch", "epoch 1 follows epoch 3");
    let kept = with(epochs([1, 2]), json!({}));
    let mut kept = kept;
    kept["runs"][0]["kept_epoch"] = json!(7);
    refuses(&kept, "runs[0].kept_epoch", "no row of `epochs` has the epoch 7");
}

#[test]
fn what_is_packed_is_as_long_as_its_part() {
    let place = "runs[0].test_correct";
    refuses(&run(json!({ "test_correct": "%%%" })), place, "this is no base64 with padding");
    refuses(&run(json!({ "test_correct": "AAA" })), place, "this is no base64 with padding");
    refuses(
        &run(json!({ "test_correct": bits([true; 8]) })),
        place,
        "1 bytes, 2 were expected for 16 images",
    );
    let eight = with(run(json!({ "test_correct": bits([true; 16]) })), json!({ "n_test": 12 }));
    refuses(&eight, place, "ones behind image 12");
    let mut unknown = run(json!({ "test_correct": bits([true; 16]) }));
    unknown.as_object_mut().expect("a file").remove("n_test");
    refuses(&unknown, place, "the file does not say `n_test`");
    let losses = run(json!({ "validation_losses": floats([0.5; 7]) }));
    refuses(&losses, "runs[0].validation_losses", "28 bytes, 32 were expected for 8 images");
}

#[test]
fn bits_and_numbers_agree() {
    let half = || bits((0..16).map(|i| i % 2 == 0));
    for stated in [json!(0.876), json!(1), json!(0), json!("nan")] {
        let file = one(json!({ "name": "A", "test": { "accuracy": stated }, "test_correct": half() }));
        refuses(&file, "runs[0].test_correct", "but 0.5 of the bits are ones");
    }
    let epochs = json!([{ "epoch": 1, "val_accuracy": 0.9 }]);
    let file = one(json!({ "name": "A", "epochs": epochs, "validation_correct": bits([true; 8]) }));
    refuses(
        &file,
        "runs[0].validation_correct",
        "val_accuracy of the epoch that is kept is 0.9, but 1 of the bits",
    );
    for stated in [json!(0.6), json!("inf")] {
        let file = one(json!({ "name": "A", "test": { "loss": stated }, "test_losses": floats([0.5; 16]) }));
        refuses(&file, "runs[0].test_losses", "the losses of the images have the mean 0.5");
    }
}

#[test]
fn claims_are_checked() {
    let claims = |claims: Value| with(run(json!({})), json!({ "claims": claims }));
    for (claim, place, words) in [
        (json!({ "id": "", "gap": "A" }), "claims[0]", "the claim has no `id`"),
        (json!({ "id": "c" }), "claims[0]", "a claim has a form, this one has none"),
        (json!({ "id": "c", "gap": "A", "overfits": "A" }), "claims[0].overfits", "a claim has one form"),
        (json!({ "id": "c", "better": "A" }), "claims[0].better", "`better` lacks `than`"),
        (json!({ "id": "c", "shows": "fits", "of": "A" }), "claims[0].shows", "no finding is named `fits`"),
        (json!({ "id": "c", "shows": "plateau" }), "claims[0].shows", "`shows` lacks `of`"),
        (json!({ "id": "c", "equivalent": ["A"] }), "claims[0].equivalent", "compares two runs or more"),
        (json!({ "id": "c", "best_value": 1 }), "claims[0].best_value", "`best_value` lacks `because`"),
        (json!({ "id": "c", "procedure": {} }), "claims[0].procedure", "says one thing, this one says 0"),
        (json!({ "id": "c", "best": "A", "rank": 0 }), "claims[0].rank", "ranks are counted from 1"),
        (json!({ "id": "c", "similar": ["A", "A"], "within": -1 }), "claims[0].within", "a number above 0"),
        (
            json!({ "id": "c", "lower": "f1", "than": "loss", "of": "A" }),
            "claims[0].lower",
            "no metric is named",
        ),
        (
            json!({ "id": "c", "lower": "loss", "than": "accuracy", "of": "A" }),
            "claims[0].lower",
            "same unit",
        ),
        (json!({ "id": "c", "lower": "loss", "than": "loss", "of": "A" }), "claims[0].lower", "with itself"),
        (json!({ "id": "c", "gap": "A", "says": "\u{1b}c" }), "claims[0]", "control character"),
    ] {
        refuses(&claims(json!([claim])), place, words);
    }
    let twice = json!([{ "id": "c", "gap": "A" }, { "id": "c", "gap": "A" }]);
    refuses(&claims(twice), "claims[1]", "claims[0] has the id `c` too");
    let unknown = claims(json!([{ "id": "c", "better": "A", "than": "B", "metric": "f1" }]));
    let fault = refused(&unknown.to_string());
    assert!(fault.message.contains("unknown variant `f1`, expected one of `loss`"), "{fault}");
}
