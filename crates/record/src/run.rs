//! A declared run: one training, from its plan to its weights, and what these make of the images.

use serde::{Deserialize, Serialize};

use crate::{End, Epoch, Evidence, LayersRecord, Part, State};

/// One training, from its plan to its weights, and what these make of the images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// Hash of the resolved plan and of the data: equal ids give equal bits.
    pub id: String,
    /// The name in the study file.
    pub name: String,
    /// Place in the study, from 0; runs of one name and several seeds share it.
    pub position: usize,
    /// The seed of this repetition.
    pub seed: u64,
    /// The model's name in the study file.
    pub model: String,
    /// The plan, every setting spelled out.
    pub plan: serde_json::Value,
    /// The model's layers and counts.
    pub summary: SummaryRecord,
    /// What the publication gives, if the study file says so.
    pub published: Option<Published>,
    /// A remark of the study file on this run (why a setting was chosen), if any.
    pub note: Option<String>,
    /// Where the run is in its life.
    pub state: State,
    /// How it ended, once it has.
    pub end: Option<End>,
    /// The epoch whose weights a callback went back to at the end, if one did.
    pub restored_epoch: Option<usize>,
    /// One row per finished epoch.
    pub epochs: Vec<Epoch>,
    /// What was measured of its layers, after its first epoch, its last one, and few between. Earlier versions did not.
    #[serde(default)]
    pub layers: Vec<LayersRecord>,
    /// What its weights make of the validation images, where there are any.
    pub validation: Option<Evidence>,
    /// What they make of the test images. Sealed, and so `None`, until all trainings of the study have ended.
    pub test: Option<Evidence>,
    /// SHA-256 of the weights' bytes, in hexadecimal.
    pub weights_sha256: Option<String>,
    /// The run's folder under the study's folder, for example `runs/model-4-seed-7`.
    pub folder: String,
    /// Where, with what and how long.
    pub provenance: Provenance,
}

impl RunRecord {
    /// The epoch whose weights the run has in the end, which are saved and tested: the last one, unless a callback went
    /// back to another.
    pub fn kept_epoch(&self) -> Option<&Epoch> {
        let restored =
            self.restored_epoch.and_then(|kept| self.epochs.iter().find(|epoch| epoch.epoch == kept));
        restored.or(self.epochs.last())
    }

    /// The rows of the epochs that it trained: the one of starting weights is not among them.
    pub fn trained_epochs(&self) -> &[Epoch] {
        Epoch::trained(&self.epochs)
    }

    /// Whether its starting weights are evaluated and nothing is trained: `epochs = 0`.
    pub fn is_untrained(&self) -> bool {
        self.plan["epochs"].as_u64() == Some(0)
    }

    /// What its weights make of a part of the data.
    pub fn evidence(&self, part: Part) -> Option<&Evidence> {
        match part {
            Part::Validation => self.validation.as_ref(),
            Part::Test => self.test.as_ref(),
        }
    }

    /// The place of [`RunRecord::evidence`].
    pub fn evidence_mut(&mut self, part: Part) -> &mut Option<Evidence> {
        match part {
            Part::Validation => &mut self.validation,
            Part::Test => &mut self.test,
        }
    }

    /// Why it failed, why it stopped before its last epoch, or of which earlier epoch its weights are; `None` if there
    /// is nothing to say.
    pub fn reason(&self) -> Option<String> {
        let planned = self.plan["epochs"].as_u64().unwrap_or_default() as usize;
        let ended = self.end.as_ref().and_then(|end| end.reason(planned));
        let overflowed = matches!(self.end, Some(End::Diverged { .. }));
        let restored = self.restored_epoch.filter(|epoch| overflowed || *epoch != self.epochs.len());
        let parts = ended.into_iter().chain(restored.map(|epoch| format!("{RESTORED}{epoch}")));
        parts.reduce(|all, part| format!("{all}; {part}"))
    }
}

/// What stands before the epoch of the weights.
pub(crate) const RESTORED: &str = "its weights are those of epoch ";

/// The numbers that a publication gives for a run; the keys of `published` in the study file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Published {
    /// Training loss.
    pub loss: Option<f64>,
    /// Training accuracy.
    pub accuracy: Option<f64>,
    /// Validation loss.
    pub val_loss: Option<f64>,
    /// Validation accuracy.
    pub val_accuracy: Option<f64>,
    /// Test loss.
    pub test_loss: Option<f64>,
    /// Test accuracy.
    pub test_accuracy: Option<f64>,
}

/// Where, with what and how long.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Provenance {
    /// Version of toile.
    pub toile_version: String,
    /// Instruction set of the kernels: `avx512`, `avx2`, `neon`, `portable`.
    pub instruction_set: String,
    /// Threads that the run could use.
    pub threads: usize,
    /// Processor name and operating system.
    pub machine: String,
    /// Start, RFC 3339 in UTC; of a run that went on later, the start of its last part.
    pub started: String,
    /// Wall time of the whole run, with the evaluation of the validation images, without that of the test images.
    pub wall_seconds: f64,
    /// Processor time of all its threads, where the platform tells it.
    pub cpu_seconds: Option<f64>,
}

/// One row of a model summary, as `toile summary` and the report print it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayerSummary {
    /// `conv2d_1`
    pub name: String,
    /// `Conv2D`
    pub kind: String,
    /// `(None, 24, 24, 64)`
    pub output_shape: String,
    /// Parameters of the layer.
    pub parameters: usize,
}

/// The layers and the counts of a model.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryRecord {
    /// One row per layer.
    pub rows: Vec<LayerSummary>,
    /// Parameters that training moves.
    pub trainable: usize,
    /// Parameters that it does not (moving averages).
    pub non_trainable: usize,
    /// Floating-point operations (a multiply-add is two) of one forward pass of one image.
    pub forward_flops: u64,
    /// The same of one training image: forward and backward.
    pub training_flops: u64,
}
