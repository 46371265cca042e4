//! One layer of Keras' as ours. Every setting is taken, known to change nothing, or named as one that cannot be taken.

use serde_json::{Map, Value, json};
use toile_nn::Layer;

/// What becomes of a layer.
pub(super) enum TakenLayer {
    /// One of ours.
    Layer(Layer),
    /// `Rescaling` by 1/255.
    Rescaling,
}

/// Settings that are read as they stand, under the name of ours.
type Copied = &'static [&'static str];

/// Settings that must have one value, because ours has no other.
type Fixed = &'static [(&'static str, fn() -> Value)];

/// Settings that say nothing of the computation.
const SILENT: [&str; 11] = [
    "name",
    "trainable",
    "dtype",
    "seed",
    "beta_initializer",
    "gamma_initializer",
    "moving_mean_initializer",
    "moving_variance_initializer",
    "synchronized",
    "renorm_momentum",
    "autocast",
];

const CHANNELS_LAST: (&str, fn() -> Value) = ("data_format", || json!("channels_last"));
const NO_DILATION: (&str, fn() -> Value) = ("dilation_rate", || json!([1, 1]));
const ONE_GROUP: (&str, fn() -> Value) = ("groups", || json!(1));

/// Our name, what is copied, what is fixed; of the classes that have a layer here.
fn class(class_name: &str) -> Option<(&'static str, Copied, Fixed)> {
    let dense: Copied = &["units", "use_bias"];
    let conv: Copied = &["filters", "kernel_size", "strides", "padding", "use_bias"];
    let depthwise: Copied = &["kernel_size", "strides", "padding", "depth_multiplier", "use_bias"];
    let separable: Copied = &["filters", "kernel_size", "strides", "padding", "depth_multiplier", "use_bias"];
    let pooling: Copied = &["pool_size", "strides", "padding"];
    Some(match class_name {
        "Dense" => ("dense", dense, &[]),
        "Conv2D" => ("conv2d", conv, &[CHANNELS_LAST, NO_DILATION, ONE_GROUP]),
        "DepthwiseConv2D" => ("depthwise_conv2d", depthwise, &[CHANNELS_LAST, NO_DILATION, ONE_GROUP]),
        "SeparableConv2D" => ("separable_conv2d", separable, &[CHANNELS_LAST, NO_DILATION, ONE_GROUP]),
        "MaxPooling2D" => ("max_pooling2d", pooling, &[CHANNELS_LAST]),
        "AveragePooling2D" => ("average_pooling2d", pooling, &[CHANNELS_LAST]),
        "GlobalAveragePooling2D" => {
            ("global_average_pooling2d", &[], &[CHANNELS_LAST, ("keepdims", || json!(false))])
        }
        "Flatten" => ("flatten", &[], &[CHANNELS_LAST]),
        "Dropout" => ("dropout", &["rate"], &[("noise_shape", || Value::Null)]),
        "BatchNormalization" => {
            let fixed: Fixed =
                &[("center", || json!(true)), ("scale", || json!(true)), ("renorm", || json!(false))];
            ("batch_normalization", &["momentum", "epsilon"], fixed)
        }
        _ => return None,
    })
}

/// The layers that are activations: our name, and the settings with which they are.
fn activation_layer(class_name: &str) -> Option<(&'static str, Fixed)> {
    Some(match class_name {
        "ReLU" => (
            "relu",
            &[("max_value", || Value::Null), ("negative_slope", || json!(0.0)), ("threshold", || json!(0.0))],
        ),
        // The layer's own default is 0.3.
        "LeakyReLU" => ("leaky_relu", &[("negative_slope", || json!(0.2))]),
        "ELU" => ("elu", &[("alpha", || json!(1.0))]),
        "Softmax" => ("softmax", &[("axis", || json!(-1))]),
        _ => return None,
    })
}

/// A layer, or everything of it that cannot be taken.
pub(super) fn taken(class_name: &str, config: &Map<String, Value>) -> Result<TakenLayer, Vec<String>> {
    let mut faults = Vec::new();
    if !is_float32(config.get("dtype")) {
        faults.push(format!("`dtype` is {}, expected float32", shown(&config["dtype"])));
    }
    let layer = if class_name == "Activation" {
        others(config, &["activation"], &[], &mut faults);
        activation(config.get("activation"), &mut faults).map(|word| json!({ "activation": word }))
    } else if class_name == "Rescaling" {
        return rescaling(config, faults);
    } else if let Some((word, fixed)) = activation_layer(class_name) {
        others(config, &[], fixed, &mut faults);
        if class_name == "LeakyReLU" && !config.contains_key("negative_slope") {
            faults.push("`negative_slope` is missing, which means 0.3; expected 0.2".into());
        }
        Some(json!({ "activation": word }))
    } else if let Some((name, copied, fixed)) = class(class_name) {
        Some(json!({ name: settings(config, copied, fixed, &mut faults) }))
    } else {
        faults.push("this kind of layer is not known; code is never run".into());
        None
    };
    let layer = layer.filter(|_| faults.is_empty()).map(serde_json::from_value::<Layer>);
    match layer {
        Some(Ok(layer)) => Ok(TakenLayer::Layer(layer)),
        Some(Err(error)) => Err(vec![error.to_string()]),
        None => Err(faults),
    }
}

