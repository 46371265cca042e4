//! Images that are nearly the same: a picture that was saved twice, made brighter, or compressed once more.
//!
//! Two images are near if their pixels correlate by [`NEAR`] or more (Pearson's r). With z the pixels less their mean,
//! divided by their norm, ‖z₁ − z₂‖² = 2 (1 − r): near images are close in every orthonormal projection of z. The sums
//! of 8 × 8 blocks, divided by the roots of their sizes, are such projections, and so is what a Hadamard transform
//! makes of them. Images are put into cells by the three projections that vary most; those in a cell and its neighbours
//! are compared, the projections that vary most first. No near image is missed, and few others are compared in full.

use super::report::NearImages;
use std::collections::HashMap;

/// The correlation from which on images are near. Of the test images of Fashion-MNIST 13 are so near to another part's
/// image, all of them pictures of one garment; at 0.995 there are 20, and at 0.99 89, most of them other trousers.
pub(crate) const NEAR: f64 = 0.997;
/// Blocks of an image, row by row.
const SIDE: usize = 8;
const BLOCKS: usize = SIDE * SIDE;
/// The projections that are looked at first.
const FIRST: usize = 8;
/// Values below which images are too small to be told apart so: those of two pixels all correlate by 1 or -1.
const LEAST_VALUES: usize = 64;
/// Pairs that are named.
const EXAMPLES: usize = 3;
/// Values that are compared before the search is given up: some seconds.
const MOST_VALUES: u64 = 1 << 34;
/// Projections are between -1 and 1, and kept as whole numbers of this part.
const UNIT: f64 = 8192.0;

/// Which images are near to an earlier one.
pub(super) struct NearSearch {
    /// By parts.
    pub found: Vec<NearImages>,
    /// Whether all images were compared; so many images alike may be too many.
    pub is_complete: bool,
}

/// An image of a part, by its place in it.
pub(super) type Placed<'a> = (&'static str, u32, &'a [u8]);

/// An image that may be compared.
struct ComparedImage<'a> {
    placed: Placed<'a>,
    /// Sum of the values, and the norm of the values less their mean.
    sum: f64,
    norm: f64,
    /// The projections; those that vary most come first.
    projections: [i16; BLOCKS],
}

/// Those of a cell: the place among all, and the first projections.
type Cell = Vec<(u32, [i16; FIRST])>;

/// Finds the images that are near to an earlier one; no two of them are equal. Each counts once, with the first one
/// that it is near to; images of one gray are near to nothing.
pub(super) fn near_images(images: &[Placed], shape: [usize; 3]) -> NearSearch {
    if shape.iter().product::<usize>() < LEAST_VALUES {
        return NearSearch { found: Vec::new(), is_complete: true };
    }
    let blocks = Blocks::new(shape);
    // One after the other, into room that is just enough: `toile plan` announces it.
    let mut seen: Vec<ComparedImage> = Vec::with_capacity(images.len());
    seen.extend(images.iter().filter_map(|placed| blocks.seen(*placed)));
    most_varying_first(&mut seen);
    search(&seen)
}

fn search(seen: &[ComparedImage]) -> NearSearch {
    // Rounding moves an image by less than half a unit in each projection.
    let reach = (2.0 * (1.0 - NEAR)).sqrt() * UNIT + (BLOCKS as f64).sqrt();
    let cell = |image: &ComparedImage| {
        [0, 1, 2].map(|axis| (f64::from(image.projections[axis]) / reach).floor() as i16)
    };
    let reach = (reach * reach) as u32;
    let mut cells: HashMap<[i16; 3], Cell> = HashMap::new();
    let (mut found, mut compared) = (Vec::<NearImages>::new(), 0u64);
    for (at, image) in seen.iter().enumerate() {
        let own = cell(image);
        let first_of_image = first_projections(image);
        let mut first: Option<u32> = None;
        for cell in neighbours(own).filter_map(|neighbour| cells.get(&neighbour)) {
            for &(other, first_of_other) in cell {
                if first.is_some_and(|first| other > first) {
                    break;
                }
                compared += FIRST as u64;
                if distance_squared(&first_of_other, &first_of_image) > reach {
                    continue;
                }
                let known = &seen[other as usize];
                if !is_within(reach, &known.projections, &image.projections) {
                    continue;
                }
                compared += image.placed.2.len() as u64;
                if correlation(known, image) >= NEAR {
                    first = Some(other);
                    break;
                }
            }
        }
        if let Some(first) = first {
            note(&mut found, image.placed, seen[first as usize].placed);
        }
        cells.entry(own).or_default().push((at as u32, first_of_image));
        if compared > MOST_VALUES {
            return NearSearch { found, is_complete: false };
        }
    }
    NearSearch { found, is_complete: true }
}

fn note(found: &mut Vec<NearImages>, (part, index, _): Placed, (with, like, _): Placed) {
    let pair = (index as usize, like as usize);
    match found.iter_mut().find(|near| (near.part, near.with) == (part, with)) {
        Some(near) => {
            near.images += 1;
            if near.examples.len() < EXAMPLES {
                near.examples.push(pair);
            }
        }
        None => found.push(NearImages { part, with, images: 1, examples: vec![pair] }),
    }
}

