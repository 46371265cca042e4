//! `toile schema`: the JSON Schema of the study file, for editors.

use crate::failure::Failure;
use crate::{Ending, terminal};

/// Prints it.
pub fn run() -> Result<Ending, Failure> {
    let text = serde_json::to_string_pretty(&toile_study::json_schema())
        .map_err(|error| Failure::new(format!("cannot write the schema: {error}")))?;
    terminal::out(&format!("{text}\n"))?;
    Ok(Ending::Done)
}
