//! The widths of a network: recipes that differ in the sizes of their hidden layers, each at its learning rate.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::Value;

use crate::quantity::Quantity;
use crate::results::{Recipe, Results};

/// Settings that are the size of a layer, alone or at the end of a dotted name: `layers.1.dense.units`.
const SIZES: [&str; 3] = ["units", "filters", "width"];
/// So many learning rates, trained as runs of their own, count as a tuned one.
const FEWEST_RATES: usize = 3;

/// One width of a network.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct NetworkWidth {
    /// The sizes of its layers, in their order; those that all widths share too.
    pub sizes: Vec<f64>,
    /// The recipe that stands for it: the best on validation of those that differ in the learning rate only.
    pub place: usize,
    /// How many learning rates were tried.
    pub rates: usize,
    /// Whether its learning rate was searched, or three were tried.
    pub is_tuned: bool,
    /// Whether the rate is the smallest or the largest that was tried: a better one may lie beyond.
    pub at_end: Option<RateEnd>,
}

/// An end of the learning rates that were tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RateEnd {
    Smallest,
    Largest,
}

/// The widths of a model, the narrowest first, and the place of the model itself among them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct NetworkWidths {
    pub all: Vec<NetworkWidth>,
    pub base: usize,
}

impl NetworkWidths {
    /// The widths of the model of this name; none if no recipe with runs has the model. Where recipes of it differ in
    /// more than width and learning rate, those with the most widths count.
    pub(crate) fn of(results: &Results, model: &str) -> NetworkWidths {
        let is_of_model =
            |recipe: &Recipe| recipe.settings.get("model").and_then(Value::as_str) == Some(model);
        // All that is the same but for width and rate, and in it all that is of one width.
        let mut families: BTreeMap<String, BTreeMap<Vec<u64>, Vec<usize>>> = BTreeMap::new();
        for (place, recipe) in
            results.recipes.iter().enumerate().filter(|(_, recipe)| !recipe.runs.is_empty())
        {
            let sizes = sizes(recipe).iter().map(|size| size.to_bits()).collect();
            families.entry(rest(recipe)).or_default().entry(sizes).or_default().push(place);
        }
        let mut best = NetworkWidths::default();
        for groups in families.values() {
            let own = groups
                .values()
                .find(|places| places.iter().any(|place| is_of_model(&results.recipes[*place])));
            let Some(own) = own else { continue };
            let family = NetworkWidths::around(results, &sizes(&results.recipes[own[0]]), groups.values());
            if family.all.len() > best.all.len() {
                best = family;
            }
        }
        best
    }

    /// Those that are narrower, as wide, or wider than `own` in every layer.
    fn around<'a>(
        results: &Results,
        own: &[f64],
        groups: impl Iterator<Item = &'a Vec<usize>>,
    ) -> NetworkWidths {
        let is_ordered = |places: &&Vec<usize>| order(&sizes(&results.recipes[places[0]]), own).is_some();
        let mut all: Vec<NetworkWidth> =
            groups.filter(is_ordered).map(|places| NetworkWidth::of(results, places)).collect();
        all.sort_by(|a, b| a.sizes.iter().sum::<f64>().total_cmp(&b.sizes.iter().sum()));
        let base = all.iter().position(|width| width.sizes == own).unwrap_or(0);
        NetworkWidths { all, base }
    }

    /// Those that are wider than the model, the narrowest first.
    pub(crate) fn wider(&self) -> &[NetworkWidth] {
        self.all.get(self.base + 1..).unwrap_or(&[])
    }

    /// The model itself.
    pub(crate) fn own(&self) -> Option<&NetworkWidth> {
        self.all.get(self.base)
    }

    /// The model and each wider one: what a verdict compares, if the rates of three widths are tuned.
    pub(crate) fn compared(&self) -> Vec<[usize; 2]> {
        let Some(own) = self.own().filter(|_| self.are_tuned()) else { return Vec::new() };
        self.wider().iter().filter(|width| width.is_tuned).map(|width| [own.place, width.place]).collect()
    }

    /// Whether the model itself, a wider one and three in all have a tuned learning rate.
    pub(crate) fn are_tuned(&self) -> bool {
        let tuned = self.all.iter().filter(|width| width.is_tuned).count();
        let own = self.own().is_some_and(|own| own.is_tuned);
        own && tuned >= 3 && self.wider().iter().any(|width| width.is_tuned)
    }
}

impl NetworkWidth {
    fn of(results: &Results, places: &[usize]) -> NetworkWidth {
        let recipe = |place: usize| &results.recipes[place];
        let value = |place: &usize| {
            let recipe = recipe(*place);
            (
                recipe.runs.len() >= toile_stats::FEWEST_SEEDS,
                recipe.mean(Quantity::ValAccuracy).unwrap_or(-1.0),
            )
        };
        let better =
            |a: &usize, b: &usize| value(b).0.cmp(&value(a).0).then(value(b).1.total_cmp(&value(a).1));
        let place = places.iter().copied().min_by(better).unwrap_or(places[0]);
        let mut rates: Vec<f64> = places.iter().filter_map(|place| learning_rate(recipe(*place))).collect();
        let own = learning_rate(recipe(place));
        rates.sort_by(f64::total_cmp);
        rates.dedup();
        let searched = recipe(place).tried.get("learning_rate");
        let ends = searched.map(|tried| tried.as_slice()).unwrap_or(&rates);
        let is_tuned = searched.is_some_and(|tried| tried.len() >= 2) || rates.len() >= FEWEST_RATES;
        let at_end = match (own, ends) {
            (Some(own), [least, .., most]) => match own {
                own if own <= *least => Some(RateEnd::Smallest),
                own if own >= *most => Some(RateEnd::Largest),
                _ => None,
            },
            _ => None,
        };
        let rates = recipe(place).best_of.filter(|_| searched.is_some()).unwrap_or(ends.len());
        NetworkWidth { sizes: sizes(recipe(place)), place, rates, is_tuned, at_end }
    }
}

/// The learning rate of a recipe.
pub(crate) fn learning_rate(recipe: &Recipe) -> Option<f64> {
    recipe.settings.get("learning_rate").and_then(Value::as_f64)
}

/// Narrower, equal or wider, if all layers agree in it.
fn order(a: &[f64], b: &[f64]) -> Option<Ordering> {
    let pairs = || a.iter().zip(b);
    match () {
        () if a.len() != b.len() || a.is_empty() => None,
        () if a == b => Some(Ordering::Equal),
        () if pairs().all(|(a, b)| a <= b) => Some(Ordering::Less),
        () if pairs().all(|(a, b)| a >= b) => Some(Ordering::Greater),
        () => None,
    }
}

fn is_size(name: &str) -> bool {
    SIZES.contains(&name.rsplit('.').next().unwrap_or(name))
}

/// All settings, those of the layers included.
pub(crate) fn all_settings(recipe: &Recipe) -> impl Iterator<Item = (&String, &Value)> {
    recipe.settings.iter().chain(&recipe.layers)
}

fn sizes(recipe: &Recipe) -> Vec<f64> {
    let sizes = all_settings(recipe).filter(|(name, _)| is_size(name));
    sizes.filter_map(|(_, value)| value.as_f64()).collect()
}

/// What must be the same, as text: all settings but sizes, the learning rate, the model's name and the seed.
fn rest(recipe: &Recipe) -> String {
    let is_other = |name: &str| !is_size(name) && !["learning_rate", "model", "seed"].contains(&name);
    let rest: BTreeMap<&String, &Value> = all_settings(recipe).filter(|(name, _)| is_other(name)).collect();
    serde_json::to_string(&rest).unwrap_or_default()
}
