//! 3 × 3 convolution with stride 1 by Winograd's algorithm: tiles of m × m outputs with (m + 2)² products instead of
//! 9 m², a saving of 2.25 (m = 2), 4 (m = 4) or 4.6 (m = 5).
//!
//! The sums over channels become one matrix product per position of the tile. With V = Bᵀ x B and M = A dy Aᵀ the
//! gradients reuse the tiles of the forward pass: d_x = B (M Uᵀ) Bᵀ, summed where tiles overlap, and d_kernel =
//! Gᵀ (Vᵀ M) G. Everything runs in blocks of tiles, so that a block's V and M stay in the second-level cache.

use super::{ConvShape, Epilogue, Piece};
use super::{filters, multiply, pooled, tiles};

/// Floats of V and M together that a block of tiles may have: half a megabyte, so that U and the images have room too.
const BLOCK_FLOATS: usize = 128 * 1024;
/// The rows of the widest register block; blocks of tiles are whole multiples.
const ROWS: usize = 12;

/// The images at one side of the convolution.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// Channels rounded up to whole vectors, the same for every instruction set.
    pub(super) padded: usize,
    pub(super) pad_top: usize,
    pub(super) pad_left: usize,
}

impl Side {
    fn new([height, width, channels]: [usize; 3], [pad_top, pad_left]: [usize; 2]) -> Side {
        Side { height, width, channels, padded: channels.next_multiple_of(16), pad_top, pad_left }
    }

    /// Distance from one position to the next in a block of `size` tiles.
    #[inline(always)]
    pub(super) fn position(&self, size: usize) -> usize {
        odd_lines(size * self.padded)
    }
}

/// So many floats, in whole cache lines, and one line more if that makes their number odd: things that lie an odd number
/// of lines apart are spread over all sets of the cache, those a power of two apart compete for one.
#[inline(always)]
pub(super) fn odd_lines(floats: usize) -> usize {
    (floats.div_ceil(16) | 1) * 16
}

/// Tiles `first .. first + count`, counted over all images, in matrices that have room for `size`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Block {
    pub(super) first: usize,
    pub(super) count: usize,
    pub(super) size: usize,
}

/// How the tiles of a call are cut into blocks.
struct Pass {
    tiles: usize,
    /// Tiles of a block.
    size: usize,
    /// Floats of V and M.
    lens: [usize; 2],
}

impl Pass {
    fn blocks(&self) -> impl Iterator<Item = Block> {
        let (tiles, size) = (self.tiles, self.size);
        (0..tiles).step_by(size.max(1)).map(move |first| Block {
            first,
            count: size.min(tiles - first),
            size,
        })
    }
}

/// The plan of one layer.
#[derive(Clone, Debug)]
pub(super) struct Winograd {
    /// Outputs per tile and direction.
    pub(super) m: usize,
    pub(super) x: Side,
    /// The outputs as they are stored: pooled ones if they are pooled.
    pub(super) y: Side,
    /// Tiles of an image, down and across.
    pub(super) tiles: [usize; 2],
    epilogue: Epilogue,
}

impl Winograd {
    pub(super) fn new(shape: &ConvShape, epilogue: Epilogue, m: usize) -> Winograd {
        assert!(matches!(m, 2 | 4 | 5), "tiles of 2, 4 or 5 outputs, not {m}");
        assert!(shape.kernel == [3, 3] && shape.strides == [1, 1], "Winograd is for 3 x 3 with stride 1");
        assert!(!epilogue.max_pool || m.is_multiple_of(2), "tiles of {m} cut the windows of the pooling");
        let [height, width] = shape.outputs(epilogue);
        let covered = if epilogue.max_pool { m / 2 } else { m };
        Winograd {
            m,
            x: Side::new([shape.height, shape.width, shape.channels], [shape.pad_top, shape.pad_left]),
            y: Side::new([height, width, shape.filters], [0, 0]),
            tiles: [height.div_ceil(covered), width.div_ceil(covered)],
            epilogue,
        }
    }

    fn positions(&self) -> usize {
        (self.m + 2) * (self.m + 2)
    }

    /// Asserts that `images` floats hold the images of a block's tiles, and `rows` floats its tile matrices.
    pub(super) fn check(&self, side: &Side, block: Block, images: usize, rows: usize) {
        let end = (block.first + block.count).div_ceil(self.tiles[0] * self.tiles[1]);
        let (image, rows_needed) =
            (side.height * side.width * side.channels, self.positions() * side.position(block.size));
        assert!(images >= end * image, "{images} floats for {end} images of {image}");
        assert!(block.count <= block.size && rows >= rows_needed, "{rows} floats for {block:?}");
    }

    pub(super) fn derived_lens(&self) -> [usize; 2] {
        [
            self.positions() * filters::matrix(self.x.channels, self.y.padded),
            self.positions() * filters::matrix(self.y.channels, self.x.padded),
        ]
    }

    /// The plan for a pass over `images` images whose blocks may have `floats` floats.
    fn pass(&self, images: usize, floats: usize) -> Pass {
        let tiles = images * self.tiles[0] * self.tiles[1];
        let positions = self.positions();
        let fits = floats / (positions * (self.x.padded + self.y.padded));
        let most = (fits / ROWS * ROWS).max(ROWS);
        // Evened out: no block is much smaller than the others.
        let size = tiles.div_ceil(tiles.div_ceil(most).max(1)).next_multiple_of(ROWS).min(tiles);
        Pass { tiles, size, lens: [positions * self.x.position(size), positions * self.y.position(size)] }
    }

