//! `results.json`: all records of a study in one versioned document. Its keys are described in docs/results-json.md.

use serde::Serialize;
use serde_json::Value;
use toile_judge::plain::{PlainAnswer, answer};
use toile_judge::{Judgement, Reproduction, Results};
use toile_record::{
    DataRecord, Epoch, FormerRun, LayersRecord, Provenance, Published, Records, RunRecord, SplitRecord,
    State, SummaryRecord, TestOpening,
};

use super::lines::written;
use super::measures::{self, CalibrationJson, ClassificationJson, SuspectsJson};
use super::search::{SearchJson, searches};
use super::{ExportInput, ExportedFiles, Exporter, one_file};
use crate::PROCEDURAL_NOTICE;
use crate::facts::{confusion, training_flops};
use crate::text::sentence_case;
use crate::view::{NetworkView, ReportView, run_warnings};

/// Raised whenever a key changes its meaning or goes away; new keys do not raise it.
const FORMAT: u32 = 2;

#[derive(Serialize)]
struct Document<'a> {
    toile: &'a str,
    format: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    notice: Option<&'static str>,
    study: StudyJson<'a>,
    data: DataJson<'a>,
    runs: Vec<RunJson<'a>>,
    searches: Vec<SearchJson<'a>>,
    test_openings: &'a [TestOpening],
    former_runs: &'a [FormerRun],
    judgement: PlainAnswer,
    published_judgement: Option<PlainAnswer>,
    reproductions: &'a [Reproduction],
    label_candidates: Option<SuspectsJson<'a>>,
    networks: &'a [NetworkView],
}

#[derive(Serialize)]
struct StudyJson<'a> {
    name: &'a str,
    question: Option<&'a str>,
}

#[derive(Serialize)]
struct DataJson<'a> {
    fingerprint: &'a str,
    name: &'a str,
    title: &'a str,
    source: &'a str,
    procedural: bool,
    shape: [usize; 3],
    class_names: &'a [String],
    n_train: usize,
    n_test: usize,
    split: &'a SplitRecord,
    warnings: &'a [String],
}

#[derive(Serialize)]
struct RunJson<'a> {
    name: &'a str,
    seed: u64,
    state: State,
    id: &'a str,
    position: usize,
    folder: &'a str,
    model: &'a str,
    plan: &'a Value,
    summary: &'a SummaryRecord,
    note: Option<&'a str>,
    epochs: &'a [Epoch],
    layers: &'a [LayersRecord],
    #[serde(rename = "final")]
    last: Option<FinalJson<'a>>,
    published: Option<&'a Published>,
    confusion_matrix: Option<Vec<Vec<usize>>>,
    classification: Option<ClassificationJson>,
    calibration: Option<CalibrationJson>,
    failure: Option<String>,
    warnings: Vec<String>,
    seconds: f64,
    training_flops: u64,
    weights_sha256: Option<&'a str>,
    provenance: &'a Provenance,
}

/// The epoch whose weights were tested, and the test with it.
#[derive(Serialize)]
struct FinalJson<'a> {
    #[serde(flatten)]
    epoch: &'a Epoch,
    test_loss: Option<f64>,
    test_accuracy: Option<f64>,
}

/// `results.json`.
pub(super) struct ResultsJsonExporter;

impl Exporter for ResultsJsonExporter {
    fn name(&self) -> &'static str {
        "results.json"
    }

    fn files<'a>(&'a self, input: ExportInput<'a>) -> ExportedFiles<'a> {
        one_file(self.name(), || results_json(input.records, input.view))
    }
}

/// All records as JSON, one line for each epoch and each trial, with a line break at the end.
///
/// Keys stand in a fixed order and numbers read back to the same bits, so that equal records give equal bytes.
pub fn results_json(records: &Records, view: &ReportView) -> String {
    let reasoning = &view.reasoning;
    let answered = |(results, judgement): &(Results, Judgement)| answer(results, judgement);
    let study = &records.study;
    let document = Document {
        toile: &study.toile_version,
        format: FORMAT,
        notice: study.data.procedural.then_some(PROCEDURAL_NOTICE),
        study: StudyJson { name: &study.name, question: study.question.as_deref() },
        data: data(&study.data),
        runs: records.runs.iter().map(|run| one_run(records, run)).collect(),
        searches: searches(records),
        test_openings: &records.test_openings,
        former_runs: &records.former_runs,
        judgement: answer(&reasoning.ours, &reasoning.judgement),
        published_judgement: reasoning.published.as_ref().map(answered),
        reproductions: &reasoning.reproductions,
        label_candidates: view.suspects.as_ref().map(measures::suspects),
        networks: &view.networks,
    };
    written(&document)
}

/// A number; `"inf"`, `"-inf"` or `"nan"` for what JSON has no number for.
pub(crate) fn number(value: f64) -> Value {
    let word = match value {
        value if value.is_nan() => "nan",
        f64::INFINITY => "inf",
        f64::NEG_INFINITY => "-inf",
        value => return Value::from(value),
    };
    Value::from(word)
}

/// A run that waits or is still running has no final numbers, only epochs.
fn last(run: &RunRecord) -> Option<FinalJson<'_>> {
    let is_over = !matches!(run.state, State::Waiting | State::Running);
    let test = run.test.as_ref();
    run.kept_epoch().filter(|_| is_over).map(|epoch| FinalJson {
        epoch,
        test_loss: test.and_then(|test| test.loss),
        test_accuracy: test.map(|test| test.accuracy),
    })
}

fn data(data: &DataRecord) -> DataJson<'_> {
    DataJson {
        fingerprint: &data.fingerprint,
        name: &data.name,
        title: &data.title,
        source: &data.source,
        procedural: data.procedural,
        shape: data.shape,
        class_names: &data.class_names,
        n_train: data.n_train,
        n_test: data.n_test,
        split: &data.split,
        warnings: &data.warnings,
    }
}

fn one_run<'a>(records: &'a Records, run: &'a RunRecord) -> RunJson<'a> {
    let matrix = confusion(&records.study.data, run);
    RunJson {
        name: &run.name,
        seed: run.seed,
        state: run.state,
        id: &run.id,
        position: run.position,
        folder: &run.folder,
        model: &run.model,
        plan: &run.plan,
        summary: &run.summary,
        note: run.note.as_deref(),
        epochs: &run.epochs,
        layers: &run.layers,
        last: last(run),
        published: run.published.as_ref(),
        confusion_matrix: matrix.as_ref().map(|matrix| matrix.rows().map(<[usize]>::to_vec).collect()),
        classification: matrix.as_ref().and_then(measures::classification),
        calibration: measures::calibration(records, run),
        failure: run.reason(),
        warnings: run_warnings(records, run).sentences().map(|one| sentence_case(one)).collect(),
        seconds: run.provenance.wall_seconds,
        training_flops: training_flops(records, run),
        weights_sha256: run.weights_sha256.as_deref(),
        provenance: &run.provenance,
    }
}
