//! The page and the Markdown: what stands on them, and that it can be trusted.

use crate::common;

use toile_record::State;
use toile_report::{PROCEDURAL_NOTICE, html, markdown, view};

/// Elements that have no end tag.
const VOID: [&str; 5] = ["meta", "link", "img", "br", "wbr"];

#[test]
fn the_page_is_well_formed() {
    let page = common::without_script(&html(&view(&common::interrupted(2))));
    let body = page.split_once("</style>").expect("a style sheet").1;
    let mut open = vec!["html", "head"];
    for tag in body.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
        let name = tag.trim_start_matches('/').split([' ', '\n']).next().expect("a name");
        match tag {
            tag if tag.starts_with('/') => assert_eq!(open.pop(), Some(name), "closed in order"),
            tag if tag.ends_with('/') || VOID.contains(&name) => {}
            _ => open.push(name),
        }
    }
    assert_eq!(open, Vec::<&str>::new(), "everything is closed");
}

#[test]
fn the_page_needs_nothing_but_itself() {
    let page = html(&view(&common::records(1)));
    let page = common::without_script(&page);
    for outside in ["http://", "https://", "<script", " src=\"h", "@import", "url(", "<iframe", "<object"] {
        assert!(!page.contains(outside), "the page holds {outside}");
    }
    assert!(page.contains("default-src 'none'"));
}

#[test]
fn every_run_has_its_table_its_curves_its_matrix_and_its_images() {
    let page = html(&view(&common::records(2)));
    let runs: Vec<&str> = page.split("<article").skip(1).collect();
    assert_eq!(runs.len(), 13);
    for run in runs {
        let run = run.split("</article>").next().expect("an article");
        for part in [
            "<caption><span>Results",
            "Test accuracy",
            ">published<",
            ">difference<",
            "Loss of ",
            "Accuracy of ",
        ] {
            assert!(run.contains(part), "no {part}");
        }
        assert_eq!(
            (run.matches("<svg class=\"curves\"").count(), run.matches("<svg class=\"heat\"").count()),
            (2, 1)
        );
        assert!(run.matches("data:image/png;base64,").count() >= 6);
    }
}

#[test]
fn procedural_data_is_named_on_every_figure_and_every_table() {
    let records = common::procedural(common::records(2));
    let (page, text) = (html(&view(&records)), markdown(&view(&records)));
    for (element, end) in [("<figure", "</figure>"), ("<caption", "</caption>"), ("<svg class", "</svg>")] {
        let parts: Vec<&str> =
            page.split(element).skip(1).filter_map(|rest| rest.split(end).next()).collect();
        assert!(parts.len() > 13);
        for part in parts.iter().filter(|part| !part.contains("id=\"all-curves\"")) {
            assert!(part.contains(PROCEDURAL_NOTICE), "{element}{}", &part[..part.len().min(300)]);
        }
    }
    assert_eq!(
        text.matches(PROCEDURAL_NOTICE).count(),
        text.matches("\n| ---").count() + 3,
        "each table, head, set-up, foot"
    );
    assert!(!html(&view(&common::records(2))).contains(PROCEDURAL_NOTICE));
}

/// By hand: three seeds with test accuracies 0.86, 0.87, 0.88 against a published 0.867.
#[test]
fn ours_is_the_mean_over_complete_seeds_and_the_difference_is_ours_minus_published() {
    let mut records = common::records(4);
    for (run, accuracy) in records.runs.iter_mut().skip(12).zip([0.86, 0.87, 0.88, 0.1]) {
        assert_eq!(run.name, "Model 4");
        run.test.as_mut().expect("tested").accuracy = accuracy;
    }
    records.runs[15].state = State::Failed;
    let view = view(&records);
    let (group, column) = (&view.groups[3], &view.groups[3].comparison.columns[5]);
    assert_eq!((column.label, column.ours_text().as_str()), ("Test accuracy", "0.8700 ± 0.0100"));
    assert_eq!((column.published_text().as_str(), column.difference_text().as_str()), ("0.867", "+0.0030"));
    let z = (0.867 - 0.87) / (0.01 * (1.0 + 1.0 / 3.0f64).sqrt());
    assert!(column.z.is_some_and(|ours| (ours - z).abs() < 1e-9));
    assert_eq!(group.comparison.z_limit_text(), "4.30", "Student's t with two degrees of freedom");
    assert_eq!(group.unfinished.as_deref(), Some("3 of 4 seeds complete, 1 failed"));
    assert!(html(&view).contains(">0.8700 ± 0.0100</td>"));
    assert!(markdown(&view).contains("| 0.8700 ± 0.0100 |"));
}

