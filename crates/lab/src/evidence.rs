//! What the weights of a run make of the images of a part, one by one.
//!
//! A training ends with what its weights make of the validation images. The test part is sealed until all trainings of
//! the study have ended; then it is opened for every complete run, from its saved weights. In the same way that is made
//! which runs of an earlier version did not keep. What is known of a run is not made twice, so that several workers may
//! do this at once, and whoever comes after one that died does the rest.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicUsize;

use toile_data::DataSet;
use toile_nn::Model;
use toile_record::{Event, Evidence, ImageRecord, Part, TestOpening};
use toile_store::Added;
use toile_study::Settings;

use crate::kept;
use crate::runner::session::{QueuedRun, RunSession};
use crate::runner::{RunError, engine, words};
use crate::standing::Trainings;

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

/// Makes what complete runs do not say yet of each image, from their weights: of the test part, if all trainings of the
/// study have ended, or if it is to be opened nevertheless. Where that cannot be done it stays unknown, and an event
/// says why.
pub(crate) fn complete(session: &RunSession<'_>, trainings: Trainings) -> Result<(), RunError> {
    let study = session.study();
    let lacking = session.ask(|| session.store.lacking_evidence(&study.name))?;
    let lacking: BTreeSet<(String, Part)> =
        lacking.into_iter().filter(|(_, part)| study.data.n_images(*part) > 0).collect();
    let mut maker =
        EvidenceMaker { session, study: &study.name, trainings, kept: vec![false; session.data.test.len()] };
    for run in session.runs() {
        let lacks = |part: &Part| lacking.contains(&(run.record.id.clone(), *part));
        let parts: Vec<Part> =
            Part::ALL.into_iter().filter(|part| maker.may_make(&run, *part)).filter(lacks).collect();
        if parts.is_empty() {
            continue;
        }
        if session.stop.is_set() {
            session.cut_off();
            break;
        }
        if let Err(why) = maker.make(&run, &parts)? {
            (session.events)(Event::EvidenceMissing { training: run.key(), why });
        }
    }
    Ok(())
}

/// Makes what is lacking, run by run.
struct EvidenceMaker<'a> {
    session: &'a RunSession<'a>,
    study: &'a str,
    trainings: Trainings,
    /// The test images that the store has from here.
    kept: Vec<bool>,
}

impl EvidenceMaker<'_> {
    fn may_make(&self, run: &QueuedRun, part: Part) -> bool {
        let options = self.session.options;
        let is_early = options.open_test && options.wants(&run.plan);
        part == Part::Validation || self.trainings.open == 0 || is_early
    }

    /// Adds what the weights of a run make of these parts to its record, or says why that is not possible.
    fn make(&mut self, run: &QueuedRun, parts: &[Part]) -> Result<Result<(), String>, RunError> {
        let model = match self.model(run)? {
            Ok(model) => model,
            Err(why) => return Ok(Err(why)),
        };
        let threads = AtomicUsize::new(self.session.options.threads);
        for &part in parts {
            // A fault of our own with one run must not cost the others.
            let judging = || judge(self.session, part, &model, &run.plan.settings, &threads);
            let evidence = match catch_unwind(AssertUnwindSafe(judging)) {
                Ok(Some(evidence)) => evidence,
                Ok(None) => continue,
                Err(panic) => return Ok(Err(format!("toile itself broke: {}", words(&*panic)))),
            };
            let added = match part {
                Part::Test => self.open_test(run, &evidence)?,
                Part::Validation => {
                    let (session, id) = (self.session, &run.record.id);
                    session.ask(|| session.store.add_evidence(self.study, id, part, &evidence))?
                }
            };
            if added == Added::Refused {
                let part = part.name();
                return Ok(Err(format!("its weights do not give the recorded numbers of the {part} images")));
            }
        }
        Ok(Ok(()))
    }

    /// Records that the test part was opened for a run, why, and what came of it.
    fn open_test(&mut self, run: &QueuedRun, evidence: &Evidence) -> Result<Added, RunError> {
        let session = self.session;
        let Trainings { open, all } = self.trainings;
        let why = match &run.plan.chosen_by {
            _ if open > 0 => TestOpening::early(open, all),
            Some(search) => format!("chosen by the search `{search}`"),
            None => "declared run".to_owned(),
        };
        let time = session.options.clock.timestamp();
        let opening = TestOpening { time, run_id: run.record.id.clone(), why };
        let wrong = wrong_images(session.data, evidence, &self.kept);
        let added = session.ask(|| session.store.open_test(self.study, &opening, evidence, &wrong))?;
        if added != Added::Refused {
            wrong.iter().for_each(|image| self.kept[image.index] = true);
        }
        if added == Added::New {
            let (training, published) = (run.key(), run.record.published);
            let event =
                Event::TestOpened { training, accuracy: evidence.accuracy, loss: evidence.loss, published };
            // A fault of whoever draws this has been shown by then.
            let _ = catch_unwind(AssertUnwindSafe(|| (session.events)(event)));
        }
        Ok(added)
    }

    /// The model of a finished run, or why it cannot be had.
    fn model(&self, run: &QueuedRun) -> Result<Result<Model, String>, RunError> {
        let (session, store, study) = (self.session, self.session.store, self.study);
        let Some(record) = session.ask(|| store.run_head(study, &run.record.id))? else {
            return Ok(Err("its record is gone".into()));
        };
        let dir = session.options.dir;
        let bytes = session.ask(|| kept::kept_weights(store, dir, study, &record))?;
        let mut model = engine::model(&run.plan, engine::image_shape(session.data))?;
        Ok(bytes.and_then(|bytes| engine::load_weights(&mut model, &bytes)).map(|()| model))
    }
}

/// The test images that a model got wrong, without those that are kept already.
fn wrong_images(data: &DataSet, evidence: &Evidence, kept: &[bool]) -> Vec<ImageRecord> {
    let is_wrong = |i: &usize| evidence.predictions[*i] != data.test.labels[*i] && !kept[*i];
    let image = |index| ImageRecord { index, pixels: data.test.image(index, data.image_len()).to_vec() };
    (0..data.test.len()).filter(is_wrong).map(image).collect()
}
