//! Comparisons of two recipes: over seeds and images where these are known, and one family for a whole report.

use std::collections::{BTreeMap, BTreeSet};

use toile_stats::{Crossed, Judged, Pairing, Rules, RunScores, mcnemar_of, report_verdicts};

use crate::claim::{ClaimTable, Form, Scope, SettingValue};
use crate::contrast::Contrast;
use crate::pair::PairVerdict;
use crate::quantity::{DataPart, Quantity};
use crate::race::{self, RaceCourse};
use crate::results::{Images, Recipe, Results, Run};
use crate::weigh::training;
use crate::widths::NetworkWidths;

/// The level at which a report is wrong at most.
pub(crate) const ALPHA: f64 = 0.05;

/// A comparison that a claim speaks of: two places of recipes in rising order, and what is compared.
pub(crate) type PairKey = (usize, usize, Quantity);

/// A comparison before it is judged: what is known of it, and the means that it compares.
pub(crate) struct UnjudgedPair {
    pub pairing: Pairing,
    pub means: [Option<f64>; 2],
}

/// The numbers of every recipe, taken up once.
pub(crate) struct Scores<'a> {
    results: &'a Results,
    per_image: BTreeMap<(usize, Quantity), Option<RunScores>>,
}

impl<'a> Scores<'a> {
    pub(crate) fn new(results: &'a Results) -> Scores<'a> {
        Scores { results, per_image: BTreeMap::new() }
    }

    pub(crate) fn compared(&mut self, key: PairKey, epsilon: Option<f64>) -> UnjudgedPair {
        let means = [key.0, key.1].map(|place| self.results.recipes[place].mean(key.2));
        UnjudgedPair { pairing: self.pairing(key, epsilon), means }
    }

    /// Compares two recipes, as they would be judged alone.
    pub(crate) fn pairing(&mut self, (a, b, quantity): PairKey, epsilon: Option<f64>) -> Pairing {
        let places = [a, b];
        let values = pair_values(self.results, places, quantity);
        let seeds = [values[0].len(), values[1].len()];
        let failed = places.map(|place| failed(&self.results.recipes[place], quantity));
        let margin = epsilon.or(quantity.is_accuracy().then_some(self.results.equivalence));
        let rules =
            Rules { alpha: ALPHA, epsilon: margin.filter(|margin| *margin > 0.0), ..Rules::default() };
        let crossed =
            (seeds[0] >= 2 && seeds[1] >= 2).then(|| self.crossed(places, quantity, &values)).flatten();
        Pairing { seeds, failed, crossed, rules }
    }

    fn crossed(&mut self, places: [usize; 2], quantity: Quantity, values: &[Vec<f64>; 2]) -> Option<Crossed> {
        places.iter().for_each(|place| self.take_up(*place, quantity));
        let scores = |place: usize| self.per_image.get(&(place, quantity)).and_then(Option::as_ref);
        if let (Some(a), Some(b)) = (scores(places[0]), scores(places[1]))
            && let Ok(crossed) = Crossed::new(a, b)
        {
            return Some(crossed);
        }
        let images = quantity.part().and_then(|part| self.results.images(part));
        match images.filter(|_| quantity.is_accuracy()) {
            Some(images) => Crossed::of_accuracies(&values[0], &values[1], images).ok(),
            None => Crossed::on_these_images(&values[0], &values[1]).ok(),
        }
    }

    fn take_up(&mut self, place: usize, quantity: Quantity) {
        if !self.per_image.contains_key(&(place, quantity)) {
            let scores = per_image(&self.results.recipes[place], quantity);
            self.per_image.insert((place, quantity), scores);
        }
    }
}

/// What a run makes of each image of the part that a quantity is measured on.
fn images_of(run: &Run, quantity: Quantity) -> Option<&Images> {
    match quantity.part()? {
        DataPart::Training => None,
        DataPart::Validation => Some(&run.validation),
        DataPart::Test => Some(&run.test),
    }
}

fn per_image(recipe: &Recipe, quantity: Quantity) -> Option<RunScores> {
    let runs: Option<Vec<&Images>> = recipe.ended().map(|run| images_of(run, quantity)).collect();
    let runs = runs.filter(|runs| runs.len() >= 2)?;
    if quantity.is_accuracy() {
        RunScores::of_correct(runs.iter().map(|images| images.correct.iter().copied())).ok()
    } else {
        RunScores::of_values(runs.iter().map(|images| images.losses.iter().map(|loss| f64::from(*loss)))).ok()
    }
}

/// Runs without the number, where others of the recipe have it, and runs that failed.
fn failed(recipe: &Recipe, quantity: Quantity) -> usize {
    let missing = recipe.ended().filter(|run| quantity.of(run).is_none()).count();
    let failed = recipe.runs.len() - recipe.ended().count();
    if missing == recipe.ended().count() { failed } else { failed + missing }
}

/// A comparison with a margin of its own, and the claims that need it.
type ClaimedPair = ((PairKey, Option<f64>), Vec<String>);

/// The comparisons of a report, one family: what its claims compare, and the pairs of its ranking.
pub(crate) struct Comparisons {
    /// Each with its own margin, and the claims that need it.
    claimed: Vec<ClaimedPair>,
    ranking: Vec<PairKey>,
    /// Those that stand in both, by their places there.
    pub shared: Vec<(usize, usize)>,
}

impl Comparisons {
    pub(crate) fn of(results: &Results, claims: &[ClaimTable], ranked: Option<Quantity>) -> Comparisons {
        let claimed = claimed_pairs(results, claims);
        let ranking: Vec<PairKey> =
            ranked.map(|quantity| ranked_pairs(results, quantity)).unwrap_or_default();
        let place = |(i, (key, within)): (usize, &(PairKey, Option<u64>))| {
            Some((i, ranking.binary_search(key).ok().filter(|_| within.is_none())?))
        };
        let shared = claimed.keys().enumerate().filter_map(place).collect();
        let margins =
            claimed.into_iter().map(|((key, within), ids)| ((key, within.map(f64::from_bits)), ids));
        Comparisons { claimed: margins.collect(), ranking, shared }
    }

