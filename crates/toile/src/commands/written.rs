//! Files that commands write: each whole or not at all, read once more, and none over what is there.

use std::path::{Path, PathBuf};

use toile_store::{read_file, write_atomic};

use crate::failure::Failure;

/// What to do where a file of an export is in the way.
pub(super) const OTHER_FILE: &str = "name another file, or replace it with `--force`";

/// Writes files, none if one of them is there already. `otherwise` says what to do then.
pub(super) fn write(files: &[(PathBuf, Vec<u8>)], force: bool, otherwise: &str) -> Result<(), Failure> {
    for (path, _) in files {
        refuse_to_overwrite(path, force, otherwise)?;
    }
    for (path, bytes) in files {
        write_atomic(path, bytes)?;
        is_as_written(path, bytes)?;
    }
    Ok(())
}

/// # Errors
/// If something is there already and may not be replaced; never a folder.
pub(super) fn refuse_to_overwrite(path: &Path, force: bool, otherwise: &str) -> Result<(), Failure> {
    let shown = path.display();
    match path.symlink_metadata() {
        Ok(found) if found.is_dir() => {
            Err(Failure::new(format!("`{shown}` is a folder")).help("name a file: `--out network.onnx`"))
        }
        Ok(_) if !force => {
            Err(Failure::new(format!("`{shown}` exists already: it is left as it is")).help(otherwise))
        }
        _ => Ok(()),
    }
}

/// Reads what was written once more.
fn is_as_written(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    match read_file(path, bytes.len() as u64) {
        Ok(found) if found == bytes => Ok(()),
        Ok(_) => Err(Failure::new(format!("`{}` does not hold what was written to it", path.display()))),
        Err(error) => Err(Failure::new(format!("`{}` cannot be read back: {error}", path.display()))),
    }
}
