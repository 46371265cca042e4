//! The folder of a study that is to be looked at; where there is none, what is there in its place.

use std::path::{Path, PathBuf};

use toile_store::{STORE_FILE, Store};

use crate::failure::Failure;
use crate::terminal::safe_names;

const WHICH: &str =
    "a study's folder is the one that `toile run` names after `folder`, by default `results/NAME`";

/// So many studies are named where one is to be chosen.
const MOST_NAMED: usize = 8;

/// Opens a study's folder to look at it; `command` is what the user typed, to be shown with the right folder.
pub(crate) fn open(dir: &Path, command: &str) -> Result<Store, Failure> {
    if !has_store(dir) {
        return Err(no_study(dir, command));
    }
    Ok(Store::open_read_only(dir)?)
}

fn has_store(dir: &Path) -> bool {
    dir.join(STORE_FILE).is_file()
}

fn no_study(dir: &Path, command: &str) -> Failure {
    let shown = dir.display();
    let corrected = |folder: &Path| format!("`toile {command} {}`", quoted(folder));
    if !dir.exists() {
        let near = dir.parent().map(if_empty_here).map(studies_in).unwrap_or_default();
        return Failure::new(format!("there is no folder `{shown}`")).help(match near.is_empty() {
            true => WHICH.into(),
            false => format!("next to it are the studies {}", listed(&near)),
        });
    }
    if !dir.is_dir() {
        let folder = dir.parent().map(if_empty_here).filter(|folder| has_store(folder));
        return Failure::new(format!("`{shown}` is a file, expected a study's folder")).help(match folder {
            Some(folder) => corrected(folder),
            None => WHICH.into(),
        });
    }
    let inside = studies_in(dir);
    let failure = Failure::new(format!("`{shown}` holds no study: there is no `{STORE_FILE}` in it"));
    match &inside[..] {
        [] => failure.help("`toile run STUDY --out DIR` makes one, by default in `results/NAME`"),
        [first, ..] => {
            failure.help(format!("its folders hold the studies {}: {}", listed(&inside), corrected(first)))
        }
    }
}

fn if_empty_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

/// As it must be typed.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains(' ') { format!("\"{text}\"") } else { text }
}

/// The folders of studies in a folder, by name.
fn studies_in(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| has_store(path)).collect();
    found.sort();
    found
}

fn listed(folders: &[PathBuf]) -> String {
    let names: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
    let named = safe_names(names.iter().take(MOST_NAMED).map(String::as_str));
    match names.len().checked_sub(MOST_NAMED) {
        None | Some(0) => named,
        Some(more) => format!("{named} and {more} more"),
    }
}
