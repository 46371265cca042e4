//! toile: a workbench for reproducible neural-network studies on image classification.

mod args;
mod commands;
mod failure;
mod interrupt;
mod machine;
mod source;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use args::{Args, Command};
use failure::Failure;
use machine::MachineClock;

/// How a command ended that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// All is well.
    Done,
    /// The study ran to its end, but a run of it failed.
    RunFailed,
    /// The user stopped it.
    Interrupted,
}

fn main() -> ExitCode {
    let clock = MachineClock::start();
    terminal::choose_colours();
    terminal::listen_for_panics();
    match steps(&clock) {
        Ok(Ending::Done) => ExitCode::SUCCESS,
        Ok(Ending::RunFailed) => ExitCode::from(3),
        Ok(Ending::Interrupted) => ExitCode::from(interrupt::INTERRUPTED),
        Err(failure) => {
            terminal::note(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

fn steps(clock: &MachineClock) -> Result<Ending, Failure> {
    machine::choose_instruction_set()?;
    match Args::parse().command {
        Command::Run(args) => commands::run::run(&args),
        Command::Worker(args) => commands::worker::run(&args),
        Command::Trials(args) => commands::trials::run(&args),
        Command::Plan(args) => commands::plan::run(&args),
        Command::Bench(args) => commands::bench::run(&args, clock),
        Command::Summary(args) => commands::summary::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Data(args) => commands::data::run(&args),
        Command::Schema(args) => commands::schema::run(&args),
        Command::Init(args) => commands::init::run(&args),
        Command::List => commands::list::run(),
    }
}
