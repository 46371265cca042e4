//! Ask and tell: a search whose trials Python tries, with the samplers and pruners of studies, on their database.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use pyo3::exceptions::{PyRuntimeError, PyRuntimeWarning};
use pyo3::prelude::*;
use serde_json::{Map, Value, json};
use toile_lab::{AskError, AskedPlan, AskedSearch, AskedTrial, ToldEnd};
use toile_record::Direction;
use toile_store::StoreError;
use toile_tune::{Choice, Pruner, Sampler};

use crate::network::{json, value_error};
use crate::space::{member, space_of};
use crate::storage::{open, store_error};

pyo3::create_exception!(
    toile._native,
    TrialLost,
    PyRuntimeError,
    "A trial is in other hands: another worker asked for it, or took it over because no heartbeat came."
);

/// After so long without a heartbeat a program counts as dead, and its trials are given out again.
const LEASE: Duration = Duration::from_secs(60);

/// A search and its trials.
#[pyclass(frozen, module = "toile._native")]
pub(crate) struct Search {
    /// Until it is dropped.
    search: Option<AskedSearch>,
    /// The process that made it, where it is on a database: a connection does not outlive a fork.
    process: Option<u32>,
    place: String,
    /// When trials were asked for.
    begun: Mutex<BTreeMap<usize, Instant>>,
}

impl Drop for Search {
    fn drop(&mut self) {
        // What a fork has copied is the parent's: its connection must not be closed from here.
        if !self.is_here() {
            std::mem::forget(self.search.take());
        }
    }
}

impl From<AskError> for AskFault {
    fn from(error: AskError) -> AskFault {
        match error {
            AskError::Store(error) => AskFault::Store(error),
            AskError::Lost(_) => AskFault::Python(TrialLost::new_err(error.to_string())),
            AskError::Told(_) | AskError::Unknown(_) => {
                AskFault::Python(PyRuntimeError::new_err(error.to_string()))
            }
            AskError::Values { .. } | AskError::SeveralValues | AskError::Misfit(_) => {
                AskFault::Python(value_error(error))
            }
        }
    }
}

impl From<StoreError> for AskFault {
    fn from(error: StoreError) -> AskFault {
        AskFault::Store(error)
    }
}

/// What comes of a question: the database may be asked again.
enum AskFault {
    Store(StoreError),
    Python(PyErr),
}

impl Search {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<usize, Instant>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether this is the process that made it.
    fn is_here(&self) -> bool {
        self.process.is_none_or(|process| process == std::process::id())
    }

    fn here(&self) -> PyResult<&AskedSearch> {
        match &self.search {
            Some(search) if self.is_here() => Ok(search),
            _ => Err(PyRuntimeError::new_err(format!(
                "this search was made in another process, whose connection to `{}` cannot be shared: make it in this one, after the fork, with the same name and storage",
                self.place
            ))),
        }
    }

    /// Asks the search, other threads of Python going on, and asks again while its database cannot be reached.
    fn patiently<T: Send, E: Into<AskFault> + Send>(
        &self,
        py: Python<'_>,
        ask: impl Fn(&AskedSearch) -> Result<T, E> + Sync,
    ) -> PyResult<T> {
        let search = self.here()?;
        let mut pauses = search.pauses();
        let mut is_waiting = false;
        loop {
            match py.detach(|| ask(search)).map_err(Into::into) {
                Ok(answer) => return Ok(answer),
                Err(AskFault::Python(error)) => return Err(error),
                Err(AskFault::Store(error)) => {
                    let pause = if error.is_transient() { pauses.next(false) } else { None };
                    let Some(pause) = pause else { return Err(store_error(error)) };
                    if !std::mem::replace(&mut is_waiting, true) {
                        let words =
                            std::ffi::CString::new(format!("{error}; asking again")).unwrap_or_default();
                        PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &words, 1)?;
                    }
                    py.detach(|| std::thread::sleep(pause));
                    py.check_signals()?;
                }
            }
        }
    }
}

/// Parameters as they are written, in the order of the space.
fn written(params: Vec<(String, Choice)>) -> Value {
    Value::Object(
        params.into_iter().map(|(name, value)| (name, json!(value))).collect::<Map<String, Value>>(),
    )
}

