//! Arguments of the commands that take a trained network.

use std::path::PathBuf;

use super::DataArgs;

/// Which trained network.
#[derive(Debug, clap::Args)]
pub(crate) struct TrainedArgs {
    /// The study's folder, or a server: `postgres://user:password@host/database`
    #[arg(value_name = "DIR|URL")]
    pub storage: String,
    /// On a server: the study [default: the only one there]
    #[arg(long, value_name = "NAME")]
    pub study: Option<String>,
    /// The run
    #[arg(long, value_name = "NAME")]
    pub run: String,
    /// Its training with this seed [default: its first]
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum ExportFormat {
    /// One file for ONNX Runtime, browsers, phones: pixels in, probabilities out
    Onnx,
    /// `.keras`, a network for Keras 3; or `.weights.h5`, its weights alone
    Keras,
    /// `.safetensors`, and beside it a `.py` that builds the network
    Pytorch,
    /// One C99 file that needs no library
    C,
    /// A folder of event files for TensorBoard, with HParams: of all runs and searches, or of one run
    Tensorboard,
    /// A folder with runs.csv, epochs.csv and trials.csv
    Csv,
}

/// How an exported network takes its images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum InputArg {
    /// Pixels as they are, 0 to 255: the network divides by 255
    Uint8,
    /// Numbers from 0 to 1: who calls the network divides by 255
    Float,
}

/// Arguments of `export`.
#[derive(Debug, clap::Args)]
pub(crate) struct ExportArgs {
    /// The study's folder, or a server: `postgres://user:password@host/database`
    #[arg(value_name = "DIR|URL")]
    pub storage: String,
    /// On a server: the study [default: the only one there]
    #[arg(long, value_name = "NAME")]
    pub study: Option<String>,
    /// The run; tensorboard and csv take all if none is named
    #[arg(long, value_name = "NAME")]
    pub run: Option<String>,
    /// Its training with this seed [default: its first]
    #[arg(long, value_name = "N", requires = "run")]
    pub seed: Option<u64>,
    /// The form
    #[arg(long, value_name = "FORMAT", value_enum)]
    pub format: ExportFormat,
    /// How the exported network takes its images [default: uint8 for onnx and c, float for keras and
    /// pytorch]
    #[arg(long, value_name = "KIND", value_enum)]
    pub input: Option<InputArg>,
    /// Write this file, these files of this name, or into this folder
    #[arg(long, value_name = "PATH")]
    pub out: PathBuf,
    /// With what the optimizer remembers, so that Keras goes on as toile would: for this the run is trained
    /// once more
    #[arg(long)]
    pub with_optimizer: bool,
    /// ONNX in whole numbers of 8 bits, a quarter of the size: its accuracy is said beside that in float
    #[arg(long)]
    pub int8: bool,
    /// Replace what is there already
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub data: DataArgs,
}

/// Arguments of `import`.
#[derive(Debug, clap::Args)]
pub(crate) struct ImportArgs {
    /// A `.keras` file of Keras 3; or weights alone, `.weights.h5` or `.safetensors`, with `--model`
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// For weights alone: the layers that they belong to, a model of a study file
    #[arg(long, value_name = "STUDY#NAME")]
    pub model: Option<String>,
    /// Write the study file and the weights into this folder
    #[arg(long, value_name = "FOLDER")]
    pub into: PathBuf,
    /// The data that it is to be trained on: a name of `toile data list`, or a folder
    #[arg(long = "data", value_name = "NAME|FOLDER")]
    pub dataset: String,
    #[command(flatten)]
    pub data: DataArgs,
}

impl ExportArgs {
    /// The network that is meant, for a run of this name.
    pub(crate) fn trained(&self, run: &str) -> TrainedArgs {
        TrainedArgs {
            storage: self.storage.clone(),
            study: self.study.clone(),
            run: run.to_owned(),
            seed: self.seed,
        }
    }
}

/// Arguments of `predict`.
#[derive(Debug, clap::Args)]
pub(crate) struct PredictArgs {
    #[command(flatten)]
    pub trained: TrainedArgs,
    /// PNG and JPEG files, and folders of them
    #[arg(value_name = "IMAGE|FOLDER", required = true)]
    pub images: Vec<PathBuf>,
    /// Say the so many most probable classes
    #[arg(long, value_name = "K", default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=256))]
    pub top: u16,
    /// Print JSON, with the probabilities of all classes
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// Print CSV, a line for each image and class
    #[arg(long)]
    pub csv: bool,
}
