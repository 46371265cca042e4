//! Settings: everything that decides the bits of a run, spelled out, and the id that is made of it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use toile_nn::{Callback, DtypePolicy, Layer, Loss, Optimizer, Schedule};

use super::hashed::as_hashed;
use crate::SplitHow;
use crate::file::DataSetting;

/// How the training images are divided: nothing in it is left to a default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SplitPlan {
    /// The part that is held back for validation; 0 is none.
    pub fraction: f64,
    /// Which images they are.
    pub how: SplitHow,
    /// The seed of the ways that draw; the study's, so that all repetitions share one split.
    pub seed: u64,
}

/// The file that a run starts from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InitialWeights {
    /// As the study file names it.
    pub file: String,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
}

/// Everything that decides the bits of a run. Nothing is defaulted after it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// The data set, as the study file names it.
    pub data: DataSetting,
    /// How its training part is divided.
    pub validation_split: SplitPlan,
    /// Where the run's chance starts.
    pub seed: u64,
    /// The model's name in the study file.
    pub model: String,
    /// The model's layers.
    pub layers: Vec<Layer>,
    /// How a gradient becomes a step.
    pub optimizer: Optimizer,
    /// How the learning rate changes.
    pub schedule: Schedule,
    /// What is made small.
    #[serde(default)]
    pub loss: Loss,
    /// s: the target becomes 1 − s + s / classes for the true class.
    pub label_smoothing: f32,
    /// Factor in the loss, by label; 1 for a class that is not named.
    pub class_weight: BTreeMap<usize, f32>,
    /// Images per update.
    pub batch_size: usize,
    /// Passes over the training images.
    pub epochs: usize,
    /// Whether each epoch has a new order.
    pub shuffle: bool,
    /// In which numbers it computes.
    #[serde(default)]
    pub dtype_policy: DtypePolicy,
    /// Decisions after each epoch.
    pub callbacks: Vec<Callback>,
    /// The file that the run starts from, if it is not the initialisers that decide.
    pub initial_weights: Option<InitialWeights>,
    /// The part of the training images that each epoch's final weights are evaluated on.
    pub train_evaluation: f64,
}

impl Settings {
    /// The settings as records keep them: an f32 of 0.1 is `0.1`, not `0.10000000149011612`.
    pub fn to_json(&self) -> Value {
        as_json(self)
    }

    /// The run's id: 16 hexadecimal digits over all that decides its bits, the data's included.
    ///
    /// Equal ids give equal bits. It is the beginning of the SHA-256 of [`to_json`](Settings::to_json) with sorted keys
    /// and no white space, plus `data_fingerprint` and `numerics` ([`toile_nn::NUMERICS`]); of a run that computes in
    /// `mixed_bfloat16` also `numerics_bf16` ([`toile_nn::NUMERICS_BF16`]). What decides nothing is
    /// left out: the names of the model, of the data and of the weights' file, and the seed of a split that draws
    /// nothing. Settings that version 0.1.0 did not have are left out where they have their default, and those of
    /// schedules have the names that they had then, so that its ids stay.
    pub fn id(&self, data_fingerprint: &str) -> String {
        let digest = sha256(self.canonical(data_fingerprint).as_bytes());
        digest[..16].to_string()
    }

    /// What is hashed: JSON with sorted keys and no white space.
    fn canonical(&self, data_fingerprint: &str) -> String {
        let mut settings = self.to_json();
        as_hashed(&mut settings);
        let map = settings.as_object_mut().expect("a struct is an object");
        map.remove("data");
        map.remove("model");
        map.insert("data_fingerprint".into(), json!(data_fingerprint));
        map.insert("numerics".into(), json!(toile_nn::NUMERICS));
        if !self.dtype_policy.is_float32() {
            map.insert("numerics_bf16".into(), json!(toile_nn::NUMERICS_BF16));
        }
        if let Some(weights) = map["initial_weights"].as_object_mut() {
            weights.remove("file");
        }
        if self.validation_split.fraction == 0.0 {
            map.insert("validation_split".into(), Value::Null);
        } else if !self.validation_split.how.draws() {
            map["validation_split"]["seed"] = Value::Null;
        }
        sorted(&settings).to_string()
    }
}

/// By way of text: an f32 of 0.1 is `0.1`.
pub(crate) fn as_json(value: &impl Serialize) -> Value {
    let text = serde_json::to_string(value).expect("plans have string keys and finite numbers");
    serde_json::from_str(&text).expect("serde_json reads what it wrote")
}

/// SHA-256 of bytes, in hexadecimal.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The same value with the keys of every object in order.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            Value::Object(keys.into_iter().map(|key| (key.clone(), sorted(&map[key]))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
