//! The draft: the parts of a study file as far as they are valid, so that the rules between settings are checked even
//! in a file with faults, and all faults are reported at once.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use toile_judge::ClaimTable;
use toile_nn::Layer;
use toile_tune::{Params, Space};

use super::faults::quote;
use super::grids::{self, Grids};
use super::tree::{Entry, Node, Value};
use super::walk::{FieldName, Walk};
use super::{CheckedSearch, CheckedStudy, DataShape, schema, suggest};
use crate::file::{RunSettings, RunTable, SearchTable, StudyTable};
use crate::plan::settings::as_json;
use crate::space::{ModelSpace, SearchSpace, read_values};

/// What could be read. Keys with faults are left out, required strings with faults are empty.
pub(crate) struct Draft<'a> {
    pub root: &'a Node,
    pub study: StudyTable,
    pub defaults: RunSettings,
    pub models: Vec<ModelDraft<'a>>,
    /// Those of `[[runs]]`, and then those of the grids.
    pub runs: Vec<RunTable>,
    pub grids: Grids,
    pub searches: Vec<SearchDraft<'a>>,
    pub claims: Vec<ClaimTable>,
}

/// A model; some of its layers may have faults.
pub(crate) struct ModelDraft<'a> {
    pub entry: &'a Entry,
    pub space: ModelSpace<'a>,
    /// Whether no layer has a fault of its own.
    pub is_valid: bool,
}

/// A search; its settings may have ranges.
pub(crate) struct SearchDraft<'a> {
    pub node: &'a Node,
    pub table: SearchTable,
    /// Its own settings without those that have faults, as a template.
    pub settings: Map<String, Json>,
    /// How many of its parameters are its own; they come first.
    pub n_own: usize,
    /// Its parameters together with those of its models.
    pub space: SearchSpace,
    /// The values of parameters that are fixed.
    pub fixed: Params,
    /// The configurations to begin with.
    pub first: Vec<Params>,
    /// Whether no value of it or of its models has a fault of its own.
    pub is_valid: bool,
}

impl<'a> Draft<'a> {
    /// Reads all parts and collects their faults.
    pub(crate) fn read(root: &'a Node, walk: &mut Walk) -> Draft<'a> {
        top_level(root, walk);
        let study = part(root.get("study"), "StudyTable", FieldName("[study]"), walk);
        let defaults = part(root.get("defaults"), "RunSettings", FieldName("[defaults]"), walk);
        let runs = items(root, "runs", "[[runs]]", walk);
        let grids = grids::read(items(root, "grid", "[[grid]]", walk), root.get("defaults"), walk);
        let nodes = runs.iter().chain(grids.runs.iter().map(|run| &run.node));
        let runs: Vec<_> = nodes
            .map(|node| {
                let before = walk.faults.len();
                let run = part(Some(node), "RunTable", FieldName("[[runs]]"), walk);
                walk.drop_repeated(before);
                run
            })
            .collect();
        let mut draft = Draft {
            root,
            study: typed(study, &["name", "data"]),
            defaults: typed(defaults, &[]),
            models: models(root, walk),
            runs: runs.into_iter().map(|run| typed(run, &["name"])).collect(),
            grids,
            searches: Vec::new(),
            claims: Vec::new(),
        };
        let searches = items(root, "searches", "[[searches]]", walk);
        draft.searches = searches.iter().map(|node| search(node, &draft, walk)).collect();
        let claims = items(root, "claims", "[[claims]]", walk).iter();
        let claims = claims.map(|node| part(Some(node), "ClaimTable", FieldName("[[claims]]"), walk));
        draft.claims = claims.map(|claim| typed(claim, &["id"])).collect();
        draft
    }

    /// The tables of the runs, in their order.
    pub(crate) fn run_nodes(&self) -> impl Iterator<Item = &Node> {
        let written = self.root.get("runs").map_or(&[][..], Node::items).iter();
        written.chain(self.grids.runs.iter().map(|run| &run.node))
    }

    /// The model of this name.
    pub(crate) fn model(&self, name: &str) -> Option<&ModelDraft<'a>> {
        self.models.iter().find(|model| model.entry.key == name)
    }

    /// The checked study, if there is no fault.
    pub(crate) fn finish(self, file_name: &str, text: &str, shape: Option<DataShape>) -> CheckedStudy {
        let models = self.models.iter().filter(|model| model.space.params.is_empty());
        let searches = self.searches.iter().map(|search| search.finish(&self));
        CheckedStudy {
            file_name: file_name.to_string(),
            text: text.to_string(),
            searches: searches.collect(),
            models: models.map(|m| (m.entry.key.clone(), m.layers())).collect(),
            study: self.study,
            defaults: self.defaults,
            runs: self.runs,
            claims: self.claims,
            shape,
            warnings: Vec::new(),
        }
    }
}

impl ModelDraft<'_> {
    /// The layers of a model without ranges that has no faults.
    fn layers(&self) -> Vec<Layer> {
        self.space.layers(&Params::new()).into_iter().filter_map(|(layer, _)| layer).collect()
    }
}

impl SearchDraft<'_> {
    fn finish(&self, draft: &Draft) -> CheckedSearch {
        CheckedSearch {
            table: self.table.clone(),
            space: self.space.space(),
            settings: with_defaults(&self.settings, &draft.defaults),
            models: self.space.templates.clone(),
            fixed: self.fixed.clone(),
            first: self.first.clone(),
        }
    }
}