    /// How many the claims need; they come first.
    pub(crate) fn n_claimed(&self) -> usize {
        self.claimed.len()
    }

    /// All of them, with their own margins.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (PairKey, Option<f64>)> {
        let of_claims = self.claimed.iter().map(|(key, _)| *key);
        of_claims.chain(self.ranking.iter().map(|key| (*key, None)))
    }
}

/// Judges all pairs of a ranking by `ranked`, and all that the claims compare, as one family; and how their race went,
/// if they are in one.
pub(crate) fn judge_all(
    results: &Results,
    claims: &[ClaimTable],
    ranked: Option<Quantity>,
) -> (Vec<PairVerdict>, Option<RaceCourse>) {
    let family = Comparisons::of(results, claims, ranked);
    let course = results.race.as_ref().map(|race| race::course(results, &family, race));
    let mut compared: Vec<UnjudgedPair> = match &course {
        Some(course) => course.compared(results, &family),
        None => {
            let mut scores = Scores::new(results);
            family.keys().map(|(key, margin)| scores.compared(key, margin)).collect()
        }
    };
    let ranking = compared.split_off(family.n_claimed());
    let pairings = |all: &[UnjudgedPair]| all.iter().map(|one| one.pairing).collect::<Vec<Pairing>>();
    let judged = report_verdicts(&pairings(&compared), &pairings(&ranking), &family.shared);
    let mut all: Vec<PairVerdict> = Vec::with_capacity(ranking.len() + compared.len());
    for ((key, compared), judged) in family.ranking.iter().zip(&ranking).zip(judged.ranking) {
        all.push(PairVerdict { is_ranked: true, ..verdict(results, *key, compared, judged) });
    }
    for ((((key, _), ids), compared), judged) in family.claimed.iter().zip(&compared).zip(judged.claims) {
        all.push(PairVerdict { claims: ids.clone(), ..verdict(results, *key, compared, judged) });
    }
    (all, course)
}

fn verdict(
    results: &Results,
    (a, b, quantity): PairKey,
    compared: &UnjudgedPair,
    judged: Judged,
) -> PairVerdict {
    let recipes = [&results.recipes[a], &results.recipes[b]];
    let networks = single(recipes[0], quantity).zip(single(recipes[1], quantity));
    let pairing = &compared.pairing;
    PairVerdict {
        places: [a, b],
        quantity,
        means: compared.means,
        seeds: pairing.seeds,
        alpha: pairing.rules.alpha,
        crossed: pairing.crossed,
        judged,
        contrast: Contrast::of(results, recipes[0], recipes[1]),
        networks: networks
            .filter(|(a, b)| !a.correct.is_empty() && a.correct.len() == b.correct.len())
            .and_then(|(a, b)| mcnemar_of(&a.correct, &b.correct)),
        claims: Vec::new(),
        is_ranked: false,
    }
}

/// What the only run of a recipe makes of each image; `None` if there are more.
fn single(recipe: &Recipe, quantity: Quantity) -> Option<&Images> {
    let mut runs = recipe.ended();
    let first = runs.next()?;
    images_of(first, quantity).filter(|_| runs.next().is_none() && quantity.is_accuracy())
}

/// All pairs of recipes that have the quantity, in rising order.
fn ranked_pairs(results: &Results, quantity: Quantity) -> Vec<PairKey> {
    let has = |place: &usize| results.recipes[*place].mean(quantity).is_some();
    let places: Vec<usize> = (0..results.recipes.len()).filter(has).collect();
    let after = |i: usize| places[i + 1..].iter().map(move |b| (i, *b));
    (0..places.len()).flat_map(after).map(|(i, b)| (places[i], b, quantity)).collect()
}

