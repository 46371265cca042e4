//! Ours next to the published numbers: how many come out again, and which differ most.

use toile_judge::Reproduction;

use super::KeyFigure;
use crate::format::{self, plural};
use crate::reasoning::Reasoning;
use crate::text;
use crate::view::NAME_LENGTH;

/// How many come out again, of how many that can be judged.
fn counts(reasoning: &Reasoning) -> Option<(usize, usize)> {
    let judged = reasoning.reproductions.iter().filter_map(|one| one.comes_out);
    let judged: Vec<bool> = judged.collect();
    (!judged.is_empty()).then(|| (judged.iter().filter(|comes_out| **comes_out).count(), judged.len()))
}

/// The same, large.
pub(super) fn figure(reasoning: &Reasoning) -> Option<KeyFigure> {
    let (out, of) = counts(reasoning)?;
    let detail = "within what our seeds predict".to_owned();
    Some(super::figure(format!("{out} of {of}"), "published numbers come out again", detail))
}

/// The same in words.
pub(super) fn agreement(reasoning: &Reasoning) -> Option<String> {
    let all = reasoning.reproductions.len();
    if all == 0 {
        return None;
    }
    let Some((out, of)) = counts(reasoning) else {
        let numbers = plural(all, "published number stands", "published numbers stand");
        return Some(format!(
            "{numbers} beside ours; one run each does not tell how far chance moves them, so that nothing is said on whether \
             they come out again."
        ));
    };
    let rest = match all - of {
        0 => String::new(),
        n => format!(
            " {} beside a single run, and cannot be judged.",
            plural(n, "further one stands", "further ones stand")
        ),
    };
    Some(format!(
        "{out} of {} where our seeds predict one more run, each by the spread of its own number (95 %, corrected \
         for all of them after Holm).{rest}",
        plural(of, "published number lies", "published numbers lie")
    ))
}

/// Which accuracy and which loss differ most.
pub(super) fn largest_difference(reasoning: &Reasoning) -> Option<String> {
    let size = |one: &Reproduction| (one.mean - one.published).abs();
    let largest = |is_accuracy: bool| {
        let all = reasoning.reproductions.iter().filter(|one| one.metric.is_accuracy() == is_accuracy);
        all.reduce(|a, b| if size(b) > size(a) { b } else { a })
    };
    let words = |one: &Reproduction| {
        format!(
            "the {} of “{}” ({} here, {} published)",
            one.metric.label(),
            text::name(&one.run, NAME_LENGTH),
            format::metric(one.mean),
            format::published(one.published)
        )
    };
    let parts: Vec<String> = [largest(true), largest(false)].into_iter().flatten().map(words).collect();
    (!parts.is_empty()).then(|| format!("Furthest from the published numbers: {}.", parts.join(", and ")))
}
