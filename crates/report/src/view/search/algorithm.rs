//! What the algorithms of `tune` say of a search: importance, findings, the front, the expected best.

use std::collections::BTreeMap;

use toile_record::State;
use toile_tune::{
    Distribution, Edge, Finding, MIN_TRIALS, Params, Sampler, SearchResults, Seed, Space, Trial, findings,
    importance, pareto_front,
};

use super::analysis::{AnalysedTrial, SearchAnalysis};
use super::best::repetitions;
use super::spots::{Range, Spot, range, spots, thin, thinned};
use crate::format;
use crate::text;

/// Complete trials beyond these are thinned out before importance is resampled.
const MOST_RESAMPLED: usize = 2_000;
/// Parameters of the importance chart.
const MOST_BARS: usize = 16;
/// Trials of the chart of two objectives.
const MOST_SPOTS: usize = 1_500;

/// One parameter's importance.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// The parameter.
    pub name: String,
    /// Its share of all.
    pub value: f64,
    /// Where 95 % of the resamples begin and end.
    pub interval: (f64, f64),
}

/// The importance of the parameters, or why it is not given.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Shares {
    /// The largest first.
    pub shares: Vec<Share>,
    /// How to read it, or why it is missing.
    pub note: String,
}

/// Two objectives against each other.
#[derive(Clone, Debug, PartialEq)]
pub struct ParetoFront {
    /// Trials with both values; `is_best` marks those of the front.
    pub spots: Vec<Spot>,
    /// The front from left to right.
    pub line: Vec<(f64, f64)>,
    /// What the axis across shows.
    pub x: Range,
    /// What the axis upwards shows.
    pub y: Range,
    /// What is on the front, and what is not drawn.
    pub note: String,
}

/// A search as `tune` sees it.
pub(super) struct TuneInput<'a> {
    pub space: &'a Space,
    pub trials: Vec<Trial>,
}

/// Reads a search for the algorithms: what does not belong to its space is left out.
pub(super) fn input<'a>(analysis: &'a SearchAnalysis) -> TuneInput<'a> {
    let space = &analysis.settings.space;
    let trials = analysis.trials.iter().filter_map(|trial| one(trial, space)).collect();
    TuneInput { space, trials }
}

fn one(trial: &AnalysedTrial, space: &Space) -> Option<Trial> {
    let record = trial.record;
    let state = match record.state {
        State::Waiting => return None,
        State::Running => State::Running,
        State::Complete => State::Complete,
        State::Pruned => State::Pruned,
        State::Failed => State::Failed,
    };
    let fits = |param: &&toile_record::ParamRecord| {
        space.get(&param.name).is_some_and(|known| known.distribution.contains(param.value))
    };
    Some(Trial {
        number: record.number,
        state,
        params: record.params.iter().filter(fits).map(|param| (param.name.clone(), param.value)).collect(),
        values: if state == State::Complete { record.values.clone() } else { Vec::new() },
        intermediate: record.intermediate.iter().copied().collect(),
        rungs: Vec::new(),
        constraints: record.constraints(),
    })
}

/// The importance of each parameter for the first objective.
pub(super) fn shares(analysis: &SearchAnalysis, input: &TuneInput) -> Shares {
    let complete: Vec<usize> =
        (0..input.trials.len()).filter(|&i| input.trials[i].state == State::Complete).collect();
    let kept = thin(&complete, MOST_RESAMPLED, None);
    let trials: Vec<Trial> = kept.iter().map(|&i| input.trials[i].clone()).collect();
    let seed = Seed::new(analysis.records.search.seed);
    match importance(input.space, &trials, analysis.metric().direction(), seed) {
        Err(_) if analysis.axes.len() < 2 => Shares::default(),
        // The warnings say so.
        Err(_) if is_too_few(input) => Shares::default(),
        Err(refusal) => Shares { shares: Vec::new(), note: format!("No importance is given: {refusal}.") },
        Ok(found) if found.len() < 2 => Shares::default(),
        Ok(found) => Shares {
            note: format!(
                "Importance for reaching the best tenth (PED-ANOVA), the whiskers 95 % of resamples of {}.{}",
                format::plural(trials.len(), "trial", "trials"),
                if found.len() > MOST_BARS { " The less important ones are not drawn." } else { "" }
            ),
            shares: found
                .into_iter()
                .take(MOST_BARS)
                .map(|one| Share {
                    name: text::name(&one.name, 60),
                    value: one.value,
                    interval: (one.low, one.high),
                })
                .collect(),
        },
    }
}

