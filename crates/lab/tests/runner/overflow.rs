//! A run whose loss overflows: it keeps its best epoch where best weights are restored, as Keras does, or it has failed.

use toile_record::{End, Epoch, RunRecord};

use super::*;

/// One run that overflows after some good epochs: the rate grows with every update.
const STEEP: &str = r#"
optimizer = { sgd = { learning_rate = 1.0 } }
schedule = { exponential = { decay_steps = 1, decay_rate = 1e4 } }
batch_size = 16
epochs = 40
"#;

/// The last run of the study with these callbacks, and its record as another process reads it.
fn overflowing(dir: &Path, callbacks: &str) -> (Outcome, RunRecord) {
    let text = STUDY.replace("optimizer = \"sgd\"\nepochs = 5", &format!("{STEEP}callbacks = {callbacks}"));
    let outcome = go(dir, &text, &AtomicBool::new(false), &|_| {}).unwrap();
    (outcome, Store::open_read_only(dir).unwrap().records(None).unwrap().runs.remove(1))
}

fn best(epochs: &[Epoch], of: fn(&Epoch) -> Option<f64>) -> usize {
    let finite = epochs.iter().filter(|epoch| of(epoch).is_some());
    finite.min_by(|a, b| of(a).unwrap().total_cmp(&of(b).unwrap())).unwrap().epoch
}

#[test]
fn it_keeps_the_best_epoch_where_best_weights_are_restored() {
    for callbacks in [
        r#"[{ best_weights = { monitor = "val_loss" } }]"#,
        r#"[{ early_stopping = { patience = 30, restore_best_weights = true } }]"#,
    ] {
        let dir = tempfile::tempdir().unwrap();
        let (outcome, run) = overflowing(dir.path(), callbacks);
        assert_eq!((outcome.completed, outcome.failed), (2, 0), "{callbacks}");
        let Some(End::Diverged { epoch, batch }) = run.end else { panic!("{:?}", run.end) };
        assert!(epoch > 1 && epoch <= run.epochs.len() + 1);
        let kept = best(&run.epochs, |epoch| epoch.val_loss);
        assert_eq!((run.state, run.restored_epoch), (State::Complete, Some(kept)));
        assert_eq!(run.kept_epoch().map(|epoch| epoch.epoch), Some(kept));
        let why = format!(
            "the loss was no longer a finite number in epoch {epoch}, batch {batch}; its weights are those of epoch {kept}"
        );
        assert_eq!(run.reason(), Some(why));
        assert!(run.test.is_some_and(|test| test.loss.is_some()) && run.weights_sha256.is_some());
    }
}

#[test]
fn its_weights_are_those_of_a_run_that_ends_with_that_epoch() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let (_, run) = overflowing(dirs[0].path(), r#"[{ best_weights = { monitor = "val_loss" } }]"#);
    let short = STEEP.replace("epochs = 40", &format!("epochs = {}", run.restored_epoch.unwrap()));
    let text = STUDY.replace("optimizer = \"sgd\"\nepochs = 5", &short);
    go(dirs[1].path(), &text, &AtomicBool::new(false), &|_| {}).unwrap();
    let ended = Store::open_read_only(dirs[1].path()).unwrap().records(None).unwrap().runs.remove(1);
    assert_eq!((run.weights_sha256, run.test), (ended.weights_sha256, ended.test));
}

#[test]
fn it_has_failed_where_no_weights_are_restored_or_no_epoch_was_good() {
    let bad_from_the_first = r#"[{ best_weights = { monitor = "val_loss" } }]"#;
    for (callbacks, rate) in
        [("[]", "1.0"), ("[{ early_stopping = { patience = 30 } }]", "1.0"), (bad_from_the_first, "1e38")]
    {
        let dir = tempfile::tempdir().unwrap();
        let steep = STEEP.replace("learning_rate = 1.0", &format!("learning_rate = {rate}"));
        let text =
            STUDY.replace("optimizer = \"sgd\"\nepochs = 5", &format!("{steep}callbacks = {callbacks}"));
        let outcome = go(dir.path(), &text, &AtomicBool::new(false), &|_| {}).unwrap();
        let run = Store::open_read_only(dir.path()).unwrap().records(None).unwrap().runs.remove(1);
        assert_eq!((outcome.completed, outcome.failed, run.state), (1, 1, State::Failed), "{callbacks}");
        assert!(matches!(run.end, Some(End::Diverged { .. })), "{:?}", run.end);
        assert_eq!((run.restored_epoch, run.test, run.weights_sha256), (None, None, None));
    }
}

/// The value of its trial in Optuna's tables would be that of a metric that was never measured.
#[test]
fn it_is_complete_without_validation_too_and_nothing_is_left_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let steep = format!("{STEEP}callbacks = [{{ best_weights = {{ monitor = \"loss\" }} }}]");
    let text =
        STUDY.replace("optimizer = \"sgd\"\nepochs = 5", &steep).replace("validation_split = 0.25\n", "");
    go(dir.path(), &text, &AtomicBool::new(false), &|_| {}).unwrap();
    let run = Store::open_read_only(dir.path()).unwrap().records(None).unwrap().runs.remove(1);
    let kept = run.restored_epoch.unwrap();
    let sound: Vec<usize> =
        run.epochs.iter().filter(|epoch| epoch.has_finite_losses(false)).map(|epoch| epoch.epoch).collect();
    assert!(run.state == State::Complete && sound.contains(&kept), "{run:?}");
    let never = |event: Event| assert!(!matches!(event, Event::TrainingStarted { .. }), "{event:?}");
    let again = go(dir.path(), &text, &AtomicBool::new(false), &never).unwrap();
    assert_eq!(again.already_done, 2);
}
