//! Arguments of the commands that say what results show.

use std::path::PathBuf;

use super::DataArgs;

/// Arguments of `judge`.
#[derive(Debug, clap::Args)]
pub(crate) struct JudgeArgs {
    /// Plain records; `-` reads them from the standard input
    #[arg(value_name = "FILE|-")]
    pub file: PathBuf,
    /// Weigh the claims of this study file, or built-in study, too
    #[arg(long, value_name = "STUDY")]
    pub claims: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    pub json: bool,
    /// Write a report of it too: `.html`, `.md` or `.tex`
    ///
    /// A file that is there already is replaced only if it is such a report.
    #[arg(long, value_name = "OUT")]
    pub report: Option<PathBuf>,
    #[command(flatten)]
    pub data: DataArgs,
}

/// Arguments of `compare`.
#[derive(Debug, clap::Args)]
pub(crate) struct CompareArgs {
    /// The study's folder, or a server: `postgres://user:password@host/database`
    #[arg(value_name = "DIR|URL")]
    pub storage: String,
    /// A run
    #[arg(value_name = "A")]
    pub a: String,
    /// Another run
    #[arg(value_name = "B")]
    pub b: String,
    /// On a server: the study [default: the only one there]
    #[arg(long, value_name = "NAME")]
    pub study: Option<String>,
    /// Print it as JSON, with all images on which they disagree
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `findings`.
#[derive(Debug, clap::Args)]
pub(crate) struct FindingsArgs {
    /// The study's folder, or a server: `postgres://user:password@host/database`
    #[arg(value_name = "DIR|URL")]
    pub storage: String,
    /// On a server: the study [default: the only one there]
    #[arg(long, value_name = "NAME")]
    pub study: Option<String>,
    /// Print them as JSON
    #[arg(long)]
    pub json: bool,
    /// End with exit code 4 if there is a finding of this severity (note, warning, alarm) or worse, or of this name
    /// (may be repeated)
    #[arg(long, value_name = "SEVERITY|NAME")]
    pub fail_on: Vec<String>,
}

/// Arguments of `verify`.
#[derive(Debug, clap::Args)]
pub(crate) struct VerifyArgs {
    /// The study's folder, or a server: `postgres://user:password@host/database`
    #[arg(value_name = "DIR|URL")]
    pub storage: String,
    /// On a server: the study [default: the only one there]
    #[arg(long, value_name = "NAME")]
    pub study: Option<String>,
    /// Train this run again, with all its seeds, from its record alone: equal, bit for bit, or not
    #[arg(long, value_name = "NAME", conflicts_with = "with")]
    pub run: Option<String>,
    /// Compare with the same study in another folder, row by row
    #[arg(long, value_name = "DIR|URL")]
    pub with: Option<String>,
    /// With `--run`: use so many threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), requires = "run")]
    pub threads: Option<u16>,
    #[command(flatten)]
    pub data: DataArgs,
}
