//! Tests from outside are one program per crate, which names its files: others would be skipped in silence.

use super::*;

/// The files and folders of tests of a crate that neither its `main.rs` nor its `Cargo.toml` names.
fn unnamed(tests: &Path, main: &str, manifest: &str) -> Vec<String> {
    let names: BTreeSet<&str> =
        main.lines().filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';')).collect();
    let Ok(entries) = fs::read_dir(tests) else { return Vec::new() };
    let mut found: Vec<String> = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        let is_code = path.extension().is_some_and(|ending| ending == "rs") || path.join("mod.rs").is_file();
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let is_program = stem == "main" || manifest.contains(&format!("\"tests/{stem}.rs\""));
        if is_code && !is_program && !names.contains(stem.as_str()) {
            found.push(stem);
        }
    }
    found
}

#[test]
fn every_file_of_tests_belongs_to_a_test_program() {
    for (name, _) in ARROWS {
        let folder = root().join("crates").join(name);
        let tests = folder.join("tests");
        if !tests.is_dir() {
            continue;
        }
        let manifest = read(&folder.join("Cargo.toml"));
        assert!(manifest.contains("autotests = false"), "{name}: its tests are one program, see the others");
        let main = read(&tests.join("main.rs"));
        assert_eq!(unnamed(&tests, &main, &manifest), [""; 0], "{name}: `tests/main.rs` does not name them");
    }
}

#[test]
fn a_file_that_nobody_names_is_found() {
    let tests = root().join("crates/toile/tests");
    let main = read(&tests.join("main.rs"));
    assert_eq!(unnamed(&tests, &main.replace("mod output;", ""), ""), ["output"]);
}
