//! Wrong study files and the messages of the check about them, word for word.
//!
//! `faults/` holds pairs of files: a study file (`.toml`) and the message about it (`.txt`). To add a case, write the
//! `.toml`, let the `.txt` be written, and read it:
//!
//! ```sh
//! UPDATE_FAULTS=1 cargo test -p toile-study --test all faults::
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use toile_study::check;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults")
}

/// All files of a folder and of the folders in it.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// The study file of each case.
fn study_files() -> Vec<PathBuf> {
    let mut all = files(&folder());
    all.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    all.sort();
    all
}

/// The check's message about a study file, which it calls by its path in the folder.
fn message(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("a study file");
    let name =
        path.strip_prefix(folder()).expect("a path in the folder").to_string_lossy().replace('\\', "/");
    check(&text, &name, None)
        .err()
        .map_or_else(|| panic!("{name} has no fault"), |faults| format!("{faults}\n"))
}

/// The first line in which a message is not as it should be; `None` if there is none.
fn difference(path: &Path) -> Option<String> {
    let expected = fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
    let found = message(path);
    if found == expected {
        return None;
    }
    let differs = |(expected, found): &(&str, &str)| expected != found;
    let line = expected.lines().zip(found.lines()).find(differs).unwrap_or((&expected, &found));
    Some(format!("{}\nexpected: {}\n   found: {}\n", path.display(), line.0, line.1))
}

/// Fails on a wrong file without its message, on a message without its file, and on anything else in the folder.
fn assert_pairs() {
    let mut endings: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for path in files(&folder()) {
        let ending = path.extension().map_or(String::new(), |ending| ending.to_string_lossy().into_owned());
        endings.entry(path.with_extension("")).or_default().push(ending);
    }
    for (case, mut endings) in endings {
        endings.sort();
        assert_eq!(endings, ["toml", "txt"], "{}", case.display());
    }
}

#[test]
fn every_wrong_file_gets_its_message_word_for_word() {
    let files = study_files();
    assert!(files.len() > 200, "only {} files", files.len());
    if std::env::var_os("UPDATE_FAULTS").is_some() {
        for path in &files {
            fs::write(path.with_extension("txt"), message(path)).expect("the message is written");
        }
    }
    assert_pairs();
    let differences: Vec<String> = files.iter().filter_map(|path| difference(path)).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
