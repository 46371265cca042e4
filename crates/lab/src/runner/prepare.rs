//! Before the first step: every run built once, every record written down as waiting.

use std::collections::{BTreeMap, BTreeSet};

use toile_data::{DataSet, Split};
use toile_record::{
    DataRecord, End, Provenance, ReadingRecord, RunRecord, SplitRecord, State, StudyRecord, SummaryRecord,
};
use toile_rng::Seed;
use toile_store::{AlteredRecord, Store};

use super::error::RunError;
use super::{RunOptions, engine, folders};
use toile_study::{Plan, RunPlan, SplitPlan, run_ids};

/// Divides the training part as the plan says.
pub fn split(plan: &Plan, data: &DataSet) -> Result<Split, RunError> {
    split_of(&plan.split, data)
}

/// Divides the training part so.
pub fn split_of(split: &SplitPlan, data: &DataSet) -> Result<Split, RunError> {
    let (classes, seed) = (data.class_names.len(), Seed::new(split.seed));
    Ok(toile_data::split(&data.train.labels, classes, split.fraction, split.how, seed)?)
}

/// The study as it is recorded.
pub(crate) fn study_record(
    plan: &Plan,
    data: &DataSet,
    split: &Split,
    options: &RunOptions<'_>,
) -> StudyRecord {
    StudyRecord {
        name: plan.study.clone(),
        question: plan.question.clone(),
        file: plan.file_text.clone(),
        toile_version: options.toile_version.clone(),
        seeds: plan.seeds_asked,
        data: DataRecord {
            name: data.name.clone(),
            title: data.title.clone(),
            fingerprint: data.fingerprint.clone(),
            source: data.source.clone(),
            procedural: data.procedural,
            shape: data.shape,
            class_names: data.class_names.clone(),
            n_train: data.train.len(),
            n_test: data.test.len(),
            reading: ReadingRecord {
                format: data.reading.format.clone(),
                decoders: data.reading.decoders.clone(),
                notes: data.reading.notes.clone(),
            },
            split: SplitRecord {
                how: plan.split.how.to_string(),
                fraction: plan.split.fraction,
                fingerprint: split.fingerprint.clone(),
                train_counts: split.train_counts.clone(),
                validation_counts: split.validation_counts.clone(),
                test_counts: data.test.class_counts(data.class_names.len()),
                validation_images: split.validation.clone(),
                validation_labels: split.validation.iter().map(|&i| data.train.labels[i as usize]).collect(),
            },
            warnings: Vec::new(),
            test_labels: data.test.labels.clone(),
        },
    }
}

/// Every run of the plan as a waiting record; shapes are checked here, before anything trains.
pub(super) fn run_records(
    plan: &Plan,
    data: &DataSet,
    store: &Store,
    altered: &[AlteredRecord],
    options: &RunOptions<'_>,
) -> Result<Vec<RunRecord>, RunError> {
    let ids = run_ids(plan, &data.fingerprint);
    let kept = kept_folders(&plan.study, &ids, store, altered)?;
    let mut taken: BTreeSet<String> = kept.values().cloned().collect();
    let mut summaries: BTreeMap<String, SummaryRecord> = BTreeMap::new();
    let mut records = Vec::with_capacity(plan.runs.len());
    for (run, id) in plan.runs.iter().zip(ids) {
        // By the layers, not by the model's name: a search's choices of one model differ in their layers.
        let model = format!("{:?}", run.settings.layers);
        let summary = match summaries.get(&model) {
            Some(summary) => summary.clone(),
            None => engine::summary(run, engine::image_shape(data))?,
        };
        summaries.insert(model, summary.clone());
        let folder = match kept.get(&id) {
            Some(folder) => folder.clone(),
            None => folders::folder(&run.name, run.settings.seed, &mut taken),
        };
        records.push(waiting(run, id, summary, folder, options));
    }
    Ok(records)
}

/// The folders that are not to be written to again, by the ids of their runs: a run that was renamed keeps its folder,
/// and one that the study file no longer holds may come back, and then finds its weights as they were. The folder of a
/// run that was altered may be another one's.
fn kept_folders(
    study: &str,
    ids: &[String],
    store: &Store,
    altered: &[AlteredRecord],
) -> Result<BTreeMap<String, String>, RunError> {
    let mut kept: BTreeMap<String, String> = store.ended_runs(study)?.into_iter().collect();
    for id in ids {
        let is_altered = altered.iter().any(|record| record.is_run(id));
        if is_altered || !store.run_head(study, id)?.is_some_and(|run| is_done(&run)) {
            kept.remove(id);
        }
    }
    Ok(kept)
}

/// Whether there is nothing more to do for a run.
pub(super) fn is_done(run: &RunRecord) -> bool {
    match run.state {
        State::Complete | State::Pruned => true,
        State::Failed => !run.end.as_ref().is_some_and(End::may_be_repeated),
        State::Waiting | State::Running => false,
    }
}

fn waiting(
    run: &RunPlan,
    id: String,
    summary: SummaryRecord,
    folder: String,
    options: &RunOptions<'_>,
) -> RunRecord {
    RunRecord {
        id,
        name: run.name.clone(),
        position: run.position,
        seed: run.settings.seed,
        model: run.settings.model.clone(),
        plan: run.settings.to_json(),
        summary,
        published: run.published,
        note: run.note.clone(),
        state: State::Waiting,
        end: None,
        restored_epoch: None,
        epochs: Vec::new(),
        layers: Vec::new(),
        validation: None,
        test: None,
        weights_sha256: None,
        folder,
        provenance: Provenance {
            toile_version: options.toile_version.clone(),
            instruction_set: run.settings.dtype_policy.arithmetic(&options.instruction_set),
            threads: options.threads,
            machine: options.machine.clone(),
            ..Provenance::default()
        },
    }
}
