//! What may be typed. Parsing only says what was written; the commands decide what it means.

mod bench;
mod data;
mod init;
mod judging;
mod manual;
mod predictions;
mod slips;
mod trained;
mod tuning;
mod watching;
mod web;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::LazyLock;

pub(crate) use self::bench::BenchArgs;
pub(crate) use self::data::{CheckArgs, ConvertArgs, DataCommand, FetchArgs, ReadingArgs};
pub(crate) use self::init::InitArgs;
pub(crate) use self::judging::{CompareArgs, FindingsArgs, JudgeArgs, VerifyArgs};
pub(crate) use self::manual::{CompletionsArgs, ManArgs, SchemaArgs, completions, pages as manual_pages};
pub(crate) use self::predictions::PredictionsFormat;
pub(crate) use self::trained::{ExportArgs, ExportFormat, ImportArgs, InputArg, PredictArgs, TrainedArgs};
pub(crate) use self::tuning::{CapacityArgs, LrFindArgs};
pub(crate) use self::watching::WatchArgs;
pub(crate) use self::web::WebArgs;
use clap::builder::Resettable;
use clap::{Arg, CommandFactory, FromArgMatches, Parser, Subcommand};
use toile_record::Seeds;
use toile_study::SeedsSetting;

use crate::version::version;

static VERSION: LazyLock<String> = LazyLock::new(version);

