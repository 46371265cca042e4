//! Searches whose sampler, pruner or limits cannot work, or that look for the worst.

use toile_tune::Pruner;

use super::{Effect, callbacks::can_be, callbacks::top_five, of_settings, tell};
use crate::check::DataShape;
use crate::check::draft::{Draft, SearchDraft, with_defaults};
use crate::check::rules::runs::has_validation;
use crate::check::walk::Walk;
use crate::file::RunSettings;
use crate::plan::search_plan::{Objective, TrialBudget, objectives};
use crate::space::{corners, template};
use crate::warnings::StudyWarning;

/// Points of a search's space at which its trials' settings are looked at, at most.
const MAX_CORNERS: usize = 64;

pub(super) fn check(search: &SearchDraft, draft: &Draft, shape: Option<DataShape>, walk: &mut Walk) {
    let objectives = objectives(&search.table, has_validation(draft));
    let trials = trials(search, draft);
    let points = search.space.space().count_points(&search.fixed);
    let n_trials = TrialBudget::of(&search.table, points, objectives.len()).n_trials;
    let mut effects = settings(&trials, draft, shape);
    effects.extend(directions(&objectives));
    let constant = objectives.iter().filter_map(|objective| top_five(objective.metric, shape));
    effects.extend(constant.map(|warning| Effect::of("metric", warning)));
    effects.extend(limits(search, n_trials));
    if let Some(pruner) = &search.table.pruner {
        let epochs = trials.iter().filter_map(|trial| trial.epochs).max().unwrap_or(usize::MAX);
        let seeds = search.table.settings.seeds.unwrap_or(1);
        let mut warnings = pruning(pruner, epochs, seeds, n_trials);
        warnings.extend(bounds(pruner, &objectives));
        effects.extend(warnings.into_iter().map(|warning| Effect::of("pruner", warning)));
    }
    tell(&effects, search.node, draft, walk);
}

/// The settings of trials at the corners of the space.
fn trials(search: &SearchDraft, draft: &Draft) -> Vec<RunSettings> {
    let mut space = search.space.space();
    space.params.truncate(search.n_own);
    let all = with_defaults(&search.settings, &draft.defaults);
    let filled = |corner| serde_json::from_value(template::fill(&all, &corner)?).ok();
    corners(&space, MAX_CORNERS).into_iter().filter_map(filled).collect()
}

/// What holds of every trial: a range may hold values that do nothing.
fn settings(trials: &[RunSettings], draft: &Draft, shape: Option<DataShape>) -> Vec<Effect> {
    let mut all = trials.iter().map(|trial| of_settings(trial, draft, shape));
    let first = all.next().unwrap_or_default();
    all.fold(first, |mut common, of_trial| {
        common.retain(|effect| of_trial.iter().any(|other| other.is_like(effect)));
        common
    })
}

fn directions(objectives: &[Objective]) -> Vec<Effect> {
    let against = objectives.iter().filter(|objective| objective.direction != objective.metric.direction());
    let warning = |objective: &Objective| StudyWarning::AgainstItsNature {
        metric: objective.metric.name(),
        direction: objective.direction,
    };
    against.map(|objective| Effect::of("direction", warning(objective))).collect()
}

fn limits(search: &SearchDraft, n_trials: usize) -> Vec<Effect> {
    let table = &search.table;
    let mut effects = Vec::new();
    if let Some(stagnation) = table.stagnation.filter(|stagnation| *stagnation >= n_trials) {
        effects.push(Effect::of("stagnation", StudyWarning::NeverStagnates { stagnation, n_trials }));
    }
    if search.first.len() > n_trials {
        let first = search.first.len();
        effects.push(Effect::of("first", StudyWarning::FirstBeyondTrials { first, n_trials }));
    }
    if let Some(sampler) = &table.sampler {
        let (what, after) = (sampler.name(), sampler.n_startup_trials());
        if after >= n_trials && after > 0 {
            effects.push(Effect::of("sampler", StudyWarning::BeginsTooLate { what, after, n_trials }));
        }
    }
    effects
}

fn pruning(pruner: &Pruner, epochs: usize, seeds: usize, n_trials: usize) -> Vec<StudyWarning> {
    let name = pruner.name();
    let mut warnings = Vec::new();
    let mut late = |first: usize, of: usize, unit| {
        if first >= of {
            warnings.push(StudyWarning::PrunesTooLate { pruner: name, first, of, unit });
        }
    };
    let startup = match pruner {
        Pruner::None => 0,
        Pruner::Median(median) => {
            late(median.n_warmup_steps, epochs, "epochs");
            median.n_startup_trials
        }
        Pruner::Percentile(percentile) => {
            late(percentile.n_warmup_steps, epochs, "epochs");
            percentile.n_startup_trials
        }
        Pruner::SuccessiveHalving(halving) => {
            let power = u32::try_from(halving.min_early_stopping_rate).unwrap_or(u32::MAX);
            let factor = halving.reduction_factor.saturating_pow(power);
            late(halving.min_resource.unwrap_or(1).saturating_mul(factor), epochs, "epochs");
            0
        }
        Pruner::Hyperband(hyperband) => {
            late(hyperband.min_resource, epochs, "epochs");
            0
        }
        Pruner::Patient(patient) => {
            late(patient.patience.saturating_add(1), epochs, "epochs");
            let inner = patient.pruner.as_deref().map(|inner| pruning(inner, epochs, seeds, n_trials));
            warnings.extend(inner.unwrap_or_default());
            0
        }
        Pruner::Threshold(threshold) => {
            late(threshold.n_warmup_steps, epochs, "epochs");
            0
        }
        Pruner::Wilcoxon(wilcoxon) => {
            late(wilcoxon.n_startup_steps, seeds, "seeds");
            0
        }
    };
    if startup >= n_trials && startup > 0 {
        warnings.push(StudyWarning::BeginsTooLate { what: name, after: startup, n_trials });
    }
    warnings
}

/// Bounds of an accuracy that are no fractions.
fn bounds(pruner: &Pruner, objectives: &[Objective]) -> Vec<StudyWarning> {
    let [objective] = objectives else { return Vec::new() };
    let named = match pruner {
        Pruner::Threshold(threshold) => [("lower", threshold.lower), ("upper", threshold.upper)],
        Pruner::None
        | Pruner::Median(_)
        | Pruner::Percentile(_)
        | Pruner::SuccessiveHalving(_)
        | Pruner::Hyperband(_)
        | Pruner::Patient(_)
        | Pruner::Wilcoxon(_) => return Vec::new(),
    };
    let outside = |(setting, value): (&'static str, Option<f64>)| {
        let value = value.filter(|value| !can_be(objective.metric, *value))?;
        Some(StudyWarning::NotAFraction { setting, value })
    };
    named.into_iter().filter_map(outside).collect()
}
