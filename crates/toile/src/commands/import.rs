//! `toile import`: a network of Keras as a study that starts from its weights.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use serde_json::json;
use toile_exchange::keras::{KerasModel, from_keras};
use toile_store::{create_folder, read_file, weights_to_safetensors};
use toile_study::{CheckedStudy, DataSetting, inline_toml, non_default_layer};

use crate::args::ImportArgs;
use crate::failure::Failure;
use crate::source::StudySource;
use crate::terminal::{note, plural, safe_name};
use crate::{Completion, terminal};

/// No network of half a billion numbers is trained here.
const LARGEST_FILE: u64 = 2 << 30;

/// The file of weights beside the study file.
const WEIGHTS: &str = "imported.safetensors";

/// Passes over the training images that the study file says; to be changed.
const EPOCHS: usize = 1;

/// Writes the study file and the weights, or says what cannot be taken and writes nothing.
pub(crate) fn run(args: &ImportArgs) -> Result<Completion, Failure> {
    let file = args.file.display();
    let bytes = read_file(&args.file, LARGEST_FILE).map_err(|error| {
        Failure::new(format!("cannot read `{file}`: {error}")).help("name a `.keras` file")
    })?;
    let network = from_keras(&bytes).map_err(|error| {
        let failure = Failure::new(format!("`{file}` cannot be taken: {}", error.message));
        match error.help {
            Some(help) => failure.help(help),
            None => failure,
        }
    })?;
    let text = study_text(args, &network)?;
    fits(args, &text, &network)?;
    let tensors: Vec<(&str, &[usize], &[f32])> = network
        .tensors
        .iter()
        .map(|tensor| (tensor.name.as_str(), &tensor.shape[..], &tensor.values[..]))
        .collect();
    create_folder(&args.into)?;
    let study = args.into.join("study.toml");
    write_new(&args.into.join(WEIGHTS), &weights_to_safetensors(&tensors, None))?;
    write_new(&study, text.as_bytes())?;
    for what in &network.training.notes {
        note(&format!("note: {what}"));
    }
    if network.rescales {
        note("note: `Rescaling(1/255)` was left out: pixels are divided by 255 in any case");
    }
    note("note: the optimizer's memory was not taken: it begins afresh");
    let n = network.tensors.iter().map(|tensor| tensor.values.len()).sum();
    terminal::out(&format!(
        "wrote {} and {WEIGHTS}: {}, {}; `toile run {}` goes on training\n",
        study.display(),
        plural(network.layers.len(), "layer", "layers"),
        plural(n, "weight", "weights"),
        study.display()
    ))?;
    Ok(Completion::Done)
}

/// As the study file of `toile init`, with what is known.
fn study_text(args: &ImportArgs, network: &KerasModel) -> Result<String, Failure> {
    let source = StudySource::from_text("study.toml".into(), String::new());
    let data = source.data_from_elsewhere(&DataSetting::Name(args.dataset.clone()))?;
    let layers: Vec<String> = network
        .layers
        .iter()
        .map(|layer| format!("  {},\n", inline_toml(&non_default_layer(layer))))
        .collect();
    let training = &network.training;
    let optimizer =
        serde_json::to_value(&training.optimizer).map_err(|error| Failure::new(error.to_string()))?;
    let loss = serde_json::to_value(&training.loss).map_err(|error| Failure::new(error.to_string()))?;
    let smoothing: serde_json::Value =
        serde_json::from_str(&training.label_smoothing.to_string()).unwrap_or(json!(0.0));
    let from = args.file.file_name().unwrap_or_default().to_string_lossy();
    Ok(format!(
        "# A network of Keras, from {}, by `toile import`: it starts from the weights beside this file.\n\n\
         [study]\nname = \"imported\"\ndata = {}\nvalidation_split = 0.1\nseed = 7\n\n\
         [models.imported]\nlayers = [\n{}]\n\n\
         [[runs]]\nname = \"Imported\"\nmodel = \"imported\"\ninitial_weights = \"{WEIGHTS}\"\n\
         optimizer = {}\nloss = {}\nlabel_smoothing = {smoothing}\nbatch_size = 128\nepochs = {EPOCHS}\n",
        safe_name(&from),
        inline_toml(&json!(data.path())),
        layers.concat(),
        inline_toml(&optimizer),
        inline_toml(&loss),
    ))
}

/// The study is valid, and its data are those that the network takes.
fn fits(args: &ImportArgs, text: &str, network: &KerasModel) -> Result<(), Failure> {
    let source = StudySource::from_text("the study of this network".into(), text.into());
    let (study, _): (CheckedStudy, _) = source.check(&args.data)?;
    let shape = study.shape.map(|shape| shape.image);
    if let Some(image) = shape.filter(|image| *image != network.image) {
        let said =
            |image: toile_nn::ImageShape| format!("{} x {} x {}", image.height, image.width, image.channels);
        return Err(Failure::new(format!(
            "the network takes images of {} (height x width x channels), and those of `{}` have {}",
            said(network.image),
            safe_name(&args.dataset),
            said(image)
        ))
        .help("name the data that it was made for with `--data`"));
    }
    Ok(())
}

/// A file that is not there yet.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = OpenOptions::new().write(true).create_new(true).open(path);
    let written = written.and_then(|mut file| {
        // Half a file would be in the way of the next attempt.
        file.write_all(bytes).and_then(|()| file.sync_all()).inspect_err(|_| drop(std::fs::remove_file(path)))
    });
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => {
            Failure::new(format!("`{}` exists already, and is left as it is", path.display()))
                .help("name another folder with `--into`")
        }
        _ => Failure::new(format!("cannot write `{}`: {error}", path.display())),
    })
}
