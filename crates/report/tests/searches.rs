//! Searches in the report: what their sections say, what the files hold, and that nothing breaks them.

use crate::common;

use common::searches::{add, blank, search, tpe};
use common::with;
use serde_json::{Value, json};
use toile_record::*;
use toile_report::{html, markdown, results_json, trials_csv, view};

fn searched() -> Records {
    common::searched(common::records(1))
}

/// Every face of `records`: page, Markdown, JSON, CSV.
fn faces(records: &Records) -> [String; 4] {
    let view = view(records);
    [html(&view), markdown(&view), results_json(records, &view), trials_csv(records)]
}

/// The article of the search at `place`.
fn section(page: &str, place: usize) -> &str {
    let start = page.find(&format!("id=\"search-{}\"", place + 1)).expect("a section");
    &page[start..start + page[start..].find("</article>").expect("its end")]
}

/// Whether `text` says `words`, after the escapes of the page.
fn says(text: &str, words: &str) -> bool {
    text.replace("&#34;", "\"").replace("&#39;", "'").contains(words)
}

#[test]
fn every_search_has_its_charts_its_tables_and_its_sentences() {
    let page = html(&view(&searched()));
    let joint = section(&page, 0);
    for class in ["history", "trial-curves", "importance", "parallel", "timeline", "panel slice", "contour"] {
        assert!(joint.contains(&format!("<svg class=\"{class}\"")), "no {class}");
    }
    assert_eq!(joint.matches("<svg class=\"panel slice\"").count(), 7, "a slice per parameter");
    assert!(section(&page, 3).contains("<svg class=\"pareto\""));
    assert!(!joint.contains("<svg class=\"pareto\""), "one objective has no front");
    assert_eq!(
        page.matches("<svg class=\"lines\"").count(),
        6,
        "budget, time and distribution for each set of objectives"
    );
    for words in [
        "All 60 trials have ended: 48 complete, 10 pruned, 2 failed.",
        "Best is trial 57: validation accuracy 0.8852",
        "reproducible in parallel: trial n knows the results up to trial n − 4",
        "TPE (n_startup_trials 10",
        "median (n_startup_trials 5",
        "Trial 17: the loss is not finite",
        "random search over the same space (“joint at random”) found",
        "Selected on validation, by validation accuracy; the test set was opened once for it.",
        "optimizer is adam",
    ] {
        assert!(says(joint, words), "the section does not say: {words}");
    }
    assert!(says(section(&page, 3), "order-dependent: asynchronous"));
    assert!(says(section(&page, 3), "47 of 60 trials have ended"));
    assert!(says(section(&page, 2), "the whole space has 4 points, all of them tried: exhaustive"));
}

#[test]
fn both_faces_say_the_same_sentences() {
    let view = view(&searched());
    let (page, text) = (html(&view), markdown(&view));
    for search in &view.searches.sections {
        for sentence in search.sentences.iter().chain(&search.warnings) {
            let plain = text.replace('\\', "");
            assert!(says(&page, sentence) && plain.contains(sentence), "{sentence}");
        }
    }
}

#[test]
fn warnings_tell_what_a_search_does_not_show() {
    let mut edge = search("edge", 0, tpe(), 40, 0.0, false);
    for trial in &mut edge.trials {
        trial.params.truncate(1);
        trial.params[0] = ParamRecord {
            name: "learning_rate".into(),
            value: 0.1 - trial.number as f64 * 0.002,
            distribution: json!({"name": "FloatDistribution", "attributes": {"low": 1e-5, "high": 0.1, "log": false, "step": null}}),
        };
        if let Some(value) = trial.values.first_mut() {
            *value = 0.9 - trial.number as f64 * 0.01;
        }
    }
    let distribution = edge.trials[0].params[0].distribution.clone();
    edge.search.space =
        json!({"params": [{"name": "learning_rate", "distribution": distribution, "when": []}]});
    edge.search.objectives.push(ObjectiveRecord { metric: "milliseconds".into(), maximize: false });
    edge.search.plan = json!({"times_are_local": "4.3.0"});
    let many = view(&with(edge.clone())).searches.sections[0].warnings.join("\n");
    for words in [
        "come from a clock",
        "the local time of its machine",
        "on a linear scale",
        "Only learning_rate was varied",
    ] {
        assert!(many.contains(words), "{words} is not in {many}");
    }
    edge.search.objectives.truncate(1);
    edge.trials.truncate(8);
    let few = view(&with(edge)).searches.sections[0].warnings.join("\n");
    for words in [
        "The best trial, 0, has learning_rate 0.1, at the high end of its range (0.1): a larger value may be better still.",
        "8 complete trials, and 30 are needed",
        "The sampler has not proposed anything yet",
    ] {
        assert!(few.contains(words), "{words} is not in {few}");
    }
}

