//! Undecided: about how many more seeds would decide, or that no number of them can on these images.

use std::collections::BTreeMap;

use crate::crossed::{Basis, Crossed};
use crate::distribution::{normal_upper, student_upper};
use crate::normal_cdf;

/// The word that more seeds would bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Likelier {
    /// One of the recipes is better.
    Better,
    /// They are equivalent within the margin.
    Equivalent,
}

/// The least number of seeds at which a verdict is as likely as not.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MoreSeeds {
    /// Seeds of each recipe, in all.
    pub seeds: usize,
    /// Seeds to be added to A and to B.
    pub more: [usize; 2],
    /// The probability of *better* at that number.
    pub better: f64,
    /// The probability of *equivalent* at that number.
    pub equivalent: f64,
    /// The likelier of the two.
    pub likelier: Likelier,
}

/// That more seeds cannot decide, if the difference stays as it is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ImageLimit {
    /// Images that there are; `None` if not known.
    pub images: Option<usize>,
    /// About how many could decide, n z² G / max(|d|, ε − |d|)²; `None` if not known, or if no number could.
    pub images_needed: Option<f64>,
}

/// What would decide an undecided comparison.
///
/// Where `image_limit` is there, it is the first thing to say. Spreads from few seeds are uncertain and the difference
/// flatters: "about" and "as likely as not" belong into every sentence made of this.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outlook {
    /// The number of seeds; `None`: more than `at_most`.
    pub more_seeds: Option<MoreSeeds>,
    /// The largest number of seeds of each recipe that was considered.
    pub at_most: usize,
    /// Present where images and not seeds are what is missing.
    pub image_limit: Option<ImageLimit>,
}

/// What would decide a comparison at `level`, α over the size of its family (or α times its weight).
///
/// `epsilon` is the margin of equivalence, if one was set. With S′ seeds d′ ~ N(d, P − P′), P′ = W_A/S′ + W_B/S′ (a
/// recipe that has more seeds already keeps them), 2 (S′ − 1) degrees of freedom, and G as it is.
pub fn outlook(now: &Crossed, level: f64, epsilon: Option<f64>, at_most: usize) -> Outlook {
    Horizon::new(level).outlook(now, epsilon, at_most)
}

/// The least S′ ≤ `at_most` with P(|d′| ≥ reach′(level/2)) + P(|d′| ≤ ε − reach′(level)) ≥ ½; `None` if there is none.
///
/// `None` too for splits, whose overlap more seeds do not lessen.
pub fn more_seeds(now: &Crossed, level: f64, epsilon: Option<f64>, at_most: usize) -> Option<MoreSeeds> {
    Horizon::new(level).more_seeds(now, epsilon, at_most)
}

/// The quantiles that outlooks at one level need. They are the dearest part of an outlook, and the same for all
/// comparisons of a family: a ranking of 300 recipes has 44,850.
pub(crate) struct Horizon {
    level: f64,
    /// Of the normal distribution at half the level and at the level.
    z: [f64; 2],
    /// Of Student's t, likewise, by the number of seeds.
    t: BTreeMap<usize, [f64; 2]>,
}

impl Horizon {
    pub(crate) fn new(level: f64) -> Horizon {
        Horizon { level, z: [normal_upper(0.5 * level), normal_upper(level)], t: BTreeMap::new() }
    }

    pub(crate) fn level(&self) -> f64 {
        self.level
    }

    pub(crate) fn outlook(&mut self, now: &Crossed, epsilon: Option<f64>, at_most: usize) -> Outlook {
        let image_limit = image_limit(now, self.level, epsilon);
        Outlook { more_seeds: self.more_seeds(now, epsilon, at_most), at_most, image_limit }
    }

    fn more_seeds(&mut self, now: &Crossed, epsilon: Option<f64>, at_most: usize) -> Option<MoreSeeds> {
        let fewest = now.seeds[0].min(now.seeds[1]).max(1);
        if now.basis == Basis::Splits {
            return None;
        }
        (fewest + 1..=at_most).find_map(|seeds| {
            let (better, equivalent) = chances(now, seeds, self.reaches(now, seeds), epsilon);
            let likelier = if better > equivalent { Likelier::Better } else { Likelier::Equivalent };
            let more = now.seeds.map(|have| seeds.saturating_sub(have));
            (better + equivalent >= 0.5).then_some(MoreSeeds { seeds, more, better, equivalent, likelier })
        })
    }

    /// How far chance reaches with so many seeds of each recipe, at half the level and at the level.
    fn reaches(&mut self, now: &Crossed, seeds: usize) -> [f64; 2] {
        let df = 2.0 * (seeds - 1) as f64;
        let t = self.t.entry(seeds).or_insert_with(|| [0.5, 1.0].map(|k| student_upper(k * self.level, df)));
        let later = later(now, seeds);
        [0, 1].map(|k| (t[k] * t[k] * later + self.z[k] * self.z[k] * now.image_part).sqrt())
    }
}

/// The seed part with so many seeds of each recipe; one that has more keeps them.
fn later(now: &Crossed, seeds: usize) -> f64 {
    let part = |k: usize| now.seed_parts[k] * (now.seeds[k] as f64 / seeds.max(now.seeds[k]) as f64);
    part(0) + part(1)
}

