//! SeparableConv2D: kernels for each channel by itself, then sums over the channels.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::bf16::{PlateForms, ValueForm};
use toile_kernels::conv::ConvShape;

use super::convolution::{ConvOperation, conv_shape, convolved};
use super::depthwise_conv2d::{DepthwiseOperation, depthwise_shape};
use super::plates::PlateConvOperation;
use super::{LayerContext, LayerSettings, Operations, within_limits};
use crate::engine::Op;
use crate::parameters::Wanted;
use crate::shape::{ShapeError, Window};
use crate::{Activation, Initializer, Padding, Shape};

/// A depthwise convolution, kernel (kh, kw, channels, depth_multiplier), without bias and activation; then a
/// convolution of 1 × 1 pixels over all its channels, kernel (1, 1, channels × depth_multiplier, filters).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeparableConv2D {
    /// Number of output channels.
    #[schemars(range(min = 1))]
    pub filters: usize,
    /// Height and width of the depthwise kernels.
    #[schemars(inner(range(min = 1)))]
    pub kernel_size: [usize; 2],
    /// Steps down and across.
    #[serde(default = "crate::one_by_one")]
    #[schemars(inner(range(min = 1)))]
    pub strides: [usize; 2],
    /// `valid`: only where the kernel fits; `same`: zeros around the image.
    #[serde(default)]
    pub padding: Padding,
    /// Channels between the two convolutions, for each input channel.
    #[serde(default = "super::one")]
    #[schemars(range(min = 1))]
    pub depth_multiplier: usize,
    /// Applied to each output.
    #[serde(default)]
    pub activation: Activation,
    /// Whether a bias per filter is added.
    #[serde(default = "crate::yes")]
    pub use_bias: bool,
    /// Where the depthwise kernels start.
    #[serde(default)]
    pub depthwise_initializer: Initializer,
    /// Where the pointwise kernel starts.
    #[serde(default)]
    pub pointwise_initializer: Initializer,
    /// Where the bias starts.
    #[serde(default = "crate::zeros")]
    pub bias_initializer: Initializer,
}

impl SeparableConv2D {
    /// A layer of so many filters of this size, everything else as Keras' defaults.
    pub fn new(filters: usize, kernel_size: [usize; 2]) -> SeparableConv2D {
        SeparableConv2D {
            filters,
            kernel_size,
            strides: [1, 1],
            padding: Padding::Valid,
            depth_multiplier: 1,
            activation: Activation::Linear,
            use_bias: true,
            depthwise_initializer: Initializer::GlorotUniform,
            pointwise_initializer: Initializer::GlorotUniform,
            bias_initializer: Initializer::Zeros,
        }
    }

    /// The kernel as it is moved over the image.
    fn moved(&self) -> Window {
        Window { size: self.kernel_size, strides: self.strides, padding: self.padding }
    }

    /// The two convolutions as the kernels see them.
    fn convolutions(&self, input: Shape) -> Result<[ConvShape; 2], ShapeError> {
        let depthwise = depthwise_shape(self.name(), input, self.moved(), self.depth_multiplier)?;
        let between = within_limits(convolved(depthwise))?;
        let pixel = Window { size: [1, 1], strides: [1, 1], padding: Padding::Valid };
        Ok([depthwise, conv_shape(self.name(), between, pixel, self.filters)?])
    }
}

impl LayerSettings for SeparableConv2D {
    fn name(&self) -> &'static str {
        "separable_conv2d"
    }

    fn class_name(&self) -> &'static str {
        "SeparableConv2D"
    }

    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        self.convolutions(input).map(|[_, pointwise]| convolved(pointwise))
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
        let depthwise = [kh, kw, channels, self.depth_multiplier];
        let pointwise = [1, 1, channels.saturating_mul(self.depth_multiplier), self.filters];
        let depthwise = Wanted::trainable("depthwise_kernel", &depthwise, self.depthwise_initializer);
        let pointwise = Wanted::trainable("pointwise_kernel", &pointwise, self.pointwise_initializer);
        let bias = Wanted::trainable("bias", &[self.filters], self.bias_initializer);
        if self.use_bias { vec![depthwise, pointwise, bias] } else { vec![depthwise, pointwise] }
    }

    fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError> {
        let [depthwise, pointwise] = self.convolutions(context.input)?;
        let (kernel, others) = context.parameters.split_at(1);
        let between = convolved(depthwise).values();
        let depthwise = DepthwiseOperation::new(depthwise, Activation::Linear, context.rounds(), kernel);
        let pointwise = if context.rounds() {
            let rows = PlateForms { input: ValueForm::Rows, output: ValueForm::Rows };
            Op::plain(PlateConvOperation::new(pointwise, self.activation, false, rows, others))
        } else {
            Op::plain(ConvOperation::new(pointwise, self.activation, false, others))
        };
        Ok(vec![(Op::plain(depthwise), between), (pointwise, context.outputs)])
    }
}
