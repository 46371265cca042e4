//! Stores that version 0.1.0 left behind: they open, they go on to the bits to which 0.1.0 itself took them, and what
//! was done is not done again. `README.md` beside this file says what there is and how it was made.

use crate::common;

mod documented;
mod goes_on;
mod nothing_again;
mod opens;
mod same;
mod server;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use common::{Place, Said};
use serde_json::Value;

/// Each store: the folder of its study, and the study's folder within.
const STORES: [(&str, &str); 7] = [
    ("runs", "out"),
    ("interrupted", "out"),
    ("search-finished", "out"),
    ("search-half", "sigint"),
    ("search-half", "kill"),
    ("search-changed", "out"),
    ("server", "finished"),
];

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// A copy of one study of the corpus and of its data, to work on.
struct Copy {
    place: Place,
    folder: &'static str,
}

impl Copy {
    fn of(folder: &'static str) -> Copy {
        let copy = Copy { place: Place::new(), folder };
        for part in ["data", folder] {
            unpack(&corpus().join(part), &copy.place.path("corpus").join(part));
        }
        copy
    }

    /// The same with the store of another folder in place of its own.
    fn with_store_of(folder: &'static str, out: &str, other: &str) -> Copy {
        let copy = Copy::of(folder);
        unpack(&corpus().join(other), &copy.path(out));
        copy
    }

    fn path(&self, name: &str) -> PathBuf {
        self.place.path("corpus").join(self.folder).join(name)
    }

    /// The program, started beside the study file.
    fn toile(&self, args: &[&str]) -> Said {
        let mut command = self.place.toile(args);
        command.current_dir(self.path("."));
        Said::of(command.output().unwrap())
    }

    fn results(&self, out: &str) -> Value {
        read_json(&self.path(out).join("results.json"))
    }

    fn records(&self, out: &str) -> toile_record::Records {
        self.place.records(&format!("corpus/{}/{out}", self.folder))
    }
}

/// Copies a folder; what is compressed in the corpus, but for the data, becomes what it was.
fn unpack(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name().into_string().unwrap());
        match name.strip_suffix(".gz") {
            _ if path.is_dir() => unpack(&path, &to.join(name)),
            Some(name) if !name.ends_with("ubyte") => fs::write(to.join(name), decompressed(&path)).unwrap(),
            _ => drop(fs::copy(&path, to.join(&name)).unwrap()),
        }
    }
}

fn decompressed(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

fn read_json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))).unwrap()
}

/// `results.json` as 0.1.0 wrote it of a store.
fn committed(folder: &str, out: &str) -> Value {
    read_json(&corpus().join(folder).join(out).join("results.json"))
}

fn items<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().unwrap_or_else(|| panic!("`{key}` is no list"))
}

/// A word as it is, everything else as JSON spells it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What came of a study, in the form of the `expected.txt` files: a line per run and per trial.
fn lines(results: &Value) -> Vec<String> {
    let mut lines: Vec<String> = items(results, "runs").iter().map(run_line).collect();
    for search in items(results, "searches") {
        lines.extend(items(search, "trials").iter().map(|trial| trial_line(search, trial)));
    }
    lines
}

fn run_line(run: &Value) -> String {
    // 0.1.0 gave the last epoch's number, also of a run that had gone back to the weights of another one.
    let (tested, last) = (&run["final"], items(run, "epochs").last().unwrap_or(&Value::Null));
    let epochs = Value::from(items(run, "epochs").len());
    let cells = [&run["name"], &run["seed"], &run["id"], &run["state"], &epochs];
    let numbers = [&last["val_accuracy"], &tested["test_accuracy"], &run["weights_sha256"]];
    line("run", cells.into_iter().chain(numbers))
}

fn trial_line(search: &Value, trial: &Value) -> String {
    let params = trial["params"].as_object().unwrap().iter();
    let params: Vec<String> = params.map(|(name, value)| format!("{name}={}", text(value))).collect();
    let values: Vec<String> = items(trial, "values").iter().map(text).collect();
    let (params, values) = (Value::from(params.join(" ")), Value::from(values.join(" ")));
    let steps = Value::from(items(trial, "intermediate").len());
    let (number, state) = (&trial["number"], &trial["state"]);
    line("trial", [&search["name"], number, state, &params, &values, &steps, &trial["weights_sha256"]])
}

fn line<'a>(what: &str, cells: impl IntoIterator<Item = &'a Value>) -> String {
    let cells: Vec<String> = cells.into_iter().map(text).collect();
    format!("{what}\t{}", cells.join("\t"))
}

/// The lines of a file of the corpus; those that begin with `#` say what stands in the columns.
fn expected(file: &str) -> Vec<String> {
    let text = fs::read_to_string(corpus().join(file)).unwrap_or_else(|e| panic!("{file}: {e}"));
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// Asserts that a study ended as 0.1.0 itself ended it.
fn assert_ended_as(results: &Value, file: &str) {
    let (found, expected) = (lines(results), expected(file));
    let differ = || found.iter().zip(&expected).filter(|(found, expected)| found != expected);
    let differ: Vec<_> = differ().collect();
    assert!(found.len() == expected.len() && differ.is_empty(), "{file}: {differ:#?}");
}
