//! `toile init`: a study file to start from: a commented one, or a built-in study.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::args::InitArgs;
use crate::failure::Failure;
use crate::terminal::safe_name;
use crate::{Completion, terminal};

/// Writes the file, unless there is one.
pub(crate) fn run(args: &InitArgs) -> Result<Completion, Failure> {
    let text = match &args.from {
        Some(name) => built_in(name)?,
        None => toile_study::starter(),
    };
    let path = args.file.display();
    match write(&args.file, text) {
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

/// The text of a built-in study.
fn built_in(name: &str) -> Result<&'static str, Failure> {
    toile_study::built_in(name).ok_or_else(|| {
        let names = toile_study::built_in_names();
        let near = toile_study::nearest(name, names.iter().copied());
        let near = near.map_or(String::new(), |near| format!("did you mean `{near}`? "));
        Failure::new(format!("no built-in study is named `{}`", safe_name(name)))
            .help(format!("{near}built-in studies: {}", names.join(", ")))
    })
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes()).inspect_err(|_| {
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
