//! What the tests of the program share: a small data set and study in a folder of their own, and the program itself.
#![allow(dead_code)] // each test binary uses a part of it

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use tempfile::TempDir;
use toile_record::Records;
use toile_store::Store;

/// A folder with data, a study, and room for results; nothing outside it is read or written.
pub struct Place {
    dir: TempDir,
}

/// Two small networks; enough to have something side by side.
pub const STUDY: &str = r#"
[study]
name = "small"
data = "./data"
validation_split = 0.2
seed = 7

[models.dense]
layers = ["flatten", { dense = { units = 8, activation = "relu" } }, { dense = { units = 4, activation = "softmax" } }]

[models.conv]
layers = [
  { conv2d = { filters = 4, kernel_size = [3, 3], activation = "relu" } },
  { max_pooling2d = { pool_size = [2, 2] } },
  "flatten",
  { dropout = { rate = 0.25 } },
  { dense = { units = 4, activation = "softmax" } },
]

[defaults]
batch_size = 32
epochs = 3

[[runs]]
name = "Dense"
model = "dense"
optimizer = "adam"
published = { test_accuracy = 0.9, test_loss = 0.3 }

[[runs]]
name = "Conv"
model = "conv"
optimizer = { sgd = { learning_rate = 0.1, momentum = 0.9 } }
"#;

impl Place {
    /// With data and [`STUDY`].
    pub fn new() -> Place {
        Place::with_study(STUDY)
    }

    /// With data and another study.
    pub fn with_study(text: &str) -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        write_data(&place.path("data"));
        fs::write(place.path("study.toml"), text).unwrap();
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The program in this folder, with a home, a cache and a data folder that hold nothing.
    pub fn toile(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_toile"));
        command.args(args).current_dir(self.dir.path()).env_clear();
        command.env("HOME", self.path("home")).env("XDG_CACHE_HOME", self.path("cache"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, args: &[&str]) -> Said {
        Said::of(self.toile(args).output().unwrap())
    }

    pub fn start(&self, args: &[&str]) -> Child {
        self.toile(args).spawn().unwrap()
    }

    pub fn records(&self, out: &str) -> Records {
        Store::open_read_only(&self.path(out)).unwrap().records(None).unwrap()
    }

    /// SHA-256 of each run's weights, by name.
    pub fn weights(&self, out: &str) -> Vec<(String, Option<String>)> {
        self.records(out).runs.into_iter().map(|run| (run.name, run.weights_sha256)).collect()
    }

    /// `results.json` without what depends on time and machine.
    pub fn results(&self, out: &str) -> serde_json::Value {
        let text = fs::read_to_string(self.path(out).join("results.json")).unwrap();
        let mut value = serde_json::from_str(&text).unwrap();
        without_times(&mut value);
        value
    }

    /// Waits until a run of the study has saved so many epochs.
    pub fn wait_for_epochs(&self, out: &str, epochs: usize) {
        self.wait_for(out, |records| records.runs.iter().any(|run| run.epochs.len() >= epochs));
    }

    /// Waits until the store in `out` can be read and its records are so.
    pub fn wait_for(&self, out: &str, holds: impl Fn(&Records) -> bool) {
        wait_until(|| {
            let records = Store::open_read_only(&self.path(out)).and_then(|store| store.records(None));
            records.is_ok_and(|records| holds(&records))
        });
    }
}

/// Asks every 2 ms, for a minute.
pub fn wait_until(holds: impl Fn() -> bool) {
    for _ in 0..30_000 {
        if holds() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    panic!("not within a minute");
}

fn without_times(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Object(map) => {
            map.retain(|key, _| !key.contains("seconds") && key != "started" && key != "threads");
            // Runs side by side end in any order.
            if let Some(serde_json::Value::Array(openings)) = map.get_mut("test_openings") {
                openings.iter_mut().for_each(|opening| drop(opening["time"].take()));
                openings.sort_by_key(ToString::to_string);
            }
            map.values_mut().for_each(without_times);
        }
        serde_json::Value::Array(items) => items.iter_mut().for_each(without_times),
        _ => {}
    }
}

/// What the program said, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn of(output: Output) -> Said {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// The program did its work.
    pub fn ok(self) -> Said {
        assert_eq!(self.code, Some(0), "{}\n{}", self.out, self.err);
        self
    }

    /// The program refused, and said all of this.
    pub fn refused(self, words: &[&str]) -> Said {
        assert_eq!(self.code, Some(1), "{}\n{}", self.out, self.err);
        assert!(self.err.starts_with("error: ") || self.err.contains("\nerror: "), "{}", self.err);
        words.iter().for_each(|word| assert!(self.err.contains(word), "`{word}` is not in\n{}", self.err));
        self
    }
}

/// 400 training and 80 test images of 8x8: one bright quarter per class, with noise.
fn write_data(dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    let mut noise = Noise(1);
    for (part, n) in [("train", 400), ("t10k", 80)] {
        let labels: Vec<u8> = (0..n).map(|_| noise.below(4) as u8).collect();
        let images: Vec<u8> = labels.iter().flat_map(|&label| image(label, &mut noise)).collect();
        fs::write(dir.join(format!("{part}-images-idx3-ubyte")), idx(&[n, 8, 8], &images)).unwrap();
        fs::write(dir.join(format!("{part}-labels-idx1-ubyte")), idx(&[n], &labels)).unwrap();
    }
}

fn image(label: u8, noise: &mut Noise) -> Vec<u8> {
    let bright = |i: usize| (i / 8 / 4 * 2 + i % 8 / 4) as u8 == label;
    (0..64).map(|i| if bright(i) { 96 + noise.below(160) as u8 } else { noise.below(160) as u8 }).collect()
}

fn idx(dims: &[u32], data: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0, 0, 8, dims.len() as u8];
    dims.iter().for_each(|dim| bytes.extend(dim.to_be_bytes()));
    bytes.extend(data);
    bytes
}

/// Numerical Recipes' generator: the same data in every test.
struct Noise(u32);

impl Noise {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.0 >> 16) % bound
    }
}
