//! 3 × 3 convolution with stride 1 by Winograd's algorithm: tiles of m × m outputs with (m + 2)² products instead of
//! 9 m², a saving of 2.25 (m = 2), 4 (m = 4) or 4.6 (m = 5).
//!
//! The sums over channels become one matrix product per position of the tile. With V = Bᵀ x B and M = A dy Aᵀ the
//! gradients reuse the tiles of the forward pass: d_x = B (M Uᵀ) Bᵀ, summed where tiles overlap, and d_kernel =
//! Gᵀ (Vᵀ M) G. Everything runs in blocks of tiles, so that a block's V and M stay in the second-level cache.

mod filters;
mod layout;
mod multiply;
mod points;
mod pooled;
mod tiles;
mod window;

use layout::{BlockSchedule, ImageLayout, ROWS, TileBlock};
use pooled::{PooledGradientTransform, PooledOutputTransform};
use tiles::{InputGradientTransform, InputTransform, OutputGradientTransform, OutputTransform};

use super::{ConvBackward, ConvForward, ConvShape, Epilogue};

/// Floats of V and M together that a block of tiles may have: half a megabyte, so that U and the images have room too.
const BLOCK_FLOATS: usize = 128 * 1024;
/// The plan of one layer that is computed by Winograd's algorithm.
#[derive(Clone, Debug)]
pub(super) struct WinogradConv {
    /// Outputs per tile and direction.
    pub(super) m: usize,
    x: ImageLayout,
    /// The outputs as they are stored: pooled ones if they are pooled.
    y: ImageLayout,
    /// Tiles of an image, down and across.
    tiles: [usize; 2],
    epilogue: Epilogue,
}

impl WinogradConv {
    pub(super) fn new(shape: &ConvShape, epilogue: Epilogue, m: usize) -> WinogradConv {
        assert!(matches!(m, 2 | 4 | 5), "tiles of 2, 4 or 5 outputs, not {m}");
        assert!(shape.kernel == [3, 3] && shape.strides == [1, 1], "Winograd is for 3 x 3 with stride 1");
        assert!(!epilogue.max_pool || m.is_multiple_of(2), "tiles of {m} cut the windows of the pooling");
        let [height, width] = shape.outputs(epilogue);
        let covered = if epilogue.max_pool { m / 2 } else { m };
        WinogradConv {
            m,
            x: ImageLayout::new([shape.height, shape.width, shape.channels], [shape.pad_top, shape.pad_left]),
            y: ImageLayout::new([height, width, shape.filters], [0, 0]),
            tiles: [height.div_ceil(covered), width.div_ceil(covered)],
            epilogue,
        }
    }

    fn positions(&self) -> usize {
        (self.m + 2) * (self.m + 2)
    }

    /// Asserts that `images` floats hold the images of a block's tiles, and `rows` floats its tile matrices.
    fn check(&self, layout: &ImageLayout, block: TileBlock, images: usize, rows: usize) {
        let end = (block.first + block.count).div_ceil(self.tiles[0] * self.tiles[1]);
        let (image, rows_needed) = (layout.len(), self.positions() * layout.position(block.size));
        assert!(images >= end * image, "{images} floats for {end} images of {image}");
        assert!(block.count <= block.size && rows >= rows_needed, "{rows} floats for {block:?}");
    }

    pub(super) fn derived_lens(&self) -> [usize; 2] {
        [
            self.positions() * filters::matrix(self.x.channels, self.y.padded),
            self.positions() * filters::matrix(self.y.channels, self.x.padded),
        ]
    }

    pub(super) fn derive_forward(&self, kernel: &[f32], u: &mut [f32]) {
        filters::forward(self, kernel, u);
    }

    pub(super) fn derive_backward(&self, kernel: &[f32], u: &mut [f32]) {
        filters::backward(self, kernel, u);
    }

    /// The plan for a pass over so many images. Each block reads U, and backward it adds to dU, so where those are
    /// large, blocks are too.
    fn pass(&self, images: usize) -> BlockSchedule {
        let floats = BLOCK_FLOATS.max(self.derived_lens()[0]);
        let tiles = images * self.tiles[0] * self.tiles[1];
        let positions = self.positions();
        let fits = floats / (positions * (self.x.padded + self.y.padded));
        let most = (fits / ROWS * ROWS).max(ROWS);
        // Evened out: no block is much smaller than the others.
        let size = tiles.div_ceil(tiles.div_ceil(most).max(1)).next_multiple_of(ROWS).min(tiles);
        BlockSchedule {
            tiles,
            size,
            lens: [positions * self.x.position(size), positions * self.y.position(size)],
        }
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
        (0..=images).map(|images| self.pass(images).lens.iter().sum::<usize>()).max().unwrap_or(0)
    }

    pub(super) fn forward(&self, call: ConvForward) {
        let ConvForward { images, x, derived, bias, y, masks, scratch, .. } = call;
        let pass = self.pass(images);
        let (v, scratch) = scratch.split_at_mut(pass.lens[0]);
        let m = &mut scratch[..pass.lens[1]];
        let relu = self.epilogue.relu;
        for block in pass.blocks() {
            tiles::input(self, block, InputTransform { x, v });
            multiply::forward(self, block, v, derived, m);
            if self.epilogue.max_pool {
                pooled::output(self, block, PooledOutputTransform { m, bias, relu, y, masks });
            } else {
                tiles::output(self, block, OutputTransform { m, bias, relu, y });
            }
        }
    }

    pub(super) fn backward(&self, call: ConvBackward) {
        let ConvBackward { images, piece, x, y, masks, d_y, mut d_x, mut d_bias, scratch, .. } = call;
        let pass = self.pass(images);
        let (v, scratch) = scratch.split_at_mut(pass.lens[0]);
        let m = &mut scratch[..pass.lens[1]];
        if piece.first {
            clear_sums(images, call.sums, d_bias.as_deref_mut());
        }
        if let Some(d_x) = d_x.as_deref_mut() {
            self.clear(d_x);
        }
        for block in pass.blocks() {
            if self.epilogue.max_pool {
                pooled::gradient(self, block, PooledGradientTransform { d_y, masks, m });
            } else {
                let y = self.epilogue.relu.then_some(y);
                tiles::gradient(self, block, OutputGradientTransform { d_y, y, m });
            }
            if let Some(d_bias) = d_bias.as_deref_mut() {
                tiles::add_bias_gradient(self, block, m, d_bias);
            }
            if let Some(d_x) = d_x.as_deref_mut() {
                multiply::backward(self, block, m, call.derived, v);
                tiles::input_gradient(self, block, InputGradientTransform { v, d_x });
            }
            tiles::input(self, block, InputTransform { x, v });
            multiply::add_gradient(self, block, [v, m], call.sums, piece.first && block.first == 0);
        }
        if piece.last {
            filters::kernel_gradient(self, call.sums, call.d_kernel);
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

/// Prepares for the first piece: its first block overwrites dU, if there is one.
fn clear_sums(images: usize, d_u: &mut [f32], d_bias: Option<&mut [f32]>) {
    if let Some(d_bias) = d_bias {
        d_bias.fill(0.0);
    }
    if images == 0 {
        d_u.fill(0.0);
    }
}
