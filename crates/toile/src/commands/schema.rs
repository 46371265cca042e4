//! `toile schema`: what a study file may say, as a JSON Schema for editors or as a page for people.

use crate::args::SchemaArgs;
use crate::failure::Failure;
use crate::{Completion, terminal};

/// Prints it.
pub(crate) fn run(args: &SchemaArgs) -> Result<Completion, Failure> {
    let text = if args.markdown { toile_study::reference_page() } else { json()? };
    terminal::out(&text)?;
    Ok(Completion::Done)
}

fn json() -> Result<String, Failure> {
    serde_json::to_string_pretty(&toile_study::json_schema())
        .map(|text| format!("{text}\n"))
        .map_err(|error| Failure::new(format!("cannot write the schema: {error}")))
}
