//! The names of a grid's runs: what varies, or a template.

use std::collections::{HashMap, HashSet};

use super::settings::GridSetting;
use crate::check::faults::quote;
use crate::check::suggest;
use crate::check::tree::{Entry, Node, Value};
use crate::check::walk::Walk;
use crate::space::labels;

/// The most characters of a run's name.
const MAX_LENGTH: usize = 200;

/// A part of a name.
enum NamePiece<'a> {
    Text(&'a str),
    /// The value of a setting, by its place among the grid's.
    Setting(usize),
}

/// The names of the runs, each given by the places of its values. `None` if there is a fault.
pub(super) fn of(
    grid: &Node,
    settings: &[GridSetting],
    runs: &[Vec<usize>],
    walk: &mut Walk,
) -> Option<Vec<String>> {
    let labels: Vec<Vec<String>> = settings.iter().map(|setting| labels_of(setting.values)).collect();
    let template = match grid.get("name") {
        Some(Node { value: Value::String(text), .. }) => Some(parts(text, grid, settings, walk)?),
        _ => None,
    };
    let varying: Vec<usize> = (0..settings.len()).filter(|&at| settings[at].varies()).collect();
    if template.is_none() && varying.is_empty() {
        let message = "nothing varies in this grid, so that its run has no name";
        walk.fault(&grid.span, message, "list several values of a setting, or give it a `name`");
        return None;
    }
    let by_template = |parts: &[NamePiece], run: &[usize]| -> String {
        let part = |part: &NamePiece| match part {
            NamePiece::Text(text) => text.to_string(),
            NamePiece::Setting(at) => labels[*at][run[*at]].clone(),
        };
        parts.iter().map(part).collect()
    };
    let by_what_varies = |run: &[usize]| {
        let part = |&at: &usize| match (settings[at].key(), &labels[at][run[at]]) {
            ("model" | "optimizer", label) => label.clone(),
            (key, label) => format!("{key} {label}"),
        };
        varying.iter().map(part).collect::<Vec<String>>().join(", ")
    };
    let name = |run: &Vec<usize>| match &template {
        Some(parts) => by_template(parts, run),
        None => by_what_varies(run),
    };
    let names: Vec<String> = runs.iter().map(name).collect();
    are_different(&names, grid, settings, walk).then_some(names)
}

/// A template, cut where its braces are.
fn parts<'a>(
    text: &'a str,
    grid: &Node,
    settings: &[GridSetting],
    walk: &mut Walk,
) -> Option<Vec<NamePiece<'a>>> {
    let before = walk.faults.len();
    let place = &grid.at(&["name"]).span;
    let known: Vec<&str> = settings.iter().map(GridSetting::key).collect();
    let (mut parts, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let Some((key, after)) = after.split_once('}') else {
            walk.fault(
                place,
                "the name has a `{` without its `}`",
                "write a setting in braces: `{batch_size}`",
            );
            return None;
        };
        parts.push(NamePiece::Text(before));
        match known.iter().position(|known| *known == key) {
            Some(at) => parts.push(NamePiece::Setting(at)),
            None => {
                let message = format!("the name has the setting `{}`, which this grid has not", quote(key));
                walk.fault(place, message, suggest::help(key, &known));
            }
        }
        rest = after;
    }
    parts.push(NamePiece::Text(rest));
    (walk.faults.len() == before).then_some(parts)
}

/// Whether each run has a name of its own that is not too long. Only the first fault is told.
fn are_different(names: &[String], grid: &Node, settings: &[GridSetting], walk: &mut Walk) -> bool {
    let (place, template) = match grid.get("name") {
        Some(Node { span, value: Value::String(text) }) => (span, text.as_str()),
        _ => (&grid.span, ""),
    };
    let mut first: HashMap<&str, usize> = HashMap::new();
    for (index, name) in names.iter().enumerate() {
        let length = name.chars().count();
        if length > MAX_LENGTH {
            let message = format!("the name of run {} of this grid has {length} characters", index + 1);
            let help = format!("give the grid a `name` that makes names of at most {MAX_LENGTH} characters");
            walk.fault(place, message, help);
            return false;
        }
        if let Some(twin) = first.insert(name, index) {
            let message =
                format!("runs {} and {} of this grid are both named `{}`", twin + 1, index + 1, quote(name));
            walk.fault(place, message, help_to_tell_apart(template, settings));
            return false;
        }
    }
    true
}

/// What the template must name.
fn help_to_tell_apart(template: &str, settings: &[GridSetting]) -> String {
    let in_braces = |setting: &GridSetting| format!("{{{}}}", setting.key());
    let varying = settings.iter().filter(|setting| setting.varies()).map(in_braces);
    let missing: Vec<String> =
        varying.filter(|key| !template.contains(key)).map(|key| format!("`{key}`")).collect();
    match missing.is_empty() {
        true => "put text between the settings of `name` that tells their values apart".to_string(),
        false => format!("what varies must be in `name`, too: {}", missing.join(", ")),
    }
}

/// What names call the values of a setting: all different.
fn labels_of(values: &[Node]) -> Vec<String> {
    let plain: Vec<String> = values.iter().map(labels::written).collect();
    let mut count: HashMap<&str, usize> = HashMap::new();
    plain.iter().for_each(|label| *count.entry(label).or_default() += 1);
    let mut taken = HashSet::new();
    let label = |(node, plain): (&Node, &String)| {
        let detailed = (count[plain.as_str()] > 1).then(|| with_settings(node)).flatten();
        labels::different(labels::cut(detailed.as_ref().unwrap_or(plain)), &mut taken)
    };
    values.iter().zip(&plain).map(label).collect()
}

/// `sgd momentum 0.9`, where another value has the same name.
fn with_settings(node: &Node) -> Option<String> {
    let [Entry { key, node, .. }] = node.entries() else { return None };
    let settings =
        node.entries().iter().map(|entry| format!(" {} {}", entry.key, labels::written(&entry.node)));
    Some(settings.fold(key.clone(), |name, setting| name + &setting))
}