/// The comparisons that the claims speak of, each with its own margin (as bits), and the claims that need it. A claim
/// about these runs and no others compares nothing.
fn claimed_pairs(results: &Results, claims: &[ClaimTable]) -> BTreeMap<(PairKey, Option<u64>), Vec<String>> {
    let mut pairs: BTreeMap<(PairKey, Option<u64>), Vec<String>> = BTreeMap::new();
    // Claims about one model compare the same.
    let mut of_models = BTreeMap::new();
    for claim in claims {
        let (compared, quantities) = match claim.form() {
            Ok(Form::Capacity(model)) => {
                let found = of_models.entry(model).or_insert_with_key(|model| of_widths(results, model));
                found.clone()
            }
            _ => (compared_by(results, claim), claim.quantities()),
        };
        for [a, b] in compared {
            for quantity in quantities.iter().copied().filter(|_| a != b) {
                let within = claim.within.filter(|_| matches!(claim.form(), Ok(Form::Alike(_))));
                let key = ((a.min(b), a.max(b), quantity), within.map(f64::to_bits));
                let ids = pairs.entry(key).or_default();
                if !ids.contains(&claim.id) {
                    ids.push(claim.id.clone());
                }
            }
        }
    }
    pairs
}

/// The pairs of recipes that a claim compares, by their places.
pub(crate) fn compared_by(results: &Results, claim: &ClaimTable) -> Vec<[usize; 2]> {
    let against = |run: &str, others: &[String]| {
        let others = others.iter().filter_map(|other| results.place(other));
        results.place(run).map(|run| others.map(|other| [run, other]).collect()).unwrap_or_default()
    };
    match claim.form() {
        Ok(Form::Order { run, than, .. }) => against(&run, &than),
        Ok(Form::Best { run, among, .. }) if claim.scope == Scope::Settings => {
            against(&run, &among_or_all(results, &among))
        }
        Ok(Form::Alike(runs)) => {
            let places: Vec<usize> = runs.iter().filter_map(|run| results.place(run)).collect();
            let after = |i: usize| places[i + 1..].iter().map(move |b| (i, *b));
            (0..places.len()).flat_map(after).map(|(i, b)| [places[i], b]).collect()
        }
        Ok(Form::ExtremeValue { setting, value, .. }) => {
            one_change_pairs(results, &setting, &value, &claim.among)
        }
        _ => Vec::new(),
    }
}

/// What a claim about a model's capacity compares, and by what.
fn of_widths(results: &Results, model: &str) -> (Vec<[usize; 2]>, Vec<Quantity>) {
    let widths = NetworkWidths::of(results, model);
    (widths.compared(), vec![training(results, &widths), Quantity::ValAccuracy])
}

/// These names, each once, or those of all recipes where none are given.
pub(crate) fn among_or_all(results: &Results, among: &[String]) -> Vec<String> {
    match among {
        [] => results.recipes.iter().map(|recipe| recipe.name.clone()).collect(),
        among => {
            let mut known = BTreeSet::new();
            among.iter().filter(|name| known.insert(*name)).cloned().collect()
        }
    }
}

/// Pairs of which the first has this value of the setting and the second another, all else being equal.
pub(crate) fn one_change_pairs(
    results: &Results,
    setting: &str,
    value: &SettingValue,
    among: &[String],
) -> Vec<[usize; 2]> {
    let places: Vec<usize> =
        among_or_all(results, among).iter().filter_map(|name| results.place(name)).collect();
    let has =
        |place: &usize| results.recipes[*place].settings.get(setting).is_some_and(|found| value.is(found));
    let with: Vec<usize> = places.iter().copied().filter(has).collect();
    let is_only = |a: usize, b: usize| {
        let (a, b) = (&results.recipes[a], &results.recipes[b]);
        b.settings.contains_key(setting) && Contrast::of(results, a, b).licenses(setting)
    };
    let pairs = with.iter().flat_map(|a| places.iter().map(|b| [*a, *b]));
    pairs.filter(|[a, b]| a != b && is_only(*a, *b)).collect()
}

/// The numbers of the runs of two recipes.
pub(crate) fn pair_values(results: &Results, places: [usize; 2], quantity: Quantity) -> [Vec<f64>; 2] {
    let recipes = places.map(|place| &results.recipes[place]);
    if quantity != Quantity::EpochsToLoss {
        return recipes.map(|recipe| recipe.values(quantity));
    }
    // The largest final loss of all their runs: each of them reaches it.
    let target = recipes
        .iter()
        .flat_map(|recipe| recipe.ended().filter(|run| run.has_curve()))
        .filter_map(|run| run.epochs.last()?.loss)
        .fold(f64::NEG_INFINITY, f64::max);
    let reached = |run: &Run| {
        let row = run.epochs.iter().find(|row| row.loss.is_some_and(|loss| loss <= target))?;
        Some(row.epoch as f64).filter(|_| run.has_curve())
    };
    recipes.map(|recipe| recipe.ended().filter_map(reached).collect())
}
