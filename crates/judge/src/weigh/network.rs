//! Claims about a run by itself: its gap, what its curve shows, its parts against each other (T1, T2, T5, T7).

use serde_json::json;
use toile_record::Epoch;

use super::one_run::TwoNumbers;
use super::{ClaimVerdict, Weigher, Weighing, all_of};
use crate::claim::{ClaimTable, Scope, Way};
use crate::findings;
use crate::quantity::Quantity;
use crate::results::Run;
use crate::words;

/// The cause that images were not trained on.
const UNSEEN: &str = "unseen";

impl Weigher<'_> {
    /// T5: training above validation at the end.
    pub(super) fn gap(&self, name: &str) -> Weighing {
        let shown = words::quoted(name);
        let recipe = self.recipe(name);
        let losses = recipe.mean(Quantity::LossGap);
        let accuracies = recipe.mean(Quantity::AccuracyGap);
        if losses.is_none() && accuracies.is_none() {
            return Weighing::not_testable(format!(
                "The results do not state training and validation numbers of {shown}."
            ));
        }
        let z = self.accuracy_gap_z(name);
        let runs = recipe.ended().count();
        let undecided = if runs >= 2 { ClaimVerdict::Undecided } else { ClaimVerdict::UndecidedFromOneRun };
        let has = |gap: Option<f64>| gap.is_none_or(|gap| gap > 0.0);
        let lacks = |gap: Option<f64>| gap.is_none_or(|gap| gap <= 0.0);
        let is_beyond_noise = z.is_none_or(|z| z >= 1.96) || accuracies.is_none();
        let verdict = match () {
            () if has(losses) && has(accuracies) && is_beyond_noise => ClaimVerdict::Supported,
            () if lacks(losses) && lacks(accuracies) => ClaimVerdict::Contradicted,
            () => undecided,
        };
        let noise = z.map(|z| format!(" (z {})", words::z(z))).unwrap_or_default();
        let loss = losses.map(loss_gap);
        let lies = if losses.is_none() { " lies" } else { "" };
        let accuracy = accuracies.map(|gap| {
            let points = words::points(gap);
            format!("validation accuracy{lies} {points} {} training accuracy{noise}", side(-gap))
        });
        let parts: Vec<String> = loss.into_iter().chain(accuracy).collect();
        let why = format!("At the end of {shown} {}.", words::list(&parts));
        let numbers = json!({ "loss_gap": losses, "accuracy_gap": accuracies, "accuracy_gap_z": z });
        Weighing::new(verdict, &["T5"], why).with(format!("gap of {name}"), numbers)
    }

    /// z of training and validation accuracy of one run, as two proportions.
    fn accuracy_gap_z(&self, name: &str) -> Option<f64> {
        let recipe = self.recipe(name);
        let training = recipe.mean(Quantity::TrainAccuracy).or(recipe.mean(Quantity::Accuracy))?;
        let numbers = TwoNumbers {
            names: [name.to_string(), name.to_string()],
            of: None,
            quantity: Quantity::Accuracy,
            values: [training, recipe.mean(Quantity::ValAccuracy)?],
            images: [self.results.n_train, self.results.n_validation],
            runs: 1,
        };
        numbers.statistics(None)?.found.z
    }

    /// T7: growth needs the curve.
    pub(super) fn growing_gap(&self, name: &str) -> Weighing {
        let shown = words::quoted(name);
        let grows = |run: &Run| {
            let rows = run
                .epochs
                .iter()
                .filter_map(|row| Some((row.epoch as f64, row.val_loss? - row.train_loss.or(row.loss)?)));
            let (epochs, gaps): (Vec<f64>, Vec<f64>) = rows.unzip();
            toile_stats::spearman(&epochs, &gaps).filter(|_| run.has_curve() && gaps.len() >= 5)
        };
        let orders: Vec<f64> = self.recipe(name).ended().filter_map(grows).collect();
        if orders.is_empty() {
            return Weighing::not_testable(format!(
                "Whether the gap of {shown} grows is told by its curve, and the results have none."
            ));
        }
        let growing = orders.iter().filter(|order| **order > 0.5).count();
        let verdict = of_runs(growing, orders.len());
        let least = orders.iter().copied().fold(f64::INFINITY, f64::min);
        let most = orders.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let range = match least == most {
            true => words::number(least),
            false => format!("{} to {}", words::number(least), words::number(most)),
        };
        let runs = words::plural(orders.len(), "run", "runs");
        let why = format!(
            "The gap of {shown} grows with the epochs in {growing} of {runs}: their rank correlation is {range}, more than 0.5 counts as growth."
        );
        Weighing::new(verdict, &["T5"], why).with("rank_correlation", orders)
    }

    /// T5, T7: what the curve of a run shows, or its layers. What is not found is absent only where it could have been
    /// seen.
    pub(super) fn shows(&self, finding: &str, name: &str) -> Weighing {
        let shown = words::quoted(name);
        let recipe = self.recipe(name);
        let of_run = |run: &Run| {
            let all = findings::of_run(self.results, recipe, run);
            all.into_iter().find(|found| {
                found.finding == finding
                    || finding == findings::VAL_LOSS_RISING && found.finding == findings::VAL_LOSS_RISING_WEAK
            })
        };
        let found: Vec<_> = recipe.runs.iter().map(of_run).collect();
        let visible = |run: &Run| can_show(run, finding) && !run.has_failed;
        let seen = recipe.runs.iter().zip(&found).filter(|(run, found)| found.is_some() || visible(run));
        let of = seen.count();
        if of == 0 {
            let gap = recipe.mean(Quantity::LossGap).map(|gap| {
                let no_harm = if gap > 0.0 { ": a gap, which by itself is no harm" } else { "" };
                format!(" At the end {}{no_harm}.", loss_gap(gap))
            });
            let (lacking, gap) = match findings::OF_LAYERS.contains(&finding) {
                true => ("what was measured of the layers", String::new()),
                false => ("the curve", gap.unwrap_or_default()),
            };
            return Weighing::not_testable(format!(
                "That needs {lacking} of {shown}, and the results do not have it.{gap}"
            ));
        }
        let found: Vec<_> = found.into_iter().flatten().collect();
        let runs = words::plural(of, "run", "runs");
        let why = match found.first() {
            Some(first) if of == 1 => format!("{shown}: {}", first.statement),
            Some(first) => format!("{} of {runs} of {shown} show it: {}", found.len(), first.statement),
            None if of == 1 => format!("The run of {shown} does not show it."),
            None => format!("None of {runs} of {shown} shows it."),
        };
        Weighing::new(of_runs(found.len(), of), &["T5"], why).with("runs", [found.len(), of])
    }

    /// The metrics of one run against each other. *Because unseen* says more: then the other unseen part must be lower
    /// as well.
    pub(super) fn parts_of_a_run(
        &self,
        claim: &ClaimTable,
        name: &str,
        quantity: Quantity,
        than: &[Quantity],
        way: Way,
    ) -> Weighing {
        let recipe = self.recipe(name);
        let all: Vec<Quantity> = than.iter().copied().chain([quantity]).collect();
        if let Some(unmeasured) = self.unmeasured(&[self.place(name)], &all) {
            return unmeasured;
        }
        let numbers = |a: Quantity, b: Quantity| {
            Some(TwoNumbers {
                names: [a.label().to_string(), b.label().to_string()],
                of: Some(name.to_string()),
                quantity: a,
                values: [recipe.mean(a)?, recipe.mean(b)?],
                images: [self.images_of(a), self.images_of(b)],
                runs: recipe.values(a).len(),
            })
        };
        if claim.because.as_deref() == Some(UNSEEN)
            && let (Some(val), Some(training)) =
                (recipe.mean(Quantity::ValAccuracy), recipe.mean(Quantity::Accuracy))
            && val > training
        {
            let why = format!(
                "The validation images of {} are unseen too, and accuracy on them ({}) is higher than on the training images ({}).",
                words::quoted(name),
                words::number(val),
                words::number(training)
            );
            return Weighing::new(ClaimVerdict::Contradicted, &["T6"], why)
                .with("val_accuracy", val)
                .with("accuracy", training);
        }
        let of_the_run = ClaimTable { scope: Scope::Runs, ..claim.clone() };
        let weighings = than.iter().filter_map(|other| {
            Some(self.difference_of_one_run(
                &of_the_run,
                &numbers(quantity, *other)?,
                way.says_larger(quantity),
            ))
        });
        all_of(weighings.collect())
    }
}

