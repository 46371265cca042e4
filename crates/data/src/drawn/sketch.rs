//! One drawing: a canvas, the placement of the garment on it, its cloth, and the stream of random numbers for the rest.
//!
//! Garments are described in a frame of their own, 1024 units from top to bottom with (0, 0) in the middle, and are
//! shifted, scaled, rotated and sheared onto the canvas.

use super::raster::{Canvas, CanvasPoint, PIXEL, SIDE};
use toile_rng::Stream;

/// The position of the garment's frame on the canvas: fixed-point matrix (1/65536) and shift (1/256 pixel).
struct Placement {
    matrix: [i64; 4],
    shift: CanvasPoint,
}

/// The look of the cloth.
struct Cloth {
    gray: i32,
    pattern: Pattern,
    /// Gray steps between the two colours of a pattern.
    contrast: i32,
    /// Half a period of the pattern, in 1/256 pixel.
    period: i32,
    phase: i32,
    /// How much darker the sides are than the middle.
    shading: i32,
    grain: i32,
    noise: [u8; SIDE * SIDE],
}

#[derive(Clone, Copy)]
enum Pattern {
    Plain,
    Stripes,
    Pinstripes,
    Checks,
}

/// A garment in the making.
pub(super) struct Sketch {
    canvas: Canvas,
    placement: Placement,
    cloth: Cloth,
    chance: Stream,
}

impl Sketch {
    pub(super) fn new(mut chance: Stream) -> Sketch {
        let placement = Placement::random(&mut chance);
        let cloth = Cloth::random(&mut chance);
        Sketch { canvas: Canvas::new(), placement, cloth, chance }
    }

    /// A whole number from `low` to `high`, both included.
    pub(super) fn range(&mut self, low: i32, high: i32) -> i32 {
        range(&mut self.chance, low, high)
    }

    /// A whole number from `low` to `high`, the middle more often than the ends.
    pub(super) fn near_middle(&mut self, low: i32, high: i32) -> i32 {
        (self.range(low, high) + self.range(low, high)).div_euclid(2)
    }

    /// True in so many of 100 cases.
    pub(super) fn percent(&mut self, percent: u32) -> bool {
        self.chance.below(100) < percent
    }

    /// Makes the whole garment darker or lighter.
    pub(super) fn tint(&mut self, gray: i32) {
        self.cloth.gray = (self.cloth.gray + gray).clamp(30, 255);
    }

    /// Fills a polygon with the cloth, `lighter` by so many grays.
    pub(super) fn fill(&mut self, polygon: &[CanvasPoint], lighter: i32) {
        let mut placed = [(0, 0); 16];
        assert!(polygon.len() <= placed.len(), "a polygon of {} corners", polygon.len());
        for (to, from) in placed.iter_mut().zip(polygon) {
            *to = self.placement.place(*from);
        }
        let cloth = &self.cloth;
        self.canvas.fill(&placed[..polygon.len()], |x, y| cloth.shade(x, y) + lighter);
    }

    /// Fills a polygon and its mirror image.
    pub(super) fn fill_both(&mut self, polygon: &[CanvasPoint], lighter: i32) {
        self.fill(polygon, lighter);
        let mut mirrored = [(0, 0); 16];
        for (to, &(x, y)) in mirrored.iter_mut().zip(polygon) {
            *to = (-x, y);
        }
        self.fill(&mirrored[..polygon.len()], lighter);
    }

    /// A line of this width.
    pub(super) fn line(&mut self, (x0, y0): CanvasPoint, (x1, y1): CanvasPoint, width: i32, lighter: i32) {
        let (dx, dy) = (x1 - x0, y1 - y0);
        let length = ((dx as i64 * dx as i64 + dy as i64 * dy as i64).isqrt() as i32).max(1);
        let (nx, ny) = (-dy * width / (2 * length), dx * width / (2 * length));
        self.fill(&[(x0 + nx, y0 + ny), (x1 + nx, y1 + ny), (x1 - nx, y1 - ny), (x0 - nx, y0 - ny)], lighter);
    }

