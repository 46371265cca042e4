//! One search: what came out, its best trials, its charts, how it was searched.

use super::{
    FigureLayout, FigureSeries, Section, SectionAlert, SectionBadge, SectionFigure, SectionTable, TableCell,
    TableColumn,
};
use crate::chart;
use crate::format;
use crate::text::sentence_case;
use crate::view::{ChosenRun, History, ObjectiveView, SearchView, Share, SpaceRow};

/// The part of a search.
pub(super) fn part(search: &SearchView, procedural: bool) -> Section {
    let alert = |text: &String| SectionAlert { text: text.clone(), is_failure: false };
    let badge = |text: &String| SectionBadge { text: text.clone(), is_failure: false };
    let importance = &search.importance;
    let reason = Some(&importance.note).filter(|note| importance.shares.is_empty() && !note.is_empty());
    let parts =
        [slices(search, procedural), contours(search, procedural), wide(search, procedural), how(search)];
    Section {
        badge: search.unfinished.as_ref().map(badge),
        remark: search.note.clone(),
        findings: search.sentences.clone(),
        alerts: search.warnings.iter().map(alert).collect(),
        tables: search.chosen.iter().map(chosen).chain(top(search)).collect(),
        figures: figures(search, procedural),
        notes: reason.into_iter().cloned().collect(),
        parts: parts.into_iter().filter(|part| !part.is_empty()).collect(),
        ..Section::new(&search.anchor, &search.name)
    }
}

/// The run of the chosen configuration.
fn chosen(chosen: &ChosenRun) -> SectionTable {
    let ours = if chosen.has_published() { "ours" } else { "value" };
    let numeric = [ours, "published", "difference"].map(TableColumn::numeric);
    let columns = std::iter::once(TableColumn::row_name("Metric")).chain(numeric).collect();
    let caption =
        format!("The chosen configuration, trained once more as “{}”. {}", chosen.name, chosen.sentence);
    let table = SectionTable::new(caption, columns, chosen.rows.clone());
    let table = super::searches::without_published(table);
    SectionTable { is_narrow: true, link: chosen.anchor.clone(), ..table }
}

/// The best trials.
fn top(search: &SearchView) -> Option<SectionTable> {
    let columns = search.top.header.iter().map(TableColumn::numeric).collect();
    let table = || SectionTable::new(search.top_caption(), columns, search.top.rows.clone());
    (!search.top.rows.is_empty()).then(table)
}

fn figures(search: &SearchView, procedural: bool) -> Vec<SectionFigure> {
    let histories = search.histories.iter().zip(&search.metrics);
    let mut figures: Vec<SectionFigure> =
        histories.map(|(history, metric)| self::history(search, history, metric, procedural)).collect();
    if let Some(curves) = &search.curves {
        let title = format!("Learning curves of all trials of {}", search.name);
        let svg = chart::trial_curves(curves, search.metric(), &title, procedural);
        let name = sentence_case(&search.metric().name);
        figures.push(SectionFigure::half(
            svg,
            format!("{name} of all trials, by {}.{}", curves.step_name, curves.note),
        ));
    }
    if let Some(front) = &search.front {
        let title = format!("Pareto front of {}", search.name);
        let svg = chart::pareto(front, &search.metrics, &title, procedural);
        figures.push(SectionFigure::half(svg, format!("Pareto front. {}", sentence_case(&front.note))));
    }
    figures.extend(importance(search, procedural));
    figures
}

fn history(
    search: &SearchView,
    history: &History,
    metric: &ObjectiveView,
    procedural: bool,
) -> SectionFigure {
    let title = format!("Optimisation history of {}: {}", search.name, metric.name);
    let caption = format!(
        "Optimisation history: {} by trial, the line the best so far ({}).{}",
        metric.name,
        metric.better(),
        history.note
    );
    let label = format!("Best {} so far:", metric.name);
    let series = FigureSeries::new(label, &best_so_far(history), |value| metric.text(value));
    SectionFigure {
        series: series.into_iter().collect(),
        ..SectionFigure::half(chart::history(history, metric, &title, procedural), caption)
    }
}