/// Where a number lies that is so much more.
fn side(difference: f64) -> &'static str {
    if difference < 0.0 { "below" } else { "above" }
}

/// The gap of the losses in words.
fn loss_gap(gap: f64) -> String {
    format!("validation loss lies {} {} training loss", words::number(gap.abs()), side(gap))
}

/// What a curve must hold in each epoch to show a finding.
fn needs(finding: &str) -> &'static [Quantity] {
    use Quantity::{Accuracy, Loss, ValAccuracy, ValLoss};
    match finding {
        findings::VAL_LOSS_RISING | findings::VAL_LOSS_RISING_WEAK => &[ValLoss],
        findings::OVER_CONFIDENCE => &[ValLoss, ValAccuracy],
        findings::VAL_ACCURACY_FALLING | findings::LUCKY_EPOCH => &[ValAccuracy],
        findings::GAP_WITHOUT_HARM => &[ValLoss, ValAccuracy, Accuracy],
        findings::GAP | findings::UNDERFITTING | findings::RUNNING_AVERAGE_ARTEFACT => {
            &[Accuracy, ValAccuracy]
        }
        findings::NOT_CONVERGED_VAL | findings::PLATEAU => &[Loss, ValLoss],
        _ => &[Loss],
    }
}

/// Whether the curve of a run, or its layers, would show a finding.
fn can_show(run: &Run, finding: &str) -> bool {
    if findings::OF_LAYERS.contains(&finding) {
        return !run.layers.is_empty();
    }
    let has = |row: &Epoch, quantity: &Quantity| match quantity {
        Quantity::Accuracy => row.accuracy.or(row.train_accuracy).is_some(),
        Quantity::ValLoss => row.val_loss.is_some(),
        Quantity::ValAccuracy => row.val_accuracy.is_some(),
        _ => row.loss.or(row.train_loss).is_some(),
    };
    let is_whole = |row: &Epoch| needs(finding).iter().all(|quantity| has(row, quantity));
    run.has_curve() && run.epochs.iter().all(is_whole)
}

/// So many of so many runs.
fn of_runs(with: usize, of: usize) -> ClaimVerdict {
    match with {
        0 => ClaimVerdict::Contradicted,
        with if with == of => ClaimVerdict::Supported,
        _ => ClaimVerdict::Undecided,
    }
}
