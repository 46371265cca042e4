//! The state of a run or a trial between two epochs, as bytes from which it can be continued anywhere.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;
use toile_nn::{StateFacts, Tensor, TrainingState};
use toile_record::{Epoch, LayersRecord, TrainingRecord};
use toile_store::{checkpoint_from_bytes, checkpoint_to_bytes, read_file, sha256_hex, write_atomic};

/// Everything that a run or a trial has done so far.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TrainingProgress {
    /// Repetitions that are done: what each ended with, for each objective.
    pub finals: Vec<Vec<f64>>,
    /// The trainings of these repetitions.
    #[serde(default)]
    pub trainings: Vec<TrainingRecord>,
    /// Every epoch so far, of all repetitions.
    pub epochs: Vec<Epoch>,
    /// What was measured of the layers so far. Earlier versions did not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayersRecord>,
    /// What was reported, by step; none inside where it was not a number.
    pub reported: Vec<(i64, Option<f64>)>,
    /// Rungs of successive halving that were completed.
    pub rungs: Vec<f64>,
    /// Whose it is: study, run or trial, parameters, seed. Checkpoints of version 0.1.0 do not say.
    #[serde(default)]
    pub owner: Option<String>,
    /// Wall and processor seconds that were spent.
    pub wall_seconds: f64,
    pub cpu_seconds: Option<f64>,
}

/// Where a training stands, for its next checkpoint.
#[derive(Default)]
pub(crate) enum Standing {
    /// Before its first epoch.
    #[default]
    Beginning,
    /// After an epoch.
    After(TrainingState),
    /// Where the checkpoint says that the store has, or will have as soon as what waits is written.
    Kept,
}

impl Standing {
    /// The state after the last epoch, which the store has from now on.
    pub(crate) fn take(&mut self) -> Option<TrainingState> {
        match std::mem::take(self) {
            Standing::After(state) => {
                *self = Standing::Kept;
                Some(state)
            }
            other => {
                *self = other;
                None
            }
        }
    }
}

impl From<Option<TrainingState>> for Standing {
    fn from(state: Option<TrainingState>) -> Standing {
        state.map_or(Standing::Beginning, Standing::After)
    }
}

/// A checkpoint: the progress, and the training that is under way, if one is; its state is turned into bytes.
pub(crate) fn to_bytes(progress: &TrainingProgress, state: Option<TrainingState>) -> Vec<u8> {
    let facts = json!({ "progress": progress, "training": state.as_ref().map(|state| &state.facts) });
    let tensors = state.map(|state| state.tensors).unwrap_or_default();
    checkpoint_to_bytes(tensors.into_iter().map(|t| (t.name, t.shape, t.values)).collect(), &facts)
}

/// What [`to_bytes`] wrote; nothing if the bytes are something else: the trial then begins anew, and ends the same.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<(TrainingProgress, Option<TrainingState>)> {
    let (tensors, mut facts) = checkpoint_from_bytes(bytes).ok()?;
    let progress: TrainingProgress = serde_json::from_value(facts["progress"].take()).ok()?;
    let training: Option<StateFacts> = serde_json::from_value(facts["training"].take()).ok()?;
    let tensor = |(name, shape, values)| Tensor { name, shape, values };
    let state =
        training.map(|facts| TrainingState { facts, tensors: tensors.into_iter().map(tensor).collect() });
    Some((progress, state))
}

/// Where checkpoints are kept: in a folder that all workers share, or, without one, in the database.
#[derive(Clone, Copy)]
pub(crate) struct CheckpointFolder<'a>(pub Option<&'a Path>);

/// Weights, slots and counts of the largest network that is trained.
const LARGEST: u64 = 8 << 30;

/// A few letters for the database at this place: in a folder that several of them share, no two names are the same.
pub(crate) fn place_tag(place: &str) -> String {
    let whole = std::fs::canonicalize(place).map_or_else(|_| place.into(), |path| path.display().to_string());
    sha256_hex(whole.as_bytes())[..10].to_owned()
}

/// What the database keeps of a checkpoint that lies in a folder.
#[derive(Serialize, Deserialize)]
struct Pointer {
    file: String,
    sha256: String,
}

