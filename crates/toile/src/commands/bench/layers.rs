//! Where the time of a training step goes: by layer and pass, on one thread.

use std::collections::{BTreeMap, BTreeSet};

use toile_lab::Clock;
use toile_nn::{Examples, FitConfig, LayerFacts, Model, Stage, TraceEvent, trace};

use super::Bench;
use super::epochs::Spread;

/// Steps that are timed at least and at most.
const STEPS: [usize; 2] = [5, 500];

/// One training step in its pieces.
pub(super) struct LayerStep {
    /// Images of the batch.
    pub batch: usize,
    /// Steps that were timed, after a first one.
    pub steps: usize,
    /// Each piece, in the order of [`TraceEvent`].
    pub parts: Vec<StagePart>,
    /// The model's layers.
    pub layers: Vec<LayerFacts>,
}

/// A piece of a step.
pub(super) struct StagePart {
    pub mark: TraceEvent,
    /// The median over the steps.
    pub seconds: f64,
    /// Operations by definition; 0 where none are counted.
    pub flops: u64,
}

impl LayerStep {
    /// Times steps for about `seconds`, one of which takes about `step`.
    pub(super) fn measure(
        bench: &Bench<'_>,
        model: &mut Model,
        train: &Examples<'_>,
        config: &FitConfig,
        step: f64,
        seconds: f64,
    ) -> LayerStep {
        let batch = config.batch_size.min(train.len());
        // Whole batches only: a smaller one at the end of an epoch would be counted as one of them.
        let whole = train.with_indices(&train.indices[..train.len() / batch * batch]);
        let steps = ((seconds / step) as usize).clamp(STEPS[0], STEPS[1]);
        let mut collected = Collected::new(bench.clock.elapsed().as_secs_f64());
        trace(model, &whole, config, steps + 1, &mut |mark| {
            collected.add(mark, bench.clock.elapsed().as_secs_f64());
        });
        let layers = model.layer_facts();
        let parts = collected.parts(&layers, batch);
        LayerStep { batch, steps, parts, layers }
    }

    /// The time of all pieces together.
    pub(super) fn seconds(&self) -> f64 {
        self.parts.iter().map(|part| part.seconds).sum()
    }

    /// The time of some pieces.
    pub(super) fn seconds_of(&self, wanted: impl Fn(&TraceEvent) -> bool) -> f64 {
        self.parts.iter().filter(|part| wanted(&part.mark)).map(|part| part.seconds).sum()
    }

    /// A layer's piece of a pass.
    pub(super) fn part(&self, stage: Stage, layer: usize) -> Option<&StagePart> {
        self.parts.iter().find(|part| part.mark == TraceEvent { stage, layer: Some(layer) })
    }

    /// Percent of the step.
    pub(super) fn percent(&self, seconds: f64) -> f64 {
        let all = self.seconds();
        if all > 0.0 { 100.0 * seconds / all } else { 0.0 }
    }
}

impl StagePart {
    /// 10⁹ operations per second; nothing where none are counted.
    pub(super) fn gflops(&self) -> Option<f64> {
        (self.flops > 0 && self.seconds > 0.0).then(|| self.flops as f64 / self.seconds / 1e9)
    }
}

/// The times of each piece, step by step.
struct Collected {
    last: f64,
    updating: bool,
    /// The first step is not counted: it meets cold memory.
    steps: Vec<BTreeMap<TraceEvent, f64>>,
}

impl Collected {
    fn new(now: f64) -> Collected {
        Collected { last: now, updating: false, steps: vec![BTreeMap::new()] }
    }

    /// A step begins with the first piece of work after an update of the weights and what follows from it.
    fn add(&mut self, mark: TraceEvent, now: f64) {
        let ends_a_step = matches!(mark.stage, Stage::WeightGradient | Stage::Update | Stage::Derive);
        if std::mem::replace(&mut self.updating, ends_a_step) && !ends_a_step {
            self.steps.push(BTreeMap::new());
        }
        let step = self.steps.last_mut().expect("there is always a step");
        *step.entry(mark).or_default() += now - self.last;
        self.last = now;
    }

