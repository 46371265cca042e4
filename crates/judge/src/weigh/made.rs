//! Claims about data, models and the way a study was made (T1, T6, T8, T9).

use std::collections::BTreeMap;

use serde_json::json;

use super::{ClaimVerdict, Weigher, Weighing, all_of};
use crate::claim::{ChoosingPart, ClaimTable, FactTable, Form, ProcedureTable, Way};
use crate::contrast::{Contrast, setting_text};
use crate::pairs::among_or_all;
use crate::quantity::{DataPart, Quantity};
use crate::results::Recipe;
use crate::words;

/// Loss and accuracy of a run on one part of the data.
struct PartNumbers {
    /// Which they are.
    quantities: [Quantity; 2],
    loss: f64,
    accuracy: f64,
}

impl Weigher<'_> {
    pub(super) fn fact(&self, fact: &FactTable) -> Weighing {
        let results = self.results;
        // Where the validation part is not known, the training part is known if it is what is stated.
        let images = match (results.n_train, results.n_validation) {
            (Some(train), Some(validation)) => Some(train + validation),
            (train, _) => train.filter(|train| Some(*train) == fact.train_images),
        };
        let sides = |shape: &[usize]| shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ");
        let shape = results.image_shape.map(|shape| sides(&shape));
        let stated_shape = (!fact.image_shape.is_empty()).then(|| sides(&fact.image_shape));
        let mut all = vec![
            stated("number of training images", fact.train_images, images),
            stated("number of test images", fact.test_images, results.n_test),
            stated("number of classes", fact.classes, results.classes),
            stated("shape of an image", stated_shape, shape),
        ];
        for (run, parameters) in &fact.parameters {
            let layers = &self.recipe(run).parameters;
            let sum = (!layers.is_empty()).then(|| layers.iter().map(|n| *n as u64).sum());
            all.push(stated(&format!("number of parameters of {run}"), Some(*parameters), sum));
        }
        let losses = fact.losses_agree.as_ref().map(|run| self.losses_agree(run));
        all_of(all.into_iter().flatten().chain(losses).collect())
    }

    /// Whether the losses of the parts order them as their accuracies do: a pair that they order otherwise counts as
    /// far as its accuracies differ by more than noise.
    fn losses_agree(&self, name: &str) -> Weighing {
        let recipe = self.recipe(name);
        let parts = [
            (Quantity::Loss, Quantity::Accuracy),
            (Quantity::ValLoss, Quantity::ValAccuracy),
            (Quantity::TestLoss, Quantity::TestAccuracy),
        ];
        let known: Vec<PartNumbers> = parts
            .iter()
            .filter_map(|(loss, accuracy)| {
                Some(PartNumbers {
                    quantities: [*loss, *accuracy],
                    loss: recipe.mean(*loss)?,
                    accuracy: recipe.mean(*accuracy)?,
                })
            })
            .collect();
        if known.len() < 2 {
            return Weighing::not_testable(format!(
                "The results do not state losses and accuracies of two parts of {}.",
                words::quoted(name)
            ));
        }
        let mut all = Vec::new();
        for (i, a) in known.iter().enumerate() {
            for b in &known[i + 1..] {
                if (a.loss - b.loss) * (a.accuracy - b.accuracy) > 0.0 {
                    let (low, high) = if a.loss < b.loss { (a, b) } else { (b, a) };
                    all.push(self.disagreement(name, low, high));
                }
            }
        }
        if all.is_empty() {
            let why = format!("The losses of {} order its parts as the accuracies do.", words::quoted(name));
            return Weighing::new(ClaimVerdict::Supported, &["T1"], why);
        }
        all_of(all)
    }

    /// Of two parts of a run, `low` has the lower loss, and the lower accuracy too.
    fn disagreement(&self, name: &str, low: &PartNumbers, high: &PartNumbers) -> Weighing {
        let [low_loss, low_accuracy] = low.quantities.map(Quantity::label);
        let [high_loss, high_accuracy] = high.quantities.map(Quantity::label);
        let claim = ClaimTable { scope: crate::Scope::Runs, ..ClaimTable::default() };
        let accuracies = [low.quantities[1], high.quantities[1]];
        let mut weighing = self.parts_of_a_run(&claim, name, accuracies[0], &accuracies[1..], Way::Higher);
        let z = weighing.numbers.values().find_map(|numbers| numbers["z"].as_f64());
        let noise = match z {
            Some(z) if z.abs() < 1.96 => {
                weighing.verdict = ClaimVerdict::UndecidedFromOneRun;
                format!(", z {}: within the noise of the images", words::z(z))
            }
            Some(z) => format!(", z {}", words::z(z)),
            None => String::new(),
        };
        weighing.why = format!(
            "{} has a lower {low_loss} than {high_loss} ({}, {}), and yet a lower {low_accuracy} than {high_accuracy} ({}, {}{noise}).",
            words::quoted(name),
            words::number(low.loss),
            words::number(high.loss),
            words::number(low.accuracy),
            words::number(high.accuracy)
        );
        weighing
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
        let mut with: BTreeMap<String, Vec<&Recipe>> = BTreeMap::new();
        for recipe in among.iter().map(|name| self.recipe(name)) {
            if let Some(value) = recipe.settings.get(setting) {
                with.entry(setting_text(value)).or_default().push(recipe);
            }
        }
        if with.len() < 2 {
            return Weighing::not_testable(format!("The runs have fewer than two values of {setting}."));
        }
        let is_pair = |one: &Recipe, other: &Recipe| Contrast::of(self.results, one, other).licenses(setting);
        let values: Vec<String> = with.keys().cloned().collect();
        let mut missing = Vec::new();
        for (i, a) in values.iter().enumerate() {
            let has_pair =
                |b: &String| with[a].iter().any(|one| with[b].iter().any(|other| is_pair(one, other)));
            missing.extend(values[i + 1..].iter().filter(|b| !has_pair(b)).map(|b| format!("{a} with {b}")));
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
                    "Of {of} pairs of values of {setting}, {} {} no two runs that differ in nothing else: {}.",
                    missing.len(),
                    if missing.len() == 1 { "has" } else { "have" },
                    words::some_of(&missing)
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
        let leaves_all_open =
            |recipe: &Recipe| settings.iter().all(|setting| recipe.searched.contains(setting));
        let told: Vec<String> = searches
            .iter()
            .filter(|recipe| !fixed(recipe).is_empty())
            .map(|recipe| format!("{} fixes {}", recipe.quoted(), words::list(&fixed(recipe))))
            .collect();
        let (verdict, why) = match told.len() == searches.len() {
            true => {
                (ClaimVerdict::Contradicted, format!("{}: no combination was searched.", words::list(&told)))
            }
            false if searches.iter().any(|recipe| leaves_all_open(recipe)) => {
                (ClaimVerdict::Supported, format!("A search leaves {} open together.", words::list(settings)))
            }
            // What is not stated was not therefore searched.
            false => {
                return Weighing::not_testable(format!(
                    "The results do not say what the searches left open of {}.",
                    words::list(settings)
                ));
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
            let has = |recipe: &&&Recipe| !other.iter().any(|(name, _)| *name == recipe.name);
            let names: Vec<String> = best.iter().filter(has).map(|recipe| recipe.quoted()).collect();
            let why = format!(
                "{} has the settings of {}, the best by {} ({value}).",
                words::quoted(run),
                words::list(&names),
                quantity.label()
            );
            return Weighing::new(ClaimVerdict::Supported, &["T1"], why);
        }
        let (name, words) = &other[0];
        let why = format!(
            "The best by {} is {} ({value}); {} differs from it in {words}.",
            quantity.label(),
            words::quoted(name),
            words::quoted(run)
        );
        Weighing::new(ClaimVerdict::Contradicted, &["T1"], why).with("best", json!(other))
    }

    /// T9: a claim that calls a run the best by its test number has chosen it by the test part.
    fn chooses_by(&self, part: ChoosingPart) -> Weighing {
        let is_choice = |claim: &&ClaimTable| match claim.form() {
            Ok(Form::Best { .. }) => true,
            Ok(Form::Procedure(procedure)) => procedure.settings_of_the_best.is_some(),
            _ => false,
        };
        let by = |part: DataPart| -> Vec<&str> {
            let is_by =
                |claim: &&ClaimTable| claim.quantities().iter().any(|quantity| quantity.part() == Some(part));
            self.claims.iter().filter(is_choice).filter(is_by).map(|claim| claim.id.as_str()).collect()
        };
        let picks = by(DataPart::Test);
        let has_test = |recipe: &&Recipe| {
            recipe.mean(Quantity::TestAccuracy).or(recipe.mean(Quantity::TestLoss)).is_some()
        };
        let read = self.results.recipes.iter().filter(has_test).count();
        if picks.is_empty() {
            let by_validation = by(DataPart::Validation);
            if by_validation.is_empty() {
                let why = "No claim chooses a run by its number.";
                return Weighing::not_testable(why).with("test_scores", read);
            }
            let verdict = match part {
                ChoosingPart::Validation => ClaimVerdict::Supported,
                ChoosingPart::Test => ClaimVerdict::Contradicted,
            };
            let why =
                "The claims that call a run the best do so by validation numbers, none by a test number.";
            return Weighing::new(verdict, &["T9"], why).with("choices", by_validation);
        }
        let verdict = match part {
            ChoosingPart::Validation => ClaimVerdict::Contradicted,
            ChoosingPart::Test => ClaimVerdict::Supported,
        };
        let luck = toile_stats::expected_maximum_of_noise(read as u64);
        let why = format!(
            "{} test scores are known, and {} by them: the best of {read} equal runs would be too high by {} standard errors.",
            read,
            if picks.len() == 1 { "one choice was made" } else { "choices were made" },
            luck.map_or("some".into(), |luck| format!("about {luck:.1}"))
        );
        Weighing::new(verdict, &["T9"], why).with("test_scores", read).with("choices", picks)
    }
}

/// A number that is stated against the one that is there; `None` if nothing is stated.
fn stated<T: PartialEq + std::fmt::Display>(
    what: &str,
    stated: Option<T>,
    found: Option<T>,
) -> Option<Weighing> {
    let stated = stated?;
    Some(match found {
        None => Weighing::not_testable(format!("The results do not state the {what}.")),
        Some(found) if found == stated => {
            Weighing::new(ClaimVerdict::Supported, &["T1"], format!("The {what} is {found}."))
        }
        Some(found) => Weighing::new(
            ClaimVerdict::Contradicted,
            &["T1"],
            format!("The {what} is {found}, not {stated}."),
        ),
    })
}
