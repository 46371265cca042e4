//! What a comparison over seeds and images says, in a sentence, and its numbers.

use serde_json::json;
use toile_stats::{Basis, Likelier, Outlook, Side, UndecidedReason, Verdict};

use crate::pair::PairVerdict;
use crate::quantity::Quantity;
use crate::results::{Recipe, Results};
use crate::words;

/// What a comparison over seeds and images says, in a sentence.
pub(crate) fn pair_sentence(results: &Results, pair: &PairVerdict) -> String {
    let names = pair.places.map(|place| results.recipes[place].quoted());
    let [a, b] = names.each_ref().map(String::as_str);
    let label = pair.quantity.label();
    let runs = match pair.seeds {
        [a, b] if a == b => format!("{} each", words::plural(a, "run", "runs")),
        [a, b] => format!("{a} and {b} runs"),
    };
    // Numbers near the end of their range have no interval.
    let interval = pair.judged.interval.filter(|found| found.low.is_finite() && found.high.is_finite());
    let shown = match (pair.difference().filter(|difference| difference.is_finite()), interval) {
        (Some(d), Some(interval)) => {
            let range = format!("{} to {}", words::signed(interval.low), words::signed(interval.high));
            format!("{} [{range}], {runs}", words::signed(d))
        }
        (Some(d), None) => words::signed(d),
        (None, _) => String::new(),
    };
    let p = |p: Option<f64>| p.map(words::p).unwrap_or_default();
    let said = match pair.judged.verdict {
        Verdict::Better { .. } => {
            let (word, p) = (pair.word().name(), p(pair.judged.p_adjusted));
            format!("{a} is {word} than {b} in {label}: {shown}, {p} after Holm's correction.")
        }
        Verdict::Equivalent { within, ahead } => {
            let side = |side: Side| if side == Side::A { a } else { b };
            let ahead = ahead
                .map_or(String::new(), |ahead| format!(" {} is larger, by less than that.", side(ahead)));
            let p = p(pair.judged.p_equivalent_adjusted);
            let within =
                if pair.quantity.is_accuracy() { words::points(within) } else { words::number(within) };
            format!(
                "{a} and {b} are equivalent within {within} in {label}: {shown}, {p} after Holm's correction.{ahead}"
            )
        }
        Verdict::Undecided { reason } => {
            let shown = if shown.is_empty() { shown } else { format!(", {shown}") };
            format!("{a} and {b} in {label}: undecided{shown}; {}.", undecided(results, pair, reason))
        }
    };
    format!("{said}{}{}{}", basis(pair), without_spread([a, b], pair), networks(pair))
}

/// What the noise of the images was taken from, where it is not the images one by one.
fn basis(pair: &PairVerdict) -> &'static str {
    let is_clock = matches!(pair.quantity, Quantity::TrainSeconds | Quantity::EpochsToLoss);
    match pair.crossed.map(|crossed| crossed.basis) {
        Some(Basis::TheseImages) if is_clock => " Only the spread over seeds was weighed.",
        Some(Basis::TheseImages) => " This speaks of these images only.",
        Some(Basis::UpperBound) => {
            " Without the images one by one, their noise is an upper bound: little can be decided."
        }
        Some(Basis::Images | Basis::Splits) | None => "",
    }
}

/// Recipes whose runs do not differ at all: as a rule the seed was not set, and they are one run.
fn without_spread(names: [&str; 2], pair: &PairVerdict) -> String {
    let is_measured = pair.quantity.is_accuracy() || pair.quantity.is_loss();
    let Some(crossed) = pair.crossed.filter(|_| is_measured) else { return String::new() };
    let same = [0, 1].into_iter().filter(|k| crossed.seed_parts[*k] == 0.0).map(|k| names[k]);
    match same.collect::<Vec<_>>().as_slice() {
        [] => String::new(),
        same => format!(" The runs of {} do not differ at all: is the seed used?", words::list(same)),
    }
}

/// One run each: a remark on the two networks.
fn networks(pair: &PairVerdict) -> String {
    let Some(found) = pair.networks else { return String::new() };
    let images = words::plural((found.only_a + found.only_b) as usize, "image", "images");
    let p = words::p(found.mid_p);
    format!(
        " The two networks differ on {images} (McNemar's mid-p: {p}), which says nothing about other seeds."
    )
}

