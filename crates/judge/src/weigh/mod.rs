//! The weighing of claims: by seeds where there are three or more of each, else by what one run each allows.
//!
//! The rules T1 to T10 of a published table: T1 superlatives, orders and directions are arithmetic; T2 the difference
//! of two networks is a z of two proportions; T3 the difference of two settings from one run each is undecided,
//! unless it takes a spread of seeds of more than one point to explain it; T4 equivalence; T5 gap and harm are two
//! things; T6 a cause needs one changed setting and equal updates; T7 what is not published cannot be tested; T8
//! capacity needs a sweep of widths; T9 choosing by test; T10 losses have a direction only.

mod capacity;
mod made;
mod network;
mod one_run;
mod order;
mod published;
mod sentence;

pub(crate) use capacity::training;
pub use capacity::{Capacity, CapacityLimit, CapacityWidth, WidthDifference, capacity};
pub(crate) use one_run::TwoNumbers;
pub use published::{Reproduction, reproductions};
pub(crate) use sentence::pair_sentence;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::claim::{ClaimTable, Form, Scope};
use crate::pair::PairVerdict;
use crate::pairs::PairKey;
use crate::quantity::Quantity;
use crate::results::{Recipe, Results};
use crate::words;

/// The verdict of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ClaimVerdict {
    /// The results show it.
    #[serde(rename = "supported")]
    Supported,
    /// The results show that it is not so.
    #[serde(rename = "contradicted")]
    Contradicted,
    /// One run each cannot say.
    #[serde(rename = "undecided from one run")]
    UndecidedFromOneRun,
    /// Several runs of each cannot say yet.
    #[serde(rename = "undecided")]
    Undecided,
    /// More than one thing was changed.
    #[serde(rename = "confounded")]
    Confounded,
    /// What would have to be measured is not in the results.
    #[serde(rename = "not testable")]
    NotTestable,
}

impl ClaimVerdict {
    /// The word.
    pub fn name(self) -> &'static str {
        match self {
            ClaimVerdict::Supported => "supported",
            ClaimVerdict::Contradicted => "contradicted",
            ClaimVerdict::UndecidedFromOneRun => "undecided from one run",
            ClaimVerdict::Undecided => "undecided",
            ClaimVerdict::Confounded => "confounded",
            ClaimVerdict::NotTestable => "not testable",
        }
    }

    /// The verdict of the denial.
    fn denied(self) -> ClaimVerdict {
        match self {
            ClaimVerdict::Supported => ClaimVerdict::Contradicted,
            ClaimVerdict::Contradicted => ClaimVerdict::Supported,
            other => other,
        }
    }
}

/// A claim and its verdict.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WeighedClaim {
    /// The claim's name.
    pub id: String,
    /// The sentence.
    pub says: Option<String>,
    /// What it speaks of.
    pub scope: Scope,
    /// The verdict.
    pub verdict: ClaimVerdict,
    /// Why, with the numbers.
    pub why: String,
    /// The rules that were applied: `T1` to `T10`, `seeds` for a comparison over seeds and images.
    pub rules: Vec<&'static str>,
    /// The numbers that decided.
    pub numbers: Map<String, Value>,
}

/// A verdict with its reason.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weighing {
    pub verdict: ClaimVerdict,
    pub why: String,
    pub rules: Vec<&'static str>,
    pub numbers: Map<String, Value>,
}

