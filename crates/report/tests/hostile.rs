//! Records that nobody expects: nothing panics, nothing runs, nothing grows without bound.

use crate::common;

use toile_record::*;
use toile_report::{history_csv, html, markdown, results_csv, results_json, view};

/// Every face of `records`, in the order page, Markdown, JSON, CSV, histories.
fn faces(records: &Records) -> Vec<String> {
    let view = view(records);
    let mut faces = vec![
        html(&view),
        markdown(&view),
        results_json(records, &toile_report::view(records)),
        results_csv(records),
    ];
    faces.extend(records.runs.iter().map(|run| history_csv(&records.study, run)));
    faces
}

/// Nothing known of anything.
fn empty() -> Records {
    let split = SplitRecord {
        how: String::new(),
        fraction: 0.0,
        fingerprint: String::new(),
        train_counts: vec![],
        validation_counts: vec![],
        test_counts: vec![],
        validation_images: vec![],
        validation_labels: vec![],
    };
    let data = DataRecord {
        name: String::new(),
        title: String::new(),
        fingerprint: String::new(),
        source: String::new(),
        procedural: false,
        shape: [0; 3],
        class_names: vec![],
        n_train: 0,
        n_test: 0,
        reading: Default::default(),
        split,
        warnings: vec![],
        test_labels: vec![],
    };
    let study = StudyRecord {
        seeds: None,
        name: String::new(),
        question: None,
        file: String::new(),
        toile_version: String::new(),
        data,
    };
    Records {
        study,
        runs: vec![],
        images: vec![],
        searches: vec![],
        test_openings: vec![],
        former_runs: vec![],
        pictures: vec![],
    }
}

fn blank_run(name: &str) -> RunRecord {
    RunRecord {
        id: String::new(),
        name: name.into(),
        position: 0,
        seed: 0,
        model: String::new(),
        plan: serde_json::Value::Null,
        summary: SummaryRecord::default(),
        published: None,
        note: None,
        state: State::Complete,
        end: None,
        restored_epoch: None,
        epochs: vec![],
        layers: Vec::new(),
        validation: None,
        test: None,
        weights_sha256: None,
        folder: String::new(),
        provenance: Provenance::default(),
    }
}

fn blank_epoch(epoch: usize, loss: Option<f64>) -> Epoch {
    Epoch {
        epoch,
        loss,
        accuracy: None,
        train_loss: None,
        train_accuracy: None,
        val_loss: loss,
        val_accuracy: None,
        learning_rate: 0.0,
        seconds: 0.0,
        ..Epoch::default()
    }
}

#[test]
fn a_study_without_anything_has_a_report() {
    let page = &faces(&empty())[0];
    assert!(page.contains("The study has no runs.") && page.contains("Study without a name"));
}

#[test]
fn runs_without_epochs_numbers_or_settings_have_a_report_in_every_state() {
    let mut records = empty();
    for (i, state) in [State::Waiting, State::Running, State::Complete, State::Pruned, State::Failed]
        .into_iter()
        .enumerate()
    {
        records.runs.push(RunRecord { state, position: i, ..blank_run(&format!("run {i}")) });
        let published = Some(Published::default());
        records.runs.push(RunRecord {
            state,
            position: i,
            seed: 1,
            published,
            ..blank_run(&format!("run {i}"))
        });
    }
    records.runs[2].epochs = vec![blank_epoch(1, None), blank_epoch(2, None)];
    let page = &faces(&records)[0];
    assert!(page.contains("no reason was recorded") && page.contains("No epoch is finished yet."));
}

#[test]
fn numbers_at_the_ends_of_what_a_float_can_hold_stay_inside_their_charts() {
    let mut records = common::records(2);
    let values = [f64::MAX, -f64::MAX, f64::MIN_POSITIVE, 0.0, f64::NAN, f64::INFINITY, -1e-300, 1e300];
    for (i, value) in values.into_iter().enumerate() {
        let run = &mut records.runs[i];
        run.epochs.iter_mut().step_by(2).for_each(|epoch| epoch.val_loss = Some(value));
        run.epochs.iter_mut().for_each(|epoch| epoch.loss = Some(value));
        run.provenance.wall_seconds = value;
        if let Some(test) = &mut run.test {
            (test.loss, test.accuracy) = (Some(value), value);
        }
    }
    let page = &faces(&records)[0];
    for chart in page.split("<svg").skip(1).filter_map(|rest| rest.split("</svg>").next()) {
        let without_text: String = chart.split('<').filter_map(|part| part.split('>').next()).collect();
        assert!(
            !without_text.contains("NaN") && !without_text.contains("inf"),
            "{}",
            &chart[..300.min(chart.len())]
        );
    }
}

