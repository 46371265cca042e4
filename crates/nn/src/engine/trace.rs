//! What the engine does, reported piece by piece to a caller who measures: the engine itself reads no clock. An event
//! follows its work, so the time since the mark before is what it took, if one thread does everything.

/// A kind of work in a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Images of the batch are taken from the data set and converted.
    Gather,
    /// A layer's output.
    Forward,
    /// Loss, accuracy and the gradient they start with.
    Loss,
    /// A layer's gradients but for a dense kernel's, and what is computed again for them.
    Backward,
    /// The gradient of a dense layer's kernel, over the whole batch.
    WeightGradient,
    /// The chunks' gradients summed up, and the optimizer's step.
    Update,
    /// What is derived from new weights: transposed or transformed kernels.
    Derive,
}

/// A piece of work that is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TraceEvent {
    /// What it was.
    pub stage: Stage,
    /// The layer it was for, counted from 0, where it was for one.
    pub layer: Option<usize>,
}

/// Hands events on, if the caller wants them.
#[derive(Clone, Copy, Default)]
pub(crate) struct Tracer<'a>(pub Option<&'a (dyn Fn(TraceEvent) + Sync)>);

impl Tracer<'_> {
    pub(crate) fn layer_done(&self, stage: Stage, layer: usize) {
        if let Some(report) = self.0 {
            report(TraceEvent { stage, layer: Some(layer) });
        }
    }

    pub(crate) fn done(&self, stage: Stage) {
        if let Some(report) = self.0 {
            report(TraceEvent { stage, layer: None });
        }
    }
}