/// The best value at evenly spaced trials, from the first with a value to the last.
fn best_so_far(history: &History) -> Vec<f64> {
    let last = history.last as usize;
    let at = |number: f64| history.best.iter().take_while(|step| step.0 <= number).last().map(|step| step.1);
    (0..=last.min(49)).filter_map(|i| at((i * last / last.clamp(1, 49)) as f64)).collect()
}

/// What each parameter had to do with the best trials.
fn importance(search: &SearchView, procedural: bool) -> Option<SectionFigure> {
    let title = format!("Importance of the parameters of {}", search.name);
    let svg = chart::importance(&search.importance.shares, &title, procedural)?;
    let numeric = ["Importance", "95 %"].map(TableColumn::numeric);
    let columns = std::iter::once(TableColumn::row_name("Parameter")).chain(numeric).collect();
    let row = |share: &Share| {
        let (low, high) = share.interval;
        let interval = format!("{} to {}", format::percent(low), format::percent(high));
        let value = TableCell::number(share.value, format::percent(share.value));
        vec![TableCell::text(&share.name), value, TableCell::text(interval)]
    };
    let rows = search.importance.shares.iter().map(row).collect();
    let table = SectionTable::new(&search.importance.note, columns, rows);
    Some(SectionFigure { table: Some(table), ..SectionFigure::half(svg, &search.importance.note) })
}

/// The value against each parameter.
fn slices(search: &SearchView, procedural: bool) -> Section {
    let Some(slices) = &search.slices else { return Section::default() };
    let metric = search.metric();
    let name = sentence_case(&metric.name);
    let note = format!("{name} against each parameter ({}).{}", metric.better(), slices.note);
    let pictures = chart::slices(slices, metric, procedural).into_iter();
    Section {
        figure_note: Some(note),
        figures: pictures.map(|svg| SectionFigure::svg(svg, "", FigureLayout::Slice)).collect(),
        ..Section::part("Slices")
    }
}

/// Two parameters together, or why they are not shown.
fn contours(search: &SearchView, procedural: bool) -> Section {
    let pictures = search.contours.iter().map(|one| chart::contour(one, search.metric(), procedural));
    let title = if search.contours.is_empty() { "" } else { "Two parameters together" };
    Section {
        figures: pictures.map(|svg| SectionFigure::svg(svg, "", FigureLayout::Third)).collect(),
        notes: Some(search.contour_note.clone()).filter(|note| !note.is_empty()).into_iter().collect(),
        ..Section::part(title)
    }
}

/// All parameters, and all workers, each across the page.
fn wide(search: &SearchView, procedural: bool) -> Section {
    let mut figures = Vec::new();
    if let Some(parallel) = &search.parallel {
        let title = format!("Parallel coordinates of {}", search.name);
        let caption = format!(
            "Parallel coordinates: a line per complete trial, the stronger the better its rank, by quarters; dots mark the \
             best.{}",
            parallel.note
        );
        let svg = chart::parallel(parallel, search.metric(), &title, procedural);
        figures.push(SectionFigure::svg(svg, caption, FigureLayout::Wide));
    }
    if let Some(timeline) = &search.timeline {
        let title = format!("Timeline of {}", search.name);
        let length = format::duration(timeline.length);
        let caption = format!("Timeline: each trial on its worker, {length} in all.{}", timeline.note);
        let svg = chart::timeline(timeline, &title, procedural);
        figures.push(SectionFigure::svg(svg, caption, FigureLayout::Wide));
    }
    Section { figures, ..Section::part("") }
}

/// Sampler, pruner, budget, and the space.
fn how(search: &SearchView) -> Section {
    let columns = ["Range", "Scale", "When"].map(TableColumn::words);
    let columns = std::iter::once(TableColumn::row_name("Parameter")).chain(columns).collect();
    let row =
        |row: &SpaceRow| [&row.name, &row.range, &row.scale, &row.condition].map(TableCell::text).to_vec();
    let rows = search.space.iter().map(row).collect();
    let space = SectionTable {
        is_narrow: true,
        ..SectionTable::new("The parameters that were searched.", columns, rows)
    };
    Section { facts: search.facts.clone(), tables: vec![space], ..Section::part("How it was searched") }
}
