//! What the weights of a run make of the images of a part, one by one; made again from the saved weights for runs of an
//! earlier version, which did not keep it.

use std::sync::atomic::AtomicUsize;

use toile_nn::Model;
use toile_record::{Event, Evidence, Part};
use toile_study::Settings;

use crate::bridge;
use crate::runner::session::{QueuedRun, RunSession};
use crate::runner::{RunError, engine};

/// What a model makes of a part; `None` if the part has no images.
pub(crate) fn judge(
    session: &RunSession<'_>,
    part: Part,
    model: &Model,
    settings: &Settings,
    threads: &AtomicUsize,
) -> Option<Evidence> {
    let data = session.data;
    let all: Vec<u32>;
    let (images, indices) = match part {
        Part::Validation => (&data.train, &session.split.validation),
        Part::Test => {
            all = (0..data.test.len() as u32).collect();
            (&data.test, &all)
        }
    };
    if indices.is_empty() {
        return None;
    }
    let examples = engine::examples(data, images, indices);
    let made = toile_nn::evaluate(model, &examples, &settings.loss, settings.label_smoothing, threads);
    Some(Evidence {
        loss: made.loss.is_finite().then_some(made.loss),
        accuracy: made.accuracy,
        predictions: made.predictions,
        confidences: made.confidences,
        losses: made.losses,
    })
}

/// Makes what runs of an earlier version do not say of each image again, from their weights. Where that cannot be done
/// it stays unknown, and an event says why.
pub(crate) fn make_again(session: &RunSession<'_>) -> Result<(), RunError> {
    let study = session.study();
    let mut lacking = session.store.lacking_evidence(&study.name)?;
    lacking.retain(|(_, part)| study.data.n_images(*part) > 0);
    if lacking.is_empty() {
        return Ok(());
    }
    for run in session.runs() {
        let parts = lacking.iter().filter(|(id, _)| *id == run.record.id).map(|(_, part)| *part);
        let parts: Vec<Part> = parts.collect();
        if parts.is_empty() {
            continue;
        }
        if session.stop.is_set() {
            break;
        }
        let made = match model(session, &study.name, &run)? {
            Ok(model) => add(session, &study.name, &run, &model, &parts)?,
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
    let threads = AtomicUsize::new(session.options.threads);
    for &part in parts {
        let Some(evidence) = judge(session, part, model, &run.plan.settings, &threads) else { continue };
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
    let Some(record) = store.run_head(study, &run.record.id)? else {
        return Ok(Err("its record is gone".into()));
    };
    let bytes = match session.options.dir.filter(|_| !store.is_server()) {
        Some(dir) => bridge::intact_weights(dir, &record),
        None => match store.weights(study, &record.id)? {
            Some(bytes) => bridge::as_recorded(bytes, &record),
            None => Err("its weights are not in the database".into()),
        },
    };
    let mut model = engine::model(&run.plan, engine::image_shape(session.data))?;
    Ok(bytes.and_then(|bytes| engine::load_weights(&mut model, &bytes)).map(|()| model))
}
