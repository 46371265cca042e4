//! Marks of trials: a disc is complete, a triangle pruned, a cross failed, a ring the best.
//!
//! Few marks are elements of their own, with words to point at; many are one path, so that a page of ten thousand
//! trials stays small.

use std::fmt::Write;

use super::svg::{Anchor, Svg, number};
use crate::view::Spot;

/// Draws `spots` at the places that `at` gives.
pub(super) fn marks(svg: &mut Svg, spots: &[Spot], at: impl Fn(&Spot) -> (f64, f64)) {
    let (mut complete, mut pruned) = (String::new(), String::new());
    for spot in spots.iter().filter(|spot| !spot.is_best) {
        let place = at(spot);
        match (spot.is_pruned, spot.title.is_empty()) {
            (false, false) => svg.circle("trial", place, 2.8, &spot.title),
            (true, false) => svg.shape("trial pruned", &triangle(place, 3.4), &spot.title),
            (false, true) => disc(&mut complete, place),
            (true, true) => pruned.push_str(&triangle(place, 2.4)),
        }
    }
    if !complete.is_empty() {
        svg.shape("trials", &complete, "");
    }
    if !pruned.is_empty() {
        svg.shape("trials pruned", &pruned, "");
    }
    spots.iter().filter(|spot| spot.is_best).for_each(|spot| best(svg, at(spot), &spot.title));
}

/// The ring of the best trial.
pub(super) fn best(svg: &mut Svg, at: (f64, f64), title: &str) {
    svg.circle("best-trial", at, 5.2, title);
    svg.circle("trial", at, 2.4, title);
}

/// A line of no length with round ends: a disc of the line's width in fourteen bytes.
fn disc(data: &mut String, (x, y): (f64, f64)) {
    // Writing to a String cannot fail.
    let _ = write!(data, "M{:.1} {:.1}h0", x, y);
}

/// A triangle on its tip.
pub(super) fn triangle((x, y): (f64, f64), size: f64) -> String {
    let (dx, dy) = (number(size), number(1.7 * size));
    format!("M{} {}h{}l-{dx} {dy}z", number(x - size), number(y - 0.7 * size), number(2.0 * size))
}

/// A cross.
pub(super) fn cross((x, y): (f64, f64), size: f64) -> String {
    let d = number(2.0 * size);
    format!("M{} {}l{d} {d}m-{d} 0l{d} -{d}", number(x - size), number(y - size))
}

/// What the key says of a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Complete,
    Pruned,
    Failed,
    Best,
}

/// The key of the marks that are there, from `x` on.
pub(super) fn key(svg: &mut Svg, mut x: f64, y: f64, has: &[Key]) {
    for mark in has {
        let place = (x + 5.0, y);
        let words = match mark {
            Key::Complete => "complete",
            Key::Pruned => "pruned",
            Key::Failed => "failed",
            Key::Best => "best",
        };
        match mark {
            Key::Complete => svg.circle("trial", place, 2.8, ""),
            Key::Pruned => svg.shape("trial pruned", &triangle(place, 3.4), ""),
            Key::Failed => svg.shape("trial failed", &cross(place, 3.0), ""),
            Key::Best => best(svg, place, ""),
        }
        svg.label("key", x + 14.0, y + 4.0, Anchor::Start, words);
        x += 26.0 + super::measure::width(words, 12.0);
    }
}

/// Which marks `spots` have.
pub(super) fn kinds(spots: &[Spot]) -> Vec<Key> {
    let mut kinds = Vec::new();
    if spots.iter().any(|spot| !spot.is_pruned) {
        kinds.push(Key::Complete);
    }
    if spots.iter().any(|spot| spot.is_pruned) {
        kinds.push(Key::Pruned);
    }
    if spots.iter().any(|spot| spot.is_best) {
        kinds.push(Key::Best);
    }
    kinds
}
