//! Claims that compare recipes: better, higher, lower; alike; the best; the best and the worst value of a setting.

use serde_json::json;
use toile_stats::{Side, Verdict};

use super::sentence::{pair_numbers, pair_sentence};
use super::{ClaimVerdict, Weigher, Weighing, all_of};
use crate::claim::{ClaimTable, Scope, SettingValue, Way};
use crate::pair::{PairVerdict, PairWord};
use crate::pairs::{among_or_all, one_change_pairs};
use crate::quantity::Quantity;
use crate::words;

impl Weigher<'_> {
    pub(super) fn order(&self, claim: &ClaimTable, run: &str, than: &[String], way: Way) -> Weighing {
        let a = self.place(run);
        let mut pairs: Vec<[usize; 2]> = Vec::new();
        for b in than.iter().map(|name| self.place(name)) {
            if b != a && !pairs.contains(&[a, b]) {
                pairs.push([a, b]);
            }
        }
        self.ordered(claim, &pairs, way)
    }

    /// Whether in each pair the first differs from the second in this way, in each metric of the claim.
    fn ordered(&self, claim: &ClaimTable, pairs: &[[usize; 2]], way: Way) -> Weighing {
        let quantities = claim.quantities();
        let places: Vec<usize> = pairs.iter().flatten().copied().collect();
        if let Some(unmeasured) = self.unmeasured(&places, &quantities) {
            return unmeasured;
        }
        if let Some(confounded) = self.cause(claim, pairs) {
            return confounded;
        }
        let all: Vec<Weighing> = pairs
            .iter()
            .flat_map(|pair| quantities.iter().map(move |quantity| (*pair, *quantity)))
            .map(|(pair, quantity)| self.one_order(claim, pair, quantity, way))
            .collect();
        all_of(all)
    }

    fn one_order(&self, claim: &ClaimTable, places: [usize; 2], quantity: Quantity, way: Way) -> Weighing {
        let says_larger = way.says_larger(quantity);
        match self.pair(claim, places, quantity).filter(|pair| pair.has_seeds()) {
            Some(pair) => self.order_over_seeds(pair, places, says_larger, way),
            None => match self.two_numbers(places, quantity) {
                Some(numbers) => self.difference_of_one_run(claim, &numbers, says_larger),
                None => Weighing::not_testable(format!("The results do not state the {}.", quantity.label())),
            },
        }
    }

    fn order_over_seeds(
        &self,
        pair: &PairVerdict,
        places: [usize; 2],
        says_larger: bool,
        way: Way,
    ) -> Weighing {
        let pair = &pair.seen_from(places[0]);
        let is_ahead = |side: Side| (side == Side::A) == says_larger;
        let verdict = match pair.judged.verdict {
            Verdict::Better { ahead } if is_ahead(ahead) => ClaimVerdict::Supported,
            Verdict::Better { .. } => ClaimVerdict::Contradicted,
            // Less than the margin is not better. Higher it may be all the same.
            Verdict::Equivalent { .. } if way == Way::Better => ClaimVerdict::Contradicted,
            Verdict::Equivalent { ahead: Some(ahead), .. } if is_ahead(ahead) => ClaimVerdict::Supported,
            Verdict::Equivalent { ahead: Some(_), .. } => ClaimVerdict::Contradicted,
            Verdict::Equivalent { ahead: None, .. } | Verdict::Undecided { .. } => ClaimVerdict::Undecided,
        };
        self.over_seeds(pair, verdict)
    }

    /// A verdict over seeds and images, with the sentence of the comparison.
    fn over_seeds(&self, pair: &PairVerdict, verdict: ClaimVerdict) -> Weighing {
        let key = format!("{}, {}", self.names(pair).join(" - "), pair.quantity.name());
        Weighing::new(verdict, &["seeds"], pair_sentence(self.results, pair)).with(key, pair_numbers(pair))
    }

    fn names(&self, pair: &PairVerdict) -> [&str; 2] {
        pair.places.map(|place| self.results.recipes[place].name.as_str())
    }

    pub(super) fn alike(&self, claim: &ClaimTable, runs: &[String]) -> Weighing {
        let mut places: Vec<usize> = Vec::new();
        for place in runs.iter().map(|run| self.place(run)) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        let quantities = claim.quantities();
        if let Some(unmeasured) = self.unmeasured(&places, &quantities) {
            return unmeasured;
        }
        let mut pairs = Vec::new();
        for (i, a) in places.iter().enumerate() {
            pairs.extend(places[i + 1..].iter().map(|b| [*a, *b]));
        }
        if let Some(confounded) = self.cause(claim, &pairs) {
            return confounded;
        }
        let margin =
            |quantity: &Quantity| claim.within.or(quantity.is_accuracy().then_some(self.results.equivalence));
        let with_margin = quantities.iter().filter_map(|quantity| Some((*quantity, margin(quantity)?)));
        let with_margin: Vec<(Quantity, f64)> = with_margin.collect();
        if with_margin.is_empty() {
            return Weighing::not_testable("A loss has no margin of its own: the claim must say `within`.");
        }
        let all: Vec<Weighing> = pairs
            .iter()
            .flat_map(|pair| with_margin.iter().map(move |(quantity, within)| (*pair, *quantity, *within)))
            .map(|(pair, quantity, within)| self.one_likeness(claim, pair, quantity, within))
            .collect();
        let mut weighing = all_of(all);
        if with_margin.len() < quantities.len() {
            weighing.why.push_str(" Losses have no margin of their own: they were not weighed.");
        }
        weighing
    }

    fn one_likeness(
        &self,
        claim: &ClaimTable,
        places: [usize; 2],
        quantity: Quantity,
        within: f64,
    ) -> Weighing {
        if let Some(pair) = self.pair(claim, places, quantity).filter(|pair| pair.has_seeds()) {
            let verdict = match pair.judged.verdict {
                Verdict::Equivalent { .. } => ClaimVerdict::Supported,
                Verdict::Better { .. } => ClaimVerdict::Contradicted,
                Verdict::Undecided { .. } => ClaimVerdict::Undecided,
            };
            return self.over_seeds(&pair.seen_from(places[0]), verdict);
        }
        match self.two_numbers(places, quantity) {
            Some(numbers) => self.equivalence_of_one_run(claim.scope, &numbers, within),
            None => Weighing::not_testable(format!("The results do not state the {}.", quantity.label())),
        }
    }

    /// T1 for the runs that were made; for settings, better than each other.
    pub(super) fn best(&self, claim: &ClaimTable, run: &str, among: &[String], rank: usize) -> Weighing {
        let names = among_or_all(self.results, among);
        let others: Vec<usize> =
            names.iter().map(|name| self.place(name)).filter(|place| *place != self.place(run)).collect();
        let pairs: Vec<[usize; 2]> = others.iter().map(|other| [self.place(run), *other]).collect();
        if claim.scope == Scope::Settings && rank == 1 {
            return self.ordered(claim, &pairs, Way::Better);
        }
        let quantities = claim.quantities();
        if claim.scope == Scope::Settings {
            let places: Vec<usize> = pairs.iter().flatten().copied().collect();
            if let Some(weighing) =
                self.unmeasured(&places, &quantities).or_else(|| self.cause(claim, &pairs))
            {
                return weighing;
            }
            let by = |quantity| self.one_of_the_best(claim, run, &pairs, quantity, rank);
            return all_of(quantities.into_iter().map(by).collect());
        }
        if let Some(unmeasured) = self.unmeasured(&[self.place(run)], &quantities) {
            return unmeasured;
        }
        let by = |quantity| match quantity {
            // A number of two runs: there is none of one.
            Quantity::EpochsToLoss => self.one_of_the_best(claim, run, &pairs, quantity, rank),
            quantity => self.best_by(run, &others, quantity, rank),
        };
        all_of(quantities.into_iter().map(by).collect())
    }

    /// Whether settings are among the first so many: better than all others but `rank` − 1 of them.
    fn one_of_the_best(
        &self,
        claim: &ClaimTable,
        run: &str,
        pairs: &[[usize; 2]],
        quantity: Quantity,
        rank: usize,
    ) -> Weighing {
        let (mut above, mut below, mut open) = (0, 0, ClaimVerdict::Undecided);
        let mut numbers = serde_json::Map::new();
        for pair in pairs {
            let mut weighing = self.one_order(claim, *pair, quantity, Way::Better);
            let over_seeds = self.pair(claim, *pair, quantity).filter(|pair| pair.has_seeds());
            let is_worse = match over_seeds {
                Some(found) => found.seen_from(pair[0]).word() == PairWord::Worse,
                None => weighing.verdict == ClaimVerdict::Contradicted,
            };
            below += usize::from(weighing.verdict == ClaimVerdict::Supported);
            above += usize::from(is_worse);
            if weighing.verdict == ClaimVerdict::UndecidedFromOneRun {
                open = weighing.verdict;
            }
            numbers.extend(std::mem::take(&mut weighing.numbers));
        }
        let verdict = match () {
            () if above >= rank => ClaimVerdict::Contradicted,
            () if below + rank > pairs.len() => ClaimVerdict::Supported,
            () => open,
        };
        let why = format!(
            "By {}, {} is better than {below} of {} others and worse than {above}; of the rest no order is shown.",
            quantity.label(),
            words::quoted(run),
            pairs.len()
        );
        let rule = if open == ClaimVerdict::Undecided { "seeds" } else { "T3" };
        Weighing { numbers, ..Weighing::new(verdict, &[rule], why) }
    }

    fn best_by(&self, run: &str, others: &[usize], quantity: Quantity, rank: usize) -> Weighing {
        let own = self.recipe(run).mean(quantity).unwrap_or(f64::NAN);
        let sign = if quantity.larger_is_better() { 1.0 } else { -1.0 };
        let known = others.iter().filter_map(|place| {
            let recipe = &self.results.recipes[*place];
            Some((recipe.quoted(), recipe.mean(quantity)?))
        });
        let mut known: Vec<(String, f64)> = known.collect();
        known.sort_by(|a, b| (sign * b.1).total_cmp(&(sign * a.1)));
        let better: Vec<String> = known
            .iter()
            .filter(|(_, value)| sign * value > sign * own)
            .map(|(name, value)| format!("{name} ({})", words::number(*value)))
            .collect();
        let equal: Vec<&str> =
            known.iter().filter(|(_, value)| *value == own).map(|(name, _)| name.as_str()).collect();
        let label = quantity.label();
        let mean = if self.recipe(run).values(quantity).len() > 1 { "mean " } else { "" };
        let own_words = format!("{} has a {mean}{label} of {}", words::quoted(run), words::number(own));
        let weighing = if better.len() >= rank {
            let is = if better.len() == 1 { "is" } else { "are" };
            let way = if quantity.larger_is_better() { "higher" } else { "lower" };
            let why = format!("{own_words}; {} {is} {way}.", words::some_of(&better));
            Weighing::new(ClaimVerdict::Contradicted, &["T1"], why)
        } else if equal.is_empty() {
            let next = known
                .get(better.len())
                .map(|(name, value)| format!("; next is {name} with {}", words::number(*value)));
            Weighing::new(
                ClaimVerdict::Supported,
                &["T1"],
                format!("{own_words}{}.", next.unwrap_or_default()),
            )
        } else {
            let why = format!(
                "{own_words}, which {} {} too: the place is shared.",
                words::list(&equal),
                if equal.len() == 1 { "has" } else { "have" }
            );
            Weighing::new(ClaimVerdict::Supported, &["T1"], why)
        };
        let ranking: Vec<(String, f64)> =
            known.iter().map(|(name, value)| (name.to_string(), *value)).collect();
        weighing.with(quantity.name(), json!({ "own": own, "others": ranking }))
    }

    /// Every pair of runs that differ in this setting alone must agree.
    pub(super) fn extreme_value(
        &self,
        claim: &ClaimTable,
        setting: &str,
        value: &SettingValue,
        is_best: bool,
    ) -> Weighing {
        let pairs = one_change_pairs(self.results, setting, value, &claim.among);
        if pairs.is_empty() {
            return Weighing::not_testable(format!(
                "No two runs differ in {setting} alone, one of them with this value."
            ));
        }
        let turned: Vec<[usize; 2]> =
            pairs.iter().map(|[a, b]| if is_best { [*a, *b] } else { [*b, *a] }).collect();
        let mut weighing = self.ordered(claim, &turned, Way::Better);
        let pairs = match turned.len() {
            1 => format!("One pair of runs differs in {setting} alone, one of the two with this value."),
            n => format!("{n} pairs of runs differ in {setting} alone, one of the two with this value."),
        };
        weighing.why = format!("{pairs} {}", weighing.why);
        weighing
    }
}
