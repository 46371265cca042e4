//! The overview: the curves of all runs side by side, our numbers next to the published ones, the time they took.

use toile_record::Metric;

use super::learning::colours;
use super::{
    CellTone, FigureLayout, FigureSeries, Section, SectionContext, SectionFigure, SectionTable, TableCell,
    TableColumn,
};
use crate::chart::{self, Bar, CurvePanel, Dot, DotChart};
use crate::format;
use crate::view::{ComparisonColumn, MOST_IN_FULL, RunGroup};

/// Indices of the test's metrics among the columns of the comparison.
const TEST_LOSS: usize = 4;
const TEST_ACCURACY: usize = 5;

/// The section; every study has one.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    let parts = [
        panels(context),
        dots(context),
        differences(context.groups),
        super::hardest::part(context),
        time(context),
    ];
    let parts: Vec<Section> = parts.into_iter().flatten().collect();
    let paragraphs = match parts.is_empty() {
        true => vec!["No epoch is finished yet.".to_owned()],
        false => context.not_drawn().into_iter().collect(),
    };
    Some(Section { parts, paragraphs, ..Section::new("overview", "Overview") })
}

/// A small curve for each run, all others in grey behind it; none where one picture names all runs already.
fn panels(context: &SectionContext) -> Option<Section> {
    let colours = colours(context).colours;
    if colours.len() > 1 && colours.iter().all(Option::is_some) {
        return None;
    }
    let points = |group: &RunGroup| group.curves.of(Metric::ValAccuracy).to_vec();
    let drawn = context.drawn().into_iter().zip(colours);
    let drawn: Vec<_> = drawn.map(|(group, colour)| (group, points(group), colour)).collect();
    let drawn: Vec<_> = drawn.iter().filter(|(_, points, _)| !points.is_empty()).collect();
    let panels: Vec<CurvePanel> = drawn
        .iter()
        .map(|(group, points, colour)| CurvePanel { name: &group.name, points, colour: *colour })
        .collect();
    let (definitions, pictures) = chart::panels(&panels, "validation accuracy", context.is_procedural());
    let figures = drawn.iter().zip(pictures).map(|((group, points, _), svg)| {
        let means: Vec<f64> = points.iter().map(|point| point.mean).collect();
        SectionFigure {
            link: Some(group.anchor.clone()),
            series: FigureSeries::new(&group.name, &means, format::metric).into_iter().collect(),
            ..SectionFigure::svg(svg, "", FigureLayout::Panel)
        }
    });
    (!drawn.is_empty()).then(|| Section {
        lead: Some("Mean over seeds, by epoch.".to_owned()),
        figure_note: Some("The axis of epochs is logarithmic; the other runs are grey.".to_owned()),
        definitions,
        figures: figures.collect(),
        ..Section::part("Validation accuracy")
    })
}

/// The test of all runs, with the published numbers where there are any.
fn dots(context: &SectionContext) -> Option<Section> {
    let captions = [
        (TEST_ACCURACY, "Test accuracy: higher is better."),
        (TEST_LOSS, "Test loss, on a logarithmic axis: lower is better."),
    ];
    let figures: Vec<SectionFigure> = captions
        .into_iter()
        .filter_map(|(metric, caption)| Some(SectionFigure::half(dots_of(context, metric)?, caption)))
        .collect();
    let has_published = context.groups.iter().any(|group| group.comparison.has_published);
    let title = if has_published { "Ours and the published numbers" } else { "Test accuracy and loss" };
    (!figures.is_empty()).then(|| Section { figures, ..Section::part(title) })
}

/// One metric of all groups, ours and published, in the order of the ranking.
fn dots_of(context: &SectionContext, metric: usize) -> Option<String> {
    let rows = context.ranking.rows.iter().take(MOST_IN_FULL);
    let groups = || rows.clone().map(|row| &context.groups[row.group]);
    let title = groups().next()?.comparison.columns[metric].label.to_owned();
    let rows = groups().map(|group| dot(group, &group.comparison.columns[metric])).collect();
    chart::dots(&DotChart { title, rows, is_log: metric == TEST_LOSS, procedural: context.is_procedural() })
}

fn dot<'a>(group: &'a RunGroup, column: &'a ComparisonColumn) -> Dot<'a> {
    let ours = column.ours.as_ref();
    Dot {
        name: &group.name,
        ours: ours.map(|ours| ours.mean),
        sd: ours.and_then(|ours| ours.sd),
        published: column.published,
    }
}

/// The table of all differences, where anything was published.
fn differences(groups: &[RunGroup]) -> Option<Section> {
    let compared: Vec<&RunGroup> = groups.iter().filter(|group| group.comparison.has_published).collect();
    let labels = compared.first()?.comparison.columns.iter().map(|column| column.label);
    let columns = std::iter::once(TableColumn::row_name("Run")).chain(labels.map(TableColumn::numeric));
    let row = |group: &&RunGroup| {
        let name = TableCell { link: Some(group.anchor.clone()), ..TableCell::text(&group.name) };
        std::iter::once(name).chain(group.comparison.columns.iter().map(difference)).collect()
    };
    let rows = compared.iter().map(row).collect();
    let table = SectionTable::new("All differences, ours minus published.", columns.collect(), rows);
    let note = "* outside what our seeds predict, corrected for all published numbers after Holm.".to_owned();
    let notes = if groups.iter().any(|group| group.comparison.has_z()) { vec![note] } else { Vec::new() };
    Some(Section {
        tables: vec![SectionTable { notes, ..table }],
        ..Section::part("Differences from the published numbers")
    })
}

/// Ours minus published; a star marks what is further off than expected.
pub(super) fn difference(column: &ComparisonColumn) -> TableCell {
    let text = column.difference_text();
    let (mark, tone) = if column.is_outside { ("*", CellTone::Outside) } else { ("", CellTone::Plain) };
    TableCell { value: column.difference, tone, ..TableCell::text(format!("{text}{mark}")) }
}

/// Bars of the time that one run takes.
fn time(context: &SectionContext) -> Option<Section> {
    let bar = |group: &'_ RunGroup| {
        let part = group.cost.train_seconds.as_ref()?.mean;
        Some((part, group.cost.wall_seconds.as_ref().map_or(part, |seconds| seconds.mean)))
    };
    let bars: Vec<Bar> = context
        .drawn()
        .into_iter()
        .filter_map(|group| bar(group).map(|(part, whole)| Bar { name: &group.name, part, whole }))
        .collect();
    let svg = chart::bars("Time of one run", &bars, context.is_procedural())?;
    let caption = "Seconds of one run, mean over seeds, in the study's order.";
    Some(Section { figures: vec![SectionFigure::half(svg, caption)], ..Section::part("Time") })
}
