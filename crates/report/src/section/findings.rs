//! Findings: what is to be said of the study, and which runs show what. What a run shows is told in its own part.

use toile_judge::{NamedFinding, Severity};

use super::{CellTone, Reasoned, Section, SectionContext, SectionTable, TableCell, TableColumn, paragraphs};
use crate::text;
use crate::view::{MOST_IN_FULL, NAME_LENGTH};

/// Findings about the study beyond are left to `results.json`.
const MOST: usize = 60;
/// The longest sentence that is shown.
const LENGTH: usize = 700;
/// Runs that a row names.
const MOST_NAMES: usize = 12;

/// The section; `None` if there is nothing to say. What the claims say already is not said again.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    of(context.reasoned())
}

/// The same of any results.
pub(super) fn of(reasoned: Reasoned) -> Option<Section> {
    let tables: Vec<SectionTable> = [of_study(reasoned), of_runs(reasoned)].into_iter().flatten().collect();
    (!tables.is_empty()).then(|| Section { tables, ..Section::new("findings", "Findings") })
}

fn of_study(reasoned: Reasoned) -> Option<SectionTable> {
    let all = &reasoned.reasoning.judgement.findings;
    let mut found: Vec<&NamedFinding> =
        all.iter().filter(|finding| finding.run.is_none() && !finding.is_of_claim()).collect();
    found.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    let rows: Vec<Vec<TableCell>> = found.iter().take(MOST).map(|finding| row(finding)).collect();
    let columns = vec![
        TableColumn::row_name("Finding").as_code(),
        TableColumn::words("What is the case"),
        TableColumn::words("What to do").below(),
    ];
    let more = found.len().saturating_sub(MOST);
    let notes = (more > 0).then(|| {
        format!("{more} more are in {}, with the numbers and the rule of each.", reasoned.numbers())
    });
    let table = SectionTable::new("Of the study.", columns, rows);
    (!found.is_empty()).then(|| SectionTable { notes: notes.into_iter().collect(), ..table })
}

fn row(finding: &NamedFinding) -> Vec<TableCell> {
    let tone = if finding.severity == Severity::Alarm { CellTone::Outside } else { CellTone::Plain };
    vec![
        TableCell::text(finding.finding),
        TableCell::text(text::name(&finding.statement, LENGTH)).with_tone(tone),
        TableCell::text(text::name(&finding.advice, LENGTH)),
    ]
}

/// Which runs show what; what it is in numbers stands in the part of each run.
fn of_runs(reasoned: Reasoned) -> Option<SectionTable> {
    let reasoning = reasoned.reasoning;
    let mut found: Vec<(&NamedFinding, Vec<String>)> = Vec::new();
    for (recipe, of_run) in reasoning.ours.recipes.iter().zip(paragraphs::findings(reasoning)) {
        let name = text::name(&recipe.name, NAME_LENGTH);
        let runs = recipe.runs.len();
        for (finding, seeds) in of_run {
            let name = if seeds < runs {
                format!("“{name}” ({seeds} of {runs} seeds)")
            } else {
                format!("“{name}”")
            };
            match found.iter_mut().find(|(known, _)| known.finding == finding.finding) {
                Some((_, names)) => names.push(name),
                None => found.push((finding, vec![name])),
            }
        }
    }
    found.sort_by_key(|(finding, _)| std::cmp::Reverse(finding.severity));
    let rows: Vec<Vec<TableCell>> = found
        .iter()
        .map(|(finding, names)| {
            let more = names.len().saturating_sub(MOST_NAMES);
            let more = if more > 0 { format!(", and {more} more") } else { String::new() };
            let shown = names[..names.len().min(MOST_NAMES)].join(", ");
            vec![
                TableCell::text(finding.finding),
                TableCell::text(format!("{shown}{more}")),
                TableCell::text(finding.rule),
            ]
        })
        .collect();
    let columns = vec![
        TableColumn::row_name("Finding").as_code(),
        TableColumn::words("Runs that show it"),
        TableColumn::words("The rule").below(),
    ];
    let where_told = match reasoning.ours.recipes.len() {
        n if n > MOST_IN_FULL => format!("Of the runs; the numbers are in {}.", reasoned.numbers()),
        _ => "Of the runs; the numbers and what to do stand in the part of each run.".to_owned(),
    };
    (!rows.is_empty()).then(|| SectionTable::new(where_told, columns, rows))
}
