//! What came out of a search, in sentences, and what to be careful of. Every word that could be wrong is computed.

use toile_record::{DataRecord, Part, Records, State};
use toile_stats::normal_quantile;
use toile_study::SearchPlan;
use toile_tune::Params;

use super::analysis::SearchAnalysis;
use super::best::BestTrial;
use super::compare::{ended, planned};
use super::how::{is_exhaustive, is_random};
use crate::facts::train_images;
use crate::format::{self, plural};
use crate::text;
use crate::view::warnings::{batch_warning, validation_chance};

/// Corners of a space that are looked at for the largest batch.
const MOST_CORNERS: usize = 200;
/// Failures that are described one by one.
const MOST_FAILURES: usize = 3;

/// The sentences of a search.
pub(super) fn sentences(
    records: &Records,
    analysis: &SearchAnalysis,
    best: Option<&BestTrial>,
) -> Vec<String> {
    let mut sentences: Vec<String> = progress(analysis).into_iter().collect();
    sentences.extend(best.map(|best| best_trial(analysis, best)));
    sentences.extend(equals(analysis));
    sentences.extend(within_margin(records, analysis));
    sentences.extend(last_improvement(analysis));
    sentences.extend(infinite(analysis));
    sentences.extend(infeasible(analysis));
    sentences.extend(failures(analysis));
    sentences.extend(overflows(analysis));
    sentences.extend(taken_over(analysis));
    sentences
}

/// How far the search is; nothing if every trial is complete.
fn progress(analysis: &SearchAnalysis) -> Option<String> {
    let planned = planned(analysis);
    let states = super::how::states(analysis);
    let trials = plural(planned, "trial", "trials");
    match (analysis.trials.len(), ended(analysis)) {
        (0, _) => Some(format!("None of the {trials} has begun.")),
        (_, done) if done == planned && analysis.count(State::Complete) == planned => None,
        (1, 1) if planned == 1 => Some(format!("The one trial has ended: {states}.")),
        (_, done) if done == planned => Some(format!("All {trials} have ended: {states}.")),
        (_, done) => Some(format!("{} of {trials} have ended: {states}.", format::count(done as u64))),
    }
}

fn best_trial(analysis: &SearchAnalysis, best: &BestTrial) -> String {
    let interval = best.interval.as_ref().map_or_else(String::new, |interval| format!(" ({interval})"));
    let first = if analysis.metrics.len() > 1 { " by the first objective" } else { "" };
    let chance = if best.is_at_chance { "; that is at chance" } else { "" };
    let title = if best.is_at_chance { "Highest" } else { "Best" };
    let with = match best.params_text() {
        params if params.is_empty() => String::new(),
        params => format!(", with {params}"),
    };
    format!(
        "{title}{first} is trial {}: {} {}{interval}{with}{chance}.",
        best.number,
        analysis.metric().name,
        best.value_text
    )
}

/// Trials that are as good as the one that is named the best.
fn equals(analysis: &SearchAnalysis) -> Option<String> {
    let others = analysis.equals_of_best().len().checked_sub(1)?;
    let which = if analysis.metrics.len() > 1 { "first value" } else { "value" };
    let have = plural(others, "other trial has", "other trials have");
    (others > 0).then(|| format!("{} the same {which}; of equal trials the first is named.", have))
}

