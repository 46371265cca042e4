//! `toile export`: a trained network as a file of another program, which is checked before it is written.

mod check;
mod data;
mod forms;
mod int8;
mod memory;
mod numbers;

use std::path::PathBuf;

use self::check::{Checked, Sample};
use crate::Completion;
use crate::args::{ExportArgs, ExportFormat};
use crate::commands::trained::TrainedNetwork;
use crate::commands::written::{self, OTHER_FILE};
use crate::failure::Failure;
use crate::terminal::{self, bytes, plural};

/// Files that are to be written, and what was seen of them.
struct Exported {
    /// `ONNX, opset 17`
    form: String,
    /// Where each goes; the first is the one that was asked for.
    files: Vec<(PathBuf, Vec<u8>)>,
    checked: Checked,
    /// What is said of the optimizer's memory, if it is among them.
    optimizer: Option<String>,
}

/// Exports what is asked for, or says why not and writes nothing.
pub(crate) fn run(args: &ExportArgs) -> Result<Completion, Failure> {
    forms::check_optimizer(args)?;
    forms::check_int8(args)?;
    match args.format {
        ExportFormat::Tensorboard | ExportFormat::Csv => numbers::run(args),
        ExportFormat::Onnx | ExportFormat::Keras | ExportFormat::Pytorch | ExportFormat::C => network(args),
    }
}

fn network(args: &ExportArgs) -> Result<Completion, Failure> {
    let Some(run) = &args.run else {
        return Err(Failure::new("which network is to be exported is not said")
            .help("name its run: `--run NAME`; `toile report DIR` lists them"));
    };
    forms::check_name(args)?;
    written::refuse_to_overwrite(&args.out, args.force, OTHER_FILE)?;
    let network = TrainedNetwork::find(&args.trained(run), "export")?;
    let sample = Sample::of(&network, &args.data)?;
    let exported = forms::exported(args, &network, &sample)?;
    written::write(&exported.files, args.force, OTHER_FILE)?;
    terminal::out(&told(&exported, &network, &sample))?;
    Ok(Completion::Done)
}

fn told(exported: &Exported, network: &TrainedNetwork, sample: &Sample) -> String {
    let mut text = String::new();
    for (i, (path, content)) in exported.files.iter().enumerate() {
        let form = if i == 0 { format!("{}, ", exported.form) } else { String::new() };
        text += &format!("{}: {form}{}\n", path.display(), bytes(content.len() as u64));
    }
    let facts = network.facts();
    let epoch = facts.epoch.map_or_else(String::new, |epoch| format!(", weights of epoch {epoch}"));
    let [height, width, channels] = network.records.study.data.shape;
    text += &format!("network {}{epoch}, SHA-256 {}\n", network.name(), facts.weights_sha256);
    text += &format!(
        "images  {height} x {width} x {channels}, {}; {}\n",
        facts.data,
        plural(facts.class_names.len(), "class", "classes")
    );
    text += &exported.optimizer.iter().map(|said| format!("optimizer {said}\n")).collect::<String>();
    if !network.settings.dtype_policy.is_float32() {
        let policy = network.settings.dtype_policy.name();
        text += &format!(
            "numbers trained in {policy}; the file computes in 32-bit floats, so that probabilities differ a little\n"
        );
    }
    if let Some(notice) = facts.notice {
        text += &format!("notice  {notice}\n");
    }
    text + &format!("check   {}\n", exported.checked.told(sample))
}
