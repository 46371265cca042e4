//! The house's nevers, kept by reading the sources: each test is one invariant of ARCHITECTURE.md.

mod families;
mod packages;
mod programs;
mod promises;
mod sizes;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Every crate and the crates of the house that it may lean on. All arrows fall.
const ARROWS: [(&str, &[&str]); 15] = [
    ("record", &[]),
    ("rng", &[]),
    ("kernels", &[]),
    ("stats", &[]),
    ("nn", &["record", "rng", "kernels"]),
    ("data", &["rng"]),
    ("tune", &["record", "rng"]),
    ("store", &["record"]),
    ("judge", &["record", "stats"]),
    ("study", &["record", "rng", "nn", "data", "tune", "judge"]),
    ("lab", &["record", "rng", "nn", "data", "tune", "store", "study"]),
    ("exchange", &["record", "rng", "nn", "store"]),
    ("report", &["record", "store", "stats", "tune", "judge", "study"]),
    ("live", &["record", "store", "report"]),
    (
        "toile",
        &[
            "record", "rng", "kernels", "nn", "data", "store", "judge", "study", "lab", "exchange", "report",
            "live", "tune",
        ],
    ),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files with this ending under a folder, in order.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut all = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            all.extend(files(&path, ending));
        } else if path.to_string_lossy().ends_with(ending) {
            all.push(path);
        }
    }
    all.sort();
    all
}

/// A crate's own code: `src`, without comments and without its unit tests.
fn code(name: &str) -> Vec<(PathBuf, Vec<(usize, String)>)> {
    let sources = files(&root().join("crates").join(name).join("src"), ".rs");
    assert!(!sources.is_empty(), "crate {name} has no sources");
    let tests: Vec<PathBuf> = sources.iter().flat_map(|path| test_modules(path)).collect();
    let is_test =
        |path: &Path| tests.iter().any(|test| path.starts_with(test) || path == test.with_extension("rs"));
    let own = sources.into_iter().filter(|path| !is_test(path));
    own.map(|path| (path.clone(), own_lines(&read(&path)))).collect()
}

/// The folders of the modules that a file declares for tests only: `#[cfg(test)]`, then `mod name;`.
fn test_modules(path: &Path) -> Vec<PathBuf> {
    let text = read(path);
    let folder = path.parent().expect("a source lies in a folder");
    let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or("");
    let own = if matches!(stem, "lib" | "main" | "mod") { folder.to_path_buf() } else { folder.join(stem) };
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declared = lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]");
    declared
        .filter_map(|pair| pair[1].strip_prefix("mod ")?.strip_suffix(';'))
        .map(|name| own.join(name))
        .collect()
}

fn own_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut all = text.lines().enumerate().peekable();
    while let Some((number, line)) = all.next() {
        if line.trim() == "#[cfg(test)]"
            && all.peek().is_some_and(|(_, next)| next.trim().starts_with("mod tests {"))
        {
            break;
        }
        let code = line.split("//").next().unwrap_or("");
        lines.push((number + 1, code.to_string()));
    }
    lines
}

/// Fails with every place in the crate's code where one of the words stands.
fn never(name: &str, words: &[&str], why: &str) {
    let found = places_of(name, words);
    assert!(found.is_empty(), "{name}: {why}\n{}", found.join("\n"));
}

/// Every place in the crate's code where one of the words stands.
fn places_of(name: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, lines) in code(name) {
        for (number, line) in lines {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                found.push(format!("{}:{number}: `{word}`", shown(&path)));
            }
        }
    }
    found
}

#[test]
fn all_arrows_fall() {
    for (name, allowed) in ARROWS {
        let manifest = read(&root().join("crates").join(name).join("Cargo.toml"));
        let own = manifest.split("[dev-dependencies]").next().unwrap_or("");
        for line in own.lines().filter(|line| line.starts_with("toile-")) {
            let target = line.trim_start_matches("toile-").split(['.', ' ', '=']).next().unwrap_or("");
            assert!(allowed.contains(&target), "crate {name} may not lean on {target}");
        }
    }
}

#[test]
fn every_crate_of_the_house_is_on_the_map_and_under_its_lints() {
    let mut crates: Vec<String> = fs::read_dir(root().join("crates"))
        .expect("the crates")
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    crates.sort();
    let mut known: Vec<_> = ARROWS.iter().map(|(name, _)| name.to_string()).collect();
    known.sort();
    assert_eq!(crates, known);
    let map = read(&root().join("ARCHITECTURE.md"));
    for name in crates {
        let manifest = read(&root().join("crates").join(&name).join("Cargo.toml"));
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "crate {name} does not take the workspace's lints"
        );
        assert!(map.contains(&format!("`{name}`")), "ARCHITECTURE.md does not mention `{name}`");
    }
}

#[test]
fn only_kernels_has_unsafe() {
    for (name, _) in ARROWS.into_iter().filter(|(name, _)| *name != "kernels") {
        never(name, &["unsafe ", "allow(unsafe_code)"], "unsafe code belongs into `kernels`");
    }
}

#[test]
fn the_engine_knows_no_file_clock_environment_or_screen() {
    let world =
        ["std::fs", "std::env", "std::time", "std::net", "std::process", "std::io", "println!", "eprintln!"];
    for name in ["rng", "kernels", "nn", "stats"] {
        never(name, &world, "the world belongs to the program");
    }
}

