//! `toile export`: a trained network as a file of another program, which is checked before it is written.

mod check;

use std::path::{Path, PathBuf};

use toile_exchange::{InputKind, onnx};
use toile_store::{read_file, write_atomic};

use self::check::{Checked, Sample};
use crate::Completion;
use crate::args::{ExportArgs, ExportFormat, InputArg};
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
}

/// Exports the network, or says why not and writes nothing.
pub(crate) fn run(args: &ExportArgs) -> Result<Completion, Failure> {
    refuse_to_overwrite(&[&args.out], args.force)?;
    let network = TrainedNetwork::find(&args.trained, "export")?;
    let sample = Sample::of(&network, &args.data)?;
    let exported = exported(args, &network, &sample)?;
    let paths: Vec<&Path> = exported.files.iter().map(|(path, _)| path.as_path()).collect();
    refuse_to_overwrite(&paths, args.force)?;
    for (path, bytes) in &exported.files {
        write_atomic(path, bytes)?;
        is_as_written(path, bytes)?;
    }
    terminal::out(&told(&exported, &network, &sample))?;
    Ok(Completion::Done)
}

fn input(args: &ExportArgs) -> InputKind {
    match args.input {
        None | Some(InputArg::Uint8) => InputKind::Uint8,
        Some(InputArg::Float) => InputKind::Float,
    }
}

fn exported(args: &ExportArgs, network: &TrainedNetwork, sample: &Sample) -> Result<Exported, Failure> {
    match args.format {
        ExportFormat::Onnx => {
            let bytes = onnx::to_onnx(&network.model.describe(), &network.facts(), input(args))?;
            let checked = check::graph(&onnx::from_onnx(&bytes)?, sample)?;
            let form = format!("ONNX, opset {}", onnx::OPSET);
            Ok(Exported { form, files: vec![(args.out.clone(), bytes)], checked })
        }
    }
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
    if let Some(notice) = facts.notice {
        text += &format!("notice  {notice}\n");
    }
    text + &format!("check   {}\n", exported.checked.told(sample))
}
