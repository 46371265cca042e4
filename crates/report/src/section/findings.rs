//! Findings: what is to be said of runs and of the study, each with its rule and what to do.

use std::collections::BTreeMap;

use toile_judge::{NamedFinding, Severity};

use super::{CellTone, Section, SectionContext, SectionTable, TableCell, TableColumn};
use crate::text;
use crate::view::NAME_LENGTH;

/// Rows beyond are left to `results.json`.
const MOST: usize = 100;
/// The longest sentence that is shown.
const LENGTH: usize = 700;

/// One finding about one run, over its seeds.
struct FindingRow<'a> {
    first: &'a NamedFinding,
    seeds: usize,
}

/// The section; `None` if there is nothing to say. What the claims say already is not said again.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    let all = &context.reasoning.judgement.findings;
    let mut rows: Vec<FindingRow> = Vec::new();
    let mut places: BTreeMap<(Option<&str>, &str), usize> = BTreeMap::new();
    for finding in all.iter().filter(|finding| !finding.is_of_claim()) {
        let key = (finding.run.as_deref(), finding.finding);
        // Several findings about the study may share a name.
        match places.get(&key).filter(|_| finding.run.is_some()) {
            Some(place) => rows[*place].seeds += 1,
            None => {
                places.insert(key, rows.len());
                rows.push(FindingRow { first: finding, seeds: 1 });
            }
        }
    }
    // The gravest first; of equals, as they were found.
    rows.sort_by_key(|row| (std::cmp::Reverse(row.first.severity), row.first.run.is_some()));
    let shown = rows.iter().take(MOST).map(|row| cells(context, row)).collect();
    let columns = vec![
        TableColumn::row_name("Run"),
        TableColumn::code("Finding").below(),
        TableColumn::words("What is the case"),
        TableColumn::words("What to do").below(),
    ];
    let more = rows.len().saturating_sub(MOST);
    let note = (more > 0)
        .then(|| format!("{more} more are in results.json, with the numbers and the rule of each."));
    (!rows.is_empty()).then(|| Section {
        tables: vec![SectionTable::new("Findings, the gravest first.", columns, shown)],
        notes: note.into_iter().collect(),
        ..Section::new("findings", "Findings")
    })
}

fn cells(context: &SectionContext, row: &FindingRow) -> Vec<TableCell> {
    let finding = row.first;
    let group = finding.run.as_ref().and_then(|run| context.reasoning.ours.place(run));
    let runs = group.map_or(0, |place| context.reasoning.ours.recipes[place].runs.len());
    let seeds = if runs > 1 { format!(" ({} of {runs} seeds)", row.seeds) } else { String::new() };
    let name = finding.run.as_ref().map_or("the study".to_owned(), |run| text::name(run, NAME_LENGTH));
    let tone = if finding.severity == Severity::Alarm { CellTone::Outside } else { CellTone::Plain };
    vec![
        TableCell {
            link: group.map(|place| context.groups[place].anchor.clone()),
            ..TableCell::text(format!("{name}{seeds}"))
        },
        TableCell::text(finding.finding),
        TableCell::text(text::name(&finding.statement, LENGTH)).with_tone(tone),
        TableCell::text(text::name(&finding.advice, LENGTH)),
    ]
}