fn rescaling(config: &Map<String, Value>, mut faults: Vec<String>) -> Result<TakenLayer, Vec<String>> {
    others(config, &["scale"], &[("offset", || json!(0.0))], &mut faults);
    let scale = config.get("scale").and_then(Value::as_f64).unwrap_or(f64::NAN);
    if (scale * 255.0 - 1.0).abs() > 1e-6 || scale.is_nan() {
        faults.push("`scale` is not 1/255".into());
    }
    if faults.is_empty() { Ok(TakenLayer::Rescaling) } else { Err(faults) }
}

fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text }
}

fn is_float32(dtype: Option<&Value>) -> bool {
    match dtype {
        None | Some(Value::Null) => true,
        Some(Value::String(name)) => name == "float32",
        Some(policy) => policy["config"]["name"] == "float32",
    }
}

/// Every setting that is neither copied nor silent must have its one value.
fn others(config: &Map<String, Value>, copied: &[&str], fixed: Fixed, faults: &mut Vec<String>) {
    for (key, value) in config {
        if copied.contains(&key.as_str()) || SILENT.contains(&key.as_str()) {
            continue;
        }
        match fixed.iter().find(|(known, _)| known == key) {
            Some((_, only)) if is_equal(value, &only()) => {}
            Some((_, only)) => faults.push(format!("`{key}` is {}, expected {}", shown(value), only())),
            // What is not there is not known, and does nothing.
            None if value.is_null() => {}
            None => faults.push(format!("`{key}` = {} is not known", shown(value))),
        }
    }
}

/// 1 and 1.0 are one number; 0.2 as a float32 is 0.2.
fn is_equal(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-6,
        _ => found == expected,
    }
}

fn settings(config: &Map<String, Value>, copied: Copied, fixed: Fixed, faults: &mut Vec<String>) -> Value {
    let mut ours = Map::new();
    let mut read: Vec<&str> = copied.to_vec();
    for key in copied {
        match config.get(*key) {
            // Sizes may be written as one number.
            Some(Value::Number(n)) if matches!(*key, "kernel_size" | "strides" | "pool_size") => {
                ours.insert((*key).into(), json!([n, n]));
            }
            Some(value) if !value.is_null() => {
                ours.insert((*key).into(), value.clone());
            }
            _ => {}
        }
    }
    if copied.contains(&"use_bias") {
        if let Some(word) = activation(config.get("activation"), faults) {
            ours.insert("activation".into(), word);
        }
        for key in config.keys().filter(|key| key.ends_with("_initializer")) {
            ours.extend(initializer(&config[key]).map(|value| (key.clone(), value)));
        }
        let l2 = config.get("kernel_regularizer").map_or(Some(0.0), regularizer);
        match l2 {
            Some(0.0) => {}
            Some(l2) => drop(ours.insert("l2".into(), json!(l2))),
            None => faults.push("`kernel_regularizer` is another than L2".into()),
        }
        read.extend(["activation", "kernel_regularizer"]);
    }
    // Where a weight starts decides nothing once it has been trained.
    read.extend(config.keys().map(String::as_str).filter(|key| key.ends_with("_initializer")));
    if let Some(axis) = config.get("axis") {
        // The last axis of rows is 1, of images 3; Keras writes -1, or the place.
        read.push("axis");
        let axis = axis.as_array().and_then(|axes| axes.first()).unwrap_or(axis);
        if !matches!(axis.as_i64(), Some(-1 | 3 | 1)) {
            faults.push(format!("`axis` is {}, expected the last one", shown(axis)));
        }
    }
    others(config, &read, fixed, faults);
    Value::Object(ours)
}

/// A word, or a function that is named by one.
fn activation(value: Option<&Value>, faults: &mut Vec<String>) -> Option<Value> {
    let word = match value {
        None | Some(Value::Null) => "linear",
        Some(Value::String(word)) => word,
        Some(function) => function["config"].as_str().unwrap_or("?"),
    };
    let word = if word == "swish" { "silu" } else { word };
    match serde_json::from_value::<toile_nn::Activation>(json!(word)) {
        Ok(_) => Some(json!(word)),
        Err(_) => {
            faults.push(format!("the activation {} is not known", value.map_or("?".into(), shown)));
            None
        }
    }
}

/// One of our initialisers, if it is one.
fn initializer(value: &Value) -> Option<Value> {
    let name = value.as_str().or_else(|| value["class_name"].as_str())?;
    let word = match name {
        "GlorotUniform" | "glorot_uniform" => json!("glorot_uniform"),
        "GlorotNormal" | "glorot_normal" => json!("glorot_normal"),
        "HeUniform" | "he_uniform" => json!("he_uniform"),
        "HeNormal" | "he_normal" => json!("he_normal"),
        "Zeros" | "zeros" => json!("zeros"),
        "Ones" | "ones" => json!("ones"),
        "Constant" => json!({ "constant": value["config"]["value"].as_f64()? }),
        _ => return None,
    };
    Some(word)
}

/// The factor of L2; `None` for another regulariser.
fn regularizer(value: &Value) -> Option<f64> {
    if value.is_null() {
        return Some(0.0);
    }
    let config = &value["config"];
    match value["class_name"].as_str()? {
        "L2" => config["l2"].as_f64(),
        "L1L2" if config["l1"].as_f64() == Some(0.0) => config["l2"].as_f64(),
        _ => None,
    }
}
