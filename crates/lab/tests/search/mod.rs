//! Searches: one worker or many, undisturbed or not, make the same study; and each rule of a search holds.
//!
//! Trials train tiny models on drawn garments, so that a search of a dozen trials takes well below a second.

mod asked;
mod chosen;
mod disturbed;
mod endings;
mod proposals;
mod race;
mod rules;
mod same;
mod sealed;
mod whole;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use toile_data::DataSet;
use toile_lab::{
    Context, NoClock, RunError, SearchOutcome, StudyOutcome, engine_parts, examples, image_shape, search,
};
use toile_record::{End, Event, ParamRecord, SearchRecords, State, TrainingKey, TrialRecord};
use toile_store::{SearchId, Store, sha256_hex, weights_to_safetensors};
use toile_study::{DataShape, Plan, PlanOptions, RunPlan, SearchPlan, Split, check, plan};

static DATA: LazyLock<DataSet> = LazyLock::new(|| toile_data::drawn_garments(80, 10));

const HEAD: &str = r#"
[study]
name = "s"
data = "drawn-garments"
validation_split = 0.25
seed = 3
[models.small]
layers = [
  { dense = { units = { low = 4, high = 12 }, activation = "relu" } },
  { dropout = { rate = { low = 0.0, high = 0.5 } } },
  { dense = { units = 10, activation = "softmax" } },
]
[models.plain]
layers = [{ dense = { units = 4, activation = "relu" } }, { dense = { units = 10, activation = "softmax" } }]
[defaults]
model = "small"
batch_size = 16
epochs = 3
optimizer = { adam = { learning_rate = 0.01 } }
[[searches]]
name = "joint"
"#;

/// A space with a condition, a logarithm, whole numbers and choices; losses differ where accuracies would not.
const SPACE: &str = r#"
metric = "val_loss"
optimizer = { choices = [
  { sgd = { learning_rate = { low = 1e-3, high = 1.0, log = true } } },
  { adam = { learning_rate = { low = 1e-4, high = 1e-1, log = true } } },
] }
"#;

fn planned(lines: &str) -> Plan {
    let shape =
        DataShape { image: image_shape(&DATA), classes: 10, images: 80, first_label: 0, own_validation: 0 };
    let study =
        check(&format!("{HEAD}{lines}"), "s.toml", Some(shape)).unwrap_or_else(|faults| panic!("{faults}"));
    plan(&study, &PlanOptions::default(), &|_| Ok(b"no weights".to_vec())).unwrap()
}

/// A search and the file that it is kept in.
struct Bench {
    plan: Plan,
    split: Split,
    path: PathBuf,
    _dir: tempfile::TempDir,
}

/// How a worker works.
struct How<'a> {
    threads: usize,
    alone: bool,
    worker: &'a str,
    lease: Duration,
    checkpoint_every: Duration,
    checkpoints: Option<&'a Path>,
    stop: &'a AtomicBool,
    clock: &'a dyn toile_lab::Clock,
    read: &'a (dyn Fn(&str) -> std::io::Result<Vec<u8>> + Sync),
    events: &'a (dyn Fn(Event) + Sync),
}

static NEVER: AtomicBool = AtomicBool::new(false);

impl Default for How<'_> {
    fn default() -> Self {
        How {
            threads: 1,
            alone: true,
            worker: "w",
            lease: Duration::from_secs(60),
            checkpoint_every: Duration::MAX,
            checkpoints: None,
            stop: &NEVER,
            clock: &NoClock,
            read: &|_| Ok(b"no weights".to_vec()),
            events: &|_| {},
        }
    }
}

impl Bench {
    fn new(lines: &str) -> Bench {
        let (plan, dir) = (planned(lines), tempfile::tempdir().unwrap());
        let split = toile_lab::split(&plan, &DATA).unwrap();
        Bench { plan, split, path: dir.path().join("store.sqlite"), _dir: dir }
    }

    fn search(&self) -> &SearchPlan {
        &self.plan.searches[0]
    }

    /// The study file says something else from now on.
    fn change(&mut self, lines: &str) {
        self.plan = planned(lines);
    }

    fn storage(&self) -> Store {
        Store::sqlite(&self.path).unwrap()
    }

    fn id(&self) -> SearchId {
        let record = self.search().to_record(&DATA.fingerprint);
        self.storage().ensure_search(&self.plan.study, &record).unwrap()
    }

    fn try_work(&self, how: &How<'_>) -> Result<SearchOutcome, RunError> {
        let context = Context {
            data: &DATA,
            split: &self.split,
            threads: how.threads,
            stop: how.stop,
            clock: how.clock,
            read: how.read,
            worker: how.worker.into(),
            lease: how.lease,
            checkpoint_every: how.checkpoint_every,
            checkpoints: how.checkpoints,
            memory: None,
            alone: how.alone,
            events: how.events,
        };
        search(self.search(), &self.storage(), &self.storage(), self.id(), &context)
    }

    fn work(&self, how: &How<'_>) -> SearchOutcome {
        self.try_work(how).unwrap()
    }

    /// Several workers side by side.
    fn side_by_side(&self, workers: usize) {
        self.id();
        std::thread::scope(|scope| {
            for worker in 0..workers {
                scope.spawn(move || {
                    self.work(&How { alone: false, worker: &format!("w{worker}"), ..How::default() })
                });
            }
        });
    }

