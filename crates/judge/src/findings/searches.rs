//! Findings about searches: what a search of one factor says, and one that ends below a point of its own space.

use std::collections::BTreeSet;

use serde_json::json;

use super::study::finding;
use super::{NamedFinding, Severity};
use crate::quantity::Quantity;
use crate::results::{Recipe, Results};
use crate::weigh::TwoNumbers;
use crate::words;

/// Searches of one factor each.
pub(super) const ONE_AT_A_TIME: &str = "factors_searched_one_at_a_time";
/// A search below a point of its space.
pub(super) const BELOW_A_KNOWN_POINT: &str = "search_below_a_known_point";

/// Of each recipe the settings that it does not state, though others do.
fn open_settings(results: &Results) -> Vec<Vec<&String>> {
    let mut known = BTreeSet::new();
    let names = results.recipes.iter().flat_map(|recipe| recipe.settings.keys());
    let names: Vec<&String> = names.filter(|name| !name.contains('.') && known.insert(*name)).collect();
    let open = |recipe: &Recipe| -> Vec<&String> {
        let is_open =
            |name: &&&String| !recipe.settings.contains_key(**name) || recipe.searched.contains(**name);
        names.iter().filter(is_open).copied().collect()
    };
    results.recipes.iter().map(open).collect()
}

/// Searches of one factor each say nothing of combinations.
pub(super) fn one_factor_at_a_time(results: &Results) -> Option<NamedFinding> {
    let open = results.recipes.iter().zip(open_settings(results));
    let searches: Vec<(&Recipe, &String)> = open
        .filter_map(|(recipe, open)| match open.as_slice() {
            [one] => Some((recipe, *one)),
            _ => None,
        })
        .collect();
    let factors: BTreeSet<&String> = searches.iter().map(|(_, factor)| *factor).collect();
    (factors.len() >= 2).then(|| {
        let told: Vec<String> =
            searches.iter().map(|(recipe, factor)| format!("{} leaves {factor} open", recipe.quoted())).collect();
        finding(
            ONE_AT_A_TIME,
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
    let all_open = open_settings(results);
    let points: Vec<&Recipe> = results
        .recipes
        .iter()
        .zip(&all_open)
        .filter(|(_, open)| open.is_empty())
        .map(|(run, _)| run)
        .collect();
    let is_search =
        |(recipe, open): &(&Recipe, &Vec<&String>)| !recipe.settings.is_empty() && !open.is_empty();
    for (search, open) in results.recipes.iter().zip(&all_open).filter(is_search) {
        let (Some(reached), Some(n)) = (search.mean(quantity), results.n_test) else { continue };
        let is_point = |run: &&&Recipe| {
            let mut settings = search.settings.iter();
            settings.all(|(name, value)| open.contains(&name) || run.settings.get(name) == Some(value))
        };
        let points = points.iter().filter(is_point);
        let best =
            points.filter_map(|run| Some((run, run.mean(quantity)?))).max_by(|a, b| a.1.total_cmp(&b.1));
        let Some((run, value)) = best.filter(|(_, value)| *value > reached) else { continue };
        let z = TwoNumbers::of_accuracies(quantity, [value, reached], n)
            .statistics(None)
            .and_then(|table| table.found.z);
        if z.is_some_and(|z| z >= 1.96) {
            let open: Vec<&str> = open.iter().map(|name| name.as_str()).collect();
            found.push(finding(
                BELOW_A_KNOWN_POINT,
                Severity::Warning,
                format!(
                    "{} left {} open and reached {}; {}, with the same settings otherwise, reached {} (z {}). If its value lay in \
                     the range, the search was too short, or its scale too coarse: it says nothing about searching.",
                    search.quoted(), words::list(&open), words::number(reached), run.quoted(), words::number(value),
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
