//! Where the numbers go: tables on standard output, JSON in a file or in their place.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::print;
use crate::failure::Failure;

/// What the user asked for.
pub(super) struct BenchOutput<'a> {
    json: Option<&'a Path>,
}

impl<'a> BenchOutput<'a> {
    /// Makes sure that the file can be written, before minutes are spent on what belongs in it.
    pub(super) fn new(json: Option<&'a Path>) -> Result<BenchOutput<'a>, Failure> {
        let output = BenchOutput { json };
        match output.file().map(|path| (path, can_be_written(path))) {
            Some((path, Err(error))) => Err(refused(path, &error.to_string())),
            _ => Ok(output),
        }
    }

    fn file(&self) -> Option<&'a Path> {
        self.json.filter(|path| path.as_os_str() != "-")
    }

    /// Prints and writes what was measured.
    pub(super) fn give(&self, document: &Value, text: &dyn Fn() -> String) -> Result<(), Failure> {
        let json = serde_json::to_string_pretty(document)
            .map_err(|error| Failure::new(format!("cannot write the numbers as JSON: {error}")))?;
        let json = json + "\n";
        match (self.json, self.file()) {
            (Some(_), None) => print(&json),
            (_, Some(path)) => {
                // The tables first: should the disk be full, the numbers are not lost.
                print(&text())?;
                toile_store::write_atomic(path, json.as_bytes())
                    .map_err(|error| refused(path, &error.to_string()))
            }
            (None, None) => print(&text()),
        }
    }
}

fn refused(path: &Path, why: &str) -> Failure {
    Failure::new(format!("cannot write `{}`: {why}", path.display()))
        .help("name another file with `--json FILE`, or print the numbers with `--json -`")
}

/// Opens the file as if to write, and leaves all as it was.
fn can_be_written(path: &Path) -> io::Result<()> {
    let was_there = path.exists();
    OpenOptions::new().append(true).create(true).open(path)?;
    if was_there { Ok(()) } else { std::fs::remove_file(path) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_can_be_written_is_left_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("bench.json");
        assert!(BenchOutput::new(Some(&path)).is_ok());
        assert!(!path.exists());
        std::fs::write(&path, "old").unwrap();
        assert!(BenchOutput::new(Some(&path)).is_ok());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert!(BenchOutput::new(Some(dir.path())).is_err());
        assert!(BenchOutput::new(Some(&dir.path().join("gone/bench.json"))).is_err());
    }
}