/// Whether a warning says that the trials are too few for it: see [`Finding::TooFewTrials`].
fn is_too_few(input: &TuneInput) -> bool {
    let complete = input.trials.iter().filter(|trial| trial.state == State::Complete).count();
    let points = input.space.count_points(&Params::new());
    complete < MIN_TRIALS && points.is_none_or(|points| points > complete as u128)
}

/// The axes by importance, or in the order of how many trials have them.
pub(super) fn ordered_axes(analysis: &SearchAnalysis, shares: &Shares) -> Vec<usize> {
    let having = |axis: usize| {
        analysis.trials.iter().filter(|trial| trial.value.is_some() && trial.params[axis].is_some()).count()
    };
    let share = |axis: usize| {
        let found = shares.shares.iter().find(|share| share.name == analysis.axes[axis].name);
        found.map_or(0.0, |share| share.value)
    };
    let mut axes: Vec<usize> = (0..analysis.axes.len()).filter(|&axis| having(axis) > 0).collect();
    let most = analysis.ranked().len();
    // Two parameters of different optimizers never meet in a trial; without importance those that most trials have come
    // first.
    axes.sort_by(|&a, &b| {
        share(b)
            .total_cmp(&share(a))
            .then((having(b) * 4 / most.max(1)).cmp(&(having(a) * 4 / most.max(1))))
            .then(a.cmp(&b))
    });
    axes
}

/// What limits the search, in sentences.
pub(super) fn warnings(analysis: &SearchAnalysis, input: &TuneInput) -> Vec<String> {
    let other = Sampler::Random(Default::default());
    let sampler = analysis.settings.sampler.typed.as_ref().unwrap_or(&other);
    let directions: Vec<_> = analysis.metrics.iter().map(|metric| metric.direction()).collect();
    let key = &analysis.metric().key;
    let repeats: BTreeMap<usize, Vec<f64>> = analysis
        .trials
        .iter()
        .filter_map(|trial| {
            Some((trial.record.number, repetitions(trial.record, key).filter(|values| values.len() > 1)?))
        })
        .collect();
    let results = SearchResults {
        space: input.space,
        sampler,
        directions: &directions,
        trials: &input.trials,
        repeats: &repeats,
    };
    let found = findings(&results);
    found.iter().filter(|one| is_of_all_equals(analysis, one)).map(|one| sentence(analysis, one)).collect()
}

/// Whether what is found of the best trial's parameter holds of all trials that are equal to it.
fn is_of_all_equals(analysis: &SearchAnalysis, finding: &Finding) -> bool {
    let Finding::BestAtEdge { param, .. } = finding else { return true };
    let Some(axis) = analysis.axes.iter().position(|axis| axis.name == *param) else { return true };
    let equals = analysis.equals_of_best();
    let mut values = equals.iter().map(|&trial| analysis.trials[trial].params[axis]);
    let first = values.next();
    values.all(|value| Some(value) == first)
}

