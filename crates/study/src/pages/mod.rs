//! Pages about the study file and studies that come with the program: the reference page, the list of all choices, the
//! JSON Schema for editors, the built-in studies and the file to begin with.

pub(crate) mod built_in;
pub(crate) mod json_schema;
pub(crate) mod list;
pub(crate) mod own_data;
pub(crate) mod reference;
