//! From a run's settings to the engine and back: the only place where the two speak to each other.

use toile_data::{DataSet, LabelledImages};
use toile_nn::{
    Augmentation, BuildError, Examples, FitConfig, ImageShape, Inputs, Model, ModelOutline, Tensor,
};
use toile_record::{LayerSummary, PROCEDURAL_NOTICE, SummaryRecord};
use toile_rng::Seed;
use toile_store::{sha256_hex, weights_to_safetensors};

use super::error::RunError;
use toile_study::{InitialWeights, RunPlan, Settings};

/// The model of a run, its weights as its seed starts them.
pub fn model(run: &RunPlan, image: ImageShape) -> Result<Model, RunError> {
    built(&run.settings, image).map_err(|error| unfit(run, error))
}

/// The model of these settings, its weights as their seed starts them.
pub(crate) fn built(settings: &Settings, image: ImageShape) -> Result<Model, BuildError> {
    let model = Model::build(&settings.layers, image, Seed::new(settings.seed))?;
    Ok(model.with_dtype_policy(settings.dtype_policy))
}

/// The model of a run without its weights.
pub fn outline(run: &RunPlan, image: ImageShape) -> Result<ModelOutline, RunError> {
    let outline = ModelOutline::new(&run.settings.layers, image);
    outline
        .map(|outline| outline.with_dtype_policy(run.settings.dtype_policy))
        .map_err(|error| unfit(run, error))
}

fn unfit(run: &RunPlan, error: BuildError) -> RunError {
    RunError::Model {
        run: run.name.clone(),
        model: run.settings.model.clone(),
        message: error.to_string(),
        help: error.error.help,
    }
}

/// The layers and counts of a run's model.
pub fn summary(run: &RunPlan, image: ImageShape) -> Result<SummaryRecord, RunError> {
    let outline = outline(run, image)?;
    let summary = outline.summary();
    let row = |row: toile_nn::SummaryRow| LayerSummary {
        name: row.name,
        kind: row.class_name.into(),
        output_shape: row.output_shape,
        parameters: row.parameters,
    };
    let (forward_flops, training_flops) = outline.flops();
    Ok(SummaryRecord {
        rows: summary.rows.into_iter().map(row).collect(),
        trainable: summary.trainable,
        non_trainable: summary.non_trainable,
        forward_flops,
        training_flops,
    })
}

/// The model of a run as it starts: its seed's weights, or those of the file that the plan names.
pub(crate) fn starting_model(
    run: &RunPlan,
    image: ImageShape,
    read: &dyn Fn(&str) -> std::io::Result<Vec<u8>>,
) -> Result<Model, RunError> {
    let mut model = model(run, image)?;
    let Some(InitialWeights { file, sha256 }) = &run.settings.initial_weights else { return Ok(model) };
    let refuse =
        |reason: String| RunError::InitialWeights { run: run.name.clone(), file: file.clone(), reason };
    let bytes = read(file).map_err(|error| refuse(error.to_string()))?;
    // The id was made of this hash: other bytes would be another run.
    if sha256_hex(&bytes) != *sha256 {
        return Err(refuse("the file has changed since the study was planned".into()));
    }
    load_weights(&mut model, &bytes).map_err(refuse)?;
    Ok(model)
}

/// Gives a model the weights of a safetensors file, or says why they do not fit.
pub(crate) fn load_weights(model: &mut Model, bytes: &[u8]) -> Result<(), String> {
    let tensors = toile_store::weights_from_safetensors(bytes).map_err(|error| error.to_string())?;
    let tensor = |(name, shape, values)| Tensor { name, shape, values };
    let tensors: Vec<Tensor> = tensors.into_iter().map(tensor).collect();
    model.set_weights(&tensors).map_err(|error| error.to_string())
}

/// The file of a model's weights, as a run leaves it: safetensors, with a notice where they come from data that our own
/// code drew.
pub fn weights_file(model: &Model, procedural: bool) -> Vec<u8> {
    let tensors = model.weights();
    let named: Vec<_> =
        tensors.iter().map(|t| (t.name.as_str(), t.shape.as_slice(), t.values.as_slice())).collect();
    weights_to_safetensors(&named, procedural.then_some(PROCEDURAL_NOTICE))
}

/// The size of a data set's images.
pub fn image_shape(data: &DataSet) -> ImageShape {
    data.shape.into()
}

/// Some images of a part of the data, as the engine takes them.
pub fn examples<'a>(data: &DataSet, part: &'a LabelledImages, indices: &'a [u32]) -> Examples<'a> {
    let classes = data.class_names.len();
    Examples {
        images: Inputs::Bytes(&part.images),
        labels: &part.labels,
        indices,
        shape: image_shape(data),
        classes,
    }
}

/// A run's settings in the engine's terms.
pub fn fit_config(settings: &Settings, classes: usize) -> FitConfig {
    let weight = |class: usize| settings.class_weight.get(&class).copied().unwrap_or(1.0);
    FitConfig {
        batch_size: settings.batch_size,
        epochs: settings.epochs,
        shuffle: settings.shuffle,
        optimizer: settings.optimizer.clone(),
        schedule: settings.schedule.clone(),
        loss: settings.loss.clone(),
        label_smoothing: settings.label_smoothing,
        class_weight: if settings.class_weight.is_empty() {
            Vec::new()
        } else {
            (0..classes).map(weight).collect()
        },
        callbacks: settings.callbacks.clone(),
        augmentation: Augmentation::None,
        seed: Seed::new(settings.seed),
        train_evaluation: settings.train_evaluation,
        measures_layers: false,
    }
}

/// A model and how it is trained, from settings that start at no file.
///
/// # Panics
/// If the layers do not fit the images.
pub fn engine_parts(settings: &Settings, data: &DataSet) -> (Model, FitConfig) {
    let model = built(settings, image_shape(data)).expect("the layers fit the images");
    (model, fit_config(settings, data.class_names.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// However many runs there are, the data are in memory once.
    #[test]
    fn a_run_borrows_the_images_and_has_no_copy_of_them() {
        let data = toile_data::drawn_garments(20, 5);
        let indices = [3, 1, 4];
        let examples = examples(&data, &data.train, &indices);
        let Inputs::Bytes(images) = examples.images else { panic!("the data are bytes") };
        assert!(std::ptr::eq(images, &data.train.images[..]));
        assert!(std::ptr::eq(examples.labels, &data.train.labels[..]));
        assert!(std::ptr::eq(examples.indices, &indices[..]));
    }
}
