//! Ours next to the published numbers: how many agree, and which differs most.

use super::super::{ComparisonColumn, RunGroup};
use super::KeyFigure;
use crate::format::{self, plural};

/// A published number this close counts as near, in the summary's count.
const NEAR: f64 = 0.01;

/// All pairs of ours and published.
fn compared(groups: &[RunGroup]) -> Vec<(&RunGroup, &ComparisonColumn)> {
    let columns =
        groups.iter().flat_map(|group| group.comparison.columns.iter().map(move |column| (group, column)));
    columns.filter(|(_, column)| column.difference.is_some()).collect()
}

fn is_near(column: &ComparisonColumn) -> bool {
    // Half a unit of the fourth decimal: numbers that are shown as 0.0100 apart count as within 0.01.
    column.difference.is_some_and(|difference| difference.abs() < NEAR + 0.000_05)
}

/// How many of all comparisons agree, large.
pub(super) fn figure(groups: &[RunGroup]) -> Option<KeyFigure> {
    let columns = compared(groups);
    let near = columns.iter().filter(|(_, column)| is_near(column)).count();
    let value = format!("{near} of {}", columns.len());
    let detail = format!("published numbers within {NEAR} of ours");
    (!columns.is_empty()).then(|| super::figure(value, "comparisons agree", detail))
}

/// How many of all comparisons agree, in words.
pub(super) fn agreement(groups: &[RunGroup]) -> Option<String> {
    let columns = compared(groups);
    if columns.is_empty() {
        return None;
    }
    let near = columns.iter().filter(|(_, column)| is_near(column)).count();
    let all =
        plural(columns.len(), "comparison with a published number", "comparisons with published numbers");
    let mut sentence = format!("{near} of {all} agree within {NEAR}");
    let judged = columns.iter().filter(|(_, column)| column.z.is_some()).count();
    if judged > 0 {
        let inside = columns.iter().filter(|(_, column)| column.z.is_some() && !column.is_outside).count();
        let of = if judged == columns.len() {
            String::new()
        } else {
            format!(" of the {judged} with several seeds")
        };
        sentence.push_str(&format!(
            "; in {inside}{of} the published number lies where 95 % of single runs like ours would, given the spread over seeds"
        ));
    }
    Some(sentence + ".")
}

/// Which number differs most.
pub(super) fn largest_difference(groups: &[RunGroup]) -> Option<String> {
    let size = |column: &ComparisonColumn| column.difference.map_or(0.0, f64::abs);
    let all = compared(groups);
    let largest = all.iter().map(|(_, column)| size(column)).reduce(f64::max)?;
    let mut equal = all.into_iter().filter(|(_, column)| size(column) == largest);
    let (group, column) = equal.next()?;
    let others = match equal.count() {
        0 => String::new(),
        n => format!(" {} as large.", plural(n, "other is", "others are")),
    };
    let (ours, published) = (column.ours.as_ref()?, column.published?);
    Some(format!(
        "The largest difference is the {} of “{}”: {} here, {} published.{others}",
        column.label.to_lowercase(),
        group.name,
        ours.mean_text(),
        format::published(published)
    ))
}
