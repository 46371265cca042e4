//! Tables of sections: columns, rows, cells.

use serde::Serialize;

use super::SectionBadge;
use crate::format;
use crate::view::Estimate;

/// A table of a section.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct SectionTable {
    /// The words under which it is folded away; `None` if it is open.
    pub folded_under: Option<String>,
    /// Whether it is left out where nothing can be folded away: on paper and in Markdown.
    pub is_detail: bool,
    /// Whether it takes no more room than its columns need.
    pub is_narrow: bool,
    /// What it shows.
    pub caption: String,
    /// The id of a part of the page that it is about.
    pub link: Option<String>,
    /// The heads of its columns.
    pub columns: Vec<TableColumn>,
    /// Its rows, each with a cell per column.
    pub rows: Vec<Vec<TableCell>>,
    /// The rows above which a line is drawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<usize>,
    /// The row of totals, if it has one.
    pub total: Option<Vec<TableCell>>,
    /// How to read it.
    pub notes: Vec<String>,
    /// What its images show.
    pub image_note: Option<String>,
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
    /// Whether its cells may stand below those of the column before, in small type.
    pub is_below: bool,
    /// Whether its cells are paths, checksums or other names that are typed.
    pub is_code: bool,
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
    /// How it stands out.
    #[serde(skip_serializing_if = "CellTone::is_plain")]
    pub tone: CellTone,
    /// What is not as planned of what it names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub badge: Option<SectionBadge>,
    /// Where its value lies between the smallest (0) and the largest (1) of its column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub meter: Option<f64>,
    /// Images that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<CellImage>,
}

/// How a cell stands out from the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellTone {
    /// Not at all.
    #[default]
    Plain,
    /// It is what the table is about.
    Strong,
    /// It stands back.
    Quiet,
    /// It is further off than expected.
    Outside,
}

/// A small picture in a cell.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CellImage {
    /// A PNG as `data:` address.
    pub png: String,
    /// What it shows.
    pub description: String,
    /// The words below it.
    pub text: String,
    /// The number in these words.
    pub value: Option<f64>,
}

impl SectionTable {
    /// An open table.
    pub fn new(caption: impl Into<String>, columns: Vec<TableColumn>, rows: Vec<Vec<TableCell>>) -> Self {
        Self { caption: caption.into(), columns, rows, ..Self::default() }
    }

    /// A narrow table that is folded away.
    pub fn folded(
        words: impl Into<String>,
        caption: impl Into<String>,
        columns: Vec<TableColumn>,
        rows: Vec<Vec<TableCell>>,
    ) -> Self {
        Self { folded_under: Some(words.into()), is_narrow: true, ..Self::new(caption, columns, rows) }
    }
}

impl TableColumn {
    /// A column of words.
    pub fn words(title: impl Into<String>) -> Self {
        Self { title: title.into(), is_numeric: false, is_row_name: false, is_below: false, is_code: false }
    }

    /// A column of numbers.
    pub fn numeric(title: impl Into<String>) -> Self {
        Self { is_numeric: true, ..Self::words(title) }
    }

    /// The column that names the rows.
    pub fn row_name(title: impl Into<String>) -> Self {
        Self { is_row_name: true, ..Self::words(title) }
    }

    /// A column of paths, checksums or other names that are typed.
    pub fn code(title: impl Into<String>) -> Self {
        Self::words(title).as_code()
    }

    /// The same, its cells set as what is typed.
    pub fn as_code(self) -> Self {
        Self { is_code: true, ..self }
    }

    /// The same, its cells below those of the column before where that saves room.
    pub fn below(self) -> Self {
        Self { is_below: true, ..self }
    }
}

impl TableCell {
    /// A cell of words.
    pub fn text(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// A dash.
    pub fn none() -> Self {
        Self::text(format::NONE)
    }

    /// A number and its text.
    pub fn number(value: f64, text: impl Into<String>) -> Self {
        Self { value: Some(value).filter(|value| value.is_finite()), ..Self::text(text) }
    }

    /// A number as `write` writes it, or a dash.
    pub fn maybe(value: Option<f64>, write: impl Fn(f64) -> String) -> Self {
        value.map_or_else(Self::none, |value| Self::number(value, write(value)))
    }

    /// A number of things, or a dash.
    pub fn count(count: Option<u64>) -> Self {
        let text = count.map_or_else(|| format::NONE.to_owned(), format::count);
        Self { text, value: count.map(|count| count as f64), ..Self::default() }
    }

    /// A mean over seeds with its spread, or a dash.
    pub fn estimate(estimate: Option<&Estimate>) -> Self {
        Self {
            value: estimate.map(|estimate| estimate.mean),
            sd: estimate.and_then(|estimate| estimate.sd),
            ..Self::text(Estimate::text_or_none(estimate))
        }
    }

    /// The same in another tone.
    pub fn with_tone(self, tone: CellTone) -> Self {
        Self { tone, ..self }
    }
}

impl CellTone {
    /// Whether it does not stand out.
    pub fn is_plain(&self) -> bool {
        *self == Self::Plain
    }
}
