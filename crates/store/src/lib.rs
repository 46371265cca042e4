//! What is kept of a study, and the only place that talks SQL.

mod record;

pub use record::*;