/// By hand: three seeds of 0.80, 0.82, 0.84: mean 0.82, and 4.303 · 0.02 / √3 = 0.0497 around it.
#[test]
fn a_trial_of_several_seeds_has_an_interval() {
    let mut seeds = search("seeds", 0, tpe(), 1, 0.0, false);
    seeds.search.seeds = 3;
    let epoch = |epoch, value| Epoch {
        epoch,
        loss: None,
        accuracy: None,
        train_loss: None,
        train_accuracy: None,
        val_loss: None,
        val_accuracy: Some(value),
        learning_rate: 0.1,
        seconds: 1.0,
        ..Epoch::default()
    };
    let ends = [0.80, 0.82, 0.84];
    let side = seeds.trials[0].side.as_mut().expect("a side");
    side.epochs = ends.iter().flat_map(|end| [epoch(1, 0.5), epoch(2, *end)]).collect();
    seeds.trials[0].values = vec![0.82];
    let best = view(&with(seeds)).searches.sections[0].best.clone().expect("a best trial");
    assert_eq!(best.interval.as_deref(), Some("0.7703 to 0.8697 at 95 %, over 3 seeds"));
}

/// The formula of the margin gives 0 then, which says nothing: equal trials are counted, and no others are called near.
#[test]
fn of_a_best_trial_without_a_mistake_only_the_equals_are_counted() {
    let mut found = search("s", 0, tpe(), 4, 0.0, false);
    for (trial, value) in found.trials.iter_mut().zip([1.0, 0.9, 1.0, 0.8]) {
        (trial.state, trial.values) = (State::Complete, vec![value]);
    }
    let said = |found: &SearchRecords| markdown(&view(&with(found.clone())));
    let (equal, near) = ("1 other trial has the same value", "within 0.0000");
    let text = said(&found);
    assert!(text.contains(equal) && !text.contains(near), "{text}");
    found.trials[2].values = vec![0.99];
    let text = said(&found);
    assert!(!text.contains(equal) && !text.contains(near), "{text}");
}

/// By hand: of two of the random values 0.1, 0.2, 0.3 the best is 0.2 once and 0.3 twice. With a pruner the trials are
/// no sample.
#[test]
fn the_budget_of_random_search_is_an_expectation_and_that_of_others_the_best_so_far() {
    let of = |sampler: Value| {
        let mut found = search("s", 0, sampler, 3, 0.0, false);
        for (trial, value) in found.trials.iter_mut().zip([0.3, 0.1, 0.2]) {
            (trial.state, trial.values) = (State::Complete, vec![value]);
            trial.side.as_mut().expect("a side").cpu_seconds = Some(2.0);
        }
        view(&with(found)).searches.compared[0].clone()
    };
    let (random, other) = (of(json!({"random": {}})), of(tpe()));
    let second = random.by_trials[0].points[1];
    assert!((second.1 - (0.2 + 0.3 + 0.3) / 3.0).abs() < 1e-12 && second.0 == 2.0, "{second:?}");
    assert_eq!(random.by_seconds[0].points[1].0, 4.0);
    assert!(random.budget_note.contains("expected best") && !random.budget_note.contains("best so far"));
    let mut pruned = search("s", 0, json!({"random": {}}), 3, 0.0, false);
    for (trial, value) in pruned.trials.iter_mut().zip([0.3, 0.1, 0.2]) {
        (trial.state, trial.values) = (State::Complete, vec![value]);
    }
    pruned.trials[1].state = State::Pruned;
    let pruned = view(&with(pruned)).searches.compared[0].clone();
    assert!(!pruned.budget_note.contains("expected best"), "{}", pruned.budget_note);
    assert_eq!(other.by_trials[0].points, [(1.0, 0.3), (3.0, 0.3)]);
    assert!(other.budget_note.contains("best so far") && !other.budget_note.contains("expected best"));
}

