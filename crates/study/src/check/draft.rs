//! The draft: the parts of a study file as far as they are right, so that the rules between settings can be checked
//! even in a file with faults, and all faults are told at once.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json, json};
use toile_nn::Layer;
use toile_tune::{Params, Space};

use crate::check::schema;
use crate::check::tree::{Entry, Node, Value};
use crate::check::walk::{Place, Walk};
use crate::check::{DataShape, Search, Study};
use crate::file::{RunSettings, RunTable, SearchTable, StudyTable};
use crate::plan::settings::as_json;
use crate::space::{ModelSpace, Whole, read_values};

/// What could be read. Keys with faults are left out, required strings with faults are empty.
pub(crate) struct Draft<'a> {
    pub root: &'a Node,
    pub study: StudyTable,
    pub defaults: RunSettings,
    pub models: Vec<ModelDraft<'a>>,
    pub runs: Vec<RunTable>,
    pub searches: Vec<SearchDraft<'a>>,
}

/// A model whose layers may be wrong one by one.
pub(crate) struct ModelDraft<'a> {
    pub entry: &'a Entry,
    pub space: ModelSpace<'a>,
    /// Whether no layer has a fault by itself.
    pub is_right: bool,
}

/// A search; its settings may have ranges.
pub(crate) struct SearchDraft<'a> {
    pub node: &'a Node,
    pub table: SearchTable,
    /// Its own settings that are right, as a template.
    pub settings: Map<String, Json>,
    /// How many of its parameters are its own; they come first.
    pub own: usize,
    /// Its parameters together with those of its models.
    pub whole: Whole,
    /// Parameters that are held, and the configurations to begin with.
    pub fixed: Params,
    pub first: Vec<Params>,
    /// Whether no value of it or of its models has a fault by itself.
    pub is_right: bool,
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
        let mut draft = Draft {
            root,
            study: typed(study, &["name", "data"]),
            defaults: typed(defaults, &[]),
            models: models(root, walk),
            runs: runs.into_iter().map(|run| typed(run, &["name"])).collect(),
            searches: Vec::new(),
        };
        let searches = items(root, "searches", "[[searches]]", walk);
        draft.searches = searches.iter().map(|node| search(node, &draft, walk)).collect();
        draft
    }

    /// The model of a name.
    pub fn model(&self, name: &str) -> Option<&ModelDraft<'a>> {
        self.models.iter().find(|model| model.entry.key == name)
    }

    /// The study, once there is no fault.
    pub fn finish(self, file_name: &str, text: &str, shape: Option<DataShape>) -> Study {
        let models = self.models.iter().filter(|model| model.space.params.is_empty());
        let searches = self.searches.iter().map(|search| search.finish(&self));
        Study {
            file_name: file_name.to_string(),
            text: text.to_string(),
            searches: searches.collect(),
            models: models.map(|m| (m.entry.key.clone(), m.layers())).collect(),
            study: self.study,
            defaults: self.defaults,
            runs: self.runs,
            shape,
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
    fn finish(&self, draft: &Draft) -> Search {
        Search {
            table: self.table.clone(),
            space: self.whole.space(),
            settings: spelled_out(&self.settings, &draft.defaults),
            models: self.whole.templates.clone(),
            fixed: self.fixed.clone(),
            first: self.first.clone(),
        }
    }
}

/// A search's own settings, else those of `[defaults]`, else the defaults.
pub(crate) fn spelled_out(own: &Map<String, Json>, defaults: &RunSettings) -> Json {
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

/// The tables of the file itself: unknown ones, missing ones.
fn top_level(root: &Node, walk: &mut Walk) {
    let known: Vec<&str> = schema::properties(schema::root()).keys().map(String::as_str).collect();
    for entry in root.entries() {
        if !known.contains(&entry.key.as_str()) {
            let message = format!("unknown table `{}`", crate::check::faults::quote(&entry.key));
            walk.fault(&entry.key_span, message, crate::check::suggest::help(&entry.key, &known));
        }
    }
    for (key, help) in [
        ("study", "begin with `[study]`, `name = \"…\"` and `data = \"fashion-mnist\"`"),
        ("models", "describe at least one, for example `[models.dense]` with `layers = […]`"),
        (
            "runs",
            "add at least one table `[[runs]]` with `name`, `model`, `optimizer` and `epochs`, or a search",
        ),
    ] {
        if key == "runs" && root.get("searches").is_some() {
            continue;
        }
        // A misspelt table is told already.
        let is_misspelt =
            |entry: &Entry| crate::check::suggest::nearest(&entry.key, known.clone()) == Some(key);
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
        Value::Array(items) if items.is_empty() && key == "runs" && root.get("searches").is_none() => {
            walk.fault(&node.span, "a study has at least one run or search", "")
        }
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
    node.entries().iter().map(|entry| model(entry, walk)).collect()
}

/// The walk tells all faults; what is right is read once more, layer by layer, so that one misspelt layer does not hide
/// the faults of the others.
fn model<'a>(entry: &'a Entry, walk: &mut Walk) -> ModelDraft<'a> {
    let before = walk.faults.len();
    walk.table(&entry.node, schema::definition("ModelTable"), Place(&entry.key));
    walk.ranges = Default::default();
    ModelDraft { entry, space: ModelSpace::read(&entry.node), is_right: walk.faults.len() == before }
}

fn search<'a>(node: &'a Node, draft: &Draft<'a>, walk: &mut Walk) -> SearchDraft<'a> {
    let before = walk.faults.len();
    walk.ranges = Default::default();
    let map = part(Some(node), "SearchTable", Place("[[searches]]"), walk);
    let params = std::mem::take(&mut walk.ranges).params;
    let (settings, own): (Map<_, _>, Map<_, _>) =
        map.into_iter().partition(|(key, _)| schema::is_setting_of_trials(key));
    let whole = Whole::new(&params, settings.get("model"), draft);
    let is_right = walk.faults.len() == before && whole.is_right;
    // Names of parameters are known only where nothing is wrong.
    let space = if is_right { whole.space() } else { Space::default() };
    let given = |key: &str| node.get(key).filter(|_| is_right);
    let fixed = given("fixed").map(|node| read_values(node, &space, walk)).unwrap_or_default();
    let first = given("first").map_or(&[][..], Node::items).iter();
    let first = first.map(|node| read_values(node, &space, walk).beside(&fixed, &space, walk)).collect();
    let table = typed(own, &["name"]);
    let own = params.len();
    SearchDraft { node, table, settings, own, whole, fixed: fixed.params, first, is_right }
}
