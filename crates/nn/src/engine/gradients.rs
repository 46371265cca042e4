//! The gradients that a pass over a batch left behind, brought together some weights at a time.
//!
//! Of most weights each chunk has the gradient of its images; of dense kernels it has the two factors X and dZ only,
//! whose product over all chunks is one chain per weight, going on from chunk to chunk; of plates, one sum per weight.

use std::ops::Range;

use toile_kernels::{Matrix, gemm, reduce};

use super::program::Program;
use super::slices::InputSlice;
use super::workspace::Chunk;

/// What the chunks of a batch contribute.
pub(crate) struct Gradients<'a> {
    pub program: &'a Program,
    pub chunks: &'a [Chunk],
}

/// Where the gradient of some weights comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum GradientSource {
    /// Every chunk has a part of the sum.
    Chunks,
    /// The rows of a dense kernel that belong to these inputs of operation `op`: Xᵀ dZ. X lies in this slice of the
    /// inputs, if they lie in slices.
    KernelProduct { op: usize, inputs: Range<usize>, slice: Option<usize> },
}

impl GradientSource {
    /// That of these slices which it takes X from.
    pub(crate) fn slice_of<'s>(&self, slices: &'s [InputSlice]) -> Option<&'s InputSlice> {
        self.slice().map(|slice| &slices[slice])
    }

    /// The slice that it takes X from.
    pub(crate) fn slice(&self) -> Option<usize> {
        match self {
            GradientSource::Chunks => None,
            GradientSource::KernelProduct { slice, .. } => *slice,
        }
    }
}

impl Gradients<'_> {
    /// g = the gradient of the weights at `range`, summed over the chunks in their order; `slice` is the source's.
    pub(crate) fn write(
        &self,
        source: &GradientSource,
        slice: Option<&InputSlice>,
        range: &Range<usize>,
        g: &mut [f32],
    ) {
        match source {
            GradientSource::Chunks => self.sum(range, g),
            GradientSource::KernelProduct { op, inputs, .. } => self.multiply(*op, inputs, slice, g),
        }
    }

    fn sum(&self, range: &Range<usize>, g: &mut [f32]) {
        let Some((first, others)) = self.chunks.split_first() else { return g.fill(0.0) };
        g.copy_from_slice(&first.gradient[range.clone()]);
        for chunk in others {
            reduce::axpy(g, 1.0, &chunk.gradient[range.clone()]);
        }
    }

    fn multiply(&self, op: usize, inputs: &Range<usize>, slice: Option<&InputSlice>, g: &mut [f32]) {
        if let Some(product) = self.program.ops[op].product()
            && let Some(dense) = product.plates
        {
            let factors = self.chunks.iter().filter_map(|chunk| {
                let (factors, [x, d_z]) = (chunk.factors_of(op)?, product.factor_lens(chunk.images));
                Some(([&factors.x[..x], &factors.d_z[..d_z]], chunk.images))
            });
            return dense.kernel_gradient(inputs.clone(), factors, g);
        }
        let units = g.len() / inputs.len().max(1);
        for (i, chunk) in self.chunks.iter().enumerate() {
            let Some(factors) = chunk.factors_of(op) else { continue };
            let x = match slice {
                Some(slice) => slice.pixels(inputs, chunk.first),
                None => Matrix::transposed(&factors.x[inputs.start..], self.program.sizes[op]),
            };
            gemm([inputs.len(), units, chunk.images], x, &factors.d_z, units, g, units, i > 0);
        }
    }
}
