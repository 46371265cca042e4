//! The records of a study that commands look at: of a folder, or of a server.

use std::path::Path;

use toile_record::Records;

use crate::failure::Failure;
use crate::{places, study_folder};

/// The records of the study of this name, or of the only one there. `command` is what the user typed.
pub(crate) fn records(storage: &str, study: Option<&str>, command: &str) -> Result<Records, Failure> {
    if !places::is_address(storage) {
        return Ok(study_folder::open(Path::new(storage), command)?.records(study)?);
    }
    let server = places::server(storage)?;
    let study = places::study_in(&server, study)?;
    Ok(server.records(Some(&study))?)
}
