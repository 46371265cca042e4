//! The memory of trainings: what each takes, and that no more begin than fit.

use std::sync::{Condvar, Mutex, PoisonError};

use toile_nn::{Callback, ImageShape, ModelOutline};
use toile_record::End;
use toile_study::{RunPlan, Settings};

use crate::lease::lock;
use crate::runner::{RunError, engine};

/// Whose training it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrainingKind {
    /// A run's: its layers are measured, which takes its weights once more.
    Run,
    /// A trial's of a search: its layers are not measured.
    Trial,
}

impl TrainingKind {
    /// [`toile_nn::FitConfig::measures_layers`].
    pub(crate) fn measures_layers(self) -> bool {
        self == TrainingKind::Run
    }
}

/// Bytes that a training takes on so many threads, without the data: what the engine needs, and what is kept next to it
/// to go on later.
pub(crate) fn memory_of(
    run: &RunPlan,
    image: ImageShape,
    n_train: usize,
    threads: usize,
    kind: TrainingKind,
) -> Result<u64, RunError> {
    Ok(memory_of_outline(&run.settings, &engine::outline(run, image)?, n_train, threads, kind))
}

/// The same of a training whose model is outlined already.
pub fn memory_of_outline(
    settings: &Settings,
    outline: &ModelOutline,
    n_train: usize,
    threads: usize,
    kind: TrainingKind,
) -> u64 {
    // No batch has more images than there are.
    let batch = settings.batch_size.min(n_train.max(1));
    let measures = kind.measures_layers();
    let engine = outline.training_memory(&settings.optimizer, batch, threads, measures) as u64;
    let (n, slots) = (4 * outline.n_weights() as u64, settings.optimizer.n_slots() as u64);
    // Callbacks keep best weights, and so does the state after the last epoch, next to the weights and the slots. It
    // becomes a checkpoint tensor by tensor: one of them, at most all weights, is there twice. At the end, when the
    // engine is gone, there are the weights as tensors and as the bytes of their file: never more than that.
    let best = n * settings.callbacks.iter().filter(|callback| keeps_weights(callback)).count() as u64;
    engine + best + ((1 + slots) * n + best) + n
}

fn keeps_weights(callback: &Callback) -> bool {
    match callback {
        Callback::EarlyStopping(settings) => settings.restore_best_weights,
        Callback::BestWeights(_) => true,
        Callback::ReduceLrOnPlateau(_) => false,
    }
}

/// How much memory trainings may take together.
pub(crate) struct MemoryBudget {
    most: Option<u64>,
    used: Mutex<u64>,
    freed: Condvar,
}

/// A part of the budget, until it is dropped.
pub(crate) struct MemoryShare<'a> {
    budget: &'a MemoryBudget,
    bytes: u64,
}

impl MemoryBudget {
    /// No limit where it is unknown.
    pub(crate) fn new(most: Option<u64>) -> MemoryBudget {
        MemoryBudget { most, used: Mutex::new(0), freed: Condvar::new() }
    }

    /// Takes a part, and waits for it while others have too much; the end of a training that never fits.
    pub(crate) fn take(&self, bytes: u64) -> Result<MemoryShare<'_>, End> {
        let most = self.most.unwrap_or(u64::MAX);
        if bytes > most {
            return Err(End::TooLarge { needed: bytes, available: most });
        }
        let is_full = |used: &mut u64| *used > 0 && used.saturating_add(bytes) > most;
        let waited = self.freed.wait_while(lock(&self.used), is_full);
        *waited.unwrap_or_else(PoisonError::into_inner) += bytes;
        Ok(MemoryShare { budget: self, bytes })
    }
}

impl Drop for MemoryShare<'_> {
    fn drop(&mut self) {
        *lock(&self.budget.used) -= self.bytes;
        self.budget.freed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_fits_together_goes_together_and_the_rest_waits() {
        let budget = MemoryBudget::new(Some(100));
        let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..6 {
                scope.spawn(|| {
                    let _share = budget.take(40).unwrap();
                    most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(5));
                    now.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        assert_eq!(most.into_inner(), 2);
        assert_eq!(*lock(&budget.used), 0);
    }

    /// What the weights were before the last update is kept where layers are measured, and nowhere else.
    #[test]
    fn a_run_takes_its_weights_once_more_than_a_trial() {
        let text = "[study]\nname = \"s\"\ndata = \"fashion-mnist\"\n[models.m]\nlayers = [\"flatten\", \
            { dense = { units = 10, activation = \"softmax\" } }]\n[[runs]]\nname = \"A\"\nmodel = \"m\"\nepochs = 3\noptimizer = \"adam\"\n";
        let study = toile_study::check(text, "s.toml", None).unwrap();
        let plan = toile_study::plan(&study, &Default::default(), &|_| Ok(Vec::new())).unwrap();
        let image = ImageShape { height: 28, width: 28, channels: 1 };
        let [run, trial] = [TrainingKind::Run, TrainingKind::Trial]
            .map(|kind| memory_of(&plan.runs[0], image, 1000, 2, kind).unwrap());
        assert_eq!(run - trial, 4 * 7_850);
    }

    #[test]
    fn what_never_fits_is_refused_with_both_numbers() {
        let end = MemoryBudget::new(Some(100)).take(101).err();
        assert_eq!(end, Some(End::TooLarge { needed: 101, available: 100 }));
        assert!(MemoryBudget::new(None).take(u64::MAX).is_ok());
    }
}
