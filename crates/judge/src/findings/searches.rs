//! Findings about searches: what a search of one factor says, and one that ends below a point of its own space.

use serde_json::json;

use super::study::finding;
use super::{NamedFinding, Severity};
use crate::quantity::Quantity;
use crate::results::{Recipe, Results};
use crate::weigh::TwoNumbers;
use crate::words;

/// The settings that a recipe does not state, though others do.
fn open_settings<'a>(results: &'a Results, recipe: &Recipe) -> Vec<&'a String> {
    let mut names: Vec<&String> = Vec::new();
    for name in results.recipes.iter().flat_map(|other| other.settings.keys()) {
        let is_open = !recipe.settings.contains_key(name) || recipe.searched.contains(name);
        if is_open && !name.contains('.') && !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Searches of one factor each say nothing of combinations.
pub(super) fn one_factor_at_a_time(results: &Results) -> Option<NamedFinding> {
    let open = |recipe: &Recipe| match open_settings(results, recipe).as_slice() {
        [one] => Some((*one).clone()),
        _ => None,
    };
    let searches: Vec<(&Recipe, String)> =
        results.recipes.iter().filter_map(|recipe| Some((recipe, open(recipe)?))).collect();
    let factors: std::collections::BTreeSet<&String> = searches.iter().map(|(_, factor)| factor).collect();
    (factors.len() >= 2).then(|| {
        let told: Vec<String> =
            searches.iter().map(|(recipe, factor)| format!("{} leaves {factor} open", recipe.name)).collect();
        finding(
            "factors_searched_one_at_a_time",
            Severity::Warning,
            format!("{}, each with the rest fixed: no combination of these settings was searched.", words::list(&told)),
            "a search of one factor finds the best value of it at the fixed values of the others",
            json!({ "searches": searches.iter().map(|(recipe, factor)| json!([recipe.name, factor])).collect::<Vec<_>>() }),
            "search the factors together, with a learning rate of its own for each optimizer",
        )
    })
}

/// A search that ends below a run that is a point of its own space.
pub(super) fn below_a_known_point(results: &Results) -> Vec<NamedFinding> {
    let quantity = Quantity::TestAccuracy;
    let mut found = Vec::new();
    for search in results.recipes.iter().filter(|recipe| !recipe.settings.is_empty()) {
        let open = open_settings(results, search);
        let (Some(reached), Some(n)) = (search.mean(quantity), results.n_test) else { continue };
        let is_point = |run: &&Recipe| {
            open_settings(results, run).is_empty()
                && search
                    .settings
                    .iter()
                    .all(|(name, value)| open.contains(&name) || run.settings.get(name) == Some(value))
        };
        let points = results.recipes.iter().filter(|run| !open.is_empty() && is_point(run));
        let best =
            points.filter_map(|run| Some((run, run.mean(quantity)?))).max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((run, value)) = best.filter(|(_, value)| *value > reached) else { continue };
        let z = TwoNumbers::of_accuracies(quantity, [value, reached], n)
            .statistics(None)
            .and_then(|table| table.found.z);
        if z.is_some_and(|z| z >= 1.96) {
            let open: Vec<&str> = open.iter().map(|name| name.as_str()).collect();
            found.push(finding(
                "search_below_a_known_point",
                Severity::Warning,
                format!(
                    "{} left {} open and reached {}; {}, with the same settings otherwise, reached {} (z {}). If its value lay in \
                     the range, the search was too short, or its scale too coarse: it says nothing about searching.",
                    search.name, words::list(&open), words::number(reached), run.name, words::number(value),
                    words::z(z.unwrap_or(0.0))
                ),
                "a search can do no worse than a point of its space, but by its length and by chance",
                json!({ "search": search.name, "run": run.name, "accuracy": [reached, value], "z": z }),
                "state range, scale and number of trials; search learning rates on a logarithmic scale",
            ));
        }
    }
    found
}
