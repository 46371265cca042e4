//! Schedules that change nothing, go the other way, or do not come to their end.

use toile_nn::Schedule;

use crate::file::RunSettings;
use crate::warnings::StudyWarning;

/// `updates` are those of the whole training, if they are known.
pub(super) fn of(settings: &RunSettings, updates: Option<usize>) -> Vec<StudyWarning> {
    let Some(schedule) = &settings.schedule else { return Vec::new() };
    if settings.epochs == Some(0) {
        let is_constant = *schedule == Schedule::Constant;
        let none = StudyWarning::NothingTrained { setting: "schedule" };
        return if is_constant { Vec::new() } else { vec![none] };
    }
    let mut warnings = in_itself(schedule, settings);
    if let (Some((schedule, steps)), Some(updates)) = (length(schedule), updates)
        && steps > updates
    {
        warnings.push(StudyWarning::ScheduleTooLong { schedule, steps, updates });
    }
    if let Some(updates) = updates {
        let pieces =
            boundaries(schedule).iter().filter(|boundary| boundary.saturating_add(1) >= updates).count();
        if pieces > 0 {
            warnings.push(StudyWarning::PiecesAfterTheEnd { pieces, updates });
        }
    }
    warnings
}

/// The updates at which pieces end.
fn boundaries(schedule: &Schedule) -> &[usize] {
    match schedule {
        Schedule::Piecewise(piecewise) => &piecewise.boundaries,
        Schedule::Constant
        | Schedule::Cosine(_)
        | Schedule::Exponential(_)
        | Schedule::Polynomial(_)
        | Schedule::OneCycle(_) => &[],
    }
}

/// The updates until a schedule's end; for `exponential`, until its factor has worked once.
fn length(schedule: &Schedule) -> Option<(&'static str, usize)> {
    match schedule {
        Schedule::Constant | Schedule::Piecewise(_) => None,
        Schedule::Cosine(cosine) => {
            let warm = cosine.warmup_target.map_or(0, |_| cosine.warmup_steps);
            Some(("cosine", cosine.decay_steps.saturating_add(warm)))
        }
        Schedule::Exponential(exponential) => Some(("exponential", exponential.decay_steps)),
        Schedule::Polynomial(polynomial) => Some(("polynomial", polynomial.decay_steps)),
        Schedule::OneCycle(cycle) => Some(("one_cycle", cycle.steps)),
    }
}

fn in_itself(schedule: &Schedule, settings: &RunSettings) -> Vec<StudyWarning> {
    let rate = settings.optimizer.as_ref().map(|optimizer| optimizer.learning_rate());
    let mut warnings = Vec::new();
    match schedule {
        Schedule::Cosine(cosine) => {
            if cosine.alpha == 1.0 && cosine.warmup_target.is_none() {
                warnings.push(StudyWarning::FactorOfOne { of: "cosine", setting: "alpha" });
            }
            if cosine.warmup_steps > 0 && cosine.warmup_target.is_none() {
                warnings.push(StudyWarning::HalfAWarmup { given: "warmup_steps", lacks: "warmup_target" });
            }
            if cosine.warmup_steps == 0 && cosine.warmup_target.is_some() {
                warnings.push(StudyWarning::HalfAWarmup { given: "warmup_target", lacks: "warmup_steps" });
            }
        }
        Schedule::Exponential(exponential) => {
            let (of, setting, value) = ("exponential", "decay_rate", exponential.decay_rate);
            if value == 1.0 {
                warnings.push(StudyWarning::FactorOfOne { of, setting });
            } else if value > 1.0 {
                warnings.push(StudyWarning::Rises { of, setting, value });
            }
        }
        Schedule::Polynomial(polynomial) => {
            let value = polynomial.end_learning_rate;
            if rate.is_some_and(|rate| rate <= value) {
                let (of, setting) = ("polynomial", "end_learning_rate");
                warnings.push(StudyWarning::Rises { of, setting, value });
            }
        }
        Schedule::Constant | Schedule::Piecewise(_) | Schedule::OneCycle(_) => {}
    }
    warnings
}
