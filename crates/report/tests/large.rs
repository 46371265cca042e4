//! Large studies: the page stays one that can be opened, and says what it leaves out.

use crate::common;

use std::io::Read;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::read::DeflateDecoder;
use toile_record::Records;
use toile_report::section::Section;
use toile_report::{ReportView, html, markdown, view};

/// So many runs of one epoch, each with its own name.
fn many(n: usize) -> Records {
    let mut records = common::records(1);
    let (first, labels) = (records.runs[0].clone(), records.study.data.test_labels.len() / 10);
    records.study.data.test_labels.truncate(labels);
    records.study.data.split.test_counts = vec![labels / 10; 10];
    records.study.data.n_test = labels;
    let run = |i: usize| {
        let mut run = first.clone();
        (run.name, run.position, run.id) = (format!("run {i}"), i, format!("{i:016x}"));
        (run.folder, run.seed, run.published) = (format!("runs/run-{i}"), i as u64, None);
        run.epochs.truncate(1);
        run.epochs[0].val_accuracy = Some(0.5 + 1e-5 * i as f64);
        let test = run.test.as_mut().expect("tested");
        (test.predictions, test.confidences) =
            (test.predictions[..labels].to_vec(), test.confidences[..labels].to_vec());
        run
    };
    records.runs = (0..n).map(run).collect();
    records
}

fn runs(view: &ReportView) -> &Section {
    view.section("runs").expect("the section of the runs")
}

/// 2,000 runs were a page of 61 MB.
#[test]
fn a_page_of_two_thousand_runs_is_small() {
    let view = view(&many(2_000));
    let (page, text) = (html(&view), markdown(&view));
    assert!(page.len() < 10_000_000, "{} bytes", page.len());
    assert!(text.len() < 10_000_000, "{} bytes", text.len());
}

#[test]
fn every_run_of_a_large_study_keeps_its_numbers_and_its_place() {
    let records = many(60);
    let view = view(&records);
    let (page, text) = (html(&view), markdown(&view));
    assert_eq!(runs(&view).parts.len(), 60);
    for (i, part) in runs(&view).parts.iter().enumerate() {
        let accuracy = records.runs[i].test.as_ref().expect("tested").accuracy;
        let last = part.tables[0].rows[0].last().expect("the test accuracy");
        assert_eq!((part.title.clone(), last.value), (format!("run {i}"), Some(accuracy)));
        assert!(page.contains(&format!("<article class=\"run\" id=\"{}\"", part.id)));
        assert!(
            page.contains(&format!("<a href=\"#{}\">", part.id)) && text.contains(&format!("### run {i}"))
        );
    }
}

/// It stands ready on the page, where it costs nothing until it is opened; without a script it is not offered.
#[test]
fn all_of_a_run_of_a_large_study_is_made_when_it_is_opened() {
    let view = view(&many(60));
    let (page, text) = (html(&view), markdown(&view));
    let wholes: Vec<&str> = page.split("<details class=\"whole\" data-whole=\"").skip(1).collect();
    assert_eq!(wholes.len(), 60);
    for whole in wholes {
        let (packed, _) = whole.split_once('"').expect("the end of what is packed");
        let packed = STANDARD.decode(packed).expect("base 64");
        let mut ready = String::new();
        DeflateDecoder::new(&packed[..]).read_to_string(&mut ready).expect("packed HTML");
        for words in ["<caption><span>Settings", "Accuracy. ", "Layers of the model", "Every setting"] {
            assert!(ready.contains(words), "{words} lacks in {ready}");
        }
    }
    assert!(!text.contains("Every setting"), "a file of words has them in brief");
    let few = html(&toile_report::view(&many(50)));
    assert!(!few.contains("class=\"whole\""), "of few runs everything stands there");
}

#[test]
fn a_large_study_says_what_its_page_leaves_out_and_where_it_is() {
    let view = view(&many(51));
    let said = runs(&view).paragraphs.join(" ");
    for words in ["(here 51)", "history.csv in the folder of each run", "results.json"] {
        assert!(said.contains(words), "{said}");
    }
    let overview = view.section("overview").expect("the overview");
    assert_eq!(
        overview.paragraphs,
        [
            "The figures show the 50 best by validation accuracy of 51 runs; the tables and results.csv have all of them."
        ]
    );
    let panels = overview.parts.iter().find(|part| part.title == "Validation accuracy").expect("panels");
    let titles: Vec<&str> = panels.figures.iter().map(|figure| figure.series[0].label.as_str()).collect();
    assert!(titles.len() == 50 && !titles.contains(&"run 0"), "the worst is not drawn: {titles:?}");
    for words in [said.as_str(), overview.paragraphs[0].as_str()] {
        assert!(html(&view).contains(words) && markdown(&view).contains(words), "{words}");
    }
}

/// A page of fifty runs has everything.
#[test]
fn a_study_of_fifty_runs_is_shown_in_full() {
    let view = view(&many(50));
    assert!(runs(&view).paragraphs.is_empty());
    assert!(
        runs(&view)
            .parts
            .iter()
            .all(|part| part.parts.iter().any(|inside| inside.title.contains("Confusion")))
    );
    assert!(view.section("overview").expect("the overview").paragraphs.is_empty());
}

/// A run of several epochs shows how it went, and one of several seeds each of them.
#[test]
fn a_run_in_brief_has_its_line_and_its_seeds() {
    let mut records = many(60);
    let more = common::records(1).runs[1].epochs.clone();
    records.runs[3].epochs = more;
    let mut second = records.runs[4].clone();
    (second.seed, second.id) = (99, "second".into());
    records.runs.insert(5, second);
    let view = view(&records);
    let part = |i: usize| &runs(&view).parts[i];
    assert_eq!((part(2).figures.len(), part(3).figures.len()), (0, 1));
    assert!(part(3).figures[0].caption.starts_with("Validation accuracy "), "{}", part(3).figures[0].caption);
    assert_eq!((part(3).tables.len(), part(4).tables.len(), part(4).tables[1].rows.len()), (1, 2, 2));
}