fn sentence(analysis: &SearchAnalysis, finding: &Finding) -> String {
    let name = |param: &str| text::name(param, 60);
    match finding {
        Finding::BestAtEdge { param, edge, value, bound, trial } => {
            let (end, most, beyond) = match edge {
                Edge::Low => ("low", "smallest", "smaller"),
                Edge::High => ("high", "largest", "larger"),
            };
            let place = match is_choice(analysis, param) {
                true => format!("the {most} of the choices"),
                false => format!("at the {end} end of its range ({})", choice(bound)),
            };
            format!(
                "The best trial, {trial}, has {} {}, {place}: a {beyond} value may be better still.",
                name(param),
                choice(value)
            )
        }
        Finding::OneFactor { params } => {
            let names: Vec<String> = params.iter().take(12).map(|param| name(param)).collect();
            let list = names.join(", ");
            match params.len() {
                1 => format!(
                    "Only {list} was varied: what is best together with other values of what was held fixed is not known."
                ),
                _ => format!(
                    "One factor was varied at a time ({list}): how they act together is not known, and the best combination \
                     may not have been tried."
                ),
            }
        }
        Finding::TooFewTrials { complete, needed } => format!(
            "The budget is too small to say which parameters matter: {}, and {needed} are needed.",
            format::plural(*complete, "complete trial", "complete trials")
        ),
        Finding::OnlyStartup { trials, startup } => format!(
            "The sampler has not proposed anything yet: it draws its first {startup} trials without regard to the others, and \
             there {} {trials}.",
            if *trials == 1 { "is" } else { "are" }
        ),
        Finding::Undecided { best, runner_up, difference, standard_error } => format!(
            "Trial {best} is not distinguishable from trial {runner_up}: they differ by {}, with a standard error of {}.",
            analysis.metric().text(*difference),
            analysis.metric().text(*standard_error)
        ),
        Finding::LinearRate { param, low, high } => format!(
            "{} was searched from {} to {} on a linear scale: small values had hardly a chance; use `log = true`.",
            name(param),
            format::significant(*low),
            format::significant(*high)
        ),
    }
}

/// Whether a parameter has choices and no range.
fn is_choice(analysis: &SearchAnalysis, param: &str) -> bool {
    let known = analysis.settings.space.get(param);
    known.is_some_and(|known| matches!(known.distribution, Distribution::Categorical { .. }))
}

fn choice(choice: &toile_tune::Choice) -> String {
    match choice {
        toile_tune::Choice::Float(value) => format::significant(*value),
        other => text::name(&other.to_string(), 60),
    }
}

/// The front of a search with two objectives.
pub(super) fn front(analysis: &SearchAnalysis) -> Option<ParetoFront> {
    let [first, second] = &analysis.metrics[..] else { return None };
    let values = |i: usize| {
        let counted = &analysis.trials[i].counted;
        Some((counted[0]?, counted[1]?))
    };
    let valued: Vec<usize> = (0..analysis.trials.len()).filter(|&i| values(i).is_some()).collect();
    let points: Vec<Vec<f64>> = valued.iter().filter_map(|&i| values(i)).map(|(a, b)| vec![a, b]).collect();
    let on_front = pareto_front(&points, &[first.direction(), second.direction()]);
    let on_front: Vec<usize> = on_front.into_iter().map(|place| valued[place]).collect();
    let mut drawn = thin(&valued, MOST_SPOTS, None);
    drawn.retain(|i| !on_front.contains(i));
    drawn.extend(thin(&on_front, 300, None));
    let mut marks = spots(analysis, &drawn, |i| Some(values(i)?.1), |i| Some(values(i)?.0));
    let is_on = |number: usize| on_front.iter().any(|&i| analysis.trials[i].record.number == number);
    marks.iter_mut().for_each(|spot| spot.is_best = is_on(spot.number));
    let mut line: Vec<(f64, f64)> = on_front.iter().filter_map(|&i| values(i)).map(|(a, b)| (b, a)).collect();
    line.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let of = |k: usize| points.iter().map(|point| point[k]).collect::<Vec<f64>>();
    Some(ParetoFront {
        note: format!(
            "{} on the front: no other trial is as good in both and better in one.{}",
            format::plural(on_front.len(), "trial lies", "trials lie"),
            thinned(valued.len(), drawn.len())
        ),
        spots: marks,
        line,
        x: range(&of(1), second)?,
        y: range(&of(0), first)?,
    })
}
