//! Where own data are, and how they are read: the table `data` of a study file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where data are, and how they are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataTable {
    /// A data set by name, or a folder, an archive (ZIP, tar) or a file (with a slash: `./mine`), relative to the study
    /// file's folder.
    #[schemars(length(min = 1))]
    pub path: String,
}

impl DataTable {
    /// These data, read as they are.
    pub fn at(path: impl Into<String>) -> DataTable {
        let path = path.into();
        DataTable { path }
    }
}
