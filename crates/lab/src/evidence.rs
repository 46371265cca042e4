//! What the weights of a run make of the images of a part, one by one; made again from the saved weights for runs of an
//! earlier version, which did not keep it.

use std::sync::atomic::AtomicUsize;

use toile_data::{DataSet, Split};
use toile_nn::{Model, Tensor};
use toile_record::{Event, Evidence, Part, RunRecord};
use toile_store::sha256_hex;
use toile_study::Settings;

use crate::bridge;
use crate::runner::session::{QueuedRun, RunSession};
use crate::runner::{RunError, engine};

/// The images on which runs are judged.
#[derive(Clone, Copy)]
pub(crate) struct JudgedImages<'a> {
    pub data: &'a DataSet,
    pub split: &'a Split,
}

impl JudgedImages<'_> {
    /// How many images a part has.
    pub(crate) fn len(self, part: Part) -> usize {
        match part {
            Part::Validation => self.split.validation.len(),
            Part::Test => self.data.test.len(),
        }
    }

    /// What a model makes of a part; `None` if the part has no images.
    pub(crate) fn evidence(
        self,
        part: Part,
        model: &Model,
        settings: &Settings,
        threads: &AtomicUsize,
    ) -> Option<Evidence> {
        let all: Vec<u32>;
        let (images, indices) = match part {
            Part::Validation => (&self.data.train, &self.split.validation),
            Part::Test => {
                all = (0..self.data.test.len() as u32).collect();
                (&self.data.test, &all)
            }
        };
        if indices.is_empty() {
            return None;
        }
        let examples = engine::examples(self.data, images, indices);
        let made = toile_nn::evaluate(model, &examples, &settings.loss, settings.label_smoothing, threads);
        Some(Evidence {
            loss: made.loss.is_finite().then_some(made.loss),
            accuracy: made.accuracy,
            predictions: made.predictions,
            confidences: made.confidences,
            losses: made.losses,
        })
    }
}

/// Makes what runs of an earlier version do not say of each image again, from their weights. Where that cannot be done
/// it stays unknown, and an event says why.
pub(crate) fn make_again(session: &RunSession<'_>) -> Result<(), RunError> {
    let (store, study) = (session.store, session.study());
    let images = JudgedImages { data: session.data, split: session.split };
    let lacking = store.lacking_evidence(&study.name)?;
    let runs = if lacking.is_empty() { Vec::new() } else { session.runs() };
    for (run_id, parts) in lacking {
        let parts: Vec<Part> = parts.into_iter().filter(|part| images.len(*part) > 0).collect();
        let run = runs.iter().find(|run| run.record.id == run_id && !parts.is_empty());
        let Some(run) = run else { continue };
        if session.stop.is_set() {
            break;
        }
        let made = match model(session, &study.name, run)? {
            Ok(model) => add(session, &study.name, run, &model, &parts)?,
            Err(why) => Err(why),
        };
        if let Err(why) = made {
            (session.events)(Event::EvidenceMissing { training: run.key(), why });
        }
    }
    Ok(())
}

/// Adds what a model makes of these parts to the record of its run, or says why that is not possible.
fn add(
    session: &RunSession<'_>,
    study: &str,
    run: &QueuedRun,
    model: &Model,
    parts: &[Part],
) -> Result<Result<(), String>, RunError> {
    let images = JudgedImages { data: session.data, split: session.split };
    let threads = AtomicUsize::new(session.options.threads);
    for &part in parts {
        let Some(evidence) = images.evidence(part, model, &run.plan.settings, &threads) else { continue };
        if !session.store.add_evidence(study, &run.record.id, part, &evidence)? {
            let part = part.name();
            return Ok(Err(format!("its weights do not give the recorded numbers of the {part} images")));
        }
    }
    Ok(Ok(()))
}

/// The model of a finished run, or why it cannot be had.
fn model(session: &RunSession<'_>, study: &str, run: &QueuedRun) -> Result<Result<Model, String>, RunError> {
    let store = session.store;
    let Some(record) = store.run(study, &run.record.id)? else { return Ok(Err("its record is gone".into())) };
    let bytes = match session.options.dir.filter(|_| !store.is_server()) {
        Some(dir) => {
            bridge::read_weights(dir, &record).map_err(|error| format!("its weights cannot be read: {error}"))
        }
        None => store.weights(study, &record.id)?.ok_or_else(|| "its weights are not in the database".into()),
    };
    let mut model = engine::model(&run.plan, engine::image_shape(session.data))?;
    Ok(bytes.and_then(|bytes| load(&mut model, &bytes, &record).map(|()| model)))
}

fn load(model: &mut Model, bytes: &[u8], record: &RunRecord) -> Result<(), String> {
    if Some(sha256_hex(bytes)) != record.weights_sha256 {
        return Err("its weights are not those that were written".into());
    }
    let tensors = toile_store::weights_from_safetensors(bytes).map_err(|error| error.to_string())?;
    let tensor = |(name, shape, values)| Tensor { name, shape, values };
    let tensors: Vec<Tensor> = tensors.into_iter().map(tensor).collect();
    model.set_weights(&tensors).map_err(|error| error.to_string())
}
