//! `toile._native`: what Python sees of toile. Python's own part, the names that users type, is in `toile/*.py`.

#![forbid(unsafe_code)]

mod arrays;
mod files;
mod network;
mod pickled;
mod rates;
mod search;
mod settings;
mod space;
mod storage;
mod watch;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;

/// The exit code of a program of Rust that broke.
const BROKEN: u8 = 101;

/// Runs the program with these arguments, the first of which is its own name, and gives its exit code.
///
/// Other threads of Python go on meanwhile. A fault of our own has been printed when this returns; it is an exit code
/// here, as it is of the program, and no exception.
#[pyfunction]
fn run(py: Python<'_>, args: Vec<OsString>) -> u8 {
    py.detach(|| catch_unwind(AssertUnwindSafe(|| toile::run(args))).unwrap_or(BROKEN))
}

/// The module.
#[pymodule]
mod _native {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::files::{network_file, read_keras, take_weights, write_whole};
    #[pymodule_export]
    use super::network::Network;
    #[pymodule_export]
    use super::pickled::{network_state, set_network_state};
    #[pymodule_export]
    use super::run;
    #[pymodule_export]
    use super::search::{Search, TrialLost};
    #[pymodule_export]
    use super::settings::{SettingFaults, folder_name, toml_section};

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
