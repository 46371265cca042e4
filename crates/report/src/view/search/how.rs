//! What was searched and how: the facts of a search, the table of its space.

use toile_record::{SearchRecord, State};
use toile_tune::{Params, Sampler};

use super::analysis::SearchAnalysis;
use super::clock;
use crate::format::{self, plural};
use crate::plan::RecordedChoice;
use crate::section::Fact;
use crate::text;
use crate::view::settings::describe;

/// The states in the order in which they are listed.
const STATES: [State; 5] = [State::Complete, State::Pruned, State::Failed, State::Running, State::Waiting];

/// One line of the table of the space.
#[derive(Clone, Debug, PartialEq)]
pub struct SpaceRow {
    /// The parameter.
    pub name: String,
    /// `0.0001 to 0.1`
    pub range: String,
    /// `logarithmic`
    pub scale: String,
    /// `optimizer is adam`, or `always`.
    pub condition: String,
}

/// The table of the space.
pub(super) fn space(analysis: &SearchAnalysis) -> Vec<SpaceRow> {
    let row = |axis: &super::ParameterAxis| SpaceRow {
        name: axis.name.clone(),
        range: axis.range.clone(),
        scale: axis.scale.clone(),
        condition: if axis.condition.is_empty() { "always".to_owned() } else { axis.condition.clone() },
    };
    analysis.axes.iter().map(row).collect()
}

/// The facts of a search.
pub(super) fn facts(analysis: &SearchAnalysis) -> Vec<Fact> {
    let search = &analysis.records.search;
    let fact = |label, value| Fact { label, value, is_code: false };
    let mut facts = vec![
        fact("Objective", objectives(analysis)),
        fact("Sampler", choice_words(&analysis.settings.sampler, sampler_name(analysis))),
        fact("Pruner", choice_words(&analysis.settings.pruner, pruner_name(analysis))),
        fact("Order", order(search)),
        fact("Space", size(analysis)),
        fact("Budget", budget(analysis)),
        fact("Trials", states(analysis)),
        fact("Time", time(analysis)),
        fact("Seed", search.seed.to_string()),
    ];
    if !search.fingerprint.is_empty() {
        let value = text::name(&search.fingerprint, 400);
        facts.push(Fact { label: "Fingerprint", value, is_code: true });
    }
    facts
}

fn objectives(analysis: &SearchAnalysis) -> String {
    let words = analysis.metrics.iter().map(|metric| format!("{} ({})", metric.name, metric.better()));
    words.collect::<Vec<_>>().join("; ")
}

/// The sampler's title: `Gaussian process`. Of one that toile does not know, the name.
pub(super) fn sampler_name(analysis: &SearchAnalysis) -> String {
    let name = text::name(&analysis.settings.sampler.name, 60);
    match Sampler::named(&name) {
        Some(sampler) => sampler.title().to_owned(),
        None if name.is_empty() => "unknown".to_owned(),
        None => name,
    }
}

/// Whether the sampler draws every trial independently of the others.
pub(super) fn is_random(analysis: &SearchAnalysis) -> bool {
    Sampler::named(&analysis.settings.sampler.name).is_some_and(|sampler| sampler.is_random())
}

/// Whether the search tries every point of its space.
pub(super) fn is_exhaustive(analysis: &SearchAnalysis) -> bool {
    Sampler::named(&analysis.settings.sampler.name).is_some_and(|sampler| sampler.is_exhaustive())
}

fn pruner_name(analysis: &SearchAnalysis) -> String {
    match text::name(&analysis.settings.pruner.name, 60).as_str() {
        "none" | "" => "none: every trial runs to its end".to_owned(),
        other => other.replace('_', " "),
    }
}

/// `TPE (n_startup_trials 10, multivariate yes)`
fn choice_words<T>(choice: &RecordedChoice<T>, name: String) -> String {
    let settings = choice.settings.as_ref().map(describe).unwrap_or_default();
    if settings.is_empty() { name } else { format!("{name} ({settings})") }
}

fn order(search: &SearchRecord) -> String {
    match search.lag {
        None => "order-dependent: asynchronous, each trial knows what was finished when it began, so that another \
                 number of workers gives another search"
            .to_owned(),
        Some(0) => "reproducible: one after the other, each trial knows all before it".to_owned(),
        Some(lag) => format!(
            "reproducible in parallel: trial n knows the results up to trial n − {}, whichever trial ends first, so that any number of \
             workers gives the same search; up to {} trials run side by side",
            lag.saturating_add(1),
            format::count(lag as u64 + 1),
        ),
    }
}

