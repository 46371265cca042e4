//! Conv2D: the same small kernel at every place of the image.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use toile_kernels::conv::{Conv, ConvAlgorithm, ConvBackward, ConvForward, ConvShape, Epilogue};

use super::Layer;
use super::activation::Activate;
use crate::engine::{At, Backward, Demand, Operation, Room, Weights, two_parts};
use crate::parameters::{Parameter, Wanted};
use crate::shape::{ShapeError, image, window};
use crate::{Activation, ImageShape, Initializer, Padding, Shape};

/// 2-D cross-correlation over images of shape (height, width, channels), kernel (kh, kw, channels, filters).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Conv2D {
    /// Number of output channels.
    #[schemars(range(min = 1))]
    pub filters: usize,
    /// Height and width of the kernel.
    #[schemars(inner(range(min = 1)))]
    pub kernel_size: [usize; 2],
    /// Steps down and across.
    #[serde(default = "crate::one_by_one")]
    #[schemars(inner(range(min = 1)))]
    pub strides: [usize; 2],
    /// `valid`: only where the kernel fits; `same`: zeros around the image.
    #[serde(default)]
    pub padding: Padding,
    /// Applied to each output.
    #[serde(default)]
    pub activation: Activation,
    /// Whether a bias per filter is added.
    #[serde(default = "crate::yes")]
    pub use_bias: bool,
    /// Where the kernel starts.
    #[serde(default)]
    pub kernel_initializer: Initializer,
    /// Where the bias starts.
    #[serde(default = "crate::zeros")]
    pub bias_initializer: Initializer,
    /// Adds `l2` × Σ kernel² to the loss.
    #[serde(default)]
    #[schemars(range(min = 0.0))]
    pub l2: f32,
}

impl Conv2D {
    /// A layer of so many filters of this size, everything else as Keras' defaults.
    pub fn new(filters: usize, kernel_size: [usize; 2]) -> Conv2D {
        Conv2D {
            filters,
            kernel_size,
            strides: [1, 1],
            padding: Padding::Valid,
            activation: Activation::Linear,
            use_bias: true,
            kernel_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
            l2: 0.0,
        }
    }

    pub(crate) fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        let input = image("conv2d", input)?;
        let (_, [height, width]) =
            window("conv2d", "kernel", input, self.kernel_size, self.strides, self.padding)?;
        Ok(Shape::Image(ImageShape { height, width, channels: self.filters }))
    }

    pub(crate) fn wanted(&self, input: Shape) -> Vec<Wanted> {
        let [kh, kw] = self.kernel_size;
        let kernel = Wanted {
            l2: self.l2,
            ..Wanted::trainable("kernel", &[kh, kw, input.channels(), self.filters], self.kernel_initializer)
        };
        let bias = Wanted::trainable("bias", &[self.filters], self.bias_initializer);
        if self.use_bias { vec![kernel, bias] } else { vec![kernel] }
    }

    /// The convolution of these images as the kernels see it.
    pub(crate) fn conv_shape(&self, input: Shape) -> Result<ConvShape, ShapeError> {
        let input = image("conv2d", input)?;
        let ([pad_top, pad_left], [out_height, out_width]) =
            window("conv2d", "kernel", input, self.kernel_size, self.strides, self.padding)?;
        Ok(ConvShape {
            height: input.height,
            width: input.width,
            channels: input.channels,
            filters: self.filters,
            kernel: self.kernel_size,
            strides: self.strides,
            pad_top,
            pad_left,
            out_height,
            out_width,
        })
    }

    /// Whether the layer `next` can be computed in the same pass: max pooling of 2 × 2 pixels.
    pub(crate) fn takes_in(&self, input: Shape, next: Option<&Layer>) -> bool {
        let Some(Layer::MaxPooling2D(pooling)) = next else { return false };
        let is_plain = matches!(self.activation, Activation::Relu | Activation::Linear);
        is_plain && pooling.halves() && self.conv_shape(input).is_ok_and(|shape| Conv::can_pool(&shape))
    }

    /// `max_pool`: with the pooling that it takes in.
    pub(crate) fn operation(
        &self,
        input: Shape,
        parameters: &[Parameter],
        max_pool: bool,
    ) -> Result<ConvOperation, ShapeError> {
        let shape = self.conv_shape(input)?;
        let relu = self.activation == Activation::Relu;
        Ok(ConvOperation {
            conv: Conv::new(shape, Epilogue { relu, max_pool }),
            shape,
            relu,
            activate: Activate::new(self.activation, self.filters),
            kernel: parameters[0].range.clone(),
            bias: parameters.get(1).map(|bias| bias.range.clone()),
            derived: [0, 0],
        })
    }
}

/// With no more multiplications per output than this, a convolution is sooner repeated than its output fetched from
/// memory.
const CHEAP: usize = 32;

/// A convolution ready to run. Its kernels add the bias and apply ReLU; other activations follow as a pass of their
/// own.
pub(crate) struct ConvOperation {
    conv: Conv,
    shape: ConvShape,
    relu: bool,
    activate: Activate,
    kernel: Range<usize>,
    bias: Option<Range<usize>>,
    derived: [usize; 2],
}

impl ConvOperation {
    fn derived<'a>(&self, part: usize, derived: &'a [f32]) -> &'a [f32] {
        &derived[self.derived[part]..][..self.conv.derived_lens()[part]]
    }
}

impl Operation for ConvOperation {
    fn demand(&self, images: usize) -> Demand {
        let outputs = self.shape.out_height * self.shape.out_width * self.shape.filters;
        let keep = if self.relu { 0 } else { self.activate.keep(outputs) };
        let (masks, sums, scratch) =
            (self.conv.masks_len(), self.conv.sums_len(), self.conv.scratch_len(images));
        Demand { keep, masks, sums, scratch, words: 0 }
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

    fn forward(&self, at: &At, weights: Weights, x: &[f32], y: &mut [f32], room: Room) {
        self.conv.forward(ConvForward {
            images: at.images,
            x,
            kernel: &weights.values[self.kernel.clone()],
            derived: self.derived(0, weights.derived),
            bias: self.bias.clone().map(|bias| &weights.values[bias]),
            y,
            masks: room.masks,
            scratch: room.scratch,
        });
        if !self.relu {
            self.activate.forward_in_place(y, room.keep);
        }
    }

    fn trains(&self) -> bool {
        true
    }

    fn is_cheap(&self) -> bool {
        let [height, width] = self.shape.kernel;
        height * width * self.shape.channels <= CHEAP && self.conv.masks_len() == 0
    }

    fn backward(&self, at: &At, weights: Weights, pass: Backward, room: Room) {
        if !self.relu {
            self.activate.backward(room.keep, pass.y, pass.d_y);
        }
        let (d_kernel, d_bias) = match &self.bias {
            Some(bias) => {
                let (kernel, bias) = two_parts(pass.d_weights, self.kernel.clone(), bias.clone());
                (kernel, Some(bias))
            }
            None => (&mut pass.d_weights[self.kernel.clone()], None),
        };
        self.conv.backward(ConvBackward {
            images: at.images,
            piece: pass.piece,
            x: pass.x,
            y: pass.y,
            masks: room.masks,
            d_y: pass.d_y,
            derived: if pass.d_x.is_some() { self.derived(1, weights.derived) } else { &[] },
            d_x: pass.d_x,
            sums: room.sums,
            d_kernel,
            d_bias,
            scratch: room.scratch,
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
