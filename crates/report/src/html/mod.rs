//! The page: one file that needs nothing else. The layout is in `templates/`, the numbers come from the view.

mod search;

use askama::Template;
use search::{ComparedPage, SearchPage};

use toile_record::Metric;

use crate::chart::{self, Bar, CurveChart, CurveLine, CurvePanel, Dot, DotChart, LineStyle};
use crate::export::{ExportInput, ExportedFiles, Exporter, one_file};
use crate::facts::METRICS;
use crate::text::sentence_case;
use crate::view::{ComparisonColumn, ReportView, RunGroup, SEARCH_HEADER};
use crate::{PROCEDURAL_NOTICE, format};

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    view: &'a ReportView,
    style: String,
    notice: &'static str,
    overview: Overview<'a>,
    runs: Vec<RunPage<'a>>,
    searches: Vec<SearchPage<'a>>,
    compared: Vec<ComparedPage>,
    search_header: [&'static str; 10],
}

struct Overview<'a> {
    shared_lines: String,
    panels: Vec<PanelPage<'a>>,
    dots: Vec<DotsPage>,
    /// Whether any number was published.
    has_published: bool,
    /// Whether any published number stands beside one of ours, and whether any of them has a z.
    compared: bool,
    has_z: bool,
    time: Option<String>,
}

struct PanelPage<'a> {
    anchor: &'a str,
    svg: String,
}

struct DotsPage {
    svg: String,
    caption: &'static str,
}

struct RunPage<'a> {
    group: &'a RunGroup,
    /// One figure per quantity that was measured: name and picture.
    curves: Vec<(String, String)>,
    curve_note: String,
    heat: Option<String>,
    heat_png: Option<String>,
    has_examples: bool,
}

/// `report.html`.
pub struct HtmlExporter;

impl Exporter for HtmlExporter {
    fn name(&self) -> &'static str {
        "report.html"
    }

    fn files<'a>(&'a self, input: ExportInput<'a>) -> ExportedFiles<'a> {
        one_file(self.name(), || html(input.view))
    }
}

/// The report as one HTML page with inline styles, charts and images. It loads nothing and runs no script.
pub fn html(view: &ReportView) -> String {
    let page = Page {
        view,
        style: format!("{}{}", include_str!("../../templates/style.css"), chart::palette_css()),
        notice: PROCEDURAL_NOTICE,
        overview: overview(view),
        runs: view.groups.iter().map(|group| run_page(view, group)).collect(),
        searches: search::pages(view),
        compared: search::compared(view),
        search_header: SEARCH_HEADER,
    };
    page.render().expect("the templates are compiled in, and writing to a String cannot fail")
}

impl Page<'_> {
    fn meter(&self, part: &f64) -> String {
        format!("{:.1}", 100.0 * part)
    }

    fn count(&self, value: &u64) -> String {
        format::count(*value)
    }

    fn flops(&self, value: &u64) -> String {
        format::flops(*value)
    }
}

impl Overview<'_> {
    fn is_empty(&self) -> bool {
        self.panels.is_empty() && self.dots.is_empty() && self.time.is_none()
    }
}

fn overview(view: &ReportView) -> Overview<'_> {
    let drawn: Vec<&RunGroup> =
        view.groups.iter().filter(|group| !group.curves.of(Metric::ValAccuracy).is_empty()).collect();
    let panels: Vec<CurvePanel> = drawn
        .iter()
        .map(|group| CurvePanel { name: &group.name, points: group.curves.of(Metric::ValAccuracy) })
        .collect();
    let (shared_lines, pictures) = chart::panels(&panels, "validation accuracy", view.procedural);
    let panels =
        drawn.iter().zip(pictures).map(|(group, svg)| PanelPage { anchor: &group.anchor, svg }).collect();
    let dots =
        [(5, "Test accuracy: higher is better."), (4, "Test loss, on a logarithmic axis: lower is better.")];
    let dots = dots
        .into_iter()
        .filter_map(|(metric, caption)| Some(DotsPage { svg: dots_of(view, metric)?, caption }));
    let compared =
        view.groups.iter().any(|group| group.comparison.columns.iter().any(|c| c.difference.is_some()));
    let has_published = view.groups.iter().any(|group| group.comparison.has_published);
    let has_z = view.groups.iter().any(|group| group.comparison.has_z());
    Overview { shared_lines, panels, dots: dots.collect(), has_published, compared, has_z, time: time(view) }
}