/// The block of each value, and the root of the number of values of each block.
struct Blocks {
    of: Vec<u8>,
    roots: [f64; BLOCKS],
}

impl Blocks {
    fn new([height, width, channels]: [usize; 3]) -> Blocks {
        let mut of = Vec::with_capacity(height * width * channels);
        for y in 0..height {
            for x in 0..width {
                let block = (y * SIDE / height) * SIDE + x * SIDE / width;
                of.extend(std::iter::repeat_n(block as u8, channels));
            }
        }
        let mut sizes = [0u32; BLOCKS];
        of.iter().for_each(|&block| sizes[usize::from(block)] += 1);
        Blocks { of, roots: sizes.map(|size| f64::from(size.max(1)).sqrt()) }
    }

    /// None of an image whose values are all the same.
    fn seen<'a>(&self, placed: Placed<'a>) -> Option<ComparedImage<'a>> {
        let image = placed.2;
        if image.iter().all(|value| *value == image[0]) {
            return None;
        }
        let (mut sums, mut squares, mut sizes) = ([0u64; BLOCKS], 0u64, [0u64; BLOCKS]);
        for (&value, &block) in image.iter().zip(&self.of) {
            let value = u64::from(value);
            sums[usize::from(block)] += value;
            sizes[usize::from(block)] += 1;
            squares += value * value;
        }
        let sum = sums.iter().sum::<u64>() as f64;
        let mean = sum / image.len() as f64;
        let norm = (squares as f64 - sum * mean).max(0.0).sqrt();
        let mut z = [0.0; BLOCKS];
        for block in 0..BLOCKS {
            z[block] = (sums[block] as f64 - sizes[block] as f64 * mean) / (self.roots[block] * norm);
        }
        hadamard(&mut z);
        Some(ComparedImage { placed, sum, norm, projections: z.map(|value| (value * UNIT).round() as i16) })
    }
}

/// The orthonormal Hadamard transform.
fn hadamard(values: &mut [f64; BLOCKS]) {
    let mut half = 1;
    while half < BLOCKS {
        for start in (0..BLOCKS).step_by(2 * half) {
            for i in start..start + half {
                let (a, b) = (values[i], values[i + half]);
                (values[i], values[i + half]) = (a + b, a - b);
            }
        }
        half *= 2;
    }
    values.iter_mut().for_each(|value| *value /= (BLOCKS as f64).sqrt());
}

/// Puts the projections into the order of their variance over all images, the largest first.
fn most_varying_first(seen: &mut [ComparedImage]) {
    let variance = |axis: usize| {
        let values = || seen.iter().map(|image| i64::from(image.projections[axis]));
        let n = seen.len() as i128;
        let (sum, squares) = (values().sum::<i64>(), values().map(|value| value * value).sum::<i64>());
        i128::from(squares) * n - i128::from(sum) * i128::from(sum)
    };
    let mut axes: Vec<(usize, i128)> = (0..BLOCKS).map(|axis| (axis, variance(axis))).collect();
    axes.sort_by_key(|(_, variance)| std::cmp::Reverse(*variance));
    for image in seen {
        let old = image.projections;
        image.projections = std::array::from_fn(|place| old[axes[place].0]);
    }
}

fn first_projections(image: &ComparedImage) -> [i16; FIRST] {
    std::array::from_fn(|axis| image.projections[axis])
}

/// A cell, and the 26 around it.
fn neighbours([a, b, c]: [i16; 3]) -> impl Iterator<Item = [i16; 3]> {
    let around = |place: i16| place - 1..=place + 1;
    around(a).flat_map(move |a| around(b).flat_map(move |b| around(c).map(move |c| [a, b, c])))
}

/// Of projections of at most 8,192 in absolute value: it fits into 32 bits.
fn distance_squared(a: &[i16; FIRST], b: &[i16; FIRST]) -> u32 {
    a.iter().zip(b).map(|(a, b)| i32::from(*a).abs_diff(i32::from(*b)).pow(2)).sum()
}

/// Whether the square of the distance is at most `reach`; stops as soon as it is not.
fn is_within(reach: u32, a: &[i16; BLOCKS], b: &[i16; BLOCKS]) -> bool {
    let mut left = reach;
    a.as_chunks::<FIRST>().0.iter().zip(b.as_chunks::<FIRST>().0).all(|(a, b)| {
        match left.checked_sub(distance_squared(a, b)) {
            Some(rest) => {
                left = rest;
                true
            }
            None => false,
        }
    })
}

