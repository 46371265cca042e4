//! The best runs by validation: which, how many are equal, which lie near, and what the test set says of them.

use toile_record::Records;

use super::super::ranking::{TEST_ACCURACY, VAL_ACCURACY};
use super::super::{Ranking, RunGroup};
use super::{KeyFigure, figure};
use crate::facts::accuracy_interval;
use crate::format;
use crate::text;

/// Names of a sentence; of more runs only the number is said.
const MOST_NAMES: usize = 4;

/// Where even the best is at chance.
const AT_CHANCE: &str = "that is at chance: no better than always saying the most frequent class";

/// The best validation accuracy and what the test says of it, large. Of equal runs none stands for the others.
pub(super) fn figures(records: &Records, groups: &[RunGroup], ranking: &Ranking) -> Vec<KeyFigure> {
    let best = ranking.best();
    let Some(val) = best.first().and_then(|&i| groups[i].metric(VAL_ACCURACY)) else { return Vec::new() };
    let names: Vec<&str> = best.iter().map(|&i| groups[i].name.as_str()).collect();
    let detail = match names.len() {
        0..=MOST_NAMES => names.join(", "),
        n => format!("{} equal runs", format::count(n as u64)),
    };
    let label = match is_at_chance(groups, &best) {
        true => "highest validation accuracy, at chance",
        false => "best validation accuracy",
    };
    let mut figures = vec![figure(val.mean_text(), label, detail)];
    figures.extend(tests(groups, &best).map(|(low, high)| match best.len() {
        1 => figure(format::metric(high), "its test accuracy", sampling_error(high, records)),
        _ if low == high => {
            figure(format::metric(high), "their test accuracy", sampling_error(high, records))
        }
        _ => {
            let value = format!("{}–{}", format::metric(low), format::metric(high));
            figure(value, "their test accuracies", "lowest and highest of the equal runs".to_owned())
        }
    }));
    figures
}

/// Whether none of these groups is better than always saying one class.
fn is_at_chance(groups: &[RunGroup], of: &[usize]) -> bool {
    of.iter().all(|&i| groups[i].warnings.is_at_chance)
}

/// The lowest and the highest test accuracy of these groups.
fn tests(groups: &[RunGroup], of: &[usize]) -> Option<(f64, f64)> {
    let tested = || of.iter().filter_map(|&i| Some(groups[i].metric(TEST_ACCURACY)?.mean));
    Some((tested().reduce(f64::min)?, tested().reduce(f64::max)?))
}

fn sampling_error(p: f64, records: &Records) -> String {
    let n = records.study.data.n_test;
    accuracy_interval(p, n).map_or_else(String::new, |interval| {
        format!(
            "{}–{} at 95 % for {}",
            three(interval.low),
            three(interval.high),
            format::plural(n, "image", "images")
        )
    })
}

fn three(value: f64) -> String {
    format!("{value:.3}")
}

/// Which run is the best, or which are.
pub(super) fn best(groups: &[RunGroup], ranking: &Ranking) -> Option<String> {
    let best = ranking.best();
    let group = &groups[*best.first()?];
    let val = group.metric(VAL_ACCURACY)?;
    let is_at_chance = is_at_chance(groups, &best);
    if best.len() > 1 {
        return Some(equals(groups, &best, &val.mean_text(), is_at_chance));
    }
    let over = if val.n() > 1 { format!(" over {} seeds", val.n()) } else { String::new() };
    let test = group.metric(TEST_ACCURACY).map(|test| format!("; its test accuracy is {}", test.text()));
    let test = test.unwrap_or_default();
    let (name, val) = (&group.name, val.text());
    Some(match is_at_chance {
        true => {
            format!("Highest on validation is “{name}”, with an accuracy of {val}{over}{test}; {AT_CHANCE}.")
        }
        false => format!("Best on validation is “{name}”, with an accuracy of {val}{over}{test}."),
    })
}

/// The same of several that are equal: nothing depends on which of them stands first in the study file.
fn equals(groups: &[RunGroup], best: &[usize], accuracy: &str, is_at_chance: bool) -> String {
    let test = match tests(groups, best) {
        None => String::new(),
        Some((low, high)) if low == high => format!("; their test accuracy is {}", format::metric(high)),
        Some((low, high)) => {
            let (low, high) = (format::metric(low), format::metric(high));
            format!("; their test accuracies reach from {low} to {high}")
        }
    };
    let which = listed(groups, best).unwrap_or_else(|| format!("{} runs", format::count(best.len() as u64)));
    match is_at_chance {
        true => format!(
            "Highest on validation, and equal with an accuracy of {accuracy}, are {which}{test}; {AT_CHANCE}."
        ),
        false => format!("Best on validation, and equal with an accuracy of {accuracy}, are {which}{test}."),
    }
}

/// `“A”, “B” and “C”`; `None` if there are too many.
pub(super) fn listed(groups: &[RunGroup], of: &[usize]) -> Option<String> {
    let names: Vec<String> = of.iter().map(|&i| format!("“{}”", groups[i].name)).collect();
    (1..=MOST_NAMES).contains(&names.len()).then(|| text::listed(&names))
}

/// Whether the test would have chosen another run.
pub(super) fn best_on_test(groups: &[RunGroup], ranking: &Ranking, n_test: usize) -> Option<String> {
    let chosen = ranking.best();
    let test = |i: usize| groups[i].metric(TEST_ACCURACY).map(|test| test.mean);
    let tested: Vec<usize> = (0..groups.len()).filter(|&i| test(i).is_some()).collect();
    let highest = tested.iter().filter_map(|&i| test(i)).reduce(f64::max)?;
    let (_, of_chosen) = tests(groups, &chosen)?;
    if tested.len() < 2 || n_test == 0 || is_at_chance(groups, &chosen) {
        return None;
    }
    if of_chosen == highest {
        return Some("The test set agrees: no run has a higher test accuracy.".to_owned());
    }
    let ahead: Vec<usize> = tested.into_iter().filter(|&i| test(i) == Some(highest)).collect();
    let which = listed(groups, &ahead).unwrap_or_else(|| format!("{} equal runs", ahead.len()));
    let (is, was, it) = if ahead.len() == 1 { ("is", "was", "it") } else { ("are", "were", "they") };
    Some(format!(
        "On the test set {which} {is} ahead by {} ({}); {it} {was} not chosen, since the test set is not used for the choice.",
        format::metric(highest - of_chosen),
        format::metric(highest)
    ))
}
