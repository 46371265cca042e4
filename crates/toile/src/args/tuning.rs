//! Arguments of the commands that try settings out.

use std::path::PathBuf;

use super::DataArgs;

/// Arguments of `lr-find`.
#[derive(Debug, clap::Args)]
pub(crate) struct LrFindArgs {
    /// A study file, or the name of a built-in study
    #[arg(value_name = "FILE|NAME", default_value = "fashion-mnist")]
    pub study: String,
    /// The run whose learning rate is in question [default: the only one of the study]
    #[arg(long, value_name = "NAME")]
    pub run: Option<String>,
    /// Sweep from so many initial weights and orders of the images: the run's seed and those after it
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    pub seeds: u16,
    /// Use so many threads; the numbers do not depend on them [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print every number as JSON
    #[arg(long)]
    pub json: bool,
    /// Write a page (`.html`) or the chart alone (`.svg`) to this file too
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub data: DataArgs,
}

/// Arguments of `capacity`.
#[derive(Debug, clap::Args)]
pub(crate) struct CapacityArgs {
    /// A study file, or the name of a built-in study; or the folder or server of a study that holds several widths of a
    /// model, which is read and not trained
    #[arg(value_name = "FILE|NAME|DIR|URL", default_value = "fashion-mnist")]
    pub study: String,
    /// The model [default: the only one]
    #[arg(long, value_name = "NAME")]
    pub model: Option<String>,
    /// Train each width as this run does, but for the learning rate [default: the first run with the model]
    #[arg(long, value_name = "NAME")]
    pub run: Option<String>,
    /// Units and filters of the hidden layers, as multiples of the model's own; 1 is always among them
    #[arg(long, value_name = "FACTORS", value_delimiter = ',', default_value = "0.5,1,2,4")]
    pub widths: Vec<f64>,
    /// Train each width with so many seeds at its chosen learning rate
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub seeds: u16,
    /// Train for so many epochs [default: as many as the run]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub epochs: Option<u32>,
    /// Use so many threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Print the answer as JSON
    #[arg(long)]
    pub json: bool,
    /// The folder for the study of the widths: its file, records, report [default: results/<name of the study>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    #[command(flatten)]
    pub data: DataArgs,
}
