//! How images and tiles lie in memory, and how the tiles of a call are cut into blocks.

pub(super) use crate::conv::LINE;

/// The rows of the widest register block; blocks of tiles are whole multiples.
pub(super) const ROWS: usize = 12;

/// The images at one side of the convolution: its inputs, or its outputs.
#[derive(Clone, Debug)]
pub(super) struct ImageLayout {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// Channels rounded up to whole vectors, the same for every instruction set.
    pub(super) padded: usize,
    pub(super) pad_top: usize,
    pub(super) pad_left: usize,
}

impl ImageLayout {
    pub(super) fn new([height, width, channels]: [usize; 3], [pad_top, pad_left]: [usize; 2]) -> ImageLayout {
        ImageLayout { height, width, channels, padded: channels.next_multiple_of(16), pad_top, pad_left }
    }

    /// Floats of an image.
    pub(super) fn len(&self) -> usize {
        self.height * self.width * self.channels
    }

    /// Distance from one position to the next in a block of `size` tiles.
    #[inline(always)]
    pub(super) fn position(&self, size: usize) -> usize {
        odd_lines(size * self.padded)
    }
}

/// So many floats, in whole cache lines, and one line more if that makes their number odd: things that lie an odd
/// number of lines apart are spread over all sets of the cache, those a power of two apart compete for one.
#[inline(always)]
pub(super) fn odd_lines(floats: usize) -> usize {
    (floats.div_ceil(LINE) | 1) * LINE
}

/// Tiles `first .. first + count`, counted over all images, in matrices that have room for `size`.
#[derive(Clone, Copy, Debug)]
pub(super) struct TileBlock {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) size: usize,
}

/// How the tiles of a call are cut into blocks.
pub(super) struct BlockSchedule {
    pub(super) tiles: usize,
    /// Tiles of a block.
    pub(super) size: usize,
    /// Floats of V and M.
    pub(super) lens: [usize; 2],
}

impl BlockSchedule {
    pub(super) fn blocks(&self) -> impl Iterator<Item = TileBlock> {
        let (tiles, size) = (self.tiles, self.size);
        (0..tiles).step_by(size.max(1)).map(move |first| TileBlock {
            first,
            count: size.min(tiles - first),
            size,
        })
    }
}
