//! A rasteriser in whole numbers: filled polygons with soft edges, the same bits on every machine.
//!
//! Coordinates are 1/256 of a pixel. Every pixel row is cut by four scan lines; along each of them coverage is exact.

/// Pixels along a side.
pub(super) const SIDE: usize = 28;

/// One pixel in units of the coordinates.
pub(super) const PIXEL: i32 = 256;

/// A point, x to the right and y down.
pub(super) type CanvasPoint = (i32, i32);

/// A gray picture, black at first.
pub(super) struct Canvas {
    pub pixels: [u8; SIDE * SIDE],
}

impl Canvas {
    pub(super) fn new() -> Canvas {
        Canvas { pixels: [0; SIDE * SIDE] }
    }

    /// Fills the inside of a closed polygon (even-odd rule); `shade` gives the gray value of a pixel.
    pub(super) fn fill(&mut self, polygon: &[CanvasPoint], shade: impl Fn(usize, usize) -> i32) {
        let top = polygon.iter().map(|p| p.1).min().unwrap_or(0).max(0) / PIXEL;
        let bottom = polygon.iter().map(|p| p.1).max().unwrap_or(0).min(SIDE as i32 * PIXEL - 1) / PIXEL;
        for row in top..=bottom {
            let mut coverage = [0i32; SIDE];
            for line in 0..4 {
                cover(polygon, row * PIXEL + line * 64 + 32, &mut coverage);
            }
            for (x, &covered) in coverage.iter().enumerate().filter(|(_, covered)| **covered > 0) {
                let y = row as usize;
                let pixel = &mut self.pixels[y * SIDE + x];
                let (old, new) = (*pixel as i32, shade(x, y).clamp(0, 255));
                // 4 lines of 256: 1024 is full cover. Rounded to nearest; the sum of two u8 shares stays a u8.
                *pixel = ((old * (1024 - covered) + new * covered + 512) / 1024) as u8;
            }
        }
    }
}

/// Adds to each pixel of a row how much of it the scan line at height `y` finds inside, 256 for all.
fn cover(polygon: &[CanvasPoint], y: i32, coverage: &mut [i32; SIDE]) {
    let mut crossings = [0i32; 32];
    let mut n = 0;
    for (i, &(x1, y1)) in polygon.iter().enumerate() {
        let (x0, y0) = polygon[if i == 0 { polygon.len() - 1 } else { i - 1 }];
        if (y0 <= y) != (y1 <= y) && n < crossings.len() {
            crossings[n] = x0 + ((y - y0) as i64 * (x1 - x0) as i64).div_euclid((y1 - y0) as i64) as i32;
            n += 1;
        }
    }
    crossings[..n].sort_unstable();
    for span in crossings[..n].chunks_exact(2) {
        let (from, to) = (span[0].max(0), span[1].min(SIDE as i32 * PIXEL));
        for pixel in from / PIXEL..(to + PIXEL - 1) / PIXEL {
            let left = pixel * PIXEL;
            coverage[pixel as usize] += (to.min(left + PIXEL) - from.max(left)).max(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painted(polygon: &[CanvasPoint]) -> Canvas {
        let mut canvas = Canvas::new();
        canvas.fill(polygon, |_, _| 200);
        canvas
    }

    fn rectangle(x0: i32, y0: i32, x1: i32, y1: i32) -> [CanvasPoint; 4] {
        [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    }

    #[test]
    fn a_rectangle_on_the_grid_is_filled_exactly() {
        let canvas = painted(&rectangle(2 * 256, 3 * 256, 5 * 256, 7 * 256));
        for (i, &pixel) in canvas.pixels.iter().enumerate() {
            let inside = (2..5).contains(&(i % SIDE)) && (3..7).contains(&(i / SIDE));
            assert_eq!(pixel, if inside { 200 } else { 0 });
        }
    }

    #[test]
    fn a_pixel_that_is_half_covered_gets_half_the_gray() {
        let canvas = painted(&rectangle(128, 0, 512, 256));
        assert_eq!(canvas.pixels[..3], [100, 200, 0]);
        let canvas = painted(&rectangle(0, 128, 256, 256));
        assert_eq!(canvas.pixels[0], 100);
    }

    /// The area of a polygon by the shoelace formula, against the sum of its coverage.
    #[test]
    fn the_painted_area_is_the_area_of_the_polygon() {
        let polygon = [(1000, 700), (6500, 1300), (5200, 6100), (3000, 3500), (900, 5000)];
        let mut twice_the_area = 0i64;
        for i in 0..polygon.len() {
            let (a, b) = (polygon[i], polygon[(i + 1) % polygon.len()]);
            twice_the_area += a.0 as i64 * b.1 as i64 - b.0 as i64 * a.1 as i64;
        }
        let area = twice_the_area.abs() as f64 / 2.0 / 65536.0;
        let painted: f64 = painted(&polygon).pixels.iter().map(|&p| p as f64 / 200.0).sum();
        assert!((painted - area).abs() < area * 0.005, "{painted} for {area}");
    }

    #[test]
    fn what_lies_outside_of_the_picture_is_cut_off() {
        let canvas = painted(&rectangle(-5000, -5000, 20_000, 20_000));
        assert!(canvas.pixels.iter().all(|&pixel| pixel == 200));
        let canvas = painted(&rectangle(-5000, -5000, -100, -100));
        assert!(canvas.pixels.iter().all(|&pixel| pixel == 0));
        painted(&[]);
    }
}
