//! Settings as Python gives them, checked as those of a study file are: they become one, and go through its check.

use serde_json::Value;
use toile_nn::ImageShape;
use toile_study::{DataShape, PlanOptions, Settings, check, inline_toml, plan};

/// What the data of a fit are.
#[derive(Clone, Copy)]
pub(crate) struct FitData {
    pub image: ImageShape,
    pub classes: usize,
    /// Training examples, those that `validation_split` holds back included.
    pub train: usize,
    /// Examples of `validation_data`.
    pub validation: usize,
    /// The part that is held back for validation.
    pub validation_split: f64,
}

/// The name under which messages show the text that is checked.
const FILE: &str = "arguments";
/// Every name in it.
const NAME: &str = "fit";

/// The study file of one fit: `layers` is a list of layers, `run` the settings of a run.
fn study_text(layers: &Value, run: &Value, data: FitData) -> Result<String, String> {
    let layers = layers.as_array().ok_or("layers: expected a list")?;
    let run = run.as_object().ok_or("the settings: expected a table")?;
    let mut text = format!("[study]\nname = \"{NAME}\"\ntrain_evaluation = 0.0\n");
    match data.validation {
        0 => text += "data = \"./arrays\"\n",
        _ => text += "data = { path = \"./arrays\", validation = \"own\" }\n",
    }
    if data.validation_split > 0.0 {
        text += &format!("validation_split = {}\n", inline_toml(&Value::from(data.validation_split)));
    }
    text += &format!("\n[models.{NAME}]\nlayers = [\n");
    layers.iter().for_each(|layer| text += &format!("  {},\n", inline_toml(layer)));
    text += &format!("]\n\n[[runs]]\nname = \"{NAME}\"\nmodel = \"{NAME}\"\n");
    for (name, value) in run.iter().filter(|(_, value)| !value.is_null()) {
        text += &format!("{name} = {}\n", inline_toml(value));
    }
    Ok(text)
}

/// The values that these layers give; nothing where the layers are wrong, as the check will say.
pub(crate) fn classes(layers: &Value, run: &Value, image: ImageShape) -> Option<usize> {
    let data = FitData { image, classes: 2, train: 2, validation: 0, validation_split: 0.0 };
    // Without the data's shape nothing is said of classes.
    let study = check(&study_text(layers, run, data).ok()?, FILE, None).ok()?;
    let shapes = toile_nn::shapes(study.models.get(NAME)?, image).ok()?;
    Some(shapes.last()?.values())
}

/// The settings, nothing left to a default; or all that is wrong with them.
pub(crate) fn checked(layers: &Value, run: &Value, data: FitData) -> Result<Settings, String> {
    let text = study_text(layers, run, data)?;
    let shape = DataShape {
        image: data.image,
        classes: data.classes,
        images: data.train + data.validation,
        first_label: 0,
        own_validation: data.validation,
    };
    let study = check(&text, FILE, Some(shape)).map_err(|faults| faults.to_string())?;
    let no_file = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    let plan = plan(&study, &PlanOptions::default(), &no_file).map_err(|error| error.to_string())?;
    let run = plan.runs.into_iter().next().ok_or("there is nothing to train")?;
    Ok(run.settings)
}
