//! A training step in its pieces: what the engine has just done, told to whoever holds a clock.

use toile_kernels::conv::Algorithm;

use crate::engine::{Action, Executor, Pass, Updater};
use crate::optimizers::OptimizerState;
use crate::{Examples, FitConfig, Layer, Model};

/// What the engine has just done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// Images and labels of a batch taken out of the data set.
    Gather,
    /// A layer's output.
    Forward,
    /// The loss and its gradient.
    Loss,
    /// A layer's gradients: with respect to its input, and to its weights unless those are computed apart.
    Backward,
    /// The gradient with respect to a layer's weights, where it is computed apart.
    WeightGradient,
    /// The gradients summed, and the optimizer's step.
    Update,
    /// What is kept beside the weights (transposed or transformed kernels), computed anew.
    Derive,
}

/// A piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark {
    /// What was done.
    pub stage: Stage,
    /// The layer's position in the model, where the work is one layer's.
    pub layer: Option<usize>,
}

/// What is to be known of a layer beside the time it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFacts {
    /// As in the model's summary: `conv2d_1`.
    pub name: String,
    /// `(None, 24, 24, 64)`
    pub output_shape: String,
    /// How a convolution is computed: `direct`, or `winograd 4` with the edge of its output tiles.
    pub algorithm: Option<String>,
    /// Floating-point operations of one image by definition: output, weight gradient, input gradient. The first layer
    /// with weights has no input gradient, as nobody asks for it.
    pub flops: [u64; 3],
}

impl Model {
    /// Each layer's facts, in the order of the layers.
    pub fn layer_facts(&self) -> Vec<LayerFacts> {
        let mut first = true;
        let rows = self.summary().rows.into_iter().enumerate();
        rows.map(|(i, row)| {
            let mut flops = self.layer_flops(i);
            if first {
                flops[2] = 0;
            }
            first = first && flops[0] == 0;
            LayerFacts { name: row.name, output_shape: row.output_shape, algorithm: self.algorithm(i), flops }
        })
        .collect()
    }

    fn layer_flops(&self, i: usize) -> [u64; 3] {
        let is_last = i + 1 == self.layers.len();
        match self.layers[i].operation(i, self.shapes[i], &self.parameters[i], is_last) {
            Ok(Some(op)) => op.flops(),
            _ => [0; 3],
        }
    }

    fn algorithm(&self, i: usize) -> Option<String> {
        let Layer::Conv2D(layer) = &self.layers[i] else { return None };
        let operation = layer.operation(self.shapes[i], &self.parameters[i]).ok()?;
        Some(match operation.algorithm() {
            Algorithm::Direct => "direct".into(),
            Algorithm::Winograd { tile } => format!("winograd {tile}"),
        })
    }

    /// The layer of each operation: layers that move no value have none.
    fn layers_of_operations(&self) -> Vec<usize> {
        let moves = |i: &usize| match &self.layers[*i] {
            Layer::Flatten(_) => false,
            Layer::Activation(_) => i + 1 < self.layers.len(),
            _ => true,
        };
        (0..self.layers.len()).filter(moves).collect()
    }
}

/// Trains `steps` updates on one thread, calling `mark` after each piece of work with what it was: the time since the
/// last call is what it took.
///
/// The updates are those of [`fit`](crate::fit), but callbacks and evaluations are left out.
///
/// # Panics
/// If the examples do not fit the model, or there are none.
pub fn trace(
    model: &mut Model,
    train: &Examples,
    config: &FitConfig,
    steps: usize,
    mark: &mut dyn FnMut(Mark),
) {
    train.check(model.shapes[0].values(), model.classes());
    assert!(!train.is_empty() && config.batch_size > 0, "nothing to train on");
    let mut traced = Traced::new(model, train, config);
    traced.derive(mark);
    let (mut epoch, mut done) = (0, 0);
    while done < steps {
        epoch += 1;
        let mut order = train.indices.to_vec();
        if config.shuffle {
            config.seed.stream("shuffle", epoch).shuffle(&mut order);
        }
        for indices in order.chunks(config.batch_size).take(steps - done) {
            traced.step(indices, mark);
            done += 1;
        }
    }
}

/// A training that tells what it does.
struct Traced<'a> {
    model: &'a mut Model,
    train: &'a Examples<'a>,
    config: &'a FitConfig,
    executor: Executor,
    updater: Updater,
    optimizer: OptimizerState,
    layers: Vec<usize>,
}

