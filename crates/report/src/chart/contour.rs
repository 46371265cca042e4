//! A contour: shades of the estimated value over two parameters, the trials as marks, the shades' values next to them.

use super::frame::ChartFrame;
use super::marks::marks;
use super::measure::fit;
use super::palette::STEPS;
use super::svg::{Anchor, Svg};
use crate::view::{BANDS, Contour, ObjectiveView};

const WIDTH: f64 = 360.0;
const HEIGHT: f64 = 292.0;
const FRAME: ChartFrame = ChartFrame { left: 62.0, right: 272.0, top: 26.0, bottom: 244.0 };
const FONT: f64 = 11.0;

/// The chart.
pub(crate) fn contour(contour: &Contour, metric: &ObjectiveView, procedural: bool) -> String {
    let title = format!("{} over {} and {}", metric.name, contour.x.name, contour.y.name);
    let mut svg = Svg::new("contour", WIDTH, HEIGHT, &title, &description(contour, metric));
    cells(&mut svg, contour);
    FRAME.across_axis(&mut svg, &contour.x, FONT);
    FRAME.up_axis(&mut svg, &contour.y, FONT, FRAME.left - 8.0);
    marks(&mut svg, &contour.spots, |spot| (FRAME.x(spot.x), FRAME.y(spot.y)));
    svg.label(
        "axis-name",
        2.0,
        14.0,
        Anchor::Start,
        &fit(&format!("{} ↑", contour.y.name), 12.0, WIDTH - 8.0),
    );
    let middle = 0.5 * (FRAME.left + FRAME.right);
    let name = fit(&format!("{} →", contour.x.name), 12.0, FRAME.right - FRAME.left + 60.0);
    svg.label("axis-name", middle, FRAME.bottom + 33.0, Anchor::Middle, &name);
    key(&mut svg, contour, metric);
    svg.notice(procedural, WIDTH - 4.0, HEIGHT - 3.0);
    svg.finish()
}

/// Neighbours of one band in a row are one rectangle; where no trial is near, the ground shows.
fn cells(svg: &mut Svg, contour: &Contour) {
    let (n, rows) = contour.size;
    let (width, height) = (1.0 / n as f64, 1.0 / rows as f64);
    svg.rect("no-estimate", FRAME.left, FRAME.top, FRAME.right - FRAME.left, FRAME.bottom - FRAME.top, "");
    for row in 0..rows {
        let bands = &contour.cells[row * n..(row + 1) * n];
        let mut from = 0;
        while from < n {
            let run = bands[from..].iter().take_while(|band| **band == bands[from]).count();
            if let Some(band) = bands[from] {
                let (x, y) = (FRAME.x(from as f64 * width), FRAME.y((row + 1) as f64 * height));
                let wide = run as f64 * width * (FRAME.right - FRAME.left);
                // Half a unit of overlap hides the seams that rounding leaves.
                let high = height * (FRAME.bottom - FRAME.top) + if row > 0 { 0.5 } else { 0.0 };
                svg.rect(shade(band), x, y, wide, high, "");
            }
            from += run;
        }
    }
}

/// The shade of a band: the palette of the confusion matrix, without its first step, which is the ground itself.
fn shade(band: usize) -> &'static str {
    const SHADES: [&str; BANDS] = ["h1", "h2", "h4", "h5", "h6", "h8", "h9"];
    const { assert!(BANDS < STEPS) };
    SHADES[band]
}

fn key(svg: &mut Svg, contour: &Contour, metric: &ObjectiveView) {
    let (left, top, step) = (FRAME.right + 14.0, FRAME.top + 18.0, 19.0);
    svg.label("tick", left, FRAME.top + 8.0, Anchor::Start, "estimate");
    for place in 0..BANDS {
        // The best band stands on top.
        let band = BANDS - 1 - place;
        let y = top + step * place as f64;
        svg.rect(&format!("{} swatch", shade(band)), left, y, 14.0, step, "");
        let (low, high) = contour.ends(band, metric.maximize);
        let bound = if metric.maximize { low } else { high };
        svg.label(
            "tick",
            left + 19.0,
            y + step - 5.0,
            Anchor::Start,
            &format!("{} {}", if metric.maximize { "≥" } else { "≤" }, short(bound)),
        );
    }
}

/// Four digits are enough for a key.
fn short(value: f64) -> String {
    crate::format::significant(value)
}

fn description(contour: &Contour, metric: &ObjectiveView) -> String {
    let best = contour
        .spots
        .iter()
        .find(|spot| spot.is_best)
        .map(|spot| format!(" {}.", spot.title))
        .unwrap_or_default();
    format!(
        "Estimated {} from {} trials; darker or lighter by the key next to it.{best}",
        metric.name, contour.n
    )
}
