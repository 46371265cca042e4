//! Dot plot: ours next to the published numbers, one row per run.

use super::frame::fitting_ticks;
use super::row_names::RowNames;
use super::scale::Scale;
use super::svg::{Anchor, Svg};
use crate::format;

const WIDTH: f64 = 480.0;
/// Where the rows begin below a key, and without one.
const TOPS: (f64, f64) = (34.0, 10.0);
const DIFFERENCE: f64 = 56.0;

/// One row.
pub(crate) struct Dot<'a> {
    /// The run's name.
    pub name: &'a str,
    /// Our mean.
    pub ours: Option<f64>,
    /// The spread of single runs.
    pub sd: Option<f64>,
    /// What was published.
    pub published: Option<f64>,
}

/// A dot plot.
pub(crate) struct DotChart<'a> {
    /// What it shows.
    pub title: String,
    /// Its rows, from top to bottom.
    pub rows: Vec<Dot<'a>>,
    /// Whether ratios matter rather than differences, as for losses.
    pub is_log: bool,
    /// Whether the data is procedural.
    pub procedural: bool,
}

/// The chart, or `None` if there is no number.
pub(crate) fn dots(chart: &DotChart) -> Option<String> {
    let rows: Vec<&Dot> =
        chart.rows.iter().filter(|row| row.ours.is_some() || row.published.is_some()).collect();
    let values = || rows.iter().flat_map(|row| ends(row));
    let low = values().reduce(f64::min)?;
    let high = values().reduce(f64::max)?;
    let names = RowNames::new(rows.iter().map(|row| row.name));
    let left = names.width + 12.0;
    let right = WIDTH - DIFFERENCE;
    let has_published = rows.iter().any(|row| row.published.is_some());
    let has_spread = rows.iter().any(|row| row.sd.is_some());
    let top = if has_published || has_spread { TOPS.0 } else { TOPS.1 };
    let bottom = top + names.height * rows.len() as f64;
    let range = (left + 8.0, right - 8.0);
    let scale = if chart.is_log { Scale::log(low, high, range) } else { Scale::linear(low, high, range) };
    let mut svg = Svg::new(
        "dots",
        WIDTH,
        bottom + if chart.procedural { 38.0 } else { 22.0 },
        &chart.title,
        &description(&rows),
    );
    key(&mut svg, left, has_published, has_spread);
    for tick in fitting_ticks(&scale, 5, 11.0) {
        let at = scale.at(tick.value);
        svg.line("grid", (at, top), (at, bottom));
        svg.label("tick", at, bottom + 16.0, Anchor::Middle, &tick.label);
    }
    for (i, row) in rows.iter().enumerate() {
        let middle = top + names.height * (i as f64 + 0.5);
        names.label(&mut svg, i, left - 6.0, middle);
        draw(&mut svg, row, middle, &scale);
    }
    svg.notice(chart.procedural, WIDTH - 4.0, bottom + 34.0);
    Some(svg.finish())
}

fn ends(row: &Dot) -> Vec<f64> {
    let sd = row.sd.unwrap_or(0.0);
    row.ours.map(|ours| [ours - sd, ours + sd]).into_iter().flatten().chain(row.published).collect()
}

/// Nothing is called ours where there is nothing else.
fn key(svg: &mut Svg, left: f64, has_published: bool, has_spread: bool) {
    let mut x = left + 8.0;
    let words = match (has_published, has_spread) {
        (true, true) => "ours, ± sd",
        (true, false) => "ours",
        (false, true) => "mean ± sd",
        (false, false) => return,
    };
    if has_spread {
        svg.line("spread", (x - 8.0, 13.0), (x + 8.0, 13.0));
    }
    svg.circle("ours", (x, 13.0), 3.6, "");
    svg.label("key", x + 14.0, 17.0, Anchor::Start, words);
    if has_published {
        x += 100.0;
        svg.diamond("published plain", (x, 13.0), 6.0, "");
        svg.label("key", x + 11.0, 17.0, Anchor::Start, "published");
        svg.label("key", WIDTH - 2.0, 17.0, Anchor::End, "difference");
    }
}

fn draw(svg: &mut Svg, row: &Dot, y: f64, scale: &Scale) {
    if let (Some(ours), Some(published)) = (row.ours, row.published) {
        svg.line("link", (scale.at(ours), y), (scale.at(published), y));
        svg.label("difference", WIDTH - 2.0, y + 4.0, Anchor::End, &format::signed(ours - published));
    }
    // The hollow diamond first: where both coincide, our dot lies inside it.
    if let Some(published) = row.published {
        let title = format!("{}, published: {}", row.name, format::published(published));
        svg.diamond("published plain", (scale.at(published), y), 6.0, &title);
    }
    if let Some((ours, sd)) = row.ours.zip(row.sd) {
        svg.line("spread", (scale.at(ours - sd), y), (scale.at(ours + sd), y));
    }
    if let Some(ours) = row.ours {
        let sd = row.sd.map_or_else(String::new, |sd| format!(" ± {}", format::metric(sd)));
        svg.circle("ours", (scale.at(ours), y), 3.6, &format!("{}: {}{sd}", row.name, format::metric(ours)));
    }
}

fn description(rows: &[&Dot]) -> String {
    let has_published = rows.iter().any(|row| row.published.is_some());
    let rows = rows.iter().map(|row| {
        let ours = format::metric_or_none(row.ours);
        let published = row.published.map_or_else(|| format::NONE.to_owned(), format::published);
        match has_published {
            true => format!("{}: ours {ours}, published {published}", row.name),
            false => format!("{}: {ours}", row.name),
        }
    });
    format!("{}.", rows.collect::<Vec<_>>().join("; "))
}
