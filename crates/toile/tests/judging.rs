//! What results say: claims of a study file, two runs side by side, findings, and the results of other programs.

use crate::common;

use std::fs;

use common::{Place, STUDY};
use serde_json::Value;

/// Plain records of two recipes of three seeds each: `good` errs on every fifth of 400 images, `poor` on every second.
fn plain() -> String {
    let run = |name: &str, every: usize, seed: usize| {
        let bytes: Vec<u8> = (0..50)
            .map(|byte| (0..8).fold(0, |bits, bit| bits | u8::from((8 * byte + bit) % every != 0) << bit))
            .collect();
        serde_json::json!({
            "name": name, "seed": seed, "settings": {"optimizer": "adam", "learning_rate": if every == 2 { 0.1 } else { 0.001 }},
            "test_correct": base64(&bytes),
        })
    };
    let runs: Vec<Value> = (1..=3).flat_map(|seed| [run("good", 5, seed), run("poor", 2, seed)]).collect();
    let claims =
        serde_json::json!([{"id": "rate", "better": "good", "than": "poor", "because": "learning_rate"}]);
    serde_json::json!({"format": 1, "n_train": 1000, "n_test": 400, "classes": 10, "runs": runs, "claims": claims}).to_string()
}

/// RFC 4648, written plainly.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        let digit = |i: usize| DIGITS[(bits >> (18 - 6 * i)) as usize & 63] as char;
        text.extend((0..=chunk.len()).map(digit));
        text.extend(std::iter::repeat_n('=', 3 - chunk.len()));
    }
    text
}

#[test]
fn results_of_another_program_are_judged() {
    let place = Place::new();
    fs::write(place.path("plain.json"), plain()).unwrap();
    let answer: Value =
        serde_json::from_str(&place.run(&["judge", "plain.json", "--json"]).ok().out).unwrap();
    assert_eq!(answer["verdicts"][0]["verdict"], "better");
    assert_eq!(answer["groups"], serde_json::json!([["good"], ["poor"]]));
    assert_eq!(
        (&answer["claims"][0]["id"], &answer["claims"][0]["verdict"]),
        (&"rate".into(), &"supported".into())
    );
    let said = place.run(&["judge", "plain.json"]).ok().out;
    assert!(said.contains("good is better than poor") && said.contains("rate: supported"), "{said}");
}

/// The table of the built-in study, which is in its file, and nothing else.
#[test]
fn the_claims_of_a_study_file_are_weighed_on_the_results_of_others() {
    let place = Place::new();
    let table = serde_json::json!({"format": 1, "n_train": 54000, "n_validation": 6000, "n_test": 10000, "runs": [
        {"name": "Model 4", "settings": {"optimizer": "sgd"}, "test": {"accuracy": 0.867}},
        {"name": "Model 9", "settings": {"optimizer": "rmsprop"}, "test": {"accuracy": 0.877}},
        {"name": "Trial 3", "test": {"accuracy": 0.858}},
    ]});
    fs::write(place.path("table.json"), table.to_string()).unwrap();
    let said = place.run(&["judge", "table.json", "--claims", "fashion-mnist", "--json"]).ok().out;
    let answer: Value = serde_json::from_str(&said).unwrap();
    let verdict = |id: &str| {
        let claims = answer["claims"].as_array().unwrap();
        claims.iter().find(|claim| claim["id"] == id).unwrap()["verdict"].clone()
    };
    assert_eq!(
        verdict("manual-above-optuna"),
        "undecided from one run",
        "the search has another name in the study"
    );
    assert_eq!(verdict("m1-longer-will-help"), "not testable", "no run named Model 1");
}

