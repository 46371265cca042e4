//! What the convolutions share: where their kernels stand, and the operation of an ordinary one.

use std::ops::Range;

use toile_kernels::conv::{Conv, ConvAlgorithm, ConvBackward, ConvForward, ConvShape, Epilogue};

use super::activation::Activate;
use crate::engine::{Backward, BufferSizes, Buffers, ChunkContext, Operation, Weights, two_parts};
use crate::parameters::Parameter;
use crate::shape::{ShapeError, Window, image};
use crate::{Activation, ImageShape, Shape};

/// The convolution of these images with so many filters, as the kernels see it; `layer` is the layer's name.
pub(super) fn conv_shape(
    layer: &str,
    input: Shape,
    window: Window,
    filters: usize,
) -> Result<ConvShape, ShapeError> {
    let ImageShape { height, width, channels } = image(layer, input)?;
    let ([pad_top, pad_left], [out_height, out_width]) =
        window.places(layer, "kernel", image(layer, input)?)?;
    let (kernel, strides) = (window.size, window.strides);
    Ok(ConvShape {
        height,
        width,
        channels,
        filters,
        kernel,
        strides,
        pad_top,
        pad_left,
        out_height,
        out_width,
    })
}

/// The shape that comes out.
pub(super) fn convolved(shape: ConvShape) -> Shape {
    let ConvShape { out_height: height, out_width: width, filters: channels, .. } = shape;
    Shape::Image(ImageShape { height, width, channels })
}

/// A kernel's part of the gradient of all weights, and that of the bias after it, if there is one.
pub(super) fn kernel_and_bias<'a>(
    d_weights: &'a mut [f32],
    kernel: &Range<usize>,
    bias: Option<&Range<usize>>,
) -> (&'a mut [f32], Option<&'a mut [f32]>) {
    let Some(bias) = bias else { return (&mut d_weights[kernel.clone()], None) };
    let (kernel, bias) = two_parts(d_weights, kernel.clone(), bias.clone());
    (kernel, Some(bias))
}

/// With no more multiplications per output than this, a convolution is sooner repeated than its output fetched from
/// memory.
pub(super) const CHEAP: usize = 32;

/// A convolution ready to run. Its kernels add the bias and apply ReLU; other activations follow as a pass of their
/// own.
pub(super) struct ConvOperation {
    conv: Conv,
    shape: ConvShape,
    relu: bool,
    activate: Activate,
    kernel: Range<usize>,
    bias: Option<Range<usize>>,
    derived: [usize; 2],
}

impl ConvOperation {
    /// With the kernel and, if there are two parameters, the bias; `max_pool` with the pooling that it takes in.
    pub(super) fn new(
        shape: ConvShape,
        activation: Activation,
        max_pool: bool,
        parameters: &[Parameter],
    ) -> ConvOperation {
        let relu = activation == Activation::Relu;
        ConvOperation {
            conv: Conv::new(shape, Epilogue { relu, max_pool }),
            shape,
            relu,
            activate: Activate::new(activation, shape.filters),
            kernel: parameters[0].range.clone(),
            bias: parameters.get(1).map(|bias| bias.range.clone()),
            derived: [0, 0],
        }
    }

    fn derived<'a>(&self, part: usize, derived: &'a [f32]) -> &'a [f32] {
        &derived[self.derived[part]..][..self.conv.derived_lens()[part]]
    }
}

impl Operation for ConvOperation {
    fn buffer_sizes(&self, images: usize) -> BufferSizes {
        let outputs = self.shape.out_height * self.shape.out_width * self.shape.filters;
        let keep = if self.relu { 0 } else { self.activate.keep(outputs) };
        let (masks, sums, scratch) =
            (self.conv.masks_len(), self.conv.sums_len(), self.conv.scratch_len(images));
        BufferSizes { keep, masks, sums, scratch, words: 0 }
    }

    fn derived_lens(&self) -> Vec<usize> {
        self.conv.derived_lens().to_vec()
    }

    fn place_derived(&mut self, starts: &[usize]) {
        self.derived = [starts[0], starts[1]];
    }

    fn derive(&self, part: usize, weights: &[f32], derived: &mut [f32]) {
        let kernel = &weights[self.kernel.clone()];
        match part {
            0 => self.conv.derive_forward(kernel, derived),
            _ => self.conv.derive_backward(kernel, derived),
        }
    }

    fn forward(&self, context: &ChunkContext, weights: Weights, x: &[f32], y: &mut [f32], buffers: Buffers) {
        self.conv.forward(ConvForward {
            images: context.images,
            x,
            kernel: &weights.values[self.kernel.clone()],
            derived: self.derived(0, weights.derived),
            bias: self.bias.clone().map(|bias| &weights.values[bias]),
            y,
            masks: buffers.masks,
            scratch: buffers.scratch,
        });
        if !self.relu {
            self.activate.forward_in_place(y, buffers.keep);
        }
    }

    fn trains(&self) -> bool {
        true
    }

    fn is_cheap(&self) -> bool {
        let [height, width] = self.shape.kernel;
        height * width * self.shape.channels <= CHEAP && self.conv.masks_len() == 0
    }

    fn backward(&self, context: &ChunkContext, weights: Weights, pass: Backward, buffers: Buffers) {
        if !self.relu {
            self.activate.backward(buffers.keep, pass.y, pass.d_y);
        }
        let (d_kernel, d_bias) = kernel_and_bias(pass.d_weights, &self.kernel, self.bias.as_ref());
        self.conv.backward(ConvBackward {
            images: context.images,
            piece: pass.piece,
            x: pass.x,
            y: pass.y,
            masks: buffers.masks,
            d_y: pass.d_y,
            derived: if pass.d_x.is_some() { self.derived(1, weights.derived) } else { &[] },
            d_x: pass.d_x,
            sums: buffers.sums,
            d_kernel,
            d_bias,
            scratch: buffers.scratch,
        });
    }

    fn algorithm(&self) -> Option<String> {
        Some(match self.conv.algorithm() {
            ConvAlgorithm::Direct => "direct".into(),
            ConvAlgorithm::Winograd { tile } => format!("Winograd F({tile}×{tile}, 3×3)"),
        })
    }

    fn flops(&self) -> [u64; 3] {
        let s = &self.shape;
        let places = (s.out_height * s.out_width) as u64;
        [2 * places * (s.kernel[0] * s.kernel[1] * s.channels * s.filters) as u64; 3]
    }
}