#[pymethods]
impl Search {
    /// Space, sampler and pruner are JSON, as a study file writes them. Without a storage the search is in memory.
    #[new]
    #[pyo3(signature = (space, sampler, pruner, directions, seed, n_trials, name, storage, worker))]
    #[expect(clippy::too_many_arguments, reason = "they are those of Python's Search")]
    fn new(
        py: Python<'_>,
        space: &str,
        sampler: &str,
        pruner: &str,
        directions: Vec<String>,
        seed: u64,
        n_trials: Option<usize>,
        name: String,
        storage: Option<&str>,
        worker: String,
    ) -> PyResult<Search> {
        let space = space_of(space)?;
        let direction = |word: &String| match word.as_str() {
            "minimize" => Ok(Direction::Minimize),
            "maximize" => Ok(Direction::Maximize),
            other => Err(value_error(format!("direction: expected minimize or maximize, found `{other}`"))),
        };
        let directions: Vec<Direction> = directions.iter().map(direction).collect::<PyResult<_>>()?;
        let sampler: Sampler = member("sampler", sampler, Sampler::NAMES)?;
        let pruner: Pruner = member("pruner", pruner, Pruner::NAMES)?;
        sampler.supports(&directions, &space).map_err(value_error)?;
        pruner.check().map_err(|error| value_error(format!("{}; {}", error.message, error.help)))?;
        let sampler = n_trials.map_or_else(|| sampler.clone(), |n| sampler.effective(&space, n));
        let plan = AskedPlan { name, space, sampler, pruner, directions, n_trials, seed };
        let (search, place) = py.detach(|| {
            let store = storage.map(open).transpose()?;
            let place = store.as_ref().map_or_else(String::new, |store| store.place());
            let search = AskedSearch::begin(plan, store, worker, LEASE).map_err(store_error)?;
            Ok::<_, PyErr>((search, place))
        })?;
        let process = storage.map(|_| std::process::id());
        Ok(Search { search: Some(search), process, place, begun: Mutex::default() })
    }

    /// The number of the next trial and its parameters as JSON, as long as there are fewer than `most`; or `wait`, while other
    /// workers' trials have not ended; or `over`.
    fn ask(&self, py: Python<'_>, most: Option<usize>) -> PyResult<(String, usize, String)> {
        Ok(match self.patiently(py, |search| search.ask(most))? {
            AskedTrial::Try(number, params) => {
                self.lock().insert(number, Instant::now());
                ("try".into(), number, written(params).to_string())
            }
            AskedTrial::Wait => ("wait".into(), 0, String::new()),
            AskedTrial::Over => ("over".into(), 0, String::new()),
        })
    }

    /// Tells a value on the way; whether the trial should stop.
    fn report(&self, py: Python<'_>, number: usize, step: i64, value: f64) -> PyResult<bool> {
        self.patiently(py, |search| search.report(number, step, value))
    }

    /// Tells how a trial ended: with its values, pruned, or failed and why.
    fn tell(
        &self,
        py: Python<'_>,
        number: usize,
        state: &str,
        values: Vec<f64>,
        why: String,
    ) -> PyResult<()> {
        let end = match state {
            "complete" => ToldEnd::Complete(values),
            "pruned" => ToldEnd::Pruned,
            _ => ToldEnd::Failed(why),
        };
        let begun = self.lock().get(&number).copied();
        let seconds = begun.map_or(0.0, |begun| begun.elapsed().as_secs_f64());
        self.patiently(py, |search| search.tell(number, end.clone(), seconds))?;
        self.lock().remove(&number);
        Ok(())
    }

    /// Puts a trial back into the queue.
    fn put_back(&self, py: Python<'_>, number: usize) -> PyResult<()> {
        self.patiently(py, |search| search.put_back(number))
    }

    /// Queues a trial with these parameters, JSON by name. Its number.
    fn enqueue_trial(&self, py: Python<'_>, params: &str) -> PyResult<usize> {
        let params: Vec<(String, Value)> = match json(params)? {
            Value::Object(params) => params.into_iter().collect(),
            other => return Err(value_error(format!("expected parameters by name, found {other}"))),
        };
        self.patiently(py, |search| search.enqueue_trial(&params))
    }

    /// All trials as JSON: number, state, params, values, intermediate. An infinite or NaN number is a word.
    fn trials(&self, py: Python<'_>) -> PyResult<String> {
        let number = |value: f64| match value.is_finite() {
            true => json!(value),
            false => json!(value.to_string()),
        };
        let trials = self.patiently(py, |search| search.trials())?;
        let one = |trial: toile_lab::ListedTrial| {
            json!({
                "number": trial.number,
                "state": trial.state.name(),
                "params": written(trial.params),
                "values": trial.values.iter().map(|value| number(*value)).collect::<Vec<_>>(),
                "intermediate": trial.reported.iter().map(|(step, value)| json!([step, number(*value)])).collect::<Vec<_>>(),
            })
        };
        Ok(Value::Array(trials.into_iter().map(one).collect()).to_string())
    }
}
