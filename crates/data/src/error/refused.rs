//! What a format or an archive cannot take.

use super::DataError;
use std::path::Path;

impl DataError {
    /// A fault of a file, and what to do about it.
    pub(crate) fn refused(file: &Path, fault: impl Into<String>, help: impl Into<String>) -> DataError {
        DataError::Refused { file: file.to_path_buf(), fault: fault.into(), help: help.into() }
    }

    /// A fault of an archive, or of a file in it.
    pub(crate) fn archive(file: &Path, fault: impl Into<String>) -> DataError {
        let help = "compare the archive with its source (`unzip -t` or `tar -tf` tell whether it is whole), or unpack it \
                    yourself and name the folder";
        DataError::refused(file, fault, help)
    }
}
