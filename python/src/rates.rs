//! Learning rates that Python gave, epoch by epoch, as the schedule of a study file that says the same.

use toile_nn::{Piecewise, Schedule};
use toile_study::Settings;

/// The rates of a training's epochs, as far as it has come.
pub(crate) struct GivenRates {
    /// Updates of the optimizer before the training.
    before: u64,
    updates_per_epoch: u64,
    /// A rate for each epoch that has begun.
    rates: Vec<f64>,
    /// Whether any of them is Python's.
    are_given: bool,
}

impl GivenRates {
    pub(crate) fn new(before: u64, updates_per_epoch: usize) -> GivenRates {
        let updates_per_epoch = updates_per_epoch as u64;
        GivenRates { before, updates_per_epoch, rates: Vec::new(), are_given: false }
    }

    /// The next epoch begins with this rate.
    pub(crate) fn begins(&mut self, rate: f64, is_given: bool) {
        self.rates.push(rate);
        self.are_given |= is_given;
    }

    /// Whether Python gave any.
    pub(crate) fn are_given(&self) -> bool {
        self.are_given
    }

    /// The settings of the same training with the rates written out. A callback that reduces the rate is not among
    /// them: what it did is in the rates.
    pub(crate) fn recorded(&self, settings: &Settings) -> Settings {
        let mut recorded = settings.clone();
        let (true, Some(&first)) = (self.are_given, self.rates.first()) else { return recorded };
        let (mut boundaries, mut values) = (Vec::new(), vec![first]);
        for (epochs, pair) in (1..).zip(self.rates.windows(2)) {
            if pair[0] != pair[1] {
                boundaries.push((self.before + epochs * self.updates_per_epoch).saturating_sub(1) as usize);
                values.push(pair[1]);
            }
        }
        recorded.optimizer = recorded.optimizer.with_learning_rate(first);
        recorded.callbacks.retain(|callback| !callback.sets_learning_rate());
        if !boundaries.is_empty() {
            recorded.schedule = Schedule::Piecewise(Piecewise::new(&boundaries, &values));
        }
        recorded
    }
}
