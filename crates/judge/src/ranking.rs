//! The ranking: groups between lines, inside which no order is established.

use toile_stats::{FEWEST_SEEDS, order_by_mean, rank_groups};

use crate::pair::{PairVerdict, PairWord};
use crate::quantity::{DataPart, Quantity};
use crate::results::Results;

/// Recipes in groups, the best group first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RankedGroups {
    /// What is ranked by.
    pub quantity: Option<Quantity>,
    /// Places of the recipes, each group in the order of the means.
    pub groups: Vec<Vec<usize>>,
    /// Pairs inside a group of which the first is better than the second.
    pub within: Vec<(usize, usize)>,
    /// Recipes that have no rank: those without the number; where others have three runs or more, those that have
    /// fewer, which nothing could set apart; by validation, the winners of searches, which were chosen by that number.
    pub unranked: Vec<usize>,
}

/// What is ranked by: test accuracy once it is known, else validation accuracy.
pub fn ranked_quantity(results: &Results) -> Option<Quantity> {
    let order = [Quantity::TestAccuracy, Quantity::ValAccuracy, Quantity::TestLoss, Quantity::ValLoss];
    let known = |quantity: &Quantity| results.recipes.iter().any(|recipe| recipe.mean(*quantity).is_some());
    order.into_iter().find(known)
}

/// Draws the lines by the verdicts of the ranking's pairs.
pub(crate) fn groups(results: &Results, quantity: Quantity, pairs: &[PairVerdict]) -> RankedGroups {
    let recipes = &results.recipes;
    let places = ranked_places(results, quantity);
    let unranked = (0..recipes.len()).filter(|i| !places.contains(i)).collect();
    let sign = if quantity.larger_is_better() { 1.0 } else { -1.0 };
    let mean = |place: &usize| recipes[*place].mean(quantity).map_or(f64::NAN, |mean| sign * mean);
    let order = order_by_mean(&places.iter().map(mean).collect::<Vec<f64>>());
    let ranked: Vec<usize> = order.into_iter().map(|i| places[i]).collect();
    let mut rank = vec![0; recipes.len()];
    ranked.iter().enumerate().for_each(|(i, place)| rank[*place] = i);
    let better: Vec<(usize, usize)> = pairs
        .iter()
        .filter(|pair| pair.is_ranked && pair.places.iter().all(|place| places.contains(place)))
        .filter_map(|pair| match pair.word() {
            PairWord::Better => Some((rank[pair.places[0]], rank[pair.places[1]])),
            PairWord::Worse => Some((rank[pair.places[1]], rank[pair.places[0]])),
            PairWord::Equivalent | PairWord::Undecided => None,
        })
        // Means of equal sums may round apart: such a pair draws no line.
        .filter(|(above, below)| above < below)
        .collect();
    let Some(found) = rank_groups(ranked.len(), &better) else {
        return RankedGroups { quantity: Some(quantity), groups: vec![ranked], within: Vec::new(), unranked };
    };
    RankedGroups {
        quantity: Some(quantity),
        groups: found.groups.into_iter().map(|group| ranked[group].to_vec()).collect(),
        within: found.within.into_iter().map(|(a, b)| (ranked[a], ranked[b])).collect(),
        unranked,
    }
}

/// The recipes that are ranked.
fn ranked_places(results: &Results, quantity: Quantity) -> Vec<usize> {
    let is_choice = quantity.part() == Some(DataPart::Validation);
    let recipes = results.recipes.iter().enumerate();
    let known = recipes
        .filter(|(_, recipe)| recipe.mean(quantity).is_some() && !(is_choice && recipe.best_of.is_some()));
    let known: Vec<usize> = known.map(|(place, _)| place).collect();
    let has_seeds = |place: &usize| results.recipes[*place].runs.len() >= FEWEST_SEEDS;
    let with_seeds: Vec<usize> = known.iter().copied().filter(has_seeds).collect();
    if with_seeds.len() >= 2 { with_seeds } else { known }
}
