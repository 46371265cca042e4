//! What Python hears of a training, and how it stops one: by Ctrl-C, by an exception, or by an answer.

use std::cell::Cell;
use std::time::{Duration, Instant};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use toile_nn::Flow;
use toile_record::Epoch;

/// How often a training looks for Ctrl-C and tells how far it is.
const PAUSE: Duration = Duration::from_millis(50);

/// The functions of Python that are told of a training.
pub(crate) struct Watch {
    /// `(epoch, learning rate)`; returns another rate, or None.
    on_begin: Option<Py<PyAny>>,
    /// `(epoch, batch, n_batches, loss)`, now and then or at each batch.
    on_batch: Option<Py<PyAny>>,
    /// `(epoch, numbers, learning rate, updates)`: the last two as the next epoch finds them; stops the training if it
    /// returns True.
    on_epoch: Option<Py<PyAny>>,
    /// Whether `on_batch` is told of every batch.
    every_batch: bool,
    last: Instant,
    /// What was raised, to be raised again when the training has stopped.
    pub raised: Option<PyErr>,
}

impl Watch {
    /// `told` are the functions for the beginning of an epoch, a batch and the end of an epoch.
    pub(crate) fn new(told: [Option<Py<PyAny>>; 3], every_batch: bool) -> Watch {
        let [on_begin, on_batch, on_epoch] = told;
        Watch { on_begin, on_batch, on_epoch, every_batch, last: Instant::now(), raised: None }
    }

    /// Before an epoch. Gives whether the rate is Python's.
    pub(crate) fn begin(&mut self, epoch: usize, learning_rate: &Cell<f64>) -> (Flow, bool) {
        let Some(told) = &self.on_begin else { return (Flow::Continue, false) };
        let answer = Python::attach(|py| {
            py.check_signals()?;
            let rate: Option<f64> = told.call1(py, (epoch, learning_rate.get()))?.extract(py)?;
            match rate {
                Some(rate) if !(rate.is_finite() && rate >= 0.0) => {
                    Err(PyValueError::new_err(format!("a learning rate is a number from 0, found {rate}")))
                }
                rate => Ok(rate),
            }
        });
        match answer {
            Ok(None) => (Flow::Continue, false),
            Ok(Some(rate)) => {
                learning_rate.set(rate);
                (Flow::Continue, true)
            }
            Err(error) => {
                self.raised = Some(error);
                (Flow::Stop, false)
            }
        }
    }

    /// After a batch.
    pub(crate) fn batch(&mut self, epoch: usize, batch: usize, n_batches: usize, loss: f64) -> Flow {
        if !self.every_batch && batch < n_batches && self.last.elapsed() < PAUSE {
            return Flow::Continue;
        }
        self.last = Instant::now();
        let answer = Python::attach(|py| {
            py.check_signals()?;
            let Some(told) = &self.on_batch else { return Ok(false) };
            told.call1(py, (epoch, batch, n_batches, loss))?.is_truthy(py)
        });
        self.flow(answer)
    }

    /// After an epoch.
    pub(crate) fn epoch(&mut self, epoch: &Epoch, learning_rate: f64, updates: u64) -> Flow {
        let answer = Python::attach(|py| {
            py.check_signals()?;
            let Some(told) = &self.on_epoch else { return Ok(false) };
            told.call1(py, (epoch.epoch, row(py, epoch)?, learning_rate, updates))?.is_truthy(py)
        });
        self.flow(answer)
    }

    fn flow(&mut self, answer: PyResult<bool>) -> Flow {
        match answer {
            Ok(false) => Flow::Continue,
            Ok(true) => Flow::Stop,
            Err(error) => {
                self.raised = Some(error);
                Flow::Stop
            }
        }
    }
}

/// The numbers of an epoch as Keras' `logs`: those that there are.
fn row<'py>(py: Python<'py>, epoch: &Epoch) -> PyResult<Bound<'py, PyDict>> {
    let row = PyDict::new(py);
    // One that was computed and is not a finite number is missing in a record; Python has a word for it.
    let computed = [("loss", epoch.loss), ("accuracy", epoch.accuracy)];
    for (name, value) in computed {
        row.set_item(name, value.unwrap_or(f64::NAN))?;
    }
    let others = [
        ("top_5_accuracy", epoch.top_5_accuracy),
        ("train_loss", epoch.train_loss),
        ("train_accuracy", epoch.train_accuracy),
        ("val_loss", epoch.val_loss),
        ("val_accuracy", epoch.val_accuracy),
        ("val_top_5_accuracy", epoch.val_top_5_accuracy),
        ("learning_rate", Some(epoch.learning_rate)),
    ];
    for (name, value) in others {
        if let Some(value) = value {
            row.set_item(name, value)?;
        }
    }
    Ok(row)
}