/// Trials that cannot be distinguished from the best one on the validation images.
fn within_margin(records: &Records, analysis: &SearchAnalysis) -> Option<String> {
    let images = records.study.data.n_images(Part::Validation);
    let best_place = analysis.best?;
    let best = analysis.trials[best_place].counted[0]?;
    if analysis.metric().key != "val_accuracy" || images == 0 || !(0.0..=1.0).contains(&best) {
        return None;
    }
    let margin = normal_quantile(0.975) * (2.0 * best * (1.0 - best) / images as f64).sqrt();
    // Of accuracies of 0 and 1 the formula has no error: only equal ones are near, and they are named before.
    if margin == 0.0 {
        return None;
    }
    let is_near = |value: f64| (best - value).abs() <= margin;
    let others = analysis.trials.iter().enumerate().filter(|(place, _)| *place != best_place);
    let near = others.filter(|(_, trial)| trial.counted[0].is_some_and(is_near)).count();
    let margin = format!(
        "{} of it, the 95 % sampling error of a difference between two accuracies on {}",
        format::metric(margin),
        plural(images, "image", "images")
    );
    let compared = analysis.trials.iter().filter(|trial| trial.value.is_some()).count();
    (compared > 1).then(|| match near {
        0 => format!("No other trial comes within {margin}."),
        1 => format!("One other trial lies within {margin}."),
        n => format!("{} other trials lie within {margin}.", format::count(n as u64)),
    })
}

/// How long a search that proposes by what it has seen went on without finding better.
fn last_improvement(analysis: &SearchAnalysis) -> Option<String> {
    /// Fewer say nothing.
    const FEWEST: usize = 10;
    if is_random(analysis) || is_exhaustive(analysis) {
        return None;
    }
    let best = analysis.trials[analysis.best?].record.number;
    // A trial that broke a constraint or ended without a finite value was not compared with it.
    let after = analysis.trials.iter().filter(|trial| trial.record.number > best && trial.value.is_some());
    let after = after.count();
    (after >= FEWEST).then(|| {
        format!("{} after it did not better it.", plural(after, "complete trial", "complete trials"))
    })
}

fn infinite(analysis: &SearchAnalysis) -> Option<String> {
    let complete = analysis.trials.iter().filter(|trial| trial.record.state == State::Complete);
    let n = complete.filter(|trial| trial.shown.is_none()).count();
    (n > 0).then(|| {
        format!(
            "{} without a finite value; {} left out of the ranking and of the charts.",
            plural(n, "trial ended", "trials ended"),
            if n == 1 { "it is" } else { "they are" }
        )
    })
}

fn infeasible(analysis: &SearchAnalysis) -> Option<String> {
    let complete = analysis.trials.iter().filter(|trial| trial.record.state == State::Complete);
    let n = complete.filter(|trial| trial.shown.is_some() && trial.value.is_none()).count();
    let them = if n == 1 { "it" } else { "them" };
    (n > 0).then(|| {
        format!("{} a constraint, which rules {them} out.", plural(n, "trial broke", "trials broke"))
    })
}

fn failures(analysis: &SearchAnalysis) -> Option<String> {
    let failed: Vec<_> = analysis.trials.iter().filter(|trial| trial.record.state == State::Failed).collect();
    let reason = |trial: &&super::analysis::AnalysedTrial| {
        let why = trial.record.side.as_ref().and_then(|side| side.reason());
        let why = why.map_or_else(|| "no reason was recorded".to_owned(), |why| text::name(&why, 200));
        format!("trial {}: {why}", trial.record.number)
    };
    let described: Vec<String> = failed.iter().take(MOST_FAILURES).map(reason).collect();
    let more = match failed.len().saturating_sub(MOST_FAILURES) {
        0 => String::new(),
        n => format!("; and {}", plural(n, "other", "others")),
    };
    let failed = plural(failed.len(), "trial failed", "trials failed");
    (!described.is_empty()).then(|| format!("{failed}. {}{more}.", capital(&described.join("; "))))
}

