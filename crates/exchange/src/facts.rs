//! What a file says of the network in it, besides the network.

use toile_record::{DataRecord, PROCEDURAL_NOTICE, RunRecord};

/// The form in which an exported network takes its images.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum InputKind {
    /// Bytes as they are, 0 to 255: the division by 255 is part of the network.
    #[default]
    Uint8,
    /// Floats in \[0, 1\]: whoever calls the network divides by 255.
    Float,
    /// Floats as they were in training: features of any range, which nobody divides.
    Features,
}

impl InputKind {
    /// What the file says of its input; channels last, as everywhere.
    pub fn words(self) -> &'static str {
        match self {
            InputKind::Uint8 => "uint8 NHWC, 0 to 255",
            InputKind::Float => "float32 NHWC, 0 to 1 (pixels divided by 255)",
            InputKind::Features => "float32 NHWC, as in training",
        }
    }
}

/// Where a network comes from, and what its outputs mean.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkFacts {
    /// The study's name.
    pub study: String,
    /// The run's name in the study file.
    pub run: String,
    /// The seed of this training.
    pub seed: u64,
    /// The run's id: hash of its plan and data.
    pub run_id: String,
    /// The epoch of its weights.
    pub epoch: Option<usize>,
    /// SHA-256 of the run's file of weights, in hexadecimal.
    pub weights_sha256: String,
    /// When the training began, RFC 3339 in UTC: what stands where a format wants a date. Never the clock.
    pub started: String,
    /// The data's title.
    pub data: String,
    /// The data's fingerprint: SHA-256 over shape, class names, pixels and labels.
    pub data_fingerprint: String,
    /// Names of the classes, in the order of the outputs.
    pub class_names: Vec<String>,
    /// Names of the layers, in their order, each once, where they were given some; empty where their classes name them.
    /// Of the forms only Keras' has them.
    pub layer_names: Vec<String>,
    /// What must be said of the data, if something must.
    pub notice: Option<&'static str>,
}

impl NetworkFacts {
    /// The facts of a run, from its record.
    pub fn of(study: &str, data: &DataRecord, run: &RunRecord) -> NetworkFacts {
        NetworkFacts {
            study: study.into(),
            run: run.name.clone(),
            seed: run.seed,
            run_id: run.id.clone(),
            epoch: run.kept_epoch().map(|epoch| epoch.epoch),
            weights_sha256: run.weights_sha256.clone().unwrap_or_default(),
            started: run.provenance.started.clone(),
            data: data.title.clone(),
            data_fingerprint: data.fingerprint.clone(),
            class_names: data.class_names.clone(),
            layer_names: Vec::new(),
            notice: data.procedural.then_some(PROCEDURAL_NOTICE),
        }
    }

    /// The facts as keys and words, for formats that have room for such; in the order in which they are written.
    pub(crate) fn properties(&self, input: InputKind) -> Vec<(&'static str, String)> {
        let lines = |name: &String| name.replace(|c: char| c.is_control(), " ");
        let mut all = vec![
            ("class_names", self.class_names.iter().map(lines).collect::<Vec<_>>().join("\n")),
            ("input", input.words().into()),
            ("toile_study", self.study.clone()),
            ("toile_run", self.run.clone()),
            ("toile_seed", self.seed.to_string()),
            ("toile_run_id", self.run_id.clone()),
        ];
        all.extend(self.epoch.map(|epoch| ("toile_epoch", epoch.to_string())));
        all.push(("toile_weights_sha256", self.weights_sha256.clone()));
        all.push(("data", self.data.clone()));
        all.push(("data_fingerprint", self.data_fingerprint.clone()));
        all.extend(self.notice.map(|notice| ("notice", notice.to_owned())));
        all
    }
}
