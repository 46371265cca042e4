//! Faces of the results: all runs in one picture, each class, reliability, labels that may be wrong.

use crate::common;

use serde_json::Value;
use toile_record::{Evidence, ImageRecord, Records};
use toile_report::section::{FigurePicture, Section};
use toile_report::{ReportView, html, markdown, results_json, view};

fn section<'a>(view: &'a ReportView, id: &str) -> &'a Section {
    view.section(id).expect(id)
}

fn svg(section: &Section, figure: usize) -> &str {
    match &section.figures[figure].picture {
        FigurePicture::Svg(svg) => svg,
        FigurePicture::Png { .. } => panic!("a drawing"),
    }
}

#[test]
fn one_seed_is_thin_and_dashed_and_has_no_band() {
    let mut records = common::records(3);
    // The second run keeps one of its seeds, and few runs stay.
    records.runs.retain(|run| run.position < 4 && (run.position != 1 || run.seed == 7));
    let view = view(&records);
    let learning = section(&view, "learning");
    let picture = svg(learning, 0);
    assert_eq!(
        (picture.matches("class=\"range").count(), picture.matches("class=\"one-run").count()),
        (3, 4)
    );
    assert!(picture.contains("class=\"one-run c1 one\"") && !picture.contains("range c1"), "the second run");
    assert!(picture.contains("<desc>Model 1 (3 seeds): ") && picture.contains("Model 2 (1 seed): "));
    let note = learning.notes.join(" ");
    assert!(note.contains("A line that is thin and dashed, without a band, is of one seed"), "{note}");
    assert!(
        !view.section("overview").expect("it").parts.iter().any(|part| part.title == "Validation accuracy")
    );
    for face in [html(&view), markdown(&view)] {
        assert!(face.contains("How the runs learnt") && face.contains("is of one seed"));
    }
}

#[test]
fn of_many_runs_those_that_lead_and_the_published_best_are_named() {
    let view = view(&common::records(1));
    let learning = section(&view, "learning");
    let picture = svg(learning, 0);
    assert_eq!(
        (picture.matches("class=\"one-run").count(), picture.matches("class=\"other").count()),
        (5, 8)
    );
    let best = &view.groups[view.ranking.rows[0].group].name;
    let note = learning.notes.join(" ");
    assert!(
        note.contains("In colour: the 5 runs highest by validation accuracy, and “CNN with dropout”"),
        "{note}"
    );
    assert!(learning.figures[0].series.iter().any(|line| line.label.ends_with(best.as_str())));
    assert_eq!(learning.figures.len(), 2, "accuracy and loss");
    // A run has one colour on the page: in the picture of all and in its own small one.
    let panels =
        view.section("overview").expect("it").parts.iter().find(|part| part.title == "Validation accuracy");
    let small = (0..13).map(|i| svg(panels.expect("panels"), i)).find(|svg| svg.contains("CNN with dropout"));
    let colour = picture.split("class=\"run-name ").last().and_then(|rest| rest.split([' ', '"']).next());
    assert!(small.expect("its picture").contains(&format!("line val {}", colour.expect("a colour"))));
}

/// Label smoothing adds to a loss what no training can take away.
#[test]
fn losses_that_are_not_the_same_quantity_are_called_so() {
    let mut records = common::records(1);
    let caption = |records: &Records| section(&view(records), "learning").figures[1].caption.clone();
    assert_eq!(
        caption(&records),
        "Validation loss by epoch: lower is better. The axis of epochs is logarithmic."
    );
    records.runs[3].plan["label_smoothing"] = 0.1.into();
    assert!(caption(&records).ends_with("their losses are not the same quantity."));
}

#[test]
fn epochs_are_whole_numbers_and_names_are_not_cut() {
    let mut records = common::records(1);
    let name = "Trial 2: batch size: best of the grid";
    records.runs.iter_mut().for_each(|run| run.epochs.truncate(4));
    records.runs[11].name = name.to_owned();
    let view = view(&records);
    let learning = svg(section(&view, "learning"), 0);
    let overview = view.section("overview").expect("it");
    let panels = overview.parts.iter().find(|part| part.title == "Validation accuracy").expect("panels");
    for picture in [learning, svg(panels, 0), svg(panels, 11)] {
        for epoch in 1..=4 {
            assert!(picture.contains(&format!(">{epoch}</text>")), "{epoch}");
        }
        assert!(!picture.contains(">1.0</text>") && !picture.contains('…'), "{picture}");
    }
    assert!(svg(panels, 11).contains(">Trial 2: batch") && svg(panels, 11).contains("grid</text>"));
}

