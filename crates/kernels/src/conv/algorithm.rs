//! Which algorithm suits a convolution: the one with the least work, by an estimate that follows from the shape alone.

use super::{ConvShape, Epilogue};

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConvAlgorithm {
    /// Term by term.
    Direct,
    /// Winograd's algorithm, for 3 × 3 kernels with stride 1.
    Winograd {
        /// m: tiles of m × m outputs; 2, 4 or 5.
        tile: usize,
    },
}

/// Fewer channels than this leave most of a vector idle in Winograd's transforms.
const WINOGRAD_CHANNELS: usize = 16;

/// Estimated cycles of a pooling pass of its own, per pixel and vector of channels that it reads.
const POOLING: usize = 10;

impl ConvAlgorithm {
    /// The one with the least work for this shape.
    pub(super) fn choose(shape: &ConvShape, epilogue: Epilogue) -> ConvAlgorithm {
        let small = shape.channels.min(shape.filters) < WINOGRAD_CHANNELS;
        if small || shape.kernel != [3, 3] || shape.strides != [1, 1] {
            return ConvAlgorithm::Direct;
        }
        [2, 4, 5]
            .into_iter()
            .map(|tile| ConvAlgorithm::Winograd { tile })
            .chain([ConvAlgorithm::Direct])
            .filter(|algorithm| !epilogue.max_pool || algorithm.pools())
            .min_by_key(|algorithm| algorithm.cycles(shape, epilogue))
            .expect("there are four, two of which can pool")
    }

    /// Whether it computes whole windows of the pooling.
    pub(super) fn pools(self) -> bool {
        matches!(self, ConvAlgorithm::Winograd { tile: 2 | 4 })
    }

    /// Whether pooling in the pass is not slower than the best algorithm and a pass of its own for the pooling.
    pub(super) fn pooling_pays(shape: &ConvShape) -> bool {
        let [alone, pooled] = [false, true].map(|max_pool| Epilogue { relu: false, max_pool });
        if shape.is_empty() || shape.outputs(pooled).contains(&0) {
            return false;
        }
        let pass = shape.out_height * shape.out_width * shape.filters.div_ceil(16) * POOLING;
        let cycles = |epilogue| ConvAlgorithm::choose(shape, epilogue).cycles(shape, epilogue);
        ConvAlgorithm::choose(shape, pooled).pools() && cycles(pooled) <= cycles(alone) + pass
    }

    /// Estimated cycles per image, from measurements on AVX-512: what counts is the order of the algorithms.
    fn cycles(self, shape: &ConvShape, epilogue: Epilogue) -> usize {
        let (c, f) = (shape.channels, shape.filters);
        let ConvAlgorithm::Winograd { tile } = self else {
            return shape.out_height * shape.out_width * 9 * c * f / 24;
        };
        let [height, width] = shape.outputs(epilogue);
        let covered = if epilogue.max_pool { tile / 2 } else { tile };
        let tiles = height.div_ceil(covered) * width.div_ceil(covered);
        // To transform a tile, per vector of channels on either side.
        let transform = match tile {
            2 => 95,
            4 => 295,
            _ => 510,
        };
        tiles * ((tile + 2) * (tile + 2) * c * f / 28 + (c.div_ceil(16) + f.div_ceil(16)) * transform)
    }
}
