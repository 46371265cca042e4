//! What is known of the curve of one run, and the rules in their order.

use serde_json::{Map, Value};
use toile_record::Epoch;

use super::gap::EndGap;
use super::rise::{AccuracyFall, LossRise};
use super::series::{EpochNumber, EpochSeries};
use super::{NamedFinding, Severity, convergence, failure, gap, layers, lucky, rise, running};
use crate::results::{Recipe, Results, Run};

/// The curve of a run as the rules read it, and what they ask each other.
pub(crate) struct CurveFacts<'a> {
    pub(crate) results: &'a Results,
    pub(crate) recipe: &'a Recipe,
    pub(crate) run: &'a Run,
    /// Loss on the training images: of the weights at the end of each epoch where it was measured, else the running
    /// mean.
    pub(crate) train_loss: Option<EpochSeries>,
    /// Accuracy on them, likewise.
    pub(crate) train_accuracy: Option<EpochSeries>,
    pub(crate) val_loss: Option<EpochSeries>,
    pub(crate) val_accuracy: Option<EpochSeries>,
    /// How far validation loss has risen, if it has.
    pub(crate) rise: Option<LossRise>,
    /// How far validation accuracy has fallen, if it has.
    pub(crate) fall: Option<AccuracyFall>,
    /// How far training accuracy is above validation accuracy, if that is more than a point and more than noise.
    pub(crate) gap: Option<EndGap>,
}

/// What a rule has found.
pub(crate) struct Found {
    pub(crate) name: &'static str,
    pub(crate) severity: Severity,
    pub(crate) statement: String,
    pub(crate) rule: &'static str,
    pub(crate) numbers: Vec<(&'static str, f64)>,
    pub(crate) advice: String,
}

impl<'a> CurveFacts<'a> {
    pub(crate) fn new(results: &'a Results, recipe: &'a Recipe, run: &'a Run) -> CurveFacts<'a> {
        let series = |number: EpochNumber| EpochSeries::of(run, number);
        let mut facts = CurveFacts {
            results,
            recipe,
            run,
            train_loss: series(|row| row.train_loss).or_else(|| series(|row| row.loss)),
            train_accuracy: series(|row| row.train_accuracy).or_else(|| series(|row| row.accuracy)),
            val_loss: series(|row| row.val_loss),
            val_accuracy: series(|row| row.val_accuracy),
            rise: None,
            fall: None,
            gap: None,
        };
        facts.rise = facts.val_loss.as_ref().and_then(LossRise::of);
        facts.fall =
            facts.val_accuracy.as_ref().and_then(|series| AccuracyFall::of(series, results.n_validation));
        facts.gap = EndGap::of(&facts);
        facts
    }

    /// The row of the epoch whose weights were kept, where that is not the last one.
    pub(crate) fn kept(&self) -> Option<&'a Epoch> {
        let end = self.run.epochs.last()?;
        let kept = self.run.kept_epoch.filter(|kept| *kept != end.epoch)?;
        self.run.epochs.iter().find(|row| row.epoch == kept)
    }

    fn named(&self, found: Found) -> NamedFinding {
        // Counts are whole numbers in files too.
        let counts = ["epoch", "epochs", "units", "images"];
        let value = |name: &str, value: f64| match counts.iter().any(|count| name.ends_with(count)) {
            true => Value::from(value as u64),
            false => Value::from(value),
        };
        let numbers: Map<String, Value> =
            found.numbers.into_iter().map(|(name, number)| (name.to_string(), value(name, number))).collect();
        NamedFinding {
            run: Some(self.recipe.name.clone()),
            seed: self.run.seed,
            finding: found.name,
            severity: found.severity,
            statement: found.statement,
            rule: found.rule,
            numbers,
            advice: found.advice,
        }
    }
}

/// What is to be said of a run by its curve and its last numbers, in the order of the names.
///
/// A run that has diverged or stands at chance has no other finding of its curve: that explains the rest. Of a run that
/// failed otherwise nothing is said, because its curve ends where the failure was. Layers, which may explain why a run
/// has diverged or stands at chance, come last.
pub(crate) fn of_run(results: &Results, recipe: &Recipe, run: &Run) -> Vec<NamedFinding> {
    let facts = CurveFacts::new(results, recipe, run);
    let failed = failure::diverged(&facts).or_else(|| failure::chance_level(&facts));
    if run.has_failed && failed.is_none() {
        return Vec::new();
    }
    let of_curve = failed.map_or_else(|| by_rules(&facts), |failed| vec![failed]);
    of_curve.into_iter().chain(layers::of_run(run)).map(|found| facts.named(found)).collect()
}

/// What the curve of a run that has learned shows.
fn by_rules(facts: &CurveFacts) -> Vec<Found> {
    let rules: [fn(&CurveFacts) -> Option<Found>; 13] = [
        rise::val_loss_rising,
        rise::val_accuracy_falling,
        rise::over_confidence,
        gap::gap_without_harm,
        gap::gap,
        gap::underfitting,
        convergence::not_converged,
        convergence::not_converged_val,
        convergence::plateau,
        convergence::oscillating,
        convergence::learning_rate_too_low,
        lucky::lucky_epoch,
        running::running_average_artefact,
    ];
    rules.iter().filter_map(|rule| rule(facts)).collect()
}
