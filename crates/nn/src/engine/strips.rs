//! How the work is cut: a batch into chunks of images, and the operations into strips.

use std::ops::Range;

use toile_kernels::bf16::IMAGES;

use super::program::Op;

/// Operations that the images of a chunk go through a few at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Strip {
    pub ops: Range<usize>,
    pub images: usize,
}

/// How many images operation `op` sees at a time.
pub(super) fn images_at(strips: &[Strip], op: usize, chunk: usize) -> usize {
    strips.iter().find(|strip| strip.ops.contains(&op)).map_or(chunk, |strip| strip.images)
}

/// Whether the first operation's products are computed in slices.
pub(super) fn is_sliced(ops: &[Op]) -> bool {
    ops.first().and_then(Op::product).is_some_and(|product| product.slices.len() > 1)
}

/// Forward operations per image, without those of dense layers, from which on a net counts as large.
const LARGE: u64 = 1_000_000;

/// A chunk is small enough for its activations to stay near the caches, large enough for the products to be efficient,
/// and there are some of them in a batch, since they are spread over the threads. It depends on the model and the size
/// of the batch alone, because it fixes the order of sums.
pub(super) fn chunk_images(ops: &[Op], batch: usize) -> usize {
    let flops =
        |op: &Op| if let (Op::Plain(plain), None) = (op, op.product()) { plain.flops()[0] } else { 0 };
    if ops.iter().map(flops).sum::<u64>() > LARGE {
        batch.div_ceil(8).clamp(8, 32)
    } else if is_sliced(ops) {
        // Most of the work is spread by slices, and the kernel's gradient is a product over one chunk after the other.
        batch.div_ceil(2).clamp(16, 64)
    } else {
        batch.div_ceil(4).clamp(16, 64)
    }
}

/// The same where products are those of plates: they are as fast with 32 images as with more, and no faster with fewer.
pub(super) fn chunk_of_plates(ops: &[Op], batch: usize) -> usize {
    chunk_images(ops, batch).next_multiple_of(IMAGES)
}

/// What lies between the operations of a strip may have so many floats: a quarter of a megabyte.
const STRIP_FLOATS: usize = 64 * 1024;

/// Cuts the operations into strips. Batch normalisations and plates need whole chunks, and with them every strip is one
/// operation.
pub(super) fn strips(ops: &[Op], sizes: &[usize], chunk: usize, rounds: bool) -> Vec<Strip> {
    let whole = rounds || ops.iter().any(|op| matches!(op, Op::Normalize(_)));
    let mut strips = Vec::new();
    let mut start = 0;
    for i in 0..ops.len() {
        // Gradients are there as well as values.
        let between: usize = 2 * sizes[start + 1..=i].iter().sum::<usize>();
        let joins = |next: &Op| matches!(next, Op::Plain(_)) && next.product().is_none();
        let large = 2 * sizes[i + 1] * chunk > STRIP_FLOATS;
        if !whole && ops[i].is_cheap() && large && ops.get(i + 1).is_some_and(joins) {
            continue;
        }
        let images = STRIP_FLOATS.checked_div(between).map_or(chunk, |images| images.clamp(1, chunk));
        strips.push(Strip { ops: start..i + 1, images });
        start = i + 1;
    }
    strips
}
