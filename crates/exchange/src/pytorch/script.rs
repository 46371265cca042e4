//! The Python file: what it takes to build the network, and nothing that is run besides.

use serde_json::json;
use toile_nn::{Activation, ModelDescription, PlacedWindow};

use super::modules::{TorchKind, TorchModule};
use crate::{InputKind, NetworkFacts};

const FROM_PIXELS: &str = r#"class FromPixels(nn.Module):
    """Bytes (N, height, width, channels) become floats in [0, 1], (N, channels, height, width)."""

    def forward(self, pixels):
        return pixels.to(torch.float32).div(255).permute(0, 3, 1, 2)


"#;

const TO_ROWS: &str = r#"class ToRows(nn.Module):
    """(N, channels, height, width) become rows of pixels, channels last."""

    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


"#;

const SAME_AVERAGE: &str = r#"class SameAvgPool2d(nn.Module):
    """The mean over the pixels that exist; `pads` are left, right, top, bottom (nn.AvgPool2d pads both sides alike)."""

    def __init__(self, kernel_size, stride, pads):
        super().__init__()
        self.kernel_size, self.stride, self.pads = kernel_size, stride, pads

    def forward(self, x):
        ones = torch.ones_like(x[:1, :1])
        total, count = (
            F.avg_pool2d(F.pad(t, self.pads), self.kernel_size, self.stride) for t in (x, ones)
        )
        return total / count


"#;

/// The whole file.
pub(super) fn script(
    model: &ModelDescription,
    modules: &[TorchModule],
    facts: &NetworkFacts,
    input: InputKind,
    stem: &str,
) -> String {
    let has = |wanted: fn(&TorchKind) -> bool| modules.iter().any(|module| wanted(&module.kind));
    let image = model.image;
    let shape = match input {
        InputKind::Uint8 => format!("(N, {}, {}, {}) bytes", image.height, image.width, image.channels),
        InputKind::Float => {
            format!("(N, {}, {}, {}) floats in [0, 1]", image.channels, image.height, image.width)
        }
        InputKind::Features => format!("(N, {}, {}, {}) floats", image.channels, image.height, image.width),
    };
    let mut text = format!(
        "\"\"\"A network that toile trained, for PyTorch: `build()` gives it with its weights, ready to predict.\n\n\
         In: images, {shape}. Out: probabilities (N, {}).\n\"\"\"\n\n\
         from pathlib import Path\n\nimport torch\nimport torch.nn.functional as F\n\
         from safetensors.torch import load_file\nfrom torch import nn\n\n",
        model.classes
    );
    text += &format!("WEIGHTS = {}\n", literal(&format!("{stem}.safetensors")));
    let names: Vec<String> =
        facts.class_names.iter().map(|name| format!("    {},\n", literal(name))).collect();
    text += &format!("CLASS_NAMES = [\n{}]\n", names.concat());
    let known = facts.properties(input);
    let known = known.iter().filter(|(key, _)| !matches!(*key, "class_names" | "input"));
    let known: Vec<String> =
        known.map(|(key, words)| format!("    {}: {},\n", literal(key), literal(words))).collect();
    text += &format!("FACTS = {{\n{}}}\n\n\n", known.concat());
    if has(|kind| matches!(kind, TorchKind::FromPixels)) {
        text += FROM_PIXELS;
    }
    if has(|kind| matches!(kind, TorchKind::ToRows)) {
        text += TO_ROWS;
    }
    if has(|kind| matches!(kind, TorchKind::AveragePool(window) if is_padded(window))) {
        text += SAME_AVERAGE;
    }
    text += "def network():\n    \"\"\"The layers, with weights that were not trained.\"\"\"\n    return nn.Sequential(\n";
    for (place, line, layer) in lines(modules) {
        text += &format!("        {line},  # {place}: {layer}\n");
    }
    text += "    )\n\n\ndef build():\n    \"\"\"The network with its weights, which lie beside this file.\"\"\"\n\
             \x20   model = network()\n\
             \x20   model.load_state_dict(load_file(Path(__file__).with_name(WEIGHTS)))\n\
             \x20   return model.eval()\n";
    if !has(|kind| matches!(kind, TorchKind::AveragePool(window) if is_padded(window))) {
        text = text.replace("import torch.nn.functional as F\n", "");
    }
    text
}

