//! The sections of searches: which charts stand where, and what stands below them.

use crate::chart::{self, LineChart};
use crate::format;
use crate::text::sentence_case;
use crate::view::{Compared, ReportView, SearchView};

/// A picture and its caption.
type CaptionedFigure = (String, String);

/// The charts of one search.
pub struct SearchPage<'a> {
    pub search: &'a SearchView,
    pub pairs: Vec<CaptionedFigure>,
    pub slices: Vec<String>,
    pub slice_note: String,
    pub contours: Vec<String>,
    pub wide: Vec<CaptionedFigure>,
}

/// The charts that searches of one objective share.
pub struct ComparedPage {
    pub title: String,
    pub figures: Vec<CaptionedFigure>,
}

impl ComparedPage {
    pub fn is_empty(&self) -> bool {
        self.figures.is_empty()
    }
}

/// One page per search.
pub fn pages(view: &ReportView) -> Vec<SearchPage<'_>> {
    view.searches.sections.iter().map(|search| page(search, view.procedural)).collect()
}

fn page(search: &SearchView, procedural: bool) -> SearchPage<'_> {
    let metric = search.metric();
    let slices = search.slices.as_ref().map(|slices| chart::slices(slices, metric, procedural));
    let note = search.slices.as_ref().map_or("", |slices| slices.note.as_str());
    SearchPage {
        pairs: pairs(search, procedural),
        slices: slices.unwrap_or_default(),
        slice_note: format!(
            "{} against each parameter ({}).{note}",
            sentence_case(&metric.name),
            metric.better()
        ),
        contours: search.contours.iter().map(|contour| chart::contour(contour, metric, procedural)).collect(),
        wide: wide(search, procedural),
        search,
    }
}

fn pairs(search: &SearchView, procedural: bool) -> Vec<CaptionedFigure> {
    let mut figures = Vec::new();
    for (history, metric) in search.histories.iter().zip(&search.metrics) {
        let title = format!("Optimisation history of {}: {}", search.name, metric.name);
        let caption = format!(
            "Optimisation history: {} by trial, the line the best so far ({}).{}",
            metric.name,
            metric.better(),
            history.note
        );
        figures.push((chart::history(history, metric, &title, procedural), caption));
    }
    if let Some(curves) = &search.curves {
        let title = format!("Learning curves of all trials of {}", search.name);
        let caption =
            format!("{} of all trials on their way.{}", sentence_case(&search.metric().name), curves.note);
        figures.push((chart::trial_curves(curves, search.metric(), &title, procedural), caption));
    }
    if let Some(front) = &search.front {
        let title = format!("Pareto front of {}", search.name);
        let caption = format!("Pareto front. {}", sentence_case(&front.note));
        figures.push((chart::pareto(front, &search.metrics, &title, procedural), caption));
    }
    let title = format!("Importance of the parameters of {}", search.name);
    if let Some(svg) = chart::importance(&search.importance.shares, &title, procedural) {
        figures.push((svg, search.importance.note.clone()));
    }
    figures
}

fn wide(search: &SearchView, procedural: bool) -> Vec<CaptionedFigure> {
    let mut figures = Vec::new();
    if let Some(parallel) = &search.parallel {
        let title = format!("Parallel coordinates of {}", search.name);
        let caption = format!(
            "Parallel coordinates: a line per complete trial, the stronger the better its rank, by quarters; dots mark the \
             best.{}",
            parallel.note
        );
        figures.push((chart::parallel(parallel, search.metric(), &title, procedural), caption));
    }
    if let Some(timeline) = &search.timeline {
        let title = format!("Timeline of {}", search.name);
        let length = format::duration(timeline.length);
        let caption = format!("Timeline: each trial on its worker, {length} in all.{}", timeline.note);
        figures.push((chart::timeline(timeline, &title, procedural), caption));
    }
    figures
}

/// The figures of all objectives.
pub fn compared(view: &ReportView) -> Vec<ComparedPage> {
    view.searches.compared.iter().map(|group| figures(group, view.procedural)).collect()
}

fn figures(group: &Compared, procedural: bool) -> ComparedPage {
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
    let captions = [
        (
            budget(&group.by_trials, "trials", true),
            format!("Budget: the best {name} for so many trials. {}", group.budget_note),
        ),
        (seconds, format!("Budget: the best {name} for so many {}. {}", group.seconds, group.budget_note)),
        (spread, format!("Distribution. {}", group.distribution_note)),
    ];
    let drawn = captions.into_iter().filter_map(|(svg, caption)| Some((svg?, caption)));
    ComparedPage { title: format!("What a budget brings: {}", group.name), figures: drawn.collect() }
}
