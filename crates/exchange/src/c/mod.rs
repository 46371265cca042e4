//! C: a network as one C99 file that needs no library, not even that of mathematics: for microcontrollers, for courses,
//! and for whoever wants to read what a network computes.

mod activations;
mod parts;

use std::fmt::Write as _;

use toile_nn::{
    Activation, DescribedLayer, ImageShape, Layer, ModelDescription, PlacedWindow, Shape, Tensor,
};

use self::parts::CPart;
use crate::layout::PIXEL;
use crate::{ExchangeError, InputKind, NetworkFacts};

/// Numbers on a line of the file.
const PER_LINE: usize = 8;

/// A network as a C99 file; `stem` becomes the beginning of its names: `stem_predict`. The same network and facts give
/// the same text.
///
/// # Errors
/// If a weight is not finite: C has no digits for it.
pub fn to_c(
    model: &ModelDescription,
    facts: &NetworkFacts,
    input: InputKind,
    stem: &str,
) -> Result<String, ExchangeError> {
    let name = identifier(stem);
    let mut text = head(model, facts, input, &name);
    let calls = calls(model);
    for part in parts().filter(|part| calls.needs.contains(&part.name)) {
        text += part.code;
    }
    for tensor in model.layers.iter().flat_map(|layer| &layer.tensors) {
        if let Some(value) = tensor.values.iter().find(|value| !value.is_finite()) {
            return Err(ExchangeError::new(format!("the tensor `{}` holds {value}", tensor.name))
                .help("the training diverged: export another run"));
        }
        text += &array(tensor);
    }
    text += &body(model, input, &name, &calls);
    Ok(text + &parts::MAIN.replace("NAME", &name).replace("UPPER", &name.to_uppercase()))
}

/// All functions that the file may have, each below what it calls.
fn parts() -> impl Iterator<Item = &'static CPart> {
    parts::PARTS.iter().chain(&activations::ACTIVATIONS)
}

/// The weights of a file that [`to_c`] wrote, by their names in it, in their order: what a compiler reads.
///
/// # Errors
/// If a number cannot be read.
pub fn weights_of_c(text: &str) -> Result<Vec<(String, Vec<f32>)>, ExchangeError> {
    let mut all = Vec::new();
    for part in text.split("static const float ").skip(1) {
        let parsed =
            part.split_once('[').zip(part.split_once('{').and_then(|(_, rest)| rest.split_once('}')));
        let Some(((name, _), (numbers, _))) = parsed else {
            return Err(ExchangeError::new("an array of weights has no end"));
        };
        let number = |word: &str| word.trim().trim_end_matches('f').parse::<f32>();
        let words = numbers.split(',').filter(|word| !word.trim().is_empty());
        let values: Result<Vec<f32>, _> = words.map(number).collect();
        let values = values.map_err(|error| ExchangeError::new(format!("the array `{name}`: {error}")))?;
        all.push((name.to_owned(), values));
    }
    Ok(all)
}

/// Letters, digits and `_`, as names in C are.
fn identifier(stem: &str) -> String {
    let plain: String = stem.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    match plain.starts_with(|c: char| c.is_ascii_alphabetic()) {
        true => plain,
        false => format!("network_{plain}"),
    }
}

/// The name of a tensor's array: `w2_kernel`.
fn array_name(tensor: &Tensor) -> String {
    format!("w{}", tensor.name.replace('.', "_"))
}

/// A weight by the shortest digits that read back to the same bits.
fn array(tensor: &Tensor) -> String {
    let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
    let n = tensor.values.len();
    let mut text =
        format!("/* {} */\nstatic const float {}[{n}] = {{\n", shape.join(" x "), array_name(tensor));
    for line in tensor.values.chunks(PER_LINE) {
        let numbers: Vec<String> = line.iter().map(|value| format!("{value:e}f")).collect();
        text += &format!("    {},\n", numbers.join(", "));
    }
    text + "};\n\n"
}

/// Text of others in a comment: no end of it, no control characters.
fn comment(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
        .replace("*/", "* /")
        .replace("/*", "/ *")
        .replace("??/", "?? /")
}