#[test]
fn one_class_and_256_classes_have_a_confusion_matrix() {
    for classes in [1usize, 2, 24, 25, 256] {
        let mut records = common::records(1);
        let labels: Vec<u8> = (0..2_000).map(|i| (i % classes) as u8).collect();
        let data = &mut records.study.data;
        data.class_names = (0..classes).map(|i| format!("class {i} with a rather long name")).collect();
        data.test_labels.clone_from(&labels);
        for run in &mut records.runs {
            let test = run.test.as_mut().expect("tested");
            test.predictions = labels.iter().map(|l| ((usize::from(*l) * 7 + 3) % classes) as u8).collect();
            test.confidences = vec![];
        }
        let page = &faces(&records)[0];
        assert_eq!(
            page.matches("<svg class=\"heat\"").count(),
            if classes <= 24 { 13 } else { 0 },
            "{classes} classes"
        );
        assert_eq!(
            page.matches("<img class=\"matrix\"").count(),
            if classes <= 24 { 0 } else { 13 },
            "{classes} classes"
        );
    }
}

#[test]
fn predictions_that_do_not_fit_the_labels_give_no_matrix_and_no_panic() {
    let mut records = common::records(1);
    records.study.data.test_labels.truncate(5);
    records.images[0].pixels.clear();
    assert!(!faces(&records)[0].contains("<svg class=\"heat\""));
    let mut records = common::records(1);
    records.study.data.class_names.truncate(3);
    assert!(!faces(&records)[0].contains("<svg class=\"heat\""));
}

#[test]
fn names_with_markup_are_shown_and_do_not_run() {
    let evil = "<script>alert(1)</script>&\"'`|*_[x](javascript:1)\u{202E}\0";
    let mut records = common::interrupted(1);
    let study = &mut records.study;
    (study.name, study.question, study.file) =
        (evil.into(), Some(evil.into()), format!("```\n{evil}\n````\n"));
    (study.data.title, study.data.source, study.toile_version) = (evil.into(), evil.into(), evil.into());
    study.data.class_names = vec![evil.into(); 10];
    for run in &mut records.runs {
        (run.name, run.model, run.folder) = (evil.into(), evil.into(), evil.into());
        run.note = Some(evil.into());
        run.end = Some(End::Other { words: evil.into() });
        run.plan[evil] = serde_json::json!({evil: {evil: [evil]}});
        run.plan["optimizer"] = serde_json::json!({evil: {"learning_rate": evil}});
        run.summary.rows[0].name = evil.into();
        run.provenance.machine = evil.into();
    }
    let faces = faces(&records);
    let page = common::without_script(&faces[0]);
    assert!(!page.contains("<script") && faces[0].contains("&#60;script&#62;"), "the page escapes markup");
    assert!(!faces[0].contains('\u{202E}') && !faces[0].contains('\0'));
    let outside_the_fence = faces[1].split("`````").next().expect("text");
    assert!(!outside_the_fence.contains("<script"), "Markdown escapes markup");
    serde_json::from_str::<serde_json::Value>(&faces[2]).expect("JSON stays JSON");
}

#[test]
fn names_of_ten_thousand_characters_are_cut_on_the_page() {
    let long = "ünïcödé ".repeat(1_250);
    let mut records = common::records(1);
    records.study.name.clone_from(&long);
    records.study.data.class_names = vec![long.clone(); 10];
    records.runs.iter_mut().for_each(|run| run.name.clone_from(&long));
    let faces = faces(&records);
    assert!(faces[0].len() < 3_000_000, "the page has {} bytes", faces[0].len());
    assert!(!faces[0].contains(&long) && faces[2].contains(&long), "the page cuts, the exports do not");
}

#[test]
fn a_training_of_many_epochs_does_not_make_the_page_grow_with_it() {
    let mut records = common::records(1);
    records.runs.truncate(1);
    records.runs[0].epochs =
        (1..=100_000).map(|epoch| blank_epoch(epoch, Some(1.0 / epoch as f64))).collect();
    let view = view(&records);
    assert!(html(&view).len() < 300_000, "{} bytes", html(&view).len());
    assert!(view.groups[0].curves.of(toile_record::Metric::ValLoss).len() <= 400);
}
