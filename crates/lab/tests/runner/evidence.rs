//! What the weights that a run ends with make of each image of both parts.

use toile_record::Part;

use super::*;

/// The means and the hits of the images are the numbers that the engine gave for the part as a whole, in the split's
/// order.
#[test]
fn each_image_has_a_class_a_probability_and_a_loss() {
    let (dir, data) = (tempfile::tempdir().unwrap(), data());
    go(dir.path(), STUDY, &AtomicBool::new(false), &|_| {}).unwrap();
    let records = Store::open_read_only(dir.path()).unwrap().records(None).unwrap();
    let split = &records.study.data.split;
    assert_eq!(split.validation_images, (48..64).collect::<Vec<u32>>());
    assert_eq!(split.validation_labels, data.train.labels[48..]);
    for run in &records.runs {
        for (part, labels) in
            [(Part::Validation, &data.train.labels[48..]), (Part::Test, &data.test.labels[..])]
        {
            let evidence = run.evidence(part).unwrap();
            assert!(evidence.is_whole(16));
            let hits = evidence
                .predictions
                .iter()
                .zip(labels)
                .filter(|(predicted, label)| predicted == label)
                .count();
            assert_eq!(evidence.accuracy, hits as f64 / 16.0);
            let mean = evidence.losses.iter().map(|loss| f64::from(*loss)).sum::<f64>() / 16.0;
            assert!((evidence.loss.unwrap() - mean).abs() < 1e-12, "no layer here has a penalty");
            // Of an image that is right the loss is that of its probability; of another one it is larger.
            for i in 0..16 {
                let least = -evidence.confidences[i].ln();
                match evidence.predictions[i] == labels[i] {
                    true => assert!((evidence.losses[i] - least).abs() < 1e-5),
                    false => assert!(evidence.losses[i] > least),
                }
            }
        }
        let (last, evidence) = (run.epochs.last().unwrap(), run.validation.as_ref().unwrap());
        assert_eq!((last.val_loss, last.val_accuracy), (evidence.loss, Some(evidence.accuracy)));
    }
}

/// Of three classes the label is always among the first five: the first epoch stays the best.
#[test]
fn of_restored_weights_it_is_the_evidence_of_those() {
    let callback = "epochs = 5\ncallbacks = [{ best_weights = { monitor = \"val_top_5_accuracy\" } }]";
    let text = STUDY.replace("epochs = 5", callback);
    let dir = tempfile::tempdir().unwrap();
    go(dir.path(), &text, &AtomicBool::new(false), &|_| {}).unwrap();
    let records = Store::open_read_only(dir.path()).unwrap().records(None).unwrap();
    let run = &records.runs[1];
    let kept = run.kept_epoch().unwrap();
    assert_eq!((kept.epoch, run.epochs.len()), (1, 5));
    assert_ne!(kept.val_loss, run.epochs[4].val_loss);
    assert_eq!(kept.val_loss, run.validation.as_ref().unwrap().loss);
}

#[test]
fn without_a_split_there_is_no_validation() {
    let dir = tempfile::tempdir().unwrap();
    go(dir.path(), &STUDY.replace("validation_split = 0.25", ""), &AtomicBool::new(false), &|_| {}).unwrap();
    let records = Store::open_read_only(dir.path()).unwrap().records(None).unwrap();
    assert!(records.runs.iter().all(|run| run.validation.is_none() && run.test.is_some()));
    assert!(records.study.data.split.validation_images.is_empty());
}
