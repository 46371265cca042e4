//! How fast this machine trains a model: some steps on made-up images, timed.

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use toile_nn::{Examples, FitConfig, FitEvent, Flow, ImageShape, Inputs, evaluate, fit};
use toile_rng::Seed;

use super::{Clock, RunError, engine};
use toile_study::RunPlan;

/// Bytes of made-up images at most.
const MOST_BYTES: usize = 32 << 20;

/// Images that are evaluated to time an evaluation.
const EVALUATED: usize = 1024;

/// The speed of one model with one optimizer and batch size on a number of threads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Speed {
    /// Seconds of one update.
    pub step_seconds: f64,
    /// Seconds of the evaluation of one image.
    pub image_seconds: f64,
}

/// Times a run's updates for about `budget`, and one evaluation.
///
/// Gives `None` if no update could be timed, because the loss diverges at once.
pub fn measure(
    run: &RunPlan,
    image: ImageShape,
    threads: usize,
    budget: Duration,
    clock: &dyn Clock,
) -> Result<Option<Speed>, RunError> {
    let mut model = engine::model(run, image)?;
    let classes = model.classes();
    let bytes = image.values();
    let n = (run.settings.batch_size * 64).clamp(EVALUATED, (MOST_BYTES / bytes).max(1));
    let mut stream = Seed::new(0).stream("made-up images", 0);
    let images: Vec<u8> = (0..n * bytes).map(|_| stream.next_u32() as u8).collect();
    let labels: Vec<u8> = (0..n).map(|i| (i % classes) as u8).collect();
    let indices: Vec<u32> = (0..n as u32).collect();
    let examples = Examples {
        images: Inputs::Bytes(&images),
        labels: &labels,
        indices: &indices,
        shape: image,
        classes,
    };
    let config = FitConfig {
        epochs: usize::MAX,
        train_evaluation: 0.0,
        callbacks: Vec::new(),
        ..engine::fit_config(&run.settings, classes)
    };
    let threads = AtomicUsize::new(threads);
    let mut timer = StepTimer { clock, budget, last: None, began: None, steps: Vec::new() };
    fit(&mut model, &examples, None, &config, &threads, &mut |event| timer.observe(event));
    let some = examples.with_indices(&indices[..EVALUATED.min(n)]);
    let before = clock.elapsed();
    evaluate(&model, &some, &config.loss, 0.0, &threads);
    let image_seconds = (clock.elapsed() - before).as_secs_f64() / some.len() as f64;
    Ok(timer.typical().map(|step_seconds| Speed { step_seconds, image_seconds }))
}

/// Takes the time from one step of an epoch to the next; the first step of all only warms up.
struct StepTimer<'a> {
    clock: &'a dyn Clock,
    budget: Duration,
    began: Option<Duration>,
    last: Option<Duration>,
    steps: Vec<Duration>,
}

/// Fewer steps than this tell nothing, however long they take.
const FEWEST_STEPS: usize = 3;

impl StepTimer<'_> {
    fn observe(&mut self, event: FitEvent<'_>) -> Flow {
        let FitEvent::Step { .. } = event else {
            self.last = None;
            return Flow::Continue;
        };
        let now = self.clock.elapsed();
        self.steps.extend(self.last.replace(now).map(|last| now - last));
        let is_over = now - *self.began.get_or_insert(now) >= self.budget;
        if is_over && self.steps.len() >= FEWEST_STEPS { Flow::Stop } else { Flow::Continue }
    }

    /// The median: a step during which another program had the core does not move it.
    fn typical(mut self) -> Option<f64> {
        self.steps.sort_unstable();
        self.steps.get(self.steps.len() / 2).map(Duration::as_secs_f64)
    }
}
