//! Pictures of a network: its filters side by side, and an image with a class map over it. Both as PNG, in colours that
//! can be seen on light and dark pages.

use crate::image;

/// Filters that are shown.
const MOST_FILTERS: usize = 64;
/// A filter is enlarged by a whole number, to about so many pixels.
const SIDE: usize = 28;
/// Filters of a row.
const IN_ROW: usize = 8;

/// What a weight above and below 0 is drawn in, after Okabe and Ito: vermilion and blue.
const ABOVE: [f64; 3] = [213.0, 94.0, 0.0];
const BELOW: [f64; 3] = [0.0, 114.0, 178.0];

/// The first filters of a layer, eight in a row, as the `data:` address of a PNG; and how many there are of them.
///
/// Of three channels: red, green and blue, grey at 0. Else the mean over the channels, white at 0. All by one scale,
/// the largest weight. `None` if there is nothing to show.
pub(crate) fn filter_sheet(weights: &[f32], shape: [usize; 3]) -> Option<(String, usize)> {
    let [height, width, channels] = shape;
    let size = height.checked_mul(width)?.checked_mul(channels).filter(|size| *size > 0)?;
    let n = (weights.len() / size).min(MOST_FILTERS);
    if n == 0 || height.max(width) > 1024 {
        return None;
    }
    let times = (SIDE / height.max(width)).max(1);
    let gap = times.clamp(2, 5);
    let (cell_h, cell_w) = (height * times + gap, width * times + gap);
    let (rows, columns) = (n.div_ceil(IN_ROW), n.min(IN_ROW));
    let (h, w) = (rows * cell_h - gap, columns * cell_w - gap);
    let most = weights[..n * size].iter().fold(0.0f64, |most, w| most.max(f64::from(w.abs())));
    let mut sheet = Vec::with_capacity(h * w);
    for (y, x) in (0..h).flat_map(|y| (0..w).map(move |x| (y, x))) {
        let (row, column) = (y % cell_h / times, x % cell_w / times);
        let filter = y / cell_h * IN_ROW + x / cell_w;
        let at = filter * size + (row * width + column) * channels;
        let is_inside = row < height && column < width && filter < n;
        sheet.push(is_inside.then(|| &weights[at..at + channels]));
    }
    let address =
        if channels == 3 { in_colours(&sheet, most, [h, w]) } else { by_sign(&sheet, most, [h, w]) };
    Some((address?, n))
}

/// Three channels as red, green and blue. Between the filters is nothing: the page shows through.
fn in_colours(sheet: &[Option<&[f32]>], most: f64, [h, w]: [usize; 2]) -> Option<String> {
    let channel = |weight: &f32| (127.5 * (1.0 + part(*weight, most))).round() as u8;
    let pixel = |place: &Option<&[f32]>| match place {
        Some([red, green, blue]) => [channel(red), channel(green), channel(blue), 255],
        _ => [0; 4],
    };
    image::data_uri(&sheet.iter().flat_map(pixel).collect::<Vec<u8>>(), [h, w, 4])
}

/// Steps from 0 to the largest weight.
const STEPS: i32 = 40;

/// The mean over the channels, in steps of a colour for what is below 0 and one for what is above.
fn by_sign(sheet: &[Option<&[f32]>], most: f64, size: [usize; 2]) -> Option<String> {
    let colour = |step: i32| {
        let end = if step < 0 { BELOW } else { ABOVE };
        let strength = f64::from(step.abs()) / f64::from(STEPS);
        let [red, green, blue] = end.map(|end| (255.0 + (end - 255.0) * strength).round() as u8);
        [red, green, blue, 255]
    };
    // The last one is for what lies between the filters: the page shows through.
    let colours: Vec<[u8; 4]> = (-STEPS..=STEPS).map(colour).chain([[0; 4]]).collect();
    let step = |weights: &[f32]| {
        let mean = weights.iter().map(|w| part(*w, most)).sum::<f64>() / weights.len() as f64;
        ((mean * f64::from(STEPS)).round() as i32 + STEPS) as u8
    };
    let pixel = |place: &Option<&[f32]>| place.map_or(2 * STEPS as u8 + 1, step);
    image::data_uri_of_colours(&sheet.iter().map(pixel).collect::<Vec<u8>>(), size, &colours)
}

/// A weight as a part of the largest, from -1 to 1.
fn part(weight: f32, most: f64) -> f64 {
    if most > 0.0 && most.is_finite() { (f64::from(weight) / most).clamp(-1.0, 1.0) } else { 0.0 }
}

