//! What is written, when, and what a slow disk or a fault in a view costs.

use super::*;

/// Two hundred runs, and a disk (here: a listener) that is slower than their training.
#[test]
fn many_runs_do_not_pile_up_before_a_slow_disk() {
    let mut text = STUDY.split("[[runs]]").next().unwrap().to_owned();
    (0..200).for_each(|i| {
        text += &format!("[[runs]]\nname = \"R{i}\"\noptimizer = \"sgd\"\nseed = {i}\nepochs = 1\n")
    });
    let dir = tempfile::tempdir().unwrap();
    let (on_their_way, most) = (Mutex::new(0_usize), Mutex::new(0));
    let outcome = go(dir.path(), &text, &AtomicBool::new(false), &|event| match event {
        Event::TrainingStarted { .. } => {
            let mut n = on_their_way.lock().unwrap();
            *n += 1;
            let mut most = most.lock().unwrap();
            *most = (*most).max(*n);
        }
        Event::TrainingEnded(_) => {
            std::thread::sleep(std::time::Duration::from_millis(3));
            *on_their_way.lock().unwrap() -= 1;
        }
        _ => {}
    });
    assert_eq!(outcome.unwrap(), Outcome { completed: 200, ..Outcome::default() });
    // Two that train, and those with an order in the queue or in the writer's hands: 16 and 16.
    let most = most.into_inner().unwrap();
    assert!(most <= 2 + 16 + 16, "{most} runs were in memory at once");
}

#[test]
fn what_is_told_as_done_is_on_the_disk() {
    let dir = tempfile::tempdir().unwrap();
    let seen = Mutex::new(0);
    go(dir.path(), STUDY, &AtomicBool::new(false), &|event| {
        let Event::TrainingEnded(end) = event else { return };
        let TrainingKey::Run(place) = end.training else { panic!("{end:?}") };
        let record = &Store::open_read_only(dir.path()).unwrap().records(None).unwrap().runs[place];
        let validation = record.validation.as_ref().unwrap();
        assert_eq!(record.test, None, "the other run has not ended, or the test part is opened after both");
        let kept = TrainingEnd {
            training: TrainingKey::Run(place),
            state: State::Complete,
            reason: record.reason(),
            epochs: record.epochs.len(),
            seconds: record.provenance.wall_seconds,
            values: vec![],
            val_accuracy: Some(validation.accuracy),
            val_loss: validation.loss,
            published: record.published,
            best: None,
            finished: 0,
        };
        assert_eq!((record.state, *end), (State::Complete, kept));
        let weights = std::fs::read(dir.path().join(&record.folder).join("weights.safetensors")).unwrap();
        assert_eq!(record.weights_sha256, Some(toile_store::sha256_hex(&weights)));
        *seen.lock().unwrap() += 1;
    })
    .unwrap();
    assert_eq!(seen.into_inner().unwrap(), 2);
}

#[test]
fn a_fault_in_a_view_costs_no_record() {
    let dir = tempfile::tempdir().unwrap();
    let outcome = go(dir.path(), STUDY, &AtomicBool::new(false), &|event| {
        if let Event::TrainingEnded(_) = event {
            panic!("on purpose");
        }
    });
    assert_eq!(outcome.unwrap(), Outcome { completed: 2, ..Outcome::default() });
}

/// Images that several runs got wrong are kept once.
#[test]
fn wrong_images_are_those_that_some_run_got_wrong() {
    let dir = tempfile::tempdir().unwrap();
    go(dir.path(), STUDY, &AtomicBool::new(false), &|_| {}).unwrap();
    let (records, data) = (Store::open_read_only(dir.path()).unwrap().records(None).unwrap(), data());
    let is_wrong = |i: &usize| {
        records.runs.iter().any(|run| run.test.as_ref().unwrap().predictions[*i] != data.test.labels[*i])
    };
    let wrong: Vec<usize> = (0..data.test.len()).filter(is_wrong).collect();
    assert!(!wrong.is_empty(), "every image is right: this tests nothing");
    let kept: Vec<(usize, &[u8])> = records.images.iter().map(|i| (i.index, &i.pixels[..])).collect();
    let expected: Vec<_> = wrong.into_iter().map(|i| (i, data.test.image(i, 4))).collect();
    assert_eq!(kept, expected);
}

#[test]
fn an_artifact_that_cannot_be_written_stops_the_study_and_keeps_the_rest() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("runs"), "a file stands in the way").unwrap();
    let error = go(dir.path(), STUDY, &AtomicBool::new(false), &|_| {}).unwrap_err();
    assert!(error.to_string().contains("runs"), "{error}");
    std::fs::remove_file(dir.path().join("runs")).unwrap();
    let outcome = go(dir.path(), STUDY, &AtomicBool::new(false), &|_| {}).unwrap();
    assert_eq!(outcome, Outcome { completed: 2, ..Outcome::default() });
}
