//! The forms of a network, each made, read back and checked.

use std::path::Path;

use toile_exchange::keras::{self, CompileSettings, KerasMemory};
use toile_exchange::{InputKind, c, onnx, pytorch};
use toile_nn::{ModelDescription, Optimizer};

use super::Exported;
use super::check::{self, Checked, Sample};
use super::{int8, memory};
use crate::args::{ExportArgs, ExportFormat, InputArg};
use crate::commands::trained::TrainedNetwork;
use crate::failure::Failure;
use crate::terminal::plural;

/// Weights alone, for Keras.
const WEIGHTS_H5: &str = ".weights.h5";

/// How the network is to take its images: as it was asked, or as the users of the form are used to.
fn input(args: &ExportArgs) -> InputKind {
    match (args.input, args.format) {
        (Some(InputArg::Uint8), _) | (None, ExportFormat::Onnx | ExportFormat::C) => InputKind::Uint8,
        _ => InputKind::Float,
    }
}

/// The endings by which other programs know their files.
///
/// # Errors
/// If the file has none of them.
pub(super) fn check_name(args: &ExportArgs) -> Result<(), Failure> {
    let endings: &[&str] = match args.format {
        ExportFormat::Onnx => &[".onnx"],
        ExportFormat::Keras => &[".keras", WEIGHTS_H5],
        ExportFormat::Pytorch => &[".safetensors"],
        ExportFormat::C => &[".c"],
        ExportFormat::Tensorboard | ExportFormat::Csv => return Ok(()),
    };
    let name = args.out.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if endings.iter().any(|ending| name.len() > ending.len() && name.ends_with(ending)) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{}` has no ending of this form: {}",
        args.out.display(),
        endings.join(" or ")
    ))
    .help(format!("other programs go by it: `--out network{}`", endings[0])))
}

/// Only a `.keras` file holds an optimizer.
///
/// # Errors
/// If another form is to hold one.
pub(super) fn check_optimizer(args: &ExportArgs) -> Result<(), Failure> {
    let is_whole = args.format == ExportFormat::Keras && !args.out.to_string_lossy().ends_with(WEIGHTS_H5);
    if !args.with_optimizer || is_whole {
        return Ok(());
    }
    Err(Failure::new(format!("`{}` cannot hold what the optimizer remembers", args.out.display()))
        .help("only `--format keras --out network.keras` can: leave `--with-optimizer` out"))
}

/// The files of a network in the form that is asked for.
///
/// # Errors
/// If the form cannot hold it, or what is read back is another network.
pub(super) fn exported(
    args: &ExportArgs,
    network: &TrainedNetwork,
    sample: &Sample,
) -> Result<Exported, Failure> {
    match args.format {
        ExportFormat::Onnx => onnx(args, network, sample),
        ExportFormat::Keras => keras(args, network, sample),
        ExportFormat::Pytorch => pytorch(args, network, sample),
        ExportFormat::C => c(args, network),
        ExportFormat::Tensorboard | ExportFormat::Csv => {
            Err(Failure::new("it is a form of numbers, not of networks"))
        }
    }
}

/// # Errors
/// If another form is to be of whole numbers.
pub(super) fn check_int8(args: &ExportArgs) -> Result<(), Failure> {
    match !args.int8 || args.format == ExportFormat::Onnx {
        true => Ok(()),
        false => Err(Failure::new("only ONNX files hold a network in int8")
            .help("`--format onnx --int8 --out network.onnx`; or leave `--int8` out")),
    }
}

fn onnx(args: &ExportArgs, network: &TrainedNetwork, sample: &Sample) -> Result<Exported, Failure> {
    if args.int8 {
        return int8::exported(args, network, input(args));
    }
    let bytes = onnx::to_onnx(&network.model.describe(), &network.facts(), input(args))?;
    let checked = check::graph(&onnx::from_onnx(&bytes)?, sample)?;
    let form = format!("ONNX, opset {}", onnx::OPSET);
    Ok(Exported { form, files: vec![(args.out.clone(), bytes)], checked, optimizer: None })
}

fn keras(args: &ExportArgs, network: &TrainedNetwork, sample: &Sample) -> Result<Exported, Failure> {
    let (described, input, settings) = (network.model.describe(), input(args), &network.settings);
    let state = args.with_optimizer.then(|| memory::state(args, network)).transpose()?;
    let memory = state.as_ref().map(|state| KerasMemory { state, schedule: &settings.schedule });
    let compile = CompileSettings {
        optimizer: &settings.optimizer,
        memory,
        loss: &settings.loss,
        label_smoothing: settings.label_smoothing,
    };
    let whole = keras::to_keras(&described, &network.facts(), compile, input)?;
    let read = keras::from_keras(&whole)?;
    let checked = check::network(&read.layers, read.image, &read.tensors, sample)?;
    if !args.out.to_string_lossy().ends_with(WEIGHTS_H5) {
        let form = format!("Keras {}", keras::KERAS_VERSION);
        let optimizer = memory.map(|memory| remembered(&described, &settings.optimizer, memory, &whole));
        let optimizer = optimizer.transpose()?;
        return Ok(Exported { form, files: vec![(args.out.clone(), whole)], checked, optimizer });
    }
    // The very bytes that the archive holds, which were read back.
    let bytes = keras::to_weights_h5(&described, input);
    let files = vec![(args.out.clone(), bytes)];
    Ok(Exported { form: "weights for Keras".into(), files, checked, optimizer: None })
}

/// Reads back what the optimizer remembers, and says it in words.
///
/// # Errors
/// If it is not as it was written.
fn remembered(
    described: &ModelDescription,
    optimizer: &Optimizer,
    memory: KerasMemory<'_>,
    written: &[u8],
) -> Result<String, Failure> {
    let (expected, found) = (
        keras::optimizer_variables(described, optimizer, memory)?,
        keras::read_optimizer_variables(written)?,
    );
    if found != expected {
        return Err(check::not_written("the optimizer remembers other numbers"));
    }
    let rate = match memory.learning_rate() {
        Some(rate) => format!("learning rate {rate}"),
        None => "learning rate by its schedule".into(),
    };
    Ok(format!(
        "{} after {}, {rate}: trained again, to the same weights",
        optimizer.name(),
        plural(memory.state.facts.step as usize, "update", "updates")
    ))
}

fn pytorch(args: &ExportArgs, network: &TrainedNetwork, sample: &Sample) -> Result<Exported, Failure> {
    let script = args.out.with_extension("py");
    let described = network.model.describe();
    let files = pytorch::to_pytorch(&described, &network.facts(), input(args), &stem(&args.out));
    let checked: Checked = check::graph(&files.read_back(&described, &files.weights)?, sample)?;
    let files = vec![(args.out.clone(), files.weights), (script, files.script.into_bytes())];
    Ok(Exported { form: "weights for PyTorch".into(), files, checked, optimizer: None })
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn c(args: &ExportArgs, network: &TrainedNetwork) -> Result<Exported, Failure> {
    let text = c::to_c(&network.model.describe(), &network.facts(), input(args), &stem(&args.out))?;
    let read = c::weights_of_c(&text)?;
    let checked = check::weights(&read, &network.model.weights())?;
    let files = vec![(args.out.clone(), text.into_bytes())];
    Ok(Exported { form: "C99".into(), files, checked, optimizer: None })
}
