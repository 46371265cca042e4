//! Settings without those that have their default: what a study file would have to contain.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use toile_nn::{DtypePolicy, Layer, Loss, Schedule};

use crate::Settings;
use crate::file::default;
use crate::plan::settings::as_json;

impl Settings {
    /// The settings of a run that differ from their defaults, without its data, seed and model.
    pub fn non_default(&self) -> Map<String, Value> {
        let Value::Object(mut all) = self.to_json() else { return Map::new() };
        all.retain(|key, _| !["data", "validation_split", "seed", "model", "layers"].contains(&key.as_str()));
        all.insert("optimizer".into(), without_defaults(&self.optimizer));
        all.insert("schedule".into(), without_defaults(&self.schedule));
        all.insert("loss".into(), without_defaults(&self.loss));
        all.insert("callbacks".into(), self.callbacks.iter().map(without_defaults).collect());
        for (key, value) in [
            ("schedule", as_json(&Schedule::default())),
            ("loss", as_json(&Loss::default())),
            ("label_smoothing", json!(default::LABEL_SMOOTHING)),
            ("class_weight", json!({})),
            ("batch_size", json!(default::BATCH_SIZE)),
            ("shuffle", json!(default::SHUFFLE)),
            ("dtype_policy", as_json(&DtypePolicy::default())),
            ("callbacks", json!([])),
            ("initial_weights", Value::Null),
            ("train_evaluation", json!(default::TRAIN_EVALUATION)),
        ] {
            if all.get(key) == Some(&value) {
                all.shift_remove(key);
            }
        }
        all
    }
}

/// A layer as a study file would write it: `{"dense": {"units": 10, "activation": "softmax"}}`.
pub fn non_default_layer(layer: &Layer) -> Value {
    without_defaults(layer)
}

/// Leaves out every setting without which the value is read as the same.
fn without_defaults<T: Serialize + DeserializeOwned>(value: &T) -> Value {
    let complete = as_json(value);
    let is_same = |shorter: &Value| {
        serde_json::from_value::<T>(shorter.clone()).is_ok_and(|value| as_json(&value) == complete)
    };
    let Some((kind, settings)) = complete.as_object().and_then(|map| map.iter().next()) else {
        return complete;
    };
    let mut shortest = complete.clone();
    for key in settings.as_object().into_iter().flat_map(Map::keys) {
        let mut shorter = shortest.clone();
        shorter[kind].as_object_mut().expect("it was one").shift_remove(key);
        if is_same(&shorter) {
            shortest = shorter;
        }
    }
    shortest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(run: &str) -> Settings {
        let text = format!(
            "[study]\nname = \"s\"\ndata = \"fashion-mnist\"\n[models.m]\nlayers = [\"flatten\", \
             {{ dense = {{ units = 10, activation = \"softmax\", use_bias = true }} }}]\n\
             [[runs]]\nname = \"A\"\nmodel = \"m\"\nepochs = 3\n{run}\n"
        );
        let study = crate::check(&text, "s.toml", None).unwrap();
        let plan = crate::plan(&study, &Default::default(), &|_| Ok(Vec::new())).unwrap();
        plan.runs[0].settings.clone()
    }

    #[test]
    fn settings_with_their_default_are_left_out() {
        let plain = settings(
            "optimizer = { adam = { beta_1 = 0.9, epsilon = 1e-7 } }\nbatch_size = 32\nshuffle = true",
        );
        assert_eq!(Value::from(plain.non_default()), json!({ "optimizer": { "adam": {} }, "epochs": 3 }));
    }

    #[test]
    fn settings_that_differ_are_as_in_the_study_file() {
        let own = settings(
            "optimizer = { sgd = { learning_rate = 0.1, momentum = 0.9 } }\nbatch_size = 64\nlabel_smoothing = 0.1\n\
             callbacks = [{ early_stopping = { monitor = \"loss\", patience = 2 } }]",
        );
        let settings = Value::from(own.non_default());
        assert_eq!(settings["optimizer"], json!({ "sgd": { "learning_rate": 0.1, "momentum": 0.9 } }));
        assert_eq!((&settings["batch_size"], &settings["label_smoothing"]), (&json!(64), &json!(0.1)));
        assert_eq!(
            settings["callbacks"],
            json!([{ "early_stopping": { "monitor": "loss", "patience": 2 } }])
        );
        let layers: Vec<Value> = own.layers.iter().map(non_default_layer).collect();
        assert_eq!(
            layers,
            [json!({ "flatten": {} }), json!({ "dense": { "units": 10, "activation": "softmax" } })]
        );
    }

    /// Read again with the defaults, they are the same settings.
    #[test]
    fn nothing_is_lost_in_any_built_in_study() {
        for name in crate::built_in_names() {
            let study = crate::check(crate::built_in(name).unwrap(), name, None).unwrap();
            for run in crate::plan(&study, &Default::default(), &|_| Ok(Vec::new())).unwrap().runs {
                for layer in &run.settings.layers {
                    assert_eq!(serde_json::from_value::<Layer>(non_default_layer(layer)).unwrap(), *layer);
                }
                let settings = run.settings.non_default();
                let optimizer: toile_nn::Optimizer =
                    serde_json::from_value(settings["optimizer"].clone()).unwrap();
                assert_eq!(optimizer, run.settings.optimizer);
            }
        }
    }
}
