//! Sections: parts of the report that every face shows in the same way.
//!
//! A section is computed once, from the records and from what the view holds of them, and is then only laid out. It holds
//! each number as value and as text, and it serialises. To add one: a file with `compute`, and its line in [`SECTIONS`].

mod settings_beside_results;

use serde::Serialize;
use toile_record::Records;

use crate::view::{Ranking, RunGroup};

/// What sections are computed from.
pub struct SectionContext<'a> {
    /// Everything that is known of the study.
    pub records: &'a Records,
    /// Its runs, each with all its seeds, in the study's order.
    pub groups: &'a [RunGroup],
    /// The groups by validation accuracy.
    pub ranking: &'a Ranking,
}

/// All sections, in the order of the page.
const SECTIONS: [fn(&SectionContext) -> Option<Section>; 1] = [settings_beside_results::compute];

/// The sections that have something to show.
pub fn sections(context: &SectionContext) -> Vec<Section> {
    SECTIONS.iter().filter_map(|compute| compute(context)).collect()
}

/// A part of the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Section {
    /// A name for links, unique on the page.
    pub id: &'static str,
    /// The heading.
    pub title: String,
    /// What it says, above its tables.
    pub paragraphs: Vec<String>,
    /// Its tables.
    pub tables: Vec<SectionTable>,
    /// Its figures.
    pub figures: Vec<SectionFigure>,
    /// How to read it, and what is left out.
    pub notes: Vec<String>,
}

/// A table of a section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SectionTable {
    /// What it shows.
    pub caption: String,
    /// The heads of its columns.
    pub columns: Vec<TableColumn>,
    /// Its rows, each with a cell per column. The first cell names the row.
    pub rows: Vec<Vec<TableCell>>,
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableColumn {
    /// What the column holds.
    pub title: String,
    /// Whether its cells are numbers, which stand flush right.
    pub is_numeric: bool,
}

/// A cell: its text, and the number behind the text where it has one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TableCell {
    /// As it is shown.
    pub text: String,
    /// The number, as exact as it is known.
    pub value: Option<f64>,
    /// The standard deviation of single runs around it, where it is a mean over several.
    pub sd: Option<f64>,
    /// The id of a part of the page that it leads to.
    pub link: Option<String>,
}

/// A figure of a section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SectionFigure {
    /// What it shows and how to read it.
    pub caption: String,
    /// The picture, as SVG.
    pub svg: String,
}

impl TableCell {
    /// A cell of words.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}
