//! DepthwiseConv2D: kernels for each channel by itself.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::bf16::{round_each, round_in_place};
use toile_kernels::conv::ConvShape;
use toile_kernels::depthwise::{Depthwise, DepthwiseBackward, DepthwiseForward};

use super::activation::Activate;
use super::convolution::{CHEAP, conv_shape, convolved, kernel_and_bias};
use super::{LayerContext, LayerSettings, Operations};
use crate::engine::{Backward, BufferSizes, Buffers, ChunkContext, Op, Operation, Weights};
use crate::parameters::{Parameter, Wanted};
use crate::shape::{ShapeError, Window};
use crate::{Activation, Initializer, Padding, Shape};

/// 2-D cross-correlation of each channel with `depth_multiplier` kernels of its own, kernel (kh, kw, channels,
/// depth_multiplier): channel c gives the output channels c × `depth_multiplier` and following.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DepthwiseConv2D {
    /// Height and width of the kernels.
    #[schemars(inner(range(min = 1)))]
    pub kernel_size: [usize; 2],
    /// Steps down and across.
    #[serde(default = "crate::one_by_one")]
    #[schemars(inner(range(min = 1)))]
    pub strides: [usize; 2],
    /// `valid`: only where the kernel fits; `same`: zeros around the image.
    #[serde(default)]
    pub padding: Padding,
    /// Output channels for each channel.
    #[serde(default = "super::one")]
    #[schemars(range(min = 1))]
    pub depth_multiplier: usize,
    /// Applied to each output.
    #[serde(default)]
    pub activation: Activation,
    /// Whether a bias per output channel is added.
    #[serde(default = "crate::yes")]
    pub use_bias: bool,
    /// Where the kernels start.
    #[serde(default)]
    pub depthwise_initializer: Initializer,
    /// Where the bias starts.
    #[serde(default = "crate::zeros")]
    pub bias_initializer: Initializer,
}

impl DepthwiseConv2D {
    /// A layer of kernels of this size, everything else as Keras' defaults.
    pub fn new(kernel_size: [usize; 2]) -> DepthwiseConv2D {
        DepthwiseConv2D {
            kernel_size,
            strides: [1, 1],
            padding: Padding::Valid,
            depth_multiplier: 1,
            activation: Activation::Linear,
            use_bias: true,
            depthwise_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
        }
    }

    /// The kernel as it is moved over the image.
    fn moved(&self) -> Window {
        Window { size: self.kernel_size, strides: self.strides, padding: self.padding }
    }

    fn shape(&self, input: Shape) -> Result<ConvShape, ShapeError> {
        depthwise_shape("depthwise_conv2d", input, self.moved(), self.depth_multiplier)
    }
}

/// A depthwise convolution as the kernels see it; `layer` is the layer's name.
pub(super) fn depthwise_shape(
    layer: &str,
    input: Shape,
    window: Window,
    depth_multiplier: usize,
) -> Result<ConvShape, ShapeError> {
    conv_shape(layer, input, window, input.channels().saturating_mul(depth_multiplier))
}

impl LayerSettings for DepthwiseConv2D {
    fn name(&self) -> &'static str {
        "depthwise_conv2d"
    }

    fn class_name(&self) -> &'static str {
        "DepthwiseConv2D"
    }

    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        self.shape(input).map(convolved)
    }

    fn activation(&self) -> Activation {
        self.activation
    }

    fn window(&self) -> Option<Window> {
        Some(self.moved())
    }

    fn is_convolution(&self) -> bool {
        true
    }

    fn filters_each_channel(&self) -> bool {
        true
    }

    fn wanted(&self, input: Shape) -> Vec<Wanted> {
        let ([kh, kw], channels) = (self.kernel_size, input.channels());
        let kernel = [kh, kw, channels, self.depth_multiplier];
        let kernel = Wanted::trainable("kernel", &kernel, self.depthwise_initializer);
        let filters = channels.saturating_mul(self.depth_multiplier);
        let bias = Wanted::trainable("bias", &[filters], self.bias_initializer);
        if self.use_bias { vec![kernel, bias] } else { vec![kernel] }
    }

    fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError> {
        let (shape, parameters) = (self.shape(context.input)?, context.parameters);
        let operation = DepthwiseOperation::new(shape, self.activation, context.rounds(), parameters);
        Ok(context.single(Op::plain(operation)))
    }
}

