//! `toile schema`: what a study file may say, as a JSON Schema for editors or as a page for people.

use crate::args::SchemaArgs;
use crate::failure::Failure;
use crate::{Completion, terminal};

/// Prints it.
pub(crate) fn run(args: &SchemaArgs) -> Result<Completion, Failure> {
    match args.markdown {
        true => terminal::out(&toile_study::reference_page())?,
        false => terminal::out_json(&toile_study::json_schema())?,
    }
    Ok(Completion::Done)
}
