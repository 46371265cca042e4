//! `toile import`: a network of Keras, or weights for the layers of a study file, as a study that starts from them.

use std::path::PathBuf;

use serde_json::{Value, json};
use toile_exchange::ExchangeError;
use toile_exchange::keras::{KerasTraining, from_keras, from_weights_h5};
use toile_exchange::safetensors::from_safetensors;
use toile_nn::{Adam, ImageShape, Layer, Loss, Tensor};
use toile_store::{create_folder, read_file, weights_to_safetensors};
use toile_study::{DataSetting, check, inline_toml, non_default_layer};

use crate::args::ImportArgs;
use crate::commands::written;
use crate::failure::Failure;
use crate::source::{LARGEST_WEIGHTS, StudySource};
use crate::terminal::{note, plural, safe_name, suggestion};
use crate::{Completion, terminal};

/// The file of weights beside the study file.
const WEIGHTS: &str = "imported.safetensors";

/// Passes over the training images that the study file says; to be changed.
const EPOCHS: usize = 1;

/// What a file is, by how it begins.
#[derive(Clone, Copy, PartialEq)]
enum IncomingKind {
    /// `.keras`: layers, weights, optimizer and loss.
    Keras,
    /// `.weights.h5`
    WeightsH5,
    /// `.safetensors`
    Safetensors,
}

/// A network that is to be taken.
struct IncomingNetwork {
    layers: Vec<Layer>,
    training: KerasTraining,
    /// The images that it takes, and its weights, where the file says both.
    whole: Option<(ImageShape, Vec<Tensor>)>,
    notes: Vec<&'static str>,
}

/// Writes the study file and the weights, or says what cannot be taken and writes nothing.
pub(crate) fn run(args: &ImportArgs) -> Result<Completion, Failure> {
    let bytes = read_file(&args.file, LARGEST_WEIGHTS).map_err(|error| {
        Failure::new(format!("cannot read `{}`: {error}", args.file.display()))
            .help("name a `.keras`, `.weights.h5` or `.safetensors` file")
    })?;
    let kind = kind(&bytes).map_err(|error| refused(args, error))?;
    let network = match kind {
        IncomingKind::Keras => whole(args, &bytes)?,
        IncomingKind::WeightsH5 | IncomingKind::Safetensors => weights_alone(args)?,
    };
    let text = study_text(args, &network, kind)?;
    let image = image_of_data(args, &text)?;
    let tensors = match (network.whole, kind) {
        (Some((own, tensors)), _) => fits(args, own, image).map(|()| tensors)?,
        (None, IncomingKind::Safetensors) => {
            from_safetensors(&bytes, &network.layers, image).map_err(|error| refused(args, error))?
        }
        (None, _) => from_weights_h5(&bytes, &network.layers, image).map_err(|error| refused(args, error))?,
    };
    let study = write(args, text, &tensors)?;
    let notes = network.training.notes.iter().map(String::as_str);
    notes.chain(network.notes).for_each(|what| note(&format!("note: {what}")));
    let n = tensors.iter().map(|tensor| tensor.values.len()).sum();
    terminal::out(&format!(
        "wrote {} and {WEIGHTS}: {}, {}; `toile run {}` goes on training\n",
        study.display(),
        plural(network.layers.len(), "layer", "layers"),
        plural(n, "weight", "weights"),
        study.display()
    ))?;
    Ok(Completion::Done)
}