/// Trains every network of a study on real data and writes its report.
#[derive(Debug, Parser)]
#[command(name = "toile", version = VERSION.as_str(), max_term_width = 100)]
#[command(
    after_help = "Environment: TOILE_DATA_DIR (folder with data), TOILE_ISA (avx512, avx2, neon, portable), NO_COLOR.\n\
    Exit codes: 0 all is well, 1 an error, 2 wrong arguments, 3 the study ended but a run failed, 4 a finding that\n  `--fail-on` names, 130 interrupted."
)]
pub(crate) struct Args {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Understands what was typed. A variable of the environment that is empty is as if it were not set, as systems for
/// continuous integration leave variables.
pub(crate) fn parse(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
) -> Result<Args, clap::Error> {
    let command = without_empty_variables(Args::command());
    let typed = command.try_get_matches_from(args).map_err(slips::explained)?;
    Args::from_arg_matches(&typed)
}

fn without_empty_variables(mut command: clap::Command) -> clap::Command {
    let is_empty = |arg: &Arg| {
        let value = arg.get_env().and_then(std::env::var_os);
        value.is_some_and(|value| value.to_string_lossy().trim().is_empty())
    };
    let empty: Vec<_> =
        command.get_arguments().filter(|arg| is_empty(arg)).map(|arg| arg.get_id().clone()).collect();
    for id in empty {
        command = command.mut_arg(id, |arg| arg.env(Resettable::Reset));
    }
    let names: Vec<_> = command.get_subcommands().map(|command| command.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name, without_empty_variables);
    }
    command
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train what is still to be trained of a study, and write its report
    Run(RunArgs),
    /// Work on the runs and searches of a study that lies on a server, together with other workers
    ///
    /// Takes runs and trials that wait, proposes new trials, trains them, and takes over what a dead worker left, until
    /// the study is over. Start as many as you like, on as many machines as you like: the result is the same. SIGTERM
    /// and Ctrl-C put what is under way back into the queue with a checkpoint.
    Worker(WorkerArgs),
    /// Watch a study as it grows: here, in another terminal, on workers; also one that has ended
    ///
    /// Only looks: nothing is written into the study, and leaving the view never stops it. On a terminal it is a screen
    /// with keys (`?` lists them), elsewhere lines; `--json` is for programs. docs/watching.md describes them.
    Watch(WatchArgs),
    /// List the searches that a database holds, or the trials of one: toile's own and Optuna's
    Trials(TrialsArgs),
    /// Show every run of a study, how its model is computed and what it will cost, and train nothing
    Plan(PlanArgs),
    /// Measure this machine, and how fast it trains each model of a study
    ///
    /// First the machine at its best: multiply-adds in registers, and reading from each cache and from memory. Then
    /// each distinct configuration of the study (model, optimizer, batch size): seconds per epoch, GFLOP/s, percent of
    /// that peak, and where the time of a step goes by layer and pass.
    ///
    /// Nothing is downloaded and nothing is kept: where the study's data are not at hand, images are drawn. The numbers
    /// are those of this hour: whatever else the machine does meanwhile shows in them.
    Bench(BenchArgs),
    /// Find the learning rates at which a run trains: the learning-rate range test
    ///
    /// Trains the run from its initial weights for 300 batches, while the learning rate grows from 1e-6 to 10, once for
    /// each seed. Says between which rates the loss falls, where the run's own learning rate lies, and which to try.
    /// docs/diagnose.md says how it is computed.
    LrFind(LrFindArgs),
    /// Say what limits a model: its capacity, the data, or its training, by training other widths of it
    ///
    /// Writes a study file with the model at several widths, each with a search for its learning rate, into a folder of
    /// its own, and runs it as `run` does: Ctrl-C stops it, the same command goes on. Given such a folder, or any study
    /// that holds several widths of a model, it trains nothing and reads the answer. docs/diagnose.md has the rules.
    Capacity(CapacityArgs),
    /// Print the layers of a model, as Keras does
    Summary(SummaryArgs),
    /// Write the report files again from what a study's folder holds
    Report(ReportArgs),
    /// Check that everything of a study is as it was written: records, weights; and change nothing
    ///
    /// Records carry checksums over their numbers, and the hash of their weights. `--run` trains a run again from its
    /// record and says whether the same bits come out; `--with` compares two studies row by row. Exit code 1 if
    /// something differs.
    Verify(VerifyArgs),
    /// Judge the results of any program: which differences hold, which claims, what overfits
    ///
    /// FILE holds plain records, one JSON document that a few lines of Python write from Keras or PyTorch: settings,
    /// the numbers of the epochs, which test images were classified correctly. docs/judge.md describes it.
    Judge(JudgeArgs),
    /// Compare two runs of a study: settings, curves, verdict, images on which they disagree
    Compare(CompareArgs),
    /// Say what is to be said of the runs of a study: what overfits, what has not converged, what cannot be concluded
    ///
    /// Exit code 4 if there is a finding of the kind that `--fail-on` names.
    Findings(FindingsArgs),
    /// Write a trained network as a file of another program
    ///
    /// The file is read back and computed on test images before it is written, and the largest difference is said. The
    /// same run gives the same bytes. docs/models.md says what each form holds.
    Export(ExportArgs),
    /// Take a network of Keras as a study: its layers, its weights, its optimizer
    ///
    /// Writes FOLDER/study.toml and the weights beside it; `toile run` goes on training. No code of the file is run;
    /// what it has and toile has not is named, all at once.
    Import(ImportArgs),
    /// Say what a trained network makes of pictures
    ///
    /// They must have the size of the training images. The same pixels give the same bits as in training.
    Predict(PredictArgs),
    /// List, fetch or check data sets
    #[command(subcommand)]
    Data(DataCommand),
    /// Print what a study file may say: the JSON Schema for editors, or a page to read
    Schema(SchemaArgs),
    /// Write a commented study file to start from, or a built-in study
    Init(InitArgs),
    /// List the built-in studies and all names that a study file may use
    List,
    /// Print the script that completes commands and options in a shell
    Completions(CompletionsArgs),
    /// Print the manual page of the program, or write those of all commands
    Man(ManArgs),
}

/// Which study, with what changed.
#[derive(Debug, clap::Args)]
pub(crate) struct StudyArgs {
    /// A study file, or the name of a built-in study
    #[arg(value_name = "FILE|NAME", default_value = "fashion-mnist")]
    pub study: String,
    /// Use so many threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Repeat every run with so many seeds, whatever the file says
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub seeds: Option<u16>,
    /// Repeat runs with 3 to 20 seeds, until the comparisons between them are decided, whatever the file says
    ///
    /// Comparisons are looked at with 3, 5, 10 and 20 seeds, on the validation images; a run gets more seeds while one
    /// of its comparisons is undecided. Runs that do as well as each other mostly get all 20.
    #[arg(long, value_name = "WORD", value_enum, conflicts_with = "seeds")]
    pub until: Option<UntilArg>,
    /// Only the run or search of this name (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    #[command(flatten)]
    pub data: DataArgs,
}

/// When runs get no more seeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum UntilArg {
    /// When the comparisons between the runs are decided
    Decided,
}

impl StudyArgs {
    /// How often runs are repeated, if not as often as the file says.
    pub(crate) fn seeds(&self) -> Option<Seeds> {
        match self.until {
            Some(UntilArg::Decided) => Some(SeedsSetting::until_decided().into()),
            None => self.seeds.map(|seeds| Seeds::Fixed(seeds.into())),
        }
    }
}

