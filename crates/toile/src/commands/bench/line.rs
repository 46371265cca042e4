//! One line of the table: everything that is measured of a configuration.

use serde_json::Value;
use std::sync::atomic::AtomicUsize;

use toile_nn::{Layer, evaluate};

use super::Bench;
use super::configurations::BenchConfiguration;
use super::epochs::{BenchCase, Epochs, Goal, Spread, StepProfile, repeated};
use super::images::BenchImages;
use super::layers::LayerStep;
use crate::failure::Failure;
use crate::machine;

/// An epoch that takes longer on all threads is not timed whole.
const LONGEST_EPOCH: f64 = 20.0;

/// Images of an evaluation.
pub(super) const EVALUATED: usize = 10_000;

/// The parts of a line's seconds: epochs on all threads, on one, side by side; evaluations; steps.
const SHARES: [f64; 5] = [0.4, 0.2, 0.2, 0.1, 0.1];

/// A configuration with its numbers.
pub(super) struct BenchLine {
    pub name: String,
    /// The runs that it stands for.
    pub runs: Vec<String>,
    pub model: String,
    /// As in the study file.
    pub optimizer: Value,
    pub batch_size: usize,
    pub parameters: usize,
    /// Operations of one image: forward, and a training step.
    pub flops: [u64; 2],
    /// Images of an epoch.
    pub images: usize,
    /// Nothing of a model whose loss is not finite from the first steps on.
    pub measured: Option<Measured>,
}

/// The numbers.
pub(super) struct Measured {
    /// From nothing to the end of the first update: building the model, its memory, one step.
    pub first_update: f64,
    pub all_threads: Epochs,
    /// Where there is more than one.
    pub one_thread: Option<Epochs>,
    /// Two runs at a time, where there is more than one thread and the model is dense.
    pub side_by_side: Option<Epochs>,
    /// Seconds for [`EVALUATED`] images of the test part, on all threads, and how many were timed.
    pub evaluation: Option<(Spread, usize)>,
    /// Bytes of the whole process, data included, while it trained on all threads.
    pub peak_memory: Option<u64>,
    pub step: LayerStep,
}

impl BenchLine {
    /// Measures a configuration; `show` shows what is going on.
    pub(super) fn measure(
        bench: &Bench<'_>,
        configuration: &BenchConfiguration<'_>,
        images: &BenchImages,
        show: &dyn Fn(&str),
    ) -> Result<BenchLine, Failure> {
        let run = configuration.run;
        let subject = BenchCase { bench, run, images, config: images.fit_config(run) };
        let model = subject.model()?;
        let (forward, training) = model.flops();
        let measured = Measured::of(&subject, show)?;
        let settings = run.settings.to_json();
        Ok(BenchLine {
            name: configuration.name.clone(),
            runs: configuration.runs.iter().map(|run| run.to_string()).collect(),
            model: run.settings.model.clone(),
            optimizer: settings["optimizer"][&configuration.optimizer].clone(),
            batch_size: run.settings.batch_size,
            parameters: model.summary().total(),
            flops: [forward, training],
            images: images.split.train.len(),
            measured,
        })
    }

    /// 10⁹ operations per second by definition, at the time of an epoch.
    pub(super) fn gflops(&self, epochs: &Epochs) -> f64 {
        self.flops[1] as f64 * self.images as f64 / epochs.seconds.median / 1e9
    }
}

impl Measured {
    fn of(subject: &BenchCase<'_>, show: &dyn Fn(&str)) -> Result<Option<Measured>, Failure> {
        let (bench, threads) = (subject.bench, subject.bench.threads);
        let share = |i: usize| bench.seconds * SHARES[i];
        show(&if threads == 1 { "one thread".to_owned() } else { format!("{threads} threads") });
        let shows_memory = machine::forget_peak_memory();
        let Some(look) = subject.look(threads)? else { return Ok(None) };
        let goal = Goal { seconds: share(0), longest_epoch: LONGEST_EPOCH };
        let Some(all_threads) = subject.time(1, threads, look, goal)? else { return Ok(None) };
        let peak_memory = machine::peak_memory().filter(|_| shows_memory);
        // Beside the main figure, an epoch is timed whole only where that takes no longer than it may.
        let brief = |seconds: f64| Goal { seconds, longest_epoch: seconds / 2.0 };
        let (mut one_thread, mut alone) = (None, look);
        if threads > 1 {
            show("one thread");
            let Some(look) = subject.look(1)? else { return Ok(None) };
            (one_thread, alone) = (subject.time(1, 1, look, brief(share(1)))?, look);
        }
        let mut side_by_side = None;
        if threads > 1 && is_dense(subject) {
            show("two runs side by side");
            side_by_side = subject.time(2, threads / 2, alone, brief(share(2)))?;
        }
        show("evaluation");
        let evaluation = evaluation(subject, share(3))?;
        show("layer by layer");
        let step = step(subject, alone, share(4))?;
        let first_update = look.first_update;
        Ok(Some(Measured {
            first_update,
            all_threads,
            one_thread,
            side_by_side,
            evaluation,
            peak_memory,
            step,
        }))
    }
}

fn is_dense(subject: &BenchCase<'_>) -> bool {
    !subject.run.settings.layers.iter().any(Layer::is_convolution)
}

fn evaluation(subject: &BenchCase<'_>, seconds: f64) -> Result<Option<(Spread, usize)>, Failure> {
    let examples = subject.images.test(EVALUATED);
    if examples.is_empty() {
        return Ok(None);
    }
    let (model, threads) = (subject.model()?, AtomicUsize::new(subject.bench.threads));
    let time = repeated(subject.bench, seconds, || {
        std::hint::black_box(evaluate(&model, &examples, &subject.config.loss, 0.0, &threads));
    });
    Ok(Some((time.scaled(EVALUATED as f64 / examples.len() as f64), examples.len())))
}

fn step(subject: &BenchCase<'_>, look: StepProfile, seconds: f64) -> Result<LayerStep, Failure> {
    let (mut model, train) = (subject.model()?, subject.images.train());
    Ok(LayerStep::measure(subject.bench, &mut model, &train, &subject.config, look.step, seconds))
}
