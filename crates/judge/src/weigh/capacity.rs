//! Capacity (T8): what limits a network, from trainings of other widths, each at a tuned learning rate.

use serde::Serialize;
use serde_json::Value;

use super::{ClaimVerdict, Weigher, Weighing, pair_sentence};
use crate::findings;
use crate::pair::{PairVerdict, PairWord};
use crate::quantity::Quantity;
use crate::results::{Recipe, Results};
use crate::widths::{NetworkWidth, NetworkWidths, RateEnd, all_settings, learning_rate};
use crate::words;

/// Training accuracy that is as good as 1: nothing is left to learn of the training images.
const NEAR_ONE: f64 = 0.995;

/// What limits a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum CapacityLimit {
    /// A wider one is better on training and on validation images.
    #[serde(rename = "capacity-limited")]
    Capacity,
    /// A wider one learns the training images better, or they are learnt already, and validation gains nothing by it.
    #[serde(rename = "data-limited")]
    Data,
    /// It still improves at its last epoch.
    #[serde(rename = "optimisation-limited")]
    Optimisation,
    /// The results do not say.
    #[serde(rename = "not established")]
    NotEstablished,
}

impl CapacityLimit {
    /// The words.
    pub fn name(self) -> &'static str {
        match self {
            CapacityLimit::Capacity => "capacity-limited",
            CapacityLimit::Data => "data-limited",
            CapacityLimit::Optimisation => "optimisation-limited",
            CapacityLimit::NotEstablished => "not established",
        }
    }
}

/// What limits a model, and the widths from which that follows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Capacity {
    /// The model.
    pub model: String,
    /// What limits it.
    pub limit: CapacityLimit,
    /// Whether three widths were trained, each at a tuned learning rate.
    pub is_testable: bool,
    /// The verdict, then what it rests on.
    pub sentences: Vec<String>,
    /// The narrowest first.
    pub widths: Vec<CapacityWidth>,
}

/// One width and its numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CapacityWidth {
    /// The run.
    pub run: String,
    /// Its model.
    pub model: String,
    /// The sizes of its layers.
    pub sizes: Vec<f64>,
    /// All its parameters, where they are known.
    pub parameters: Option<usize>,
    /// Its learning rate.
    pub learning_rate: Option<f64>,
    /// How many learning rates were tried for it.
    pub rates_tried: usize,
    /// Runs that ended.
    pub runs: usize,
    /// Mean accuracy on the training images.
    pub train_accuracy: Option<f64>,
    /// Mean accuracy on the validation images.
    pub val_accuracy: Option<f64>,
    /// How many of its runs still improve on validation at their last epoch.
    pub still_improving: usize,
    /// This width less the model itself, on training images.
    pub train: Option<WidthDifference>,
    /// The same on validation images.
    pub val: Option<WidthDifference>,
}

/// A difference with its 95 % interval and the word about it within the family.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct WidthDifference {
    /// Wider less the model itself.
    pub difference: f64,
    /// The interval, not corrected for the family.
    pub low: f64,
    /// Its upper end.
    pub high: f64,
    /// Of the wider one: better, worse, equivalent, undecided.
    pub word: &'static str,
}

/// What limits a model, by comparisons that have been judged (those of a claim `capacity = "model"`).
pub fn capacity(results: &Results, model: &str, pairs: &[PairVerdict]) -> Capacity {
    let widths = NetworkWidths::of(results, model);
    let judge = CapacityJudge { results, model, pairs, widths: &widths };
    let (limit, sentences) = judge.verdict();
    Capacity {
        model: model.to_owned(),
        limit,
        is_testable: widths.are_tuned(),
        sentences,
        widths: widths.all.iter().map(|width| judge.row(width)).collect(),
    }
}

/// The quantity of training accuracy: of the final weights, or while they changed where that is all there is.
pub(crate) fn training(results: &Results, widths: &NetworkWidths) -> Quantity {
    let has = |width: &NetworkWidth| results.recipes[width.place].mean(Quantity::TrainAccuracy).is_some();
    if widths.all.iter().all(has) { Quantity::TrainAccuracy } else { Quantity::Accuracy }
}

/// The widths of one model with their comparisons.
struct CapacityJudge<'a> {
    results: &'a Results,
    model: &'a str,
    pairs: &'a [PairVerdict],
    widths: &'a NetworkWidths,
}

