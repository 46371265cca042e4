//! Callbacks that cannot act.

use toile_nn::Callback;
use toile_record::{Direction, Metric};

use crate::check::DataShape;
use crate::file::RunSettings;
use crate::warnings::StudyWarning;

pub(super) fn of(callback: &Callback, settings: &RunSettings, shape: Option<DataShape>) -> Vec<StudyWarning> {
    let epochs = settings.epochs.unwrap_or(usize::MAX);
    if epochs == 0 {
        return vec![StudyWarning::NothingTrained { setting: callback.name() }];
    }
    let rate = settings.optimizer.as_ref().map(|optimizer| optimizer.learning_rate());
    let name = callback.name();
    let mut warnings = Vec::new();
    // The first epoch is the best so far; then it waits, and acts on the epochs that follow.
    let mut waits = |waits: usize| {
        if waits.saturating_add(1) >= epochs {
            warnings.push(StudyWarning::WaitsTooLong { callback: name, waits, epochs });
        }
    };
    match callback {
        Callback::EarlyStopping(stopping) => {
            waits(stopping.start_from_epoch.saturating_add(stopping.patience));
            let baseline = stopping.baseline.filter(|value| !can_be(stopping.monitor, *value));
            warnings.extend(baseline.map(|value| StudyWarning::NotAFraction { setting: "baseline", value }));
        }
        Callback::ReduceLrOnPlateau(plateau) => {
            waits(plateau.patience);
            let factor = plateau.factor;
            if factor == 1.0 {
                warnings.push(StudyWarning::FactorOfOne { of: name, setting: "factor" });
            } else if factor == 0.0 && plateau.min_lr == 0.0 {
                warnings.push(StudyWarning::FactorOfZero);
            }
            let min_lr = plateau.min_lr;
            if let Some(learning_rate) = rate.filter(|rate| *rate <= min_lr && min_lr > 0.0) {
                warnings.push(StudyWarning::FloorAboveRate { min_lr, learning_rate });
            }
        }
        Callback::BestWeights(_) => {}
    }
    let min_delta = match callback {
        Callback::EarlyStopping(stopping) => stopping.min_delta,
        Callback::ReduceLrOnPlateau(plateau) => plateau.min_delta,
        Callback::BestWeights(_) => 0.0,
    };
    if callback.monitor().direction() == Direction::Maximize && min_delta >= 1.0 {
        warnings.push(StudyWarning::NeverImproves { callback: name, min_delta });
    }
    warnings.extend(top_five(callback.monitor(), shape));
    warnings
}

/// The accuracy within five guesses says nothing where there are no more classes.
pub(super) fn top_five(metric: Metric, shape: Option<DataShape>) -> Option<StudyWarning> {
    let classes = shape?.classes;
    let is_constant = metric.name().contains("top_5") && classes <= 5;
    is_constant.then(|| StudyWarning::TopFiveOfFew { metric: metric.name(), classes })
}

/// Whether a metric can have a value: accuracies are fractions.
pub(super) fn can_be(metric: Metric, value: f64) -> bool {
    metric.direction() == Direction::Minimize || (0.0..=1.0).contains(&value)
}
