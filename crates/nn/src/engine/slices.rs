//! The slices of a wide first layer: each thread keeps some columns of the images and the kernel's rows for them in its
//! cache, from the product of the forward pass to the kernel's gradient and on to the next batch, whose product follows
//! the kernel's update in one round. Summing the slices' products is all that is left to exchange. The slices are the
//! layer's, not the threads', so the sums have one order.

use std::ops::Range;

use toile_kernels::{Buffer, Matrix, Pool, gemm};

use super::executor::BatchPass;
use super::operation::{KernelProduct, MOST_SLICES};
use super::program::Program;
use super::trace::Stage;

/// One slice of the inputs of the first layer, of the whole batch.
pub(crate) struct InputSlice {
    columns: Range<usize>,
    /// The pixels, `row` floats apart per image.
    x: Buffer,
    row: usize,
    /// Their product with the kernel's rows.
    pub y: Buffer,
}

/// So many images are converted before they are multiplied: they are still in the first-level cache then.
const GROUP: usize = 48;

/// The slices of the first layer, if it has any.
pub(crate) fn of(program: &Program, batch: usize) -> Vec<InputSlice> {
    let Some(product) = program.sliced() else { return Vec::new() };
    let slice = |columns: &Range<usize>| {
        // Whole cache lines, an odd number of them: rows must not fall on each other in the cache.
        let row = 16 * (columns.len().div_ceil(16) | 1);
        let [x, y] = [row, product.units].map(|size| Buffer::new(batch * size));
        InputSlice { columns: columns.clone(), x, row, y }
    };
    product.slices.iter().map(slice).collect()
}

/// Gathers the images of a batch and multiplies them, slice by slice.
pub(crate) fn multiply(
    pool: &mut Pool,
    slices: &mut [InputSlice],
    product: &KernelProduct,
    layer: usize,
    pass: &BatchPass,
    weights: &[f32],
) {
    let threads = pass.threads.clamp(1, slices.len());
    pool.for_each(threads, &mut [(); MOST_SLICES], slices, |(), _, slice| {
        slice.multiply(product.rows(weights, &slice.columns), layer, pass);
    });
}

impl InputSlice {
    /// Gathers its part of a batch and multiplies it with `kernel`, the kernel's rows for it.
    pub(crate) fn multiply(&mut self, kernel: &[f32], layer: usize, pass: &BatchPass) {
        let (row, units) = (self.row, kernel.len() / self.columns.len());
        for start in (0..pass.indices.len()).step_by(GROUP) {
            let end = (start + GROUP).min(pass.indices.len());
            let x = &mut self.x[start * row..end * row];
            pass.gather_columns(start..end, self.columns.clone(), x, row);
            pass.tracer.done(Stage::Gather);
            let y = &mut self.y[start * units..end * units];
            gemm(
                [end - start, units, self.columns.len()],
                Matrix::rows(x, row),
                kernel,
                units,
                y,
                units,
                false,
            );
            pass.tracer.layer_done(Stage::Forward, layer);
        }
    }

    /// The pixels of these columns of the layer's inputs, all of which lie in this slice, from this image on.
    pub(crate) fn pixels(&self, inputs: &Range<usize>, first: usize) -> Matrix<'_> {
        Matrix::transposed(&self.x[first * self.row + inputs.start - self.columns.start..], self.row)
    }
}
