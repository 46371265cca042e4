//! Arguments of what can be seen in a browser.

use std::net::IpAddr;

/// Whether and where a page is served.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct WebArgs {
    /// Show the study in a browser while it grows; prints the address
    ///
    /// The page is the report, which follows the study. It is served to this machine only; the address holds a token,
    /// new at each start, without which nothing is given. docs/watching.md says more.
    #[arg(long)]
    pub web: bool,
    /// The port of the page [default: a free one]
    #[arg(long, value_name = "N", requires = "web", value_parser = clap::value_parser!(u16).range(1..))]
    pub port: Option<u16>,
    /// Serve the page at this address of the machine, to whoever reaches it and has the token [default: 127.0.0.1 and
    /// ::1, to this machine alone]
    #[arg(long, value_name = "ADDRESS", requires = "web")]
    pub host: Option<IpAddr>,
}