#[test]
fn a_file_that_holds_no_plain_records_is_refused_with_its_place() {
    let place = Place::new();
    fs::write(place.path("bad.json"), plain().replace("test_correct", "test_corect")).unwrap();
    let said = place.run(&["judge", "bad.json"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("line 1 column") && said.err.contains("test_corect"), "{}", said.err);
    assert!(said.err.contains("docs/judge.md"), "{}", said.err);
}

/// Made-up results with epochs and claims, and names that are hard to print; made by `judged/make.py`.
const RECORDS: &str = include_str!("judged/records.json");

#[test]
fn a_report_of_the_judgement_is_written_in_the_form_that_its_suffix_names() {
    let place = Place::new();
    fs::write(place.path("records.json"), RECORDS).unwrap();
    for (out, begins) in
        [("r.html", "<!DOCTYPE html>"), ("r.md", "# records.json"), ("r.tex", "% Written by toile")]
    {
        let said = place.run(&["judge", "records.json", "--report", out]).ok();
        assert!(
            said.out.contains("Ranking by test accuracy") && said.err.contains(&format!("report: {out}"))
        );
        let text = fs::read_to_string(place.path(out)).unwrap();
        assert!(text.starts_with(begins), "{out}");
        for word in ["Ranking", "Claims", "not testable", "Comparisons"] {
            assert!(text.contains(word), "`{word}` is not in {out}");
        }
        // Such a report may be written again, and is the same.
        place.run(&["judge", "records.json", "--report", out, "--json"]).ok();
        assert_eq!(fs::read_to_string(place.path(out)).unwrap(), text);
    }
    let claims = place.run(&["judge", "records.json", "--claims", "fashion-mnist", "--report", "c.md"]).ok();
    assert!(claims.err.contains("report: c.md"));
    assert!(fs::read_to_string(place.path("c.md")).unwrap().contains("Of 63 claims"));
}

#[test]
fn a_report_replaces_nothing_that_is_none() {
    let place = Place::new();
    fs::write(place.path("records.json"), RECORDS).unwrap();
    fs::write(place.path("notes.md"), "mine").unwrap();
    let refused =
        |out: &str, words: &[&str]| place.run(&["judge", "records.json", "--report", out]).refused(words);
    refused("notes.md", &["`notes.md` exists already", "name another file"]);
    refused("report.pdf", &["cannot tell the form of the report `report.pdf`", ".html, .md or .tex"]);
    refused("records.json", &["cannot tell the form"]);
    refused("nowhere/r.html", &["the report was not written", "nowhere"]);
    assert_eq!(fs::read_to_string(place.path("notes.md")).unwrap(), "mine");
    fs::create_dir(place.path("d.html")).unwrap();
    refused("d.html", &["`d.html` exists already"]);

    // Not even the report of a study, which another command writes.
    fs::write(place.path("study.toml"), STUDY).unwrap();
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let report = || fs::read(place.path("out").join("report.html")).unwrap();
    let before = report();
    refused("out/report.html", &["`out/report.html` exists already"]);
    assert!(before == report());
}

#[test]
fn a_study_is_written_as_latex_when_it_is_asked_for() {
    let place = Place::with_study(STUDY);
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert!(!place.path("out").join("latex").exists());
    let said = place.run(&["report", "out", "--latex"]).ok();
    assert!(said.err.contains("report.tex"), "{}", said.err);
    let latex = place.path("out").join("latex");
    let report = fs::read_to_string(latex.join("report.tex")).unwrap();
    for path in ["tables/ranking", "figures/overview", "preamble"] {
        assert!(report.contains(&format!("\\input{{{path}}}")), "{path}");
        assert!(latex.join(format!("{path}.tex")).exists(), "{path}");
    }
}

/// The results of a study have their own commands: whoever gives them to `judge` is told which.
#[test]
fn a_study_of_toile_is_sent_to_its_own_commands() {
    let place = Place::with_study(STUDY);
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    place.run(&["judge", "out"]).refused(&["out is a folder", "`toile findings out`"]);
    place.run(&["judge", "out/results.json"]).refused(&["unknown field `toile`", "`toile findings DIR`"]);
}

#[test]
fn a_study_is_compared_found_and_weighed() {
    let claims = "\n[[claims]]\nid = \"more\"\nsays = \"Conv is better than Dense.\"\nbetter = \"Conv\"\nthan = \"Dense\"\nbecause = \"model\"\n";
    let place = Place::with_study(&format!("{STUDY}{claims}"));
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let said = place.run(&["compare", "out", "Dense", "Conv"]).ok().out;
    for part in ["optimizer", "adam", "sgd", "test_accuracy", "one run each", "are right with Dense only"] {
        assert!(said.contains(part), "`{part}` is not in\n{said}");
    }
    let compared: Value =
        serde_json::from_str(&place.run(&["compare", "out", "Dense", "Conv", "--json"]).ok().out).unwrap();
    assert_eq!(compared["confounded"], true, "model, optimizer and learning rate differ");
    let said = place.run(&["compare", "out", "Dense", "Convv"]);
    assert!(said.code == Some(1) && said.err.contains("did you mean `Conv`?"), "{}", said.err);
    let findings = place.run(&["findings", "out", "--json"]).ok().out;
    assert!(findings.contains("\"one_run_each\"") && findings.contains("\"confounded_claim\""), "{findings}");
    assert_eq!(place.run(&["findings", "out", "--fail-on", "one_run_each"]).code, Some(4));
    assert_eq!(place.run(&["findings", "out", "--fail-on", "diverged"]).code, Some(0));
    assert_eq!(place.run(&["findings", "out", "--fail-on", "divergd"]).code, Some(1));
    let page = fs::read_to_string(place.path("out").join("report.md")).unwrap();
    for part in ["## Claims", "1 confounded", "## Findings", "Which settings are better is not established"] {
        assert!(page.contains(part), "`{part}` is not in the report");
    }
    assert_eq!(place.results("out")["judgement"]["claims"][0]["verdict"], "confounded");
}

#[test]
fn a_run_is_trained_again_from_its_record_and_two_folders_are_compared() {
    let place = Place::new();
    place.run(&["run", "study.toml", "--out", "one"]).ok();
    place.run(&["run", "study.toml", "--out", "other", "--seeds", "2", "--threads", "1"]).ok();
    let said = place.run(&["verify", "one", "--run", "Conv"]).ok();
    assert!(said.out.contains("Conv, seed 7: equal, bit for bit"), "{}", said.out);
    let said = place.run(&["verify", "one", "--with", "other"]).ok().out;
    for line in [
        "Dense, seed 7: equal",
        "Conv, seed 7: equal",
        "Dense, seed 8: only in the second",
        "2 equal bit for bit",
    ] {
        assert!(said.contains(line), "`{line}` is not in\n{said}");
    }
    // Another batch size under the same name.
    let text = STUDY.replace("batch_size = 32", "batch_size = 16");
    fs::write(place.path("study.toml"), text).unwrap();
    place.run(&["run", "study.toml", "--out", "third"]).ok();
    let said = place.run(&["verify", "one", "--with", "third"]);
    assert_eq!(said.code, Some(1));
    assert!(said.out.contains("Dense, seed 7: not equal: other settings or data"), "{}", said.out);
    place
        .run(&["verify", "one", "--run", "Con"])
        .refused(&["no complete run `Con`", "complete are: Conv; Dense"]);
}
