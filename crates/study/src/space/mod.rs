//! Spaces of the study file: ranges become parameters, and settings with ranges become templates.

pub(crate) mod corners;
pub(crate) mod labels;
mod model;
mod search_space;
pub(crate) mod template;
mod values;

pub(crate) use corners::corners;
pub(crate) use model::{MAX_LAYERS, ModelSpace};
pub(crate) use search_space::SearchSpace;
pub(crate) use values::read_values;