fn head(model: &ModelDescription, facts: &NetworkFacts, input: InputKind, name: &str) -> String {
    let ImageShape { height, width, channels } = model.image;
    let mut text = String::from("/*\n * A network that toile trained, in C99 without any library.\n *\n");
    let known = facts.properties(input);
    for (key, words) in known.iter().filter(|(key, _)| *key != "class_names") {
        let _ = writeln!(text, " * {key}: {}", comment(words));
    }
    text += " *\n * Classes, in the order of the outputs:\n";
    for (i, class) in facts.class_names.iter().enumerate() {
        let _ = writeln!(text, " *   {i}  {}", comment(class));
    }
    let element = element(input);
    let _ = write!(
        text,
        " *\n * void {name}_predict(const {element} *image, float *probabilities);\n\
         \x20*   image: {height} x {width} x {channels} values, row by row, channels last; probabilities: {}.\n\
         \x20* It keeps values in static memory: one call at a time.\n\
         \x20* A program that predicts images from its standard input: cc -std=c99 -O2 -DTOILE_MAIN\n */\n\n\
         #include <stdint.h>\n\n\
         #define {upper}_INPUTS {}\n#define {upper}_CLASSES {}\n\n",
        model.classes,
        model.image.values(),
        model.classes,
        upper = name.to_uppercase(),
    );
    text
}

fn element(input: InputKind) -> &'static str {
    match input {
        InputKind::Uint8 => "uint8_t",
        InputKind::Float | InputKind::Features => "float",
    }
}

/// The steps of a network, each from one buffer to the other or in place.
struct Calls {
    lines: Vec<String>,
    /// The parts of the file that they need.
    needs: Vec<&'static str>,
    /// Values of the largest buffer.
    most: usize,
    /// In which of the two buffers the last values are.
    end: usize,
}

impl Calls {
    /// A step from one buffer to the other.
    fn step(&mut self, part: &'static str, arguments: &str, outputs: usize) {
        let (from, to) = (self.end, 1 - self.end);
        self.lines.push(format!("    {part}(buffer[{from}], buffer[{to}], {arguments});\n"));
        self.need(part);
        self.most = self.most.max(outputs);
        self.end = to;
    }

    /// A step in place.
    fn in_place(&mut self, part: &'static str, arguments: &str) {
        self.lines.push(format!("    {part}(buffer[{}], {arguments});\n", self.end));
        self.need(part);
    }

    fn need(&mut self, part: &'static str) {
        self.needs.push(part);
        for known in parts().filter(|known| known.name == part) {
            known.needs.iter().for_each(|needed| self.need(needed));
        }
    }
}

fn calls(model: &ModelDescription) -> Calls {
    let mut calls = Calls { lines: Vec::new(), needs: Vec::new(), most: model.image.values(), end: 0 };
    for (i, layer) in model.layers.iter().enumerate() {
        calls.lines.push(format!("    /* {i}. {} */\n", layer.name));
        add(&mut calls, layer);
    }
    calls
}

fn weights(described: &DescribedLayer, kind: &str) -> String {
    described.tensor(kind).map_or_else(|| "0".into(), array_name)
}

/// height, width, channels, rows, columns of the output, then the window.
fn window_arguments(input: Shape, output: [usize; 2], window: PlacedWindow) -> String {
    let Shape::Image(ImageShape { height, width, channels }) = input else { return String::new() };
    let [rows, columns] = output;
    let [top, left, ..] = window.pads;
    format!(
        "{height}, {width}, {channels}, {rows}, {columns}, {}, {}, {}, {}, {top}, {left}",
        window.size[0], window.size[1], window.strides[0], window.strides[1]
    )
}