impl<'a> Traced<'a> {
    fn new(model: &'a mut Model, train: &'a Examples<'a>, config: &'a FitConfig) -> Traced<'a> {
        let n_weights = model.weights.len();
        let parameters: Vec<_> = model.parameters.iter().flatten().collect();
        let updater = Updater::new(&parameters, n_weights, config.optimizer.common().clipping);
        let batch = config.batch_size.min(train.len());
        Traced {
            executor: Executor::for_training(model.program(), batch, n_weights),
            updater,
            optimizer: OptimizerState::new(&config.optimizer, n_weights),
            layers: model.layers_of_operations(),
            model,
            train,
            config,
        }
    }

    fn step(&mut self, indices: &[u32], mark: &mut dyn FnMut(Mark)) {
        let class_weights = &self.config.class_weight;
        let pass = Pass {
            examples: self.train,
            indices,
            label_smoothing: self.config.label_smoothing,
            class_weights: (!class_weights.is_empty()).then_some(class_weights),
            step: self.optimizer.step,
            seed: self.config.seed,
            threads: 1,
        };
        let layers = &self.layers;
        let mut tell = |action| mark(mark_of(action, layers));
        self.executor.train_told(&pass, &self.model.weights, &mut tell);
        self.executor.move_averages(&mut self.model.weights);
        self.update(indices.len());
        mark(Mark { stage: Stage::Update, layer: None });
        self.derive(mark);
    }

    fn update(&mut self, images: usize) {
        let rate =
            self.config.schedule.rate(self.config.optimizer.learning_rate(), self.optimizer.step) as f32;
        let n = self.executor.n_chunks(images);
        let (pool, chunks) = (&mut self.executor.pool, &self.executor.chunks[..n]);
        self.updater.apply(pool, 1, chunks, &mut self.model.weights, &mut self.optimizer, rate);
    }

    fn derive(&mut self, mark: &mut dyn FnMut(Mark)) {
        self.executor.derive(&self.model.weights, 1);
        mark(Mark { stage: Stage::Derive, layer: None });
    }
}

fn mark_of(action: Action, layers: &[usize]) -> Mark {
    let at = |stage, op: usize| Mark { stage, layer: layers.get(op).copied() };
    match action {
        Action::Gather => Mark { stage: Stage::Gather, layer: None },
        Action::Loss => Mark { stage: Stage::Loss, layer: None },
        Action::Forward(i) | Action::Sum(i) | Action::Deviation(i) | Action::Normalize(i) => {
            at(Stage::Forward, i)
        }
        Action::Backward(i) | Action::BackwardSums(i) | Action::BackwardNormalize(i) => {
            at(Stage::Backward, i)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{FitEvent, Flow, ImageShape, Optimizer, fit};
    use std::sync::atomic::AtomicUsize;
    use toile_rng::Seed;

    const SHAPE: ImageShape = ImageShape { height: 6, width: 6, channels: 1 };

    fn model() -> Model {
        let layers: Vec<Layer> = serde_json::from_str(
            r#"[{"conv2d":{"filters":4,"kernel_size":[3,3]}}, {"batch_normalization":{}}, {"flatten":{}},
                {"dropout":{"rate":0.25}}, {"dense":{"units":3}}, {"activation":"softmax"}]"#,
        )
        .expect("the layers are spelled right");
        Model::build(&layers, SHAPE, Seed::new(1)).expect("the layers fit")
    }

    fn with_examples(check: impl Fn(&Examples)) {
        let images: Vec<u8> = (0..40 * 36).map(|i| (i * 37 % 251) as u8).collect();
        let labels: Vec<u8> = (0..40).map(|i| (i % 3) as u8).collect();
        let indices: Vec<u32> = (0..40).collect();
        check(&Examples { images: &images, labels: &labels, indices: &indices, shape: SHAPE, classes: 3 });
    }

    fn config() -> FitConfig {
        let optimizer: Optimizer = serde_json::from_str(r#"{"adam":{}}"#).expect("a known optimizer");
        FitConfig { batch_size: 16, epochs: 2, ..FitConfig::new(optimizer) }
    }

    #[test]
    fn tracing_trains_as_fit_does_to_the_bit() {
        with_examples(|examples| {
            let (mut fitted, mut traced, config) = (model(), model(), config());
            let mut steps = 0;
            fit(&mut fitted, examples, None, &config, &AtomicUsize::new(1), &mut |event| {
                steps += usize::from(matches!(event, FitEvent::Step { .. }));
                Flow::Continue
            });
            trace(&mut traced, examples, &config, steps, &mut |_| {});
            assert_eq!(fitted.weights(), traced.weights());
        });
    }

    #[test]
    fn every_layer_that_works_is_told_in_each_pass() {
        with_examples(|examples| {
            let mut marks = Vec::new();
            trace(&mut model(), examples, &config(), 1, &mut |mark| marks.push(mark));
            for layer in [0, 1, 3, 4] {
                for stage in [Stage::Forward, Stage::Backward] {
                    assert!(marks.contains(&Mark { stage, layer: Some(layer) }), "{stage:?} of {layer}");
                }
            }
            for stage in [Stage::Gather, Stage::Loss, Stage::Update, Stage::Derive] {
                assert!(marks.contains(&Mark { stage, layer: None }), "{stage:?}");
            }
            assert!(marks.iter().all(|mark| mark.layer != Some(2) && mark.layer != Some(5)));
        });
    }

    #[test]
    fn the_operations_of_the_layers_are_those_of_the_model() {
        let (model, facts) = (model(), model().layer_facts());
        let sum = |parts: &[usize]| -> u64 {
            facts.iter().map(|layer| parts.iter().map(|&part| layer.flops[part]).sum::<u64>()).sum()
        };
        assert_eq!((sum(&[0]), sum(&[0, 1, 2])), model.flops());
        assert_eq!((facts[0].flops[2], facts[0].algorithm.as_deref()), (0, Some("direct")));
        assert_eq!((facts[4].name.as_str(), facts[4].output_shape.as_str()), ("dense", "(None, 3)"));
    }
}
