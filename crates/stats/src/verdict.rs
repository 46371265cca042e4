//! The verdicts of a family of comparisons: better, equivalent within ε, or undecided, and why.

use crate::Interval;
use crate::crossed::Crossed;
use crate::holm::{family_weights, weighted_holm};
use crate::outlook::{Horizon, Outlook};

/// Seeds of each recipe below which nothing is decided.
pub const FEWEST_SEEDS: usize = 3;

/// One of the two recipes of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The first one.
    A,
    /// The second one.
    B,
}

/// Two recipes with what is known of them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pairing {
    /// Runs of A and of B that ended with numbers.
    pub seeds: [usize; 2],
    /// Runs of A and of B that failed or diverged. A run that failed is a run.
    pub failed: [usize; 2],
    /// The comparison; `None` where there is none (one run each).
    pub crossed: Option<Crossed>,
    /// By what it is judged.
    pub rules: Rules,
}

/// By what a comparison is judged. Members of one family may have different margins, as accuracies and losses have, and
/// different levels, where they stopped at different looks of a race.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rules {
    /// The chance that any *better* of the family is false, and that any *equivalent* is: each at most this. 0.05; in a
    /// race the share of the look.
    pub alpha: f64,
    /// The margin of equivalence, set before the first run: 0.005 of accuracy. `None`: nothing is called equivalent, as
    /// for losses, which have no default.
    pub epsilon: Option<f64>,
    /// The largest number of seeds that an outlook considers. 20.
    pub at_most: usize,
    /// The look of a race at which the comparison stopped, counted from 0; 0 without a race.
    pub look: usize,
}

impl Default for Rules {
    fn default() -> Rules {
        Rules { alpha: 0.05, epsilon: Some(0.005), at_most: 20, look: 0 }
    }
}

/// The word about a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// One recipe is better: its expectation over seeds and images is larger.
    Better {
        /// The one with the larger mean. Of losses, where less is better, the worse one.
        ahead: Side,
    },
    /// They differ by less than the margin.
    Equivalent {
        /// The margin ε.
        within: f64,
        /// The recipe that is ahead for certain, though by less than the margin.
        ahead: Option<Side>,
    },
    /// Neither can be said.
    Undecided {
        /// Why.
        reason: UndecidedReason,
    },
}

/// Why nothing is decided.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum UndecidedReason {
    /// Runs failed: the mean of the others is not the recipe's.
    FailedRuns {
        /// Failed runs of A and of B.
        failed: [usize; 2],
        /// All runs of A and of B.
        of: [usize; 2],
    },
    /// A recipe has fewer than [`FEWEST_SEEDS`] runs.
    TooFewSeeds {
        /// Runs of A and of B.
        seeds: [usize; 2],
    },
    /// The runs have no numbers that can be compared.
    NotMeasured,
    /// Chance can explain the difference, and a difference as large as the margin.
    Chance {
        /// What would decide.
        outlook: Outlook,
    },
}

/// A comparison within its family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// The word.
    pub verdict: Verdict,
    /// The interval of the difference at 1 − α, not corrected for the family; `None` without a comparison.
    pub interval: Option<Interval>,
    /// p of no difference, alone; `None` if the comparison is no member of the family.
    pub p: Option<f64>,
    /// The same after Holm's correction: *better* if at most α.
    pub p_adjusted: Option<f64>,
    /// p of a difference as large as the margin, alone; `None` also without a margin.
    pub p_equivalent: Option<f64>,
    /// The same after Holm's correction: *equivalent* if at most α.
    pub p_equivalent_adjusted: Option<f64>,
}

impl Pairing {
    /// A comparison of runs of which none failed, by the usual rules.
    pub fn new(crossed: Crossed) -> Pairing {
        Pairing { seeds: crossed.seeds, failed: [0, 0], crossed: Some(crossed), rules: Rules::default() }
    }

    /// Whether a verdict could be given at all, whatever the numbers: the comparisons that Holm's correction counts.
    ///
    /// Those with too few seeds are known before the first run, and no verdict about them can be false. Failed runs are
    /// not known before, so that such a comparison counts, with p = 1.
    pub fn is_member(&self) -> bool {
        let runs = [0, 1].map(|k| self.seeds[k] + self.failed[k]);
        runs.iter().all(|runs| *runs >= FEWEST_SEEDS) && (self.has_failed() || self.crossed.is_some())
    }

