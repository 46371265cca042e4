//! Seeds that are added until comparisons are decided, from the study file and from the command line.

use crate::common;

use common::{Place, STUDY};
use serde_json::Value;

/// [`STUDY`] with seeds as needed; the convolutional network has three and gets no more.
fn study(seeds: &str) -> String {
    let text = STUDY.replace("seed = 7\n", &format!("seed = 7\nseeds = {seeds}\n"));
    text.replace("name = \"Conv\"\n", "name = \"Conv\"\nseeds = 3\n")
}

fn seeds(results: &Value, name: &str) -> usize {
    let runs = results["runs"].as_array().expect("runs");
    runs.iter().filter(|run| run["name"] == name && run["state"] == "complete").count()
}

#[test]
fn runs_get_seeds_until_the_last_look_and_the_report_says_how_it_went() {
    let twin = "\n[[runs]]\nname = \"Twin\"\nmodel = \"dense\"\noptimizer = \"nadam\"\n";
    let place = Place::with_study(&(study("{ at_least = 3, until = \"decided\", at_most = 5 }") + twin));
    let plan = place.run(&["plan", "study.toml", "--no-timing"]).ok().out;
    assert!(plan.contains("looked at with 3, 5 seeds") && plan.contains("at most 13 runs"), "{plan}");
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let results = place.results("out");
    let race = &results["judgement"]["race"];
    assert_eq!((&race["looks"], seeds(&results, "Conv")), (&serde_json::json!([3, 5]), 3));
    // A hundred validation images cannot tell the two dense networks apart.
    assert_eq!((seeds(&results, "Dense"), seeds(&results, "Twin"), &race["taken"]), (5, 5, &2.into()));
    let pairs = results["judgement"]["verdicts"].as_array().expect("verdicts");
    let twins = pairs.iter().find(|pair| pair["a"] == "Dense" && pair["b"] == "Twin").expect("the pair");
    assert_eq!((&twins["seeds"], &twins["alpha"]), (&serde_json::json!([5, 5]), &0.02.into()));
    let page = std::fs::read_to_string(place.path("out/report.md")).expect("a report");
    assert!(page.contains("Seeds are added until the comparisons are decided"), "{page}");
    let again = place.run(&["run", "study.toml", "--out", "out"]).ok();
    assert!(again.err.contains("nothing to train: 13 runs done before"), "{}", again.err);
}

#[test]
fn the_command_line_races_all_runs_and_the_record_says_so() {
    let place = Place::with_study(&study("1"));
    place.run(&["run", "study.toml", "--out", "out", "--until", "decided", "--only", "Conv"]).ok();
    assert_eq!(seeds(&place.results("out"), "Conv"), 3, "alone it has nothing to be compared with");
    place.run(&["run", "study.toml", "--out", "out", "--until", "decided"]).ok();
    let raced = place.results("out");
    let race = &raced["judgement"]["race"];
    assert_eq!(race["looks"], serde_json::json!([3, 5, 10, 20]));
    let made = (seeds(&raced, "Dense"), seeds(&raced, "Conv"));
    assert!([3, 5, 10, 20].contains(&made.0) && made.0 == made.1, "{made:?}");
    place.run(&["report", "out"]).ok();
    assert_eq!(place.results("out")["judgement"]["race"], *race, "it is in the record");
    // Without the word it is the study of the file again.
    place.run(&["run", "study.toml", "--out", "out"]).ok();
    let plain = place.results("out");
    assert_eq!((seeds(&plain, "Dense"), &plain["judgement"]["race"]), (1, &Value::Null));
}

#[test]
fn a_race_without_validation_images_is_refused() {
    let place = Place::with_study(&STUDY.replace("validation_split = 0.2\n", ""));
    let refused = ["on validation images, and the study has none", "validation_split = 0.1"];
    place.run(&["run", "study.toml", "--until", "decided"]).refused(&refused);
    let place = Place::with_study(&study("{ until = \"decided\" }").replace("validation_split = 0.2\n", ""));
    place.run(&["run", "study.toml"]).refused(&refused);
    let both = place.run(&["run", "study.toml", "--until", "decided", "--seeds", "5"]);
    assert!(both.code == Some(2) && both.err.contains("cannot be used with"), "{}", both.err);
}
