//! Settings that are valid, and yet do nothing, or other than their names say.

mod callbacks;
mod layers;
mod schedules;
mod searches;

use std::mem::discriminant;

use toile_nn::{Optimizer, Schedule};

use crate::check::DataShape;
use crate::check::draft::Draft;
use crate::check::tree::Node;
use crate::check::walk::Walk;
use crate::file::{RunSettings, default};
use crate::warnings::StudyWarning;

/// A warning about a setting, or about one item of its list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Effect {
    key: &'static str,
    item: Option<usize>,
    warning: StudyWarning,
}

impl Effect {
    fn of(key: &'static str, warning: StudyWarning) -> Effect {
        Effect { key, item: None, warning }
    }

    /// Whether it is about the same setting and of the same kind; its numbers may differ.
    fn is_like(&self, other: &Effect) -> bool {
        let same = discriminant(&self.warning) == discriminant(&other.warning);
        (self.key, self.item, same) == (other.key, other.item, true)
    }
}

/// All warnings of a study without faults.
pub(crate) fn check(draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    for (run, node) in draft.runs.iter().zip(draft.run_nodes()) {
        let effects = of_settings(&run.settings.or(&draft.defaults), draft, shape);
        tell(&effects, node, draft, walk);
    }
    for model in &draft.models {
        layers::check(model.entry.node.get("layers").map_or(&[][..], Node::items), walk);
    }
    for search in &draft.searches {
        searches::check(search, draft, shape, walk);
    }
}

/// What a training's settings do not do.
fn of_settings(settings: &RunSettings, draft: &Draft, shape: Option<DataShape>) -> Vec<Effect> {
    let updates = updates(settings, draft, shape);
    let mut effects: Vec<Effect> =
        settings.optimizer.iter().flat_map(|optimizer| of_optimizer(optimizer, settings)).collect();
    effects.extend(schedules::of(settings, updates).into_iter().map(|w| Effect::of("schedule", w)));
    if settings.epochs == Some(0) && settings.class_weight.as_ref().is_some_and(|weights| !weights.is_empty())
    {
        effects.push(Effect::of("class_weight", StudyWarning::NothingTrained { setting: "class_weight" }));
    }
    if settings.label_smoothing == Some(1.0) {
        effects.push(Effect::of("label_smoothing", StudyWarning::SmoothedToNothing));
    }
    let weights = settings.class_weight.iter().flatten().filter(|(_, weight)| weight.0 == 1.0);
    effects
        .extend(weights.map(|(label, _)| {
            Effect::of("class_weight", StudyWarning::WeightOfOne { label: label.clone() })
        }));
    for (index, callback) in settings.callbacks.iter().flatten().enumerate() {
        let warnings = callbacks::of(callback, settings, shape).into_iter();
        effects.extend(warnings.map(|warning| Effect { key: "callbacks", item: Some(index), warning }));
    }
    effects
}

fn of_optimizer(optimizer: &Optimizer, settings: &RunSettings) -> Vec<Effect> {
    let mut warnings = Vec::new();
    let schedule = settings.schedule.as_ref().unwrap_or(&Schedule::Constant);
    let scales = match schedule {
        Schedule::Constant | Schedule::Exponential(_) | Schedule::OneCycle(_) => true,
        Schedule::Cosine(_) | Schedule::Piecewise(_) | Schedule::Polynomial(_) => false,
    };
    if optimizer.learning_rate() == 0.0 && scales {
        warnings.push(StudyWarning::RateOfZero);
    }
    let common = optimizer.common();
    let clips = [
        ("clipnorm", common.clipnorm),
        ("clipvalue", common.clipvalue),
        ("global_clipnorm", common.global_clipnorm),
    ];
    let none = clips.into_iter().filter(|(_, limit)| *limit == Some(0.0));
    warnings.extend(none.map(|(setting, _)| StudyWarning::ClipsNothing { setting }));
    let steps_ahead_of_nothing = match optimizer {
        Optimizer::Sgd(sgd) => sgd.nesterov && sgd.momentum == 0.0,
        Optimizer::Adam(_) | Optimizer::AdamW(_) | Optimizer::Nadam(_) | Optimizer::RmsProp(_) => false,
    };
    if steps_ahead_of_nothing {
        warnings.push(StudyWarning::NesterovWithoutMomentum);
    }
    warnings.into_iter().map(|warning| Effect::of("optimizer", warning)).collect()
}

/// Updates of a whole training, if the data's size is known.
fn updates(settings: &RunSettings, draft: &Draft, shape: Option<DataShape>) -> Option<usize> {
    let (fraction, how) = (draft.study.validation_fraction(shape), draft.study.validation_how());
    let images = toile_data::n_train(shape?.images, fraction, how);
    let batch = settings.batch_size.unwrap_or(default::BATCH_SIZE).max(1);
    images.div_ceil(batch).checked_mul(settings.epochs?)
}

/// The warnings at the place of their settings: in the run or search, else in `[defaults]`.
fn tell(effects: &[Effect], node: &Node, draft: &Draft, walk: &mut Walk) {
    for Effect { key, item, warning } in effects {
        let shared = || draft.root.get("defaults").and_then(|defaults| defaults.get(key));
        let place = node.get(key).or_else(shared).unwrap_or(node);
        let place = item.and_then(|item| place.items().get(item)).unwrap_or(place);
        walk.warn(&place.span, warning.clone());
    }
}