    fn has_failed(&self) -> bool {
        self.failed != [0, 0]
    }

    fn p_equivalent(&self) -> Option<f64> {
        let epsilon = self.rules.epsilon?;
        self.tested(|crossed| crossed.p_equivalent(epsilon))
    }

    /// p of the crossed comparison; 1 while runs have failed.
    fn tested(&self, p: impl Fn(&Crossed) -> Option<f64>) -> Option<f64> {
        if !self.is_member() {
            return None;
        }
        if self.has_failed() { Some(1.0) } else { self.crossed.as_ref().and_then(p) }
    }
}

/// Judges one family in which all comparisons weigh alike, for example all pairs of a ranking.
pub fn verdicts(pairs: &[Pairing]) -> Vec<Judged> {
    weighted_verdicts(pairs, &vec![1.0; pairs.len()]).unwrap_or_default()
}

/// Judges one family with a weight for each comparison.
///
/// `None` for lists of different length, or a weight that is not above 0 and finite.
pub fn weighted_verdicts(pairs: &[Pairing], weights: &[f64]) -> Option<Vec<Judged>> {
    if pairs.len() != weights.len() {
        return None;
    }
    let p: Vec<_> = pairs.iter().map(|pair| pair.tested(|crossed| Some(crossed.p()))).collect();
    let p_equivalent: Vec<_> = pairs.iter().map(Pairing::p_equivalent).collect();
    let rules: Vec<Rules> = pairs.iter().map(|pair| pair.rules).collect();
    let (adjusted, adjusted_equivalent) =
        (adjust(&p, weights, &rules)?, adjust(&p_equivalent, weights, &rules)?);
    let members = pairs.iter().zip(weights).filter(|(pair, _)| pair.is_member());
    let total: f64 = members.map(|(_, weight)| weight).sum();
    let mut horizons = Vec::new();
    let judged = pairs.iter().enumerate().map(|(i, pair)| {
        let judged = Judged {
            verdict: Verdict::Undecided { reason: UndecidedReason::NotMeasured },
            interval: pair.crossed.and_then(|crossed| crossed.interval(1.0 - pair.rules.alpha)),
            p: p[i],
            p_adjusted: adjusted[i],
            p_equivalent: p_equivalent[i],
            p_equivalent_adjusted: adjusted_equivalent[i],
        };
        judged.decided(pair, weights[i] / total, &mut horizons)
    });
    Some(judged.collect())
}

/// The verdicts of one report: its claims and its ranking, which share α.
#[derive(Clone, Debug, PartialEq)]
pub struct ReportVerdicts {
    /// One per claim.
    pub claims: Vec<Judged>,
    /// One per pair of the ranking.
    pub ranking: Vec<Judged>,
}

/// Judges a report so that all of it is wrong with probability at most α: claims and ranking get half of it each, by
/// weights, where both have members.
///
/// `shared` lists the comparisons that stand in both, as (place among the claims, place in the ranking): they count in
/// both, and the smaller adjusted p counts. Places that do not exist are passed over.
pub fn report_verdicts(claims: &[Pairing], ranking: &[Pairing], shared: &[(usize, usize)]) -> ReportVerdicts {
    let all: Vec<Pairing> = claims.iter().chain(ranking).copied().collect();
    let weights = report_weights(claims, ranking);
    let mut judged = weighted_verdicts(&all, &weights).unwrap_or_default();
    let mut horizons = Vec::new();
    for (claim, pair) in shared.iter().filter(|(c, p)| *c < claims.len() && *p < ranking.len()) {
        let places = [*claim, claims.len() + pair];
        let least = |of: fn(&Judged) -> Option<f64>| {
            let found = [of(&judged[places[0]]), of(&judged[places[1]])];
            found.into_iter().flatten().reduce(f64::min)
        };
        let (p, p_equivalent) = (least(|j| j.p_adjusted), least(|j| j.p_equivalent_adjusted));
        // One comparison, one outlook: at the level of the place where it weighs more.
        let share = weights[places[0]].max(weights[places[1]]);
        for i in places {
            let both = Judged { p_adjusted: p, p_equivalent_adjusted: p_equivalent, ..judged[i] };
            judged[i] = both.decided(&all[i], share, &mut horizons);
        }
    }
    let ranking = judged.split_off(claims.len());
    ReportVerdicts { claims: judged, ranking }
}