#[test]
fn the_book_of_the_test_set_is_shown_and_counted() {
    let records = searched();
    let page = html(&view(&records));
    assert!(says(
        &page,
        "opened 15 times, after training only: 13 × run of the study file, 1 × chosen by the search “joint”"
    ));
    assert_eq!(page.matches("<td>run of the study file</td>").count(), 13);
    let fact = |records: &Records| {
        let setup = view(records).section("setup").expect("a set-up").clone();
        setup.facts.into_iter().find(|fact| fact.label == "Test set").expect("a line").value
    };
    let mut without = common::records(1);
    assert_eq!(fact(&without), "opened 13 times, after training only", "records without a book");
    without.runs.clear();
    assert_eq!(fact(&without), "never opened");
    let mut partly = searched();
    partly.test_openings.truncate(13);
    assert!(fact(&partly).ends_with("and for 2 runs of which no opening is recorded"), "{}", fact(&partly));
}

#[test]
fn results_json_has_the_searches() {
    let mut records = searched();
    let trial = &mut records.searches[1].trials[0];
    trial.intermediate = vec![(1, f64::NAN), (2, f64::INFINITY), (3, 0.5)];
    trial.values = vec![f64::NEG_INFINITY];
    let json: Value = serde_json::from_str(&results_json(&records, &view(&records))).expect("JSON");
    let (joint, random) = (&json["searches"][0], &json["searches"][1]);
    assert_eq!((joint["name"].as_str(), joint["trials"].as_array().map(Vec::len)), (Some("joint"), Some(60)));
    let trial = &joint["trials"][57];
    assert_eq!((trial["number"].as_u64(), trial["state"].as_str()), (Some(57), Some("complete")));
    assert_eq!(
        (trial["params"]["optimizer"].as_str(), trial["params"]["batch_size"].as_u64()),
        (Some("adam"), Some(128))
    );
    assert!(trial["params"]["optimizer.adam.learning_rate"].as_f64().is_some_and(|rate| rate > 0.0));
    assert_eq!(trial["params"].get("optimizer.sgd.learning_rate"), None, "absent parameters are absent");
    assert_eq!(trial["intermediate"].as_array().map(Vec::len), Some(10));
    assert_eq!(joint["best"]["number"], 57);
    assert_eq!(joint["best"]["value"], trial["value"]);
    let ours = joint["final"]["test_accuracy"].as_f64().expect("tested");
    assert_eq!(joint["final"]["id"], "chosen-0");
    assert_eq!(joint["final"]["difference"].as_f64(), Some(ours - 0.867));
    assert_eq!(random["final"], Value::Null);
    assert_eq!(random["trials"][0]["value"], "-inf");
    assert_eq!(random["trials"][0]["intermediate"], json!([[1, "nan"], [2, "inf"], [3, 0.5]]));
    assert_eq!(joint["importance"].as_array().map(Vec::len), Some(7));
    assert!(
        !results_json(&records, &view(&records)).contains("null,\n          null"),
        "a trial is one line"
    );
}

#[test]
fn results_json_has_the_keys_that_its_page_documents_and_no_others() {
    let documented = include_str!("../../../docs/results-json.md");
    let records = searched();
    let json: Value = serde_json::from_str(&results_json(&records, &view(&records))).expect("JSON");
    let mut keys = Vec::new();
    collect(&json, "", &mut keys);
    for key in keys {
        assert!(documented.contains(&format!("`{key}`")), "docs/results-json.md does not name `{key}`");
    }
}

/// All keys but those of the study file's own words.
fn collect(value: &Value, under: &str, keys: &mut Vec<String>) {
    match value {
        Value::Object(map)
            if !["plan", "space", "sampler", "pruner", "params", "numbers"].contains(&under) =>
        {
            map.iter().for_each(|(key, value)| {
                keys.push(key.clone());
                collect(value, key, keys);
            });
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, under, keys)),
        _ => {}
    }
}

