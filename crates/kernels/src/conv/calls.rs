//! What the passes of a convolution work on.

use super::Piece;

/// What [`Conv::forward`](super::Conv::forward) works on.
#[derive(Debug)]
pub struct ConvForward<'a> {
    /// How many images.
    pub images: usize,
    /// The input: images × height × width × channels.
    pub x: &'a [f32],
    /// Kernel height × kernel width × channels × filters.
    pub kernel: &'a [f32],
    /// What [`derive_forward`](super::Conv::derive_forward) has made of the kernel.
    pub derived: &'a [f32],
    /// A float per filter, if there is a bias.
    pub bias: Option<&'a [f32]>,
    /// The output after the epilogue, overwritten: images × rows × columns × filters.
    pub y: &'a mut [f32],
    /// [`masks_len`](super::Conv::masks_len) bytes per image, overwritten; may be empty if no backward pass follows.
    pub masks: &'a mut [u8],
    /// At least [`scratch_len`](super::Conv::scratch_len) floats; what they hold before does not matter.
    pub scratch: &'a mut [f32],
}

/// What [`Conv::backward`](super::Conv::backward) works on.
#[derive(Debug)]
pub struct ConvBackward<'a> {
    /// How many images.
    pub images: usize,
    /// Which part of a sequence of calls this is.
    pub piece: Piece,
    /// The input: images × height × width × channels.
    pub x: &'a [f32],
    /// The output of the forward pass: read for ReLU without pooling only, may be empty otherwise.
    pub y: &'a [f32],
    /// The masks of the forward pass.
    pub masks: &'a [u8],
    /// The gradient with respect to the output, as long as that.
    pub d_y: &'a [f32],
    /// What [`derive_backward`](super::Conv::derive_backward) has made of the kernel: read for `d_x` only, may be empty
    /// otherwise.
    pub derived: &'a [f32],
    /// Where the gradient of the input goes, if it is wanted: as long as `x`, overwritten.
    pub d_x: Option<&'a mut [f32]>,
    /// [`sums_len`](super::Conv::sums_len) floats, in which the pieces sum up: the first one overwrites them.
    pub sums: &'a mut [f32],
    /// The gradient of the kernel, complete after the last piece; in between it belongs to the backward pass.
    pub d_kernel: &'a mut [f32],
    /// The gradient of the bias, if it is wanted: likewise.
    pub d_bias: Option<&'a mut [f32]>,
    /// At least [`scratch_len`](super::Conv::scratch_len) floats; what they hold before does not matter.
    pub scratch: &'a mut [f32],
}
