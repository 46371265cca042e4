//! The draft: the parts of a study file as far as they are right, so that the rules between settings can be checked
//! even in a file with faults, and all faults are told at once.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use toile_nn::Layer;

use crate::check::{DataShape, Study};
use crate::file::{RunSettings, RunTable, StudyTable};
use crate::schema;
use crate::tree::{Entry, Node, Value};
use crate::walk::{Place, Walk};

/// What could be read. Keys with faults are left out, required strings with faults are empty.
pub(crate) struct Draft<'a> {
    pub root: &'a Node,
    pub study: StudyTable,
    pub defaults: RunSettings,
    pub models: Vec<ModelDraft<'a>>,
    pub runs: Vec<RunTable>,
}

/// A model whose layers may be wrong one by one.
pub(crate) struct ModelDraft<'a> {
    pub entry: &'a Entry,
    /// `None` where a layer has faults.
    pub layers: Vec<Option<Layer>>,
}

impl<'a> Draft<'a> {
    /// Reads all parts, with their faults.
    pub fn read(root: &'a Node, walk: &mut Walk) -> Draft<'a> {
        top_level(root, walk);
        let study = part(root.get("study"), "StudyTable", Place("[study]"), walk);
        let defaults = part(root.get("defaults"), "RunSettings", Place("[defaults]"), walk);
        let runs = items(root, "runs", "[[runs]]", walk);
        let runs: Vec<_> =
            runs.iter().map(|node| part(Some(node), "RunTable", Place("[[runs]]"), walk)).collect();
        Draft {
            root,
            study: typed(study, &["name", "data"]),
            defaults: typed(defaults, &[]),
            models: models(root, walk),
            runs: runs.into_iter().map(|run| typed(run, &["name"])).collect(),
        }
    }

    /// The study, once there is no fault.
    pub fn finish(self, file_name: &str, text: &str, shape: Option<DataShape>) -> Study {
        let models = self.models.into_iter();
        Study {
            file_name: file_name.to_string(),
            text: text.to_string(),
            study: self.study,
            defaults: self.defaults,
            models: models.map(|m| (m.entry.key.clone(), m.layers.into_iter().flatten().collect())).collect(),
            runs: self.runs,
            shape,
        }
    }
}

/// The tables of the file itself: unknown ones, missing ones.
fn top_level(root: &Node, walk: &mut Walk) {
    let known: Vec<&str> = schema::properties(schema::root()).keys().map(String::as_str).collect();
    for entry in root.entries() {
        if !known.contains(&entry.key.as_str()) {
            let message = format!("unknown table `{}`", crate::faults::quote(&entry.key));
            walk.fault(&entry.key_span, message, crate::near::help(&entry.key, &known));
        }
    }
    for (key, help) in [
        ("study", "begin with `[study]`, `name = \"…\"` and `data = \"fashion-mnist\"`"),
        ("models", "describe at least one, for example `[models.dense]` with `layers = […]`"),
        ("runs", "add at least one table `[[runs]]` with `name`, `model`, `optimizer` and `epochs`"),
    ] {
        // A misspelt table is told already.
        let is_misspelt = |entry: &Entry| crate::near::nearest(&entry.key, known.clone()) == Some(key);
        let misspelt = || root.entries().iter().any(|e| !known.contains(&e.key.as_str()) && is_misspelt(e));
        if root.get(key).is_none() && !misspelt() {
            let end = root.span.end..root.span.end;
            walk.fault(&end, format!("the file lacks `{key}`"), help);
        }
    }
}

/// The keys of a table that are right.
fn part(node: Option<&Node>, definition: &str, place: Place, walk: &mut Walk) -> Map<String, Json> {
    node.and_then(|node| walk.table(node, schema::definition(definition), place)).unwrap_or_default()
}

/// A part as its type, with empty strings for required ones that have faults.
fn typed<T: DeserializeOwned>(mut map: Map<String, Json>, required: &[&str]) -> T {
    for key in required {
        map.entry(*key).or_insert(json!(""));
    }
    serde_json::from_value(Json::Object(map)).expect("what the schema accepts, serde accepts")
}

/// The items of a list at the top of the file.
fn items<'a>(root: &'a Node, key: &str, place: &str, walk: &mut Walk) -> &'a [Node] {
    let Some(node) = root.get(key) else { return &[] };
    match &node.value {
        Value::Array(items) if items.is_empty() => walk.fault(&node.span, "a study has at least one run", ""),
        Value::Array(_) => {}
        _ => walk.fault(
            &node.span,
            format!("`{key}` must be a list of tables"),
            format!("begin each with `{place}`"),
        ),
    }
    node.items()
}

fn models<'a>(root: &'a Node, walk: &mut Walk) -> Vec<ModelDraft<'a>> {
    let Some(node) = root.get("models") else { return Vec::new() };
    if !matches!(node.value, Value::Table(_)) {
        walk.fault(&node.span, "`models` must be a table of models", "begin each with `[models.NAME]`");
    }
    node.entries().iter().map(|entry| ModelDraft { entry, layers: layers(entry, walk) }).collect()
}

/// Layer by layer, so that one misspelt layer does not hide the faults of the others.
fn layers(entry: &Entry, walk: &mut Walk) -> Vec<Option<Layer>> {
    let definition = schema::definition("ModelTable");
    let map = walk.table(&entry.node, definition, Place(&entry.key)).unwrap_or_default();
    if let Some(layers) = map.get("layers") {
        let layers: Vec<Layer> =
            serde_json::from_value(layers.clone()).expect("what the schema accepts, serde accepts");
        return layers.into_iter().map(Some).collect();
    }
    // Something is wrong, and was reported; what is right is read once more, its faults not told twice.
    let schema = schema::definition("Layer");
    let nodes = entry.node.get("layers").map_or(&[][..], Node::items);
    let layers: Vec<Option<Layer>> = nodes
        .iter()
        .map(|node| {
            Walk::default().value(node, schema, Place("layers")).and_then(|v| serde_json::from_value(v).ok())
        })
        .collect();
    if layers.is_empty() { vec![None] } else { layers }
}
