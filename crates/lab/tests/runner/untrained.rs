//! Runs with `epochs = 0`: the weights that they start with are evaluated and recorded, and nothing is trained.

use toile_nn::{Evaluation, Model, evaluate};
use toile_record::{Epoch, Part};
use toile_rng::Seed;

use super::*;

/// What the engine says of a model on a part, with no training around it.
fn judged(model: &Model, part: &LabelledImages, indices: &[u32]) -> Evaluation {
    let data = data();
    let examples = toile_lab::examples(&data, part, indices);
    evaluate(model, &examples, &Default::default(), 0.0, 1)
}

#[test]
fn the_recorded_numbers_are_those_of_the_weights_at_the_start() {
    let text = STUDY.replace("epochs = 2", "epochs = 0");
    let dir = tempfile::tempdir().unwrap();
    let ended = Mutex::new(Vec::new());
    go(dir.path(), &text, &AtomicBool::new(false), &|event| {
        if let Event::TrainingEnded(end) = event {
            ended.lock().unwrap().push((end.state, end.epochs));
        }
    })
    .unwrap();
    assert!(ended.into_inner().unwrap().contains(&(State::Complete, 0)));
    let records = Store::open_read_only(dir.path()).unwrap().records(None).unwrap();
    let run = &records.runs[0];
    assert_eq!((run.state, run.reason(), run.is_untrained()), (State::Complete, None, true));
    let data = data();
    let plan = planned(&text, &|_| unreachable!());
    let model =
        Model::build(&plan.runs[0].settings.layers, toile_lab::image_shape(&data), Seed::new(1)).unwrap();
    let ([train, validation], test): ([Vec<u32>; 2], Vec<u32>) =
        ([(0..48).collect(), (48..64).collect()], (0..16).collect());
    for (part, images, indices) in
        [(Part::Validation, &data.train, &validation), (Part::Test, &data.test, &test)]
    {
        let (found, expected) = (run.evidence(part).unwrap(), judged(&model, images, indices));
        assert_eq!((found.accuracy, found.loss), (expected.accuracy, Some(expected.loss)));
        assert_eq!(found.predictions, expected.predictions);
    }
    let trained = judged(&model, &data.train, &train);
    let [row] = run.epochs[..] else { panic!("one row") };
    let expected = Epoch {
        epoch: 0,
        train_loss: Some(trained.loss),
        train_accuracy: Some(trained.accuracy),
        val_loss: run.validation.as_ref().unwrap().loss,
        val_accuracy: Some(run.validation.as_ref().unwrap().accuracy),
        ..row
    };
    assert_eq!((row, row.loss, row.accuracy), (expected, None, None));
    assert!(run.trained_epochs().is_empty() && run.layers.is_empty());
    let bytes = std::fs::read(dir.path().join(&run.folder).join("weights.safetensors")).unwrap();
    let kept = toile_lab::kept_model(run, toile_lab::image_shape(&data), &bytes).unwrap().1;
    assert_eq!(kept.weights(), model.weights());
}

/// Stopped at any moment it is not half done, and what is done is not done again.
#[test]
fn it_is_done_once() {
    let text = STUDY.replace("epochs = 2", "epochs = 0").replace("epochs = 5", "epochs = 0");
    let dir = tempfile::tempdir().unwrap();
    let starts = Mutex::new(0);
    for _ in 0..2 {
        go_saving(
            dir.path(),
            &text,
            &AtomicBool::new(false),
            Duration::ZERO,
            &|file| std::fs::read(file),
            &|event| {
                if matches!(event, Event::TrainingStarted { .. }) {
                    *starts.lock().unwrap() += 1;
                }
            },
        )
        .unwrap();
    }
    assert_eq!(*starts.lock().unwrap(), 2);
}
