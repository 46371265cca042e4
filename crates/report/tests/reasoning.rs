//! What the page says that the numbers show, and what it does not: groups, published numbers.

use crate::common;

use toile_report::{html, view};

/// One run each: an order of means is no order of settings, and the page says so.
#[test]
fn one_run_each_establishes_no_order() {
    let view = view(&common::records(1));
    let said = view.summary.sentences.join(" ");
    assert!(said.contains("Which settings are better is not established: one run each"), "{said}");
    let ranking = view.section("ranking").expect("a ranking");
    let table = &ranking.tables[0];
    assert!(table.rows.iter().all(|row| row[0].text == "–") && table.lines.is_empty(), "no groups");
}

/// A finding's name is a heading of its row, and a narrow page breaks it at `_`, not inside a word.
#[test]
fn names_of_findings_break_between_their_words() {
    let page = html(&view(&common::records(1)));
    assert!(page.contains(r#"<th scope="row" class="code">one_<wbr>run_<wbr>each</th>"#), "{page}");
}

/// The images that a run gets right: all but those that `wrong` names.
fn right_but(labels: &[u8], wrong: impl Fn(usize) -> bool) -> Vec<u8> {
    labels.iter().enumerate().map(|(i, label)| if wrong(i) { (label + 1) % 10 } else { *label }).collect()
}

/// Three seeds each: Model 1 errs on every third image, the others on every tenth, each seed on a few of its own.
#[test]
fn a_line_is_drawn_below_what_is_better_over_seeds_and_images() {
    let mut records = common::records(3);
    let labels: Vec<u8> = (0..10_000).map(|i| (i % 10) as u8).collect();
    (records.study.data.n_test, records.study.data.test_labels) = (labels.len(), labels.clone());
    for (place, run) in records.runs.iter_mut().enumerate() {
        let every = if run.name == "Model 1" { 3 } else { 10 };
        let own = 100 + 7 * place;
        let test = run.test.as_mut().expect("tested");
        test.predictions = right_but(&labels, |i| i % every == 0 || i % own == 1);
        let right = test.predictions.iter().zip(&labels).filter(|(a, b)| a == b).count();
        test.accuracy = right as f64 / labels.len() as f64;
        (test.losses, test.confidences) = (Vec::new(), Vec::new());
    }
    let view = view(&records);
    let table = &view.section("ranking").expect("a ranking").tables[0];
    let last = table.rows.last().expect("rows");
    assert_eq!((last[0].text.as_str(), last[1].text.as_str()), ("2", "Model 1"));
    assert_eq!(table.lines, [12], "one line, above it");
    let said = view.summary.sentences.join(" ");
    assert!(said.contains("the leading group is"), "{said}");
    assert!(html(&view).contains("<tr class=\"line\">"));
}

/// One run has no spread: nothing is said on whether its published numbers come out, but which lies furthest off.
#[test]
fn one_run_does_not_tell_whether_published_numbers_come_out_again() {
    let mut records = common::records(1);
    records.runs.truncate(1);
    let run = &mut records.runs[0];
    let last = run.epochs.last_mut().expect("trained");
    (last.loss, last.accuracy) = (Some(1.0), Some(0.7));
    let published = run.published.as_mut().expect("published");
    *published = toile_record::Published { loss: Some(1.2), accuracy: Some(0.75), ..Default::default() };
    let said = view(&records).summary.sentences.join(" ");
    assert!(said.contains("2 published numbers stand beside ours; one run each does not tell"), "{said}");
    let furthest = "Furthest from the published numbers: the training accuracy of “Model 1” (0.7000 here, 0.750 published), \
                    and the training loss of “Model 1” (1.0000 here, 1.200 published).";
    assert!(said.contains(furthest), "{said}");
}

/// By hand: five test accuracies .870 ± .001 predict one more run within ± t(.975, 4) · .001 · √1.2 = ± .0030; .867
/// lies inside by its rounding, .850 does not.
#[test]
fn a_published_number_comes_out_again_if_our_seeds_predict_it() {
    for (published, comes_out) in [(0.867, true), (0.850, false)] {
        let mut records = common::records(5);
        records.runs.truncate(5);
        for (run, test) in records.runs.iter_mut().zip([0.869, 0.871, 0.870, 0.8688, 0.8712]) {
            run.test.as_mut().expect("tested").accuracy = test;
            run.test.as_mut().expect("tested").predictions = Vec::new();
            run.published =
                Some(toile_record::Published { test_accuracy: Some(published), ..Default::default() });
        }
        let view = view(&records);
        let count = if comes_out { "1 of 1 published number" } else { "0 of 1 published number" };
        assert!(view.summary.sentences.join(" ").contains(count), "{:?}", view.summary.sentences);
        assert_eq!(view.groups[0].comparison.columns[5].is_outside, !comes_out);
    }
}
