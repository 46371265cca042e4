//! Spaces of the study file: ranges become parameters, and settings with ranges become templates.

pub(crate) mod template;
