//! The page: one file that needs nothing else. The layout is in `templates/`, the numbers come from the view.

mod section;

use askama::Template;

use toile_record::Metric;

use crate::chart::{self, CurveChart, CurveLine, LineStyle};
use crate::export::{ExportInput, ExportedFiles, Exporter, one_file};
use crate::facts::METRICS;
use crate::text::sentence_case;
use crate::view::{ReportView, RunGroup};
use crate::{PROCEDURAL_NOTICE, format};

#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    view: &'a ReportView,
    style: String,
    notice: &'static str,
    sections: Vec<String>,
    runs: Vec<RunPage<'a>>,
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
        sections: view.sections.iter().map(|one| section::section(one, view.procedural)).collect(),
        runs: view.groups.iter().map(|group| run_page(view, group)).collect(),
    };
    page.render().expect("the templates are compiled in, and writing to a String cannot fail")
}

impl Page<'_> {
    fn count(&self, value: &u64) -> String {
        format::count(*value)
    }

    fn flops(&self, value: &u64) -> String {
        format::flops(*value)
    }
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
