//! Races: runs get more seeds until their comparisons are decided.
//!
//! The looks are fixed before, each with its share of α. At a look all comparisons are judged on the validation images,
//! as one family; a recipe gets more seeds while one of its comparisons is undecided. In the end each comparison is
//! judged on the test images at the level of the look at which it stopped, with the seeds that it had then.

use std::collections::BTreeSet;

use serde::Serialize;
use toile_stats::{Pairing, Race, RaceStop, Rules, spending};

use crate::claim::ClaimTable;
use crate::pairs::{ALPHA, Comparisons, PairKey, Scores, UnjudgedPair};
use crate::quantity::Quantity;
use crate::results::{RaceRules, Results};

/// How a race went, or stands.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RaceCourse {
    /// The numbers of seeds at which is looked.
    pub looks: Vec<usize>,
    /// The share of α of each.
    pub alphas: Vec<f64>,
    /// How many looks were taken.
    pub taken: usize,
    /// How many comparisons were decided on the validation images at each look that was taken.
    pub decided: Vec<usize>,
    /// How many could be decided, and are not.
    pub undecided: usize,
    /// How many seeds each recipe needs, as far as is known now.
    pub needs: Vec<(String, usize)>,
    /// The look of each comparison of the family, by its place.
    #[serde(skip)]
    stops: Vec<usize>,
}

/// How a race of these recipes goes, as far as their runs allow.
pub(crate) fn course(results: &Results, family: &Comparisons, rules: &RaceRules) -> RaceCourse {
    let looks = rules.looks();
    let alphas = spending(&looks, ALPHA).unwrap_or_default();
    let first = looks.first().copied().unwrap_or_default();
    let needed = vec![first; results.recipes.len()];
    let mut racing = Racing { results, family, rules, race: None, open: Vec::new(), needed };
    let mut decided = Vec::new();
    for (look, seeds) in looks.iter().enumerate() {
        if !(racing.has_runs(*seeds) && racing.look(&looks, *seeds)) {
            break;
        }
        decided.push(racing.n_decided(*seeds));
        if let Some(next) = looks.get(look + 1) {
            racing.growing().into_iter().for_each(|place| racing.needed[place] = *next);
        }
    }
    racing.ended(looks, alphas, decided)
}

/// How many seeds each recipe needs, as far as its runs and those of the others say: what the race looks at next.
pub fn seeds_needed(
    results: &Results,
    claims: &[ClaimTable],
    ranked: Option<Quantity>,
) -> Vec<(String, usize)> {
    let Some(rules) = &results.race else { return Vec::new() };
    let family = Comparisons::of(results, claims, ranked.map(Quantity::on_validation));
    course(results, &family, rules).needs
}

/// A race under way.
struct Racing<'a> {
    results: &'a Results,
    family: &'a Comparisons,
    rules: &'a RaceRules,
    race: Option<Race>,
    /// Places in the family of the comparisons that more seeds may decide.
    open: Vec<usize>,
    /// How many seeds each recipe needs by the looks that were taken, by its place.
    needed: Vec<usize>,
}

impl Racing<'_> {
    /// Whether the recipes that need so many runs have them.
    fn has_runs(&self, seeds: usize) -> bool {
        let runs = |place: &usize| self.results.recipes[*place].runs.len();
        self.race.is_none() || self.growing().iter().all(|place| runs(place) >= seeds)
    }

    /// The recipes of open comparisons that may get more seeds.
    fn growing(&self) -> BTreeSet<usize> {
        let keys: Vec<_> = self.family.keys().map(|(key, _)| key).collect();
        let places = self.open.iter().flat_map(|i| [keys[*i].0, keys[*i].1]);
        places.filter(|place| self.rules.may_grow(&self.results.recipes[*place].name)).collect()
    }

    fn stopped(&self) -> &[Option<RaceStop>] {
        self.race.as_ref().map_or(&[], |race| race.stopped())
    }

    /// The places in the family, what stands there twice only once.
    fn places(&self) -> impl Iterator<Item = usize> {
        let shared: BTreeSet<usize> = self.family.shared.iter().map(|(claim, _)| *claim).collect();
        (0..self.family.keys().count()).filter(move |place| !shared.contains(place))
    }

    /// How many comparisons were decided at the look of so many seeds.
    fn n_decided(&self, seeds: usize) -> usize {
        let stopped = self.stopped();
        let is_of_look = |stop: &RaceStop| stop.seeds == seeds && stop.judged.is_decided();
        self.places().filter(|place| stopped[*place].as_ref().is_some_and(is_of_look)).count()
    }

    /// Takes the look of so many seeds; false if the race is over.
    fn look(&mut self, looks: &[usize], seeds: usize) -> bool {
        let results = self.results.first_runs(seeds);
        let mut scores = Scores::new(&results);
        let on_validation = |(a, b, quantity): PairKey| (a, b, quantity.on_validation());
        let keys = self.family.keys();
        let pairs: Vec<Pairing> =
            keys.map(|(key, margin)| scores.pairing(on_validation(key), margin)).collect();
        let family = self.family;
        let race = self.race.get_or_insert_with(|| {
            let (claims, ranking) = pairs.split_at(family.n_claimed());
            Race::of_report(looks, ALPHA, claims, ranking, &family.shared).expect("looks rise")
        });
        if !race.look(&pairs) {
            return false;
        }
        let stopped = race.stopped();
        let may_be_decided = |i: &usize| pairs[*i].is_member() && pairs[*i].failed == [0, 0];
        let is_undecided = |i: &usize| !stopped[*i].as_ref().is_some_and(|stop| stop.judged.is_decided());
        self.open = (0..pairs.len()).filter(may_be_decided).filter(is_undecided).collect();
        true
    }

    fn ended(self, looks: Vec<usize>, alphas: Vec<f64>, decided: Vec<usize>) -> RaceCourse {
        let taken = decided.len();
        let recipes = self.results.recipes.iter().zip(&self.needed);
        let recipes = recipes.filter(|(recipe, _)| self.rules.may_grow(&recipe.name));
        let needs = recipes.map(|(recipe, seeds)| (recipe.name.clone(), *seeds));
        let last = taken.saturating_sub(1);
        let stopped = self.stopped();
        let at = |i: usize| {
            let seeds = stopped.get(i).copied().flatten().map(|stop| stop.seeds);
            looks.iter().position(|look| Some(*look) == seeds).unwrap_or(last)
        };
        let stops = (0..self.family.keys().count()).map(at).collect();
        let undecided = self.places().filter(|place| self.open.contains(place)).count();
        RaceCourse { needs: needs.collect(), looks, alphas, taken, decided, undecided, stops }
    }
}

impl RaceCourse {
    /// The comparisons as they are judged in the end: each with the seeds of its look, at the level of its look.
    pub(crate) fn compared(&self, results: &Results, family: &Comparisons) -> Vec<UnjudgedPair> {
        let mut all: Vec<Option<UnjudgedPair>> = family.keys().map(|_| None).collect();
        for (look, (seeds, alpha)) in self.looks.iter().zip(&self.alphas).enumerate() {
            if !self.stops.contains(&look) {
                continue;
            }
            let cut = results.first_runs(*seeds);
            let mut scores = Scores::new(&cut);
            for (i, (key, margin)) in family.keys().enumerate().filter(|(i, _)| self.stops[*i] == look) {
                let mut compared = scores.compared(key, margin);
                compared.pairing.rules = Rules { alpha: *alpha, look, ..compared.pairing.rules };
                all[i] = Some(compared);
            }
        }
        all.into_iter().flatten().collect()
    }
}
