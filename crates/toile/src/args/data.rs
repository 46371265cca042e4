//! Arguments of the commands of `data`.

use clap::Subcommand;

use super::DataArgs;

/// The commands of `data`.
#[derive(Debug, Subcommand)]
pub(crate) enum DataCommand {
    /// List the data sets that have a name
    List,
    /// Bring a data set to this machine
    Fetch(FetchArgs),
    /// Check a data set: class balance, duplicates, constant images, order, fingerprint
    Check(CheckArgs),
}

/// Arguments of `data fetch`.
#[derive(Debug, clap::Args)]
pub(crate) struct FetchArgs {
    /// A name of `toile data list`
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    pub data: DataArgs,
}

/// Arguments of `data check`.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// A name of `toile data list`, or a folder with IDX files
    #[arg(value_name = "NAME|FOLDER")]
    pub name: String,
    #[command(flatten)]
    pub data: DataArgs,
    /// Hold back this last part of the training images, as a study with this `validation_split` does
    #[arg(long, value_name = "FRACTION", default_value_t = 0.1)]
    pub validation_split: f64,
}
