//! Arrays of Python: copied once, because another thread of Python may write into them while the engine reads.

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use toile_nn::{ImageShape, InputError, Inputs};

use crate::network::le_bytes;

/// The values of examples.
pub(crate) enum Values {
    Bytes(Vec<u8>),
    Floats(Vec<f32>),
}

impl Values {
    /// Copies a buffer of bytes or of 32-bit floats, C-contiguous; the module's Python part makes them so.
    pub(crate) fn of(py: Python<'_>, array: &Bound<'_, PyAny>) -> PyResult<Values> {
        if let Ok(bytes) = PyBuffer::<u8>::get(array) {
            return bytes.to_vec(py).map(Values::Bytes);
        }
        match PyBuffer::<f32>::get(array) {
            Ok(floats) => floats.to_vec(py).map(Values::Floats),
            Err(_) => Err(PyTypeError::new_err("expected an array of uint8 or float32")),
        }
    }

    /// As the engine takes them.
    ///
    /// # Errors
    /// If a float is infinite or NaN.
    pub(crate) fn inputs(&self, shape: ImageShape) -> Result<Inputs<'_>, InputError> {
        match self {
            Values::Bytes(bytes) => Ok(Inputs::Bytes(bytes)),
            Values::Floats(floats) => Inputs::floats(floats, shape),
        }
    }

    /// Of all values, in hexadecimal; of floats the little-endian bytes.
    pub(crate) fn sha256(&self) -> String {
        match self {
            Values::Bytes(bytes) => toile_store::sha256_hex(bytes),
            Values::Floats(floats) => toile_store::sha256_hex(&le_bytes(floats)),
        }
    }

    pub(crate) fn are_bytes(&self) -> bool {
        matches!(self, Values::Bytes(_))
    }
}

/// Copies a buffer of labels.
pub(crate) fn labels(py: Python<'_>, array: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    PyBuffer::<u8>::get(array)?.to_vec(py)
}
