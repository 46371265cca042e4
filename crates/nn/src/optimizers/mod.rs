//! The optimizers: one file each, one list of all.

mod adam;
mod adamw;
mod nadam;
mod rmsprop;
mod sgd;

pub use adam::Adam;
pub use adamw::AdamW;
pub use nadam::Nadam;
use nadam::NadamFactors;
pub use rmsprop::RmsProp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
pub use sgd::Sgd;
use toile_kernels::{Buffer, optimizer};

use crate::engine::Clipping;

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
pub(crate) type States<'a> = [&'a mut [f32]; 3];

/// What all optimizers share.
pub(crate) struct Common {
    pub learning_rate: f64,
    pub weight_decay: Option<f64>,
    pub clipping: Clipping,
}

impl Common {
    fn new(
        learning_rate: f64,
        weight_decay: Option<f64>,
        clipnorm: Option<f64>,
        clipvalue: Option<f64>,
        global_clipnorm: Option<f64>,
    ) -> Common {
        // As in Keras, a limit of 0 is none.
        let limit = |limit: Option<f64>| limit.map(|limit| limit as f32).filter(|limit| *limit > 0.0);
        let clipping = match (limit(clipnorm), limit(clipvalue), limit(global_clipnorm)) {
            (Some(limit), _, _) => Clipping::Norm(limit),
            (_, Some(limit), _) => Clipping::Value(limit),
            (_, _, Some(limit)) => Clipping::GlobalNorm(limit),
            _ => Clipping::None,
        };
        Common { learning_rate, weight_decay, clipping }
    }
}

impl Optimizer {
    /// The learning rate that the study file states, before any schedule.
    pub fn learning_rate(&self) -> f64 {
        self.common().learning_rate
    }

    /// The name in the study file.
    pub fn name(&self) -> &'static str {
        match self {
            Optimizer::Sgd(_) => "sgd",
            Optimizer::Adam(_) => "adam",
            Optimizer::AdamW(_) => "adamw",
            Optimizer::Nadam(_) => "nadam",
            Optimizer::RmsProp(_) => "rmsprop",
        }
    }

    pub(crate) fn common(&self) -> Common {
        match self {
            Optimizer::Sgd(optimizer) => optimizer.common(),
            Optimizer::Adam(optimizer) => optimizer.common(),
            Optimizer::AdamW(optimizer) => optimizer.as_adam().common(),
            Optimizer::Nadam(optimizer) => optimizer.common(),
            Optimizer::RmsProp(optimizer) => optimizer.common(),
        }
    }

    /// Numbers that the optimizer remembers per weight.
    pub(crate) fn n_states(&self) -> usize {
        self.uses().into_iter().filter(|used| *used).count()
    }

    fn uses(&self) -> [bool; 3] {
        let first = |n: usize| [n > 0, n > 1, n > 2];
        match self {
            Optimizer::Sgd(optimizer) => first(optimizer.n_states()),
            Optimizer::Adam(optimizer) => first(optimizer.n_states()),
            Optimizer::AdamW(optimizer) => first(optimizer.as_adam().n_states()),
            Optimizer::Nadam(optimizer) => first(optimizer.n_states()),
            Optimizer::RmsProp(optimizer) => optimizer.uses(),
        }
    }
}

/// An optimizer at work: its memory and its place in time.
pub(crate) struct OptimizerState {
    optimizer: Optimizer,
    weight_decay: Option<f64>,
    /// Updates made so far.
    pub step: u64,
    states: [Buffer; 3],
    /// Nadam's P(t).
    pub momentum_product: f32,
}

/// The numbers of one step, the same for every weight.
pub(crate) struct Constants {
    decay: Option<f32>,
    step: Step,
}

enum Step {
    Sgd(Sgd, f32),
    Adam(Adam, f32),
    Nadam(Nadam, NadamFactors, f32),
    RmsProp(RmsProp, f32),
}

impl OptimizerState {
    pub(crate) fn new(optimizer: &Optimizer, weights: usize) -> OptimizerState {
        let states = optimizer.uses().map(|used| Buffer::new(if used { weights } else { 0 }));
        let weight_decay = optimizer.common().weight_decay;
        OptimizerState { optimizer: optimizer.clone(), weight_decay, step: 0, states, momentum_product: 1.0 }
    }

    /// The constants of the next update.
    pub(crate) fn next_step(&mut self, learning_rate: f32) -> Constants {
        self.step += 1;
        let t = self.step;
        let step = match &self.optimizer {
            Optimizer::Sgd(sgd) => Step::Sgd(sgd.clone(), learning_rate),
            Optimizer::Adam(adam) => Step::Adam(adam.clone(), adam.alpha(t, learning_rate)),
            Optimizer::AdamW(adamw) => {
                let adam = adamw.as_adam();
                let alpha = adam.alpha(t, learning_rate);
                Step::Adam(adam, alpha)
            }
            Optimizer::Nadam(nadam) => {
                Step::Nadam(nadam.clone(), nadam.factors(t, &mut self.momentum_product), learning_rate)
            }
            Optimizer::RmsProp(rmsprop) => Step::RmsProp(rmsprop.clone(), learning_rate),
        };
        Constants { decay: self.weight_decay.map(|decay| decay as f32 * learning_rate), step }
    }

    pub(crate) fn states_mut(&mut self) -> States<'_> {
        let [a, b, c] = &mut self.states;
        [a, b, c]
    }

    /// The numbers per weight that this optimizer remembers, with their places among the three.
    pub(crate) fn slots(&self) -> impl Iterator<Item = (usize, &[f32])> {
        let used = self.optimizer.uses();
        self.states.iter().enumerate().filter(move |(i, _)| used[*i]).map(|(i, slot)| (i, &slot[..]))
    }

    /// The same, to be written.
    pub(crate) fn slots_mut(&mut self) -> impl Iterator<Item = (usize, &mut [f32])> {
        let used = self.optimizer.uses();
        self.states.iter_mut().enumerate().filter(move |(i, _)| used[*i]).map(|(i, slot)| (i, &mut slot[..]))
    }
}

impl Constants {
    /// Decoupled weight decay, before the step: w ← w − decay η w.
    pub(crate) fn decay(&self, w: &mut [f32]) {
        if let Some(factor) = self.decay {
            optimizer::decay(w, factor);
        }
    }

    /// The optimizer's formula on some of the weights.
    pub(crate) fn step(&self, w: &mut [f32], g: &[f32], states: States) {
        match &self.step {
            Step::Sgd(sgd, learning_rate) => sgd.apply(*learning_rate, w, g, states),
            Step::Adam(adam, alpha) => adam.apply(*alpha, w, g, states),
            Step::Nadam(nadam, factors, learning_rate) => nadam.apply(*factors, *learning_rate, w, g, states),
            Step::RmsProp(rmsprop, learning_rate) => rmsprop.apply(*learning_rate, w, g, states),
        }
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

fn rate_001() -> f64 {
    0.001
}

fn beta_1() -> f64 {
    0.9
}

fn beta_2() -> f64 {
    0.999
}

fn epsilon() -> f64 {
    1e-7
}