    fn trials(&self) -> Vec<TrialRecord> {
        self.storage().trials(self.id()).unwrap()
    }

    /// What must be the same whoever trained it.
    fn facts(&self) -> Vec<Facts> {
        self.trials().iter().map(Facts::of).collect()
    }

    /// Puts trials into the database that another program has made.
    fn add(&self, trials: Vec<TrialRecord>) {
        let search = self.search().to_record(&DATA.fingerprint);
        let records = SearchRecords { search, trials, chosen_run: None };
        self.storage().copy_searches(&self.plan.study, &[records]).unwrap();
    }

    fn sql(&self, sql: &str) {
        rusqlite::Connection::open(&self.path).unwrap().execute_batch(sql).unwrap();
    }

    /// The weights that a trial's configuration comes to, trained by itself.
    fn hash_of(&self, trial: &TrialRecord) -> String {
        let seed = trial.side.as_ref().unwrap().seed + self.search().seeds as u64 - 1;
        let params = trial.params.iter().map(|param| (param.name.clone(), param.value)).collect();
        self.hash(&RunPlan {
            name: "r".into(),
            position: 0,
            note: None,
            published: None,
            chosen_by: None,
            settings: self.search().settings(&params, seed).unwrap(),
        })
    }

    fn hash(&self, run: &RunPlan) -> String {
        let (mut model, config) = engine_parts(&run.settings, &DATA);
        let train = examples(&DATA, &DATA.train, &self.split.train);
        let validation = examples(&DATA, &DATA.train, &self.split.validation);
        toile_nn::fit(&mut model, &train, Some(&validation), &config, &AtomicUsize::new(1), &mut |_| {
            toile_nn::Flow::Continue
        });
        let tensors = model.weights();
        let named: Vec<_> =
            tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice(), t.values.as_slice())).collect();
        sha256_hex(&weights_to_safetensors(&named, Some(toile_record::PROCEDURAL_NOTICE)))
    }
}

/// A trial without what may differ: times, workers, attempts.
#[derive(Clone, Debug, PartialEq)]
struct Facts {
    number: usize,
    state: State,
    params: Vec<(String, u64)>,
    values: Vec<u64>,
    intermediate: Vec<(i64, u64)>,
    rungs: Vec<(String, String)>,
    seed: Option<u64>,
    hash: Option<String>,
    reason: Option<String>,
    epochs: Vec<[Option<u64>; 7]>,
}

impl Facts {
    fn of(trial: &TrialRecord) -> Facts {
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect();
        let side = trial.side.as_ref();
        let rungs = trial.system_attributes.iter().filter(|(key, _)| key.starts_with("completed_rung"));
        Facts {
            number: trial.number,
            state: trial.state,
            params: trial.params.iter().map(|param| (param.name.clone(), param.value.to_bits())).collect(),
            values: bits(&trial.values),
            intermediate: trial.intermediate.iter().map(|&(step, v)| (step, v.to_bits())).collect(),
            rungs: rungs.map(|(key, value)| (key.clone(), value.to_string())).collect(),
            seed: side.map(|side| side.seed),
            hash: side.and_then(|side| side.weights_sha256.clone()),
            reason: side.and_then(|side| side.reason()),
            epochs: side.iter().flat_map(|side| &side.epochs).map(numbers).collect(),
        }
    }
}

fn numbers(epoch: &toile_record::Epoch) -> [Option<u64>; 7] {
    let e = epoch;
    [e.loss, e.accuracy, e.train_loss, e.train_accuracy, e.val_loss, e.val_accuracy, Some(e.learning_rate)]
        .map(|number| number.map(f64::to_bits))
}

/// A trial as Optuna's `enqueue_trial` leaves it.
fn enqueued(number: usize, fixed: serde_json::Value) -> TrialRecord {
    foreign(number, State::Waiting, vec![("fixed_params".into(), fixed)])
}

/// A trial of another program.
fn foreign(number: usize, state: State, attributes: Vec<(String, serde_json::Value)>) -> TrialRecord {
    TrialRecord {
        trial_id: 0,
        number,
        state,
        params: Vec::new(),
        values: Vec::new(),
        intermediate: Vec::new(),
        started: None,
        completed: None,
        user_attributes: Vec::new(),
        system_attributes: attributes,
        side: None,
    }
}

fn record(search: &SearchPlan, name: &str, value: f64) -> ParamRecord {
    let distribution = search.space.get(name).unwrap().distribution.clone().into();
    ParamRecord { name: name.into(), value, distribution }
}

fn value_of(trial: &TrialRecord, name: &str) -> Option<f64> {
    trial.params.iter().find(|param| param.name == name).map(|param| param.value)
}

/// Epochs that were trained, counted by the events.
#[derive(Default)]
struct Counted {
    epochs: AtomicUsize,
    started: Mutex<Vec<(usize, usize)>>,
    lost: Mutex<Vec<usize>>,
}

impl Counted {
    fn note(&self, event: &Event) {
        match event {
            Event::EpochEnded { .. } => drop(self.epochs.fetch_add(1, Ordering::Relaxed)),
            Event::TrainingStarted { training: TrainingKey::Trial { number, .. }, attempt, .. } => {
                self.started.lock().unwrap().push((*number, *attempt))
            }
            Event::TrainingLost { training: TrainingKey::Trial { number, .. } } => {
                self.lost.lock().unwrap().push(*number)
            }
            _ => {}
        }
    }
}
