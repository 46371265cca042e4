//! A study, and everything that a report needs of it.

use serde::{Deserialize, Serialize};

use crate::{DataRecord, ImageRecord, NetworkPictures, RunRecord, SearchRecords, Seeds, State};

/// One study: the file as it was, and where its data came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyRecord {
    /// The name in the study file.
    pub name: String,
    /// The question that the study asks, if the file states one.
    pub question: Option<String>,
    /// The study file, byte for byte.
    pub file: String,
    /// Version of toile that wrote the record.
    pub toile_version: String,
    /// The data set and its split.
    pub data: DataRecord,
    /// How often runs are repeated, if the command line said so; else the study file does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<Seeds>,
}

/// An opening of the test set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TestOpening {
    /// When, RFC 3339 in UTC.
    pub time: String,
    /// The run that was tested.
    pub run_id: String,
    /// Why: `declared run`, ``chosen by the search `joint` ``, or what [`TestOpening::early`] says.
    pub why: String,
}

impl TestOpening {
    /// Why it was opened while so many trainings of all had not ended.
    pub fn early(open: usize, all: usize) -> String {
        format!("{OPENED_EARLY}: {open} of {all} trainings had not ended")
    }

    /// Whether trainings of the study had not ended.
    pub fn is_early(&self) -> bool {
        self.why.starts_with(OPENED_EARLY)
    }
}

/// What the reason of an early opening begins with.
const OPENED_EARLY: &str = "opened early with --open-test";

/// A run that was begun, and that the study file no longer has in this form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormerRun {
    /// Hash of its resolved plan and of the data.
    pub id: String,
    /// The name it had in the study file.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Where it was in its life.
    pub state: State,
    /// Its folder under the study's folder; its files stay there.
    pub folder: String,
}

/// Everything a report needs, read at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Records {
    /// The study.
    pub study: StudyRecord,
    /// Its runs, by position, then seed.
    pub runs: Vec<RunRecord>,
    /// Misclassified test images, by index.
    pub images: Vec<ImageRecord>,
    /// Its searches, by position.
    pub searches: Vec<SearchRecords>,
    /// Every opening of the test set, in order.
    pub test_openings: Vec<TestOpening>,
    /// Runs that have left the study file, by position, then seed.
    pub former_runs: Vec<FormerRun>,
    /// What is to be seen in the weights of its networks, if somebody who has them made it.
    pub pictures: Vec<NetworkPictures>,
}
