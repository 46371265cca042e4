//! Racing: adding seeds until the comparisons are decided, at looks that were fixed before, each with its share of α.

use crate::verdict::{Judged, Pairing, Rules, report_weights, weighted_verdicts};

/// The numbers of seeds at which a race is looked at.
pub const LOOKS: [usize; 4] = [3, 5, 10, 20];

/// The looks of a race from `at_least` to `at_most` seeds: these two, and those of [`LOOKS`] in between.
pub fn looks(at_least: usize, at_most: usize) -> Vec<usize> {
    let first = at_least.min(at_most);
    let between = LOOKS.into_iter().filter(|look| (first + 1..at_most).contains(look));
    let last = (at_most > first).then_some(at_most);
    std::iter::once(first).chain(between).chain(last).collect()
}

/// The share of `alpha` for each look, in proportion to the seeds added: α (S_l − S_{l−1}) / S_L, with S_0 = 0.
///
/// They sum to α, so that the chance of any false verdict is at most α whatever the looks have in common. `None` unless
/// the looks rise from above 0.
pub fn spending(looks: &[usize], alpha: f64) -> Option<Vec<f64>> {
    let last = *looks.last()?;
    let before: Vec<usize> = std::iter::once(0).chain(looks.iter().copied()).collect();
    let rises = before.windows(2).all(|pair| pair[0] < pair[1]);
    let share = |pair: &[usize]| alpha * (pair[1] - pair[0]) as f64 / last as f64;
    rises.then(|| before.windows(2).map(share).collect())
}

/// A race of a family of comparisons: which are decided, at which look.
#[derive(Clone, Debug, PartialEq)]
pub struct Race {
    looks: Vec<usize>,
    alphas: Vec<f64>,
    taken: usize,
    weights: Vec<f64>,
    shared: Vec<(usize, usize)>,
    stopped: Vec<Option<RaceStop>>,
}

/// How a comparison left the race.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RaceStop {
    /// Seeds at that look.
    pub seeds: usize,
    /// The share of α spent there: the level at which the test part is to be judged, too, and 1 less the confidence of
    /// the interval.
    pub alpha: f64,
    /// What was found. Undecided only at the last look.
    pub judged: Judged,
}

impl Race {
    /// A race of `comparisons` comparisons that weigh alike; `None` if the looks do not rise from above 0.
    pub fn new(looks: &[usize], alpha: f64, comparisons: usize) -> Option<Race> {
        Race::weighted(looks, alpha, vec![1.0; comparisons])
    }

    /// A race with a weight for each comparison, as claims and the pairs of a ranking have them.
    ///
    /// `None` if the looks do not rise from above 0, or for a weight that is not above 0 and finite.
    pub fn weighted(looks: &[usize], alpha: f64, weights: Vec<f64>) -> Option<Race> {
        let alphas = spending(looks, alpha)?;
        let sound = weights.iter().all(|w| *w > 0.0 && w.is_finite());
        let stopped = vec![None; weights.len()];
        sound.then(|| Race { looks: looks.to_vec(), alphas, taken: 0, weights, shared: Vec::new(), stopped })
    }

    /// The same, with comparisons that stand in the family at two places, as one that a claim and the ranking need:
    /// where either place is decided, both are. Places that do not exist are passed over.
    pub fn sharing(mut self, shared: &[(usize, usize)]) -> Race {
        let exist = |(a, b): &&(usize, usize)| *a < self.weights.len() && *b < self.weights.len();
        self.shared = shared.iter().filter(exist).copied().collect();
        self
    }

    /// A race of everything that a report compares, by the weights of its verdicts; its claims come first. The pairings
    /// are those of the first look, and `shared` is as in [`report_verdicts`](crate::report_verdicts).
    ///
    /// `None` if the looks do not rise from above 0.
    pub fn of_report(
        looks: &[usize],
        alpha: f64,
        claims: &[Pairing],
        ranking: &[Pairing],
        shared: &[(usize, usize)],
    ) -> Option<Race> {
        let race = Race::weighted(looks, alpha, report_weights(claims, ranking))?;
        let shared: Vec<_> = shared.iter().map(|(claim, pair)| (*claim, claims.len() + pair)).collect();
        Some(race.sharing(&shared))
    }

    /// The seeds of the next look; `None` when the race is over.
    pub fn next_look(&self) -> Option<usize> {
        let open = self.stopped.iter().any(Option::is_none);
        self.looks.get(self.taken).copied().filter(|_| open)
    }

