//! A training on top of another one, as a second `fit` of Keras.

use crate::callbacks::Callbacks;
use crate::state::WEIGHTS;
use crate::{FitConfig, Model, Tensor, TrainedBefore, TrainingState};

impl TrainingState {
    /// The state for a training that follows the one that left this state: epochs and updates are counted on, and the
    /// optimizer goes on with what it remembers and with a learning rate that a callback has reduced. The weights are
    /// those of `model`, and the callbacks of `config` begin anew. [`fit_from`](crate::fit_from) takes it with a
    /// `config` whose `epochs` are those of all trainings together; batches and examples may be others.
    ///
    /// Without callbacks, and with the weights that the training left and as many updates per epoch, it is the same as
    /// one training without a stop, bit for bit.
    #[must_use]
    pub fn followed(mut self, config: &FitConfig, model: &Model) -> TrainingState {
        let is_kept = |tensor: &Tensor| tensor.name.starts_with("optimizer.");
        self.tensors.retain(is_kept);
        let named = |tensor: Tensor| Tensor { name: format!("{WEIGHTS}{}", tensor.name), ..tensor };
        self.tensors.extend(model.weights().into_iter().map(named));
        self.tensors.sort_by(|a, b| a.name.cmp(&b.name));
        self.facts.before = Some(TrainedBefore { epochs: self.facts.epoch, updates: self.facts.step });
        self.facts.stopped = None;
        self.facts.diverged = false;
        self.facts.callbacks = Callbacks::new(&config.callbacks, self.facts.learning_rate.0).facts();
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Adam, Callback, Dense, EarlyStopping, Examples, FitEvent, Flow, ImageShape, Inputs, Layer, fit,
        fit_from,
    };
    use toile_rng::Seed;

    const SHAPE: ImageShape = ImageShape { height: 2, width: 2, channels: 1 };

    fn model() -> Model {
        Model::build(
            &[Layer::Dense(Dense { activation: crate::Activation::Softmax, ..Dense::new(2) })],
            SHAPE,
            Seed::new(1),
        )
        .unwrap()
    }

    /// Trains on top of a state; gives the last one.
    fn trained(model: &mut Model, config: &FitConfig, state: Option<TrainingState>) -> TrainingState {
        attempt(model, config, state).unwrap()
    }

