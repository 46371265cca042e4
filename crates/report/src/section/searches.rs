//! All searches: the table of them, what a budget achieves, and a part for each.

use super::{Section, SectionContext, SectionFigure, SectionTable, TableCell, TableColumn, search};
use crate::chart::{self, LineChart};
use crate::format;
use crate::text::sentence_case;
use crate::view::{Compared, SEARCH_HEADER, SearchRow, Searches};

/// The columns that are left out where nothing was published.
const PUBLISHED: [&str; 2] = ["Published", "Difference"];

/// The section; a study without searches has none.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    let searches = context.searches;
    let procedural = context.is_procedural();
    let row = |row: &SearchRow| {
        let section = &searches.sections[row.search];
        let name = TableCell { link: Some(section.anchor.clone()), ..TableCell::text(&section.name) };
        std::iter::once(name).chain(row.cells.iter().cloned()).collect()
    };
    let rows = searches.rows.iter().map(row).collect();
    let budgets = searches.compared.iter().map(|compared| budgets(compared, procedural));
    let each = searches.sections.iter().map(|section| search::part(section, procedural));
    (!searches.sections.is_empty()).then(|| Section {
        tables: vec![without_published(SectionTable::new(caption(searches), columns(), rows))],
        parts: budgets.filter(|part| !part.figures.is_empty()).chain(each).collect(),
        ..Section::new("searches", "Searches")
    })
}

fn caption(searches: &Searches) -> &'static str {
    match searches.sections.iter().any(|section| section.chosen.is_some()) {
        true => {
            "All searches: the best complete trial of each, and the test of the run that its configuration became."
        }
        false => "All searches: the best complete trial of each.",
    }
}

/// The table without the columns of published numbers where it has none.
pub(super) fn without_published(mut table: SectionTable) -> SectionTable {
    let is_published = |column: &TableColumn| PUBLISHED.contains(&sentence_case(&column.title).as_str());
    let has_number = |row: &Vec<TableCell>| {
        row.iter().zip(&table.columns).any(|(cell, column)| is_published(column) && cell.text != format::NONE)
    };
    if table.rows.iter().any(has_number) {
        return table;
    }
    let kept: Vec<bool> = table.columns.iter().map(|column| !is_published(column)).collect();
    let keep = |i: &usize| kept[*i];
    let of = |cells: Vec<TableCell>| (0..cells.len()).filter(keep).map(|i| cells[i].clone()).collect();
    table.rows = table.rows.into_iter().map(of).collect();
    table.columns = (0..kept.len()).filter(keep).map(|i| table.columns[i].clone()).collect();
    table
}

/// The names of searches, samplers and objectives are words, the rest numbers.
fn columns() -> Vec<TableColumn> {
    let column = |(place, title): (usize, &&str)| match place {
        0 => TableColumn::row_name(*title),
        1 | 3 => TableColumn::words(*title),
        _ => TableColumn::numeric(*title),
    };
    SEARCH_HEADER.iter().enumerate().map(column).collect()
}

/// The figures that searches of one objective share.
fn budgets(group: &Compared, procedural: bool) -> Section {
    let name = &group.metric.name;
    let range = group.range.map(|range| (range.low, range.high));
    let budget = |lines, x_name: &str, x_whole| {
        let title = format!("Best {name} by {x_name}");
        chart::lines(&LineChart { title, lines, x_name, x_whole, x_range: None, y_range: range, procedural })
    };
    let spread = chart::lines(&LineChart {
        title: format!("Distribution of {name}"),
        lines: &group.distribution,
        x_name: name,
        x_whole: false,
        x_range: range,
        y_range: Some((0.0, 1.0)),
        procedural,
    });
    let seconds =
        if group.by_seconds.is_empty() { None } else { budget(&group.by_seconds, &group.seconds, false) };
    let caption = |of: &str| format!("The best {name} by {of}. {}", group.budget_note);
    let figures = [
        (budget(&group.by_trials, "trials", true), caption("number of trials")),
        (seconds, caption(&group.seconds)),
        (spread, format!("Distribution. {}", group.distribution_note)),
    ];
    let drawn = figures.into_iter().filter_map(|(svg, caption)| Some(SectionFigure::half(svg?, caption)));
    Section { figures: drawn.collect(), ..Section::part(format!("What more trials bring: {}", group.name)) }
}
