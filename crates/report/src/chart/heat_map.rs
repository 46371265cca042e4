//! The confusion matrix as a heat map.

use toile_stats::Confusion;

use super::measure::{fit, width};
use super::palette::{rgb, step};
use super::svg::{Anchor, Svg};
use crate::{format, image};

const CELL: f64 = 32.0;
const FONT: f64 = 11.5;
const LONGEST_NAME: f64 = 92.0;
/// More classes than this are drawn as an image, one pixel per cell: counts would not be readable.
const MAX_CLASSES: usize = 24;

/// The matrix with its counts: rows are the truth, columns the prediction, colours the part of the row.
///
/// `None` for no classes, or for more than have room.
pub(crate) fn heat_map(
    matrix: &Confusion,
    classes: &[String],
    title: &str,
    procedural: bool,
) -> Option<String> {
    let n = matrix.classes();
    if n == 0 || n > MAX_CLASSES || classes.len() != n {
        return None;
    }
    let longest = classes.iter().map(|class| width(class, FONT)).fold(0.0, f64::max).min(LONGEST_NAME);
    let (left, top) = (longest + 24.0, longest * 0.72 + 34.0);
    let side = CELL * n as f64;
    // The last turned name leans out to the right of its column.
    let (w, h) =
        (left + side + longest * 0.72 - CELL * 0.3 + 4.0, top + side + if procedural { 20.0 } else { 4.0 });
    let mut svg = Svg::new("heat", w.max(left + side + 8.0), h, title, &description(matrix, classes));
    svg.label("tick", left + side / 2.0, 12.0, Anchor::Middle, "predicted");
    svg.label_turned("tick middle", 10.0, top + side / 2.0, -90.0, "true");
    for (i, class) in classes.iter().enumerate() {
        let middle = CELL * (i as f64 + 0.5);
        let name = fit(class, FONT, longest);
        svg.label("row-name", left - 6.0, top + middle + 4.0, Anchor::End, &name);
        svg.label_turned("row-name", left + middle + 2.0, top - 6.0, -45.0, &name);
    }
    cells(&mut svg, matrix, classes, (left, top));
    svg.notice(procedural, left + side, top + side + 15.0);
    Some(svg.finish())
}

fn cells(svg: &mut Svg, matrix: &Confusion, classes: &[String], (left, top): (f64, f64)) {
    for truth in 0..matrix.classes() {
        let total = matrix.row_total(truth);
        for predicted in 0..matrix.classes() {
            let count = matrix.count(truth, predicted);
            let level = step(count as f64 / total.max(1) as f64);
            let (x, y) = (left + CELL * predicted as f64, top + CELL * truth as f64);
            let title = cell_title(classes, truth, predicted, count, total);
            let class =
                if truth == predicted { format!("cell right h{level}") } else { format!("cell h{level}") };
            svg.rect(&class, x, y, CELL - 1.0, CELL - 1.0, &title);
            if count > 0 {
                let class = format!("count t{level}");
                svg.label(
                    &class,
                    x + CELL / 2.0 - 0.5,
                    y + CELL / 2.0 + 3.5,
                    Anchor::Middle,
                    &compact(count),
                );
            }
        }
    }
}

/// A count that fits into a cell.
fn compact(count: usize) -> String {
    match count {
        0..10_000 => count.to_string(),
        10_000..1_000_000 => format!("{}k", count / 1_000),
        _ => format!("{}M", count / 1_000_000),
    }
}

fn cell_title(classes: &[String], truth: usize, predicted: usize, count: usize, total: usize) -> String {
    let (count, total) = (format::count(count as u64), format::count(total as u64));
    if truth == predicted {
        format!("{}: {count} of {total} recognised", classes[truth])
    } else {
        format!("{} taken for {}: {count} of {total}", classes[truth], classes[predicted])
    }
}

fn description(matrix: &Confusion, classes: &[String]) -> String {
    let pairs = matrix.most_confused(3).into_iter();
    let pairs: Vec<String> = pairs
        .map(|pair| cell_title(classes, pair.truth, pair.predicted, pair.count, matrix.row_total(pair.truth)))
        .collect();
    let (total, errors) = (format::count(matrix.total() as u64), format::count(matrix.errors() as u64));
    let most = if pairs.is_empty() { String::new() } else { format!(" Most often: {}.", pairs.join("; ")) };
    format!("{errors} of {total} images were taken for another class.{most}")
}

/// The matrix as an image, one pixel per cell, for many classes.
pub(crate) fn heat_map_png(matrix: &Confusion) -> Option<String> {
    let n = matrix.classes();
    if n <= MAX_CLASSES {
        return None;
    }
    let pixels: Vec<u8> = (0..n * n)
        .flat_map(|i| rgb(step(matrix.count(i / n, i % n) as f64 / matrix.row_total(i / n).max(1) as f64)))
        .collect();
    image::data_uri(&pixels, [n, n, 3])
}
