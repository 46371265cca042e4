//! The runs: a part for each, with its settings, its results, its curves, what it confuses, its model, its seeds.

use std::collections::BTreeMap;

use toile_record::Metric;

use super::ranking::badge;
use super::{
    FigureSeries, Section, SectionAlert, SectionContext, SectionFigure, SectionTable, TableCell, TableColumn,
    brief, confusion, layers, paragraphs, results,
};
use crate::chart::{self, CurveChart, CurveLine, LineStyle};
use crate::facts::METRICS;
use crate::format;
use crate::text::sentence_case;
use crate::view::{Curves, LayerRow, MOST_IN_FULL, MOST_OPENED, ReportView, RunGroup, SeedRow};

/// The section; every study has one.
pub(super) fn compute(context: &SectionContext) -> Option<Section> {
    let n = context.groups.len();
    let in_brief = |group: &RunGroup| brief::part(group, context.is_procedural());
    let in_full = |(group, paragraphs): (&RunGroup, Vec<String>)| Section {
        paragraphs,
        ..part(group, context.is_procedural())
    };
    let parts: Vec<Section> = match n > MOST_IN_FULL {
        true => context.groups.iter().map(in_brief).collect(),
        false => context.groups.iter().zip(paragraphs::of_runs(context.reasoning)).map(in_full).collect(),
    };
    let paragraphs = match n {
        0 => vec!["The study has no runs.".to_owned()],
        n if n > MOST_IN_FULL => vec![brief::left_out(n)],
        _ => Vec::new(),
    };
    Some(Section { parts, paragraphs, ..Section::new("runs", "Runs") })
}

fn part(group: &RunGroup, procedural: bool) -> Section {
    let stops: String = group.stops.iter().map(|stop| format!(" {stop}.")).collect();
    let confused = confusion::part(group, procedural);
    let curves = curves_of(group, procedural).into_iter();
    let tables = [Some(model(group)), layers::table(group), Some(seeds(group)), Some(plan(group))];
    let details = Section { tables: tables.into_iter().flatten().collect(), ..Section::part("") };
    Section {
        badge: badge(group),
        lead: Some(lead(group)),
        remark: group.note.clone(),
        alerts: alerts(group),
        tables: vec![settings(group), results::table(group)],
        figures: curves.chain(super::reliability::figure(group, procedural)).collect(),
        notes: vec![format!("{}{stops}", group.cost.sentence())],
        parts: confused.into_iter().chain([details]).collect(),
        ..Section::new(&group.anchor, &group.name)
    }
}

/// The runs of a large study of which everything can be opened, all or the best, by the ids of their parts.
pub(crate) fn opened(view: &ReportView) -> BTreeMap<&str, &RunGroup> {
    let most = if view.groups.len() > MOST_IN_FULL { MOST_OPENED } else { 0 };
    let groups = view.ranking.rows.iter().take(most).map(|row| &view.groups[row.group]);
    groups.map(|group| (group.anchor.as_str(), group)).collect()
}

/// What the part of such a run leaves out.
pub(crate) fn whole(group: &RunGroup, procedural: bool) -> Section {
    let Section { tables, figures, parts, .. } = part(group, procedural);
    // The results stand there already.
    Section { tables: tables.into_iter().take(1).collect(), figures, parts, ..Section::part("") }
}

/// Why seeds failed, and in one what to be careful of.
pub(super) fn alerts(group: &RunGroup) -> Vec<SectionAlert> {
    let alert = |is_failure| move |text: String| SectionAlert { text, is_failure };
    let warnings = Some(group.warnings.sentences.join(" ")).filter(|text| !text.is_empty());
    group.failures.iter().cloned().map(alert(true)).chain(warnings.map(alert(false))).collect()
}

/// `dense · 25,450 parameters · Adam 0.001, batch 256`
pub(super) fn lead(group: &RunGroup) -> String {
    format!("{} · {} parameters · {}", group.model, group.parameters_text(), group.settings_line)
}

fn settings(group: &RunGroup) -> SectionTable {
    let columns = group.settings.iter().map(|(label, _)| TableColumn::words(label)).collect();
    let cells = group.settings.iter().map(|(_, value)| setting(value)).collect();
    SectionTable::new("Settings", columns, vec![cells])
}

/// A setting, which may be a number.
fn setting(text: &str) -> TableCell {
    let value = text.replace('−', "-").parse().ok().filter(|number: &f64| number.is_finite());
    TableCell { value, ..TableCell::text(text) }
}

/// What is measured of an epoch, whichever images it is measured on: loss, accuracy, and whatever follows them.
fn quantities() -> impl Iterator<Item = Metric> {
    Metric::of_epoch().filter(|metric| !["train_", "val_"].iter().any(|part| metric.name().starts_with(part)))
}

/// What curves are drawn of.
pub(super) struct DrawnCurves<'a> {
    pub name: &'a str,
    pub curves: &'a Curves,
    /// The published number of a metric.
    pub published: &'a dyn Fn(Metric) -> Option<f64>,
    /// How to read them.
    pub note: &'a str,
    pub procedural: bool,
}

/// Loss, accuracy and what follows them over the epochs of a group.
fn curves_of(group: &RunGroup, procedural: bool) -> Vec<SectionFigure> {
    let published = |metric| published(group, metric);
    let note = curve_note(&group.curves, group.comparison.n > 0 && group.comparison.has_published);
    curves(&DrawnCurves {
        name: &group.name,
        curves: &group.curves,
        published: &published,
        note: &note,
        procedural,
    })
}

/// A figure for each quantity that has numbers.
pub(super) fn curves(drawn: &DrawnCurves) -> Vec<SectionFigure> {
    quantities().filter_map(|quantity| curve(drawn, quantity)).collect()
}

