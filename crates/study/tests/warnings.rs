//! Valid study files whose settings do nothing, or other than their names say, and what is said of them, word for word.
//!
//! `warnings/` holds pairs of files, as `faults/` does. To add a case, write the `.toml`, let the `.txt` be written,
//! and read it:
//!
//! ```sh
//! UPDATE_WARNINGS=1 cargo test -p toile-study --test all warnings::
//! ```

use std::fs;
use std::path::{Path, PathBuf};

use toile_study::{DataShape, built_in, built_in_names, check, starter};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(name)
}

fn study_files(name: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder(name)).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|e| e == "toml")).collect();
    files.sort();
    files
}

/// A line for each warning.
fn warnings(text: &str, name: &str) -> String {
    let study = check(text, name, None).unwrap_or_else(|faults| panic!("{faults}"));
    study.warnings.iter().map(|warning| format!("{warning}\n")).collect()
}

#[test]
fn every_setting_without_effect_gets_its_warning_word_for_word() {
    let files = study_files("warnings");
    assert!(files.len() >= 8, "only {} files", files.len());
    for path in files {
        let said = warnings(&fs::read_to_string(&path).unwrap(), &path.display().to_string());
        if std::env::var_os("UPDATE_WARNINGS").is_some() {
            fs::write(path.with_extension("txt"), &said).unwrap();
        }
        let expected = fs::read_to_string(path.with_extension("txt")).unwrap_or_default();
        assert_eq!(said, expected, "{}", path.display());
        assert!(!said.is_empty(), "{} has no warning", path.display());
    }
}

/// What depends on the data is said once they are known.
#[test]
fn five_guesses_of_five_classes_are_always_right() {
    let text =
        include_str!("valid/run.toml").replace("fashion-mnist", "./mine").replace("units = 10", "units = 5")
            + "callbacks = [{ best_weights = { monitor = \"val_top_5_accuracy\" } }]\n";
    let image = toile_nn::ImageShape { height: 28, width: 28, channels: 1 };
    let shape = DataShape { image, classes: 5, images: 100, first_label: 0, own_validation: 0 };
    let study = check(&text, "s.toml", Some(shape)).unwrap_or_else(|faults| panic!("{faults}"));
    let said: Vec<String> = study.warnings.iter().map(ToString::to_string).collect();
    let expected =
        "val_top_5_accuracy is 1 throughout: of 5 classes, the right one is always among the first five";
    assert_eq!(said, [format!("line 19: {expected}")]);
}

/// A warning that comes with sound studies is soon not read any more.
#[test]
fn sound_studies_have_no_warning() {
    let built_in =
        built_in_names().into_iter().map(|name| (name.to_string(), built_in(name).unwrap().to_string()));
    let starter = ("the starter".to_string(), starter().to_string());
    for (name, text) in built_in.chain([starter]) {
        assert_eq!(warnings(&text, &name), "", "{name}");
    }
}