impl Weighing {
    pub(crate) fn new(verdict: ClaimVerdict, rules: &[&'static str], why: impl Into<String>) -> Weighing {
        Weighing { verdict, why: why.into(), rules: rules.to_vec(), numbers: Map::new() }
    }

    pub(crate) fn not_testable(why: impl Into<String>) -> Weighing {
        Weighing::new(ClaimVerdict::NotTestable, &["T7"], why)
    }

    pub(crate) fn with(mut self, name: impl Into<String>, value: impl Serialize) -> Weighing {
        self.numbers.insert(name.into(), json!(value));
        self
    }
}

/// What claims are weighed with.
pub(crate) struct Weigher<'a> {
    pub results: &'a Results,
    pub claims: &'a [ClaimTable],
    /// What limits the models that claims speak of.
    capacities: HashMap<&'a str, Capacity>,
    /// The comparisons of each claim.
    pairs: HashMap<(&'a str, PairKey), &'a PairVerdict>,
}

impl<'a> Weigher<'a> {
    pub(crate) fn new(
        results: &'a Results,
        claims: &'a [ClaimTable],
        pairs: &'a [PairVerdict],
    ) -> Weigher<'a> {
        let mut known = HashMap::new();
        for pair in pairs {
            let [a, b] = pair.places;
            for id in &pair.claims {
                known.insert((id.as_str(), (a, b, pair.quantity)), pair);
            }
        }
        let mut capacities = HashMap::new();
        for model in claims.iter().filter_map(|claim| claim.capacity.as_deref()) {
            capacities.entry(model).or_insert_with(|| capacity(results, model, pairs));
        }
        Weigher { results, claims, capacities, pairs: known }
    }

    /// Weighs every claim, in their order.
    pub(crate) fn all(&self) -> Vec<WeighedClaim> {
        self.claims.iter().map(|claim| self.claim(claim)).collect()
    }

    fn claim(&self, claim: &ClaimTable) -> WeighedClaim {
        let weighing = self.weighing(claim);
        let verdict = if claim.not { weighing.verdict.denied() } else { weighing.verdict };
        WeighedClaim {
            id: claim.id.clone(),
            says: claim.says.clone(),
            scope: claim.scope,
            verdict,
            why: weighing.why,
            rules: weighing.rules,
            numbers: weighing.numbers,
        }
    }

    fn weighing(&self, claim: &ClaimTable) -> Weighing {
        let form = match claim.form() {
            Ok(form) => form,
            Err(fault) => {
                return Weighing::not_testable(format!(
                    "It has no form that can be weighed: {}.",
                    fault.message
                ));
            }
        };
        if let Some(unknown) = claim.named().iter().find(|name| self.results.recipe(name).is_none()) {
            return Weighing::not_testable(format!("The results have no run named {unknown}."));
        }
        match &form {
            Form::Order { run, than, way } => self.order(claim, run, than, *way),
            Form::Alike(runs) => self.alike(claim, runs),
            Form::Best { run, among, rank } => self.best(claim, run, among, *rank),
            Form::ExtremeValue { setting, value, is_best } => {
                self.extreme_value(claim, setting, value, *is_best)
            }
            Form::PartsOfARun { of, quantity, than, way } => {
                self.parts_of_a_run(claim, of, *quantity, than, *way)
            }
            Form::Gap { run, grows: false } => self.gap(run),
            Form::Gap { run, grows: true } => self.growing_gap(run),
            Form::Shows { finding, run } => self.shows(finding, run),
            Form::Capacity(model) => self.capacity(model),
            Form::Reproduces(run) => self.reproduces(run),
            Form::Fact(fact) => self.fact(fact),
            Form::Procedure(procedure) => self.procedure(claim, procedure),
            Form::RestsOn(what) => {
                Weighing::not_testable(format!("No number of the results measures {}.", words::list(what)))
            }
        }
    }

    /// A recipe that is known to exist.
    pub(crate) fn recipe(&self, name: &str) -> &Recipe {
        // `weighing` has looked for every name.
        self.results.recipe(name).unwrap_or(&self.results.recipes[0])
    }

    pub(crate) fn place(&self, name: &str) -> usize {
        self.results.place(name).unwrap_or(0)
    }

    /// The comparison of two recipes; the margin is the claim's own, if it has one.
    pub(crate) fn pair(
        &self,
        claim: &ClaimTable,
        places: [usize; 2],
        quantity: Quantity,
    ) -> Option<&PairVerdict> {
        let [a, b] = places;
        self.pairs.get(&(claim.id.as_str(), (a.min(b), a.max(b), quantity))).copied()
    }

