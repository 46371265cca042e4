//! How Winograd's transforms walk over images: which pixels a tile covers, and which vector of channels is next.

use super::WinogradConv;
use super::layout::{ImageLayout, TileBlock};
use super::points::{F2, F4, F5, LineTransform};
use crate::simd::Simd;

/// A transform between the images of one side and their tile matrices.
pub(super) trait TileTransform {
    /// Whether the images are inputs, of which tiles cover N × N pixels and overlap; of outputs they cover M × M.
    const INPUTS: bool;
    /// Whether the outputs are pooled ones, of which tiles cover M / 2 × M / 2.
    const POOLED: bool = false;

    /// Asserts that images, tile matrices and all else hold the tiles of the block.
    fn check(&self, w: &WinogradConv, block: TileBlock);

    /// Transforms one tile of one vector of channels; `WHOLE` if all of it lies inside of the image.
    ///
    /// # Safety
    /// `check` has passed for a block that the tile belongs to.
    unsafe fn tile<S: Simd, L: LineTransform<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &mut self,
        s: S,
        place: &TileVector,
    );
}

/// Runs a transform over a block of tiles.
#[inline(always)]
pub(super) fn each_tile<S: Simd, T: TileTransform>(s: S, w: &WinogradConv, block: TileBlock, transform: T) {
    match w.m {
        2 => walk::<S, T, F2, 2, 4>(s, w, block, transform),
        4 => walk::<S, T, F4, 4, 6>(s, w, block, transform),
        _ if T::POOLED => unreachable!("pooling needs even tiles"),
        _ => walk::<S, T, F5, 5, 7>(s, w, block, transform),
    }
}

#[inline(always)]
fn walk<S: Simd, T: TileTransform, L: LineTransform<M, N>, const M: usize, const N: usize>(
    s: S,
    w: &WinogradConv,
    block: TileBlock,
    mut transform: T,
) {
    transform.check(w, block);
    let step = if T::POOLED { M / 2 } else { M };
    let (layout, size) = if T::INPUTS { (&w.x, N) } else { (&w.y, step) };
    for tile in 0..block.count {
        let window = TileWindow::new(layout, w.tiles, block.first + tile, size, step);
        for channel in (0..layout.padded).step_by(S::LANES) {
            let place = TileVector {
                window,
                channel,
                lanes: layout.channels.saturating_sub(channel).min(S::LANES),
                start: tile * layout.padded + channel,
                step: layout.position(block.size),
                padded: layout.padded,
            };
            // SAFETY: the tile belongs to the block that has been checked.
            unsafe {
                if window.whole && place.lanes == S::LANES {
                    transform.tile::<S, L, M, N, true>(s, &place);
                } else {
                    transform.tile::<S, L, M, N, false>(s, &place);
                }
            }
        }
    }
}

/// One vector of channels of one tile.
pub(super) struct TileVector {
    window: TileWindow,
    pub(super) channel: usize,
    /// Channels of the vector that exist; the others are padding.
    pub(super) lanes: usize,
    /// Where it starts in the tile matrix of the first position.
    start: usize,
    /// Distance from one position to the next.
    step: usize,
    /// Channels of a pixel, rounded up to whole vectors.
    padded: usize,
}

impl TileVector {
    /// Where position (i, j) of N × N lies in the tile matrices.
    #[inline(always)]
    pub(super) fn position<const N: usize>(&self, i: usize, j: usize) -> usize {
        self.start + (i * N + j) * self.step
    }

    /// Asks for the lines of the tile matrices that the next vector of channels is written to: stores that miss the
    /// first cache wait for each other.
    #[inline(always)]
    pub(super) fn prefetch_next<S: Simd, const N: usize>(&self, s: S, matrices: *mut f32) {
        for i in 0..N {
            for j in 0..N {
                s.prefetch_write(matrices.wrapping_add(self.position::<N>(i, j) + S::LANES).cast());
            }
        }
    }

    /// Whether pixel (i, j) lies in the image.
    #[inline(always)]
    pub(super) fn has<const WHOLE: bool>(&self, i: usize, j: usize) -> bool {
        WHOLE || self.window.has(i, j)
    }

