//! The program as a library: arguments in, exit code out. `main` calls [`run`], and so may other front ends.

#![warn(unreachable_pub)]

mod args;
mod background;
mod commands;
mod failure;
mod interrupt;
mod machine;
mod places;
mod serve;
mod source;
mod study_folder;
mod terminal;
mod version;

use std::ffi::OsString;
use std::sync::atomic::Ordering;

use args::Command;
use failure::Failure;
use machine::MachineClock;

/// Of the program, and of Python's module, which is built of this.
#[global_allocator]
static ALLOCATOR: toile_kernels::LargePages = toile_kernels::LargePages;

/// How a command ended that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Completion {
    /// All is well.
    Done,
    /// The study ran to its end, but a run of it failed.
    RunFailed,
    /// There is a finding that it was to fail on.
    Found,
    /// The user stopped it.
    Interrupted,
}

impl Completion {
    fn code(self) -> u8 {
        match self {
            Completion::Done => 0,
            Completion::RunFailed => 3,
            Completion::Found => 4,
            Completion::Interrupted => interrupt::INTERRUPTED,
        }
    }
}

/// Runs the program with these arguments, the first of which is its own name, and gives its exit code: 0 if all is
/// well, 1 for an error, 2 for arguments that cannot be understood, 3 if a run or trial failed, 4 for a finding
/// that it was to fail on, 130 if it was interrupted.
///
/// What it has to say goes to standard output and standard error.
pub fn run(args: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    let clock = MachineClock::start();
    terminal::choose_colours();
    terminal::listen_for_panics();
    interrupt::survive_file_size_limit();
    toile_kernels::give_back_large_blocks();
    // Before the arguments: the help names the instruction set.
    match machine::choose_instruction_set().and_then(|()| parse_and_execute(args, &clock)) {
        Ok(code) => code,
        // Whoever stops a program while its server is away has what they wanted.
        Err(failure) if failure.is_transient() && interrupt::asked().load(Ordering::Relaxed) => {
            terminal::note(&format!(
                "stopped: {}; what was under way is taken up again from what was recorded before",
                failure.message()
            ));
            interrupt::INTERRUPTED
        }
        Err(failure) => {
            terminal::note(&failure.to_string());
            1
        }
    }
}

fn parse_and_execute(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    clock: &MachineClock,
) -> Result<u8, Failure> {
    match args::parse(args) {
        Ok(args) => execute(args.command, clock).map(Completion::code),
        Err(error) => {
            // If standard output or error is closed, there is no reader.
            let _ = error.print();
            Ok(u8::try_from(error.exit_code()).unwrap_or(1))
        }
    }
}

fn execute(command: Command, clock: &MachineClock) -> Result<Completion, Failure> {
    match command {
        Command::Run(args) => commands::run::run(&args),
        Command::Worker(args) => commands::worker::run(&args),
        Command::Watch(args) => commands::watch::run(&args),
        Command::Trials(args) => commands::trials::run(&args),
        Command::Plan(args) => commands::plan::run(&args),
        Command::Bench(args) => commands::bench::run(&args, clock),
        Command::LrFind(args) => commands::lr_find::run(&args),
        Command::Capacity(args) => commands::capacity::run(&args),
        Command::Summary(args) => commands::summary::run(&args),
        Command::Report(args) => commands::report::run(&args),
        Command::Judge(args) => commands::judge::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Findings(args) => commands::findings::run(&args),
        Command::Verify(args) => commands::verify::run(&args),
        Command::Export(args) => commands::export::run(&args),
        Command::Import(args) => commands::import::run(&args),
        Command::Predict(args) => commands::predict::run(&args),
        Command::Data(args) => commands::data::run(&args),
        Command::Schema(args) => commands::schema::run(&args),
        Command::Init(args) => commands::init::run(&args),
        Command::List => commands::list::run(),
        Command::Completions(args) => commands::manual::complete(&args),
        Command::Man(args) => commands::manual::manual(&args),
    }
}