    /// Takes the next look: Holm over the *whole* family at this look's share of α, which takes the place of the
    /// pairs' own level. A verdict once given stays.
    ///
    /// Returns whether the look was taken: not when the race is over, or for another number of comparisons.
    pub fn look(&mut self, pairs: &[Pairing]) -> bool {
        let Some(seeds) = self.next_look().filter(|_| pairs.len() == self.stopped.len()) else {
            return false;
        };
        let alpha = self.alphas[self.taken];
        self.taken += 1;
        let is_last = self.taken == self.looks.len();
        let at_this = |pair: &Pairing| Pairing { rules: Rules { alpha, ..pair.rules }, ..*pair };
        let pairs: Vec<Pairing> = pairs.iter().map(at_this).collect();
        let mut judged = weighted_verdicts(&pairs, &self.weights).unwrap_or_default();
        for &(a, b) in &self.shared {
            match [a, b].map(|place| judged[place].is_decided()) {
                [true, false] => judged[b] = judged[a],
                [false, true] => judged[a] = judged[b],
                _ => {}
            }
        }
        for (stopped, judged) in self.stopped.iter_mut().zip(judged) {
            if stopped.is_none() && (judged.is_decided() || is_last) {
                *stopped = Some(RaceStop { seeds, alpha, judged });
            }
        }
        true
    }

    /// How each comparison left the race; `None` for those still in it.
    pub fn stopped(&self) -> &[Option<RaceStop>] {
        &self.stopped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Crossed, Verdict};

    fn apart(difference: f64, seeds: usize) -> Pairing {
        let runs = |shift: f64| (0..seeds).map(|s| 0.8 + shift + 0.001 * (s % 3) as f64).collect::<Vec<_>>();
        let crossed = Crossed::on_these_images(&runs(difference), &runs(0.0)).expect("runs");
        Pairing { rules: Rules { epsilon: None, ..Rules::default() }, ..Pairing::new(crossed) }
    }

    #[test]
    fn looks_end_at_most_and_shares_sum_to_alpha() {
        assert_eq!(looks(3, 20), [3, 5, 10, 20]);
        assert_eq!((looks(3, 8), looks(5, 20), looks(3, 3)), (vec![3, 5, 8], vec![5, 10, 20], vec![3]));
        assert_eq!((looks(4, 20), looks(21, 30)), (vec![4, 5, 10, 20], vec![21, 30]), "all have `at_least`");
        for at_most in 1..40 {
            let shares = spending(&looks(3, at_most), 0.05).expect("rising looks");
            assert!((shares.iter().sum::<f64>() - 0.05).abs() < 1e-15 && shares.iter().all(|s| *s > 0.0));
        }
        assert_eq!(
            (spending(&[], 0.05), spending(&[5, 3], 0.05), spending(&[0, 3], 0.05)),
            (None, None, None)
        );
    }

    #[test]
    fn a_verdict_once_given_stays_and_the_race_ends_with_the_last_comparison() {
        let mut race = Race::new(&[3, 5, 10], 0.05, 2).expect("looks");
        assert!(race.look(&[apart(0.1, 3), apart(0.0, 3)]));
        let first = race.stopped()[0].expect("far apart");
        assert!(race.stopped()[1].is_none() && (first.seeds, race.next_look()) == (3, Some(5)));
        assert!((first.alpha - 0.015).abs() < 1e-15, "three tenths of alpha");
        assert!(race.look(&[apart(0.0, 5), apart(0.0, 5)]));
        assert_eq!(race.stopped()[0], Some(first), "though it would not be given now");
        assert!(race.look(&[apart(0.0, 10), apart(0.0, 10)]));
        let last = race.stopped()[1].expect("the last look");
        assert!(matches!(last.judged.verdict, Verdict::Undecided { .. }) && last.seeds == 10);
        assert_eq!((race.next_look(), race.look(&[apart(0.0, 10); 2])), (None, false));
    }

    #[test]
    fn what_stands_in_the_family_twice_stops_together() {
        let race = Race::weighted(&[3, 5], 0.05, vec![1.0, 1e-9]).expect("looks");
        let mut race = race.sharing(&[(0, 1), (0, 7)]);
        race.look(&[apart(0.01, 3); 2]);
        let [Some(heavy), Some(light)] = race.stopped() else { panic!("both stop: {race:?}") };
        assert_eq!((heavy, heavy.seeds), (light, 3));
    }

    #[test]
    fn another_number_of_comparisons_is_no_look() {
        let mut race = Race::new(&[3], 0.05, 2).expect("looks");
        assert!(!race.look(&[apart(0.1, 3)]));
        assert_eq!(race.next_look(), Some(3));
        assert_eq!(Race::weighted(&[3], 0.05, vec![1.0, 0.0]), None);
        assert_eq!(Race::new(&[5, 3], 0.05, 1), None);
    }
}
