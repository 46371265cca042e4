//! How Winograd's transforms walk over images: which pixels a tile covers, and which vector of channels is next.

use super::points::{F2, F4, F5, Points};
use super::winograd::{Block, Side, Winograd};
use crate::simd::Simd;

/// A transform between the images of one side and their tile matrices.
pub(super) trait Transform {
    /// Whether the images are inputs, of which tiles cover N × N pixels and overlap; of outputs they cover M × M.
    const INPUTS: bool;
    /// Whether the outputs are pooled ones, of which tiles cover M / 2 × M / 2.
    const POOLED: bool = false;

    /// Transforms one tile of one vector of channels; `WHOLE` if all of it lies inside of the image.
    ///
    /// # Safety
    /// The instruction set of `S`; images and tile matrices that hold the place.
    unsafe fn tile<S: Simd, W: Points<M, N>, const M: usize, const N: usize, const WHOLE: bool>(
        &self,
        place: &Place,
    );
}

/// Runs a transform over a block of tiles.
///
/// # Safety
/// The instruction set of `S`; images and tile matrices of the lengths that `Side::check` asserts.
#[inline(always)]
pub(super) unsafe fn each_tile<S: Simd, T: Transform>(transform: &T, w: &Winograd, block: Block) {
    // SAFETY: the duties above.
    unsafe {
        match w.m {
            2 => walk::<S, T, F2, 2, 4>(transform, w, block),
            4 => walk::<S, T, F4, 4, 6>(transform, w, block),
            _ if T::POOLED => unreachable!("pooling needs even tiles"),
            _ => walk::<S, T, F5, 5, 7>(transform, w, block),
        }
    }
}

/// # Safety
/// As for `each_tile`.
#[inline(always)]
unsafe fn walk<S: Simd, T: Transform, W: Points<M, N>, const M: usize, const N: usize>(
    transform: &T,
    w: &Winograd,
    block: Block,
) {
    let step = if T::POOLED { M / 2 } else { M };
    let (side, size) = if T::INPUTS { (&w.x, N) } else { (&w.y, step) };
    for tile in 0..block.count {
        let window = Window::new(side, w.tiles, block.first + tile, size, step);
        for channel in (0..side.padded).step_by(S::LANES) {
            let lanes = side.channels.saturating_sub(channel).min(S::LANES);
            let start = tile * side.padded + channel;
            let step = side.position(block.size);
            let place = Place { window, channel, lanes, start, step, padded: side.padded };
            // SAFETY: the duties above; a window knows which of its pixels lie in the image.
            unsafe {
                if window.whole && lanes == S::LANES {
                    transform.tile::<S, W, M, N, true>(&place);
                } else {
                    transform.tile::<S, W, M, N, false>(&place);
                }
            }
        }
    }
}

/// One vector of channels of one tile.
pub(super) struct Place {
    window: Window,
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

impl Place {
    /// Where position (i, j) of N × N lies in the tile matrices.
    #[inline(always)]
    pub(super) fn position<const N: usize>(&self, i: usize, j: usize) -> usize {
        self.start + (i * N + j) * self.step
    }

    /// Asks for the lines of the tile matrices that the next vector of channels is written to: stores that miss the first
    /// cache wait for each other.
    ///
    /// # Safety
    /// The instruction set of `S`.
    #[inline(always)]
    pub(super) unsafe fn prefetch_next<S: Simd, const N: usize>(&self, matrices: *mut f32) {
        for i in 0..N {
            for j in 0..N {
                // SAFETY: the duty above.
                unsafe {
                    let next = matrices.wrapping_add(self.position::<N>(i, j) + S::LANES);
                    S::prefetch_write(next.cast());
                }
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
    /// The instruction set of `S`; `images` starts images that hold the place; if `WHOLE`, all of it lies inside.
    #[inline(always)]
    pub(super) unsafe fn load<S: Simd, const WHOLE: bool>(
        &self,
        images: *const f32,
        i: usize,
        j: usize,
    ) -> S::V {
        let at = images.wrapping_offset(self.window.offset(i, j) + self.channel as isize);
        // SAFETY: the duties above, and pixels outside are not read.
        unsafe {
            if WHOLE {
                S::load(at)
            } else if self.window.has(i, j) {
                S::load_first(at, self.lanes)
            } else {
                S::splat(0.0)
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
        images: *mut f32,
        i: usize,
        j: usize,
        v: S::V,
    ) {
        let at = images.wrapping_offset(self.window.offset(i, j) + self.channel as isize);
        // SAFETY: the duties above, and pixels outside are not written.
        unsafe {
            if WHOLE {
                S::store(at, v);
            } else if self.window.has(i, j) {
                S::store_first(at, v, self.lanes);
            }
        }
    }
}

/// The square of pixels that a tile covers, of which some may lie outside of the image.
#[derive(Clone, Copy)]
pub(super) struct Window {
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

impl Window {
    /// The window of `size` × `size` pixels for a tile; tiles are `step` pixels apart.
    #[inline(always)]
    fn new(side: &Side, tiles: [usize; 2], tile: usize, size: usize, step: usize) -> Window {
        let per_image = tiles[0] * tiles[1];
        let (image, rest) = (tile / per_image, tile % per_image);
        let (down, across) = (rest / tiles[1], rest % tiles[1]);
        let y = (down * step) as isize - side.pad_top as isize;
        let x = (across * step) as isize - side.pad_left as isize;
        let inside = |start: isize, extent: usize| {
            let first = (-start).clamp(0, size as isize) as usize;
            [first, (extent as isize - start).clamp(first as isize, size as isize) as usize]
        };
        let (rows, columns) = (inside(y, side.height), inside(x, side.width));
        let pixel = (image * side.height * side.width) as isize + y * side.width as isize + x;
        Window {
            pixel,
            start: pixel * side.channels as isize,
            width: side.width,
            steps: [side.width * side.channels, side.channels],
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
