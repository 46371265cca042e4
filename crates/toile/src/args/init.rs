//! Arguments of `init`.

use std::path::PathBuf;

use super::{DataArgs, ReadingArgs};

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// The file to write; it must not exist
    #[arg(value_name = "FILE", default_value = "study.toml")]
    pub file: PathBuf,
    /// Write this built-in study, byte for byte, instead of the starter; `toile list` names them
    #[arg(long, value_name = "NAME", conflicts_with = "data")]
    pub from: Option<String>,
    /// Write a study of these data: a folder of pictures, an archive, another form (docs/data.md), or a named set
    ///
    /// The data are read, and the file fits them: classes, a dense network and a convolutional one for the size of the
    /// images, three seeds. Where the data have no test part, a fifth of each class becomes one.
    #[arg(long, value_name = "PATH|NAME")]
    pub data: Option<String>,
    #[command(flatten)]
    pub reading: ReadingArgs,
    #[command(flatten)]
    pub places: DataArgs,
}
