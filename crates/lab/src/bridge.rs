//! Between a server and a study's folder: runs that the folder has go there, everything comes back.

use std::path::Path;

use toile_record::{RunRecord, State, StudyRecord};
use toile_store::{Store, StoreError, create_folder, sha256_hex, write_atomic};

/// The file of a run's weights in the study's folder.
fn weights_file(dir: &Path, run: &RunRecord) -> std::path::PathBuf {
    dir.join(&run.folder).join("weights.safetensors")
}

/// Brings runs that were trained in a folder to a server that does not have them, with their weights: nothing is
/// trained twice.
pub(crate) fn bring(
    study: &StudyRecord,
    folder: &Store,
    dir: &Path,
    server: &Store,
) -> Result<(), StoreError> {
    folder.save_study(study)?;
    let runs = folder.all_runs(&study.name)?;
    let copied = server.copy_runs(study, &runs)?;
    for run in runs.iter().filter(|run| copied.contains(&run.id)) {
        if let Ok(bytes) = std::fs::read(weights_file(dir, run))
            && Some(sha256_hex(&bytes)) == run.weights_sha256
        {
            server.put_weights(&study.name, &run.id, &bytes)?;
        }
    }
    Ok(())
}

/// Writes a study of a server into a folder: its records, and the weights of each run whose file is missing there or is
/// another one.
pub fn fetch(server: &Store, study: &str, folder: &Store, dir: &Path) -> Result<(), StoreError> {
    let records = server.records(Some(study))?;
    folder.copy_study(&records)?;
    for run in records.runs.iter().filter(|run| run.state == State::Complete) {
        let file = weights_file(dir, run);
        let there = std::fs::read(&file).ok().map(|bytes| sha256_hex(&bytes));
        if there.is_some() && there == run.weights_sha256 {
            continue;
        }
        if let Some(bytes) = server.weights(study, &run.id)? {
            file.parent().map_or(Ok(()), create_folder)?;
            write_atomic(&file, &bytes)?;
        }
    }
    Ok(())
}