/// A quantity over the epochs; `None` where there are no numbers.
fn curve(drawn: &DrawnCurves, quantity: Metric) -> Option<SectionFigure> {
    let name = quantity.name();
    let on = |part: &str| Metric::from_name(&format!("{part}{name}"));
    let line = |label, style, metric: Option<Metric>| CurveLine {
        name: label,
        style,
        points: metric.map_or(&[], |metric| drawn.curves.of(metric)),
        not_finite: metric.and_then(|metric| drawn.curves.not_finite(metric)),
        published: metric.and_then(|metric| (drawn.published)(metric)),
    };
    let what = sentence_case(&name.replace("top_5", "top-5").replace('_', " "));
    let svg = chart::curves(&CurveChart {
        title: format!("{what} of {}", drawn.name),
        lines: vec![
            line("train, running", LineStyle::Running, Some(quantity)),
            line("train", LineStyle::Train, on("train_")),
            line("validation", LineStyle::Validation, on("val_")),
        ],
        may_be_log: quantity == Metric::Loss,
        procedural: drawn.procedural,
    })?;
    let series = on("val_").and_then(|metric| series(drawn.curves, metric));
    let caption = format!("{what}. {}", drawn.note);
    Some(SectionFigure { series: series.into_iter().collect(), ..SectionFigure::half(svg, caption) })
}

/// A metric over the epochs: enough to see whether it still rises.
fn series(curves: &Curves, metric: Metric) -> Option<FigureSeries> {
    let means: Vec<f64> = curves.of(metric).iter().map(|point| point.mean).collect();
    FigureSeries::new(sentence_case(metric.label()), &means, format::metric)
}

/// The published number of a metric. It is of a finished training: next to a half-trained line it would mislead.
fn published(group: &RunGroup, metric: Metric) -> Option<f64> {
    let place = METRICS.iter().position(|(key, _)| *key == metric.name())?;
    group.comparison.columns[place].published.filter(|_| group.comparison.n > 0)
}

/// How to read curves.
pub(super) fn curve_note(curves: &Curves, has_published: bool) -> String {
    let mut note = match curves.seeds {
        0 => String::new(),
        1 => "One seed.".to_owned(),
        n => format!("Mean over {n} seeds; the band reaches from the smallest to the largest."),
    };
    if has_published {
        note.push_str(" ◇ published.");
    }
    if curves.is_ragged {
        note.push_str(" Seeds ended after different numbers of epochs; the mean is over those that were still training.");
    }
    if curves.stretch > 1 {
        note.push_str(&format!(
            " Each point stands for {} epochs, the band for all of them.",
            curves.stretch
        ));
    }
    note
}

/// The layers of the model.
fn model(group: &RunGroup) -> SectionTable {
    let columns = vec![
        TableColumn::words("Layer (type)"),
        TableColumn::code("Output shape"),
        TableColumn::numeric("Param #"),
    ];
    let row = |layer: &LayerRow| {
        let parameters = TableCell::count(Some(layer.parameters));
        vec![TableCell::text(&layer.layer), TableCell::text(&layer.output_shape), parameters]
    };
    let (trainable, others) = group.parameters;
    let whole = TableCell::number(trainable as f64 + others as f64, group.parameters_text());
    let note = format!(
        "Trainable: {}. Non-trainable: {}. One image forward: {}.",
        format::count(trainable),
        format::count(others),
        format::flops(group.cost.forward_flops)
    );
    let words = format!("Model {}: {} parameters", group.model, group.parameters_text());
    let rows = group.layers.iter().map(row).collect();
    SectionTable {
        total: Some(vec![TableCell::text("Total params"), TableCell::default(), whole]),
        notes: vec![note],
        ..SectionTable::folded(words, "Layers of the model.", columns, rows)
    }
}

/// How each seed ended.
pub(super) fn seeds(group: &RunGroup) -> SectionTable {
    let labels = group.comparison.columns.iter().map(|column| TableColumn::numeric(column.label));
    let names = TableColumn { is_row_name: true, ..TableColumn::numeric("Seed") };
    let last =
        [TableColumn::numeric("Time"), TableColumn::code("Weights SHA-256"), TableColumn::code("Folder")];
    let row = |seed: &SeedRow| {
        let name = TableCell::number(seed.seed as f64, seed.seed.to_string());
        let numbers = seed.numbers.map(|number| TableCell::maybe(number, format::metric));
        let time = TableCell::number(seed.seconds, format::duration(seed.seconds));
        [name, TableCell::text(&seed.state)]
            .into_iter()
            .chain(numbers)
            .chain([time, TableCell::text(&seed.weights), TableCell::text(&seed.folder)])
            .collect()
    };
    let words = match group.seeds.len() {
        1 => "The seed, with the checksum of the weights".to_owned(),
        n => format!("All {n} seeds, with checksums of the weights"),
    };
    let columns = [names, TableColumn::words("State")].into_iter().chain(labels).chain(last).collect();
    let rows = group.seeds.iter().map(row).collect();
    let caption = "The epoch whose weights were kept and the test of each seed.";
    SectionTable { is_detail: true, is_narrow: false, ..SectionTable::folded(words, caption, columns, rows) }
}

/// Every setting.
fn plan(group: &RunGroup) -> SectionTable {
    let name = TableColumn::row_name("Setting").as_code();
    let row = |(key, value): &(String, String)| vec![TableCell::text(key), setting(value)];
    let rows = group.all_settings.iter().map(row).collect();
    let caption = "The resolved plan: nothing is defaulted after it.";
    let columns = vec![name, TableColumn::code("Value")];
    SectionTable { is_detail: true, ..SectionTable::folded("Every setting", caption, columns, rows) }
}