#[test]
fn one_seed_has_a_difference_and_no_spread() {
    let view = view(&common::records(1));
    let comparison = &view.groups[0].comparison;
    assert!(comparison.columns.iter().all(|column| column.z.is_none() && column.difference.is_some()));
    assert_eq!(comparison.ours_label(), "ours (1 seed)");
    assert!(!html(&view).contains("z of the published run</a>"));
}

#[test]
fn the_ranking_is_by_validation_and_the_test_has_no_say() {
    let mut records = common::records(1);
    records.runs[0].test.as_mut().expect("tested").accuracy = 0.99;
    let view = view(&records);
    assert_eq!(view.ranking.rows.last().map(|row| row.group), Some(0), "Model 1 is last by validation");
    let said = view.summary.sentences.join(" ");
    assert!(said.contains("On the test set “Model 1” is ahead"), "{said}");
    assert!(said.contains("Best on validation is “CNN, 23 epochs”"), "{said}");
}

/// The records with these validation accuracies and test accuracies, run by run; the study has no others.
fn with_accuracies(accuracies: &[(f64, f64)]) -> toile_record::Records {
    let mut records = common::records(1);
    records.runs.truncate(accuracies.len());
    for (run, (val, test)) in records.runs.iter_mut().zip(accuracies) {
        run.epochs.iter_mut().for_each(|epoch| epoch.val_accuracy = Some(*val));
        run.test.as_mut().expect("tested").accuracy = *test;
    }
    records
}

fn said(records: &toile_record::Records) -> String {
    view(records).summary.sentences.join(" ")
}

/// Two names for one training were called the best and one that nothing comes near.
#[test]
fn runs_that_equal_the_best_are_named_with_it() {
    let records = with_accuracies(&[(0.9, 0.88), (0.8, 0.87), (0.9, 0.89)]);
    let text = said(&records);
    assert!(
        text.contains(
            "Best on validation, and equal with an accuracy of 0.9000, are “Model 1” and “Model 3”; their test \
             accuracies reach from 0.8800 to 0.8900."
        ),
        "{text}"
    );
    assert!(text.contains("The test set agrees"), "the best on the test is one of the equal ones: {text}");
    let figures = view(&records).summary.figures;
    assert_eq!(
        (figures[0].detail.as_str(), figures[1].value.as_str()),
        ("Model 1, Model 3", "0.8800–0.8900")
    );
}

/// Nothing that is said of the best depends on which of equals stands first in the file.
#[test]
fn the_order_of_equal_runs_changes_no_sentence() {
    let (one, other) = ([(0.9, 0.88), (0.9, 0.89), (0.5, 0.9)], [(0.9, 0.89), (0.9, 0.88), (0.5, 0.9)]);
    let sentences = |accuracies: &[(f64, f64)]| {
        let mut records = with_accuracies(accuracies);
        records.runs.iter_mut().for_each(|run| run.published = None);
        view(&records).summary.sentences
    };
    assert_eq!(sentences(&one), sentences(&other));
    let text = sentences(&one).join(" ");
    assert!(text.contains("“Model 3” is ahead by 0.0100 (0.9000)"), "{text}");
}

#[test]
fn all_equal_one_alone_and_none_at_all_say_nothing_of_neighbours() {
    for accuracy in [0.0, 1.0, 1.0 / 3.0] {
        let text = said(&with_accuracies(&[(accuracy, 0.9); 3]));
        assert!(
            text.contains("“Model 1”, “Model 2” and “Model 3”; their test accuracy is 0.9000."),
            "{text}"
        );
        assert!(
            ![" comes within", " lies within", " lie within"].iter().any(|near| text.contains(near)),
            "{text}"
        );
    }
    let text = said(&with_accuracies(&[(0.9, 0.9); 13]));
    assert!(text.contains("Best on validation, and equal with an accuracy of 0.9000, are 13 runs"), "{text}");
    let text = said(&with_accuracies(&[(0.9, 0.9)]));
    assert!(text.contains("Best on validation is “Model 1”") && !text.contains("No other run"), "{text}");
    assert!(!text.contains("The test set agrees"), "there is nothing to agree with: {text}");
    let text = said(&with_accuracies(&[(f64::NAN, 0.9), (f64::NAN, 0.8)]));
    assert!(!text.contains("on validation") && !text.contains("other run"), "{text}");
    let text = said(&with_accuracies(&[(f64::NAN, 0.9), (0.5, 0.8), (0.5, 0.8)]));
    assert!(text.contains("are “Model 2” and “Model 3”"), "{text}");
    assert!(said(&with_accuracies(&[])).contains("The study has no runs."));
}

