//! Spaces of the study file: ranges become parameters, and settings with ranges become templates.

mod corners;
pub(crate) mod labels;
mod model;
pub(crate) mod template;
mod values;
mod whole;

pub(crate) use corners::corners;
pub(crate) use model::{MOST_LAYERS, ModelSpace};
pub(crate) use values::read_values;
pub(crate) use whole::Whole;
