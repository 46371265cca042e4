//! Units that do nothing: how many outputs of each unit are zero, or on the flat part of their activation.

use toile_kernels::bf16::IMAGES;

/// What the outputs of an operation are watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnitWatch {
    /// ReLU: an output that is not zero.
    Active,
    /// Sigmoid: an output y with y (1 − y) < 0.01, which is the derivative.
    SaturatedSigmoid,
    /// Tanh: an output y with 1 − y² < 0.01.
    SaturatedTanh,
}

/// The units of an operation, and what they are watched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WatchedUnits {
    pub watch: UnitWatch,
    /// Outputs of a row, or channels of an image: the last axis.
    pub units: usize,
}

/// A derivative below this is that of a saturated unit.
const FLAT: f32 = 0.01;

impl WatchedUnits {
    /// Adds to each unit's count how many of its outputs in these rows are as they are watched for.
    pub(crate) fn count(&self, y: &[f32], counts: &mut [u32]) {
        match self.watch {
            UnitWatch::Active => count(y, counts, |y| y != 0.0),
            UnitWatch::SaturatedSigmoid => count(y, counts, |y| y * (1.0 - y) < FLAT),
            UnitWatch::SaturatedTanh => count(y, counts, |y| 1.0 - y * y < FLAT),
        }
    }

    /// The same of plates, in which the outputs of so many images exist: rounded outputs of ReLU, the only activation
    /// that gives plates and is watched.
    pub(crate) fn count_plates(&self, plates: &[u16], images: usize, counts: &mut [u32]) {
        let blocks = self.units.div_ceil(IMAGES);
        let of_group = plates.len() / images.div_ceil(IMAGES).max(1);
        for (group, plates) in plates.chunks_exact(of_group.max(1)).enumerate() {
            let rows = images.saturating_sub(group * IMAGES).min(IMAGES);
            for (plate, values) in plates.chunks_exact(IMAGES * IMAGES).enumerate() {
                let counts = &mut counts[plate % blocks * IMAGES..];
                for row in values.chunks_exact(IMAGES).take(rows) {
                    counts.iter_mut().zip(row).for_each(|(count, y)| *count += u32::from(*y != 0));
                }
            }
        }
    }
}

fn count(y: &[f32], counts: &mut [u32], is_one: impl Fn(f32) -> bool) {
    for row in y.chunks_exact(counts.len().max(1)) {
        counts.iter_mut().zip(row).for_each(|(count, y)| *count += u32::from(is_one(*y)));
    }
}
