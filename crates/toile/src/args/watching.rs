//! Arguments of `watch`.

use super::WebArgs;

/// Arguments of `watch`.
#[derive(Debug, clap::Args)]
pub(crate) struct WatchArgs {
    /// The study's folder, or a server: `postgres://user:password@host/database`
    #[arg(value_name = "DIR|URL")]
    pub storage: String,
    /// On a server: the study [default: the only one there]
    #[arg(long, value_name = "NAME")]
    pub study: Option<String>,
    /// Print one event a line as JSON, for programs
    #[arg(long, conflicts_with = "web")]
    pub json: bool,
    #[command(flatten)]
    pub web: WebArgs,
}
