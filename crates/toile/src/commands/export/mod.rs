//! `toile export`: a trained network as a file of another program, which is checked before it is written.

mod check;
mod data;
mod forms;
mod int8;
mod memory;
mod numbers;

use std::path::{Path, PathBuf};

use toile_store::{read_file, write_atomic};

use self::check::{Checked, Sample};
use crate::Completion;
use crate::args::{ExportArgs, ExportFormat};
use crate::commands::trained::TrainedNetwork;
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
    refuse_to_overwrite(&[&args.out], args.force)?;
    let network = TrainedNetwork::find(&args.trained(run), "export")?;
    let sample = Sample::of(&network, &args.data)?;
    let exported = forms::exported(args, &network, &sample)?;
    write(&exported.files, args.force)?;
    terminal::out(&told(&exported, &network, &sample))?;
    Ok(Completion::Done)
}

/// Writes files, each whole or not at all, and reads them once more; none if one of them is there already.
fn write(files: &[(PathBuf, Vec<u8>)], force: bool) -> Result<(), Failure> {
    let paths: Vec<&Path> = files.iter().map(|(path, _)| path.as_path()).collect();
    refuse_to_overwrite(&paths, force)?;
    for (path, bytes) in files {
        write_atomic(path, bytes)?;
        is_as_written(path, bytes)?;
    }
    Ok(())
}

/// # Errors
/// If something is there already and may not be replaced; never a folder.
fn refuse_to_overwrite(paths: &[&Path], force: bool) -> Result<(), Failure> {
    for path in paths {
        let Ok(found) = path.symlink_metadata() else { continue };
        if found.is_dir() {
            return Err(Failure::new(format!("`{}` is a folder", path.display()))
                .help("name a file: `--out network.onnx`"));
        }
        if !force {
            return Err(Failure::new(format!("`{}` exists already: it is left as it is", path.display()))
                .help("name another file, or replace it with `--force`"));
        }
    }
    Ok(())
}

/// Reads what was written once more.
fn is_as_written(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let found = read_file(path, bytes.len() as u64);
    match found {
        Ok(found) if found == bytes => Ok(()),
        Ok(_) => Err(Failure::new(format!("`{}` does not hold what was written to it", path.display()))),
        Err(error) => Err(Failure::new(format!("`{}` cannot be read back: {error}", path.display()))),
    }
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
    if let Some(notice) = facts.notice {
        text += &format!("notice  {notice}\n");
    }
    text + &format!("check   {}\n", exported.checked.told(sample))
}
