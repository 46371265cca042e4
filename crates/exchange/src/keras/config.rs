//! `config.json`: the network as Keras spells it, every setting written.

use serde_json::{Value, json};
use toile_nn::{Activation, Initializer, Layer, Loss, ModelDescription, Optimizer, Padding};

use super::CompileSettings;
use super::layers::KerasLayer;

/// The whole document.
pub(super) fn sequential(
    model: &ModelDescription,
    layers: &[KerasLayer<'_>],
    name: &str,
    compile: CompileSettings<'_>,
) -> Value {
    let image = model.image;
    let shape = json!([null, image.height, image.width, image.channels]);
    let input = object(
        "keras.layers",
        "InputLayer",
        json!({
            "batch_shape": shape,
            "dtype": "float32",
            "sparse": false,
            "ragged": false,
            "name": "input_layer",
        }),
    );
    let layers: Vec<Value> = std::iter::once(input).chain(layers.iter().map(layer)).collect();
    json!({
        "module": "keras",
        "class_name": "Sequential",
        "config": { "name": identifier(name), "trainable": true, "dtype": "float32", "layers": layers },
        "registered_name": null,
        "build_config": { "input_shape": shape },
        "compile_config": {
            "optimizer": optimizer(compile),
            "loss": loss(compile.loss, compile.label_smoothing),
            "loss_weights": null,
            "metrics": ["accuracy"],
            "weighted_metrics": null,
            "run_eagerly": false,
            "steps_per_execution": 1,
            "jit_compile": false,
        },
    })
}

/// A thing of Keras' with its settings.
fn object(module: &str, class_name: &str, config: Value) -> Value {
    json!({ "module": module, "class_name": class_name, "config": config, "registered_name": null })
}

/// Keras' names are parts of paths: letters, digits and `_`.
fn identifier(name: &str) -> String {
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if plain.chars().any(|c| c != '_') { plain.to_lowercase() } else { "sequential".into() }
}

/// An f32 by its own shortest digits: 0.99, not 0.9900000095367432.
pub(super) fn number(value: f32) -> Value {
    serde_json::from_str(&value.to_string()).unwrap_or(Value::Null)
}

fn layer(layer: &KerasLayer<'_>) -> Value {
    let mut config = json!({ "name": layer.name, "trainable": true, "dtype": "float32" });
    let settings = match layer.described {
        Some(described) => settings(&described.layer),
        None if layer.class_name == "Rescaling" => json!({ "scale": 1.0 / 255.0, "offset": 0.0 }),
        None => json!({ "data_format": "channels_last" }),
    };
    let (Some(all), Value::Object(settings)) = (config.as_object_mut(), settings) else { return config };
    all.extend(settings);
    object("keras.layers", layer.class_name, config)
}

fn word(activation: Activation) -> Value {
    serde_json::to_value(activation).unwrap_or(Value::Null)
}

fn padding(padding: Padding) -> Value {
    serde_json::to_value(padding).unwrap_or(Value::Null)
}

fn initializer(initializer: Initializer) -> Value {
    let (class_name, config) = match initializer {
        Initializer::GlorotUniform => ("GlorotUniform", json!({ "seed": null })),
        Initializer::GlorotNormal => ("GlorotNormal", json!({ "seed": null })),
        Initializer::HeUniform => ("HeUniform", json!({ "seed": null })),
        Initializer::HeNormal => ("HeNormal", json!({ "seed": null })),
        Initializer::Zeros => ("Zeros", json!({})),
        Initializer::Ones => ("Ones", json!({})),
        Initializer::Constant(value) => ("Constant", json!({ "value": number(value) })),
    };
    object("keras.initializers", class_name, config)
}

fn regularizer(l2: f32) -> Value {
    if l2 == 0.0 { Value::Null } else { object("keras.regularizers", "L2", json!({ "l2": number(l2) })) }
}

/// What a layer's class is given besides its name.
fn settings(layer: &Layer) -> Value {
    match layer {
        Layer::Dense(s) => json!({
            "units": s.units, "activation": word(s.activation), "use_bias": s.use_bias,
            "kernel_initializer": initializer(s.kernel_initializer),
            "bias_initializer": initializer(s.bias_initializer),
            "kernel_regularizer": regularizer(s.l2), "bias_regularizer": null,
            "kernel_constraint": null, "bias_constraint": null,
        }),
        Layer::Conv2D(s) => json!({
            "filters": s.filters, "kernel_size": s.kernel_size, "strides": s.strides,
            "padding": padding(s.padding), "data_format": "channels_last", "dilation_rate": [1, 1], "groups": 1,
            "activation": word(s.activation), "use_bias": s.use_bias,
            "kernel_initializer": initializer(s.kernel_initializer),
            "bias_initializer": initializer(s.bias_initializer),
            "kernel_regularizer": regularizer(s.l2), "bias_regularizer": null, "activity_regularizer": null,
            "kernel_constraint": null, "bias_constraint": null,
        }),
        Layer::DepthwiseConv2D(s) => json!({
            "kernel_size": s.kernel_size, "strides": s.strides, "padding": padding(s.padding),
            "depth_multiplier": s.depth_multiplier, "data_format": "channels_last", "dilation_rate": [1, 1],
            "activation": word(s.activation), "use_bias": s.use_bias,
            "depthwise_initializer": initializer(s.depthwise_initializer),
            "bias_initializer": initializer(s.bias_initializer),
        }),
        Layer::SeparableConv2D(s) => json!({
            "filters": s.filters, "kernel_size": s.kernel_size, "strides": s.strides,
            "padding": padding(s.padding), "depth_multiplier": s.depth_multiplier,
            "data_format": "channels_last", "dilation_rate": [1, 1],
            "activation": word(s.activation), "use_bias": s.use_bias,
            "depthwise_initializer": initializer(s.depthwise_initializer),
            "pointwise_initializer": initializer(s.pointwise_initializer),
            "bias_initializer": initializer(s.bias_initializer),
        }),
        Layer::MaxPooling2D(s) => pooling(s.pool_size, s.strides, s.padding),
        Layer::AveragePooling2D(s) => pooling(s.pool_size, s.strides, s.padding),
        Layer::GlobalAveragePooling2D(_) => json!({ "data_format": "channels_last", "keepdims": false }),
        Layer::Flatten(_) => json!({ "data_format": "channels_last" }),
        Layer::Dropout(s) => json!({ "rate": number(s.rate), "seed": null, "noise_shape": null }),
        Layer::BatchNormalization(s) => json!({
            "axis": -1, "momentum": number(s.momentum), "epsilon": number(s.epsilon),
            "center": true, "scale": true,
            "beta_initializer": initializer(Initializer::Zeros),
            "gamma_initializer": initializer(Initializer::Ones),
            "moving_mean_initializer": initializer(Initializer::Zeros),
            "moving_variance_initializer": initializer(Initializer::Ones),
            "synchronized": false,
        }),
        Layer::Activation(activation) => json!({ "activation": word(*activation) }),
    }
}

fn pooling(pool_size: [usize; 2], strides: Option<[usize; 2]>, how: Padding) -> Value {
    let strides = strides.unwrap_or(pool_size);
    json!({
        "pool_size": pool_size, "padding": padding(how), "strides": strides, "data_format": "channels_last",
    })
}

/// Our settings have Keras' names.
fn optimizer(compile: CompileSettings<'_>) -> Value {
    let (class_name, config) = match compile.optimizer {
        Optimizer::Sgd(settings) => ("SGD", serde_json::to_value(settings)),
        Optimizer::Adam(settings) => ("Adam", serde_json::to_value(settings)),
        Optimizer::AdamW(settings) => ("AdamW", serde_json::to_value(settings)),
        Optimizer::Nadam(settings) => ("Nadam", serde_json::to_value(settings)),
        Optimizer::RmsProp(settings) => ("RMSprop", serde_json::to_value(settings)),
    };
    let mut config = config.unwrap_or(Value::Null);
    if let Some(schedule) = compile.memory.and_then(|memory| memory.schedule()) {
        config["learning_rate"] = schedule;
    }
    object("keras.optimizers", class_name, config)
}

fn loss(loss: &Loss, label_smoothing: f32) -> Value {
    let smoothing = number(label_smoothing);
    match loss {
        Loss::CategoricalCrossentropy => {
            object("keras.losses", "CategoricalCrossentropy", json!({ "label_smoothing": smoothing }))
        }
        Loss::CategoricalFocalCrossentropy(focal) => {
            let config = json!({
                "alpha": number(focal.alpha), "gamma": number(focal.gamma), "label_smoothing": smoothing,
            });
            object("keras.losses", "CategoricalFocalCrossentropy", config)
        }
    }
}