fn add(calls: &mut Calls, described: &DescribedLayer) {
    let (inputs, outputs) = (described.input.values(), described.output.values());
    let places = match described.output {
        Shape::Image(image) => [image.height, image.width],
        Shape::Flat(_) => [1, 1],
    };
    let bias = weights(described, "bias");
    let window = described.window.unwrap_or(PIXEL);
    let windows = window_arguments(described.input, places, window);
    match &described.layer {
        Layer::Dense(dense) => {
            let arguments = format!("{inputs}, {}, {}, {bias}", dense.units, weights(described, "kernel"));
            calls.step("dense", &arguments, outputs);
        }
        Layer::Conv2D(conv) => {
            let arguments = format!("{windows}, {}, {}, {bias}", conv.filters, weights(described, "kernel"));
            calls.step("convolution", &arguments, outputs);
        }
        Layer::DepthwiseConv2D(conv) => {
            let kernel = weights(described, "kernel");
            let arguments = format!("{windows}, {}, {kernel}, {bias}", conv.depth_multiplier);
            calls.step("depthwise", &arguments, outputs);
        }
        Layer::SeparableConv2D(conv) => {
            let kernel = weights(described, "depthwise_kernel");
            let between = described.input.channels() * conv.depth_multiplier;
            let pixels = places[0] * places[1];
            let arguments = format!("{windows}, {}, {kernel}, 0", conv.depth_multiplier);
            calls.step("depthwise", &arguments, pixels * between);
            let kernel = weights(described, "pointwise_kernel");
            let size = format!("{}, {}, {between}, {}, {}", places[0], places[1], places[0], places[1]);
            let arguments = format!("{size}, 1, 1, 1, 1, 0, 0, {}, {kernel}, {bias}", conv.filters);
            calls.step("convolution", &arguments, outputs);
        }
        Layer::MaxPooling2D(_) => {
            calls.step("max_pooling", &windows, outputs);
        }
        Layer::AveragePooling2D(_) => {
            calls.step("average_pooling", &windows, outputs);
        }
        Layer::GlobalAveragePooling2D(_) => {
            let channels = described.input.channels();
            calls.step("global_average", &format!("{}, {channels}", inputs / channels), outputs);
        }
        Layer::BatchNormalization(settings) => {
            let channels = described.input.channels();
            let tensors =
                ["gamma", "beta", "moving_mean", "moving_variance"].map(|kind| weights(described, kind));
            let arguments = format!("{inputs}, {channels}, {:e}f, {}", settings.epsilon, tensors.join(", "));
            calls.in_place("normalize", &arguments);
        }
        // Values lie as `flatten` takes them.
        Layer::Flatten(_) | Layer::Dropout(_) | Layer::Activation(_) => {}
    }
    activation(calls, described.layer.activation(), outputs, described.output.channels());
}

fn activation(calls: &mut Calls, activation: Activation, values: usize, channels: usize) {
    let part = match activation {
        Activation::Linear => return,
        Activation::Sigmoid => "sigmoid",
        Activation::Tanh => "hyperbolic_tangent",
        Activation::Relu => "relu",
        Activation::LeakyRelu => "leaky_relu",
        Activation::Elu => "elu",
        Activation::Gelu => "gelu",
        Activation::Silu => "silu",
        Activation::Softmax => return calls.in_place("softmax", &format!("{values}, {channels}")),
    };
    calls.in_place(part, &values.to_string());
}

fn body(model: &ModelDescription, input: InputKind, name: &str, calls: &Calls) -> String {
    let upper = name.to_uppercase();
    let element = element(input);
    let scaled = match input {
        InputKind::Uint8 => "image[i] / 255.0f",
        InputKind::Float | InputKind::Features => "image[i]",
    };
    format!(
        "typedef {element} {name}_pixel;\n\n\
         static float buffer[2][{}];\n\n\
         void {name}_predict(const {name}_pixel *image, float *probabilities);\n\n\
         void {name}_predict(const {name}_pixel *image, float *probabilities)\n{{\n    int i;\n\
         \x20   for (i = 0; i < {upper}_INPUTS; i++)\n        buffer[0][i] = {scaled};\n{}\
         \x20   for (i = 0; i < {upper}_CLASSES; i++)\n        probabilities[i] = buffer[{}][i];\n}}\n\n",
        calls.most.max(model.classes),
        calls.lines.concat(),
        calls.end,
    )
}
