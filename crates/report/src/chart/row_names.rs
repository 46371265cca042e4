//! The names of the rows of a chart: a long one takes two lines, and the rows are then higher.

use super::measure::{width, wrap};
use super::svg::{Anchor, Svg};

const FONT: f64 = 12.0;
const LONGEST: f64 = 172.0;
const MOST_LINES: usize = 2;
const LINE: f64 = 13.0;

/// The names of all rows.
pub(super) struct RowNames {
    lines: Vec<Vec<String>>,
    /// How wide they are.
    pub width: f64,
    /// How high a row is.
    pub height: f64,
}

impl RowNames {
    pub(super) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let lines: Vec<Vec<String>> = names.map(|name| wrap(name, FONT, LONGEST, MOST_LINES)).collect();
        let widest = lines.iter().flatten().map(|words| width(words, FONT)).fold(0.0, f64::max);
        let has_long = lines.iter().any(|words| words.len() > 1);
        Self { lines, width: widest, height: if has_long { 30.0 } else { 22.0 } }
    }

    /// Writes the name of a row to the left of `x`, around the middle of its height.
    pub(super) fn label(&self, svg: &mut Svg, row: usize, x: f64, middle: f64) {
        let lines = &self.lines[row];
        let first = middle + 4.0 - 0.5 * LINE * (lines.len() as f64 - 1.0);
        svg.label_lines("row-name", (x, first), LINE, Anchor::End, lines);
    }
}