impl CheckpointFolder<'_> {
    /// Puts a checkpoint where it belongs; gives what the database is to keep. Where the folder cannot be written, the
    /// database takes it whole.
    pub(crate) fn keep(self, name: &str, bytes: Vec<u8>) -> Vec<u8> {
        let written = self.0.is_some_and(|dir| write_atomic(&dir.join(name), &bytes).is_ok());
        if !written {
            return bytes;
        }
        let pointer = Pointer { file: name.into(), sha256: sha256_hex(&bytes) };
        serde_json::to_vec(&pointer).expect("a pointer has string keys")
    }

    /// The checkpoint that the database keeps, or points to. One that is gone, is another than was written, or is
    /// another training's, is none: the training then begins at its start, and ends the same.
    pub(crate) fn resume(
        self,
        kept: &[u8],
        owner: &str,
    ) -> Option<(TrainingProgress, Option<TrainingState>)> {
        let found = self.read(kept)?;
        found.0.owner.as_ref().is_none_or(|of| of == owner).then_some(found)
    }

    fn read(self, kept: &[u8]) -> Option<(TrainingProgress, Option<TrainingState>)> {
        let Ok(pointer) = serde_json::from_slice::<Pointer>(kept) else { return from_bytes(kept) };
        // A name of ours has no folder in it; another one must not lead out of ours.
        let name = Path::new(&pointer.file).file_name()?;
        let bytes = read_file(&self.0?.join(name), LARGEST).ok()?;
        (sha256_hex(&bytes) == pointer.sha256).then(|| from_bytes(&bytes))?
    }

    /// Removes a checkpoint that nobody will need any more. One that stays behind is a waste, and no fault.
    pub(crate) fn remove(self, name: &str) {
        if let Some(dir) = self.0 {
            let _ = std::fs::remove_file(dir.join(name));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use toile_nn::{FitConfig, FitEvent, Flow, Layer, Model, Nadam, fit, fit_from};
    use toile_rng::Seed;

    use super::*;
    use crate::runner::{examples, image_shape};

    fn layers() -> Vec<Layer> {
        serde_json::from_value(json!([
            { "conv2d": { "filters": 3, "kernel_size": [5, 5], "strides": [3, 3] } }, { "batch_normalization": {} },
            { "flatten": {} }, { "dropout": { "rate": 0.2 } }, { "dense": { "units": 10, "activation": "softmax" } },
        ]))
        .expect("the study file's words")
    }

    fn config() -> FitConfig {
        let callbacks = json!([{ "best_weights": {} }, { "reduce_lr_on_plateau": { "patience": 1 } }]);
        FitConfig {
            epochs: 3,
            callbacks: serde_json::from_value(callbacks).expect("callbacks"),
            ..FitConfig::new(Nadam::new(0.01))
        }
    }

    /// The states after each epoch, by their bytes, and the weights at the end.
    fn train(from: Option<&TrainingState>) -> (Vec<Vec<u8>>, Vec<u32>) {
        let data = toile_data::drawn_garments(100, 10);
        let indices: Vec<u32> = (0..100).collect();
        let all = examples(&data, &data.train, &indices);
        let (first, rest) = (all.with_indices(&indices[..80]), all.with_indices(&indices[80..]));
        let mut model = Model::build(&layers(), image_shape(&data), Seed::new(1)).expect("the layers fit");
        let (threads, config) = (AtomicUsize::new(2), config());
        let mut states = Vec::new();
        let mut observer = |event: FitEvent| {
            if let FitEvent::EpochEnd(_, snapshot) = event {
                states.push(to_bytes(&TrainingProgress::default(), Some(snapshot.take())));
            }
            Flow::Continue
        };
        match from {
            None => drop(fit(&mut model, &first, Some(&rest), &config, &threads, &mut observer)),
            Some(state) => drop(
                fit_from(&mut model, &first, Some(&rest), &config, &threads, state, &mut observer)
                    .expect("the state fits"),
            ),
        }
        let values = model.weights().into_iter().flat_map(|tensor| tensor.values);
        (states, values.map(f32::to_bits).collect())
    }

    #[test]
    fn a_training_goes_on_from_its_checkpoint_with_the_same_bits() {
        let (whole, weights) = train(None);
        for done in 1..=3 {
            let state = from_bytes(&whole[done - 1]).and_then(|(_, state)| state).expect("a checkpoint");
            assert_eq!(state.facts.epoch, done);
            let (rest, same) = train(Some(&state));
            assert_eq!((rest.as_slice(), &same), (&whole[done..], &weights), "{done} epochs first");
            assert_eq!(to_bytes(&TrainingProgress::default(), Some(state)), whole[done - 1]);
        }
    }

    #[test]
    fn what_is_no_checkpoint_is_none_and_the_trial_begins_anew() {
        let (states, _) = train(None);
        let (tensors, facts) = checkpoint_from_bytes(&states[0]).expect("a checkpoint");
        let mut later = facts.clone();
        later["training"]["later"] = json!(1);
        let of_weights = json!({ "notice": "some other file" });
        for facts in [&later, &of_weights] {
            assert!(from_bytes(&checkpoint_to_bytes(tensors.clone(), facts)).is_none(), "{facts}");
        }
        let mut damaged = states[0].clone();
        *damaged.last_mut().expect("bytes") ^= 1;
        assert!(from_bytes(&damaged).is_none());
        assert!(from_bytes(b"").is_none());
    }
}
