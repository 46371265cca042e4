//! The state that a finished training had when its weights were made: by training it once more, to the same bits.

use std::sync::atomic::Ordering;

use toile_nn::{FitConfig, FitEvent, Flow, TrainingState};

use crate::LoneTraining;
use crate::runner::{RunError, engine};

impl LoneTraining<'_> {
    /// Trains to the end of this epoch, and gives the state there; `None` if the user stopped it, or it ended before.
    /// `begins` is told of each epoch.
    ///
    /// # Errors
    /// Models that do not fit the images, initial weights that cannot be read.
    pub fn state_after(
        &self,
        epoch: usize,
        begins: &mut dyn FnMut(usize),
    ) -> Result<Option<TrainingState>, RunError> {
        let mut model = engine::starting_model(self.run, engine::image_shape(self.data), self.read)?;
        let train = engine::examples(self.data, &self.data.train, &self.split.train);
        let validation = engine::examples(self.data, &self.data.train, &self.split.validation);
        // What is measured after an epoch decides nothing where no callback looks at it.
        let is_watched = !self.run.settings.callbacks.is_empty();
        let validation = (is_watched && !self.split.validation.is_empty()).then_some(&validation);
        let config = engine::fit_config(&self.run.settings, self.data.class_names.len());
        let part = if is_watched { config.train_evaluation } else { 0.0 };
        let config = FitConfig { train_evaluation: part, ..config };
        let mut state = None;
        toile_nn::fit(&mut model, &train, validation, &config, self.threads, &mut |event| {
            match event {
                FitEvent::EpochBegin { epoch, .. } => begins(epoch),
                FitEvent::EpochEnd(row, snapshot) if row.epoch == epoch => state = Some(snapshot.take()),
                FitEvent::EpochEnd(..) | FitEvent::Step { .. } | FitEvent::TrainingEnd { .. } => {}
            }
            let is_over = state.is_some() || self.stop.load(Ordering::Relaxed);
            if is_over { Flow::Stop } else { Flow::Continue }
        });
        Ok(state)
    }
}
