//! Flatten: an image as one row.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{LayerContext, LayerSettings, Operations};
use crate::Shape;
use crate::shape::ShapeError;

/// (height, width, channels) becomes (height × width × channels), row by row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Flatten {}

impl LayerSettings for Flatten {
    fn name(&self) -> &'static str {
        "flatten"
    }

    fn class_name(&self) -> &'static str {
        "Flatten"
    }

    fn output_shape(&self, input: Shape) -> Result<Shape, ShapeError> {
        Ok(Shape::Flat(input.values()))
    }

    fn moves_values(&self) -> bool {
        false
    }

    fn operations(&self, _: &LayerContext) -> Result<Operations, ShapeError> {
        Ok(Vec::new())
    }
}
