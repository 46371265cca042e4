//! Sections: parts of the report that every face shows in the same way.
//!
//! A section is computed once, from the records and from what the view holds of them, and is then only laid out. It
//! holds each number as value and as text, and it serialises. To add one: a file with `compute`, and its line in
//! `SECTIONS`.

mod brief;
mod claims;
mod confusion;
mod factors;
mod figure;
mod findings;
pub(crate) mod grouped;
mod hardest;
pub(crate) mod judged;
mod judged_runs;
mod layers;
mod learning;
mod networks;
mod openings;
mod overview;
mod paragraphs;
mod ranking;
mod reliability;
mod results;
pub(crate) mod runs;
mod search;
mod searches;
mod settings_beside_results;
pub(crate) mod setup;
mod summary;
mod suspects;
mod table;

pub use figure::{FigureChoice, FigureLayout, FigurePicture, FigureSeries, SectionFigure};
pub(crate) use judged_runs::has_curves;
use serde::Serialize;
pub use table::{CellImage, CellTone, SectionTable, TableCell, TableColumn};
use toile_record::Records;

use std::collections::BTreeSet;

use crate::format;
use crate::reasoning::Reasoning;
use crate::view::{
    KeyFigure, MOST_IN_FULL, NetworkView, Ranking, RunGroup, Searches, StudySummary, Suspects,
};

/// What sections are computed from.
pub struct SectionContext<'a> {
    /// Everything that is known of the study.
    pub records: &'a Records,
    /// Its runs, each with all its seeds, in the study's order.
    pub groups: &'a [RunGroup],
    /// The groups by validation accuracy.
    pub ranking: &'a Ranking,
    /// What the results say.
    pub reasoning: &'a Reasoning,
    /// Its searches.
    pub searches: &'a Searches,
    /// What came out.
    pub summary: &'a StudySummary,
    /// Images whose labels may be wrong.
    pub suspects: &'a Option<Suspects>,
    /// What is to be seen in the weights.
    pub networks: &'a [NetworkView],
}

/// What sections about what results say are computed from.
#[derive(Clone, Copy)]
pub(crate) struct Reasoned<'a> {
    /// What they say.
    pub reasoning: &'a Reasoning,
    /// Whose results they are.
    pub source: ResultSource,
}

/// Whose results are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResultSource {
    /// Our own: a study's records.
    Study,
    /// Those of another program, from a file.
    File,
}

impl Reasoned<'_> {
    /// Where all numbers are.
    fn numbers(self) -> &'static str {
        match self.source {
            ResultSource::Study => "results.json",
            ResultSource::File => "the answer of --json",
        }
    }
}

/// The id of the part of a run.
fn run_anchor(place: usize) -> String {
    format!("run-{}", place + 1)
}

impl SectionContext<'_> {
    /// What sections about what the results say need.
    fn reasoned(&self) -> Reasoned<'_> {
        Reasoned { reasoning: self.reasoning, source: ResultSource::Study }
    }

    /// Whether the data was drawn by our own code.
    pub fn is_procedural(&self) -> bool {
        self.records.study.data.procedural
    }

    /// The runs that figures of all runs show, in the study's order: all, or the best of a large study.
    pub fn drawn(&self) -> Vec<&RunGroup> {
        let best: BTreeSet<usize> =
            self.ranking.rows.iter().take(MOST_IN_FULL).map(|row| row.group).collect();
        best.into_iter().map(|group| &self.groups[group]).collect()
    }

    /// What such figures leave out, and where it is.
    pub fn not_drawn(&self) -> Option<String> {
        let (all, drawn) = (self.groups.len(), self.drawn().len());
        let which = if self.ranking.has_ranks() { "best by validation accuracy" } else { "first" };
        (drawn < all).then(|| {
            let all = format::count(all as u64);
            format!("The figures show the {drawn} {which} of {all} runs; the tables and results.csv have all of them.")
        })
    }
}

/// All sections, in the order of the page.
const SECTIONS: [fn(&SectionContext) -> Option<Section>; 13] = [
    summary::compute,
    factors::compute,
    learning::compute,
    ranking::compute,
    claims::compute,
    findings::compute,
    overview::compute,
    settings_beside_results::compute,
    suspects::compute,
    networks::compute,
    searches::compute,
    setup::compute,
    runs::compute,
];

/// The sections that have something to show.
pub fn sections(context: &SectionContext) -> Vec<Section> {
    SECTIONS.iter().filter_map(|compute| compute(context)).collect()
}

/// A part of the report, or a part of one. Faces show what it holds in the order of the fields.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Section {
    /// A name for links, unique on the page; empty for a part that no contents list names.
    pub id: String,
    /// The heading; empty for a part that goes on without one.
    pub title: String,
    /// Raised whenever something in it changes its meaning.
    pub version: u32,
    /// What is not as planned.
    pub badge: Option<SectionBadge>,
    /// One line of what it is about.
    pub lead: Option<String>,
    /// What the study file says of it.
    pub remark: Option<String>,
    /// A few numbers, large.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub key_figures: Vec<KeyFigure>,
    /// What it says, above its tables.
    pub paragraphs: Vec<String>,
    /// What came out, sentence by sentence.
    pub findings: Vec<String>,
    /// What to be careful of.
    pub alerts: Vec<SectionAlert>,
    /// What it is about, line by line.
    pub facts: Vec<Fact>,
    /// Its tables.
    pub tables: Vec<SectionTable>,
    /// How its figures are drawn.
    pub figure_note: Option<String>,
    /// SVG to which the figures refer.
    pub definitions: String,
    /// Its figures.
    pub figures: Vec<SectionFigure>,
    /// Figures that a reader may choose in the place of its figures; they say nothing else.
    #[serde(skip)]
    pub choices: Vec<FigureChoice>,
    /// How to read it, and what is left out.
    pub notes: Vec<String>,
    /// Smaller sections inside it.
    pub parts: Vec<Section>,
    /// Whether its open tables stand at the side of its figures, where there is room.
    pub is_side_by_side: bool,
}

/// A few words behind a name: what is not finished, or failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionBadge {
    /// The words.
    pub text: String,
    /// Whether something failed.
    pub is_failure: bool,
}

/// A sentence that must be seen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SectionAlert {
    /// The sentence.
    pub text: String,
    /// Whether it says why something failed.
    pub is_failure: bool,
}

/// A line that says one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is.
    pub label: &'static str,
    /// Its value.
    pub value: String,
    /// Whether the value is a checksum or a path.
    pub is_code: bool,
}

impl Section {
    /// An empty section of version 1.
    pub fn new(id: impl Into<String>, title: impl Into<String>) -> Self {
        Self { id: id.into(), title: title.into(), version: 1, ..Self::default() }
    }

    /// An empty part of a section, of version 1.
    pub fn part(title: impl Into<String>) -> Self {
        Self::new("", title)
    }

    /// The smaller sections inside that a list of contents names.
    pub fn linked_parts(&self) -> impl Iterator<Item = &Section> {
        self.parts.iter().filter(|part| !part.id.is_empty())
    }

    /// Whether there are any.
    pub fn has_linked_parts(&self) -> bool {
        self.linked_parts().next().is_some()
    }

    /// Whether it holds anything at all.
    pub fn is_empty(&self) -> bool {
        let content = Self {
            id: String::new(),
            title: String::new(),
            version: 0,
            lead: None,
            is_side_by_side: false,
            ..self.clone()
        };
        content == Self::default()
    }
}
