//! What a convolution is: its sizes, what follows in the same pass, and how its gradients are taken piece by piece.

use crate::checked_product;

/// Sizes of a convolution. What lies beyond the image at the bottom and on the right counts as zero too, so the padding
/// there follows from the output's size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConvShape {
    /// Rows of the input.
    pub height: usize,
    /// Columns of the input.
    pub width: usize,
    /// Channels of the input.
    pub channels: usize,
    /// Channels of the output.
    pub filters: usize,
    /// Rows and columns of the kernel.
    pub kernel: [usize; 2],
    /// Steps down and to the right.
    pub strides: [usize; 2],
    /// Rows of zeros above the input.
    pub pad_top: usize,
    /// Columns of zeros left of the input.
    pub pad_left: usize,
    /// Rows of the output.
    pub out_height: usize,
    /// Columns of the output.
    pub out_width: usize,
}

impl ConvShape {
    /// Rows and columns of an output image after the epilogue.
    pub(crate) fn outputs(&self, epilogue: Epilogue) -> [usize; 2] {
        let side = if epilogue.max_pool { 2 } else { 1 };
        [self.out_height / side, self.out_width / side]
    }

    /// Floats of an input image, an output image and the kernel.
    pub(super) fn lens(&self, epilogue: Epilogue) -> [usize; 3] {
        let [height, width] = self.outputs(epilogue);
        [
            checked_product(&[self.height, self.width, self.channels]),
            checked_product(&[height, width, self.filters]),
            checked_product(&[self.kernel[0], self.kernel[1], self.channels, self.filters]),
        ]
    }

    /// Whether a size is zero.
    pub(crate) fn is_empty(&self) -> bool {
        self.lens(Epilogue::default()).contains(&0) || self.strides.contains(&0)
    }
}

/// What follows the convolution in the same pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Epilogue {
    /// max(y, 0).
    pub relu: bool,
    /// Then the greatest of each 2 × 2 pixels, with stride 2; a last odd row or column is left out. NaN if there is a
    /// NaN; the gradient goes to the first (row by row) that equals the greatest.
    pub max_pool: bool,
}

/// Which part of a sequence of calls one call of a backward pass is; all images at once are both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The sums start here.
    pub first: bool,
    /// They are complete after this.
    pub last: bool,
}

impl Piece {
    /// The only one.
    pub const ALL: Piece = Piece { first: true, last: true };
}
