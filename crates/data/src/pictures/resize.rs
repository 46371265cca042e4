//! Other sizes and other channels, in whole numbers: the same bits everywhere.

use super::Picture;
use crate::options::Resize;

/// Brings a picture to a shape (height, width, channels); `None` if its size is another one and may not be changed.
pub(crate) fn fit(picture: Picture, shape: [usize; 3], resize: Option<Resize>) -> Option<Picture> {
    let [height, width, channels] = shape;
    let picture = match picture.channels {
        n if n == channels => picture,
        3 if channels == 1 => gray(picture),
        1 => copied(picture, channels),
        _ => return None,
    };
    if (picture.height, picture.width) == (height, width) {
        return Some(picture);
    }
    let mut resized = match resize? {
        Resize::Area => area(&picture, height, width),
        Resize::Nearest => nearest(&picture, height, width),
    };
    resized.facts.resized = true;
    Some(resized)
}

/// Pillow's `convert("L")`: ITU-R 601-2 in 16 bits, rounded.
fn gray(picture: Picture) -> Picture {
    let weigh = |c: &[u8]| 19595 * u32::from(c[0]) + 38470 * u32::from(c[1]) + 7471 * u32::from(c[2]);
    let pixels = picture.pixels.chunks_exact(3).map(|c| ((weigh(c) + 0x8000) >> 16) as u8).collect();
    let mut facts = picture.facts;
    facts.made_gray = true;
    Picture { channels: 1, pixels, facts, ..picture }
}

fn copied(picture: Picture, channels: usize) -> Picture {
    let pixels = picture.pixels.iter().flat_map(|&gray| std::iter::repeat_n(gray, channels)).collect();
    let mut facts = picture.facts;
    facts.made_colour = true;
    Picture { channels, pixels, facts, ..picture }
}

/// What each of `to` new pixels covers of `from` old ones: the first, and the widths in units of 1 / `to`.
fn covers(from: usize, to: usize) -> Vec<(usize, Vec<u64>)> {
    let cover = |i: usize| {
        let (begin, end) = (i * from, (i + 1) * from);
        let first = begin / to;
        let last = end.div_ceil(to);
        let widths = (first..last).map(|old| (end.min((old + 1) * to) - begin.max(old * to)) as u64);
        (first, widths.collect())
    };
    (0..to).map(cover).collect()
}

fn area(picture: &Picture, height: usize, width: usize) -> Picture {
    let (rows, columns) = (covers(picture.height, height), covers(picture.width, width));
    let (channels, whole) = (picture.channels, (picture.height * picture.width) as u64);
    let mut pixels = Vec::with_capacity(height * width * channels);
    for (top, tall) in &rows {
        for (left, wide) in &columns {
            for channel in 0..channels {
                let mut sum = 0u64;
                for (y, h) in tall.iter().enumerate() {
                    let row = (top + y) * picture.width + left;
                    let of_row = wide.iter().enumerate();
                    let value = |x: usize| u64::from(picture.pixels[(row + x) * channels + channel]);
                    sum += h * of_row.map(|(x, w)| w * value(x)).sum::<u64>();
                }
                pixels.push(((sum + whole / 2) / whole) as u8);
            }
        }
    }
    Picture { height, width, channels, pixels, facts: picture.facts }
}

fn nearest(picture: &Picture, height: usize, width: usize) -> Picture {
    let (channels, mut pixels) = (picture.channels, Vec::new());
    for y in 0..height {
        let row = (2 * y + 1) * picture.height / (2 * height) * picture.width;
        for x in 0..width {
            let at = (row + (2 * x + 1) * picture.width / (2 * width)) * channels;
            pixels.extend_from_slice(&picture.pixels[at..at + channels]);
        }
    }
    Picture { height, width, channels, pixels, facts: picture.facts }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pictures::Facts;

    fn picture(height: usize, width: usize, channels: usize, pixels: &[u8]) -> Picture {
        Picture { height, width, channels, pixels: pixels.to_vec(), facts: Facts::default() }
    }

    /// Means over whole pixels, by hand; over parts of pixels, against f64.
    #[test]
    fn area_is_the_mean_of_what_is_covered() {
        let small =
            fit(picture(2, 4, 1, &[0, 10, 20, 30, 4, 6, 8, 11]), [1, 2, 1], Some(Resize::Area)).unwrap();
        assert_eq!(small.pixels, [5, 17]); // 20 / 4, 69 / 4 = 17.25
        assert!(small.facts.resized);
        let pixels: Vec<u8> = (0..35 * 3).map(|i| (i * 37 % 256) as u8).collect();
        let odd = picture(5, 7, 3, &pixels);
        for (height, width) in [(3, 4), (2, 9), (11, 3), (1, 1), (5, 6)] {
            let found = fit(odd.clone(), [height, width, 3], Some(Resize::Area)).unwrap();
            for (i, &value) in found.pixels.iter().enumerate() {
                let (y, x, c) = (i / 3 / width, i / 3 % width, i % 3);
                let exact =
                    by_area(&odd, y as f64 / height as f64, (y + 1) as f64 / height as f64, x, width, c);
                assert!(
                    (f64::from(value) - exact).abs() <= 0.5 + 1e-9,
                    "{height} {width} {i}: {value} {exact}"
                );
            }
        }
    }

    /// The mean over a rectangle, plainly: the share of each pixel in it.
    fn by_area(picture: &Picture, top: f64, bottom: f64, x: usize, width: usize, channel: usize) -> f64 {
        let share = |begin: f64, end: f64, i: usize| (end.min(i as f64 + 1.0) - begin.max(i as f64)).max(0.0);
        let (h, w) = (picture.height as f64, picture.width as f64);
        let (left, right) = (x as f64 / width as f64 * w, (x + 1) as f64 / width as f64 * w);
        let (top, bottom) = (top * h, bottom * h);
        let mut sum = 0.0;
        for row in 0..picture.height {
            for column in 0..picture.width {
                let value = picture.pixels[(row * picture.width + column) * picture.channels + channel];
                sum += share(top, bottom, row) * share(left, right, column) * f64::from(value);
            }
        }
        sum / ((bottom - top) * (right - left))
    }

    #[test]
    fn nearest_takes_the_pixel_under_the_centre() {
        let large = fit(picture(1, 2, 1, &[3, 9]), [2, 4, 1], Some(Resize::Nearest)).unwrap();
        assert_eq!(large.pixels, [3, 3, 9, 9, 3, 3, 9, 9]);
        let small = fit(picture(1, 5, 1, &[1, 2, 3, 4, 5]), [1, 1, 1], Some(Resize::Nearest)).unwrap();
        assert_eq!(small.pixels, [3]);
    }

    /// Pillow: `Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0))`.
    #[test]
    fn gray_is_that_of_pillow() {
        for (colour, expected) in
            [([255, 0, 0], 76), ([0, 255, 0], 150), ([0, 0, 255], 29), ([1, 2, 3], 2), ([255; 3], 255)]
        {
            assert_eq!(fit(picture(1, 1, 3, &colour), [1, 1, 1], None).unwrap().pixels, [expected]);
        }
        let colour = fit(picture(1, 2, 1, &[4, 5]), [1, 2, 3], None).unwrap();
        assert_eq!((colour.pixels, colour.facts.made_colour), (vec![4, 4, 4, 5, 5, 5], true));
    }

    #[test]
    fn another_size_is_not_changed_unasked() {
        assert_eq!(fit(picture(1, 2, 1, &[4, 5]), [2, 1, 1], None), None);
    }
}
