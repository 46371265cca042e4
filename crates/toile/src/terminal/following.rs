//! What is shown while a study runs: its runs, then its searches, from the events of both.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use toile_lab::StudyProgress;
use toile_record::{Event, TrainingKey};
use toile_study::Plan;

use super::studying::tested;
use super::{Searching, Studying, labels, note, plural};

/// Follows a study; the threads that train all call it.
pub(crate) struct Following {
    start: Instant,
    progress: Mutex<StudyProgress>,
    searching: Searching,
    runs: Mutex<Option<Studying>>,
    labels: Mutex<Vec<String>>,
}

impl Following {
    /// Before the study.
    pub(crate) fn new(plan: &Plan) -> Following {
        Following {
            start: Instant::now(),
            progress: Mutex::default(),
            searching: Searching::new(plan),
            runs: Mutex::default(),
            labels: Mutex::default(),
        }
    }

    /// What happens. Cheap enough to be called at every step.
    pub(crate) fn show(&self, event: &Event) {
        let mut progress = self.progress.lock().unwrap_or_else(PoisonError::into_inner);
        progress.apply(event);
        let mut runs = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::StudyStarted { .. } => {}
            Event::Repeated { training: TrainingKey::Run(run), why } => {
                let name = self.name(*run);
                note(&format!("again   {name}: {why}; it is trained again, to the same bits"));
            }
            Event::EvidenceMissing { training: TrainingKey::Run(run), why } => {
                let name = self.name(*run);
                note(&format!("unknown {name}: what its weights make of each image; {why}"));
            }
            Event::TestOpened { training: TrainingKey::Run(run), accuracy, loss, published } => {
                let numbers = [Some(*accuracy), *loss];
                note(&tested(&self.name(*run), numbers, published.unwrap_or_default()));
            }
            Event::PutAside { search, n_trials } => note(&format!(
                "{search}: its settings have changed, so its {} are put aside; `toile trials` lists them",
                plural(*n_trials, "trial", "trials")
            )),
            Event::RunsStarted { runs: planned, .. } => {
                let labels = labels(planned);
                *self.labels.lock().unwrap_or_else(PoisonError::into_inner) = labels.clone();
                *runs = Some(Studying::new(labels));
            }
            Event::RunsEnded => runs.take().into_iter().for_each(Studying::end),
            event if is_of_run(event) => {
                if let Some(studying) = runs.as_mut() {
                    studying.show(event, &mut progress, self.start.elapsed());
                }
            }
            event => self.searching.show(event, &mut progress, self.start.elapsed()),
        }
    }

    /// What a run of the plan is called.
    fn name(&self, run: usize) -> String {
        let labels = self.labels.lock().unwrap_or_else(PoisonError::into_inner);
        labels.get(run).cloned().unwrap_or_default()
    }

    /// After the study, however it ended: the moving lines are gone, what was noted stays. The time that it took.
    pub(crate) fn end(self) -> Duration {
        let runs = self.runs.into_inner().unwrap_or_else(PoisonError::into_inner);
        runs.into_iter().for_each(Studying::end);
        self.searching.search_ended();
        self.start.elapsed()
    }
}

fn is_of_run(event: &Event) -> bool {
    let training = match event {
        Event::TrainingStarted { training, .. }
        | Event::Step { training, .. }
        | Event::EpochEnded { training, .. }
        | Event::TrainingSuspended { training }
        | Event::TrainingLost { training } => *training,
        Event::TrainingEnded(end) => end.training,
        _ => return false,
    };
    matches!(training, TrainingKey::Run(_))
}
