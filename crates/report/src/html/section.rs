//! Sections on the page: a template that lays out a section, and itself for its parts.

use std::collections::BTreeMap;
use std::io::Write;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::CANNOT_FAIL;
use crate::page::ReportPage;
use crate::section::{
    CellImage, CellTone, FigureLayout, FigurePicture, Section, SectionFigure, SectionTable, TableCell,
    TableColumn, runs,
};
use crate::view::RunGroup;
use crate::{PROCEDURAL_NOTICE, format};

#[derive(Template)]
#[template(path = "section.html")]
struct SectionPage<'a> {
    section: &'a Section,
    /// Of its heading: 2 for a section, 3 and more for the parts inside.
    level: usize,
    /// The title of the nearest part with an id, which distinguishes its tables from those of others.
    owner: &'a str,
    procedural: bool,
    notice: &'static str,
    /// The runs of which everything can be opened, by the ids of their parts.
    opened: &'a BTreeMap<&'a str, &'a RunGroup>,
    /// Whether the parts that have an id are only named, and filled in later.
    is_hollow: bool,
    /// Of a part that a list of contents names: the one before and the one after.
    around: Option<Neighbours<'a>>,
}

/// The parts before and after a part.
type Neighbours<'a> = (Option<&'a Section>, Option<&'a Section>);

/// The head of a column, with those of the columns that stand below it.
struct ColumnHead<'a> {
    column: &'a TableColumn,
    title: String,
}

/// A cell, with those that stand below it.
struct CellPage<'a> {
    column: &'a TableColumn,
    cell: &'a TableCell,
    below: Vec<&'a TableCell>,
}

