//! The learning-rate range test: a run's training with a learning rate that grows from batch to batch.

use std::sync::atomic::Ordering;

use toile_nn::{Exponential, FitConfig, FitEnd, FitEvent, Flow, Schedule};
use toile_record::{SweepEnd, SweepRecord};

use crate::LoneTraining;
use crate::runner::{RunError, engine};

/// Batches of a sweep.
pub const SWEEP_BATCHES: usize = 300;

/// The learning rates of the first and of the last batch; in between the logarithm grows evenly.
pub const SWEEP_RANGE: [f64; 2] = [1e-6, 10.0];

impl LoneTraining<'_> {
    /// The range test: trains from the initial weights through all rates, or until `is_over` says so of the loss of a
    /// batch. Schedule and callbacks of the run are left out. `None` if the user stopped it.
    ///
    /// # Errors
    /// Models that do not fit the images, initial weights that cannot be read.
    pub fn sweep(&self, is_over: &mut dyn FnMut(f64) -> bool) -> Result<Option<SweepRecord>, RunError> {
        let mut model = engine::starting_model(self.run, engine::image_shape(self.data), self.read)?;
        let train = engine::examples(self.data, &self.data.train, &self.split.train);
        let config = self.config(train.len());
        let mut sweep = SweepRecord {
            seed: self.run.settings.seed,
            rates: Vec::with_capacity(SWEEP_BATCHES),
            losses: Vec::with_capacity(SWEEP_BATCHES),
            end: SweepEnd::Whole,
        };
        let mut stopped = false;
        let outcome = toile_nn::fit(&mut model, &train, None, &config, self.threads, &mut |event| {
            stopped = self.stop.load(Ordering::Relaxed);
            if let FitEvent::Step { loss, .. } = event {
                let start = config.optimizer.learning_rate();
                sweep.rates.push(config.schedule.rate(start, sweep.rates.len() as u64));
                sweep.losses.push(loss);
                if is_over(loss) {
                    sweep.end = SweepEnd::Rose;
                }
            }
            let is_whole = sweep.rates.len() == SWEEP_BATCHES;
            if stopped || is_whole || sweep.end == SweepEnd::Rose { Flow::Stop } else { Flow::Continue }
        });
        if matches!(outcome.end, FitEnd::NonFinite { .. }) {
            sweep.end = SweepEnd::NotFinite;
        }
        Ok((!stopped).then_some(sweep))
    }

    /// The run's training with rates that grow. After an epoch one image is evaluated, since `fit` asks for some.
    fn config(&self, n_train: usize) -> FitConfig {
        let settings = &self.run.settings;
        let [low, high] = SWEEP_RANGE;
        let per_epoch = n_train.div_ceil(settings.batch_size).max(1);
        FitConfig {
            // One more than is needed: after the last one everything would be evaluated.
            epochs: SWEEP_BATCHES / per_epoch + 2,
            optimizer: settings.optimizer.clone().with_learning_rate(low),
            schedule: Schedule::Exponential(Exponential::new(SWEEP_BATCHES - 1, high / low)),
            callbacks: Vec::new(),
            train_evaluation: 0.0,
            ..engine::fit_config(settings, self.data.class_names.len())
        }
    }
}
