//! What the faces lay out, whatever the report is of: a study of ours, or results of another program.

use std::collections::BTreeMap;

use crate::pinned::PinnedRuns;
use crate::section::{Section, runs};
use crate::view::{ReportView, RunGroup};

/// A report as its faces lay it out, from its title to its last line.
pub(crate) struct ReportPage<'a> {
    /// What it is a report of, above the title.
    pub eyebrow: String,
    /// Its title.
    pub title: &'a str,
    /// The question that it answers.
    pub question: Option<&'a str>,
    /// Whether the data was drawn by our own code; every table and figure then says so.
    pub procedural: bool,
    /// What it says.
    pub sections: &'a [Section],
    /// The runs of which its sections show a part in brief and everything can be opened, by the ids of these parts.
    pub opened: BTreeMap<&'a str, &'a RunGroup>,
    /// What it shows of runs side by side, as JSON; where there are no runs, nothing.
    pub pinned: Option<String>,
    /// How to read it, item by item, in Markdown.
    pub reading: Vec<String>,
    /// The study file.
    pub file: Option<&'a str>,
    /// Who wrote it, from what: `Written by toile 0.2.0 from the study's records.`
    pub written: String,
    /// Where the numbers are.
    pub ending: String,
}

impl<'a> ReportPage<'a> {
    /// The report of a study.
    pub(crate) fn of_study(view: &'a ReportView) -> Self {
        let trials =
            if view.searches.sections.is_empty() { "" } else { ", those of the trials in trials.csv" };
        Self {
            eyebrow: format!("Report of a study · {}", view.data_title),
            title: &view.title,
            question: view.question.as_deref(),
            procedural: view.procedural,
            sections: &view.sections,
            opened: runs::opened(view),
            pinned: PinnedRuns::of(view).map(|pinned| pinned.text()),
            reading: crate::markdown::study_reading(view),
            file: Some(&view.study_file),
            written: format!("Written by toile {} from the study's records.", view.toile_version),
            ending: format!("The numbers behind this page are in results.json and results.csv{trials}."),
        }
    }
}