/// One metric of all groups, ours and published, in the order of the ranking.
fn dots_of(view: &ReportView, metric: usize) -> Option<String> {
    let columns = || view.ranking.rows.iter().map(|row| &view.groups[row.group]);
    let label = columns().next()?.comparison.columns[metric].label;
    let rows = columns().map(|group| dot(group, &group.comparison.columns[metric])).collect();
    chart::dots(&DotChart { title: label.to_owned(), rows, is_log: metric == 4, procedural: view.procedural })
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

fn time(view: &ReportView) -> Option<String> {
    let bars: Vec<Bar> = view
        .groups
        .iter()
        .filter_map(|group| {
            let part = group.cost.train_seconds.as_ref()?.mean;
            let whole = group.cost.wall_seconds.as_ref().map_or(part, |seconds| seconds.mean);
            Some(Bar { name: &group.name, part, whole })
        })
        .collect();
    chart::bars("Time of one run", &bars, view.procedural)
}

fn run_page<'a>(view: &ReportView, group: &'a RunGroup) -> RunPage<'a> {
    let title = format!("Confusion matrix of {}", group.name);
    let confused = group.confused.as_ref();
    RunPage {
        group,
        curves: quantities().filter_map(|quantity| curve(view, group, quantity)).collect(),
        curve_note: curve_note(group),
        heat: confused.and_then(|c| chart::heat_map(&c.matrix, &c.classes, &title, view.procedural)),
        heat_png: confused.and_then(|c| chart::heat_map_png(&c.matrix)),
        has_examples: confused.is_some_and(|c| c.pairs.iter().any(|pair| !pair.examples.is_empty())),
    }
}

/// What is measured of an epoch, whichever images it is measured on: loss, accuracy, and whatever follows them.
fn quantities() -> impl Iterator<Item = Metric> {
    Metric::of_epoch().filter(|metric| !["train_", "val_"].iter().any(|part| metric.name().starts_with(part)))
}

/// A quantity of a group over its epochs: its name and the chart; `None` where there are no numbers.
fn curve(view: &ReportView, group: &RunGroup, quantity: Metric) -> Option<(String, String)> {
    let name = quantity.name();
    let on = |part: &str| Metric::from_name(&format!("{part}{name}"));
    let line = |label, style, metric: Option<Metric>| CurveLine {
        name: label,
        style,
        points: metric.map_or(&[], |metric| group.curves.of(metric)),
        published: metric.and_then(|metric| published(group, metric)),
    };
    let what = sentence_case(&name.replace('_', " "));
    let svg = chart::curves(&CurveChart {
        title: format!("{what} of {}", group.name),
        lines: vec![
            line("train, running", LineStyle::Running, Some(quantity)),
            line("train", LineStyle::Train, on("train_")),
            line("validation", LineStyle::Validation, on("val_")),
        ],
        may_be_log: quantity == Metric::Loss,
        procedural: view.procedural,
    })?;
    Some((what, svg))
}

/// The published number of a metric. It is of a finished training: beside a half-trained line it would mislead.
fn published(group: &RunGroup, metric: Metric) -> Option<f64> {
    let place = METRICS.iter().position(|(key, _)| *key == metric.name())?;
    group.comparison.columns[place].published.filter(|_| group.comparison.n > 0)
}

fn curve_note(group: &RunGroup) -> String {
    let curves = &group.curves;
    let mut note = match curves.seeds {
        0 => String::new(),
        1 => "One seed.".to_owned(),
        n => format!("Mean over {n} seeds; the band reaches from the smallest to the largest."),
    };
    if group.comparison.n > 0 && group.comparison.has_published {
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
