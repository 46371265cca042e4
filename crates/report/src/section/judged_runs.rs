//! The runs of another program: a part for each name, with what is said of it, its settings, its results, its curves.

use std::collections::BTreeSet;

use toile_judge::{Quantity, Recipe, Run, setting_text};

use super::judged::{column, differing, estimate, settings_line};
use super::runs::{DrawnCurves, curve_note, curves};
use super::{CellTone, Section, SectionFigure, SectionTable, TableCell, TableColumn, paragraphs, run_anchor};
use crate::format::{self, plural};
use crate::reasoning::Reasoning;
use crate::text;
use crate::view::{self, MOST_IN_FULL, NAME_LENGTH};

/// Of more runs of one name the table shows the first.
const MOST_RUNS: usize = 100;
/// Settings in a row; more stand below each other, folded away.
const MOST_IN_A_ROW: usize = 8;
/// The longest value of a setting.
const LENGTH: usize = 300;

/// The section; `None` without runs.
pub(super) fn of(reasoning: &Reasoning) -> Option<Section> {
    let recipes = &reasoning.ours.recipes;
    let in_full = recipes.len() <= MOST_IN_FULL;
    let said = paragraphs::of_runs(reasoning);
    let differing = differing(recipes);
    let parts = recipes.iter().zip(said).enumerate().map(|(place, (recipe, paragraphs))| Section {
        paragraphs,
        ..part(&differing, recipe, place, in_full)
    });
    let left_out = (!in_full).then(|| {
        format!(
            "Of more than {MOST_IN_FULL} names (here {}) the curves and the single runs are left out.",
            recipes.len()
        )
    });
    let no_curves = (!recipes.iter().any(has_curves))
        .then(|| "The file has no curves: of no run more than one epoch.".to_owned());
    (!recipes.is_empty()).then(|| Section {
        parts: parts.collect(),
        paragraphs: left_out.into_iter().chain(no_curves).collect(),
        ..Section::new("runs", "Runs")
    })
}

/// Whether a run of it has more than one epoch.
pub(crate) fn has_curves(recipe: &Recipe) -> bool {
    recipe.runs.iter().any(|run| run.epochs.len() > 1)
}

fn part(differing: &BTreeSet<&str>, recipe: &Recipe, place: usize, in_full: bool) -> Section {
    let line = settings_line(differing, recipe);
    let is_gap = |one: &Quantity| matches!(one, Quantity::LossGap | Quantity::AccuracyGap);
    let known: Vec<Quantity> =
        Quantity::all().filter(|one| !is_gap(one) && recipe.mean(*one).is_some()).collect();
    let tables = [
        settings(recipe),
        results(recipe, &known),
        runs(recipe, &known).filter(|_| in_full && recipe.runs.len() > 1),
    ];
    Section {
        lead: Some(line).filter(|line| !line.is_empty()),
        tables: tables.into_iter().flatten().collect(),
        figures: if in_full { figures(recipe) } else { Vec::new() },
        ..Section::new(run_anchor(place), text::name(&recipe.name, NAME_LENGTH))
    }
}

fn settings(recipe: &Recipe) -> Option<SectionTable> {
    let names = || recipe.settings.keys().map(|name| text::name(name, NAME_LENGTH));
    let value = |value| TableCell::text(text::name(&setting_text(value), LENGTH));
    let values = || recipe.settings.values().map(value);
    match recipe.settings.len() {
        0 => None,
        1..=MOST_IN_A_ROW => {
            let columns = names().map(TableColumn::words).collect();
            Some(SectionTable::new("Settings", columns, vec![values().collect()]))
        }
        n => {
            let columns = vec![TableColumn::row_name("Setting").as_code(), TableColumn::code("Value")];
            let rows =
                names().zip(values()).map(|(name, value)| vec![TableCell::text(name), value]).collect();
            let words = format!("All {} settings", format::count(n as u64));
            Some(SectionTable::folded(words, "As the file states them.", columns, rows))
        }
    }
}

fn results(recipe: &Recipe, known: &[Quantity]) -> Option<SectionTable> {
    let ended = recipe.ended().count();
    let label = match ended {
        1 => "1 run".to_owned(),
        n => format!("mean ± sd, {}", plural(n, "run", "runs")),
    };
    let columns = std::iter::once(TableColumn::row_name("")).chain(known.iter().map(|one| column(*one)));
    let name = TableCell::text(label).with_tone(CellTone::Strong);
    let row = std::iter::once(name).chain(known.iter().map(|one| estimate(recipe, *one))).collect();
    let failed = recipe.runs.len() - ended;
    let note = (failed > 0).then(|| format!("{} failed.", plural(failed, "run", "runs")));
    (!known.is_empty()).then(|| SectionTable {
        notes: note.into_iter().collect(),
        ..SectionTable::new("Results", columns.collect(), vec![row])
    })
}

/// How each run ended.
fn runs(recipe: &Recipe, known: &[Quantity]) -> Option<SectionTable> {
    let seed = |run: &Run| match run.seed {
        Some(seed) => TableCell::number(seed as f64, seed.to_string()),
        None => TableCell::none(),
    };
    let state = |run: &Run| if run.has_failed { "failed" } else { "ended" };
    let number = |run: &Run, one: Quantity| match one {
        Quantity::TrainSeconds => TableCell::maybe(one.of(run), format::duration),
        _ => TableCell::maybe(one.of(run), format::metric),
    };
    let row = |run: &Run| -> Vec<TableCell> {
        let numbers = known.iter().map(|one| number(run, *one));
        [seed(run), TableCell::text(state(run))].into_iter().chain(numbers).collect()
    };
    let first =
        [TableColumn { is_row_name: true, ..TableColumn::numeric("Seed") }, TableColumn::words("State")];
    let columns = first.into_iter().chain(known.iter().map(|one| column(*one))).collect();
    let n = recipe.runs.len();
    let words = format!("All {} runs", format::count(n as u64));
    let note = (n > MOST_RUNS).then(|| format!("The first {MOST_RUNS} of them."));
    let rows: Vec<Vec<TableCell>> = recipe.runs.iter().take(MOST_RUNS).map(row).collect();
    let table = SectionTable::folded(words, "The numbers of each run.", columns, rows);
    Some(SectionTable { is_detail: true, is_narrow: false, notes: note.into_iter().collect(), ..table })
}

/// Its curves, where the file has more than one epoch.
fn figures(recipe: &Recipe) -> Vec<SectionFigure> {
    if !has_curves(recipe) {
        return Vec::new();
    }
    let epochs = recipe.runs.iter().map(|run| (run.epochs.as_slice(), None));
    let lines = view::seed_curves(epochs);
    let name = text::name(&recipe.name, NAME_LENGTH);
    let note = curve_note(&lines, false);
    curves(&DrawnCurves { name: &name, curves: &lines, published: &|_| None, note: &note, procedural: false })
}