/// Labels 0 to 9 in turn, all right, but so many images of class 6 taken for 0 by a seed.
fn with_wrong(records: &mut Records, wrong: impl Fn(usize, usize) -> bool) {
    let labels = records.study.data.test_labels.clone();
    for (i, run) in records.runs.iter_mut().enumerate() {
        let test = run.test.as_mut().expect("tested");
        let found = labels.iter().enumerate().map(|(at, label)| if wrong(i, at) { 0 } else { *label });
        test.predictions = found.collect();
    }
}

#[test]
fn each_class_has_precision_recall_and_f1_over_the_seeds() {
    let mut records = common::records(2);
    records.runs.truncate(2);
    // 100 and 300 of the thousand shirts (label 6) are taken for T-shirts (label 0).
    with_wrong(&mut records, |run, at| at % 10 == 6 && at < if run == 0 { 1_000 } else { 3_000 });
    let view = view(&records);
    let scores = &view.groups[0].confused.as_ref().expect("tested").scores;
    let mean =
        |one: &Option<toile_report::view::Estimate>| one.as_ref().map(|one| (1e6 * one.mean).round() / 1e6);
    let (shirt, tee) = (&scores.classes[6], &scores.classes[0]);
    // By hand: recall .9 and .7; precision of T-shirts 1000/1100 and 1000/1300; F1 = 2 hits / (images + predictions).
    assert_eq!((mean(&shirt.recall), mean(&shirt.precision)), (Some(0.8), Some(1.0)));
    assert_eq!(mean(&shirt.f1), Some(((1800.0 / 1900.0 + 1400.0 / 1700.0) / 2.0 * 1e6f64).round() / 1e6));
    assert_eq!(mean(&tee.precision), Some(((10.0 / 11.0 + 10.0 / 13.0) / 2.0 * 1e6f64).round() / 1e6));
    assert_eq!((shirt.images, scores.macro_average.images, scores.hardest), (1_000, 10_000, Some(6)));
    let hardest = "The hardest class is “Shirt” in 1 run (recall 0.800).";
    for face in [html(&view), markdown(&view)] {
        assert!(face.contains("0.800 ± 0.141") && face.contains("Macro average"), "recall .9 and .7");
        assert!(face.contains(hardest));
    }
    let json: Value = serde_json::from_str(&results_json(&records, &view)).expect("JSON");
    let shirt = &json["runs"][1]["classification"]["classes"][6];
    assert_eq!((shirt["recall"].as_f64(), shirt["images"].as_u64()), (Some(0.7), Some(1_000)));
}

/// Every image with the same confidence; 9,000 of 10,000 right.
fn sure(confidence: f32) -> Records {
    let mut records = common::records(2);
    records.runs.truncate(2);
    with_wrong(&mut records, |_, at| at % 10 == 6);
    for run in &mut records.runs {
        let test = run.test.as_mut().expect("tested");
        test.confidences = vec![confidence; 10_000];
        test.losses = vec![0.25; 10_000];
    }
    records
}

#[test]
fn over_confidence_is_told_with_its_interval() {
    let said = |confidence| view(&sure(confidence)).groups[0].reliability.clone().expect("known").sentence();
    let over = said(0.95);
    // 5 points; ± 1.96 √(.09/10,000) = .6 points.
    assert!(
        over.starts_with("Over-confident by 5.0 points [4.4 to 5.6]: its mean confidence is 95.0 %"),
        "{over}"
    );
    let under = said(0.85);
    assert!(under.starts_with("Under-confident by 5.0 points [4.4 to 5.6]"), "{under}");
    let neither = said(0.9);
    assert!(neither.starts_with("Neither over- nor under-confident as far as can be told"), "{neither}");
}

#[test]
fn the_reliability_of_a_run_is_on_both_faces_and_in_the_results() {
    let records = sure(0.95);
    let view = view(&records);
    let page = html(&view);
    assert!(page.contains("<title>Reliability of Model 1</title>"));
    for words in
        ["Calibration error (ECE) 0.0500 ± 0.0000", "NLL 0.2500", "10,000 test images, 2 seeds together"]
    {
        assert!(page.contains(words) && markdown(&view).replace('\\', "").contains(words), "{words}");
    }
    let json: Value = serde_json::from_str(&results_json(&records, &view)).expect("JSON");
    let found = &json["runs"][0]["calibration"];
    let near =
        |key: &str, value: f64| assert!((found[key].as_f64().expect(key) - value).abs() < 1e-6, "{key}");
    [("expected_error", 0.05), ("nll", 0.25), ("mean_confidence", 0.95), ("accuracy", 0.9)]
        .into_iter()
        .for_each(|(key, value)| near(key, value));
    assert_eq!((found["part"].as_str(), found["bins"][0]["images"].as_u64()), (Some("test"), Some(10_000)));
}

