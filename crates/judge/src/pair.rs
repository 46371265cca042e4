//! Two recipes, compared: the numbers, the verdict within the family, and the word about the first.

use toile_stats::{Crossed, Interval, Judged, McNemar, Side, UndecidedReason, Verdict};

use crate::contrast::Contrast;
use crate::quantity::Quantity;

/// Two recipes, compared on one quantity.
#[derive(Clone, Debug, PartialEq)]
pub struct PairVerdict {
    /// Places of the recipes; A stands before B.
    pub places: [usize; 2],
    /// What is compared.
    pub quantity: Quantity,
    /// Their means over the runs that have the number.
    pub means: [Option<f64>; 2],
    /// How many runs of each have it.
    pub seeds: [usize; 2],
    /// The level at which it is judged, and 1 less the confidence of its interval: 0.05, in a race that of its look.
    pub alpha: f64,
    /// The comparison over seeds and images, where there is one.
    pub crossed: Option<Crossed>,
    /// The verdict within the family.
    pub judged: Judged,
    /// What the recipes differ in.
    pub contrast: Contrast,
    /// Two single networks on the same images: a remark, never a verdict.
    pub networks: Option<McNemar>,
    /// The claims that it is needed for.
    pub claims: Vec<String>,
    /// Whether it is one of the pairs of the ranking.
    pub is_ranked: bool,
}

/// The word about A.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairWord {
    /// A is better than B.
    Better,
    /// A is worse than B.
    Worse,
    /// They differ by less than the margin.
    Equivalent,
    /// Neither can be said.
    Undecided,
}

impl PairWord {
    /// `better`, `worse`, `equivalent`, `undecided`.
    pub fn name(self) -> &'static str {
        match self {
            PairWord::Better => "better",
            PairWord::Worse => "worse",
            PairWord::Equivalent => "equivalent",
            PairWord::Undecided => "undecided",
        }
    }
}

impl PairVerdict {
    /// A less B.
    pub fn difference(&self) -> Option<f64> {
        match &self.crossed {
            Some(crossed) => Some(crossed.difference),
            None => Some(self.means[0]? - self.means[1]?),
        }
    }

    /// The word about A.
    pub fn word(&self) -> PairWord {
        match self.judged.verdict {
            Verdict::Better { ahead } if (ahead == Side::A) == self.quantity.larger_is_better() => {
                PairWord::Better
            }
            Verdict::Better { .. } => PairWord::Worse,
            Verdict::Equivalent { .. } => PairWord::Equivalent,
            Verdict::Undecided { .. } => PairWord::Undecided,
        }
    }

    /// The same comparison as one of the recipe at this place.
    pub fn seen_from(&self, place: usize) -> PairVerdict {
        if self.places[0] == place { self.clone() } else { self.turned() }
    }

    /// About how many more seeds decide it as likely as not; `None` where it is decided, or no number of them would.
    pub fn more_seeds(&self) -> Option<usize> {
        let Verdict::Undecided { reason: UndecidedReason::Chance { outlook } } = self.judged.verdict else {
            return None;
        };
        let more = outlook.more_seeds.filter(|_| outlook.image_limit.is_none())?;
        Some(more.more[0].max(more.more[1]))
    }

    /// The same comparison with B in the place of A.
    fn turned(&self) -> PairVerdict {
        let mut pair = self.clone();
        pair.places.reverse();
        pair.means.reverse();
        pair.seeds.reverse();
        if let Some(crossed) = &mut pair.crossed {
            crossed.difference = 0.0 - crossed.difference;
            crossed.seeds.reverse();
            crossed.seed_parts.reverse();
            crossed.spreads.iter_mut().for_each(|spreads| spreads.reverse());
        }
        pair.judged.interval =
            self.judged.interval.map(|found| Interval { low: 0.0 - found.high, high: 0.0 - found.low });
        let other = |side: Side| if side == Side::A { Side::B } else { Side::A };
        match &mut pair.judged.verdict {
            Verdict::Better { ahead } => *ahead = other(*ahead),
            Verdict::Equivalent { ahead, .. } => *ahead = ahead.map(other),
            Verdict::Undecided { reason } => match reason {
                UndecidedReason::FailedRuns { failed, of } => {
                    failed.reverse();
                    of.reverse();
                }
                UndecidedReason::TooFewSeeds { seeds } => seeds.reverse(),
                UndecidedReason::NotMeasured => {}
                UndecidedReason::Chance { outlook } => {
                    outlook.more_seeds.iter_mut().for_each(|more| more.more.reverse());
                }
            },
        }
        pair.contrast.settings.iter_mut().for_each(|setting| std::mem::swap(&mut setting.a, &mut setting.b));
        pair.contrast.updates.reverse();
        if let Some(networks) = &mut pair.networks {
            std::mem::swap(&mut networks.only_a, &mut networks.only_b);
            networks.difference = 0.0 - networks.difference;
        }
        pair
    }

    /// Whether there are runs enough for a verdict over seeds: three of each, or some that failed.
    pub fn has_seeds(&self) -> bool {
        !matches!(
            self.judged.verdict,
            Verdict::Undecided { reason: UndecidedReason::TooFewSeeds { .. } | UndecidedReason::NotMeasured }
        )
    }
}