    /// What must be measured and is not: the quantity, and the first run that lacks it.
    pub(crate) fn unmeasured(&self, places: &[usize], quantities: &[Quantity]) -> Option<Weighing> {
        for quantity in quantities {
            let lacking = |place: &&usize| match quantity {
                Quantity::EpochsToLoss => !self.results.recipes[**place].ended().any(|run| run.has_curve()),
                quantity => self.results.recipes[**place].mean(*quantity).is_none(),
            };
            if let Some(place) = places.iter().find(lacking) {
                let name = self.results.recipes[*place].quoted();
                return Some(Weighing::not_testable(match quantity {
                    Quantity::EpochsToLoss => {
                        format!(
                            "How fast a training goes is told by its curve, and {name} has none in the results."
                        )
                    }
                    quantity => format!("The results do not state the {} of {name}.", quantity.label()),
                }));
            }
        }
        None
    }

    /// T6: whether the cause that the claim names is the only thing that differs.
    pub(crate) fn cause(&self, claim: &ClaimTable, pairs: &[[usize; 2]]) -> Option<Weighing> {
        let cause = claim.because.as_deref()?;
        for [a, b] in pairs {
            let (a, b) = (&self.results.recipes[*a], &self.results.recipes[*b]);
            let contrast = crate::Contrast::of(self.results, a, b);
            if contrast.settings.is_empty() {
                let why = format!(
                    "The results state no setting in which {} and {} differ.",
                    a.quoted(),
                    b.quoted()
                );
                return Some(Weighing::not_testable(why));
            }
            if !contrast.licenses(cause) {
                let is_one_of_them = contrast.settings.iter().any(|setting| setting.name == cause);
                let so = match is_one_of_them {
                    true => format!("a difference cannot be put down to {cause} alone"),
                    false => format!("the results state no difference in {cause}"),
                };
                let why = format!("{} and {} differ in {}; {so}.", a.quoted(), b.quoted(), contrast.words());
                let confounded = Weighing::new(ClaimVerdict::Confounded, &["T6"], why);
                return Some(
                    confounded.with("differ_in", contrast.differ_in()).with("updates", contrast.updates),
                );
            }
        }
        None
    }
}

/// So many sentences are read; the numbers of all of them are kept.
const MOST_TOLD: usize = 6;

/// All of them must hold: contradicted by one, undecided by one, else supported.
pub(crate) fn all_of(weighings: Vec<Weighing>) -> Weighing {
    use ClaimVerdict::{Contradicted, NotTestable, Supported};
    let order = |verdict: ClaimVerdict| match verdict {
        Contradicted => 0,
        NotTestable => 1,
        ClaimVerdict::Confounded => 2,
        ClaimVerdict::UndecidedFromOneRun => 3,
        ClaimVerdict::Undecided => 4,
        Supported => 5,
    };
    let decisive = weighings.iter().map(|weighing| weighing.verdict).min_by_key(|verdict| order(*verdict));
    let Some(verdict) = decisive else { return Weighing::not_testable("There is nothing to compare.") };
    let mut all = Weighing::new(verdict, &[], "");
    let told: Vec<&Weighing> = weighings.iter().filter(|weighing| weighing.verdict == verdict).collect();
    let mut why: Vec<&str> = told.iter().map(|weighing| weighing.why.as_str()).collect();
    let more = why.len().saturating_sub(MOST_TOLD);
    why.truncate(if more > 1 { MOST_TOLD } else { why.len() });
    all.why = why.join(" ");
    if more > 1 {
        all.why.push_str(&format!(" {more} more comparisons come to the same."));
    }
    for weighing in &weighings {
        weighing.rules.iter().for_each(|rule| {
            if !all.rules.contains(rule) {
                all.rules.push(rule);
            }
        });
        for (name, value) in &weighing.numbers {
            all.numbers.insert(name.clone(), value.clone());
        }
    }
    all
}
