//! Arguments of `bench`.

use std::path::PathBuf;

use toile_nn::DtypePolicy;

use super::DataArgs;

/// Arguments of `bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// A study file, or the name of a built-in study
    #[arg(value_name = "FILE|NAME", default_value = "fashion-mnist")]
    pub study: String,
    /// Only the configuration of the run of this name (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Use so many threads; one thread is measured as well [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Spend about so many seconds on each line [default: 3, with --shapes 0.6]
    ///
    /// Two epochs after the first are timed however long they take, unless one takes more than 20 seconds: then 20
    /// batches or more stand for the epoch, and the table says so.
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub seconds: Option<f64>,
    /// Measure a fixed list of odd layer shapes instead of a study
    ///
    /// Convolutions with few channels, uneven sizes and other kernels than 3x3, and dense networks of uneven widths and
    /// batch sizes, each compared with the fastest of its kind. No data are needed.
    #[arg(long, conflicts_with_all = ["study", "only"])]
    pub shapes: bool,
    /// Compute in these numbers, whatever the study says: `float32` or `mixed_bfloat16`
    #[arg(long, value_name = "NAME", value_parser = dtype_policy)]
    pub dtype_policy: Option<DtypePolicy>,
    /// Write all numbers to this file too; `-` prints them instead of the tables
    #[arg(long, value_name = "FILE|-")]
    pub json: Option<PathBuf>,
    #[command(flatten)]
    pub data: DataArgs,
}

fn dtype_policy(name: &str) -> Result<DtypePolicy, String> {
    let known = DtypePolicy::ALL.map(DtypePolicy::name);
    let found = DtypePolicy::ALL.into_iter().find(|policy| policy.name() == name);
    found.ok_or_else(|| format!("expected {}", known.join(" or ")))
}

/// A time that a user may ask for: up to an hour.
fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "expected a number of seconds, such as 0.5".to_owned())?;
    if (0.0..=3600.0).contains(&seconds) { Ok(seconds) } else { Err("expected 0 to 3600 seconds".into()) }
}
