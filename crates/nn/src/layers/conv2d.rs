//! Conv2D: the same small kernel at every place of the image.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_kernels::bf16::PlateConv;
use toile_kernels::conv::{Conv, ConvShape};

use super::convolution::{ConvOperation, conv_shape, convolved};
use super::plates::{self, PlateConvOperation, is_in_plates};
use super::{Layer, LayerContext, LayerSettings, Operations};
use crate::engine::Op;
use crate::parameters::Wanted;
use crate::shape::{ShapeError, Window};
use crate::{Activation, Initializer, Padding, Shape};

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

    /// The kernel as it is moved over the image.
    fn moved(&self) -> Window {
        Window { size: self.kernel_size, strides: self.strides, padding: self.padding }
    }

    /// The convolution of these images as the kernels see it.
    fn shape(&self, input: Shape) -> Result<ConvShape, ShapeError> {
        conv_shape("conv2d", input, self.moved(), self.filters)
    }
}

impl LayerSettings for Conv2D {
    fn name(&self) -> &'static str {
        "conv2d"
    }

    fn class_name(&self) -> &'static str {
        "Conv2D"
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

    fn wanted(&self, input: Shape) -> Vec<Wanted> {
        let [kh, kw] = self.kernel_size;
        let kernel = Wanted {
            l2: self.l2,
            ..Wanted::trainable("kernel", &[kh, kw, input.channels(), self.filters], self.kernel_initializer)
        };
        let bias = Wanted::trainable("bias", &[self.filters], self.bias_initializer);
        if self.use_bias { vec![kernel, bias] } else { vec![kernel] }
    }

    /// Max pooling of 2 × 2 pixels, where the kernels' estimate says that this is not slower.
    fn takes_in(&self, input: Shape, next: &Layer) -> bool {
        self.activation.is_in_convolution()
            && next.is_pooling_by_two()
            && self.shape(input).is_ok_and(|shape| Conv::can_pool(&shape))
    }

    fn writes_plates(&self) -> bool {
        is_in_plates(self.activation)
    }

    fn reads_plates(&self, input: Shape) -> bool {
        self.shape(input).is_ok_and(|shape| PlateConv::takes_plates(&shape))
    }

    fn operations(&self, context: &LayerContext) -> Result<Operations, ShapeError> {
        let (shape, parameters) = (self.shape(context.input)?, context.parameters);
        if context.rounds() {
            let forms = plates::forms(context);
            let operation =
                PlateConvOperation::new(shape, self.activation, context.takes_in, forms, parameters);
            return Ok(context.single(Op::plain(operation)));
        }
        let operation = ConvOperation::new(shape, self.activation, context.takes_in, parameters);
        Ok(context.single(Op::plain(operation)))
    }
}