    /// An octagon around a point.
    pub(super) fn dot(&mut self, (x, y): CanvasPoint, radius: i32, lighter: i32) {
        let (r, s) = (radius, radius * 5 / 12);
        let corners = [(-s, -r), (s, -r), (r, -s), (r, s), (s, r), (-s, r), (-r, s), (-r, -s)];
        self.fill(&corners.map(|(dx, dy)| (x + dx, y + dy)), lighter);
    }

    pub(super) fn finish(self) -> [u8; SIDE * SIDE] {
        self.canvas.pixels
    }
}

fn range(chance: &mut Stream, low: i32, high: i32) -> i32 {
    low + chance.below((high - low + 1) as u32) as i32
}

impl Placement {
    /// Shift up to one and a half pixels, scale within 5 %, turn up to 8 degrees, a little shear; mostly less.
    fn random(chance: &mut Stream) -> Placement {
        let mut both = |reach: i32| (range(chance, -reach, reach) + range(chance, -reach, reach)) as i64 / 2;
        // 26 of the 28 pixels for 1024 units: 6.5 in 1/256 pixel per unit.
        let scale_x = 65536 * 13 / 2 + both(24_000);
        let scale_y = 65536 * 13 / 2 + both(20_000);
        // 1/4096 radian; sine and cosine by their series, exact to 1/4096 for angles this small.
        let turn = both(570);
        let (sin, cos) = (turn - turn * turn * turn / (6 << 24), 4096 - turn * turn / (2 << 12));
        let shear = both(200);
        let matrix = [
            scale_x * cos / 4096,
            scale_y * (shear - sin) / 4096,
            scale_x * sin / 4096,
            scale_y * cos / 4096,
        ];
        let middle = (SIDE as i32 / 2) * PIXEL;
        let shift = (middle + both(380) as i32, middle + both(256) as i32);
        Placement { matrix, shift }
    }

    fn place(&self, (x, y): CanvasPoint) -> CanvasPoint {
        let [a, b, c, d] = self.matrix;
        let (x, y) = (x as i64, y as i64);
        (((a * x + b * y) >> 16) as i32 + self.shift.0, ((c * x + d * y) >> 16) as i32 + self.shift.1)
    }
}

impl Cloth {
    fn random(chance: &mut Stream) -> Cloth {
        let pattern = match chance.below(20) {
            0..=12 => Pattern::Plain,
            13..=15 => Pattern::Stripes,
            16..=17 => Pattern::Pinstripes,
            _ => Pattern::Checks,
        };
        let mut noise = [0; SIDE * SIDE];
        for four in noise.chunks_exact_mut(4) {
            four.copy_from_slice(&chance.next_u32().to_le_bytes());
        }
        Cloth {
            gray: range(chance, 90, 250),
            pattern,
            contrast: range(chance, 15, 70),
            period: range(chance, 300, 900),
            phase: range(chance, 0, 2048),
            shading: range(chance, 0, 50),
            grain: range(chance, 3, 22),
            noise,
        }
    }

    /// The gray value of a pixel of plain, unshadowed cloth; beyond 0 to 255 in rare cases.
    fn shade(&self, x: usize, y: usize) -> i32 {
        let (at_x, at_y) = (x as i32 * PIXEL + self.phase, y as i32 * PIXEL + self.phase);
        let odd = |at: i32| (at / self.period) & 1;
        let dark = match self.pattern {
            Pattern::Plain => 0,
            Pattern::Stripes => odd(at_y) * self.contrast,
            Pattern::Pinstripes => odd(at_x) * self.contrast,
            Pattern::Checks => (odd(at_x) + odd(at_y)) * self.contrast / 2,
        };
        let side = (2 * x as i32 + 1 - SIDE as i32).abs() * self.shading / SIDE as i32;
        let noise = (self.noise[y * SIDE + x] as i32 - 128) * self.grain / 128;
        // Cloth is never as black as the background, so that an outline remains.
        (self.gray - dark - side + noise).max(20)
    }
}
