//! Records for programs: JSON and CSV.

mod csv;
mod flatten;
mod history;
mod json;
mod results;

pub use flatten::{choice, flatten};
pub use history::history_csv;
pub use json::results_json;
pub use results::results_csv;
