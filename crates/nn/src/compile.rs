//! From a model to its program: each layer gives the operations that it is computed by.

use crate::engine::{Program, WatchedUnits};
use crate::layers::LayerContext;
use crate::shape::ShapeError;
use crate::{Augmentation, Model};

/// How the operations of a program may be computed.
#[derive(Clone, Copy)]
pub(crate) struct ProgramChoices {
    /// The products of a wide first layer in slices of the inputs.
    pub may_slice: bool,
    /// A layer in one pass with the one after it.
    pub may_take_in: bool,
}

impl Default for ProgramChoices {
    fn default() -> ProgramChoices {
        ProgramChoices { may_slice: true, may_take_in: true }
    }
}

impl Model {
    /// The model's operations for batches of up to `batch` images; cannot fail once the model is built.
    pub(crate) fn program(&self, batch: usize) -> Program {
        self.training_program(batch, &Augmentation::None)
    }

    /// The same for training on images that are changed: those are taken whole, not in slices.
    pub(crate) fn training_program(&self, batch: usize, augmentation: &Augmentation) -> Program {
        let may_slice = augmentation.settings().is_none();
        self.checked_program(batch, ProgramChoices { may_slice, ..ProgramChoices::default() })
    }

    /// The same with the output of every layer in a place of its own.
    pub(crate) fn layer_by_layer(&self, batch: usize) -> Program {
        self.checked_program(batch, ProgramChoices { may_slice: false, may_take_in: false })
    }

    fn checked_program(&self, batch: usize, choices: ProgramChoices) -> Program {
        self.try_program(batch, choices).expect("the shapes were checked when the model was built")
    }

    pub(crate) fn try_program(
        &self,
        batch: usize,
        choices: ProgramChoices,
    ) -> Result<Program, (usize, ShapeError)> {
        let (mut ops, mut layers, mut sizes) = (Vec::new(), Vec::new(), vec![self.shapes[0].values()]);
        let mut i = 0;
        while let Some(layer) = self.layers.get(i) {
            let next = self.layers.get(i + 1);
            let (input, parameters) = (self.shapes[i], &self.parameters[i]);
            let may_slice = choices.may_slice && ops.is_empty();
            let takes_in = choices.may_take_in && layer.takes_in(input, next);
            let end = if takes_in { i + 2 } else { i + 1 };
            let outputs = self.shapes[end].values();
            let context = LayerContext { layer: i, input, outputs, parameters, next, takes_in, may_slice };
            for (op, values) in layer.operations(&context).map_err(|error| (i, error))? {
                ops.push(op);
                layers.push(i);
                sizes.push(values);
            }
            i = end;
        }
        let mut program = Program::new(ops, layers, sizes, self.classes(), batch);
        self.watch_units(&mut program);
        Ok(program)
    }

    /// The last operation of a layer gives what its activation makes.
    fn watch_units(&self, program: &mut Program) {
        for (op, &layer) in program.layers.iter().enumerate() {
            let watch = self.layers[layer].activation().watch();
            let is_last = program.layers.get(op + 1) != Some(&layer);
            let units = self.shapes[layer + 1].channels();
            program.watched[op] = watch.filter(|_| is_last).map(|watch| WatchedUnits { watch, units });
        }
    }
}