/// A loss with label smoothing is not −ln of the label's probability, and nothing is said of it.
#[test]
fn what_the_loss_does_not_tell_is_not_said() {
    let mut records = sure(0.95);
    records.runs.iter_mut().for_each(|run| run.plan["label_smoothing"] = 0.1.into());
    let view = view(&records);
    assert_eq!(view.groups[0].reliability.as_ref().expect("known").nll, None);
    assert!(!html(&view).contains("NLL 0."));
}

#[test]
fn while_the_test_is_sealed_validation_shows_the_reliability() {
    let mut records = sure(0.95);
    records.study.data.split.validation_labels = records.study.data.test_labels.clone();
    for run in &mut records.runs {
        run.validation = run.test.take();
    }
    let view = view(&records);
    assert!(html(&view).contains("Reliability on the 10,000 validation images"));
    assert!(view.groups[0].confused.is_none());
}

/// Five trainings on a thousand images: the label is right, but for ten images that all five call the next class.
fn suspicious(confidence: f32) -> Records {
    let mut records = common::records(1);
    records.runs.truncate(5);
    let data = &mut records.study.data;
    data.test_labels.truncate(1_000);
    (data.n_test, data.split.test_counts) = (1_000, vec![100; 10]);
    let labels = data.test_labels.clone();
    let is_suspect = |at: usize| at % 100 == 42;
    for run in &mut records.runs {
        run.test = Some(Evidence {
            loss: Some(0.1),
            accuracy: 0.99,
            predictions: labels
                .iter()
                .enumerate()
                .map(|(at, l)| if is_suspect(at) { l + 1 } else { *l })
                .collect(),
            confidences: vec![confidence; 1_000],
            // The probability of a right label is a little less than the confidence, of a wrong one a hundredth.
            losses: (0..1_000)
                .map(|at| if is_suspect(at) { -(0.01f32.ln()) } else { 1e-4 - confidence.ln() })
                .collect(),
        });
    }
    let image = |index| ImageRecord { index, pixels: vec![index as u8; 28 * 28] };
    records.images = (0..1_000).filter(|at| is_suspect(*at)).map(image).collect();
    records
}

#[test]
fn images_that_all_trainings_call_something_else_are_shown_with_what_chance_would_give() {
    let records = suspicious(0.999);
    let view = view(&records);
    let found = view.suspects.as_ref().expect("five trainings");
    let part = &found.parts[0];
    assert_eq!((part.trainings, part.needed, part.agreed, part.contradicted), (5, 4, 1_000, 10));
    assert!((part.expected - 1.0).abs() < 1e-3, "1,000 times a thousandth: {}", part.expected);
    let first = &found.candidates[0];
    assert_eq!((first.index, first.votes, first.of), (Some(42), 5, 5));
    assert_eq!(first.names, ["Pullover", "Dress"].map(str::to_owned), "labels 2 and 3");
    assert!((first.self_confidence.expect("plain cross-entropy") - 0.01).abs() < 1e-6);
    let page = html(&view);
    assert!(page.contains("alt=\"Test image 42: labelled Pullover, called Dress by 5 of 5\""));
    for words in [
        "1 of these would be mistakes (0 to 3 at 95 %)",
        "9 more than foretold: wrong labels, or confidences",
    ] {
        assert!(page.contains(words) && markdown(&view).contains(words), "{words}");
    }
    let json: Value = serde_json::from_str(&results_json(&records, &view)).expect("JSON");
    let found = &json["label_candidates"];
    assert_eq!(
        (found["parts"][0]["contradicted"].as_u64(), found["candidates"][9]["image"].as_u64()),
        (Some(10), Some(942))
    );
}

#[test]
fn as_many_mistakes_as_foretold_say_nothing_of_labels() {
    let view = view(&suspicious(0.99));
    let said = view.suspects.expect("five trainings").parts[0].sentence();
    assert!(
        said.contains("10 of these would be mistakes (4 to 16 at 95 %); 10 of them have another label"),
        "{said}"
    );
    assert!(
        said.ends_with("no more than foretold, so that ordinary mistakes may account for all of them."),
        "{said}"
    );
}

#[test]
fn equal_weights_are_one_opinion_and_two_are_too_few() {
    let mut records = suspicious(0.999);
    let weights = records.runs[0].weights_sha256.clone();
    records.runs[1..4].iter_mut().for_each(|run| run.weights_sha256 = weights.clone());
    assert_eq!(view(&records).suspects, None);
    assert!(view(&records).section("labels").is_none());
    records.runs[1].weights_sha256 = None;
    assert_eq!(view(&records).suspects.expect("three").parts[0].trainings, 3);
}