impl CapacityJudge<'_> {
    fn recipe(&self, width: &NetworkWidth) -> &Recipe {
        &self.results.recipes[width.place]
    }

    /// The comparison of a width with the model itself, as one of the width.
    fn pair(&self, width: &NetworkWidth, quantity: Quantity) -> Option<PairVerdict> {
        let own = self.widths.own()?.place;
        let places = [own.min(width.place), own.max(width.place)];
        let is_it = |pair: &&PairVerdict| pair.places == places && pair.quantity == quantity;
        // That of the claim, if there is one of the ranking as well.
        let found = self.pairs.iter().filter(is_it).max_by_key(|pair| !pair.claims.is_empty())?;
        Some(found.seen_from(width.place))
    }

    fn word(&self, width: &NetworkWidth, quantity: Quantity) -> PairWord {
        self.pair(width, quantity).map_or(PairWord::Undecided, |pair| pair.word())
    }

    fn verdict(&self) -> (CapacityLimit, Vec<String>) {
        let none = CapacityLimit::NotEstablished;
        let model = self.model;
        let widths = self.widths;
        let Some(own) = widths.own().filter(|_| widths.are_tuned()) else {
            return (none, vec![self.without_widths()]);
        };
        if let Some(reason) = self.at_an_end(widths) {
            return (none, vec![reason]);
        }
        let (limit, first) = self.limit(widths, own);
        let mut sentences = vec![format!("{model} is {}: {first}", limit.name())];
        if limit == none {
            sentences = vec![format!("What limits {model} is not established: {first}")];
        }
        for quantity in [training(self.results, widths), Quantity::ValAccuracy] {
            let pairs = widths.wider().iter().filter_map(|width| self.pair(width, quantity));
            sentences.extend(pairs.map(|pair| pair_sentence(self.results, &pair)));
        }
        sentences.extend(self.regularised(own));
        (limit, sentences)
    }

    /// The word, and why.
    fn limit(&self, widths: &NetworkWidths, own: &NetworkWidth) -> (CapacityLimit, String) {
        let quantity = training(self.results, widths);
        let wider = || widths.wider().iter().filter(|width| width.is_tuned);
        if let Some(said) = self.improves(own) {
            return (CapacityLimit::Optimisation, said);
        }
        let is_better = |width: &&NetworkWidth| {
            [quantity, Quantity::ValAccuracy].iter().all(|of| self.word(width, *of) == PairWord::Better)
        };
        if let Some(width) = wider().find(is_better) {
            let name = self.recipe(width).quoted();
            let said = format!("{name} is better on training and on validation images.");
            return (CapacityLimit::Capacity, said);
        }
        let Some(widest) = wider().next_back() else { return (CapacityLimit::NotEstablished, String::new()) };
        if let Some(said) = self.improves(widest) {
            return (CapacityLimit::Optimisation, said);
        }
        let gains_nothing = |width: &NetworkWidth| {
            matches!(self.word(width, Quantity::ValAccuracy), PairWord::Equivalent | PairWord::Worse)
        };
        let is_learnt = self.recipe(own).mean(quantity).is_some_and(|mean| mean >= NEAR_ONE);
        let learns_more = wider().any(|width| self.word(width, quantity) == PairWord::Better);
        let gains = !wider().all(gains_nothing);
        match (gains, is_learnt, learns_more) {
            (false, true, _) => (
                CapacityLimit::Data,
                "the training images are learnt, and no wider one is better on validation images.".into(),
            ),
            (false, false, true) => (
                CapacityLimit::Data,
                "wider ones learn the training images better, and are no better on validation images.".into(),
            ),
            (false, false, false) => (
                CapacityLimit::NotEstablished,
                "no wider one is better on training or on validation images, so that width does not limit it; what does, \
                 these trainings do not say."
                    .into(),
            ),
            (true, ..) => (CapacityLimit::NotEstablished, "not all comparisons with wider ones are decided.".into()),
        }
    }

    fn still_improving(&self, width: &NetworkWidth) -> usize {
        let recipe = self.recipe(width);
        let improves = |run: &&crate::Run| {
            findings::of_run(self.results, recipe, run)
                .iter()
                .any(|found| found.finding == findings::NOT_CONVERGED_VAL)
        };
        recipe.ended().filter(improves).count()
    }

    /// More than half of the runs still improve on validation.
    fn improves(&self, width: &NetworkWidth) -> Option<String> {
        let (recipe, improving) = (self.recipe(width), self.still_improving(width));
        let runs = recipe.ended().count();
        (2 * improving > runs).then(|| {
            format!(
                "in {improving} of {} of {} validation loss still falls by more than 1 % an epoch at the end. Train longer \
                 before asking for width.",
                words::plural(runs, "run", "runs"),
                recipe.quoted()
            )
        })
    }

    /// A rate at the end of what was tried is not known to be tuned.
    fn at_an_end(&self, widths: &NetworkWidths) -> Option<String> {
        let wider = widths.wider().iter().filter(|width| width.is_tuned);
        let compared = widths.own().into_iter().chain(wider);
        let at_end: Vec<String> = compared
            .filter_map(|width| {
                let end = match width.at_end? {
                    RateEnd::Smallest => "smallest",
                    RateEnd::Largest => "largest",
                };
                let rate = learning_rate(self.recipe(width)).map(|rate| format!(" ({rate})"));
                Some(format!(
                    "that of {} is the {end} that was tried{}",
                    self.recipe(width).quoted(),
                    rate.unwrap_or_default()
                ))
            })
            .collect();
        (!at_end.is_empty()).then(|| {
            format!(
                "What limits {} is not established: the learning rates are not shown to be tuned, since {}. Add rates beyond, and \
                 train again.",
                self.model,
                words::list(&at_end)
            )
        })
    }

    /// Dropout and penalties keep training accuracy down by themselves.
    fn regularised(&self, own: &NetworkWidth) -> Option<String> {
        let is_set = |(name, value): (&String, &Value)| {
            let ends =
                name.ends_with("dropout.rate") || name.ends_with(".l2") || name == "optimizer.weight_decay";
            ends && value.as_f64().is_some_and(|value| value > 0.0)
        };
        all_settings(self.recipe(own)).any(is_set).then(|| {
            format!("{} is regularised, which limits its training accuracy at every width.", self.model)
        })
    }

    /// Where no width, or too few, were trained at a tuned rate.
    fn without_widths(&self) -> String {
        let model = self.model;
        let of_model = |recipe: &&Recipe| recipe.settings.get("model").and_then(Value::as_str) == Some(model);
        let best =
            self.results.recipes.iter().filter(of_model).filter_map(|recipe| {
                recipe.mean(Quantity::TrainAccuracy).or(recipe.mean(Quantity::Accuracy))
            });
        let reached = best.reduce(f64::max).map(|best| {
            let best = words::number(best);
            format!(" The highest training accuracy of {model} is {best}: it leaves open what limits it.")
        });
        let missing = match self.widths.all.len() {
            0 | 1 => format!("no other widths of {model} were trained, each at a tuned learning rate."),
            n => format!(
                "of {n} widths of {model} fewer than three, or none wider, or not {model} itself, have a tuned learning rate."
            ),
        };
        format!("Not established, in either direction: {missing}{}", reached.unwrap_or_default())
    }

    fn row(&self, width: &NetworkWidth) -> CapacityWidth {
        let recipe = self.recipe(width);
        let training = training(self.results, self.widths);
        let difference = |quantity| {
            let pair = self.pair(width, quantity)?;
            let interval = pair.judged.interval?;
            let (difference, word) = (pair.difference()?, pair.word().name());
            Some(WidthDifference { difference, low: interval.low, high: interval.high, word })
        };
        CapacityWidth {
            run: recipe.name.clone(),
            model: recipe.settings.get("model").and_then(Value::as_str).unwrap_or_default().to_owned(),
            sizes: width.sizes.clone(),
            parameters: (!recipe.parameters.is_empty()).then(|| recipe.parameters.iter().sum()),
            learning_rate: learning_rate(recipe),
            rates_tried: width.rates,
            runs: recipe.ended().count(),
            train_accuracy: recipe.mean(training),
            val_accuracy: recipe.mean(Quantity::ValAccuracy),
            still_improving: self.still_improving(width),
            train: difference(training),
            val: difference(Quantity::ValAccuracy),
        }
    }
}

impl Weigher<'_> {
    /// T8: a network has reached what it can where wider ones, each at a tuned rate, do better.
    pub(super) fn capacity(&self, model: &str) -> Weighing {
        let Some(found) = self.capacities.get(model) else {
            return Weighing::not_testable(format!("The results have no model {model}."));
        };
        let verdict = match found.limit {
            CapacityLimit::Capacity => ClaimVerdict::Supported,
            CapacityLimit::Data | CapacityLimit::Optimisation => ClaimVerdict::Contradicted,
            CapacityLimit::NotEstablished if found.is_testable => ClaimVerdict::Undecided,
            CapacityLimit::NotEstablished => ClaimVerdict::NotTestable,
        };
        let weighing = Weighing::new(verdict, &["T8"], found.sentences.join(" "));
        match found.widths.len() {
            0 | 1 => weighing,
            _ => weighing.with("limit", found.limit).with("widths", &found.widths),
        }
    }
}
