//! Claims about data, models and the way a study was made (T1, T6, T8, T9).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ClaimVerdict, Weigher, Weighing, all_of};
use crate::claim::{ChoosingPart, ClaimTable, FactTable, Form, ProcedureTable, Way};
use crate::contrast::{Contrast, setting_text};
use crate::pairs::among_or_all;
use crate::quantity::{DataPart, Quantity};
use crate::results::Recipe;
use crate::words;

impl Weigher<'_> {
    pub(super) fn fact(&self, fact: &FactTable) -> Weighing {
        let results = self.results;
        let images = results.n_train.map(|n| n + results.n_validation.unwrap_or(0));
        let shape = results.image_shape.map(|shape| shape.to_vec());
        let stated_shape = (!fact.image_shape.is_empty()).then(|| fact.image_shape.clone());
        let mut all = vec![
            stated("training images", fact.train_images, images),
            stated("test images", fact.test_images, results.n_test),
            stated("classes", fact.classes, results.classes),
            stated("the shape of an image", stated_shape, shape),
        ];
        for (run, parameters) in &fact.parameters {
            let layers = &self.recipe(run).parameters;
            let sum = (!layers.is_empty()).then(|| layers.iter().map(|n| *n as u64).sum());
            all.push(stated(&format!("parameters of {run}"), Some(*parameters), sum));
        }
        let losses = fact.losses_agree.as_ref().map(|run| self.losses_agree(run));
        all_of(all.into_iter().flatten().chain(losses).collect())
    }

    /// Whether the losses of the parts order them as their accuracies do: a pair that they order otherwise counts as far
    /// as its accuracies differ by more than noise.
    fn losses_agree(&self, name: &str) -> Weighing {
        let recipe = self.recipe(name);
        let parts = [
            (Quantity::Loss, Quantity::Accuracy),
            (Quantity::ValLoss, Quantity::ValAccuracy),
            (Quantity::TestLoss, Quantity::TestAccuracy),
        ];
        let known = parts
            .iter()
            .filter_map(|(loss, accuracy)| Some((*accuracy, recipe.mean(*loss)?, recipe.mean(*accuracy)?)));
        let known: Vec<(Quantity, f64, f64)> = known.collect();
        if known.len() < 2 {
            return Weighing::not_testable(format!(
                "The results do not state losses and accuracies of two parts of {name}."
            ));
        }
        let mut all = Vec::new();
        for (i, (a, loss_a, accuracy_a)) in known.iter().enumerate() {
            for (b, loss_b, accuracy_b) in &known[i + 1..] {
                if (loss_a - loss_b) * (accuracy_a - accuracy_b) <= 0.0 {
                    continue;
                }
                // The loss of `low` is lower, and so its accuracy should be higher.
                let (high, low) = if loss_a < loss_b { (*a, *b) } else { (*b, *a) };
                let claim = ClaimTable { scope: crate::Scope::Runs, ..ClaimTable::default() };
                let mut weighing = self.parts_of_a_run(&claim, name, high, &[low], Way::Higher);
                if weighing
                    .numbers
                    .values()
                    .any(|numbers| numbers["z"].as_f64().is_some_and(|z| z.abs() < 1.96))
                {
                    weighing.verdict = ClaimVerdict::UndecidedFromOneRun;
                }
                weighing.why = format!("{} Its losses order them the other way.", weighing.why);
                all.push(weighing);
            }
        }
        if all.is_empty() {
            let why = format!("The losses of {name} order its parts as the accuracies do.");
            return Weighing::new(ClaimVerdict::Supported, &["T1"], why);
        }
        all_of(all)
    }

    pub(super) fn procedure(&self, claim: &ClaimTable, procedure: &ProcedureTable) -> Weighing {
        let among = among_or_all(self.results, &claim.among);
        if let Some(setting) = &procedure.compares {
            return self.compares(setting, &among);
        }
        if let Some(run) = &procedure.settings_of_the_best {
            return self.settings_of_the_best(claim, run, &among);
        }
        match procedure.chooses_by {
            Some(part) => self.chooses_by(part),
            None => self.searched_together(&procedure.searches_together, &among),
        }
    }

    /// T6: each two values of a setting need two runs that differ in nothing else.
    fn compares(&self, setting: &str, among: &[String]) -> Weighing {
        let recipes: Vec<&Recipe> = among.iter().map(|name| self.recipe(name)).collect();
        let value = |recipe: &&Recipe| recipe.settings.get(setting).map(setting_text);
        let values: Vec<String> =
            recipes.iter().filter_map(value).collect::<BTreeSet<_>>().into_iter().collect();
        if values.len() < 2 {
            return Weighing::not_testable(format!("The runs have fewer than two values of {setting}."));
        }
        let is_pair = |one: &Recipe, other: &Recipe| Contrast::of(self.results, one, other).licenses(setting);
        let has_pair = |a: &str, b: &str| {
            let with = |wanted: &str| -> Vec<&Recipe> {
                let has = |recipe: &&&Recipe| value(recipe).as_deref() == Some(wanted);
                recipes.iter().filter(has).copied().collect()
            };
            let others = with(b);
            with(a).iter().any(|one| others.iter().any(|other| is_pair(one, other)))
        };
        let mut missing = Vec::new();
        for (i, a) in values.iter().enumerate() {
            missing
                .extend(values[i + 1..].iter().filter(|b| !has_pair(a, b)).map(|b| format!("{a} and {b}")));
        }
        let of = values.len() * (values.len() - 1) / 2;
        let (verdict, why) = match missing.is_empty() {
            true => (
                ClaimVerdict::Supported,
                format!("Each two values of {setting} have two runs that differ in nothing else."),
            ),
            false => (
                ClaimVerdict::Confounded,
                format!(
                    "Of {of} pairs of values of {setting}, these {} lack two runs that differ in nothing else: {}.",
                    missing.len(),
                    missing.join("; ")
                ),
            ),
        };
        Weighing::new(verdict, &["T6"], why).with("values", values).with("without_a_pair", missing)
    }

    /// A search leaves open what it searches: what its record fixes, it did not search.
    fn searched_together(&self, settings: &[String], among: &[String]) -> Weighing {
        let searches: Vec<&Recipe> = among.iter().map(|name| self.recipe(name)).collect();
        let fixed = |recipe: &&Recipe| {
            let is_open = |setting: &String| {
                recipe.searched.contains(setting) || !recipe.settings.contains_key(setting)
            };
            let fixed = settings.iter().filter(|setting| !is_open(setting));
            fixed.cloned().collect::<Vec<String>>()
        };
        let told: Vec<String> = searches
            .iter()
            .filter(|recipe| !fixed(recipe).is_empty())
            .map(|recipe| format!("{} fixes {}", recipe.name, words::list(&fixed(recipe))))
            .collect();
        let (verdict, why) = match told.len() == searches.len() {
            true => {
                (ClaimVerdict::Contradicted, format!("{}: no combination was searched.", words::list(&told)))
            }
            false => {
                (ClaimVerdict::Supported, format!("A search leaves {} open together.", words::list(settings)))
            }
        };
        Weighing::new(verdict, &["T6"], why)
    }

    fn settings_of_the_best(&self, claim: &ClaimTable, run: &str, among: &[String]) -> Weighing {
        let quantity = claim.quantities()[0];
        let sign = if quantity.larger_is_better() { 1.0 } else { -1.0 };
        let known = among.iter().filter(|name| *name != run).filter_map(|name| {
            let recipe = self.recipe(name);
            Some((recipe, recipe.mean(quantity)?))
        });
        let known: Vec<(&Recipe, f64)> = known.collect();
        let top = known.iter().map(|(_, value)| sign * value).fold(f64::NEG_INFINITY, f64::max);
        let best: Vec<&Recipe> =
            known.iter().filter(|(_, value)| sign * value == top).map(|(recipe, _)| *recipe).collect();
        if best.is_empty() {
            return Weighing::not_testable(format!(
                "The results do not state the {} of the others.",
                quantity.label()
            ));
        }
        let differ = |best: &&Recipe| {
            let mut contrast = Contrast::of(self.results, best, self.recipe(run));
            contrast.settings.retain(|setting| setting.name != "model");
            (!contrast.settings.is_empty()).then(|| (best.name.clone(), contrast.words()))
        };
        let other: Vec<(String, String)> = best.iter().filter_map(differ).collect();
        let value = words::number(sign * top);
        if other.len() < best.len() {
            let names: Vec<&str> = best.iter().map(|recipe| recipe.name.as_str()).collect();
            let why = format!(
                "{run} has the settings of {}, the best by {} ({value}).",
                words::list(&names),
                quantity.label()
            );
            return Weighing::new(ClaimVerdict::Supported, &["T1"], why);
        }
        let (name, words) = &other[0];
        let why = format!(
            "The best by {} is {name} ({value}); {run} differs from it in {words}.",
            quantity.label()
        );
        Weighing::new(ClaimVerdict::Contradicted, &["T1"], why).with("best", json!(other))
    }

    /// T9: a claim that calls a run the best by its test number has chosen it by the test part.
    fn chooses_by(&self, part: ChoosingPart) -> Weighing {
        let is_test = |quantity: &Quantity| quantity.part() == Some(DataPart::Test);
        let picks = self.claims.iter().filter(|claim| {
            let is_choice = match claim.form() {
                Ok(Form::Best { .. }) => true,
                Ok(Form::Procedure(procedure)) => procedure.settings_of_the_best.is_some(),
                _ => false,
            };
            is_choice && claim.quantities().iter().any(is_test)
        });
        let picks: Vec<&str> = picks.map(|claim| claim.id.as_str()).collect();
        let has_test = |recipe: &&Recipe| {
            recipe.mean(Quantity::TestAccuracy).or(recipe.mean(Quantity::TestLoss)).is_some()
        };
        let read = self.results.recipes.iter().filter(has_test).count();
        if picks.is_empty() {
            return Weighing::not_testable("No claim chooses a run by its number.").with("test_scores", read);
        }
        let verdict = match part {
            ChoosingPart::Validation => ClaimVerdict::Contradicted,
            ChoosingPart::Test => ClaimVerdict::Supported,
        };
        let luck = toile_stats::expected_maximum_of_noise(read as u64);
        let why = format!(
            "{} test scores were read, and {} by them; the best of {read} equal runs would be too high by {} standard errors.",
            read,
            if picks.len() == 1 { "one choice was made" } else { "choices were made" },
            luck.map_or("some".into(), words::z)
        );
        Weighing::new(verdict, &["T9"], why).with("test_scores", read).with("choices", picks)
    }

    /// T8: a network has reached what it can where wider ones, each at its best learning rate, do no better.
    pub(super) fn capacity(&self, model: &str) -> Weighing {
        let of_model = |recipe: &&Recipe| recipe.settings.get("model").and_then(Value::as_str) == Some(model);
        let best =
            self.results.recipes.iter().filter(of_model).filter_map(|recipe| {
                recipe.mean(Quantity::TrainAccuracy).or(recipe.mean(Quantity::Accuracy))
            });
        let best = best.fold(f64::NAN, f64::max);
        let reached = match best.is_nan() {
            true => String::new(),
            false => format!(
                " The highest training accuracy of {model} is {}: it leaves open what limits it.",
                words::number(best)
            ),
        };
        let why = format!(
            "Not established, in either direction: no other widths of {model} were trained, each at a tuned learning rate.{reached}"
        );
        Weighing { rules: vec!["T8"], ..Weighing::not_testable(why) }
    }
}

/// A number that is stated against the one that is there; `None` if nothing is stated.
fn stated<T: PartialEq + std::fmt::Debug>(
    what: &str,
    stated: Option<T>,
    found: Option<T>,
) -> Option<Weighing> {
    let stated = stated?;
    Some(match found {
        None => Weighing::not_testable(format!("The results do not state {what}.")),
        Some(found) if found == stated => {
            Weighing::new(ClaimVerdict::Supported, &["T1"], format!("{what}: {found:?}."))
        }
        Some(found) => {
            Weighing::new(ClaimVerdict::Contradicted, &["T1"], format!("{what}: {found:?}, not {stated:?}."))
        }
    })
}