/// Where data may lie.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct DataArgs {
    /// Look for data here first
    #[arg(long, value_name = "DIR", env = "TOILE_DATA_DIR", hide_env = true)]
    pub data_dir: Option<OsString>,
}

/// Arguments of `run`.
#[derive(Debug, clap::Args)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub study: StudyArgs,
    /// The study's folder [default: results/<name of the study>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Keep runs and searches on this server, `postgres://user:password@host/database`, where other workers can join
    ///
    /// The study's folder gets a copy of everything in the end. Runs that were trained in the folder before are brought
    /// to the server, and are not trained again.
    #[arg(long, value_name = "URL", env = "TOILE_STORAGE", hide_env_values = true)]
    pub storage: Option<String>,
    /// Keep checkpoints in this folder, which all workers share, and not in the database
    #[arg(long, value_name = "DIR", requires = "storage")]
    pub checkpoints: Option<PathBuf>,
    /// A worker that is not heard of for so many seconds counts as dead
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub lease: u32,
    /// Open the test part for complete runs before all trainings of the study have ended; the record says so
    #[arg(long)]
    pub open_test: bool,
    /// Show the study on the whole screen of the terminal while it runs, as `toile watch` does
    ///
    /// q leaves it for lines, and the study goes on; Ctrl-C asks how to stop it. Without a terminal there are lines.
    #[arg(long)]
    pub dashboard: bool,
    #[command(flatten)]
    pub web: WebArgs,
}

/// Arguments of `worker`.
#[derive(Debug, clap::Args)]
pub(crate) struct WorkerArgs {
    /// A study file, or the name of a built-in study [default: the study of `--study`, from the database]
    #[arg(value_name = "FILE|NAME")]
    pub file: Option<String>,
    /// The server: `postgres://user:password@host/database`
    #[arg(long, value_name = "URL", env = "TOILE_STORAGE", hide_env_values = true)]
    pub storage: String,
    /// The study in the database [default: the only one there]
    #[arg(long, value_name = "NAME")]
    pub study: Option<String>,
    /// Only the run or search of this name (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub only: Vec<String>,
    /// Use so many threads [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Keep checkpoints in this folder, which all workers share, and not in the database
    #[arg(long, value_name = "DIR")]
    pub checkpoints: Option<PathBuf>,
    /// A worker that is not heard of for so many seconds counts as dead
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub lease: u32,
    /// Open the test part for complete runs before all trainings of the study have ended; the record says so
    #[arg(long)]
    pub open_test: bool,
    #[command(flatten)]
    pub data: DataArgs,
}

/// Arguments of `trials`.
#[derive(Debug, clap::Args)]
pub(crate) struct TrialsArgs {
    /// A study's folder, a SQLite file (also as `sqlite:///FILE`), or a server:
    /// `postgres://user:password@host/database`
    #[arg(value_name = "DIR|FILE|URL")]
    pub storage: String,
    /// The search (in Optuna's words: the study) whose trials are to be listed
    #[arg(long, value_name = "NAME")]
    pub study: Option<String>,
}

/// Arguments of `plan`.
#[derive(Debug, clap::Args)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub study: StudyArgs,
    /// The study's folder, or a server: runs that are done there are marked [default: results/<name of the study>]
    #[arg(long, value_name = "DIR|URL")]
    pub out: Option<String>,
    /// Do not measure this machine's speed: no expected times
    #[arg(long)]
    pub no_timing: bool,
}

/// Arguments of `summary`.
#[derive(Debug, clap::Args)]
pub(crate) struct SummaryArgs {
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
pub(crate) struct ReportArgs {
    /// The study's folder, or a server: `postgres://user:password@host/database`
    #[arg(value_name = "DIR|URL")]
    pub storage: String,
    /// On a server: the study [default: the only one there]
    #[arg(long, value_name = "NAME")]
    pub study: Option<String>,
    /// Write the files into this folder; from a server also the records and the weights [default: DIR, or
    /// results/<name of the study>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Write also, into each run's folder, what its weights make of every validation and test image: label, predicted
    /// class, its probability, loss
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub predictions: Option<PredictionsFormat>,
    /// Write also the folder `latex`: the report as a LaTeX document, each table and figure a file for papers
    #[arg(long)]
    pub latex: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        super::Args::command().debug_assert();
    }
}
