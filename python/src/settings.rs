//! Settings as Python gives them, checked as those of a study file are: they become one, and go through its check.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::{Map, Value, json};
use toile_nn::ImageShape;
use toile_study::{DataShape, Fault, Faults, PlanOptions, Settings, check, inline_toml, plan, toml_key};

use crate::network::{json as read_json, value_error};

pyo3::create_exception!(
    toile._native,
    SettingFaults,
    PyValueError,
    "What is wrong with settings: JSON, a list of [path, message, help]. The module's Python part makes words of it."
);

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

/// Every name in the text that is checked.
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
    text += &entries(run);
    Ok(text)
}

/// A table as lines of TOML; what is null is left out.
fn entries(table: &Map<String, Value>) -> String {
    let entries = table.iter().filter(|(_, value)| !value.is_null());
    entries.map(|(name, value)| format!("{} = {}\n", toml_key(name), inline_toml(value))).collect()
}

/// A section of a study file: `[study]`, `[models.NAME]` or, as one of several, `[[runs]]`, and the entries of its table
/// (JSON).
#[pyfunction]
pub(crate) fn toml_section(path: Vec<String>, is_one_of_several: bool, table: &str) -> PyResult<String> {
    let keys: Vec<String> = path.iter().map(|name| toml_key(name)).collect();
    let head = match is_one_of_several {
        true => format!("[[{}]]", keys.join(".")),
        false => format!("[{}]", keys.join(".")),
    };
    let table = read_json(table)?;
    Ok(format!("{head}\n{}", entries(table.as_object().unwrap_or(&Map::new()))))
}

/// A study's name as that of its folder, as the program makes it.
#[pyfunction]
pub(crate) fn folder_name(name: &str) -> String {
    toile_lab::slug(name)
}

/// The values that these layers give; nothing where they do not fit each other, as the check will say.
///
/// # Errors
/// What is wrong with the layers, whatever the data are.
pub(crate) fn classes(layers: &Value, run: &Value, image: ImageShape) -> PyResult<Option<usize>> {
    let data = FitData { image, classes: 2, train: 2, validation: 0, validation_split: 0.0 };
    // Without the data's shape nothing is said of classes.
    let text = study_text(layers, run, data).map_err(value_error)?;
    let study = check(&text, NAME, None).map_err(|faults| in_python(&faults))?;
    let shapes = study.models.get(NAME).and_then(|layers| toile_nn::shapes(layers, image).ok());
    Ok(shapes.and_then(|shapes| Some(shapes.last()?.values())))
}

/// The settings, nothing left to a default; or all that is wrong with them.
pub(crate) fn checked(layers: &Value, run: &Value, data: FitData) -> PyResult<Settings> {
    let text = study_text(layers, run, data).map_err(value_error)?;
    let shape = DataShape {
        image: data.image,
        classes: data.classes,
        images: data.train + data.validation,
        first_label: 0,
        own_validation: data.validation,
    };
    let study = check(&text, NAME, Some(shape)).map_err(|faults| in_python(&faults))?;
    let no_file = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    let plan = plan(&study, &PlanOptions::default(), &no_file).map_err(value_error)?;
    let run = plan.runs.into_iter().next().ok_or_else(|| value_error("there is nothing to train"))?;
    Ok(run.settings)
}

/// Faults by their paths: nobody who gave arguments has seen the text that was made of them.
fn in_python(faults: &Faults) -> PyErr {
    let one = |fault: &Fault| json!([faults.path(fault), fault.message, fault.help]);
    let all: Vec<Value> = faults.faults.iter().map(one).collect();
    SettingFaults::new_err(Value::from(all).to_string())
}