/// A section as HTML, in which the parts with an id are only named; and these parts by their ids.
pub(super) fn section<'a>(section: &'a Section, page: &ReportPage) -> (String, Vec<(&'a str, String)>) {
    let page = SectionPage {
        section,
        level: 2,
        owner: &section.title,
        procedural: page.procedural,
        notice: PROCEDURAL_NOTICE,
        opened: &page.opened,
        is_hollow: true,
        around: None,
    };
    let parts = section.linked_parts().map(|part| (part.id.as_str(), page.part(part))).collect();
    (page.render().expect(CANNOT_FAIL), parts)
}

/// What stands in a section for a part that is filled in later.
pub(super) fn place_of(id: &str) -> String {
    format!("<article data-part=\"{id}\"></article>")
}

/// HTML, packed by DEFLATE and written in base 64.
fn packed(html: &str) -> String {
    let mut packed = DeflateEncoder::new(Vec::new(), Compression::best());
    packed.write_all(html.as_bytes()).expect(CANNOT_FAIL);
    STANDARD.encode(packed.finish().expect(CANNOT_FAIL))
}

impl<'a> SectionPage<'a> {
    /// The smaller sections inside.
    fn parts(&self) -> Vec<String> {
        let part = |part: &Section| match self.is_hollow && !part.id.is_empty() {
            true => place_of(&part.id),
            false => self.part(part),
        };
        self.section.parts.iter().map(part).collect()
    }

    /// One of them. A section without a heading does not move the ones inside it down.
    fn part(&self, part: &Section) -> String {
        let level = if self.section.title.is_empty() { self.level } else { self.level + 1 };
        let owner = if part.id.is_empty() { self.owner } else { &part.title };
        let (level, around) = (level.min(6), self.around(part));
        let page = SectionPage { section: part, level, owner, is_hollow: false, around, ..*self };
        page.render().expect(CANNOT_FAIL)
    }

    /// Of a part that a list of contents names: those before and after it.
    fn around(&self, part: &Section) -> Option<Neighbours<'a>> {
        let linked: Vec<&Section> = self.section.linked_parts().collect();
        let place = linked.iter().position(|other| other.id == part.id).filter(|_| linked.len() > 1)?;
        Some((place.checked_sub(1).map(|before| linked[before]), linked.get(place + 1).copied()))
    }

    /// What is made when it is opened, packed.
    fn whole(&self) -> Option<String> {
        let group = self.opened.get(self.section.id.as_str())?;
        Some(packed(&self.part(&runs::whole(group, self.procedural))))
    }

    fn open_tables(&self) -> Vec<&'a SectionTable> {
        self.section.tables.iter().filter(|table| table.folded_under.is_none()).collect()
    }

    fn folded_tables(&self) -> Vec<&'a SectionTable> {
        self.section.tables.iter().filter(|table| table.folded_under.is_some()).collect()
    }

    /// Figures that stand together: the style of the row, and the figures.
    fn rows(&self) -> Vec<(&'static str, &'a [SectionFigure])> {
        let rows = self.section.figures.chunk_by(|a, b| a.layout == b.layout);
        rows.map(|figures| (figures[0].layout.row(), figures)).collect()
    }

    fn is_wide(&self, figure: &SectionFigure) -> bool {
        figure.layout == FigureLayout::Wide
    }

    fn has_meters(&self, table: &SectionTable) -> bool {
        table.rows.iter().flatten().any(|cell| cell.meter.is_some())
    }

    /// The images of all cells of a row.
    fn images(&self, row: &'a [TableCell]) -> Vec<&'a CellImage> {
        row.iter().flat_map(|cell| &cell.images).collect()
    }

    fn has_images(&self, row: &[TableCell]) -> bool {
        row.iter().any(|cell| !cell.images.is_empty())
    }

    /// What a table is called by programs that read the page aloud.
    fn label(&self, table: &SectionTable) -> String {
        let first = || table.caption.split(['.', ':', ',']).next().unwrap_or_default().to_owned();
        let what = table.folded_under.clone().unwrap_or_else(first);
        format!("{what}: {}", self.owner)
    }

    fn heads(&self, table: &'a SectionTable) -> Vec<ColumnHead<'a>> {
        let groups = table.columns.chunk_by(|_, next| next.is_below);
        let title = |columns: &[TableColumn]| {
            let below = columns[1..].iter().map(|column| format!(", {}", column.title.to_lowercase()));
            format!("{}{}", columns[0].title, below.collect::<String>())
        };
        groups.map(|columns| ColumnHead { column: &columns[0], title: title(columns) }).collect()
    }

    fn cells(&self, table: &'a SectionTable, row: &'a [TableCell]) -> Vec<CellPage<'a>> {
        let mut cells: Vec<CellPage> = Vec::new();
        for (column, cell) in table.columns.iter().zip(row) {
            match cells.last_mut() {
                Some(above) if column.is_below => {
                    above.below.extend(Some(cell).filter(|cell| cell.text != format::NONE));
                }
                _ => cells.push(CellPage { column, cell, below: Vec::new() }),
            }
        }
        cells
    }
}

impl CellPage<'_> {
    fn tag(&self) -> &'static str {
        if self.column.is_row_name { "th" } else { "td" }
    }

    fn class(&self) -> String {
        let tone = match self.cell.tone {
            CellTone::Plain => "",
            CellTone::Strong => "strong",
            CellTone::Quiet => "quiet",
            CellTone::Outside => "outside",
        };
        let is_name = self.column.is_row_name && !self.below.is_empty();
        let classes =
            [(self.column.is_numeric, "n"), (self.column.is_code, "code"), (is_name, "name"), (true, tone)];
        let classes = classes.iter().filter(|(has, class)| *has && !class.is_empty());
        classes.map(|(_, class)| *class).collect::<Vec<_>>().join(" ")
    }

    /// The text, parted where a name that is typed may be broken: after `_`.
    fn pieces(&self) -> Vec<&str> {
        let text = self.cell.text.as_str();
        if self.column.is_code { text.split_inclusive('_').collect() } else { vec![text] }
    }

    /// Where the dot stands, in per cent.
    fn meter(&self, part: &f64) -> String {
        format!("{:.1}", 100.0 * part)
    }
}
