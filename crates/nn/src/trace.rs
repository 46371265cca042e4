//! A training step in its pieces: what the engine does, reported to a caller who has a clock.

use std::sync::Mutex;

use crate::engine::{TraceEvent, Tracer};
use crate::training::Training;
use crate::{Examples, FitConfig, FitEvent, Flow, Model, Threads};

/// What there is to know of a layer, apart from the time it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerFacts {
    /// As in the model's summary: `conv2d_1`.
    pub name: String,
    /// `(None, 24, 24, 64)`
    pub output_shape: String,
    /// How it is computed, where there is a choice: [`SummaryRow::algorithm`](crate::SummaryRow::algorithm).
    pub algorithm: Option<String>,
    /// Floating-point operations of one image by definition: output, weight gradient, input gradient. The first layer
    /// with weights has no input gradient, as nobody asks for it.
    pub flops: [u64; 3],
}

impl Model {
    /// Each layer's facts, in the order of the layers.
    pub fn layer_facts(&self) -> Vec<LayerFacts> {
        let flops = self.program(1).flops_of_layers(self.layers.len());
        let rows = self.summary().rows.into_iter().enumerate();
        rows.map(|(i, row)| LayerFacts {
            flops: flops[i],
            name: row.name,
            output_shape: row.output_shape,
            algorithm: row.algorithm,
        })
        .collect()
    }
}

/// Trains `steps` updates on one thread, calling `mark` after each piece of work with what it was: the time since the
/// last call is what it took.
///
/// The updates are those of [`fit`](crate::fit()), but callbacks and evaluations are left out, and each does the work
/// of its own batch: outside a trace the update of a wide first layer goes on with the images of the next one.
///
/// # Panics
/// If the examples do not fit the model, or there are none.
pub fn trace(
    model: &mut Model,
    train: &Examples,
    config: &FitConfig,
    steps: usize,
    mark: &mut (dyn FnMut(TraceEvent) + Send),
) {
    train.check(model.shapes[0].values(), model.classes());
    assert!(!train.is_empty() && config.batch_size > 0, "nothing to train on");
    let mark = Mutex::new(mark);
    let report = |event: TraceEvent| {
        if let Ok(mut mark) = mark.lock() {
            mark(event);
        }
    };
    let mut training = Training::new(model, train, None, config, Threads::Fixed(1));
    training.tracer = Tracer(Some(&report));
    let (mut epoch, mut left) = (0, steps);
    while left > 0 {
        epoch += 1;
        training.train_epoch(epoch, &mut |event| {
            left -= usize::from(matches!(event, FitEvent::Step { .. }));
            if left == 0 { Flow::Stop } else { Flow::Continue }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Adam, ImageShape, Inputs, Layer, Stage, fit};
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
        let images = Inputs::Bytes(&images);
        check(&Examples { images, labels: &labels, indices: &indices, shape: SHAPE, classes: 3 });
    }

    fn config() -> FitConfig {
        FitConfig { batch_size: 16, epochs: 2, ..FitConfig::new(Adam::default()) }
    }

    #[test]
    fn tracing_trains_as_fit_does_to_the_bit() {
        with_examples(|examples| {
            let (mut fitted, mut traced, config) = (model(), model(), config());
            let mut steps = 0;
            fit(&mut fitted, examples, None, &config, 1, &mut |event| {
                steps += usize::from(matches!(event, FitEvent::Step { .. }));
                Flow::Continue
            });
            trace(&mut traced, examples, &config, steps, &mut |_| {});
            assert_eq!(fitted.weights(), traced.weights());
        });
    }

    #[test]
    fn every_layer_that_works_is_reported_in_each_pass() {
        with_examples(|examples| {
            let mut marks = Vec::new();
            trace(&mut model(), examples, &config(), 1, &mut |mark| marks.push(mark));
            for layer in [0, 1, 3, 4] {
                for stage in [Stage::Forward, Stage::Backward] {
                    assert!(
                        marks.contains(&TraceEvent { stage, layer: Some(layer) }),
                        "{stage:?} of {layer}"
                    );
                }
            }
            for stage in [Stage::Gather, Stage::Loss, Stage::WeightGradient, Stage::Update, Stage::Derive] {
                assert!(marks.iter().any(|mark| mark.stage == stage), "{stage:?}");
            }
            assert!(marks.iter().all(|mark| mark.layer != Some(2) && mark.layer != Some(5)));
        });
    }

    /// The first layer is cut into slices.
    #[test]
    fn each_step_does_the_work_of_its_own_batch() {
        let layers: Vec<Layer> =
            serde_json::from_str(r#"[{"dense":{"units":4}}, {"dense":{"units":3,"activation":"softmax"}}]"#)
                .expect("the layers are spelled right");
        let shape = ImageShape { height: 20, width: 20, channels: 1 };
        let mut model = Model::build(&layers, shape, Seed::new(1)).expect("the layers fit");
        assert!(model.program(10).sliced().is_some());
        let (images, labels) = (vec![7; 40 * 400], vec![1; 40]);
        let indices: Vec<u32> = (0..40).collect();
        let images = Inputs::Bytes(&images);
        let examples = Examples { images, labels: &labels, indices: &indices, shape, classes: 3 };
        let config = FitConfig { batch_size: 10, epochs: 1, ..FitConfig::new(Adam::default()) };
        let mut steps = vec![Vec::new()];
        trace(&mut model, &examples, &config, 4, &mut |mark| {
            let step = steps.last_mut().expect("a step");
            let is_over = step.last().is_some_and(|last: &TraceEvent| last.stage == Stage::Derive);
            match is_over && mark.stage != Stage::Derive {
                true => steps.push(vec![mark]),
                false => step.push(mark),
            }
        });
        // What is derived before the first.
        let derived = steps.remove(0);
        assert!(derived.iter().all(|mark| mark.stage == Stage::Derive));
        assert_eq!(steps.len(), 4);
        assert!(steps.iter().all(|step| *step == steps[0]), "{steps:?}");
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
