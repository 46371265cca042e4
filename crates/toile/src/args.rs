//! What may be typed. Parsing only says what was written; the commands decide what it means.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{Parser, Subcommand};

static VERSION: LazyLock<String> = LazyLock::new(|| {
    format!("{} (instruction set {})", env!("CARGO_PKG_VERSION"), toile_kernels::isa().name())
});

/// Trains every network of a study on real data and writes its report.
#[derive(Debug, Parser)]
#[command(name = "toile", version = VERSION.as_str(), max_term_width = 100)]
#[command(
    after_help = "Environment: TOILE_DATA_DIR (a folder with data), TOILE_ISA (avx512, avx2, portable), NO_COLOR.\n\
    Exit codes: 0 all is well, 1 an error, 2 wrong arguments, 3 the study ended but a run failed, 130 interrupted."
)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train what is still to be trained of a study, and write its report
    Run(RunArgs),
    /// Show every run of a study, how its model is computed and what it will cost, and train nothing
    Plan(PlanArgs),
    /// Print the layers of a model, as Keras does
    Summary(SummaryArgs),
    /// Write the report files anew from what a study's folder holds
    Report(ReportArgs),
    /// List, fetch or check data sets
    #[command(subcommand)]
    Data(DataCommand),
    /// Print what a study file may say: the JSON Schema for editors, or a page to read
    Schema(SchemaArgs),
    /// Write a commented study file to start from
    Init(InitArgs),
    /// List the built-in studies and all names that a study file may use
    List,
}

/// Which study, with what changed.
#[derive(Debug, clap::Args)]
pub struct StudyArgs {
    /// A study file, or the name of a built-in study
    #[arg(value_name = "FILE|NAME", default_value = "fashion-mnist")]
    pub study: String,
    /// Use so many threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Repeat every run with so many seeds, whatever the file says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub seeds: Option<u16>,
    /// Only the run of this name (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    #[command(flatten)]
    pub data: DataArgs,
}

/// Where data may lie.
#[derive(Debug, clap::Args)]
pub struct DataArgs {
    /// Look for data here first
    #[arg(long, value_name = "DIR", env = "TOILE_DATA_DIR", hide_env = true)]
    pub data_dir: Option<OsString>,
}

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub study: StudyArgs,
    /// The study's folder [default: results/<name of the study>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub struct PlanArgs {
    #[command(flatten)]
    pub study: StudyArgs,
    /// The study's folder: runs that are done there are marked [default: results/<name of the study>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Do not measure this machine's speed: no expected times
    #[arg(long)]
    pub no_timing: bool,
}

/// Arguments of `summary`.
#[derive(Debug, clap::Args)]
pub struct SummaryArgs {
    /// A study file, or the name of a built-in study
    #[arg(value_name = "STUDY", default_value = "fashion-mnist")]
    pub study: String,
    /// The model [default: all models of the study]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    #[command(flatten)]
    pub data: DataArgs,
}

/// Arguments of `report`.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// The study's folder
    #[arg(value_name = "DIR")]
    pub dir: PathBuf,
}

/// Arguments of `schema`.
#[derive(Debug, clap::Args)]
pub struct SchemaArgs {
    /// Print the reference page in Markdown instead of the schema
    #[arg(long)]
    pub markdown: bool,
}

/// Arguments of `init`.
#[derive(Debug, clap::Args)]
pub struct InitArgs {
    /// The file to write; it must not exist
    #[arg(value_name = "FILE", default_value = "study.toml")]
    pub file: PathBuf,
}

/// The commands of `data`.
#[derive(Debug, Subcommand)]
pub enum DataCommand {
    /// List the data sets that have a name
    List,
    /// Bring a data set to this machine
    Fetch(FetchArgs),
    /// Check a data set: class balance, duplicates, constant images, order, fingerprint
    Check(CheckArgs),
}

/// Arguments of `data fetch`.
#[derive(Debug, clap::Args)]
pub struct FetchArgs {
    /// A name of `toile data list`
    #[arg(value_name = "NAME")]
    pub name: String,
    #[command(flatten)]
    pub data: DataArgs,
}

/// Arguments of `data check`.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// A name of `toile data list`, or a folder with IDX files
    #[arg(value_name = "NAME|FOLDER")]
    pub name: String,
    #[command(flatten)]
    pub data: DataArgs,
    /// Hold back this last part of the training images, as a study with this `validation_split` does
    #[arg(long, value_name = "FRACTION", default_value_t = 0.1)]
    pub validation_split: f64,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        super::Args::command().debug_assert();
    }
}
