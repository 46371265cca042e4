//! Two-dimensional convolution on bfloat16 plates, forward and backward.
//!
//! The rows of a product are the 32 images at one pixel, not pixels of an image: so a tap outside of the image is a
//! step left out, and any kernel, stride and padding is the same loop. The sums, each a chain of steps of 32 k:
//!
//! - an output: over the kernel's taps, then over the blocks of 32 channels of a tap. With few channels (`FEW`) the
//!   taps' channels follow one another without a gap, and the blocks are cut from the whole;
//! - an input's gradient: over the outputs that saw it, row by row, then over the blocks of 32 filters;
//! - a weight's gradient: over the groups of 32 images, then over the outputs, row by row; the images are k;
//! - a bias's gradient: likewise, with ones in the place of inputs.

mod backward;
mod few;
mod forward;
mod gradient;
mod plan;

pub use plan::{PlateBackward, PlateConv, PlateForward};