#[test]
fn trials_csv_has_one_line_per_trial() {
    let mut records = searched();
    records.searches[1].trials[0].values = vec![f64::INFINITY];
    records.searches[0].search.name = "=joint".into();
    let csv = trials_csv(&records);
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 1 + 60 + 60 + 4 + 48);
    let commas = |line: &str| line.matches(',').count();
    assert!(lines.iter().all(|line| commas(line) == commas(lines[0])), "every line has every column");
    assert!(lines[0].starts_with("search,number,state,value,value.parameters,optimizer,"), "{}", lines[0]);
    assert!(lines[1].starts_with("'=joint,0,"), "{}", lines[1]);
    assert!(lines[61].starts_with("joint at random,0,complete,inf,"), "{}", lines[61]);
}

/// Searches that nobody expects, each with what its section must say.
#[test]
fn searches_without_results_have_a_section_that_says_so() {
    let all = |state: State| {
        let mut found = search("s", 0, tpe(), 12, 0.0, false);
        for trial in &mut found.trials {
            trial.state = state;
            if state != State::Pruned {
                trial.values.clear();
            }
        }
        found
    };
    let one = search("one", 0, tpe(), 1, 0.0, false);
    for (found, words) in [
        (blank("empty", 0, tpe()), "None of the 60 trials has begun."),
        (all(State::Failed), "All 12 trials have ended: 0 complete, 12 failed."),
        (all(State::Pruned), "All 12 trials have ended: 0 complete, 12 pruned."),
        (all(State::Waiting), "0 of 12 trials have ended: 0 complete, 12 waiting."),
        (all(State::Running), "0 of 12 trials have ended: 0 complete, 12 running."),
        (one, ""),
    ] {
        let faces = faces(&with(found));
        assert!(says(section(&faces[0], 0), words), "{words}");
        assert!(says(section(&faces[0], 0), "No contours"), "{words}");
        serde_json::from_str::<Value>(&faces[2]).expect("JSON");
    }
}

#[test]
fn numbers_that_are_none_stay_outside_the_charts() {
    let mut found = search("s", 0, tpe(), 40, 0.0, false);
    let odd = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, -f64::MAX, 1e-300];
    for (i, trial) in found.trials.iter_mut().enumerate() {
        let value = odd[i % odd.len()];
        trial.intermediate.iter_mut().step_by(2).for_each(|step| step.1 = value);
        trial.values.iter_mut().for_each(|v| *v = value);
        trial.params.iter_mut().skip(i % 3).for_each(|param| param.value = value);
        let side = trial.side.as_mut().expect("a side");
        (side.wall_seconds, side.cpu_seconds) = (value, Some(value));
        trial.started = Some(["", "yesterday", "2026-11-22T10:00:00Z"][i % 3].into());
    }
    let faces = faces(&with(found));
    for chart in faces[0].split("<svg").skip(1).filter_map(|rest| rest.split("</svg>").next()) {
        let marks: String = chart.split('<').filter_map(|part| part.split('>').next()).collect();
        assert!(!marks.contains("NaN") && !marks.contains("inf"), "{}", &chart[..300.min(chart.len())]);
    }
    serde_json::from_str::<Value>(&faces[2]).expect("JSON stays JSON");
}

#[test]
fn names_with_markup_are_shown_and_do_not_run() {
    let evil = "<script>alert(1)</script>&\"'`|*_[x](javascript:1)\u{202E}\0";
    let mut records = searched();
    for found in &mut records.searches {
        let space = found.search.space.to_string().replace("batch_size", "BATCH");
        let evil_json = serde_json::to_string(evil).expect("text");
        let space = space.replace("\"BATCH\"", &evil_json).replace("\"adam\"", &evil_json);
        found.search.space = serde_json::from_str(&space).expect("a space");
        (found.search.name, found.search.note) = (evil.into(), Some(evil.into()));
        found.search.fingerprint = evil.into();
        found.search.objectives[0].metric = evil.into();
        found.search.sampler = json!({evil: {evil: evil}});
        for trial in &mut found.trials {
            trial.params.iter_mut().filter(|p| p.name == "batch_size").for_each(|p| p.name = evil.into());
            trial.started = Some(evil.into());
            let side = trial.side.as_mut().expect("a side");
            side.worker = Some(evil.into());
            side.end = Some(End::Other { words: evil.into() });
        }
    }
    records.test_openings.iter_mut().for_each(|opening| {
        (opening.time, opening.why) = (evil.into(), evil.into());
    });
    let faces = faces(&records);
    assert!(
        !common::without_script(&faces[0]).contains("<script")
            && !faces[0].contains('\u{202E}')
            && !faces[0].contains('\0')
    );
    assert!(!faces[1].split("## Study file").next().expect("text").contains("<script"));
    serde_json::from_str::<Value>(&faces[2]).expect("JSON stays JSON");
}