    fn forward_pass(&self, images: usize) -> Pass {
        self.pass(images, BLOCK_FLOATS)
    }

    /// Each block reads U and adds to dU, so where those are large, blocks are too.
    fn backward_pass(&self, images: usize) -> Pass {
        self.pass(images, BLOCK_FLOATS.max(self.derived_lens()[0]))
    }

    /// Bytes of masks per image.
    pub(super) fn masks_len(&self) -> usize {
        if self.epilogue.max_pool { self.y.height * self.y.width * pooled::bytes(self.y.padded) } else { 0 }
    }

    /// Sums over fewer tiles are too short for the loads and stores of dU around them.
    pub(super) fn suitable_images(&self) -> usize {
        (2 * ROWS).div_ceil(self.tiles[0] * self.tiles[1])
    }

    /// Floats of dU.
    pub(super) fn sums_len(&self) -> usize {
        self.derived_lens()[0]
    }

    pub(super) fn scratch_len(&self, images: usize) -> usize {
        // A smaller call may have larger blocks, because blocks are evened out.
        let most = |pass: &dyn Fn(usize) -> Pass| {
            (0..=images).map(|images| pass(images).lens.iter().sum::<usize>()).max().unwrap_or(0)
        };
        most(&|images| self.forward_pass(images)).max(most(&|images| self.backward_pass(images)))
    }

    pub(super) fn forward(
        &self,
        images: usize,
        x: &[f32],
        u: &[f32],
        bias: Option<&[f32]>,
        y: &mut [f32],
        masks: &mut [u8],
        scratch: &mut [f32],
    ) {
        let pass = self.forward_pass(images);
        let (v, scratch) = scratch.split_at_mut(pass.lens[0]);
        let m = &mut scratch[..pass.lens[1]];
        let relu = self.epilogue.relu;
        for block in pass.blocks() {
            tiles::input(self, x, block, v);
            multiply::tiles_by_filters(self, block, v, &self.x, u, m, &self.y);
            if self.epilogue.max_pool {
                pooled::output(self, m, bias, relu, block, y, masks);
            } else {
                tiles::output(self, m, bias, relu, block, y);
            }
        }
    }

    pub(super) fn backward(
        &self,
        images: usize,
        piece: Piece,
        x: &[f32],
        y: &[f32],
        masks: &[u8],
        d_y: &[f32],
        u: &[f32],
        mut d_x: Option<&mut [f32]>,
        d_u: &mut [f32],
        d_kernel: &mut [f32],
        mut d_bias: Option<&mut [f32]>,
        scratch: &mut [f32],
    ) {
        let pass = self.backward_pass(images);
        let (v, scratch) = scratch.split_at_mut(pass.lens[0]);
        let m = &mut scratch[..pass.lens[1]];
        if piece.first {
            self.clear_sums(images, d_u, d_bias.as_deref_mut());
        }
        if let Some(d_x) = d_x.as_deref_mut() {
            self.clear(d_x);
        }
        for block in pass.blocks() {
            if self.epilogue.max_pool {
                pooled::gradient(self, d_y, masks, block, m, d_bias.as_deref_mut());
            } else {
                let y = self.epilogue.relu.then_some(y);
                tiles::gradient(self, d_y, y, block, m, d_bias.as_deref_mut());
            }
            if let Some(d_x) = d_x.as_deref_mut() {
                multiply::tiles_by_filters(self, block, m, &self.y, u, v, &self.x);
                tiles::input_gradient(self, v, block, d_x);
            }
            tiles::input(self, x, block, v);
            multiply::tiles_by_tiles(self, block, v, m, d_u, piece.first && block.first == 0);
        }
        if piece.last {
            filters::kernel_gradient(self, d_u, d_kernel);
        }
    }

    /// The first block overwrites dU, if there is one.
    fn clear_sums(&self, images: usize, d_u: &mut [f32], d_bias: Option<&mut [f32]>) {
        if let Some(d_bias) = d_bias {
            d_bias.fill(0.0);
        }
        if images == 0 {
            d_u.fill(0.0);
        }
    }

    /// Zeroes d_x where no tile will overwrite it: in the first two rows and columns, where every tile adds to what is
    /// there, and beyond the last tile, in an image whose last pixels are not used.
    fn clear(&self, d_x: &mut [f32]) {
        let rows = (self.tiles[0] * self.m + 2).saturating_sub(self.x.pad_top);
        let columns = (self.tiles[1] * self.m + 2).saturating_sub(self.x.pad_left);
        if rows < self.x.height || columns < self.x.width {
            return d_x.fill(0.0);
        }
        let row = self.x.width * self.x.channels;
        let first_rows = 2usize.saturating_sub(self.x.pad_top).min(self.x.height) * row;
        let first_columns = 2usize.saturating_sub(self.x.pad_left).min(self.x.width) * self.x.channels;
        for image in d_x.chunks_exact_mut(self.x.height * row) {
            let (above, rest) = image.split_at_mut(first_rows);
            above.fill(0.0);
            for row in rest.chunks_exact_mut(row) {
                row[..first_columns].fill(0.0);
            }
        }
    }
}
