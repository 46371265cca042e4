//! The ranking: groups between lines, inside which no order is established.

use toile_stats::{order_by_mean, rank_groups};

use crate::pair::{PairVerdict, PairWord};
use crate::quantity::Quantity;
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
    /// Recipes without the number: they have no rank.
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
    let places: Vec<usize> = (0..recipes.len()).filter(|i| recipes[*i].mean(quantity).is_some()).collect();
    let unranked = (0..recipes.len()).filter(|i| !places.contains(i)).collect();
    let sign = if quantity.larger_is_better() { 1.0 } else { -1.0 };
    let mean = |place: &usize| recipes[*place].mean(quantity).map_or(f64::NAN, |mean| sign * mean);
    let order = order_by_mean(&places.iter().map(mean).collect::<Vec<f64>>());
    let ranked: Vec<usize> = order.into_iter().map(|i| places[i]).collect();
    let mut rank = vec![0; recipes.len()];
    ranked.iter().enumerate().for_each(|(i, place)| rank[*place] = i);
    let better: Vec<(usize, usize)> = pairs
        .iter()
        .filter(|pair| pair.is_ranked)
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