/// Pearson's r; the sums are of whole numbers.
fn correlation(a: &ComparedImage, b: &ComparedImage) -> f64 {
    // 2¹⁶ products of bytes fit into 32 bits.
    const CHUNK: usize = 1 << 16;
    let product = |(a, b): (&[u8], &[u8])| {
        u64::from(a.iter().zip(b).map(|(a, b)| u32::from(*a) * u32::from(*b)).sum::<u32>())
    };
    let (x, y) = (a.placed.2, b.placed.2);
    let products = x.chunks(CHUNK).zip(y.chunks(CHUNK)).map(product).sum::<u64>() as f64;
    (products - a.sum * b.sum / x.len() as f64) / (a.norm * b.norm)
}

#[cfg(test)]
mod tests {
    use super::*;
    use toile_rng::Seed;

    const SHAPE: [usize; 3] = [9, 11, 3];
    const LEN: usize = 9 * 11 * 3;

    /// Smooth random images: sums of some cosines.
    fn images(n: usize) -> Vec<Vec<u8>> {
        let mut random = Seed::new(1).stream("images", 0);
        let mut unit = move || random.uniform_f64();
        let mut image = || {
            let waves: Vec<[f64; 4]> =
                (0..3).map(|_| [unit() * 3.0, unit() * 3.0, unit() * 6.3, unit()]).collect();
            let value = |i: usize| {
                let (y, x) = ((i / 33) as f64 / 9.0, (i / 3 % 11) as f64 / 11.0);
                waves.iter().map(|[a, b, phase, height]| height * (a * y + b * x + phase).cos()).sum::<f64>()
            };
            (0..LEN).map(|i| (128.0 + 40.0 * value(i)) as u8).collect()
        };
        (0..n).map(|_| image()).collect()
    }

    /// The definition: each image with all before it.
    fn expected(images: &[Placed]) -> Vec<NearImages> {
        let mut found = Vec::new();
        for (i, image) in images.iter().enumerate() {
            let pearson = |other: &&Placed| {
                let mean = |image: &[u8]| image.iter().map(|v| f64::from(*v)).sum::<f64>() / LEN as f64;
                let (a, b) = (mean(image.2), mean(other.2));
                let sum = |of: &dyn Fn(f64, f64) -> f64| {
                    image
                        .2
                        .iter()
                        .zip(other.2)
                        .map(|(x, y)| of(f64::from(*x) - a, f64::from(*y) - b))
                        .sum::<f64>()
                };
                sum(&|x, y| x * y) / (sum(&|x, _| x * x) * sum(&|_, y| y * y)).sqrt() >= NEAR
            };
            if let Some(first) = images[..i].iter().find(pearson) {
                note(&mut found, *image, *first);
            }
        }
        found
    }

    #[test]
    fn no_near_image_is_missed_and_no_other_is_taken() {
        let originals = images(400);
        let brighter = |image: &Vec<u8>| image.iter().map(|v| v / 2 + 60).collect::<Vec<u8>>();
        let noisy = |image: &Vec<u8>| {
            image.iter().enumerate().map(|(i, v)| v.saturating_add((i % 3) as u8)).collect::<Vec<u8>>()
        };
        let copies: Vec<Vec<u8>> =
            originals.iter().step_by(9).map(brighter).chain(originals.iter().step_by(7).map(noisy)).collect();
        let placed: Vec<Placed> = originals
            .iter()
            .enumerate()
            .map(|(i, image)| ("training", i as u32, image.as_slice()))
            .chain(copies.iter().enumerate().map(|(i, image)| ("test", i as u32, image.as_slice())))
            .collect();
        let search = near_images(&placed, SHAPE);
        assert!(search.is_complete);
        assert_eq!(search.found, expected(&placed));
        let test =
            search.found.iter().filter(|near| near.part == "test").map(|near| near.images).sum::<usize>();
        assert!(test > 50, "{:?}", search.found);
    }

    #[test]
    fn images_of_one_gray_and_of_another_pattern_are_near_to_nothing() {
        let (gray, brighter) = ([7; LEN], [8; LEN]);
        let stripes: Vec<u8> = (0..LEN).map(|i| (i / 33 % 2) as u8).collect();
        let inverse: Vec<u8> = stripes.iter().map(|v| 1 - v).collect();
        let parts: Vec<Placed> =
            [&gray[..], &brighter, &stripes, &inverse].iter().map(|image| ("test", 0, *image)).collect();
        assert!(near_images(&parts, SHAPE).found.is_empty());
        assert!(near_images(&[], SHAPE).is_complete);
    }

    /// Thousands of copies with a little noise: each meets the first of its cell, and not all the others.
    #[test]
    fn many_images_alike_take_no_longer_than_others() {
        let one = &images(1)[0];
        let copies: Vec<Vec<u8>> = (0..3000)
            .map(|i| {
                let mut copy = one.clone();
                copy[i % LEN] ^= 1 + (i / LEN) as u8;
                copy
            })
            .collect();
        let placed: Vec<Placed> =
            copies.iter().enumerate().map(|(i, image)| ("training", i as u32, image.as_slice())).collect();
        let search = near_images(&placed, SHAPE);
        assert_eq!((search.found[0].images, search.is_complete), (2999, true));
        assert_eq!(search.found[0].examples, [(1, 0), (2, 0), (3, 0)]);
    }
}
