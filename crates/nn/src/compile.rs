//! From a model to its program: each layer gives the operations that it is computed by.

use toile_kernels::bf16::ValueForm;

use crate::engine::{Program, Values, WatchedUnits};
use crate::layers::LayerContext;
use crate::shape::ShapeError;
use crate::{Augmentation, Model};

/// How the operations of a program may be computed.
#[derive(Clone, Copy)]
pub(crate) struct ProgramChoices {
    /// The products of a wide first layer in slices of the inputs, and images rounded as they are taken from the data:
    /// where they are left as they are.
    pub may_slice: bool,
    /// A layer in one pass with the one after it, and values between two layers in another form than rows.
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

    /// The same with the output of every layer in a place of its own, as rows.
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
        let form =
            if choices.may_take_in && choices.may_slice { self.form_of_images() } else { ValueForm::Rows };
        let (mut forms, mut floats) = (vec![form], vec![form.len(1, sizes[0])]);
        let mut i = 0;
        while let Some(layer) = self.layers.get(i) {
            let takes_in = choices.may_take_in && self.takes_in(i);
            let end = if takes_in { i + 2 } else { i + 1 };
            let input_form = forms.last().copied().unwrap_or(ValueForm::Rows);
            let output_form = if choices.may_take_in { self.form_between(i, end) } else { ValueForm::Rows };
            let context = LayerContext {
                layer: i,
                input: self.shapes[i],
                outputs: self.shapes[end].values(),
                parameters: &self.parameters[i],
                next: self.layers.get(i + 1),
                takes_in,
                may_slice: choices.may_slice && ops.is_empty(),
                dtype_policy: self.dtype_policy,
                input_form,
                output_form,
                is_logits: self.logits() == Some(i),
            };
            for (op, values) in layer.operations(&context).map_err(|error| (i, error))? {
                ops.push(op);
                layers.push(i);
                sizes.push(values);
                forms.push(output_form);
                let channels = self.shapes[end].channels();
                floats.push(match output_form {
                    ValueForm::Rows => values,
                    ValueForm::Plates => output_form.len(values / channels, channels),
                });
            }
            i = end;
        }
        let values = Values { sizes, forms, floats, rounds: !self.dtype_policy.is_float32() };
        let mut program = Program::new(ops, layers, values, self.classes(), batch);
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
