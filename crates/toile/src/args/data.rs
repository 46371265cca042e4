//! Arguments of the commands of `data`.

use clap::Subcommand;
use std::path::PathBuf;
use toile_data::{DataTable, OutputForm, Resize, ValidationPart};

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
    /// Write a data set in another form, and read it again
    Convert(ConvertArgs),
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
    /// A name of `toile data list`, or a folder, an archive or a file with data of your own
    #[arg(value_name = "NAME|PATH")]
    pub name: String,
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
    /// Hold back this last part of the training images, as a study with this `validation_split` does [default: 0.1]
    #[arg(long, value_name = "FRACTION", conflicts_with = "own_validation")]
    pub validation_split: Option<f64>,
}

/// Arguments of `data convert`.
#[derive(Debug, clap::Args)]
pub(crate) struct ConvertArgs {
    /// A name of `toile data list`, or a folder, an archive or a file with data of your own
    #[arg(value_name = "NAME|PATH")]
    pub name: String,
    /// The form to write: idx, npz, folders (of PNG pictures) or csv
    #[arg(long, value_name = "FORM", value_parser = form)]
    pub to: OutputForm,
    /// Where to write it; nothing may be there
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    #[command(flatten)]
    pub data: DataArgs,
    #[command(flatten)]
    pub reading: ReadingArgs,
}

/// How own data are read: the settings of `data` in a study file.
#[derive(Debug, clap::Args)]
pub(crate) struct ReadingArgs {
    /// Height and width of all images, `28x28`
    #[arg(long, value_name = "HxW", value_parser = size)]
    pub size: Option<[usize; 2]>,
    /// How images of another size are brought to `--size`
    #[arg(long, value_name = "HOW", requires = "size", value_parser = resize)]
    pub resize: Option<Resize>,
    /// 1 makes all images gray, 3 gives gray ones three equal channels
    #[arg(long, value_name = "N")]
    pub channels: Option<usize>,
    /// The part of each class that becomes the test part, where the data have none
    #[arg(long, value_name = "FRACTION")]
    pub test_fraction: Option<f64>,
    /// Use the validation part that the data have
    #[arg(long)]
    pub own_validation: bool,
}

impl ReadingArgs {
    /// What is at this path, read so.
    pub(crate) fn table(&self, path: &str) -> DataTable {
        DataTable {
            path: path.into(),
            size: self.size,
            resize: self.resize,
            channels: self.channels,
            test_fraction: self.test_fraction,
            validation: self.own_validation.then_some(ValidationPart::Own),
        }
    }
}

fn form(text: &str) -> Result<OutputForm, String> {
    let known = OutputForm::ALL.iter().find(|(name, _)| *name == text);
    let names = OutputForm::ALL.map(|(name, _)| name).join(", ");
    known.map(|(_, form)| *form).ok_or_else(|| format!("expected one of {names}"))
}

/// `28x28`, or `28` for both sides.
fn size(text: &str) -> Result<[usize; 2], String> {
    let (height, width) = text.split_once('x').unwrap_or((text, text));
    let side = |text: &str| text.trim().parse::<usize>();
    match (side(height), side(width)) {
        (Ok(height), Ok(width)) => Ok([height, width]),
        _ => Err("expected height and width, for example 28x28".into()),
    }
}

fn resize(text: &str) -> Result<Resize, String> {
    match text {
        "area" => Ok(Resize::Area),
        "nearest" => Ok(Resize::Nearest),
        _ => Err("expected area or nearest".into()),
    }
}