/// Runs that count as failed: those that did, and those that lack the number where others have it.
fn failed(recipe: &Recipe, quantity: Quantity, failed: usize, of: usize) -> Option<String> {
    let broken = recipe.runs.iter().filter(|run| run.has_failed).count();
    let has = if failed == 1 { "has" } else { "have" };
    let what = match broken {
        broken if broken == failed => "failed".to_string(),
        0 => format!("{has} no {}", quantity.label()),
        _ => format!("failed or {has} no {}", quantity.label()),
    };
    let runs = words::plural(of, "run", "runs");
    (failed > 0).then(|| format!("{failed} of {runs} of {} {what}", recipe.quoted()))
}

/// Why nothing is decided, and what would decide it.
fn undecided(results: &Results, pair: &PairVerdict, reason: UndecidedReason) -> String {
    let recipes = pair.places.map(|place| &results.recipes[place]);
    let names = recipes.map(Recipe::quoted);
    let [a, b] = names.each_ref().map(String::as_str);
    match reason {
        UndecidedReason::FailedRuns { failed: runs, of } => {
            let told = |k: usize| failed(recipes[k], pair.quantity, runs[k], of[k]);
            words::list(&[told(0), told(1)].into_iter().flatten().collect::<Vec<_>>())
        }
        UndecidedReason::TooFewSeeds { seeds: [1, 1] } => "one run each".into(),
        UndecidedReason::TooFewSeeds { seeds: [of_a, of_b] } => {
            let runs = |n: usize| words::plural(n, "run", "runs");
            let fewest = "three of each are the fewest that decide";
            format!("{} of {a} and {} of {b}, {fewest}", runs(of_a), runs(of_b))
        }
        UndecidedReason::NotMeasured => "it was not measured in both".into(),
        UndecidedReason::Chance { outlook } => outlook_words([a, b], &outlook),
    }
}

fn outlook_words([a, b]: [&str; 2], outlook: &Outlook) -> String {
    if let Some(limit) = outlook.image_limit {
        let images = limit.images.map_or("these images".to_string(), |n| words::plural(n, "image", "images"));
        let needed = limit
            .images_needed
            .map_or(String::new(), |needed| format!("; about {} images could", two_digits(needed)));
        return format!("if the difference stays as it is, more seeds cannot decide it on {images}{needed}");
    }
    match outlook.more_seeds {
        Some(more) => {
            let word = match more.likelier {
                Likelier::Better => "better",
                Likelier::Equivalent => "equivalent",
            };
            let seeds = |n: usize| words::plural(n, "more seed", "more seeds");
            let (seeds, many) = match more.more {
                [k, l] if k == l => (format!("{} of each", seeds(k)), k != 1),
                [k, 0] => (format!("{} of {a}", seeds(k)), k != 1),
                [0, k] => (format!("{} of {b}", seeds(k)), k != 1),
                [k, l] => (format!("{} of {a} and {l} of {b}", seeds(k)), true),
            };
            let decide = if many { "decide" } else { "decides" };
            format!("about {seeds} {decide} it as likely as not (likelier: {word})")
        }
        None => format!("more than {} seeds of each are needed", outlook.at_most),
    }
}

/// About so many: 123,456 is 120,000.
fn two_digits(value: f64) -> String {
    let size = 10f64.powf(value.max(1.0).log10().floor() - 1.0).max(1.0);
    words::count(((value / size).round() * size) as u64)
}

/// The numbers of a comparison.
pub(crate) fn pair_numbers(pair: &PairVerdict) -> serde_json::Value {
    json!({
        "difference": pair.difference(), "low": pair.judged.interval.map(|interval| interval.low),
        "high": pair.judged.interval.map(|interval| interval.high), "p": pair.judged.p,
        "p_adjusted": pair.judged.p_adjusted, "p_equivalent": pair.judged.p_equivalent,
        "p_equivalent_adjusted": pair.judged.p_equivalent_adjusted,
        "seed_part": pair.crossed.map(|crossed| crossed.seed_part),
        "image_part": pair.crossed.map(|crossed| crossed.image_part), "seeds": pair.seeds,
    })
}