/// The settings of a search's trials: its own, else those of `[defaults]`, else the defaults.
pub(crate) fn with_defaults(own: &Map<String, Json>, defaults: &RunSettings) -> Json {
    let mut all = Map::new();
    let shared = as_json(defaults);
    for key in schema::properties(schema::definition("RunSettings")).keys() {
        let property = &schema::properties(schema::definition("SearchTable"))[key];
        let shared = shared.get(key).filter(|value| !value.is_null());
        let value = own.get(key).or(shared).or(property.get("default"));
        if let Some(value) = value.filter(|_| schema::is_setting_of_trials(key)) {
            all.insert(key.clone(), value.clone());
        }
    }
    Json::Object(all)
}

/// The tables of the file itself: unknown ones and missing ones are faults.
fn top_level(root: &Node, walk: &mut Walk) {
    let known: Vec<&str> = schema::properties(schema::root()).keys().map(String::as_str).collect();
    let unknown: Vec<&Entry> =
        root.entries().iter().filter(|entry| !known.contains(&entry.key.as_str())).collect();
    for entry in &unknown {
        let message = format!("unknown table `{}`", quote(&entry.key));
        walk.fault(&entry.key_span, message, suggest::help(&entry.key, &known));
    }
    for (key, help) in [
        ("study", "begin with `[study]`, `name = \"…\"` and `data = \"fashion-mnist\"`"),
        ("models", "describe at least one, for example `[models.dense]` with `layers = […]`"),
        (
            "runs",
            "add at least one table `[[runs]]` with `name`, `model`, `optimizer` and `epochs`, or a grid or a search",
        ),
    ] {
        if key == "runs" && (root.get("searches").or(root.get("grid"))).is_some() {
            continue;
        }
        // A misspelt table is already a fault.
        let is_meant = |entry: &&Entry| suggest::nearest(&entry.key, known.iter().copied()) == Some(key);
        if root.get(key).is_none() && !unknown.iter().any(is_meant) {
            let end = root.span.end..root.span.end;
            walk.fault(&end, format!("the file lacks `{key}`"), help);
        }
    }
}

/// The keys of a table without those that have faults.
fn part(node: Option<&Node>, definition: &str, field: FieldName, walk: &mut Walk) -> Map<String, Json> {
    node.and_then(|node| walk.table(node, schema::definition(definition), field)).unwrap_or_default()
}

/// A part as its type, with empty strings for required keys that are missing or have faults.
fn typed<T: DeserializeOwned>(mut map: Map<String, Json>, required: &[&str]) -> T {
    for key in required {
        map.entry(*key).or_insert(json!(""));
    }
    serde_json::from_value(Json::Object(map)).expect("what the schema accepts, serde accepts")
}

/// The items of a list at the top of the file.
fn items<'a>(root: &'a Node, key: &str, header: &str, walk: &mut Walk) -> &'a [Node] {
    let Some(node) = root.get(key) else { return &[] };
    match &node.value {
        Value::Array(items) if items.is_empty() && is_alone(key, root) => {
            walk.fault(&node.span, "a study has at least one run or search", "")
        }
        Value::Array(_) => {}
        _ => walk.fault(
            &node.span,
            format!("`{key}` must be a list of tables"),
            format!("begin each with `{header}`"),
        ),
    }
    node.items()
}

/// Whether nothing else trains.
fn is_alone(key: &str, root: &Node) -> bool {
    let trains = ["runs", "grid", "searches"];
    matches!(key, "runs" | "grid") && trains.iter().all(|other| *other == key || root.get(other).is_none())
}

fn models<'a>(root: &'a Node, walk: &mut Walk) -> Vec<ModelDraft<'a>> {
    let Some(node) = root.get("models") else { return Vec::new() };
    if !matches!(node.value, Value::Table(_)) {
        walk.fault(&node.span, "`models` must be a table of models", "begin each with `[models.NAME]`");
    }
    node.entries().iter().map(|entry| model(entry, walk)).collect()
}

/// The walk reports all faults. The layers are then read once more, one by one, so that a misspelt layer does not hide
/// the faults of the others.
fn model<'a>(entry: &'a Entry, walk: &mut Walk) -> ModelDraft<'a> {
    let before = walk.faults.len();
    walk.table(&entry.node, schema::definition("ModelTable"), FieldName(&entry.key));
    walk.ranges = Default::default();
    ModelDraft { entry, space: ModelSpace::read(&entry.node), is_valid: walk.faults.len() == before }
}

fn search<'a>(node: &'a Node, draft: &Draft<'a>, walk: &mut Walk) -> SearchDraft<'a> {
    let before = walk.faults.len();
    walk.ranges = Default::default();
    let map = part(Some(node), "SearchTable", FieldName("[[searches]]"), walk);
    let params = std::mem::take(&mut walk.ranges).params;
    let (settings, own): (Map<_, _>, Map<_, _>) =
        map.into_iter().partition(|(key, _)| schema::is_setting_of_trials(key));
    let space = SearchSpace::new(&params, settings.get("model"), draft);
    let is_valid = walk.faults.len() == before && space.is_valid;
    // The names of parameters are certain only if there is no fault.
    let named = if is_valid { space.space() } else { Space::default() };
    let values = |key: &str| node.get(key).filter(|_| is_valid);
    let fixed = values("fixed").map(|node| read_values(node, &named, walk)).unwrap_or_default();
    let first = values("first").map_or(&[][..], Node::items).iter();
    let first =
        first.map(|node| read_values(node, &named, walk).checked_against(&fixed, &named, walk)).collect();
    let table = typed(own, &["name"]);
    let n_own = params.len();
    SearchDraft { node, table, settings, n_own, space, fixed: fixed.params, first, is_valid }
}
