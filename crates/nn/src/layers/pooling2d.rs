//! What the pooling layers share: where their windows stand.

use toile_kernels::pooling::PoolShape;

use crate::shape::{ShapeError, Window, image};
use crate::{ImageShape, Shape};

/// The windows of the layer of this name.
pub(super) fn windows(layer: &str, input: Shape, window: Window) -> Result<PoolShape, ShapeError> {
    let input = image(layer, input)?;
    let Window { size: pool, strides, .. } = window;
    let ([pad_top, pad_left], [out_height, out_width]) = window.places(layer, "window", input)?;
    let ImageShape { height, width, channels } = input;
    Ok(PoolShape { height, width, channels, pool, strides, pad_top, pad_left, out_height, out_width })
}

/// The shape that comes out.
pub(super) fn pooled(windows: PoolShape) -> Shape {
    let PoolShape { out_height: height, out_width: width, channels, .. } = windows;
    Shape::Image(ImageShape { height, width, channels })
}
