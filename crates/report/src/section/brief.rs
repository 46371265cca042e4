//! A run of a large study: its numbers and how it went, without what makes a page heavy.

use toile_record::Metric;

use super::ranking::badge;
use super::runs::{alerts, lead, seeds};
use super::{FigureLayout, FigureSeries, Section, SectionFigure, results};
use crate::chart;
use crate::format;
use crate::text::sentence_case;
use crate::view::{MOST_IN_FULL, MOST_OPENED, RunGroup};

/// What the parts of so many runs lack, and where it is.
pub(super) fn left_out(runs: usize) -> String {
    let best = if runs > MOST_OPENED { format!(" of the {MOST_OPENED} best") } else { String::new() };
    format!(
        "Of more than {MOST_IN_FULL} runs (here {}) each is shown in brief; where scripts run, the curves, confusion matrices, \
         models and full settings{best} are made when a run is opened or the page is printed. The epochs are in history.csv in \
         the folder of each run, everything else is in results.json.",
        format::count(runs as u64)
    )
}

/// The part of a run.
pub(super) fn part(group: &RunGroup, procedural: bool) -> Section {
    let stops: String = group.stops.iter().map(|stop| format!(" {stop}.")).collect();
    let cost = format!("{}{stops}{}", group.cost.sentence(), confused(group));
    let details = (group.seeds.len() > 1).then(|| seeds(group));
    Section {
        badge: badge(group),
        lead: Some(lead(group)),
        remark: group.note.clone(),
        alerts: alerts(group),
        tables: std::iter::once(results::table(group)).chain(details).collect(),
        figures: line(group, procedural).into_iter().collect(),
        notes: vec![cost],
        ..Section::new(&group.anchor, &group.name)
    }
}

/// The pair of classes that is confused most often.
fn confused(group: &RunGroup) -> String {
    let pair = group.confused.as_ref().and_then(|confused| confused.pairs.first());
    pair.map_or_else(String::new, |pair| {
        format!(" Most confused: {} taken for {}, {}.", pair.truth, pair.predicted, pair.count_text())
    })
}

/// How it went: the accuracy on the validation images, or on those of training where there are none.
fn line(group: &RunGroup, procedural: bool) -> Option<SectionFigure> {
    let metric =
        [Metric::ValAccuracy, Metric::Accuracy].into_iter().find(|m| group.curves.of(*m).len() > 1)?;
    let what = sentence_case(metric.label());
    let points = group.curves.of(metric);
    let svg = chart::sparkline(points, &format!("{what} of {}", group.name), procedural)?;
    let means: Vec<f64> = points.iter().map(|point| point.mean).collect();
    let series = FigureSeries::new(what.clone(), &means, format::metric);
    let caption =
        series.as_ref().map_or_else(String::new, |line| format!("{what} {} → {}", line.first, line.last));
    Some(SectionFigure {
        series: series.into_iter().collect(),
        ..SectionFigure::svg(svg, caption, FigureLayout::Panel)
    })
}
