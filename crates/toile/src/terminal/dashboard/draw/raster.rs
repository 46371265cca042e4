//! Lines of dots: each cell of a terminal holds two columns and four rows of them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// The bits of a cell's dots, by column and row.
const DOTS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];

/// Dots that are set, for one colour.
pub(super) struct Raster {
    width: usize,
    height: usize,
    cells: Vec<u8>,
}

impl Raster {
    /// Of so many cells.
    pub(super) fn new(width: usize, height: usize) -> Raster {
        Raster { width, height, cells: vec![0; width * height] }
    }

    /// Columns and rows of dots.
    pub(super) fn size(&self) -> (usize, usize) {
        (2 * self.width, 4 * self.height)
    }

    fn set(&mut self, x: usize, y: usize) {
        if let Some(cell) = self.cells.get_mut(y / 4 * self.width + x / 2).filter(|_| x / 2 < self.width) {
            *cell |= DOTS[x % 2][y % 4];
        }
    }

    /// A line between two places, both from 0 to 1, the second from below.
    pub(super) fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let (columns, rows) = self.size();
        let at = |(x, y): (f64, f64)| {
            let x = (x.clamp(0.0, 1.0) * (columns - 1) as f64).round();
            (x, ((1.0 - y.clamp(0.0, 1.0)) * (rows - 1) as f64).round())
        };
        let ((x0, y0), (x1, y1)) = (at(from), at(to));
        let steps = (x1 - x0).abs().max((y1 - y0).abs()).max(1.0) as usize;
        for step in 0..=steps {
            let part = step as f64 / steps as f64;
            self.set((x0 + part * (x1 - x0)).round() as usize, (y0 + part * (y1 - y0)).round() as usize);
        }
    }

    /// Puts the dots where nothing else stands.
    pub(super) fn put(&self, buffer: &mut Buffer, area: Rect, style: Style) {
        for (place, bits) in self.cells.iter().enumerate().filter(|(_, bits)| **bits != 0) {
            let (x, y) = (area.x + (place % self.width) as u16, area.y + (place / self.width) as u16);
            let Some(cell) = buffer.cell_mut((x, y)) else { continue };
            let before = cell.symbol().chars().next().map_or(0, |c| c as u32);
            // Where two lines meet, both have their dots, in the colour of the later one.
            let shared = if (0x2800..0x2900).contains(&before) { (before - 0x2800) as u8 } else { 0 };
            if let Some(braille) = char::from_u32(0x2800 + u32::from(bits | shared)) {
                cell.set_char(braille).set_style(style);
            }
        }
    }
}

/// Eight heights of a bar.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The last values as bars, the lowest the smallest.
pub(super) fn sparkline(values: &[f64], width: usize) -> String {
    let values: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let last = &values[values.len().saturating_sub(width)..];
    let low = last.iter().copied().fold(f64::INFINITY, f64::min);
    let high = last.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let bar = |value: &f64| {
        let part = if high > low { (value - low) / (high - low) } else { 0.5 };
        BARS[((part * 7.0).round() as usize).min(7)]
    };
    last.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_dots_goes_from_corner_to_corner() {
        let mut raster = Raster::new(2, 1);
        raster.line((0.0, 0.0), (1.0, 1.0));
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 1));
        raster.put(&mut buffer, Rect::new(0, 0, 2, 1), Style::new());
        assert_eq!(buffer.content.iter().map(|cell| cell.symbol()).collect::<String>(), "⡠⠊");
    }

    #[test]
    fn a_sparkline_shows_the_last_values() {
        assert_eq!(sparkline(&[9.0, 0.0, 0.5, 1.0], 3), "▁▅█");
        assert_eq!(sparkline(&[f64::NAN, 2.0, 2.0], 8), "▅▅");
        assert_eq!(sparkline(&[], 8), "");
    }
}
