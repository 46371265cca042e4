//! The results of a run: ours, the published numbers, the difference, in the form of the document's tables.

use super::{CellTone, SectionTable, TableCell, TableColumn};
use crate::format;
use crate::view::{Comparison, ComparisonColumn, RunGroup};

/// The table.
pub(super) fn table(group: &RunGroup) -> SectionTable {
    let comparison = &group.comparison;
    let labels = comparison.columns.iter().map(|column| TableColumn::numeric(column.label));
    let columns = std::iter::once(TableColumn::row_name("")).chain(labels).collect();
    let caption = if comparison.n == 0 { "Results: no complete seed yet" } else { "Results" };
    let notes = z_limit(comparison).into_iter().chain(group.weights_note.clone()).collect();
    SectionTable { notes, ..SectionTable::new(caption, columns, rows(comparison)) }
}

fn rows(comparison: &Comparison) -> Vec<Vec<TableCell>> {
    let row = |name: TableCell, cell: fn(&ComparisonColumn) -> TableCell| {
        let tone = name.tone;
        let tinted = |cell: TableCell| if cell.tone.is_plain() { cell.with_tone(tone) } else { cell };
        let cells = comparison.columns.iter().map(cell);
        Some(std::iter::once(name).chain(cells.map(tinted)).collect())
    };
    let name = |text: &str| TableCell::text(text);
    let [ours, z, evaluated] = [
        name(&comparison.ours_label()).with_tone(CellTone::Strong),
        explained("z of the published run", "reading-z"),
        explained("training set, evaluated", "reading-running"),
    ];
    let has_published = comparison.has_published;
    let rows: [Option<Vec<TableCell>>; 5] = [
        row(ours, |column| TableCell::estimate(column.ours.as_ref())),
        row(name("published"), |column| TableCell::maybe(column.published, format::published))
            .filter(|_| has_published),
        row(name("difference"), |column| TableCell::maybe(column.difference, format::signed))
            .filter(|_| has_published),
        row(z, self::z).filter(|_| comparison.has_z()),
        row(evaluated, self::evaluated).filter(|_| comparison.has_evaluated()),
    ];
    rows.into_iter().flatten().collect()
}

/// The name of a row that "How to read this" explains.
fn explained(name: &str, link: &str) -> TableCell {
    TableCell { link: Some(link.to_owned()), tone: CellTone::Quiet, ..TableCell::text(name) }
}

fn z(column: &ComparisonColumn) -> TableCell {
    let tone = if column.is_outside { CellTone::Outside } else { CellTone::Plain };
    TableCell { value: column.z, tone, ..TableCell::text(column.z_text()) }
}

/// The end-of-epoch weights on the training set; empty where the column is not of training.
fn evaluated(column: &ComparisonColumn) -> TableCell {
    match &column.evaluated {
        Some(estimate) => TableCell::estimate(Some(estimate)),
        None => TableCell::default(),
    }
}

fn z_limit(comparison: &Comparison) -> Option<String> {
    let limit = comparison.z_limit_text();
    comparison
        .has_z()
        .then(|| format!(
            "95 % of single runs like ours stay below a |z| of {limit}; * marks what lies outside, corrected for all published \
             numbers after Holm."
        ))
}