    fn parts(&self, layers: &[LayerFacts], batch: usize) -> Vec<StagePart> {
        // What is derived before the first step begins a step of its own: two are not counted then.
        let n_cold = if self.steps[0].keys().any(|mark| mark.stage == Stage::Update) { 1 } else { 2 };
        let steps = &self.steps[n_cold.min(self.steps.len().saturating_sub(1))..];
        let marks: BTreeSet<TraceEvent> = steps.iter().flat_map(|step| step.keys().copied()).collect();
        let apart = |layer| marks.contains(&TraceEvent { stage: Stage::WeightGradient, layer: Some(layer) });
        let part = |mark: &TraceEvent| {
            let times: Vec<f64> = steps.iter().map(|step| step.get(mark).copied().unwrap_or(0.0)).collect();
            let flops = mark.layer.map_or(0, |layer| flops(&layers[layer], mark.stage, apart(layer)));
            let seconds = Spread::of(&times).map_or(0.0, |spread| spread.median);
            StagePart { mark: *mark, seconds, flops: flops * batch as u64 }
        };
        marks.iter().map(part).collect()
    }
}

/// The operations of one image in a pass; `apart` if the gradient of the weights has a pass of its own.
fn flops(layer: &LayerFacts, stage: Stage, apart: bool) -> u64 {
    let [forward, weights, input] = layer.flops;
    match stage {
        Stage::Forward => forward,
        Stage::Backward if apart => input,
        Stage::Backward => weights + input,
        Stage::WeightGradient => weights,
        Stage::Gather | Stage::Loss | Stage::Update | Stage::Derive => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(stage: Stage, layer: impl Into<Option<usize>>) -> TraceEvent {
        TraceEvent { stage, layer: layer.into() }
    }

    fn facts() -> Vec<LayerFacts> {
        let layer = |flops| LayerFacts {
            name: "dense".into(),
            output_shape: "(None, 3)".into(),
            algorithm: None,
            flops,
        };
        vec![layer([10, 10, 0]), layer([5, 5, 5])]
    }

    /// Two chunks a step, and an update in these pieces; the first step takes much longer.
    fn collected(stages: &[TraceEvent], update: &[TraceEvent]) -> Collected {
        let mut collected = Collected::new(0.0);
        let mut now = 100.0;
        collected.add(mark(Stage::Derive, None), now);
        for step in 0..4 {
            for chunk_or_end in [stages, stages, update] {
                for mark in chunk_or_end {
                    now += if step == 0 { 50.0 } else { step as f64 };
                    collected.add(*mark, now);
                }
            }
        }
        collected
    }

    const UPDATE: [TraceEvent; 2] =
        [TraceEvent { stage: Stage::Update, layer: None }, TraceEvent { stage: Stage::Derive, layer: None }];

    #[test]
    fn a_piece_is_the_median_over_the_steps_and_the_first_step_does_not_count() {
        let marks = [mark(Stage::Forward, 0), mark(Stage::Backward, 0)];
        let parts = collected(&marks, &UPDATE).parts(&facts(), 2);
        let found: Vec<_> = parts.iter().map(|part| (part.mark, part.seconds, part.flops)).collect();
        let expected = [
            (mark(Stage::Forward, 0), 4.0, 20),
            (mark(Stage::Backward, 0), 4.0, 20),
            (mark(Stage::Update, None), 2.0, 0),
            (mark(Stage::Derive, None), 2.0, 0),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn a_gradient_of_its_own_takes_its_operations_with_it() {
        let marks = [mark(Stage::Backward, 0), mark(Stage::Backward, 1)];
        let gradient = mark(Stage::WeightGradient, 1);
        // Two blocks of the kernel, and one of the biases.
        let update = [gradient, UPDATE[0], gradient, UPDATE[0], UPDATE[0], UPDATE[1]];
        let parts = collected(&marks, &update).parts(&facts(), 1);
        let flops: Vec<u64> = parts.iter().map(|part| part.flops).take(3).collect();
        assert_eq!(flops, [10, 5, 5]);
        assert!((parts[0].gflops().unwrap() - 10.0 / 4.0 / 1e9).abs() < 1e-20);
    }
}
