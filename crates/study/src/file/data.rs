//! The study's data: a name or a path, or a table that also says how they are read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use toile_data::{DataTable, ValidationPart};

/// The study's data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum DataSetting {
    /// A data set by name, or a folder, an archive (ZIP, tar) or a file (with a slash: `./mine`), relative to the study
    /// file's folder.
    Name(#[schemars(length(min = 1))] String),
    /// A path, and how what is there is read.
    Table(DataTable),
}

impl DataSetting {
    /// The name or the path.
    pub fn path(&self) -> &str {
        match self {
            DataSetting::Name(name) => name,
            DataSetting::Table(table) => &table.path,
        }
    }

    /// The path, and how what is there is read.
    pub fn table(&self) -> DataTable {
        match self {
            DataSetting::Name(name) => DataTable::at(name),
            DataSetting::Table(table) => table.clone(),
        }
    }

    /// The same data, as they are named from elsewhere.
    pub fn at(&self, path: String) -> DataSetting {
        match self {
            DataSetting::Name(_) => DataSetting::Name(path),
            DataSetting::Table(table) => DataSetting::Table(DataTable { path, ..table.clone() }),
        }
    }

    /// Whether the data's own validation part is used.
    pub fn has_own_validation(&self) -> bool {
        match self {
            DataSetting::Name(_) => false,
            DataSetting::Table(table) => table.validation == Some(ValidationPart::Own),
        }
    }
}

impl From<&str> for DataSetting {
    fn from(name: &str) -> DataSetting {
        DataSetting::Name(name.into())
    }
}
