//! A model of the study file: its layers as a template, each with its place in the file.

use serde_json::{Value as Json, json};
use toile_nn::Layer;
use toile_tune::{Condition, Distribution, Is, Params, Space};

use super::template;
use crate::check::schema;
use crate::check::tree::Node;
use crate::check::walk::{FieldName, Ranged, Walk};

/// The most layers of a model, repetitions counted.
pub(crate) const MAX_LAYERS: usize = 1000;

/// The layers of a model, except those with faults.
pub(crate) struct ModelSpace<'a> {
    /// The parameters of its ranges.
    pub params: Vec<Ranged>,
    /// The layers as a template; null for those with faults.
    pub template: Json,
    /// The same template with the index of a node in place of each layer.
    places: Json,
    nodes: Vec<&'a Node>,
    /// Whether there are more layers than a model may have.
    pub is_too_long: bool,
}

impl<'a> ModelSpace<'a> {
    /// Reads a model's table. Its faults are not collected here: the walk along the schema reports each once, not once
    /// for every repetition.
    pub(crate) fn read(model: &'a Node) -> ModelSpace<'a> {
        let mut reader = Reader { walk: Walk::default(), nodes: Vec::new(), read: 0 };
        reader.walk.ranges.allowed = true;
        let items = model.get("layers").map_or(&[][..], Node::items);
        let (layers, places) = reader.within("layers", |reader| reader.items(items));
        ModelSpace {
            params: reader.walk.ranges.params,
            template: Json::Array(layers),
            places: Json::Array(places),
            is_too_long: reader.read > MAX_LAYERS,
            nodes: reader.nodes,
        }
    }

    /// The number of layers, repetitions counted.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The space of its parameters.
    pub(crate) fn space(&self) -> Space {
        Space { params: self.params.iter().map(|ranged| ranged.param.clone()).collect() }
    }

    /// The layers of a point of its space, with their places; `None` for those with faults.
    pub(crate) fn layers(&self, params: &Params) -> Vec<(Option<Layer>, &'a Node)> {
        let filled = |template: &Json| match template::fill(template, params) {
            Some(Json::Array(items)) => items,
            _ => Vec::new(),
        };
        let place = |index: Json| self.nodes[index.as_u64().unwrap_or(0) as usize];
        let layers = filled(&self.template).into_iter().map(|layer| serde_json::from_value(layer).ok());
        layers.zip(filled(&self.places).into_iter().map(place)).collect()
    }
}

/// Items of a list of layers: as a template, and as indices of their places.
type Items = (Vec<Json>, Vec<Json>);

struct Reader<'a> {
    walk: Walk,
    nodes: Vec<&'a Node>,
    /// Layers and blocks so far: a bound for blocks within blocks.
    read: usize,
}

impl<'a> Reader<'a> {
    fn within<T>(&mut self, segment: impl Into<String>, inner: impl FnOnce(&mut Self) -> T) -> T {
        self.walk.ranges.path.push(segment.into());
        let found = inner(self);
        self.walk.ranges.path.pop();
        found
    }

    fn items(&mut self, items: &'a [Node]) -> Items {
        let item = |(index, item): (usize, &'a Node)| {
            self.within((index + 1).to_string(), |reader| reader.item(item))
        };
        items.iter().enumerate().map(item).unzip()
    }

    fn item(&mut self, item: &'a Node) -> (Json, Json) {
        self.read += 1;
        match item.entries() {
            [entry] if entry.key == "repeat" => {
                self.within("repeat", |reader| reader.repeat(&entry.node)).unwrap_or_default()
            }
            _ => self.layer(item),
        }
    }

    fn layer(&mut self, node: &'a Node) -> (Json, Json) {
        self.nodes.push(node);
        let layer = self.walk.value(node, schema::definition("Layer"), FieldName("layers"));
        (layer.unwrap_or(Json::Null), json!(self.nodes.len() - 1))
    }

    /// Every repetition is read again, so that it has its own parameters. `None` if their number has a fault.
    fn repeat(&mut self, repeat: &'a Node) -> Option<(Json, Json)> {
        let schema = &schema::properties(schema::definition("Repeat"))["times"];
        let times = repeat.get("times")?;
        let times = self.within("times", |reader| reader.walk.value(times, schema, FieldName("times")))?;
        let (least, most, parameter) = self.bounds(&times);
        let layers = repeat.get("layers").map_or(&[][..], Node::items);
        let mut copies: Vec<Items> = Vec::new();
        for copy in 1..=most {
            if self.read > MAX_LAYERS {
                break;
            }
            let optional = parameter.as_ref().filter(|_| copy > least);
            let is = Is::AtLeast(copy as f64);
            let condition = optional.map(|name| Condition { parent: name.clone(), is });
            copies.push(self.copy(copy, layers, condition, copies.first()));
        }
        let (layers, places) = copies.into_iter().unzip();
        Some((template::repeat(times.clone(), layers), template::repeat(times, places)))
    }

    fn copy(
        &mut self,
        copy: u64,
        layers: &'a [Node],
        condition: Option<Condition>,
        first: Option<&Items>,
    ) -> Items {
        // A fault in the first repetition is a fault in all.
        if let Some(first) = first.filter(|(items, _)| items.iter().any(has_fault)) {
            self.read += layers.len();
            return first.clone();
        }
        let outer = self.walk.ranges.condition.clone();
        if condition.is_some() {
            self.walk.ranges.condition = condition;
        }
        let items = self.within(copy.to_string(), |reader| reader.items(layers));
        self.walk.ranges.condition = outer;
        items
    }

    /// The smallest and the largest number of repetitions, and the parameter that decides between them.
    fn bounds(&self, times: &Json) -> (u64, u64, Option<String>) {
        match (times.as_u64(), self.walk.ranges.params.last()) {
            (None, Some(Ranged { param, .. })) => match param.distribution {
                Distribution::Int { low, high, .. } => (low as u64, high as u64, Some(param.name.clone())),
                _ => (0, 0, None),
            },
            (times, _) => (times.unwrap_or(0), times.unwrap_or(0), None),
        }
    }
}

/// Whether a layer could not be read, here or in a block.
fn has_fault(item: &Json) -> bool {
    let copies = item.get("copies").and_then(Json::as_array);
    item.is_null() || copies.into_iter().flatten().filter_map(Json::as_array).flatten().any(has_fault)
}
