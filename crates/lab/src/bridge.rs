//! Between a server and a study's folder: runs that the folder has go there, everything comes back.

use std::path::Path;

use toile_record::{RunRecord, State, StudyRecord};
use toile_store::{Store, StoreError, folder_inside, is_below, read_file, sha256_hex, write_atomic};

/// The name of the file of a run's weights in its folder.
const WEIGHTS: &str = "weights.safetensors";

/// What is wrong with the file of a run's weights, if something is: it is gone, or it is another file than was written.
pub fn fault_of_weights(dir: &Path, run: &RunRecord) -> Option<String> {
    run.weights_sha256.as_ref()?;
    intact_weights(dir, run).err()
}

/// The file of a run's weights as it was written, or what is wrong with it.
pub(crate) fn intact_weights(dir: &Path, run: &RunRecord) -> Result<Vec<u8>, String> {
    match read_weights(dir, run) {
        Ok(bytes) => as_recorded(bytes, run),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err("its weights are gone".into()),
        Err(error) => Err(format!("its weights cannot be read: {error}")),
    }
}

/// The bytes of a run's weights, if they are those of its record.
pub(crate) fn as_recorded(bytes: Vec<u8>, run: &RunRecord) -> Result<Vec<u8>, String> {
    match Some(sha256_hex(&bytes)) == run.weights_sha256 {
        true => Ok(bytes),
        false => Err("its weights are not those that were written".into()),
    }
}

/// Four bytes for each number, and the names before them.
fn read_weights(dir: &Path, run: &RunRecord) -> std::io::Result<Vec<u8>> {
    let numbers = (run.summary.trainable + run.summary.non_trainable) as u64;
    let most = numbers.saturating_mul(4).saturating_add(1 << 20);
    if !is_below(&run.folder) {
        return Err(std::io::Error::other("its folder leads out of the study's"));
    }
    read_file(&dir.join(&run.folder).join(WEIGHTS), most)
}

/// Brings runs that were trained in a folder to a server that does not have them, with their weights and the openings
/// of the test part: nothing is trained twice.
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
        if let Ok(bytes) = intact_weights(dir, run) {
            server.put_weights(&study.name, &run.id, &bytes)?;
        }
    }
    let openings = folder.test_openings(&study.name)?;
    openings.iter().try_for_each(|opening| server.save_test_opening(&study.name, opening))
}

/// Writes a study of a server into a folder: its records, and the weights of each run whose file is missing there or is
/// another one.
pub fn fetch(server: &Store, study: &str, folder: &Store, dir: &Path) -> Result<(), StoreError> {
    let records = server.records(Some(study))?;
    folder.copy_study(&records)?;
    for run in records.runs.iter().filter(|run| run.state == State::Complete) {
        if run.weights_sha256.is_none() || fault_of_weights(dir, run).is_none() {
            continue;
        }
        if let Some(bytes) = server.weights(study, &run.id)? {
            write_atomic(&folder_inside(dir, &run.folder)?.join(WEIGHTS), &bytes)?;
        }
    }
    Ok(())
}
