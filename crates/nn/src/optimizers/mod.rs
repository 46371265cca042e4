//! The optimizers: one file each, one list of all.

mod adam;
mod adamw;
mod common;
mod nadam;
mod rmsprop;
mod sgd;

pub use adam::Adam;
pub use adamw::AdamW;
pub use common::Common;
pub use nadam::Nadam;
pub use rmsprop::RmsProp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use sgd::Sgd;
use toile_kernels::{Buffer, optimizer};

/// How a gradient becomes a step, as the study file writes it: `{ adam = { learning_rate = 0.001 } }`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Optimizer {
    /// Stochastic gradient descent, with momentum if asked for.
    Sgd(Sgd),
    /// Adam (Kingma and Ba 2015).
    Adam(Adam),
    /// Adam with decoupled weight decay.
    #[serde(rename = "adamw")]
    AdamW(AdamW),
    /// Adam with Nesterov momentum.
    Nadam(Nadam),
    /// RMSprop (Tieleman and Hinton 2012).
    #[serde(rename = "rmsprop")]
    RmsProp(RmsProp),
}

/// Up to three numbers per weight that an optimizer remembers.
pub(crate) type Slots<'a> = [&'a mut [f32]; 3];

/// Up to four numbers of one step that are the same for every weight; which they are is the optimizer's own matter.
pub(crate) type StepFactors = [f32; 4];

/// What each optimizer's settings say.
trait OptimizerSettings {
    /// The name in the study file.
    fn name(&self) -> &'static str;

    /// What all optimizers share.
    fn common(&self) -> Common;

    /// Which of the three numbers per weight it uses.
    fn slots(&self) -> [bool; 3];

    /// What is the same for every weight in step t, counted from 1. `momentum_product` is 1 before the first step, and
    /// is kept from step to step.
    fn factors(&self, t: u64, learning_rate: f32, momentum_product: &mut f32) -> StepFactors;

    /// The step of some of the weights w, by their gradient g.
    fn apply(&self, factors: StepFactors, w: &mut [f32], g: &[f32], slots: Slots);
}

impl Optimizer {
    /// The one list that ties the names to what they do.
    fn settings(&self) -> &dyn OptimizerSettings {
        match self {
            Optimizer::Sgd(settings) => settings,
            Optimizer::Adam(settings) => settings,
            Optimizer::AdamW(settings) => settings,
            Optimizer::Nadam(settings) => settings,
            Optimizer::RmsProp(settings) => settings,
        }
    }

    /// The name in the study file.
    pub fn name(&self) -> &'static str {
        self.settings().name()
    }

    /// What all optimizers share: learning rate, weight decay, bounds on the gradient.
    pub fn common(&self) -> Common {
        self.settings().common()
    }

    /// The learning rate that the study file states, before any schedule.
    pub fn learning_rate(&self) -> f64 {
        self.common().learning_rate
    }

    /// The same with another learning rate.
    pub fn with_learning_rate(mut self, learning_rate: f64) -> Optimizer {
        let rate = match &mut self {
            Optimizer::Sgd(settings) => &mut settings.learning_rate,
            Optimizer::Adam(settings) => &mut settings.learning_rate,
            Optimizer::AdamW(settings) => &mut settings.learning_rate,
            Optimizer::Nadam(settings) => &mut settings.learning_rate,
            Optimizer::RmsProp(settings) => &mut settings.learning_rate,
        };
        *rate = learning_rate;
        self
    }

    /// Numbers that the optimizer remembers per weight.
    pub fn n_slots(&self) -> usize {
        self.settings().slots().into_iter().filter(|used| *used).count()
    }
}

/// What an optimizer remembers while a model trains.
pub(crate) struct OptimizerState {
    optimizer: Optimizer,
    weight_decay: Option<f64>,
    /// Updates made so far.
    pub step: u64,
    slots: [Buffer; 3],
    /// Nadam's P(t).
    pub momentum_product: f32,
}

/// One update, the same for every weight.
#[derive(Clone)]
pub(crate) struct OptimizerStep {
    optimizer: Optimizer,
    decay: Option<f32>,
    factors: StepFactors,
}

impl OptimizerState {
    pub(crate) fn new(optimizer: &Optimizer, weights: usize) -> OptimizerState {
        let slots = Buffer::together(optimizer.settings().slots().map(|used| if used { weights } else { 0 }));
        let weight_decay = optimizer.common().weight_decay;
        OptimizerState { optimizer: optimizer.clone(), weight_decay, step: 0, slots, momentum_product: 1.0 }
    }

    /// The next update.
    pub(crate) fn next_step(&mut self, learning_rate: f32) -> OptimizerStep {
        self.step += 1;
        let factors = self.optimizer.settings().factors(self.step, learning_rate, &mut self.momentum_product);
        let decay = self.weight_decay.map(|decay| decay as f32 * learning_rate);
        OptimizerStep { optimizer: self.optimizer.clone(), decay, factors }
    }

    pub(crate) fn all_slots_mut(&mut self) -> Slots<'_> {
        let [a, b, c] = &mut self.slots;
        [a, b, c]
    }

    /// The numbers per weight that this optimizer remembers, with their positions among the three.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (usize, &[f32])> {
        let used = self.optimizer.settings().slots();
        self.slots.iter().enumerate().filter(move |(i, _)| used[*i]).map(|(i, slot)| (i, &slot[..]))
    }

    /// The same, to be written.
    pub(crate) fn slots_mut(&mut self) -> impl Iterator<Item = (usize, &mut [f32])> {
        let used = self.optimizer.settings().slots();
        self.slots.iter_mut().enumerate().filter(move |(i, _)| used[*i]).map(|(i, slot)| (i, &mut slot[..]))
    }
}

impl OptimizerStep {
    /// Decoupled weight decay, then the optimizer's formula, on some of the weights.
    pub(crate) fn apply(&self, w: &mut [f32], g: &[f32], slots: Slots) {
        if let Some(factor) = self.decay {
            optimizer::decay(w, factor);
        }
        self.optimizer.settings().apply(self.factors, w, g, slots);
    }
}

/// The f32 nearest to βᵗ for the f32 nearest to β, by repeated squaring in f64: the same bits everywhere.
fn power(beta: f64, t: u64) -> f32 {
    let (mut result, mut square, mut left) = (1.0f64, beta as f32 as f64, t);
    while left > 0 {
        if left & 1 == 1 {
            result *= square;
        }
        square *= square;
        left >>= 1;
    }
    result as f32
}