#[test]
fn only_store_talks_sql() {
    for (name, _) in ARROWS.into_iter().filter(|(name, _)| *name != "store") {
        never(name, &["rusqlite", "SELECT ", "INSERT INTO", "CREATE TABLE"], "SQL belongs into `store`");
    }
}

#[test]
fn only_rng_makes_chance() {
    let words = ["getrandom", "thread_rng", "RandomState", "rand::"];
    for (name, _) in ARROWS {
        let mut found = places_of(name, &words);
        found.retain(|place| !place.starts_with(CHANCE));
        assert!(found.is_empty(), "{name}: chance comes from `rng`'s named streams\n{}", found.join("\n"));
    }
    assert!(
        !places_of("toile", &words).is_empty(),
        "{CHANCE} asks the system no more: the exception is over"
    );
}

/// The one place that asks the system for chance: the address of a live page must not be guessed.
const CHANCE: &str = "toile/src/serve/token.rs:";

#[test]
fn only_the_program_reads_the_clock_the_environment_and_its_arguments() {
    let words = ["Instant::now", "SystemTime::now", "env::var", "env::args", "process::exit"];
    for (name, _) in ARROWS.into_iter().filter(|(name, _)| *name != "toile") {
        never(name, &words, "clock, environment and exit belong to the program");
    }
}

#[test]
fn only_the_program_prints() {
    for (name, _) in ARROWS.into_iter().filter(|(name, _)| *name != "toile") {
        never(name, &["println!", "eprintln!", "print!(", "dbg!"], "printing belongs to the program");
    }
}

#[test]
fn the_report_trains_nothing_and_writes_no_file() {
    never("report", &["toile_nn", "std::fs", "File::", "rusqlite"], "the report turns records into bytes");
}

#[test]
fn every_source_file_says_what_it_is() {
    for (name, _) in ARROWS {
        for path in files(&root().join("crates").join(name).join("src"), ".rs") {
            assert!(read(&path).starts_with("//!"), "{} does not open with what it is", path.display());
        }
    }
}

/// All Rust files of the house: sources, tests, examples, benches.
fn all_files() -> Vec<PathBuf> {
    let crates = ARROWS.iter().map(|(name, _)| root().join("crates").join(name));
    let folders = ["src", "tests", "examples", "benches"];
    crates.flat_map(|krate| folders.map(|folder| files(&krate.join(folder), ".rs"))).flatten().collect()
}

fn shown(path: &Path) -> String {
    let shown = path.to_string_lossy();
    shown.rsplit_once("../crates/").map_or(shown.to_string(), |(_, rest)| rest.to_string())
}

/// The files in which each type of the house is defined.
fn types() -> BTreeMap<String, BTreeSet<String>> {
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, _) in ARROWS {
        for (path, lines) in code(name) {
            for (_, line) in lines {
                let mut words = line.trim().split(' ').skip_while(|word| word.starts_with("pub"));
                let is_type = matches!(words.next(), Some("struct" | "enum" | "trait"));
                let Some(word) = words.next().filter(|_| is_type) else { continue };
                let end = word.find(|c: char| !c.is_alphanumeric()).unwrap_or(word.len());
                // `$name` of a macro gets its name where the macro is used.
                if end == 0 {
                    continue;
                }
                places.entry(word[..end].to_string()).or_default().insert(shown(&path));
            }
        }
    }
    places
}

#[test]
fn a_type_has_a_name_of_its_own_in_the_whole_house() {
    let twice: Vec<_> = types().into_iter().filter(|(_, places)| places.len() > 1).collect();
    assert!(twice.is_empty(), "one name for several things:\n{twice:#?}");
}

/// A type was renamed, and the sentences of the report with it: "SearchView “joint”: no trial is complete yet".
#[test]
fn no_sentence_names_a_type() {
    let types = types();
    // Two words in one, as no other word of a sentence is, but the name of a person.
    let is_type = |word: &&str| {
        let humps =
            word.chars().zip(word.chars().skip(1)).filter(|(a, b)| a.is_lowercase() && b.is_uppercase());
        humps.count() > 0 && types.contains_key(*word) && *word != "McNemar"
    };
    let mut found = Vec::new();
    for path in ARROWS.iter().flat_map(|(name, _)| code(name)).map(|(path, _)| path) {
        let text = read(&path).split("#[cfg(test)]").next().unwrap_or("").to_string();
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        // Raw literals are SQL, JSON and the like.
        let text = lines.join("\n");
        let parts = text.split(" r#\"").enumerate();
        let text: String = parts
            .map(|(i, part)| if i == 0 { part } else { part.split_once("\"#").map_or("", |(_, rest)| rest) })
            .collect();
        let text = text.replace("\\\\", "  ").replace("'\"'", "' '").replace("\\\"", "'");
        // Every other piece between quotation marks is a literal.
        for sentence in text.split('"').skip(1).step_by(2).filter(|literal| literal.contains(' ')) {
            let words = sentence.split(|c: char| !c.is_alphanumeric() && c != ':' && c != '_');
            found.extend(words.filter(is_type).map(|word| format!("{}: {word}: {sentence}", shown(&path))));
        }
    }
    assert!(found.is_empty(), "words of the code in sentences:\n{}", found.join("\n"));
}

#[test]
fn a_module_with_parts_is_a_folder_with_a_mod_file() {
    let parted = all_files().into_iter().filter(|path| !files(&path.with_extension(""), ".rs").is_empty());
    let parted: Vec<String> = parted.map(|path| shown(&path)).collect();
    assert!(parted.is_empty(), "`name/mod.rs` in place of `name.rs` beside `name/`: {parted:#?}");
}
