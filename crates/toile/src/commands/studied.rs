//! The records of a study that commands look at: of a folder, or of a server.

use std::path::Path;

use toile_record::Records;
use toile_store::Store;

use crate::failure::Failure;
use crate::terminal::{safe_name, suggestion};
use crate::{places, study_folder};

/// The store with the study of this name, or with the only one there, and the study's name where it must be said.
/// `command` is what the user typed.
pub(crate) fn opened(
    storage: &str,
    study: Option<&str>,
    command: &str,
) -> Result<(Store, Option<String>), Failure> {
    if !places::is_address(storage) {
        return Ok((study_folder::open(Path::new(storage), command)?, study.map(str::to_owned)));
    }
    let server = places::server(storage)?;
    let study = places::study_in(&server, study)?;
    Ok((server, Some(study)))
}

/// The records of that study.
pub(crate) fn records(storage: &str, study: Option<&str>, command: &str) -> Result<Records, Failure> {
    let (store, study) = opened(storage, study, command)?;
    Ok(store.records(study.as_deref())?)
}

/// No run has the name that was asked for. The known ones stand in their order; a run of several seeds counts once.
pub(crate) fn no_run<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let mut known: Vec<&str> = known.collect();
    known.dedup();
    Failure::new(format!("the study has no run `{}`", safe_name(name)))
        .help(suggestion(name, known.iter().copied()))
}