/// An image, grey, with a map over it in vermilion: the stronger, the more of it. A map of zeros leaves the image as it
/// is. `None` if the sizes do not fit.
pub(crate) fn mapped_image(
    pixels: &[u8],
    shape: [usize; 3],
    map: &[f32],
    size: [usize; 2],
) -> Option<String> {
    let [height, width, channels] = shape;
    let ([rows, columns], n) = (size, height.checked_mul(width)?);
    if n == 0
        || pixels.len() != n.checked_mul(channels)?
        || map.len() != rows.checked_mul(columns)?
        || map.is_empty()
    {
        return None;
    }
    let most = map.iter().fold(0.0f32, |most, cell| most.max(*cell));
    let mut out = Vec::with_capacity(n * 3);
    for y in 0..height {
        for x in 0..width {
            let pixel = &pixels[(y * width + x) * channels..][..channels];
            // Two and four channels: the last is how opaque it is.
            let colours = if channels % 2 == 0 { channels - 1 } else { channels };
            let grey = pixel[..colours].iter().map(|v| f64::from(*v)).sum::<f64>() / colours as f64;
            let heat =
                if most > 0.0 { between(map, size, [y, x], [height, width]) / f64::from(most) } else { 0.0 };
            out.extend(ABOVE.map(|colour| (grey + (colour - grey) * 0.75 * heat).round() as u8));
        }
    }
    image::data_uri(&out, [height, width, 3])
}

/// The map at a pixel, by linear interpolation between the middles of its cells; beyond them as at the nearest.
fn between(map: &[f32], [rows, columns]: [usize; 2], [y, x]: [usize; 2], [height, width]: [usize; 2]) -> f64 {
    let place = |at: usize, length: usize, cells: usize| {
        let middle = (at as f64 + 0.5) * cells as f64 / length as f64 - 0.5;
        let middle = middle.clamp(0.0, (cells - 1) as f64);
        (middle as usize, (middle as usize + 1).min(cells - 1), middle.fract())
    };
    let ((top, bottom, down), (left, right, over)) = (place(y, height, rows), place(x, width, columns));
    let row = |row: usize| {
        let at = |column: usize| f64::from(map[row * columns + column]);
        at(left) + (at(right) - at(left)) * over
    };
    row(top) + (row(bottom) - row(top)) * down
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weight_is_shown_as_a_part_of_the_largest() {
        assert_eq!((part(1.0, 2.0), part(-2.0, 2.0), part(0.0, 0.0)), (0.5, -1.0, 0.0));
        assert_eq!(part(f32::NAN, f64::NAN), 0.0);
    }

    #[test]
    fn a_map_is_interpolated_between_the_middles_of_its_cells() {
        let at = |y, x| between(&[0.0, 1.0, 2.0, 3.0], [2, 2], [y, x], [4, 4]);
        assert_eq!((at(0, 0), at(0, 3), at(3, 3)), (0.0, 1.0, 3.0));
        assert_eq!((at(0, 1), at(0, 2), at(1, 0)), (0.25, 0.75, 0.5));
        assert_eq!(between(&[7.0], [1, 1], [3, 2], [4, 4]), 7.0);
    }

    #[test]
    fn sheets_hold_so_many_filters_and_no_more() {
        assert_eq!(filter_sheet(&[0.5; 9 * 32], [3, 3, 1]).map(|(_, n)| n), Some(32));
        assert_eq!(filter_sheet(&[0.5; 100], [1, 1, 1]).map(|(_, n)| n), Some(64));
        assert_eq!((filter_sheet(&[], [3, 3, 1]), filter_sheet(&[1.0], [0, 3, 1])), (None, None));
        assert_eq!(filter_sheet(&[1.0], [usize::MAX, 3, 1]), None);
    }

    #[test]
    fn maps_and_images_of_other_sizes_give_no_picture() {
        assert!(mapped_image(&[9; 12], [2, 2, 3], &[0.0, 1.0], [1, 2]).is_some());
        assert_eq!(mapped_image(&[9; 11], [2, 2, 3], &[0.0, 1.0], [1, 2]), None);
        assert_eq!(mapped_image(&[9; 12], [2, 2, 3], &[0.0], [1, 2]), None);
        assert_eq!(mapped_image(&[], [0, 2, 3], &[], [0, 0]), None);
    }
}