/// JSON's texts are Python's.
fn literal(text: &str) -> String {
    json!(text).to_string()
}

fn is_padded(window: &PlacedWindow) -> bool {
    window.pads != [0; 4]
}

/// The modules as they are counted: place, Python, layer.
fn lines(modules: &[TorchModule]) -> Vec<(usize, String, String)> {
    let all = modules
        .iter()
        .flat_map(|module| python(&module.kind, module).into_iter().map(|line| (line, &module.layer)));
    all.enumerate().map(|(place, (line, layer))| (place, line, layer.clone())).collect()
}

/// How many places of `nn.Sequential` a module takes: those before its own are paddings.
pub(super) fn places(module: &TorchModule) -> usize {
    python(&module.kind, module).len()
}

fn pair([a, b]: [usize; 2]) -> String {
    format!("({a}, {b})")
}

/// Left, right, top, bottom: PyTorch's order.
fn sides([top, left, bottom, right]: [usize; 4]) -> String {
    format!("({left}, {right}, {top}, {bottom})")
}

fn python(kind: &TorchKind, module: &TorchModule) -> Vec<String> {
    let has_bias = module.tensors.iter().any(|(name, ..)| *name == "bias");
    let bias = if has_bias { "" } else { ", bias=False" };
    let one = |line: &str| vec![line.to_owned()];
    match kind {
        TorchKind::FromPixels => one("FromPixels()"),
        TorchKind::Linear { inputs, units } => vec![format!("nn.Linear({inputs}, {units}{bias})")],
        TorchKind::Conv { channels, filters, groups, window } => {
            let [top, left, bottom, right] = window.pads;
            let is_even = (top, left) == (bottom, right);
            let padding = if is_even && (top, left) != (0, 0) {
                format!(", padding={}", pair([top, left]))
            } else {
                String::new()
            };
            let groups = if *groups == 1 { String::new() } else { format!(", groups={groups}") };
            let (size, stride) = (pair(window.size), pair(window.strides));
            let line =
                format!("nn.Conv2d({channels}, {filters}, {size}, stride={stride}{padding}{groups}{bias})");
            match is_even {
                true => vec![line],
                false => vec![format!("nn.ZeroPad2d({})", sides(window.pads)), line],
            }
        }
        TorchKind::MaxPool(window) => {
            let line = format!("nn.MaxPool2d({}, stride={})", pair(window.size), pair(window.strides));
            match is_padded(window) {
                false => vec![line],
                true => vec![format!("nn.ConstantPad2d({}, float(\"-inf\"))", sides(window.pads)), line],
            }
        }
        TorchKind::AveragePool(window) => {
            let (size, stride) = (pair(window.size), pair(window.strides));
            match is_padded(window) {
                false => vec![format!("nn.AvgPool2d({size}, stride={stride})")],
                true => vec![format!("SameAvgPool2d({size}, {stride}, {})", sides(window.pads))],
            }
        }
        TorchKind::GlobalAverage => vec!["nn.AdaptiveAvgPool2d(1)".into(), "nn.Flatten()".into()],
        TorchKind::Normalize { channels, planes, epsilon, momentum } => {
            let class = if *planes { "BatchNorm2d" } else { "BatchNorm1d" };
            vec![format!("nn.{class}({channels}, eps={epsilon}, momentum={})", 1.0 - momentum)]
        }
        TorchKind::Flatten => one("nn.Flatten()"),
        TorchKind::ToRows => one("ToRows()"),
        TorchKind::Dropout(rate) => vec![format!("nn.Dropout({rate})")],
        TorchKind::Activation(activation) => one(match activation {
            Activation::Linear => "nn.Identity()",
            Activation::Sigmoid => "nn.Sigmoid()",
            Activation::Tanh => "nn.Tanh()",
            Activation::Relu => "nn.ReLU()",
            Activation::LeakyRelu => "nn.LeakyReLU(0.2)",
            Activation::Elu => "nn.ELU()",
            Activation::Gelu => "nn.GELU()",
            Activation::Silu => "nn.SiLU()",
            Activation::Softmax => "nn.Softmax(dim=1)",
        }),
    }
}
