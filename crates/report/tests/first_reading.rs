//! What somebody reads who has never seen a report: no number against another, no column of dashes, one word for one
//! thing.

use crate::common;

use common::searches::{search, tpe};
use serde_json::json;
use toile_record::*;
use toile_report::{ReportView, html, markdown, view};

fn fact(view: &ReportView, label: &str) -> Option<String> {
    let setup = view.section("setup").expect("a set-up");
    setup.facts.iter().find(|fact| fact.label == label).map(|fact| fact.value.clone())
}

/// A study in which nothing was published.
fn unpublished(seeds: u64) -> Records {
    let mut records = common::records(seeds);
    for run in &mut records.runs {
        (run.published, run.note) = (None, None);
        run.name = run.name.replace(" as published", "");
        run.folder = run.folder.replace("-as-published", "");
    }
    records
}

#[test]
fn one_seed_is_named_in_the_singular_and_several_as_a_range() {
    let one = view(&common::records(1));
    assert_eq!((fact(&one, "Seed").as_deref(), fact(&one, "Seeds")), (Some("7"), None));
    let five = view(&common::records(5));
    assert_eq!((fact(&five, "Seeds").as_deref(), fact(&five, "Seed")), (Some("7 to 11"), None));
}

/// An interrupted run has no time of its own yet, and its finished epochs have: by hand, two epochs of 40 and 47 s.
#[test]
fn the_time_of_an_interrupted_run_is_that_of_its_epochs_wherever_it_stands() {
    let mut records = common::records(1);
    records.runs.truncate(1);
    let run = &mut records.runs[0];
    (run.state, run.test, run.provenance.wall_seconds) = (State::Waiting, None, 0.0);
    run.epochs.truncate(2);
    (run.epochs[0].seconds, run.epochs[1].seconds) = (40.0, 47.0);
    let view = view(&records);
    let tile = view.summary.figures.last().expect("a tile");
    assert_eq!((tile.value.as_str(), tile.detail.as_str()), ("87.0 s", "0 of 1 run complete"));
    assert!(fact(&view, "Time").is_some_and(|time| time.starts_with("sum of the times of the runs 87.0 s")));
    let page = html(&view);
    assert!(
        page.contains("87.0 s of training per run (43.5 s per epoch), "),
        "no time with evaluations is known"
    );
    assert!(!page.contains(">0 ms") && !page.contains(" 0 ms"));
}

#[test]
fn a_study_without_published_numbers_has_no_word_of_them() {
    let mut records = common::searched(unpublished(2));
    records.searches.iter_mut().for_each(|search| search.search.published = None);
    records.runs.iter_mut().for_each(|run| run.published = None);
    let view = view(&records);
    for face in [html(&view), markdown(&view)] {
        let end = face.find("Study file</h2>").or(face.find("## Study file")).expect("the study file");
        let shown = &face[face.find("<main").unwrap_or(0)..end];
        // What stands between the tags: the names of styles are no words.
        let shown: String = shown.split('<').filter_map(|part| part.split('>').next_back()).collect();
        let of_them = ["ours", "Ours", "published", "Published", "Difference"];
        let lines = shown.lines();
        let says =
            |line: &&str| line.split(|c: char| !c.is_alphanumeric()).any(|word| of_them.contains(&word));
        assert_eq!(lines.filter(says).collect::<Vec<_>>(), Vec::<&str>::new());
        assert!(!face.contains("reading-z"));
    }
}

#[test]
fn a_study_with_published_numbers_has_its_columns() {
    let records = common::searched(common::records(2));
    let view = view(&records);
    let page = html(&view);
    for words in [">Published</th>", ">Difference</th>", "id=\"reading-z\"", "Ours ± sd", ">ours</th>"] {
        assert!(page.contains(words), "no {words}");
    }
}

/// Choices have no order: their smallest is no end of a range.
#[test]
fn the_smallest_of_some_choices_is_called_so() {
    let mut found = search("s", 0, tpe(), 40, 0.0, false);
    let distribution =
        json!({"name": "CategoricalDistribution", "attributes": {"choices": [32, 64, 128, 256]}});
    for trial in &mut found.trials {
        trial.params = vec![ParamRecord {
            name: "batch_size".into(),
            value: f64::from(trial.number as u32 % 4),
            distribution: distribution.clone(),
        }];
        trial.state = State::Complete;
        trial.values = vec![0.9 - 0.01 * trial.number as f64];
    }
    found.search.space =
        json!({"params": [{"name": "batch_size", "distribution": distribution, "when": []}]});
    let mut records = common::records(1);
    records.searches = vec![found];
    let warnings = view(&records).searches.sections[0].warnings.join("\n");
    assert!(!warnings.contains("end of its range"), "{warnings}");
    let wanted = "has batch_size 32, the smallest of the choices: a smaller value may be better still.";
    assert!(warnings.contains(wanted), "{warnings}");
}

#[test]
fn any_number_of_workers_gives_the_same_search_and_some_trials_run_side_by_side() {
    let mut records = common::records(1);
    let mut found = search("s", 0, tpe(), 12, 0.0, false);
    found.search.lag = Some(3);
    records.searches = vec![found];
    let page = html(&view(&records));
    assert!(page.contains("any number of workers gives the same search; up to 4 trials run side by side"));
}

/// The warning says it, so that no second sentence does.
#[test]
fn too_few_trials_for_importance_are_said_once() {
    let mut records = common::records(1);
    records.searches = vec![search("s", 0, tpe(), 12, 0.0, false)];
    let text = markdown(&view(&records));
    assert!(text.contains("too small to say which parameters matter"), "the warning");
    assert!(!text.contains("No importance"), "{text}");
}

#[test]
fn a_quantity_has_one_name_on_the_whole_page() {
    let view = view(&common::searched(common::records(2)));
    for face in [html(&view), markdown(&view)] {
        for other in
            ["Val Accuracy", "Val accuracy", "Val Loss", "Val loss", "Test Accuracy", "Top 5", "top 5"]
        {
            assert!(!face.contains(other), "{other}");
        }
    }
}

/// A run is named for its cost where it takes more than half of all. By hand: 100 of 190, 100 of 290.
#[test]
fn the_costliest_run_is_named_if_it_takes_more_than_half() {
    let cost = |second: u64, third: u64| {
        let mut records = common::records(1);
        records.runs.truncate(3);
        let epochs = records.runs[0].epochs.clone();
        for (run, flops) in records.runs.iter_mut().zip([100_000, 1_000 * second, 1_000 * third]) {
            (run.summary.training_flops, run.epochs) = (flops, epochs.clone());
        }
        let sentences = view(&records).summary.sentences;
        sentences.into_iter().find(|sentence| sentence.contains("One seed of every run")).expect("a sentence")
    };
    assert!(cost(50, 40).contains("52.6 % of it is"), "{}", cost(50, 40));
    assert!(cost(100, 90).ends_with(" of training."), "{}", cost(100, 90));
}