/// The probabilities of *better* and of *equivalent* with so many seeds of each recipe.
fn chances(now: &Crossed, seeds: usize, [far, near]: [f64; 2], epsilon: Option<f64>) -> (f64, f64) {
    let later = later(now, seeds);
    let near = epsilon.map_or(f64::NEG_INFINITY, |epsilon| epsilon - near);
    let sd = (now.seed_part - later).max(0.0).sqrt();
    let below = |x: f64| match sd > 0.0 {
        true => normal_cdf((x - now.difference) / sd),
        false => f64::from(u8::from(now.difference <= x)),
    };
    // The upper tail as the lower one of the mirrored difference, for the sake of its precision.
    let above = |x: f64| match sd > 0.0 {
        true => normal_cdf((now.difference - x) / sd),
        false => f64::from(u8::from(now.difference >= x)),
    };
    let equivalent = if near > 0.0 { below(near) - below(-near) } else { 0.0 };
    (below(-far) + above(far), equivalent)
}

/// That |d| < z_{level/2} √G and ε − |d| < z_{level} √G: if the difference stays, no number of seeds decides.
pub fn image_limit(now: &Crossed, level: f64, epsilon: Option<f64>) -> Option<ImageLimit> {
    let d = now.difference.abs();
    let room = epsilon.map_or(f64::NEG_INFINITY, |epsilon| epsilon - d);
    let (z_far, z_near) = (normal_upper(0.5 * level), normal_upper(level));
    let noise = now.image_part.sqrt();
    if !(d < z_far * noise && room < z_near * noise) {
        return None;
    }
    let (z, distance) = if d >= room { (z_far, d) } else { (z_near, room) };
    let needed = now.images.map(|n| n as f64 * (z / distance).powi(2) * now.image_part);
    Some(ImageLimit { images: now.images, images_needed: needed.filter(|images| images.is_finite()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(difference: f64, seeds: [usize; 2], seed_part: f64, image_part: f64) -> Crossed {
        Crossed {
            difference,
            seeds,
            images: Some(10_000),
            seed_part,
            seed_parts: [0.5 * seed_part; 2],
            image_part,
            df: Some(4.0),
            spreads: None,
            basis: Basis::Images,
        }
    }

    #[test]
    fn the_sign_of_the_difference_does_not_matter() {
        for d in [0.0024, 0.006] {
            let (a, b) = (now(d, [3, 3], 1.7e-6, 2e-6), now(-d, [3, 3], 1.7e-6, 2e-6));
            let (a, b) = (more_seeds(&a, 0.05, Some(0.005), 20), more_seeds(&b, 0.05, Some(0.005), 20));
            let (a, b) = (a.expect("decidable"), b.expect("decidable"));
            assert_eq!((a.seeds, a.likelier), (b.seeds, b.likelier));
            assert!((a.better - b.better).abs() < 1e-12 && (a.equivalent - b.equivalent).abs() < 1e-12);
        }
    }

    /// A difference of .0026 between images' chance of √(2e-6) = .0014: 1.96 and 1.64 of them are .0028 and .0023.
    #[test]
    fn between_the_two_verdicts_images_are_what_is_missing() {
        let limit = image_limit(&now(0.0027, [5, 5], 1e-6, 2e-6), 0.05, Some(0.005)).expect("in between");
        let needed = 10_000.0 * 1.959963984540054f64.powi(2) * 2e-6 / 0.0027f64.powi(2);
        assert!((limit.images_needed.expect("images are known") - needed).abs() < 1e-6 * needed);
        assert_eq!(
            image_limit(&now(0.0030, [5, 5], 1e-6, 2e-6), 0.05, Some(0.005)),
            None,
            "seeds can show better"
        );
        assert_eq!(image_limit(&now(0.0020, [5, 5], 1e-6, 2e-6), 0.05, Some(0.005)), None, "or equivalent");
        assert!(
            image_limit(&now(0.0020, [5, 5], 1e-6, 2e-6), 0.05, None).is_some(),
            "without a margin only better"
        );
    }

    #[test]
    fn no_difference_and_no_margin_are_decided_by_no_number_of_images() {
        let limit = image_limit(&now(0.0, [5, 5], 1e-6, 2e-6), 0.05, None).expect("undecidable");
        assert_eq!((limit.images, limit.images_needed), (Some(10_000), None));
        let all = outlook(&now(0.0, [5, 5], 0.0, 0.0), 0.05, None, 20);
        assert_eq!((all.image_limit, all.at_most), (None, 20));
    }

    #[test]
    fn only_the_recipe_with_fewer_seeds_is_asked_for_more() {
        let found = more_seeds(&now(0.006, [10, 3], 1.7e-6, 2e-6), 0.05, Some(0.005), 20).expect("decidable");
        assert_eq!(found.more, [0, found.seeds - 3]);
        assert_eq!(
            more_seeds(&now(0.006, [3, 3], 1.7e-6, 2e-6), 0.05, Some(0.005), 3),
            None,
            "none are left"
        );
    }
}