    fn attempt(
        model: &mut Model,
        config: &FitConfig,
        state: Option<TrainingState>,
    ) -> Result<TrainingState, crate::StateError> {
        let images = [0, 50, 100, 150, 200, 250, 30, 60, 9, 8, 7, 6];
        let images = Inputs::Bytes(&images);
        let train = Examples { images, labels: &[0, 1, 1], indices: &[0, 1, 2], shape: SHAPE, classes: 2 };
        let mut last = None;
        let mut observer = |event: FitEvent<'_>| {
            if let FitEvent::EpochEnd(_, snapshot) = event {
                last = Some(snapshot.take());
            }
            Flow::Continue
        };
        match state {
            Some(state) => _ = fit_from(model, &train, None, config, 1, state, &mut observer)?,
            None => _ = fit(model, &train, None, config, 1, &mut observer),
        }
        Ok(last.expect("an epoch was trained"))
    }

    /// The weights in a state, which has its tensors in the order of their names.
    fn weights(state: &TrainingState) -> Vec<Tensor> {
        let own = |tensor: &Tensor| {
            let name = tensor.name.strip_prefix(WEIGHTS)?;
            Some(Tensor { name: name.into(), ..tensor.clone() })
        };
        state.tensors.iter().filter_map(own).collect()
    }

    fn sorted(mut weights: Vec<Tensor>) -> Vec<Tensor> {
        weights.sort_by(|a, b| a.name.cmp(&b.name));
        weights
    }

    #[test]
    fn two_trainings_are_one_without_a_stop() {
        let config = |epochs| FitConfig { epochs, batch_size: 2, ..FitConfig::new(Adam::default()) };
        let (mut whole, mut halves) = (model(), model());
        trained(&mut whole, &config(5), None);
        let state = trained(&mut halves, &config(2), None).followed(&config(5), &halves);
        let last = trained(&mut halves, &config(5), Some(state));
        assert_eq!(halves.weights(), whole.weights());
        assert_eq!(weights(&last), sorted(whole.weights()));
    }

    #[test]
    fn batches_of_another_size_go_on_with_the_same_optimizer() {
        let config = |epochs, batch_size| FitConfig { epochs, batch_size, ..FitConfig::new(Adam::default()) };
        let mut model = model();
        // Three examples are two updates of two, or three of one.
        let first = trained(&mut model, &config(2, 2), None);
        assert_eq!((first.facts.epoch, first.facts.step, first.facts.before), (2, 4, None));
        let before = TrainedBefore { epochs: 2, updates: 4 };
        let next = first.followed(&config(5, 1), &model);
        assert_eq!(next.facts.before, Some(before));
        let slots = |state: &TrainingState| -> Vec<Tensor> {
            state.tensors.iter().filter(|t| t.name.starts_with("optimizer.")).cloned().collect()
        };
        let remembered = slots(&next);
        let second = trained(&mut model, &config(5, 1), Some(next));
        assert_eq!((second.facts.epoch, second.facts.step, second.facts.before), (5, 13, Some(before)));
        assert_eq!(remembered.len(), slots(&second).len());
        assert_ne!(remembered, slots(&second));

        // Its own state goes on without a word of the first, and a third training on from both.
        let (mut whole, mut halves) = (model.clone(), model.clone());
        trained(&mut whole, &config(9, 1), Some(second.clone()));
        let state = trained(&mut halves, &config(7, 1), Some(second)).followed(&config(9, 1), &halves);
        assert_eq!(state.facts.before, Some(TrainedBefore { epochs: 7, updates: 19 }));
        trained(&mut halves, &config(9, 1), Some(state));
        assert_eq!(halves.weights(), whole.weights());
    }

    #[test]
    fn a_state_of_as_many_updates_is_that_of_one_training() {
        let config = |epochs| FitConfig { epochs, batch_size: 2, ..FitConfig::new(Adam::default()) };
        let (mut whole, mut halves) = (model(), model());
        let expected = trained(&mut whole, &config(5), None);
        let state = trained(&mut halves, &config(2), None).followed(&config(5), &halves);
        assert_eq!(trained(&mut halves, &config(5), Some(state)), expected);
    }

    #[test]
    fn updates_that_no_training_has_made_are_refused() {
        let config = |epochs| FitConfig { epochs, batch_size: 2, ..FitConfig::new(Adam::default()) };
        let mut first = model();
        let state = trained(&mut first, &config(2), None);
        for (before, words) in [
            (TrainedBefore { epochs: 3, updates: 4 }, "epochs before it"),
            (TrainedBefore { epochs: 1, updates: 3 }, "updates 4, expected 5"),
            (TrainedBefore { epochs: usize::MAX, updates: u64::MAX }, "epochs before it"),
        ] {
            let mut wrong = state.clone().followed(&config(3), &first);
            wrong.facts.before = Some(before);
            let error = attempt(&mut first.clone(), &config(3), Some(wrong)).unwrap_err();
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn weights_are_the_model_s_and_callbacks_begin_anew() {
        let stopping = Callback::EarlyStopping(EarlyStopping {
            monitor: toile_record::Metric::Loss,
            min_delta: 100.0,
            restore_best_weights: true,
            ..EarlyStopping::default()
        });
        let config = FitConfig { epochs: 9, callbacks: vec![stopping], ..FitConfig::new(Adam::default()) };
        let mut model = model();
        let state = trained(&mut model, &config, None);
        assert_eq!((state.facts.epoch, state.facts.stopped.as_deref()), (2, Some("early_stopping")));
        let next = state.followed(&FitConfig { epochs: 11, ..config.clone() }, &model);
        assert_eq!((next.facts.stopped.clone(), weights(&next)), (None, sorted(model.weights())));
        let last = trained(&mut model, &FitConfig { epochs: 11, ..config }, Some(next));
        assert_eq!(last.facts.epoch, 4);
    }
}
