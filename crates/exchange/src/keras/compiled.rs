//! How a network of Keras' was compiled: optimizer and loss, as far as they are known here.

use serde_json::{Map, Value, json};
use toile_nn::{Adam, AdamW, Loss, Nadam, Optimizer, RmsProp, Sgd};

/// How training is to go on.
#[derive(Clone, Debug, PartialEq)]
pub struct KerasTraining {
    /// The optimizer, without its memory.
    pub optimizer: Optimizer,
    /// The loss.
    pub loss: Loss,
    /// s: the target is 1 − s + s / classes for the true class.
    pub label_smoothing: f32,
    /// What was left out, in words.
    pub notes: Vec<String>,
}

/// From `compile_config`; a network that was not compiled gets Adam and crossentropy.
pub(super) fn training(config: &Value) -> KerasTraining {
    let mut notes = Vec::new();
    let optimizer = optimizer(&config["optimizer"], &mut notes);
    let (loss, label_smoothing) = loss(&config["loss"], &mut notes);
    KerasTraining { optimizer, loss, label_smoothing, notes }
}

fn optimizer(value: &Value, notes: &mut Vec<String>) -> Optimizer {
    let name = value["class_name"].as_str().or(value.as_str()).unwrap_or("");
    let default: Optimizer = match name.to_lowercase().as_str() {
        "sgd" => Sgd::default().into(),
        "adam" => Adam::default().into(),
        "adamw" => AdamW::default().into(),
        "nadam" => Nadam::default().into(),
        "rmsprop" => RmsProp::default().into(),
        other => {
            let which = if other.is_empty() {
                "it was not compiled".into()
            } else {
                format!("`{name}` is not known")
            };
            notes.push(format!("optimizer: {which}; adam in its place"));
            return Adam::default().into();
        }
    };
    let empty = Map::new();
    let config = value["config"].as_object().unwrap_or(&empty);
    let mut ours = serde_json::to_value(&default).unwrap_or(Value::Null);
    let Some((_, settings)) = ours.as_object_mut().and_then(|map| map.iter_mut().next()) else {
        return default;
    };
    for (key, found) in config {
        let known = settings.get(key).is_some();
        match found {
            Value::Null => {}
            Value::Object(_) if key == "learning_rate" => {
                notes.push("optimizer: a schedule of the learning rate was left out".into());
            }
            found if known => settings[key.as_str()] = shortest(found),
            Value::Bool(false) => {}
            _ if SILENT.contains(&key.as_str()) => {}
            found => notes.push(format!("optimizer: `{key}` = {found} was left out")),
        }
    }
    serde_json::from_value(ours).unwrap_or_else(|error| {
        notes.push(format!("optimizer: {error}; its defaults in its place"));
        default
    })
}

/// Keras keeps a learning rate in 32 bits and writes it in 64, as 0.05000000074505806: the shortest digits of the same.
fn shortest(value: &Value) -> Value {
    match value.as_f64() {
        Some(number) if value.is_f64() && f64::from(number as f32) == number => {
            super::config::number(number as f32)
        }
        _ => value.clone(),
    }
}

/// Settings of Keras' optimizers that do nothing by themselves.
const SILENT: [&str; 4] = ["name", "ema_momentum", "ema_overwrite_frequency", "jit_compile"];

fn loss(value: &Value, notes: &mut Vec<String>) -> (Loss, f32) {
    let name = value["class_name"].as_str().or(value.as_str()).unwrap_or("");
    let config = &value["config"];
    let smoothing = config["label_smoothing"].as_f64().unwrap_or(0.0) as f32;
    let plain = name.replace('_', "").to_lowercase();
    match plain.as_str() {
        "categoricalcrossentropy" | "sparsecategoricalcrossentropy" => {
            if config["from_logits"] == json!(true) {
                notes.push("loss: it took logits; here the network ends with softmax".into());
            }
            (Loss::CategoricalCrossentropy, smoothing)
        }
        "categoricalfocalcrossentropy" => {
            let settings = json!({ "categorical_focal_crossentropy": {
                "alpha": config["alpha"].as_f64().unwrap_or(0.25), "gamma": config["gamma"].as_f64().unwrap_or(2.0),
            }});
            (serde_json::from_value(settings).unwrap_or_default(), smoothing)
        }
        "" => (Loss::CategoricalCrossentropy, 0.0),
        _ => {
            notes.push(format!("loss: `{name}` is not known; categorical crossentropy in its place"));
            (Loss::CategoricalCrossentropy, 0.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optimizer_and_loss_are_taken_and_what_is_not_known_is_said() {
        let config = json!({
            "optimizer": { "class_name": "SGD", "config": {
                "name": "sgd", "learning_rate": 0.05000000074505806, "momentum": 0.9, "nesterov": true, "use_ema": false,
                "ema_momentum": 0.99, "loss_scale_factor": 8.0, "weight_decay": null,
            }},
            "loss": { "class_name": "CategoricalCrossentropy", "config": { "label_smoothing": 0.1 } },
        });
        let found = training(&config);
        let sgd = Sgd { momentum: 0.9, nesterov: true, ..Sgd::new(0.05) };
        assert_eq!(found.optimizer, sgd.into());
        assert_eq!((found.loss, found.label_smoothing), (Loss::CategoricalCrossentropy, 0.1));
        assert_eq!(found.notes, ["optimizer: `loss_scale_factor` = 8.0 was left out"]);
        let found = training(&json!({ "optimizer": { "class_name": "Lion" }, "loss": "hinge" }));
        assert_eq!(found.optimizer, Adam::default().into());
        assert_eq!(found.notes.len(), 2);
        let schedule = json!({ "optimizer": { "class_name": "Adam", "config": { "learning_rate": { "class_name": "X" } } },
                               "loss": "sparse_categorical_crossentropy" });
        assert_eq!(training(&schedule).notes, ["optimizer: a schedule of the learning rate was left out"]);
    }
}
