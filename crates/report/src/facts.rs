//! What a run says in numbers: read in one place for the pages and for the exports.

use serde_json::Value;
use toile_record::{DataRecord, Epoch, Published, Records, RunRecord, SearchRecords, State};
use toile_stats::{Confusion, Interval, wilson};

/// The six columns of the document's tables, in its order: key in the files, words on the page.
pub(crate) const METRICS: [(&str, &str); 6] = [
    ("loss", "Loss"),
    ("accuracy", "Accuracy"),
    ("val_loss", "Validation loss"),
    ("val_accuracy", "Validation accuracy"),
    ("test_loss", "Test loss"),
    ("test_accuracy", "Test accuracy"),
];

/// Running training loss and accuracy and validation of the epoch whose weights were tested, and the test, in the order
/// of [`METRICS`]: the numbers of one row are of the same weights.
pub(crate) fn last_numbers(run: &RunRecord) -> [Option<f64>; 6] {
    let last = run.kept_epoch();
    let of = |pick: fn(&Epoch) -> Option<f64>| last.and_then(pick);
    [
        of(|epoch| epoch.loss),
        of(|epoch| epoch.accuracy),
        of(|epoch| epoch.val_loss),
        of(|epoch| epoch.val_accuracy),
        run.test.as_ref().and_then(|test| test.loss),
        run.test.as_ref().map(|test| test.accuracy),
    ]
    .map(|number| number.filter(|number| number.is_finite()))
}

/// The published numbers in the same order.
pub(crate) fn published_numbers(published: Option<&Published>) -> [Option<f64>; 6] {
    let Some(p) = published else { return [None; 6] };
    [p.loss, p.accuracy, p.val_loss, p.val_accuracy, p.test_loss, p.test_accuracy]
}

/// Seconds of the training alone, over all finished epochs.
pub(crate) fn train_seconds(run: &RunRecord) -> f64 {
    run.epochs.iter().map(|epoch| epoch.seconds).sum()
}

/// The 95 % interval of an accuracy on `n` images (Wilson 1927); `None` without images.
pub(crate) fn accuracy_interval(accuracy: f64, n: usize) -> Option<Interval> {
    let hits = (accuracy.clamp(0.0, 1.0) * n as f64).round() as usize;
    wilson(hits, n, 0.95)
}

/// Seconds of the whole run. One that was interrupted has only those of its finished epochs.
pub(crate) fn wall_seconds(run: &RunRecord) -> f64 {
    let (wall, trained) = (run.provenance.wall_seconds, train_seconds(run));
    if wall >= trained || trained.is_nan() { wall } else { trained }
}

/// Images that are trained on.
pub(crate) fn train_images(data: &DataRecord) -> u64 {
    saturating_sum(&data.split.train_counts)
}

/// The sum of counts that a record may hold.
pub(crate) fn saturating_sum(counts: &[usize]) -> u64 {
    counts.iter().fold(0, |sum, n| sum.saturating_add(*n as u64))
}

/// Floating-point operations of the epochs that `run` has trained.
pub(crate) fn training_flops(records: &Records, run: &RunRecord) -> u64 {
    epoch_flops(&records.study.data, run).saturating_mul(run.trained_epochs().len() as u64)
}

/// Floating-point operations of an epoch of a run's training.
pub(crate) fn epoch_flops(data: &DataRecord, run: &RunRecord) -> u64 {
    run.summary.training_flops.saturating_mul(train_images(data))
}

/// Steps of the optimizer in an epoch; `None` where a plan does not say how many images a batch has.
pub(crate) fn epoch_updates(data: &DataRecord, batch_size: Option<&Value>) -> Option<u64> {
    let batch = batch_size.and_then(Value::as_u64).filter(|batch| *batch > 0)?;
    Some(train_images(data).div_ceil(batch))
}

/// What `run` takes for what on the test part; `None` before its test, or when predictions and labels do not match.
pub(crate) fn confusion(data: &DataRecord, run: &RunRecord) -> Option<Confusion> {
    let predictions = &run.test.as_ref()?.predictions;
    if predictions.is_empty() {
        return None;
    }
    Confusion::new(&data.test_labels, predictions, data.class_names.len())
}

/// Whether the test set had been opened before the last trial of a search ended, so that its choice was made with
/// something known of the test: early, or for another run that it had chosen.
pub(crate) fn has_reused_test(records: &Records, search: &SearchRecords) -> bool {
    let last = search.trials.iter().filter_map(|trial| trial.completed.as_deref()).max();
    let (Some(run), Some(last)) = (&search.chosen_run, last) else { return false };
    let earlier = format!("chosen by the search `{}`", search.search.name);
    records.test_openings.iter().any(|opening| {
        let is_of_earlier = opening.why == earlier && opening.run_id != *run;
        (opening.is_early() || is_of_earlier) && opening.time.as_str() < last
    })
}

/// How a run stands, in a word: one that waits although it had begun was interrupted.
pub(crate) fn state_text(run: &RunRecord) -> &'static str {
    match run.state {
        State::Waiting if !run.provenance.started.is_empty() => "interrupted",
        state => state.name(),
    }
}
