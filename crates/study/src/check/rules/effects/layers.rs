//! Layers that pass on what they get.

use crate::check::tree::{Node, Value};
use crate::check::walk::Walk;
use crate::warnings::StudyWarning;

/// The layers as they are written, those of blocks too.
pub(super) fn check(layers: &[Node], walk: &mut Walk) {
    for node in layers {
        let number =
            |layer: &str, setting: &str| node.get(layer).and_then(|layer| number(layer.get(setting)?));
        match number("dropout", "rate") {
            Some(value) if value == 0.0 => {
                let warning = StudyWarning::LayerWithoutEffect { layer: "dropout", setting: "rate", value };
                walk.warn(&node.span, warning);
            }
            Some(value) if value == 1.0 => walk.warn(&node.span, StudyWarning::DropsEverything),
            _ => {}
        }
        for layer in ["max_pooling2d", "average_pooling2d"] {
            let settings = node.get(layer);
            let windows = settings.and_then(|settings| settings.get("pool_size"));
            if windows.is_some_and(is_one) && settings.and_then(|s| s.get("strides")).is_none_or(is_one) {
                let warning = StudyWarning::LayerWithoutEffect { layer, setting: "pool_size", value: 1.0 };
                walk.warn(&node.span, warning);
            }
        }
        if let Some(repeat) = node.get("repeat") {
            if let Some(Value::Integer(times @ (0 | 1))) = repeat.get("times").map(|times| &times.value) {
                walk.warn(&node.span, StudyWarning::RepeatedOnce { times: *times });
            }
            check(repeat.get("layers").map_or(&[][..], Node::items), walk);
        }
    }
}

fn number(node: &Node) -> Option<f64> {
    match node.value {
        Value::Integer(number) => Some(number as f64),
        Value::Float(number) => Some(number),
        _ => None,
    }
}

/// `[1, 1]` or `1`
fn is_one(node: &Node) -> bool {
    let items = node.items();
    let ones = items.iter().filter(|item| number(item) == Some(1.0)).count();
    number(node) == Some(1.0) || (ones > 0 && ones == items.len())
}