/// The weights of a report's comparisons: of its claims, then of its ranking.
pub(crate) fn report_weights(claims: &[Pairing], ranking: &[Pairing]) -> Vec<f64> {
    let members = |pairs: &[Pairing]| pairs.iter().filter(|pair| pair.is_member()).count();
    let each = family_weights(members(claims), members(ranking));
    // What is no member has no weight in the family; any positive number will do.
    let weight = |weight: f64, n: usize| std::iter::repeat_n(if weight > 0.0 { weight } else { 1.0 }, n);
    weight(each.claim, claims.len()).chain(weight(each.pair, ranking.len())).collect()
}

/// Holm over the members; the others stay without.
///
/// Comparisons that stopped at different looks of a race are corrected look by look, each at the level of its look,
/// with those of other looks in the family as if nothing spoke for them, and without those that an earlier look has
/// rejected. When the first true hypothesis is rejected, all that was rejected before is false, so that its look
/// rejects it with a probability of at most that look's level; together at most the sum of the levels, which is α.
fn adjust(p: &[Option<f64>], weights: &[f64], rules: &[Rules]) -> Option<Vec<Option<f64>>> {
    let mut looks: Vec<usize> = rules.iter().map(|rules| rules.look).collect();
    looks.sort_unstable();
    looks.dedup();
    let mut all = vec![None; p.len()];
    let mut left: Vec<usize> = (0..p.len()).filter(|i| p[*i].is_some()).collect();
    for look in looks {
        let values: Vec<f64> =
            left.iter().map(|i| p[*i].filter(|_| rules[*i].look == look).unwrap_or(1.0)).collect();
        let own: Vec<f64> = left.iter().map(|i| weights[*i]).collect();
        let adjusted = weighted_holm(&values, &own)?;
        let of_look = left.iter().zip(adjusted).filter(|(i, _)| rules[**i].look == look);
        of_look.for_each(|(i, adjusted)| all[*i] = Some(adjusted));
        left.retain(|i| {
            rules[*i].look != look || all[*i].is_none_or(|p: f64| p > rules[*i].alpha || p.is_nan())
        });
    }
    Some(all)
}

impl Judged {
    /// Whether it is better or equivalent.
    pub fn is_decided(&self) -> bool {
        !matches!(self.verdict, Verdict::Undecided { .. })
    }

    /// With the word that the adjusted p values give; `share` is the comparison's part of the family's weight.
    fn decided(self, pair: &Pairing, share: f64, horizons: &mut Vec<Horizon>) -> Judged {
        Judged { verdict: self.word(pair, share, horizons), ..self }
    }

    fn word(&self, pair: &Pairing, share: f64, horizons: &mut Vec<Horizon>) -> Verdict {
        let Rules { alpha, epsilon, at_most, .. } = pair.rules;
        let undecided = |reason| Verdict::Undecided { reason };
        if pair.has_failed() {
            let of = [0, 1].map(|k| pair.seeds[k] + pair.failed[k]);
            return undecided(UndecidedReason::FailedRuns { failed: pair.failed, of });
        }
        if pair.seeds.iter().any(|seeds| *seeds < FEWEST_SEEDS) {
            return undecided(UndecidedReason::TooFewSeeds { seeds: pair.seeds });
        }
        let Some(crossed) = &pair.crossed else { return undecided(UndecidedReason::NotMeasured) };
        let holds = |p: Option<f64>| p.is_some_and(|p| p <= alpha);
        let ahead = if crossed.difference > 0.0 { Side::A } else { Side::B };
        match epsilon.filter(|_| holds(self.p_equivalent_adjusted)) {
            Some(within) => Verdict::Equivalent { within, ahead: holds(self.p_adjusted).then_some(ahead) },
            None if holds(self.p_adjusted) => Verdict::Better { ahead },
            None => {
                let level = alpha * share;
                let known = horizons.iter().position(|horizon| horizon.level() == level);
                let known = known.unwrap_or_else(|| {
                    horizons.push(Horizon::new(level));
                    horizons.len() - 1
                });
                let outlook = horizons[known].outlook(crossed, epsilon, at_most);
                undecided(UndecidedReason::Chance { outlook })
            }
        }
    }
}
