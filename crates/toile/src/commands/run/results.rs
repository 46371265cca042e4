//! The table at the end of a study.

use std::collections::BTreeMap;
use std::path::Path;

use toile_report::ReportView;
use toile_report::view::{ComparisonColumn, RunGroup};

use crate::terminal::{Align, Table};

/// Warnings of runs that are printed one by one.
const MOST_WARNINGS: usize = 6;

/// The table at the end: our numbers next to the published ones; below it what is not done, and where the report is.
pub(crate) fn results(view: &ReportView, dir: &Path) -> String {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("run", Left),
        ("epochs", Right),
        ("time", Right),
        ("val accuracy", Right),
        ("test accuracy", Right),
        ("published", Right),
        ("difference", Right),
        ("test loss", Right),
        ("published", Right),
        ("difference", Right),
    ]);
    table.bind(&[5, 6, 8, 9]);
    let (tested, others): (Vec<&RunGroup>, Vec<&RunGroup>) =
        view.groups.iter().partition(|g| g.comparison.n > 0);
    tested.iter().for_each(|group| table.row(row(group)));
    let mut text = if tested.is_empty() { String::new() } else { format!("\n{}", table.render()) };
    text += &unfinished(&tested, &others);
    text += &warnings(view);
    let sentences = view.sealed.iter().chain(&view.former);
    text += &sentences.map(|sentence| format!("\n{sentence}\n")).collect::<String>();
    // The title of such data says so itself.
    if view.procedural {
        text += &format!("\n{}\n", view.data_title);
    }
    text + &format!("\nreport: {}\n", dir.join("report.html").display())
}

fn row(group: &RunGroup) -> [String; 10] {
    // A dash in every cell of a column says nothing: then the column is left out.
    let cell = |text: String| if text == "–" { String::new() } else { text };
    let columns = &group.comparison.columns;
    let (val_accuracy, loss, accuracy) = (&columns[3], &columns[4], &columns[5]);
    // A published number stands next to ours, or nowhere.
    let published = |column: &ComparisonColumn| match column.ours {
        Some(_) => cell(column.published_text()),
        None => String::new(),
    };
    [
        group.name.clone(),
        group.cost.epochs.clone(),
        cell(group.cost.train_text()),
        cell(val_accuracy.ours_text()),
        cell(accuracy.ours_text()),
        published(accuracy),
        cell(accuracy.difference_text()),
        cell(loss.ours_text()),
        published(loss),
        cell(loss.difference_text()),
    ]
}

/// What to be careful of: the warnings of each run if they are few, else a line for each kind of them; and the searches
/// whose best trial is at chance.
fn warnings(view: &ReportView) -> String {
    let of = |group: &RunGroup| {
        let line = |sentence: &String| format!("{}: {sentence}", group.name);
        group.warnings.sentences.iter().map(line).collect::<Vec<_>>()
    };
    let each: Vec<String> = view.groups.iter().flat_map(of).collect();
    let of_runs = if each.len() > MOST_WARNINGS { view.summary.warnings.clone() } else { each };
    let of_searches = view.searches.chance().map(|(name, sentence)| format!("{name}: {sentence}"));
    let lines: String =
        of_runs.into_iter().chain(of_searches).map(|warning| format!("warning: {warning}\n")).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

/// `waiting: Model 2; Model 3` and, for a run with some of its seeds done, `CNN: 4 of 5 seeds complete, 1 failed`.
fn unfinished(tested: &[&RunGroup], others: &[&RunGroup]) -> String {
    let mut by_state: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for group in others {
        by_state.entry(group.unfinished.as_deref().unwrap_or("not done")).or_default().push(&group.name);
    }
    let whole = by_state.iter().map(|(state, names)| format!("{state}: {}\n", names.join("; ")));
    let parts = tested.iter().filter_map(|g| Some(format!("{}: {}\n", g.name, g.unfinished.as_ref()?)));
    let lines: String = whole.chain(parts).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}