    /// Where the masks of the vector at pixel (i, j), which lies in the image, start among those of all pixels.
    #[inline(always)]
    pub(super) fn masks<S: Simd>(&self, i: usize, j: usize) -> usize {
        (self.window.pixel(i, j) * self.padded + self.channel) / 2
    }

    /// The vector at pixel (i, j); zero outside of the image.
    ///
    /// # Safety
    /// `images` starts images that hold the tile; if `WHOLE`, all of it lies inside of them.
    #[inline(always)]
    pub(super) unsafe fn load<S: Simd, const WHOLE: bool>(
        &self,
        s: S,
        images: *const f32,
        i: usize,
        j: usize,
    ) -> S::V {
        let at = images.wrapping_offset(self.window.offset(i, j) + self.channel as isize);
        // SAFETY: the duties above; pixels outside of the image, and channels that are padding, are not read.
        unsafe {
            if WHOLE {
                s.load(at)
            } else if self.window.has(i, j) {
                s.load_first(at, self.lanes)
            } else {
                s.splat(0.0)
            }
        }
    }

    /// Writes the vector at pixel (i, j), if it lies inside of the image.
    ///
    /// # Safety
    /// As for `load`.
    #[inline(always)]
    pub(super) unsafe fn store<S: Simd, const WHOLE: bool>(
        &self,
        s: S,
        images: *mut f32,
        i: usize,
        j: usize,
        v: S::V,
    ) {
        let at = images.wrapping_offset(self.window.offset(i, j) + self.channel as isize);
        // SAFETY: the duties above; pixels outside of the image, and channels that are padding, are not written.
        unsafe {
            if WHOLE {
                s.store(at, v);
            } else if self.window.has(i, j) {
                s.store_first(at, v, self.lanes);
            }
        }
    }
}

/// The square of pixels that a tile covers, of which some may lie outside of the image.
#[derive(Clone, Copy)]
struct TileWindow {
    /// The first pixel, counted over all images, and its offset; negative or too large where that lies outside.
    pixel: isize,
    start: isize,
    /// Pixels of a row of the image.
    width: usize,
    /// Distance from one row of pixels to the next, and from one pixel to the next.
    steps: [usize; 2],
    /// The rows and columns of the window that lie inside.
    rows: [usize; 2],
    columns: [usize; 2],
    /// Whether all of them do.
    whole: bool,
}

impl TileWindow {
    /// The window of `size` × `size` pixels for a tile; tiles are `step` pixels apart.
    #[inline(always)]
    fn new(layout: &ImageLayout, tiles: [usize; 2], tile: usize, size: usize, step: usize) -> TileWindow {
        let per_image = tiles[0] * tiles[1];
        let (image, rest) = (tile / per_image, tile % per_image);
        let (down, across) = (rest / tiles[1], rest % tiles[1]);
        let y = (down * step) as isize - layout.pad_top as isize;
        let x = (across * step) as isize - layout.pad_left as isize;
        let inside = |start: isize, extent: usize| {
            let first = (-start).clamp(0, size as isize) as usize;
            [first, (extent as isize - start).clamp(first as isize, size as isize) as usize]
        };
        let (rows, columns) = (inside(y, layout.height), inside(x, layout.width));
        let pixel = (image * layout.height * layout.width) as isize + y * layout.width as isize + x;
        TileWindow {
            pixel,
            start: pixel * layout.channels as isize,
            width: layout.width,
            steps: [layout.width * layout.channels, layout.channels],
            rows,
            columns,
            whole: rows == [0, size] && columns == [0, size],
        }
    }

    /// Whether pixel (i, j) of the window lies in the image.
    #[inline(always)]
    fn has(&self, i: usize, j: usize) -> bool {
        self.rows[0] <= i && i < self.rows[1] && self.columns[0] <= j && j < self.columns[1]
    }

    /// The number of pixel (i, j), which lies in the image, counted over all images.
    #[inline(always)]
    fn pixel(&self, i: usize, j: usize) -> usize {
        (self.pixel + (i * self.width + j) as isize) as usize
    }

    /// Where the first channel of pixel (i, j) lies.
    #[inline(always)]
    fn offset(&self, i: usize, j: usize) -> isize {
        self.start + (i * self.steps[0] + j * self.steps[1]) as isize
    }
}
