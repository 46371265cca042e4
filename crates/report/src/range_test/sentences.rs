//! What a range test comes to, in sentences.

use toile_record::{RangeTestRecord, SweepEnd};

use super::{RangeTestView, RateStanding, SweepView};
use crate::format::{plural, setting};
use crate::text;

/// A rate with two digits that count.
pub fn rate(value: f64) -> String {
    setting(format!("{value:.1e}").parse().unwrap_or(value))
}

/// All of them, the answer first.
pub(super) fn sentences(view: &RangeTestView, record: &RangeTestRecord) -> Vec<String> {
    let mut said = vec![interval(view)];
    said.extend(own_rate(view));
    said.extend(suggestions(view));
    said.extend(flat(view));
    if let Some(schedule) = &record.schedule {
        said.push(format!(
            "The run's schedule, {schedule}, is left out: the test is about the optimizer's learning_rate, which the schedule scales."
        ));
    }
    said
}

/// `for all 3 seeds`
fn seeds(view: &RangeTestView) -> String {
    let n = view.sweeps.len();
    if n == 1 { "for the one seed that was tried".into() } else { format!("for all {n} seeds") }
}

fn between([low, high]: [f64; 2]) -> String {
    let (low, high) = (rate(low), rate(high));
    if low == high { low } else { format!("{low} to {high}") }
}

fn interval(view: &RangeTestView) -> String {
    let Some(spread) = view.spread else {
        if view.sweeps.iter().all(breaks_off_at_once) {
            return "The loss was no number before any sweep could show something.".into();
        }
        let [low, high] = ends(view);
        return format!(
            "No learning rate from {} to {} makes the loss fall noticeably within {}: the curves have no valley, and the \
             test suggests nothing.",
            rate(low),
            rate(high),
            plural(view.sweeps.first().map_or(0, |sweep| sweep.rates.len()), "batch", "batches")
        );
    };
    let by_seed = match view.sweeps.len() {
        1 => String::new(),
        _ => format!(
            " By seed, the lower end lies at {}, the upper at {}.",
            between(spread.low),
            between(spread.high)
        ),
    };
    match view.interval {
        Some([low, high]) => {
            let above = match view.is_open {
                true => "it still falls at the largest rate of the sweep",
                false => "above, it rises",
            };
            let (low, high, seeds) = (rate(low), rate(high), seeds(view));
            format!(
                "Training works between the learning rates {low} and {high} {seeds}: below, the loss hardly moves within the \
                 sweep; {above}.{by_seed}"
            )
        }
        None => format!("There is no learning rate at which training works for every seed.{by_seed}"),
    }
}

/// Whether its loss was no number before there were batches enough to read.
fn breaks_off_at_once(sweep: &SweepView) -> bool {
    sweep.end == SweepEnd::NotFinite && sweep.medians.is_empty()
}

fn ends(view: &RangeTestView) -> [f64; 2] {
    let rates = || view.sweeps.iter().flat_map(|sweep| &sweep.rates).copied();
    [rates().fold(f64::INFINITY, f64::min), rates().fold(0.0, f64::max)]
}

fn own_rate(view: &RangeTestView) -> Option<String> {
    let own = format!("learning_rate = {}", setting(view.learning_rate));
    let try_other = view.try_rate.map(|other| format!("; try {}", rate(other))).unwrap_or_default();
    let found: Vec<_> = view.sweeps.iter().filter_map(|sweep| sweep.suggests).collect();
    let count = |is: &dyn Fn(f64, f64) -> bool| {
        let n = found.iter().filter(|found| is(found.low, found.high)).count();
        format!("for {n} of {}", plural(found.len(), "seed", "seeds"))
    };
    let own_rate = view.learning_rate;
    Some(match view.standing {
        RateStanding::Inside => format!("{own} lies inside."),
        RateStanding::Below => {
            format!("{own} lies below: it trains slowly, and needs many updates{try_other}.")
        }
        RateStanding::LowerEnd => {
            format!("{own} lies at the lower end, below it {}{try_other}.", count(&|low, _| own_rate < low))
        }
        RateStanding::UpperEnd => {
            format!("{own} lies at the upper end, above it {}{try_other}.", count(&|_, high| own_rate > high))
        }
        RateStanding::Above if view.is_open => {
            format!("{own} lies above the largest rate of the sweep{try_other}.")
        }
        RateStanding::Above => format!("{own} lies above: at such rates the loss rises{try_other}."),
        RateStanding::Unknown => return None,
    })
}

fn suggestions(view: &RangeTestView) -> Option<String> {
    let spread = view.spread?;
    let middle = view.try_rate.map(|middle| format!(" Their geometric mean is {}.", rate(middle)));
    Some(format!(
        "Suggestions: steepest descent {}, a tenth of the rate of the least loss {}, valley {}.{}",
        between(spread.steepest),
        between(spread.least_over_ten),
        between(spread.valley),
        middle.unwrap_or_default()
    ))
}

/// Seeds that say nothing, beside others that do.
fn flat(view: &RangeTestView) -> Option<String> {
    let silent: Vec<String> = view
        .sweeps
        .iter()
        .filter(|sweep| sweep.suggests.is_none())
        .map(|sweep| match sweep.end {
            _ if breaks_off_at_once(sweep) => {
                format!(
                    "{} (its loss was no number after {})",
                    sweep.seed,
                    plural(sweep.rates.len(), "batch", "batches")
                )
            }
            _ => sweep.seed.to_string(),
        })
        .collect();
    let word = if silent.len() == 1 { "seed" } else { "seeds" };
    (!silent.is_empty() && view.spread.is_some()).then(|| {
        format!("The curve of {word} {} has no valley, and counts for nothing here.", text::listed(&silent))
    })
}
