//! `toile init`: a commented study file to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use crate::args::InitArgs;
use crate::failure::Failure;
use crate::{Ending, terminal};

/// Writes the file, unless there is one.
pub fn run(args: &InitArgs) -> Result<Ending, Failure> {
    let path = args.file.display();
    let file = OpenOptions::new().write(true).create_new(true).open(&args.file);
    let written = file.and_then(|mut file| file.write_all(toile_study::starter().as_bytes()));
    match written {
        Ok(()) => {
            terminal::out(&format!(
                "wrote {path}; `toile plan {path}` shows what it will do, `toile run {path}` does it\n"
            ))?;
            Ok(Ending::Done)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(Failure::new(format!("`{path}` exists already, and is left as it is"))
                .help("name another file: `toile init other.toml`"))
        }
        Err(error) => Err(Failure::new(format!("cannot write `{path}`: {error}"))),
    }
}