/// The number of points of the space against the budget.
fn size(analysis: &SearchAnalysis) -> String {
    let search = &analysis.records.search;
    let n = analysis.axes.len();
    let conditional = analysis.axes.iter().filter(|axis| !axis.condition.is_empty()).count();
    let conditional =
        if conditional > 0 { format!(", {conditional} of them under conditions") } else { String::new() };
    let parameters = format!("{}{conditional}", plural(n, "parameter", "parameters"));
    let space = &analysis.settings.space;
    let most = search.n_trials.clamp(1, 100_000);
    let points = space.count_points(&Params::new()).and_then(|points| usize::try_from(points).ok());
    match points.filter(|&points| points <= most) {
        Some(points) if !space.params.is_empty() => {
            let tried = distinct(analysis);
            let of = plural(points, "point", "points");
            let does = if tried >= points {
                "all of them tried: exhaustive"
            } else {
                "no more than the search has trials"
            };
            let tried = if tried >= points { String::new() } else { format!("; {tried} tried so far") };
            format!("{parameters}; the whole space has {of}, {does}{tried}")
        }
        _ => format!("{parameters}; the space has more points than the search has trials"),
    }
}

/// Different configurations among the trials that have ended with a value or were pruned.
fn distinct(analysis: &SearchAnalysis) -> usize {
    let ended = |state| matches!(state, State::Complete | State::Pruned);
    let configurations: std::collections::BTreeSet<Vec<Option<u64>>> = analysis
        .trials
        .iter()
        .filter(|trial| ended(trial.record.state))
        .map(|trial| trial.params.iter().map(|value| value.map(f64::to_bits)).collect())
        .collect();
    configurations.len()
}

fn budget(analysis: &SearchAnalysis) -> String {
    let (search, limits) = (&analysis.records.search, &analysis.settings.limits);
    let mut parts = vec![plural(search.n_trials, "trial", "trials")];
    if search.seeds > 1 {
        parts.push(format!("{} seeds each", search.seeds));
    }
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    parts.extend(finite(limits.timeout).map(|s| format!("at most {} of time", format::duration(s))));
    let cpu = finite(limits.cpu_timeout);
    parts.extend(cpu.map(|s| format!("at most {} of processor time", format::duration(s))));
    let stagnation = finite(limits.stagnation);
    parts.extend(stagnation.map(|n| match n {
        1.0 => "at most 1 trial without improvement".to_owned(),
        n => format!("at most {n} trials without improvement"),
    }));
    parts.join(", ")
}

/// `45 complete, 12 pruned, 3 failed`
pub(super) fn states(analysis: &SearchAnalysis) -> String {
    let counted = STATES.map(|state| (analysis.count(state), state.name()));
    let parts: Vec<String> = counted
        .iter()
        .filter(|(n, name)| *n > 0 || *name == "complete")
        .map(|(n, name)| format!("{} {name}", format::count(*n as u64)))
        .collect();
    parts.join(", ")
}

fn time(analysis: &SearchAnalysis) -> String {
    let moment = |text: &Option<String>| text.as_deref().and_then(clock::seconds);
    let trials = || analysis.trials.iter().map(|trial| trial.record);
    let first = trials().filter_map(|trial| moment(&trial.started)).reduce(f64::min);
    let last = trials().filter_map(|trial| moment(&trial.completed)).reduce(f64::max);
    let mut parts = Vec::new();
    if let Some((first, last)) = first.zip(last).filter(|(first, last)| last >= first) {
        parts.push(format!("{} from the first start to the last end", format::duration(last - first)));
    }
    let sides = || trials().filter_map(|trial| trial.side.as_ref());
    let wall: f64 = sides().map(|side| side.wall_seconds).filter(|s| s.is_finite()).sum();
    if wall > 0.0 {
        parts.push(format!("{} of training", format::duration(wall)));
    }
    let cpu: f64 = sides().filter_map(|side| side.cpu_seconds).filter(|s| s.is_finite()).sum();
    if cpu > 0.0 {
        parts.push(format!("{} of processor time", format::duration(cpu)));
    }
    if parts.is_empty() { format::NONE.to_owned() } else { parts.join(", ") }
}