#[test]
fn records_of_another_form_are_shown_as_far_as_they_go() {
    let long = "ünïcödé ".repeat(1_250);
    let mut found = search(&long, 0, json!(17), 20, 0.0, false);
    found.search.space = json!("no space");
    found.search.pruner = json!([1, 2]);
    found.search.plan = json!(null);
    found.search.objectives.clear();
    for trial in &mut found.trials {
        trial.params.iter_mut().for_each(|param| param.name = format!("{}{long}", param.name));
        trial.params.iter_mut().skip(2).for_each(|param| param.distribution = json!({"name": "nothing"}));
        trial.side = None;
    }
    let faces = faces(&with(found));
    assert!(!faces[0].contains(&long) && faces[2].contains(&long), "the page cuts, the exports do not");
    assert!(
        says(section(&faces[0], 0), "not in the search's space")
            && says(section(&faces[0], 0), "another program")
    );
}

#[test]
fn ten_thousand_trials_have_a_page_of_bounded_size() {
    let records = with(search("big", 0, tpe(), 10_000, 0.8, true));
    let page = html(&view(&records));
    let size = section(&page, 0).len();
    assert!(size < 1_500_000, "the section has {size} bytes");
    assert!(says(section(&page, 0), "Of 9,655 trials, 1,381 are drawn."));
}

#[test]
fn an_infeasible_trial_is_never_the_best() {
    let mut found = search("s", 0, tpe(), 20, 0.0, false);
    let best = |found: &SearchRecords| {
        view(&with(found.clone())).searches.sections[0].best.as_ref().map(|best| best.number)
    };
    let first = best(&found).expect("a best trial");
    found.trials[first].system_attributes = vec![("constraints:size".into(), json!(0.5))];
    assert_ne!(best(&found), Some(first));
    found.trials[first].system_attributes = vec![("constraints".into(), json!([-1.0, 0.0]))];
    assert_eq!(best(&found), Some(first));
}

#[test]
fn the_same_records_give_the_same_bytes() {
    assert_eq!(faces(&searched()), faces(&searched()));
}

#[test]
fn procedural_data_is_named_on_every_figure_of_a_search() {
    let mut records = common::procedural(common::records(1));
    add(&mut records);
    let page = html(&view(&records));
    for (element, end) in [("<figure", "</figure>"), ("<caption", "</caption>"), ("<svg class", "</svg>")] {
        for part in page.split(element).skip(1).filter_map(|rest| rest.split(end).next()) {
            let is_named =
                part.contains(toile_report::PROCEDURAL_NOTICE) || part.contains("id=\"all-curves\"");
            assert!(is_named, "{element}{}", &part[..part.len().min(300)]);
        }
    }
    assert!(trials_csv(&records).lines().skip(1).all(|line| line.contains(toile_report::PROCEDURAL_NOTICE)));
}

/// Four optimizers had four columns of learning rates, each of them mostly empty.
#[test]
fn the_learning_rates_of_several_optimizers_are_one_column() {
    let view = view(&with(search("s", 0, tpe(), 12, 0.0, false)));
    let top = &view.searches.sections[0].top;
    let names: Vec<&str> = top.header.iter().map(String::as_str).collect();
    assert_eq!(names[3..], ["optimizer", "learning_rate", "batch_size", "dropout", "Time"]);
    assert!(top.rows.iter().all(|row| row[4].value.is_some()), "every trial has one");
}
