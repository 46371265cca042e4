//! Grids in the study file: runs with every combination of the values that are listed.

use schemars::JsonSchema;
use serde::Deserialize;

/// The most runs of a grid.
pub(crate) const MAX_GRID_RUNS: usize = 1000;

/// The settings that a grid may list values of, in the order of its loops: the first is the outermost.
pub(crate) const GRID_SETTINGS: [&str; 15] = [
    "model",
    "optimizer",
    "learning_rate",
    "schedule",
    "batch_size",
    "epochs",
    "shuffle",
    "dtype_policy",
    "loss",
    "label_smoothing",
    "class_weight",
    "callbacks",
    "initial_weights",
    "seed",
    "seeds",
];

/// A grid: a run for every combination of the values that its settings list. The runs come after those of `[[runs]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)] // only its schema is used, to which the settings are added: `check::grids::schema`
pub(crate) struct GridTable {
    /// How its runs are named, settings in braces: `"{optimizer} at {learning_rate}"`. Without it, by what varies.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// A remark that the report shows with each of the runs.
    #[serde(default)]
    pub note: Option<String>,
}