/// 0.1 + 0.2 + 0.3 is not 0.3 + 0.2 + 0.1 in floating point.
#[test]
fn the_order_of_seeds_does_not_make_one_of_equal_runs_better() {
    let mut records = common::records(3);
    records.runs.truncate(6);
    let values = [0.1, 0.2, 0.3, 0.3, 0.2, 0.1];
    assert_ne!(values[..3].iter().sum::<f64>(), values[3..].iter().sum::<f64>());
    for (run, value) in records.runs.iter_mut().zip(values) {
        run.epochs.iter_mut().for_each(|epoch| epoch.val_accuracy = Some(value));
    }
    let best: Vec<bool> = view(&records).ranking.rows.into_iter().map(|row| row.is_best).collect();
    assert_eq!(best, [true, true]);
}

#[test]
fn without_a_validation_part_nothing_is_ranked() {
    let mut records = common::records(1);
    records.study.data.split.validation_counts = vec![];
    for run in &mut records.runs {
        run.epochs.iter_mut().for_each(|epoch| (epoch.val_loss, epoch.val_accuracy) = (None, None));
    }
    let view = view(&records);
    let order: Vec<usize> = view.ranking.rows.iter().map(|row| row.group).collect();
    assert_eq!(order, (0..13).collect::<Vec<_>>());
    assert!(!view.ranking.has_ranks());
    assert!(view.ranking.why_none().is_some_and(|why| why.contains("nothing to rank by")));
}

#[test]
fn what_is_not_finished_says_so_and_why() {
    let page = html(&view(&common::interrupted(3)));
    for words in [
        "2 of 3 seeds complete, 1 failed",
        "Seed 7 failed after epoch 1: the loss is not finite: NaN at update 212 of epoch 2",
        "0 of 3 seeds complete, 3 running",
        "0 of 3 seeds complete, 3 waiting",
        "running, epoch 9 of 23",
        "32 complete, 1 failed, 3 running, 3 waiting",
    ] {
        assert!(page.contains(words), "the page does not say: {words}");
    }
}

/// A run whose settings changed left the tables without a word.
#[test]
fn a_run_that_has_left_the_file_is_named() {
    let mut records = common::records(1);
    let former = |name: &str| toile_record::FormerRun {
        id: format!("{name:0>16}"),
        name: name.into(),
        seed: 3,
        state: State::Complete,
        folder: format!("runs/{name}-seed-3"),
    };
    assert_eq!(view(&records).former, None);
    records.former_runs = vec![former("adam")];
    let one = view(&records).former.expect("a sentence");
    assert!(one.starts_with("1 earlier run is no longer in the file"), "{one}");
    assert!(one.contains("“adam”, seed 3 (runs/adam-seed-3)"), "{one}");
    assert!(html(&view(&records)).contains(&one) && markdown(&view(&records)).contains("1 earlier run is"));
    records.former_runs = ["a", "b", "c", "d", "e", "f"].map(former).to_vec();
    let many = view(&records).former.expect("a sentence");
    assert!(many.starts_with("6 earlier runs are") && many.contains("; and 2 others"), "{many}");
}

#[test]
fn both_faces_say_the_same_sentences() {
    let view = view(&common::records(2));
    let (page, text) = (html(&view), markdown(&view));
    for sentence in &view.summary.sentences {
        assert!(page.contains(sentence) && text.contains(sentence), "{sentence}");
    }
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let (one, other) = (view(&common::interrupted(2)), view(&common::interrupted(2)));
    assert_eq!(html(&one), html(&other));
    assert_eq!(markdown(&one), markdown(&other));
}