/// Trials that count although their loss overflowed: by an epoch from before.
fn overflows(analysis: &SearchAnalysis) -> Option<String> {
    let complete = analysis.trials.iter().filter(|trial| trial.record.state == State::Complete);
    let of = |trial: &super::analysis::AnalysedTrial| {
        let why = trial.record.side.as_ref()?.reason()?;
        Some(format!("trial {}: {}", trial.record.number, text::name(&why, 200)))
    };
    let described: Vec<String> = complete.filter_map(of).collect();
    let more = match described.len().saturating_sub(MOST_FAILURES) {
        0 => String::new(),
        n => format!("; and {}", plural(n, "other", "others")),
    };
    let shown = capital(&described[..described.len().min(MOST_FAILURES)].join("; "));
    let count = plural(described.len(), "trial overflowed", "trials overflowed");
    (!described.is_empty()).then(|| format!("{count} after an epoch that counts. {shown}{more}."))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn taken_over(analysis: &SearchAnalysis) -> Option<String> {
    let again =
        analysis.trials.iter().filter_map(|trial| trial.record.side.as_ref()).filter(|side| side.attempt > 1);
    let n = again.count();
    (n > 0).then(|| {
        format!(
            "{} than one attempt: interrupted and gone on with, or taken over because a worker was lost.",
            plural(n, "trial took more", "trials took more")
        )
    })
}

/// Whether the best trial is at chance, where it is judged by its accuracy on the validation images.
pub(super) fn chance(data: &DataRecord, analysis: &SearchAnalysis) -> Option<String> {
    let best = &analysis.trials[analysis.best?];
    let metric = analysis.metric();
    let is_accuracy = metric.key == "val_accuracy" && metric.maximize;
    let why = validation_chance(data, best.value.filter(|_| is_accuracy)?)?;
    Some(format!("Even the best trial, {}, shows nothing: {why}.", best.record.number))
}

/// Whether a value that should be an accuracy is none, as one in per cent.
fn no_fraction(analysis: &SearchAnalysis) -> Option<String> {
    let outside = |objective: usize| {
        let values = analysis
            .trials
            .iter()
            .filter_map(move |trial| Some((trial, *trial.record.values.get(objective)?)));
        values.filter(|(_, value)| value.is_finite() && !(0.0..=1.0).contains(value))
    };
    let is_accuracy = |objective: &usize| analysis.metrics[*objective].key.ends_with("accuracy");
    let objective = (0..analysis.metrics.len()).filter(is_accuracy).find(|i| outside(*i).next().is_some())?;
    let (trial, value) = outside(objective).next()?;
    Some(format!(
        "{} that is no fraction from 0 to 1 (trial {}: {}): where it is in per cent, it cannot be compared with what toile \
         measures.",
        plural(outside(objective).count(), "trial has an accuracy", "trials have an accuracy"),
        trial.record.number,
        format::metric(value)
    ))
}

/// Whether trials may have batches larger than the training part.
fn large_batch(data: &DataRecord, analysis: &SearchAnalysis) -> Option<String> {
    let largest = largest_batch(&SearchPlan::from_record(&analysis.records.search)?)?;
    Some(format!("In some trials {}.", batch_warning(largest, train_images(data))?))
}

/// The largest batch that a trial of a search may have.
pub fn largest_batch(plan: &SearchPlan) -> Option<u64> {
    let batch = |params: &Params| Some(plan.settings(params, plan.seed).ok()?.batch_size as u64);
    plan.corners(MOST_CORNERS).iter().filter_map(batch).max()
}

/// What to be careful of, apart from what the algorithms find.
pub(super) fn warnings(data: &DataRecord, analysis: &SearchAnalysis) -> Vec<String> {
    let mut warnings: Vec<String> =
        chance(data, analysis).into_iter().chain(large_batch(data, analysis)).collect();
    if analysis.others > 0 {
        let one = analysis.others == 1;
        warnings.push(format!(
            "{} of this name {} not lie in the ranges as the study file has them now, and {} not counted here.",
            plural(analysis.others, "trial", "trials"),
            if one { "does" } else { "do" },
            if one { "is" } else { "are" },
        ));
    }
    warnings.extend(no_fraction(analysis));
    if analysis.metrics.iter().any(|metric| metric.key == "milliseconds") {
        warnings.push(
            "Milliseconds come from a clock: they depend on the machine and on what else it did, and no other run will \
             give the same."
                .to_owned(),
        );
    }
    if analysis.settings.limits.times_are_local() {
        warnings.push(
            "Times are as another program wrote them, without a zone: Optuna before 5.0 wrote the local time of its \
             machine. They are shown as if they were UTC."
                .to_owned(),
        );
    }
    warnings
}
