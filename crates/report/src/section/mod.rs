//! Sections: parts of the report that every face shows in the same way.
//!
//! A section is computed once, from the records and from what the view holds of them, and is then only laid out. It
//! holds each number as value and as text, and it serialises. To add one: a file with `compute`, and its line in
//! [`SECTIONS`].

mod openings;
mod settings_beside_results;
pub(crate) mod setup;

use serde::Serialize;
use toile_record::Records;

use crate::format;
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
const SECTIONS: [fn(&SectionContext) -> Option<Section>; 2] =
    [settings_beside_results::compute, setup::compute];

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
    /// Raised whenever something in it changes its meaning.
    pub version: u32,
    /// Where it stands among the parts of the page that are not sections.
    pub place: SectionPlace,
    /// What it is about, line by line.
    pub facts: Vec<Fact>,
    /// What it says, above its tables.
    pub paragraphs: Vec<String>,
    /// Its tables.
    pub tables: Vec<SectionTable>,
    /// Its figures.
    pub figures: Vec<SectionFigure>,
    /// How to read it, and what is left out.
    pub notes: Vec<String>,
}

/// Where a section stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SectionPlace {
    /// Between the overview and the searches.
    AfterOverview,
    /// Between the searches and the runs.
    AfterSearches,
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

/// A table of a section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SectionTable {
    /// The words under which it is folded away; `None` if it is open.
    pub folded_under: Option<String>,
    /// What it shows.
    pub caption: String,
    /// The heads of its columns.
    pub columns: Vec<TableColumn>,
    /// Its rows, each with a cell per column.
    pub rows: Vec<Vec<TableCell>>,
    /// The row of totals, if it has one.
    pub total: Option<Vec<TableCell>>,
}

/// The head of a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TableColumn {
    /// What the column holds.
    pub title: String,
    /// Whether its cells are numbers, which stand flush right.
    pub is_numeric: bool,
    /// Whether its cells are the names of the rows.
    pub is_row_name: bool,
}

impl Section {
    /// An empty section of version 1.
    pub fn new(id: &'static str, title: &str, place: SectionPlace) -> Self {
        Self {
            id,
            title: title.to_owned(),
            version: 1,
            place,
            facts: Vec::new(),
            paragraphs: Vec::new(),
            tables: Vec::new(),
            figures: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl TableColumn {
    /// A column of words.
    pub fn words(title: impl Into<String>) -> Self {
        Self { title: title.into(), is_numeric: false, is_row_name: false }
    }

    /// A column of numbers.
    pub fn numeric(title: impl Into<String>) -> Self {
        Self { is_numeric: true, ..Self::words(title) }
    }

    /// The column that names the rows.
    pub fn row_name(title: impl Into<String>) -> Self {
        Self { is_row_name: true, ..Self::words(title) }
    }
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

    /// A number of things, or a dash.
    pub fn count(count: Option<u64>) -> Self {
        let text = count.map_or_else(|| format::NONE.to_owned(), format::count);
        Self { text, value: count.map(|count| count as f64), ..Self::default() }
    }
}
