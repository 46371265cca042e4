//! `toile init`: a commented study file to start from.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::args::InitArgs;
use crate::failure::Failure;
use crate::{Completion, terminal};

/// Writes the file, unless there is one.
pub(crate) fn run(args: &InitArgs) -> Result<Completion, Failure> {
    let path = args.file.display();
    match write(&args.file) {
        Ok(()) => {
            let name = as_argument(&args.file);
            terminal::out(&format!(
                "wrote {path}; `toile plan {name}` shows what it will do, `toile run {name}` does it\n"
            ))?;
            Ok(Completion::Done)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            Err(Failure::new(format!("`{path}` exists already, and is left as it is"))
                .help("name another file: `toile init other.toml`"))
        }
        Err(error) => Err(Failure::new(format!("cannot write `{path}`: {error}"))
            .help("name a file in a folder that exists and that you may write to: `toile init other.toml`")),
    }
}

fn write(path: &Path) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(toile_study::starter().as_bytes()).inspect_err(|_| {
        // Half a file would be in the way of the next attempt; if it cannot be removed, that attempt says so.
        let _ = std::fs::remove_file(path);
    })
}

/// The file as it must be typed: not taken for a built-in study, and one word for the shell.
fn as_argument(path: &Path) -> String {
    let name = path.display().to_string();
    let name = if toile_study::built_in(&name).is_some() { format!("./{name}") } else { name };
    if name.contains(char::is_whitespace) { format!("\"{name}\"") } else { name }
}
