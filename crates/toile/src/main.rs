//! toile: a workbench for reproducible neural-network studies on image classification.

use std::process::ExitCode;

fn main() -> ExitCode {
    toile::run(std::env::args_os()).into()
}