fn refused(args: &ImportArgs, error: ExchangeError) -> Failure {
    let failure = Failure::new(format!("`{}` cannot be taken: {}", args.file.display(), error.message));
    match error.help {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// # Errors
/// Of a pickle, which is a program, and of what is not known.
fn kind(bytes: &[u8]) -> Result<IncomingKind, ExchangeError> {
    match bytes {
        [b'P', b'K', ..] => Ok(IncomingKind::Keras),
        [0x89, b'H', b'D', b'F', ..] => Ok(IncomingKind::WeightsH5),
        [_, _, _, _, _, _, _, _, b'{', ..] => Ok(IncomingKind::Safetensors),
        [0x80, ..] => Err(ExchangeError::pickle()),
        _ => Err(ExchangeError {
            message: "it is neither `.keras` nor `.weights.h5` nor `.safetensors`".into(),
            help: Some("in Keras, `model.save(\"x.keras\")` writes a file that is read".into()),
        }),
    }
}

/// A file that says all.
fn whole(args: &ImportArgs, bytes: &[u8]) -> Result<IncomingNetwork, Failure> {
    let network = from_keras(bytes).map_err(|error| refused(args, error))?;
    if args.model.is_some() {
        return Err(Failure::new("`--model` is for weights alone, and this file holds its own layers")
            .help("leave it out"));
    }
    let mut notes = Vec::new();
    if network.rescales {
        notes.push("`Rescaling(1/255)` was left out: pixels are divided by 255 in any case");
    }
    notes.push("the optimizer's memory was not taken: it begins afresh");
    Ok(IncomingNetwork {
        layers: network.layers,
        training: network.training,
        whole: Some((network.image, network.tensors)),
        notes,
    })
}

/// The layers of `--model`, for weights that are read when the data are known.
fn weights_alone(args: &ImportArgs) -> Result<IncomingNetwork, Failure> {
    let Some(model) = &args.model else {
        let file = args.file.display();
        return Err(Failure::new(format!("`{file}` holds weights alone, and the layers are not said"))
            .help("name a model of a study file: `--model study.toml#NAME`"));
    };
    let Some((file, name)) = model.rsplit_once('#') else {
        return Err(Failure::new(format!("`--model {}` names no model", safe_name(model)))
            .help("name the file and the model in it: `--model study.toml#NAME`"));
    };
    let source = StudySource::find(file)?;
    let study = check(source.text(), source.name(), None)?;
    let layers = study.models.get(name).ok_or_else(|| {
        Failure::new(format!("`{file}` has no model `{}`", safe_name(name)))
            .help(suggestion(name, study.models.keys().map(String::as_str)))
    })?;
    let training = KerasTraining {
        optimizer: Adam::default().into(),
        loss: Loss::default(),
        label_smoothing: 0.0,
        notes: Vec::new(),
    };
    let notes = vec!["the file holds weights alone: `optimizer` and `loss` are defaults, to be changed"];
    Ok(IncomingNetwork { layers: layers.clone(), training, whole: None, notes })
}

/// As the study file of `toile init`, with what is known.
fn study_text(args: &ImportArgs, network: &IncomingNetwork, kind: IncomingKind) -> Result<String, Failure> {
    let source = StudySource::from_text("study.toml".into(), String::new());
    let data = source.data_from_elsewhere(&DataSetting::Name(args.dataset.clone()))?;
    let layer = |layer: &Layer| format!("  {},\n", inline_toml(&non_default_layer(layer)));
    let layers: String = network.layers.iter().map(layer).collect();
    let json_of = |value: Result<Value, serde_json::Error>| {
        value.map(|value| inline_toml(&value)).map_err(|error| Failure::new(error.to_string()))
    };
    let training = &network.training;
    let optimizer = json_of(serde_json::to_value(&training.optimizer))?;
    let loss = json_of(serde_json::to_value(&training.loss))?;
    let from = args.file.file_name().unwrap_or_default().to_string_lossy();
    let what = match kind {
        IncomingKind::Keras => "A network of Keras",
        IncomingKind::WeightsH5 | IncomingKind::Safetensors => "A network with weights",
    };
    Ok(format!(
        "# {what}, from {}, by `toile import`: it starts from the weights beside this file.\n\n\
         [study]\nname = \"imported\"\ndata = {}\nvalidation_split = 0.1\nseed = 7\n\n\
         [models.imported]\nlayers = [\n{layers}]\n\n\
         [[runs]]\nname = \"Imported\"\nmodel = \"imported\"\ninitial_weights = \"{WEIGHTS}\"\n\
         optimizer = {optimizer}\nloss = {loss}\nlabel_smoothing = {}\nbatch_size = 128\n\
         epochs = {EPOCHS}\n",
        safe_name(&from),
        inline_toml(&json!(data.path())),
        training.label_smoothing,
    ))
}

/// The study is valid; the images of its data.
fn image_of_data(args: &ImportArgs, text: &str) -> Result<ImageShape, Failure> {
    let source = StudySource::from_text("the study of this network".into(), text.into());
    let (study, _) = source.check(&args.data)?;
    let shape = study.shape.ok_or_else(|| Failure::new("the shape of the data is not known"))?;
    Ok(shape.image)
}

/// The data's images are those that the network takes.
fn fits(args: &ImportArgs, own: ImageShape, image: ImageShape) -> Result<(), Failure> {
    if own == image {
        return Ok(());
    }
    let said = |image: ImageShape| format!("{} x {} x {}", image.height, image.width, image.channels);
    Err(Failure::new(format!(
        "the network takes images of {} (height x width x channels), and those of `{}` have {}",
        said(own),
        safe_name(&args.dataset),
        said(image)
    ))
    .help("name the data that it was made for with `--data`"))
}

/// Both files, none over what is there; gives the study file.
fn write(args: &ImportArgs, text: String, tensors: &[Tensor]) -> Result<PathBuf, Failure> {
    let tensors: Vec<(&str, &[usize], &[f32])> =
        tensors.iter().map(|t| (t.name.as_str(), &t.shape[..], &t.values[..])).collect();
    let study = args.into.join("study.toml");
    let weights = (args.into.join(WEIGHTS), weights_to_safetensors(&tensors, None));
    create_folder(&args.into)?;
    let files = [weights, (study.clone(), text.into_bytes())];
    written::write(&files, false, "name another folder with `--into`")?;
    Ok(study)
}