/// A depthwise convolution ready to run. Its kernels add the bias and apply ReLU; other activations follow as a pass of
/// their own.
pub(super) struct DepthwiseOperation {
    depthwise: Depthwise,
    shape: ConvShape,
    relu: bool,
    /// Whether inputs, kernel and dZ are rounded to bfloat16 before they are multiplied.
    rounds: bool,
    /// Where the rounded kernel lies among the derived weights.
    rounded: usize,
    activate: Activate,
    kernel: Range<usize>,
    bias: Option<Range<usize>>,
}

impl DepthwiseOperation {
    /// With the kernel and, if there are two parameters, the bias.
    pub(super) fn new(
        shape: ConvShape,
        activation: Activation,
        rounds: bool,
        parameters: &[Parameter],
    ) -> DepthwiseOperation {
        DepthwiseOperation {
            depthwise: Depthwise::new(shape),
            shape,
            relu: activation == Activation::Relu,
            rounds,
            rounded: 0,
            activate: Activate::new(activation, shape.filters),
            kernel: parameters[0].range.clone(),
            bias: parameters.get(1).map(|bias| bias.range.clone()),
        }
    }

    /// Multiplications per output.
    fn taps(&self) -> usize {
        self.shape.kernel[0] * self.shape.kernel[1]
    }

    fn outputs(&self) -> usize {
        self.shape.out_height * self.shape.out_width * self.shape.filters
    }

    fn inputs(&self) -> usize {
        self.shape.height * self.shape.width * self.shape.channels
    }

    /// The kernel as it is multiplied.
    fn multiplied<'a>(&self, weights: Weights<'a>) -> &'a [f32] {
        match self.rounds {
            true => &weights.derived[self.rounded..][..self.kernel.len()],
            false => &weights.values[self.kernel.clone()],
        }
    }

    /// The inputs as they are multiplied, and the scratch that is left.
    fn inputs_multiplied<'a>(&self, x: &'a [f32], scratch: &'a mut [f32]) -> (&'a [f32], &'a mut [f32]) {
        if !self.rounds {
            return (x, scratch);
        }
        let (rounded, rest) = scratch.split_at_mut(x.len());
        round_each(x, rounded);
        (rounded, rest)
    }
}

impl Operation for DepthwiseOperation {
    fn buffer_sizes(&self, images: usize) -> BufferSizes {
        let rounded = if self.rounds { images * self.inputs() } else { 0 };
        let (keep, scratch) = (self.activate.keep(self.outputs()), rounded + self.depthwise.scratch_len());
        BufferSizes { keep, scratch, ..BufferSizes::default() }
    }

    fn derived_lens(&self) -> Vec<usize> {
        if self.rounds { vec![self.kernel.len()] } else { Vec::new() }
    }

    fn place_derived(&mut self, starts: &[usize]) {
        self.rounded = starts.first().copied().unwrap_or(0);
    }

    fn derive(&self, _: usize, weights: &[f32], derived: &mut [f32]) {
        round_each(&weights[self.kernel.clone()], derived);
    }

    fn forward(&self, context: &ChunkContext, weights: Weights, x: &[f32], y: &mut [f32], buffers: Buffers) {
        let (x, scratch) = self.inputs_multiplied(x, buffers.scratch);
        self.depthwise.forward(DepthwiseForward {
            images: context.images,
            x,
            kernel: self.multiplied(weights),
            bias: self.bias.clone().map(|bias| &weights.values[bias]),
            relu: self.relu,
            y,
            scratch,
        });
        if !self.relu {
            self.activate.forward_in_place(y, buffers.keep);
        }
    }

    fn backward(&self, context: &ChunkContext, weights: Weights, pass: Backward, buffers: Buffers) {
        self.activate.backward(buffers.keep, pass.y, pass.d_y);
        if self.rounds {
            round_in_place(pass.d_y);
        }
        let (x, scratch) = self.inputs_multiplied(pass.x, buffers.scratch);
        let (d_kernel, d_bias) = kernel_and_bias(pass.d_weights, &self.kernel, self.bias.as_ref());
        self.depthwise.backward(DepthwiseBackward {
            images: context.images,
            piece: pass.piece,
            x,
            d_y: pass.d_y,
            kernel: self.multiplied(weights),
            d_x: pass.d_x,
            d_kernel,
            d_bias,
            scratch,
        });
    }

    fn trains(&self) -> bool {
        true
    }

    fn is_cheap(&self) -> bool {
        self.taps() <= CHEAP
    }

    fn flops(&self) -> [u64; 3] {
        [2 * (self.outputs() * self.taps()) as u64; 3]
    }
}
